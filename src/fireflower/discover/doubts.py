"""What looks wrong with the data, or could not be looked at, each with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from fireflower.discover.candidates import MOST_CANDIDATES, MOST_EVENTS, MOST_VALUES, Seen
from fireflower.discover.frames import Column, Frame
from fireflower.discover.histories import Lives
from fireflower.language.nodes import Trait
from fireflower.model.moments import NEVER
from fireflower.review.words import percent

_NAMED = 5
_EARLY = 0.2


def of_history(seen: Seen, found: Lives, looked_at: int) -> Iterator[str]:
    """Clocks and starts that do not fit, and what there is too much of.

    Parameters
    ----------
    looked_at : how many candidates there were at a landmark, at most
    """
    lived, first = found.start < NEVER, found.anything
    early = float((first[lived] < found.start[lived]).mean()) if lived.any() else 0.0
    if early >= _EARLY:
        yield (
            f"{percent(early, whole=True)} have events from before their start, which count for nothing here: a clock "
            "that runs behind, or a `start:` in fireflower.yaml that comes too late."
        )
    without = int((~lived & (first < NEVER)).sum())
    if without:
        yield (
            f"{without:,} have no start at all and are not looked at: they came before the history, or their start has "
            "another name. See `start:` in fireflower.yaml."
        )
    same = [path for path, values in seen.texts.items() if len(values) == 1 and not _has_numbers(seen, path)]
    if same:
        yield f"{_listed(same)} {'have' if len(same) > 1 else 'has'} one value only, which can tell nothing apart."
    many = [path for path, values in seen.texts.items() if len(values) > MOST_VALUES]
    if many:
        yield (
            f"{_listed(many)} {'have' if len(many) > 1 else 'has'} more than {MOST_VALUES} different texts, whose "
            "values were not looked at one by one. Group them (a kind, a section) into a property of few values."
        )
    if len(seen.events) > MOST_EVENTS:
        yield (
            f"of {len(seen.events):,} kinds of events the {MOST_EVENTS} most frequent were looked at. Names that hold "
            "an id or a page make too many: put that into a property."
        )
    if looked_at >= MOST_CANDIDATES:
        yield (
            f"there was more to look at than the {MOST_CANDIDATES} quantities that were: traits beyond the first "
            f"{MOST_CANDIDATES // 2}, properties, recent counts and days were left out, of the rarest events first. "
            "Import fewer columns, or put ids and pages that are names of events into a property."
        )


def _has_numbers(seen: Seen, path: str) -> bool:
    return any(types[path].get("number") for types in seen.properties.values() if path in types)


def without_a_time(frames: Sequence[Frame]) -> Iterator[str]:
    """Traits that nobody has at any landmark."""
    empty = [
        {column.candidate.quantity.name for column in frame.columns
         if isinstance(column.candidate.quantity, Trait) and _is_empty(column)}
        for frame in frames
    ]  # fmt: skip
    names = sorted(set.intersection(*empty)) if empty else []
    if names:
        have, they = ("have", "they were") if len(names) > 1 else ("has", "it was")
        yield (
            f"{_listed(names)} {have} no value at any landmark, maybe because {they} imported without a time, and so "
            "hold from the import on. What has always held is named under `timeless:` in fireflower.yaml."
        )


def _is_empty(column: Column) -> bool:
    return bool(np.isnan(column.numbers).all()) and (column.codes is None or bool((column.codes < 0).all()))


def of_table(columns: Sequence[Column]) -> Iterator[str]:
    """Columns that never vary."""
    constant = [column.candidate.of for column in columns if _never_varies(column)]
    if constant:
        yield f"{_listed(constant)} never {'vary' if len(constant) > 1 else 'varies'}, and so can tell nothing apart."


def _never_varies(column: Column) -> bool:
    numbers = np.unique(np.nan_to_num(column.numbers, nan=-np.inf))
    codes = 1 if column.codes is None else len(np.unique(column.codes))
    return len(numbers) == 1 and codes == 1


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} others" if len(names) > _NAMED else shown
