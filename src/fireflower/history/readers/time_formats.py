"""How a time is written that is neither ISO 8601 nor a number, by how it looks: in the manner of strptime."""

from __future__ import annotations

import re
from calendar import day_abbr, day_name, month_abbr, month_name
from collections.abc import Iterator

_CLOCK = re.compile(r"\b\d{1,2}:\d\d(:\d\d)?(\.\d{1,6})?(?:( ?)[ap]m\b)?(?:( ?)[+-]\d\d:?\d\d\b)?", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"\b\d{4}([-/.])\d{1,2}\1\d{1,2}\b")
_YEAR_LAST = re.compile(r"\b(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d\d)\b")
_NAMES = {
    name.lower(): directive
    for directive, names in (("%B", month_name), ("%A", day_name), ("%b", month_abbr), ("%a", day_abbr))
    for name in names
    if name
}


def looks_like(text: str) -> list[str]:
    """The formats that a time may be in, the likeliest first; none where it looks like no time.

    >>> looks_like("25/12/2025 15:28"), looks_like("11/12/2025 03:28 PM"), looks_like("Feb 3, 2026")
    (['%d/%m/%Y %H:%M'], ['%m/%d/%Y %I:%M %p', '%d/%m/%Y %I:%M %p'], ['%b %d, %Y'])
    """
    text = text.strip()
    clock = _CLOCK.search(text)
    before, after = (text[: clock.start()], text[clock.end() :]) if clock else (text, "")
    is_american = bool(clock and clock[3] is not None)
    return [f"{day}{_clock(clock)}{after}" for day in _days(before, is_american)] if not after.strip(" ") else []


def _clock(match: re.Match[str] | None) -> str:
    if match is None:
        return ""
    seconds, fraction, half, zone = match.groups()
    return (
        ("%H:%M" if half is None else "%I:%M")
        + ":%S" * bool(seconds)
        + ".%f" * bool(fraction)
        + ("" if half is None else f"{half}%p")
        + ("" if zone is None else f"{zone}%z")
    )


def _days(text: str, is_american: bool) -> Iterator[str]:
    """The formats of the day: of numbers alone, or with the name of the month."""
    if match := _YEAR_FIRST.search(text):
        days = [f"%Y{match[1]}%m{match[1]}%d"]
    elif match := _YEAR_LAST.search(text):
        year = "%Y" if len(match[4]) == 4 else "%y"
        days = [f"{first}{match[2]}{second}{match[2]}{year}" for first, second in _orders(match, is_american)]
    else:
        yield from _named(text)
        return
    before, after = text[: match.start()], text[match.end() :]
    if not re.search(r"\w", before + after):
        yield from (f"{before}{day}{after}" for day in days)


def _orders(match: re.Match[str], is_american: bool) -> list[tuple[str, str]]:
    """The orders of day and month that are usual with this separator, and possible."""
    day_first, month_first = ("%d", "%m"), ("%m", "%d")
    if int(match[1]) > 12 or int(match[3]) > 12:
        return [day_first if int(match[1]) > 12 else month_first]
    if match[2] != "/":
        return [day_first]
    return [month_first, day_first] if is_american else [day_first, month_first]


def _named(text: str) -> Iterator[str]:
    """The format of a day whose month has a name."""
    numbers = iter(("%d", "%y"))
    found: list[str] = []

    def directive(match: re.Match[str]) -> str:
        word = match[0].lower()
        found.append(
            "%Y" if re.fullmatch(r"\d{4}", word) else next(numbers, "") if word.isdigit() else _NAMES.get(word, "")
        )
        return found[-1]

    format = re.sub(r"[^\W\d_]+|\d+", directive, text)
    if "" not in found and "%d" in found and {"%b", "%B"} & {*found} and {"%y", "%Y"} & {*found}:
        yield format
