"""What the templates can call: words as filters, pictures as functions."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from fireflower.report import figures, headline, leads, shares, wording
from fireflower.report.flower import flower
from fireflower.review.results import WeeklyVolume
from fireflower.review.wording import absent_start

if TYPE_CHECKING:
    from jinja2 import Environment

_REASONS = {
    "lapsed": "the conditions no longer hold",
    "converted": "reached the goal",
    "left out": "now among those left out",
}


@cache
def environment() -> Environment:
    """Templates of this package. Everything that they print is escaped, unless `trusted` says that it is markup."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("fireflower.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: "" if value is None else value,
    )
    made.filters.update(_FILTERS)
    made.globals.update({name: _drawn(function) for name, function in _PICTURES.items()})
    made.globals.update(_HELPERS)
    return made


def trusted(content: str) -> str:
    """Markup that we made ourselves, and in which every text is escaped already."""
    from markupsafe import Markup

    return Markup(content)


def _drawn(function: Callable[..., str]) -> Callable[..., str]:
    return lambda *arguments: trusted(function(*arguments))


def _reason(reason: str) -> str:
    return _REASONS.get(reason, reason)


def _depth(line: str) -> int:
    """How far in a line of a description stands, at most three: a sentence 0, a bullet 1 and 1 for each two spaces."""
    text = line.lstrip()
    return min(3, (len(line) - len(text)) // 2 + text.startswith("- "))


def _item(line: str) -> str:
    return line.strip().removeprefix("- ")


def _weeks(volume: WeeklyVolume) -> list[dict[str, int]]:
    """The weeks as rows, the latest first."""
    names = ("monday", "first", "again", "left", "qualified", "complete")
    columns = (volume.weeks, volume.first, volume.again, volume.left, volume.qualified, volume.complete)
    rows = [dict(zip(names, map(int, row), strict=True)) for row in zip(*columns, strict=True)]
    return rows[::-1]


_FILTERS: dict[str, Callable[..., Any]] = {
    "absent_start": absent_start,
    "changes_in_words": headline.changes_in_words,
    "count": wording.count,
    "criteria": leads.criteria,
    "day": wording.day,
    "day_and_time": wording.day_and_time,
    "day_of_seconds": leads.day_of_seconds,
    "days": wording.days,
    "depth": _depth,
    "entered_lately": headline.entered_lately,
    "few": wording.few,
    "got_to": figures.got_to,
    "iso": wording.iso,
    "item": _item,
    "month": wording.month,
    "number": wording.number,
    "per_week": wording.per_week,
    "plural": wording.plural,
    "reason": _reason,
    "share": wording.share,
    "share_range": wording.share_range,
    "weeks": _weeks,
}
_PICTURES: dict[str, Callable[..., str]] = {
    "after_entry": figures.after_entry,
    "embedded": leads.embedded,
    "flower": flower,
    "histogram": figures.histogram,
    "share_axis": figures.share_axis,
    "share_interval": figures.share_interval,
    "stage_meter": figures.stage_meter,
    "threshold_shares": figures.threshold_shares,
    "threshold_volume": figures.threshold_volume,
    "time_to_stage": figures.time_to_stage,
    "weekly_entries": figures.weekly_entries,
    "weekly_outcomes": figures.weekly_outcomes,
    "weekly_stock": figures.weekly_stock,
}
_HELPERS: dict[str, Callable[..., Any]] = {
    "bound_text": figures.bound_text,
    "coverage_rows": shares.coverage_rows,
    "known": figures.known,
    "packed": leads.packed,
    "precision_rows": shares.precision_rows,
    "share_scale": figures.share_scale,
}
