"""The records that a definition's own small histories stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from fireflower.language.nodes import Example
from fireflower.model.moments import DAY, EARLIEST, HOUR, LATEST, MINUTE, SECOND, parse_moment, parse_span
from fireflower.model.records import Kind, Record
from fireflower.model.values import normal

DAY_0 = parse_moment("2026-01-01")
"""What 'day 0' is: 2026-01-01 at midnight, UTC."""
_DAY = re.compile(r"day (\d{1,5})(?: (\d\d):(\d\d)(?::(\d\d))?)?")


def moment_of(text: str) -> int:
    """The moment that 'day 3 14:00' or ISO 8601 text says.

    >>> moment_of("day 3 14:00") == moment_of("2026-01-04 14:00")
    True

    Raises
    ------
    ValueError
        If the text is neither, or a moment that no record can have.
    """
    match = _DAY.fullmatch(text.strip())
    moment = _day_moment(match) if match else _iso_moment(text)
    if not EARLIEST <= moment < LATEST:
        raise ValueError(f"expected a moment from 1970 to 2099, as records have them, got {text!r}")
    return moment


def _day_moment(match: re.Match[str]) -> int:
    day, hour, minute, second = (int(part or 0) for part in match.groups())
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"expected a time of day up to 23:59, got {match[0]!r}")
    return DAY_0 + day * DAY + hour * HOUR + minute * MINUTE + second * SECOND


def _iso_moment(text: str) -> int:
    try:
        return parse_moment(text)
    except ValueError:
        raise ValueError(
            f"expected a moment such as 'day 3', 'day 3 14:00' or '2026-01-04 14:00', got {text!r}"
        ) from None


# --- Records ----------------------------------------------------------------------------------------------------------


def to_records(example: Example) -> list[Record]:
    """The records of an example's history, in canonical order. Ties of one kind keep their order."""
    records = [record for line in example.history for record in _records_of(line)]
    numbered = (_numbered(record, number) for number, record in enumerate(records))
    return sorted(numbered, key=Record.order)


def as_of(example: Example) -> int:
    """The moment up to which an example's verdicts are read: what it says, else the last moment that it names."""
    if example.as_of is not None:
        return example.as_of
    moments = [record.time for record in to_records(example)] + [at for _, at in example.expect]
    return max(moments, default=DAY_0)


def _numbered(record: Record, number: int) -> Record:
    return replace(record, message_id=f"{number:08d}")


def _records_of(line: Mapping[str, Any]) -> Iterator[Record]:
    time = moment_of(str(line["at"]))
    person, account = _id(line.get("person")), _id(line.get("account"))
    if "event" in line:
        every = parse_span(str(line["every"])) if "every" in line else 0
        for i in range(int(line.get("times", 1))):
            at = time + i * every
            yield Record(at, Kind.EVENT, str(line["event"]), person, account, properties=line.get("properties") or {})
    elif "join" in line:
        yield Record(time, Kind.JOIN, str(line.get("role") or ""), _id(line["join"]), account)
    elif "leave" in line:
        yield Record(time, Kind.LEAVE, "", _id(line["leave"]), account)
    else:
        kind = Kind.PERSON_TRAIT if person is not None else Kind.ACCOUNT_TRAIT
        for name, value in line["traits"].items():
            yield Record(time, kind, name, person, account, normal(value))


def _id(value: object) -> str | None:
    return None if value is None else str(value)
