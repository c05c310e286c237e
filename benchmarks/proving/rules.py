"""True rules: conditions on what a subject does in its first days, and how they are put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks.proving.chance import Bools, Floats, Ints
from benchmarks.proving.history import DAY, NEVER, History
from benchmarks.proving.kinds import Form

Quantity = Literal["count", "days"]


@dataclass(frozen=True)
class Condition:
    """`event` happened at least `at_least` times (or on as many calendar days, UTC) in the first `within` days."""

    event: str
    at_least: int
    quantity: Quantity = "count"
    within: int = 7
    points: int = 1

    def __str__(self) -> str:
        what = "times" if self.quantity == "count" else "days"
        return f"{self.event}: {self.at_least} {what} within {self.within} days"

    def met_at(self, history: History) -> Ints:
        """The moment at which each subject meets it, NEVER for those who do not."""
        rows = np.flatnonzero(history.event == history.names.index(self.event))
        subject, time = history.subject[rows], history.time[rows]
        inside = time < history.signed_up[subject] + self.within * DAY
        order = np.lexsort((time[inside], subject[inside]))
        subject, time = subject[inside][order], time[inside][order]
        if self.quantity == "days":
            first = _changes(subject, time // DAY)
            subject, time = subject[first], time[first]
        starts = np.searchsorted(subject, np.arange(history.subjects))
        ends = np.searchsorted(subject, np.arange(history.subjects), side="right")
        enough = ends - starts >= self.at_least
        met = np.full(history.subjects, NEVER, np.int64)
        met[enough] = time[starts[enough] + self.at_least - 1]
        return met


@dataclass(frozen=True)
class Rule:
    """Holds from the moment at which the points of the conditions met reach `bar`.

    Attributes
    ----------
    form : "all" and "any" give each condition one point; with "points" every point raises the log hazard alike
    """

    form: Form
    conditions: tuple[Condition, ...]
    bar: int

    def __str__(self) -> str:
        if self.form == "points":
            return f"{self.bar} points of: " + ", ".join(f"{each.points} for {each}" for each in self.conditions)
        return (" and " if self.form == "all" else " or ").join(map(str, self.conditions))

    @property
    def events(self) -> tuple[str, ...]:
        return tuple(each.event for each in self.conditions)

    def met_at(self, history: History) -> Ints:
        """For each subject and condition, the moment at which it is met."""
        return np.stack([each.met_at(history) for each in self.conditions], axis=1)

    def holds_from(self, met: Ints) -> Ints:
        """The moment from which the rule holds for each subject, NEVER for some."""
        order = np.argsort(met, axis=1, kind="stable")
        when = np.take_along_axis(met, order, axis=1)
        reached = np.cumsum(self._points[order], axis=1) >= self.bar
        first = reached.argmax(axis=1)
        return when[np.arange(len(met)), first]

    def strength(self, met: Ints, signed_up: Ints, days: int) -> Floats:
        """What each subject's log hazard is proportional to, at the start of each of its first days and after them.

        Of the shape (subjects, days + 1). For rules of "all" and "any" 1 where the rule holds, else 0; for "points" the
        points so far.
        """
        if self.form != "points":
            met = self.holds_from(met)[:, None]
        worth = self._points if self.form == "points" else np.ones(1)
        return np.asarray(_by(met, signed_up, days) @ worth, np.float64)

    @property
    def _points(self) -> Ints:
        return np.array([each.points for each in self.conditions])


def _by(moments: Ints, signed_up: Ints, days: int) -> Bools:
    """Whether each moment lies before the start of each day since sign-up: (subjects, days + 1, moments)."""
    starts = signed_up[:, None] + np.arange(days + 1) * DAY
    return moments[:, None, :] < starts[:, :, None]


def _changes(*columns: Ints) -> Bools:
    """Rows that differ from the row before."""
    changed = np.ones(len(columns[0]), bool)
    changed[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return changed
