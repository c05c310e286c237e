"""Times as they stand in files, to moments: the same rules for one value in Python and for columns in SQL."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from fireflower.history.mapping import Mapping, TimeUnit
from fireflower.model.moments import EARLIEST, LATEST, format_moment, from_datetime

_UNITS: dict[TimeUnit, float] = {"s": 1_000_000.0, "ms": 1_000.0, "us": 1.0, "ns": 0.001}
_SPACE = " \t\n\f\r"
"""What may stand around a time: what is space in regular expressions of DuckDB."""
_NUMBER = r"-?[0-9]+(\.[0-9]+)?"
_ISO = (
    "([0-9]{4})[-/]?([0-9]{1,2})[-/]?([0-9]{1,2})"
    "(?:[Tt ] *([0-9]{1,2})(?::?([0-9]{1,2})(?::?([0-9]{1,2})([.,][0-9]+)?)?)?"
    " ?([Zz]|UTC|utc|GMT|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?|[A-Z][A-Za-z]*/[A-Za-z0-9_/+-]+)?)?"
)
"""How a time may be written: in what regular expressions of Python and of DuckDB have in common."""
_PARTS = ["year", "month", "day", "hour", "minute", "second", "fraction", "zone"]
"""What its groups are."""
_DAYS = (19700101, 20991231)
"""Numbers between these are days, written without dashes; as seconds since 1970 they would all lie in one August."""
_USUAL = (
    "[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:[.][0-9]{1,6})?(?:Z|[+-][01][0-9]:[0-5][0-9])"
)
"""How nearly all times are written, which Python reads as it stands: in a third of the time."""
_is_number, _in_iso = re.compile(_NUMBER).fullmatch, re.compile(_ISO).fullmatch
_is_usual = re.compile(_USUAL).fullmatch
_foreign = re.compile("[^\x00-\x7f]").findall
_REMEMBERED = 4096
"""Texts whose moment is remembered: one message names its time several times, and so do those sent together."""
_NO_TIME = "'there is no time'"
_RANGE = "is outside 1970-01-01 .. 2100-01-01: a mistake of a clock or of the unit"


class TimeReader:
    """Reads the times of one mapping."""

    def __init__(self, mapping: Mapping) -> None:
        self._format = mapping.time_format
        self._unit = mapping.time_unit
        self._zone = UTC if mapping.timezone == "UTC" else ZoneInfo(mapping.timezone)
        self._read: dict[str, int] = {}

    def moment(self, value: Any) -> int:
        """The moment that the value names.

        Raises
        ------
        ValueError
            With the reason, if it names none that a history can have.
        """
        if not isinstance(value, str):
            return self._inside(self._parse(value), value)
        moment = self._read.get(value)
        if moment is None:
            moment = self._inside(self._parse(value), value)
            if len(self._read) >= _REMEMBERED:
                self._read.clear()
            self._read[value] = moment
        return moment

    def corrected(self, moment: int, shift: int) -> int:
        """The moment by a right clock, `shift` later.

        Raises
        ------
        ValueError
            If no history can have it.
        """
        if EARLIEST <= moment + shift < LATEST:
            return moment + shift
        return self._inside(moment + shift, format_moment(moment))

    @staticmethod
    def _inside(moment: int, value: Any) -> int:
        if not EARLIEST <= moment < LATEST:
            raise ValueError(f"the time {_shown(value)} {_RANGE}")
        return moment

    def _parse(self, value: Any) -> int:
        if isinstance(value, str):
            return self._text(value.strip(_SPACE))
        if isinstance(value, int | float) and not isinstance(value, bool) and value == value:
            try:
                return self._number(float(value))
            except (ValueError, OverflowError):
                raise ValueError(unreadable(str(value), self._format)) from None
        if isinstance(value, datetime):
            return self._placed(value)
        if isinstance(value, date):
            return self._placed(datetime(value.year, value.month, value.day))
        raise ValueError("there is no time" if value is None else f"cannot read the time {_shown(value)}")

    def _text(self, text: str) -> int:
        if not text:
            raise ValueError("there is no time")
        try:
            if self._format:
                return self._placed(datetime.strptime(self._plain(text), self._format))
            if _is_usual(text):
                return from_datetime(datetime.fromisoformat(text))
            if _is_number(text):
                return self._number(float(text))
            return self._placed(_iso(text))
        except (ValueError, OverflowError, KeyError, OSError):  # the last two: no such zone
            raise ValueError(unreadable(text, self._format)) from None

    def _plain(self, text: str) -> str:
        """The text, if it is in ASCII where the format is: Python has digits and blanks of other scripts, too."""
        if not set(_foreign(text)) <= set(self._format):
            raise ValueError(text)
        return text

    def _placed(self, value: datetime) -> int:
        """Of an hour that the clocks repeat the second is meant; one that they leave out goes on after it."""
        if isinstance(value.tzinfo, timezone):
            return from_datetime(value)
        there = value if value.tzinfo else value.replace(tzinfo=self._zone)
        return max(from_datetime(there), from_datetime(there.replace(fold=1)))

    def _number(self, number: float) -> int:
        if not self._unit and is_day(number):
            return self._placed(datetime.strptime(str(int(number)), "%Y%m%d"))
        return round(number * _UNITS[self._unit or likely_unit(number)])


def _iso(text: str) -> datetime:
    match = _in_iso(text)
    if match is None:
        raise ValueError(text)
    year, month, day, hour, minute, second, fraction, zone = match.groups("")
    is_end = hour == "24" and not (minute + second + fraction[:7]).strip("0.,")
    clock = f"{'00' if is_end else hour:0>2}:{minute:0>2}:{second:0>2}{fraction.replace(',', '.')}"
    time = datetime.fromisoformat(f"{year}-{month:0>2}-{day:0>2}T{clock}{zone if zone[:1] in ('+', '-') else ''}")
    time += timedelta(days=is_end)
    return time if not zone or time.tzinfo else time.replace(tzinfo=ZoneInfo(zone) if "/" in zone else UTC)


def is_day(number: float) -> bool:
    """Whether a number that names no unit is a day, written as 20260301."""
    return _DAYS[0] <= number <= _DAYS[1] and number == int(number)


def likely_unit(number: float) -> TimeUnit:
    """Seconds reach 2100 at 4.1e9, where milliseconds are in February 1970, and so on."""
    size = abs(number) * 1_000_000
    return "s" if size < LATEST else "ms" if size < LATEST * 1e3 else "us" if size < LATEST * 1e6 else "ns"


def unreadable(text: str, format: str) -> str:
    """Why a text is no time, and what to do."""
    wanted = f"the format {format}" if format else "ISO 8601 or a number since 1970; give another as time_format"
    return f"cannot read the time {_shown(text)}: expected {wanted}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def time_sql(column: str, type: str, mapping: Mapping) -> str:
    """SQL for the moment in a column, NULL where it holds none. `column` is quoted; `type` is its DuckDB type.

    The connection's time zone must be the mapping's.
    """
    if type.startswith("TIMESTAMP WITH"):
        return f"epoch_us({column})"
    if type.startswith(("TIMESTAMP", "DATE")) and mapping.timezone == "UTC":
        return f"epoch_us(try_cast({column} AS TIMESTAMP))"
    if type.startswith(("TIMESTAMP", "DATE")):
        return f"epoch_us(try_cast(try_cast({column} AS TIMESTAMP) AS TIMESTAMPTZ))"
    if type == "VARCHAR":
        return _text_sql(column, mapping)
    return _number_sql(f"{column}::DOUBLE", mapping)


def _text_sql(text: str, mapping: Mapping) -> str:
    if mapping.time_format:
        format = mapping.time_format.replace("'", "''")
        zoned = "" if "%z" in mapping.time_format.lower() else "::TIMESTAMP"
        return f"epoch_us(try_strptime(trim({text}, '{_SPACE}'), '{format}'){zoned}::TIMESTAMPTZ)"
    number = _number_sql(f"try_cast({text} AS DOUBLE)", mapping)
    iso = f"coalesce(try_cast({text} AS TIMESTAMPTZ), try_cast({_tidied(text)} AS TIMESTAMPTZ))"
    return (
        f"CASE WHEN regexp_full_match({text}, '\\s*{_NUMBER}\\s*') THEN {number}"
        f" WHEN regexp_full_match({text}, '\\s*{_ISO}\\s*') THEN epoch_us({iso}) END"
    )


def _tidied(text: str) -> str:
    """SQL for a time in the one spelling that DuckDB always knows."""
    part = {name: f"regexp_extract({text}, '^\\s*{_ISO}\\s*$', {_PARTS})['{name}']" for name in _PARTS}
    clock = ", ':', ".join(f"lpad({part[name]}, 2, '0')" for name in ("hour", "minute", "second"))
    zone = part["zone"]
    place = f"CASE WHEN contains({zone}, '/') THEN ' ' || {zone} ELSE regexp_replace({zone}, '[A-Za-z]+', '+00') END"
    return (
        f"concat({part['year']}, '-', {part['month']}, '-', {part['day']}, ' ', {clock},"
        f" replace({part['fraction']}, ',', '.'), {place})"
    )


def _number_sql(number: str, mapping: Mapping) -> str:
    if mapping.time_unit:
        return _rounded(f"{number} * {_UNITS[mapping.time_unit]}")
    day = f"epoch_us(try_strptime(try_cast({number} AS BIGINT)::VARCHAR, '%Y%m%d')::TIMESTAMPTZ)"
    is_day = f"{number} BETWEEN {_DAYS[0]} AND {_DAYS[1]} AND {number} = trunc({number})"
    size = f"abs({number}) * 1e6"
    bounds = ((LATEST, "1e6"), (f"{LATEST}e3", "1e3"), (f"{LATEST}e6", "1"))
    scale = " ".join(f"WHEN {size} < {bound} THEN {factor}" for bound, factor in bounds)
    since_1970 = _rounded(f"{number} * (CASE {scale} ELSE 1e-3 END)")
    return f"CASE WHEN {is_day} THEN {day} ELSE {since_1970} END"


def _rounded(number: str) -> str:
    return f"try_cast(round_even({number}, 0) AS BIGINT)"


def reason_sql(column: str, type: str, moment: str, mapping: Mapping, *, needed: bool = True) -> str:
    """SQL for why a column names no moment that a history can have, NULL where it does. Where the type is one of times,
    one that is no moment is too far away."""
    text = f"{column}::VARCHAR"
    is_empty = f"nullif(trim({column}, '{_SPACE}'), '') IS NULL" if type == "VARCHAR" else f"{column} IS NULL"
    shown = f"''' || left({text}, 57) || '''"
    is_unread = "false" if type.startswith(("TIMESTAMP", "DATE")) else f"{moment} IS NULL"
    wanted = unreadable("", mapping.time_format).partition(": ")[2].replace("'", "''")
    return (
        f"CASE WHEN {moment} >= {EARLIEST} AND {moment} < {LATEST} THEN NULL"
        f" WHEN {is_empty} THEN {_NO_TIME if needed else 'NULL'}"
        f" WHEN {is_unread} THEN 'cannot read the time {shown}: {wanted}'"
        f" ELSE 'the time {shown} {_RANGE}' END"
    )
