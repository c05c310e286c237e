"""In which of the many ways a column's times are written, found by looking at some of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from fireflower.history.mapping import Mapping
from fireflower.history.readers.sampling import Row, inner, sample, values_of
from fireflower.history.readers.time_formats import looks_like
from fireflower.history.readers.times import TimeReader, is_day, likely_unit
from fireflower.model.errors import InputError
from fireflower.model.moments import DAY

_TIMES = 200
"""How many values of a column are looked at."""
_HARDLY = 0.1
"""A column of which no larger share can be read as times holds no times that are known."""
_EXCEL = (25569, 73051)
"""1970-01-01 and 2100-01-01 as Excel counts days."""


def guess_times(path: str | Path, column: str) -> tuple[str, tuple[str, ...]]:
    """The format of the times in a column, "" for ISO 8601 and numbers, and what to look at.

    Raises
    ------
    InputError
        If most of them can be read in no known way.
    """
    path = Path(path)
    values = [value for row in sample(path) if (value := inner(row, column)) not in (None, "")]
    format = format_of(values)
    if values and format is None:
        raise _unreadable(path, column, values)
    doubts: list[str] = []
    if not format:
        return "", tuple(_early(values, column))
    return _settled(values, column, doubts), tuple(doubts)


def check_times(path: Path, rows: Sequence[Row], column: str) -> None:
    """Refuse a column of times where hardly any can be read. Where some can, the other rows are kept aside."""
    values = [value for row in rows if (value := inner(row, column)) not in (None, "")]
    if not values or format_of(values, _HARDLY) is None:
        raise _unreadable(path, column, values)


def format_of(values: Sequence[Any], share: float = 0.5) -> str | None:
    """The empty text for ISO 8601 and numbers, else a strptime format, or None if no larger share are times."""
    values = values[:_TIMES]
    reader = TimeReader(Mapping())
    if sum(_is_moment(reader, value) for value in values) > share * len(values):
        return ""
    return next(iter(_formats(values, share)), None)


def _formats(values: Sequence[Any], share: float = 0.5) -> list[str]:
    """The formats in which more than this share can be read, those first that read more."""
    values = values[:_TIMES]
    formats = dict.fromkeys(format for value in values for format in looks_like(str(value)))
    counts = {format: sum(_is_in_format(value, format) for value in values) for format in formats}
    fit = (format for format in formats if counts[format] > share * len(values))
    return sorted(fit, key=lambda each: -counts[each])


def _is_moment(reader: TimeReader, value: Any) -> bool:
    try:
        reader.moment(value)
    except ValueError:
        return False
    return True


def _is_in_format(value: Any, format: str) -> bool:
    try:
        datetime.strptime(str(value).strip(), format)
    except ValueError:
        return False
    return True


def time_form(rows: Sequence[Row], column: str, doubts: list[str]) -> dict[str, str]:
    """The format or unit of a column of times."""
    values = values_of(rows, column)
    share = 0.5 if format_of(values) is not None else _HARDLY
    if format_of(values, share):
        return {"time_format": _settled(values, column, doubts, share)}
    doubts += _early(values, column)
    units = Counter("" if is_day(number) else likely_unit(number) for number in _numbers(values))
    unit = units.most_common(1)[0][0] if units else ""
    return {"time_unit": unit} if unit else {}


def _numbers(values: Sequence[Any]) -> list[float]:
    return [float(value) for value in values if re.fullmatch(r"-?\d+(\.\d+)?", str(value))]


def _early(values: Sequence[Any], column: str) -> list[str]:
    """What to look at where numbers come to times of 1970: that year is where those of no known kind end up."""
    early = [number for number in _numbers(values[:_TIMES]) if _is_early(number)]
    if len(early) <= 0.5 * len(values[:_TIMES]):
        return []
    such = f"The times in {column!r} are numbers such as {early[0]:.15g}; counted since 1970 they come to times of 1970"
    if all(_EXCEL[0] <= number < _EXCEL[1] for number in early):
        return [f"{such}. They look like Excel's serial dates: export them as text, such as 2026-01-01 12:00."]
    return [
        f"{such}. Say what they count, --map time_unit=s (or ms, us, ns), or how they are written, such as "
        "--time-format '%Y%m%d%H%M%S'."
    ]


def _is_early(number: float) -> bool:
    try:
        return TimeReader(Mapping()).moment(number) < 365 * DAY
    except ValueError:
        return False


def _settled(values: Sequence[Any], column: str, doubts: list[str], share: float = 0.5) -> str:
    """The format of times, which needs to be asked about where day and month could be swapped."""
    format, *more = _formats(values, share)
    swapped = [other for other in more if sorted(other) == sorted(format)]
    if swapped and not any(_is_in_format(value, format) != _is_in_format(value, swapped[0]) for value in values):
        doubts.append(
            f"The times in {column!r} are read as {format}; they could be {swapped[0]}, too. If they are, import the "
            f"file with --replace --time-format '{swapped[0]}'."
        )
    return format


def looks_like_times(values: Sequence[Any]) -> bool:
    """Whether texts are times. Numbers could be anything."""
    texts = [value for value in values if isinstance(value, str) and not re.fullmatch(r"-?\d+(\.\d+)?", value.strip())]
    return len(texts) == len(values) > 0 and format_of(texts) is not None


def _unreadable(path: Path, column: str, values: Sequence[Any]) -> InputError:
    """The times in a column are none, or are written in a way that is not known."""
    such = f"has values such as {str(values[0])!r:.60} that cannot be read as times" if values else "is empty"
    format = next((format for value in values[:1] for format in looks_like(str(value))), "%d/%m/%Y %H:%M")
    return InputError(
        f"{path}: column {column!r} {such}. Say how they are written, such as --time-format '{format}', or which other "
        "column holds the times: --map time=COLUMN (in fireflower.yaml: `time_format`, `time`)."
    )
