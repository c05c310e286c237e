"""Moments and spans: everything inside is integer microseconds; text exists only at the edges.

A *moment* is microseconds since 1970-01-01T00:00:00 UTC. A *span* is a length in microseconds; a day is 24 hours.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY

NEVER = 2**62
"""A moment after every moment: 'does not happen'."""

EARLIEST = 0
LATEST = 4_102_444_800 * SECOND
"""Moments outside 1970-01-01 .. 2100-01-01 are taken for mistakes of a clock or a unit, and are rejected on import."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {
    "second": SECOND, "sec": SECOND, "s": SECOND,
    "minute": MINUTE, "min": MINUTE, "m": MINUTE,
    "hour": HOUR, "h": HOUR,
    "day": DAY, "d": DAY,
    "week": WEEK, "w": WEEK,
}  # fmt: skip
_NAMED = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))
_SPAN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:([smhdw])|(second|sec|minute|min|hour|day|week)s?)\s*", re.IGNORECASE)
"""A letter has no plural: "ms" would be milliseconds, of which there are none here."""


def parse_span(text: str) -> int:
    """A span such as "7 days", "1.5 hours", "30m", in microseconds.

    >>> parse_span("2 days") == 2 * DAY
    True

    Raises
    ------
    ValueError
        If the text is not a positive number and a unit from seconds to weeks. Months and years are refused: they
        have no fixed length.
    """
    match = _SPAN.fullmatch(text)
    if not match:
        raise ValueError(f"expected a span such as '7 days', '12 hours' or '30 minutes', got {text!r}")
    span = round(float(match[1]) * _UNITS[(match[2] or match[3]).lower()])
    if span <= 0:
        raise ValueError(f"expected a span longer than nothing, got {text!r}")
    return span


def format_span(span: int) -> str:
    """The shortest exact English for a span: "7 days", "36 hours", "1 minute".

    >>> format_span(36 * HOUR), format_span(14 * DAY), format_span(14 * DAY + SECOND // 2)
    ('36 hours', '14 days', '1209600.5 seconds')
    """
    for unit, name in _NAMED:
        if span % unit == 0:
            count = span // unit
            return f"{count} {name}" + ("" if count == 1 else "s")
    return f"{Decimal(span) / SECOND:f} seconds"


def unit_of_span(span: float, greatest: int = DAY) -> tuple[int, str]:
    """The unit in which one would say how long something has lasted: "36 hours" is 1.5 days, "80 minutes" are minutes.

    >>> unit_of_span(36 * HOUR) == (DAY, "day"), unit_of_span(80 * MINUTE) == (MINUTE, "minute")
    (True, True)
    """
    units = [unit for unit in _NAMED if unit[0] <= greatest]
    return next((unit for unit in units if span >= 1.5 * unit[0] or span == unit[0]), units[-1])


def format_roughly(span: int) -> str:
    """A span in whole days, hours, minutes or seconds, whichever are the longest of which there are two; cut off.

    >>> format_roughly(1131 * DAY + 5 * HOUR + 1), format_roughly(30 * HOUR), format_roughly(DAY)
    ('1131 days', '30 hours', '24 hours')
    """
    unit = next((unit for unit in (DAY, HOUR, MINUTE) if span >= 2 * unit), SECOND)
    name = {DAY: "days", HOUR: "hours", MINUTE: "minutes", SECOND: "seconds"}[unit]
    return f"{span // unit} {name}"


def to_datetime(moment: int) -> datetime:
    """The moment as an aware datetime in UTC."""
    return EPOCH + timedelta(microseconds=moment)


def from_datetime(value: datetime) -> int:
    """The moment of a datetime; a naive one is taken as UTC."""
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    since = value - EPOCH
    return since.days * DAY + since.seconds * SECOND + since.microseconds


def parse_moment(text: str) -> int:
    """A moment from ISO 8601 text; without an offset it is UTC, without a time it is midnight.

    Raises
    ------
    ValueError
        If the text is not ISO 8601.
    """
    try:
        return from_datetime(datetime.fromisoformat(text.strip()))
    except ValueError:
        wanted = "a date or time such as '2026-03-01' or '2026-03-01T14:30:00Z'"
        raise ValueError(f"expected {wanted}, got {text!r}") from None


def format_moment(moment: int) -> str:
    """ISO 8601 in UTC, as short as exactness allows: "2026-03-01 14:30", with seconds and fractions if not 0."""
    value = to_datetime(moment)
    if value.microsecond:
        return value.strftime("%Y-%m-%d %H:%M:%S.%f").rstrip("0")
    return value.strftime("%Y-%m-%d %H:%M:%S" if value.second else "%Y-%m-%d %H:%M")


@lru_cache(maxsize=1 << 12)
def iso(moment: int) -> str:
    """A moment as ISO 8601 with its zone, for machines. The same ones are asked for again and again.

    >>> iso(1_500_000)
    '1970-01-01T00:00:01.500000Z'
    """
    return to_datetime(int(moment)).isoformat().replace("+00:00", "Z")
