"""Moments and spans as people write them in Python."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from operator import index
from typing import SupportsIndex

from fireflower.model.errors import FireflowerError
from fireflower.model.moments import EARLIEST, LATEST, MINUTE, from_datetime, parse_moment, parse_span

Moment = SupportsIndex | str | date
"""Microseconds since 1970 (UTC), ISO 8601 text, or a date or datetime (of pandas too); without a zone it is UTC."""

Span = SupportsIndex | str | timedelta
"""Microseconds, text such as "30 days", or a timedelta (of pandas too)."""


def moment_from(said: Moment | None) -> int | None:
    """The moment that is meant; None for none.

    Raises
    ------
    FireflowerError
        If it is none, or not between 1970 and 2100.
    """
    if said is None:
        return None
    try:
        moment = _moment(said)
    except (TypeError, ValueError):
        wanted = "a date or time such as '2026-03-01T14:30:00Z', a datetime, or microseconds since 1970 as an int"
        raise FireflowerError(f"expected {wanted}, got {said!r}.") from None
    if not EARLIEST <= moment <= LATEST:
        raise FireflowerError(f"expected a moment from 1970 to 2100, in microseconds if it is an int; got {said!r}.")
    return moment


def span_from(said: Span) -> int:
    """The span that is meant, in microseconds.

    Raises
    ------
    FireflowerError
        If it is none, not longer than nothing, or a number of microseconds below a minute, which is hardly meant.
    """
    try:
        span = _span(said)
    except (TypeError, ValueError):
        span = 0
    if 0 < span < MINUTE and not isinstance(said, (str, timedelta)):
        raise FireflowerError(
            f"expected a span, and a number is in microseconds: {said!r} is less than a minute. Say the unit: "
            "'30 days' or timedelta(days=30)."
        )
    if span <= 0:
        wanted = "a span such as '30 days', a timedelta, or microseconds as an int"
        raise FireflowerError(f"expected {wanted}, longer than nothing; got {said!r}.")
    return span


def per_week_from(said: float | str) -> float:
    """How many a week are meant: a number, or text such as "40/week", "8/day", "150/month" or "40".

    Raises
    ------
    FireflowerError
        If it is none, or not more than nothing.
    """
    number, slash, per = said.partition("/") if isinstance(said, str) else (said, "", "")
    days = {"week": 7, "day": 1, "month": 365.25 / 12}.get(per.strip() if slash else "week")
    try:
        found = float(number) * 7 / days if days else 0.0
    except (TypeError, ValueError):
        found = 0.0
    if not 0 < found < float("inf"):
        raise FireflowerError(f"expected leads a week, such as '40/week' or '8/day', got {said!r}")
    return found


def _moment(said: Moment) -> int:
    if isinstance(said, str):
        return parse_moment(said)
    if isinstance(said, datetime):
        return index(from_datetime(said))
    if isinstance(said, date):
        return from_datetime(datetime(said.year, said.month, said.day, tzinfo=UTC))
    return _whole(said)


def _span(said: Span) -> int:
    if isinstance(said, str):
        return parse_span(said)
    if isinstance(said, timedelta):
        return index(said // timedelta(microseconds=1))
    return _whole(said)


def _whole(said: SupportsIndex) -> int:
    if isinstance(said, bool):
        raise TypeError("a truth value is no number of microseconds")
    return index(said)
