"""Who can be compared at a moment, and what became of them: one row per subject, features before, outcome after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.discover.candidates import Candidate
from fireflower.model.moments import NEVER


@dataclass(frozen=True, eq=False)
class Column:
    """A candidate's values.

    Attributes
    ----------
    numbers : float[n], NaN where it is missing or text
    codes : int32[n], codes into `texts`; -1 where it is missing or a number. None where it never is text
    """

    candidate: Candidate
    numbers: NDArray[Any]
    codes: NDArray[np.int32] | None = None
    texts: Sequence[Any] = ()

    def at(self, rows: NDArray[np.int64] | slice) -> Column:
        codes = None if self.codes is None else self.codes[rows]
        return replace(self, numbers=self.numbers[rows], codes=codes)


@dataclass(frozen=True, eq=False)
class Frame:
    """The risk set at one landmark, in the order of time; or the rows of a table.

    Attributes
    ----------
    landmark : the age in microseconds; None for a table
    subject : int64[n], codes
    moment : int64[n], when the landmark was reached; rows are ordered by it
    wait : int64[n], from then to the goal; NEVER where it was not seen
    followed : int64[n], for how long the subject could be seen from then on; NEVER for a table
    left : int64[n], from then to the end of use (churn), NEVER where there was none: of a competing event, after which
        the goal does not come any more
    cluster : int64[n], rows of one cluster are not independent of each other
    """

    landmark: int | None
    subject: NDArray[np.int64]
    moment: NDArray[np.int64]
    wait: NDArray[np.int64]
    followed: NDArray[np.int64]
    left: NDArray[np.int64]
    cluster: NDArray[np.int64]
    columns: tuple[Column, ...]

    def __len__(self) -> int:
        return len(self.subject)

    def at(self, rows: NDArray[np.int64]) -> Frame:
        """These rows. Those that lie side by side, as what was known earlier does, are not copied."""
        some = slice(rows[0], rows[-1] + 1) if len(rows) and (np.diff(rows) == 1).all() else rows
        return Frame(
            self.landmark, self.subject[some], self.moment[some], self.wait[some], self.followed[some],
            self.left[some], self.cluster[some], tuple(column.at(some) for column in self.columns),
        )  # fmt: skip

    def as_known(self, end: int) -> Frame:
        """As it was known at a moment: rows from before it, and what had become of them by then."""
        rows = self.at(np.flatnonzero(self.moment < end))
        known = np.minimum(rows.followed, end - rows.moment)
        return replace(rows, wait=_by(rows.wait, known), left=_by(rows.left, known), followed=known)

    def closed(self, horizon: int) -> Frame:
        """Rows that have been followed for the whole horizon."""
        return self.at(np.flatnonzero(self.followed >= horizon))

    def reached(self, horizon: int) -> NDArray[np.bool_]:
        """Who reached the goal within the horizon."""
        return self.wait <= horizon

    def hits(self, horizon: int) -> int:
        """How many of those that were followed for the whole horizon reached the goal within it."""
        return int((self.reached(horizon) & (self.followed >= horizon)).sum())

    def some(self, most: int, seed: int = 0) -> NDArray[np.int64]:
        """The places of all rows or, where there are more, of so many chosen at random, in their order."""
        return some_of(np.arange(len(self)), most, seed)

    def keeping(self, columns: Sequence[Column]) -> Frame:
        return replace(self, columns=tuple(columns))


def some_of(places: NDArray[np.int64], most: int, seed: int = 0) -> NDArray[np.int64]:
    """These places or, where there are more, so many of them chosen at random, in their order."""
    if len(places) <= most:
        return places
    return np.sort(np.random.default_rng(seed).choice(places, most, replace=False))


def _by(wait: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(wait < known, wait, NEVER)


@dataclass(frozen=True, eq=False)
class Split:
    """Earlier rows, and later ones that what was found in them is confirmed on.

    Attributes
    ----------
    earlier : as they were known at the cut, and no more
    train : of these, the rows that were followed for the whole horizon, be it after the cut
    test : the rows from the cut on, followed for the whole horizon
    cut : the moment between them
    """

    earlier: Frame
    train: Frame
    test: Frame
    cut: int


TESTED = 0.3
"""Share of those that reached the goal that are kept for confirmation: the latest."""


def split(frame: Frame, horizon: int) -> Split:
    """Split by time: the later rows are those from the moment on by which `1 - TESTED` of all goals had begun."""
    closed = frame.closed(horizon)
    reached = np.flatnonzero(closed.reached(horizon))
    if not len(reached):
        return Split(frame, closed, closed.at(reached), NEVER)
    first = int(reached[min(len(reached) - 1, int((1 - TESTED) * len(reached)))])
    cut = int(closed.moment[first])
    if frame.landmark is None:  # a table has an order, but no moments: all of it was known
        earlier = closed.at(np.arange(first))
        return Split(earlier, earlier, closed.at(np.arange(first, len(closed))), cut)
    before = closed.moment < cut
    return Split(frame.as_known(cut), closed.at(np.flatnonzero(before)), closed.at(np.flatnonzero(~before)), cut)


def weights(frame: Frame, horizon: int) -> NDArray[np.float64]:
    """Inverse-probability-of-censoring weights for the goal within a horizon, for all rows, however long followed.

    A row counts if its outcome within the horizon is known: it reached the goal, or was followed to the end. It then
    stands for 1 / G rows, G being the share that was followed at least as long (the Kaplan-Meier estimate for the end
    of following; Robins & Finkelstein 2000). Whoever left without the goal is followed on, as one who does not reach
    it: leaving competes with the goal, it does not censor it.

    Returns
    -------
    float64[n], 0 where the outcome is not known
    """
    reached = frame.wait <= np.minimum(horizon, frame.followed)
    until = np.minimum(np.where(reached, frame.wait, horizon), frame.followed)
    known = reached | (frame.followed >= horizon)
    ends, ending = np.unique(frame.followed[~known], return_counts=True)
    at_risk = len(frame) - np.searchsorted(np.sort(until), ends, side="left")
    survival = np.concatenate(([1.0], np.cumprod(1 - ending / np.maximum(at_risk, 1))))
    share = survival[np.searchsorted(ends, until, side="left")]
    return np.where(known & (share > 0), 1 / np.where(share > 0, share, 1.0), 0.0)
