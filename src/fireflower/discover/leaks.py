"""What must not be used, and why: signals that know the goal already, or that somebody filled in because of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fireflower.discover.frames import Column
from fireflower.discover.rates import above
from fireflower.model.moments import MINUTE
from fireflower.review.words import percent

FEW = 10
"""With fewer subjects nothing is said of an event."""

_AFTER = 0.8
_SPIKE = 0.5
_TIMES_USUAL = 2.5
_TOGETHER = 10 * MINUTE
_PURE = 0.95
_PURE_SHARE = 0.25
_FILLED = 5.0
_FILLED_HITS = 5
_BY_CHANCE = 0.001

_SALES_COLUMN = re.compile(
    r"\b(tags?|quality|profile|scores?|index|grade|rating|stage|status|owner|assigned|disposition|outcome|result|priority"
    r"|rank(ing)?|last|notes?|comments?|follow.?up|won|lost|closed?|deal|opportunity|rep|pipeline|qualified|qualification)\b",
    re.IGNORECASE,
)
_SALES_EVENT = re.compile(
    r"\b(opportunity|deal|closed.won|contract|quote sent|lead (status|stage)|pipeline"
    r"|(sales )?(call|meeting|email|note)s? (logged|made|sent|booked|held))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Leak:
    """A signal that is left out.

    Attributes
    ----------
    name : of the event, trait or column
    kind : "after", "same", "spike", "only", "sales", "filled in"
    reason : in words, with the figures
    """

    name: str
    kind: str
    reason: str


@dataclass(frozen=True, eq=False)
class Around:
    """One event around the goal.

    Attributes
    ----------
    name : the event
    first : int64[subjects], when each did it first; NEVER
    count, last_day : float[goals], how often those who reached the goal had done it by then, and in the day before
    """

    name: str
    first: NDArray[np.int64]
    count: NDArray[np.float64]
    last_day: NDArray[np.float64]


def of_events(around: Sequence[Around], goal: NDArray[np.int64], as_of: int) -> list[Leak]:
    """Events that are left out.

    Parameters
    ----------
    goal : int64[subjects], when each reached the goal; NEVER
    """
    total = sum((event.count for event in around), np.zeros(0) if not around else np.zeros(len(around[0].count)))
    recent = sum((event.last_day for event in around), np.zeros_like(total))
    found = (_of_event(event, goal, as_of, total, recent) for event in around)
    return [leak for leak in found if leak is not None]


def _of_event(
    event: Around, goal: NDArray[np.int64], as_of: int, total: NDArray[np.float64], recent: NDArray[np.float64]
) -> Leak | None:
    reached, did = goal <= as_of, event.first <= as_of
    both = reached & did
    if int(both.sum()) >= FEW:
        gap = event.first[both] - goal[both]
        together = float((np.abs(gap) <= _TOGETHER).mean())
        own = float(reached[did].mean())
        if together >= _AFTER and own >= _AFTER:
            return Leak(
                event.name, "same",
                f"it is the goal under another name: {percent(together)} of those who did both did so within "
                "10 minutes, "
                f"and {percent(own)} of those who did it reached the goal",
            )  # fmt: skip
        after = float((gap >= 0).mean())
        if after >= _AFTER:
            return Leak(
                event.name,
                "after",
                f"{percent(after)} of those who did it and reached the goal did it first at or after the goal",
            )
        spike = _spike(event, total, recent)
        if spike is not None:
            return spike
    before = did & ((event.first < goal) | ~reached)
    base = float(reached.mean())
    if int(before.sum()) >= FEW and base <= 0.5 and float(reached[before].mean()) >= _PURE:
        return Leak(
            event.name,
            "only",
            f"only those who reach the goal have it: {percent(float(reached[before].mean()))} of those who did it",
        )
    if _SALES_EVENT.search(event.name):
        return Leak(
            event.name, "sales", "by its name it is recorded by the sales team, about leads that they work on already"
        )
    return None


def _spike(event: Around, total: NDArray[np.float64], recent: NDArray[np.float64]) -> Leak | None:
    """It comes on the last day before the goal, far more than everything else does."""
    who = event.count > 0
    if int(who.sum()) < FEW:
        return None
    share = float(event.last_day[who].sum() / event.count[who].sum())
    others = float((total - event.count)[who].sum())
    usual = float((recent - event.last_day)[who].sum()) / others if others > 0 else 0.0
    mostly = float((event.last_day[who] >= event.count[who]).mean())
    if share >= _SPIKE and share >= _TIMES_USUAL * usual and mostly >= _SPIKE:
        return Leak(
            event.name, "spike",
            f"it belongs to the buying itself: {percent(share)} of it came in the day before the goal (of other events "
            f"{percent(usual)}), so it gives no time to act",
        )  # fmt: skip
    return None


def of_columns(columns: Sequence[Column], reached: NDArray[np.bool_], kept: frozenset[str]) -> list[Leak]:
    """Traits, and columns of a table, that are left out. Names in `kept` are let be."""
    found = (_of_column(column, reached) for column in columns if column.candidate.of not in kept)
    return [leak for leak in found if leak is not None]


def _of_column(column: Column, reached: NDArray[np.bool_]) -> Leak | None:
    name = column.candidate.of
    pure = _pure(column, reached)
    if pure >= _PURE_SHARE:
        return Leak(
            name,
            "only",
            f"values that nearly all have reached the goal ({percent(_PURE)} or more) make up {percent(pure)} "
            "of those who did",
        )
    known = ~np.isnan(column.numbers)
    if column.codes is not None:
        known |= column.codes >= 0
    if FEW <= int(known.sum()) <= len(known) - FEW:
        filled, empty = float(reached[known].mean()), float(reached[~known].mean())
        much = filled >= _FILLED * max(empty, 1 / len(reached)) and int(reached[known].sum()) >= _FILLED_HITS
        if much and known.mean() < 0.8 and above(reached, known, np.arange(len(reached))) <= _BY_CHANCE:
            return Leak(
                name,
                "filled in",
                f"who has it at all reaches the goal far more often, as if it were filled in for these: "
                f"{percent(filled)} of those who have it did, {percent(empty)} of the others",
            )
    words = _SALES_COLUMN.search(re.sub(r"[_.]+", " ", name))
    if words:
        return Leak(
            name,
            "sales",
            f"by its name ({words[0]!r}) somebody or something filled it in later, about a lead that was being "
            "worked on",
        )
    return None


def _pure(column: Column, reached: NDArray[np.bool_]) -> float:
    """Of those who reached the goal, the share whose value is one that hardly anybody has who did not. Of numbers, a
    value counts like a text where there are few of them."""
    values = _values(column)
    some = values >= 0
    if not some.any() or not reached.any() or reached.mean() >= _PURE - 0.05:
        return 0.0
    rows = np.bincount(values[some])
    hits = np.bincount(values[some], reached[some])
    pure = (rows >= FEW) & (hits >= _PURE * rows)
    return float(hits[pure].sum() / reached.sum())


_MOST_NUMBERS = 50


def _values(column: Column) -> NDArray[np.int64]:
    """Codes of a column's values: of its texts, or of its numbers where these are few; -1 for none."""
    if column.codes is not None and (column.codes >= 0).any():
        return column.codes.astype(np.int64)
    known = ~np.isnan(column.numbers)
    different, place = np.unique(column.numbers, return_inverse=True)
    return np.where(known & (len(different) <= _MOST_NUMBERS), place, -1)
