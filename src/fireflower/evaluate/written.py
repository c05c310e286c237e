"""What kernels have written, while it grows: it lies in such a way that it takes little memory, and is soon put in
order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.growing import Column
from fireflower.evaluate.kernel.layout import TURN_WORDS
from fireflower.evaluate.results import TURN, EvidenceRows
from fireflower.model.errors import NotSupportedError

SORTED_TOGETHER = 1 << 15
"""Transitions that are put in order at once, in the cache."""
_PUT_AWAY_TOGETHER = 1 << 16
"""Transitions that are put into their spans at once."""
_SPAN_BITS = 41
"""Transitions whose times are the same but for so many bits (25 days) lie together."""
_ROUGH_BITS = 16
"""Of a time, by which transitions are put roughly in order: numbers of so many bits numpy sorts by counting."""
_FEW = 64
"""Transitions for which it is not worth while to make room that grows."""
_MOST_EVIDENCE = 1 << 32
"""Rows, whose places are kept as numbers of 32 bits."""

WHO = np.dtype([("subject", np.int32), ("definition", np.uint16), ("change", np.int8), ("reason", np.int8)])
"""What is in WHO."""


class Written(NamedTuple):
    """Transitions as the kernel writes them (`layout.OUT_WORDS`). Only those that are known later than they happen say
    when: in most histories there are none.

    Attributes
    ----------
    at : int64
    who : int64, each a WHO
    end : uint32, where the evidence of each ends; it has as many rows as that of each transition of its definition
    late : int64, the places of those that are not known at once
    known_at : int64, when each of these is known
    """

    at: NDArray[np.int64]
    who: NDArray[np.int64]
    end: NDArray[np.uint32]
    late: NDArray[np.int64]
    known_at: NDArray[np.int64]

    def in_order(self, order: NDArray[np.int64]) -> Written:
        late, known_at = self.late, self.known_at
        if len(late):
            places = np.empty(len(order), np.int64)
            places[order] = np.arange(len(order))
            late = places.take(late)
            rising = np.argsort(late)
            late, known_at = late.take(rising), known_at.take(rising)
        return Written(self.at.take(order), self.who.take(order), self.end.take(order), late, known_at)

    def between(self, first: int, last: int) -> Written:
        """Those from place `first` to before `last`; the places in `late` have to rise."""
        here = slice(*np.searchsorted(self.late, (first, last))) if len(self.late) else slice(0, 0)
        at, who, end = self.at[first:last], self.who[first:last], self.end[first:last]
        return Written(at, who, end, self.late[here] - first, self.known_at[here])


class Shown(NamedTuple):
    """What machines have shown as evidence since they were emptied last. Rows refer to facts, and facts to turns, of
    the same lot (see `results.EvidenceRows`).

    Attributes
    ----------
    values : float64, where only quantities were asked for
    fact : whole numbers, one a row
    quantity, turn : float64 and whole numbers, one a fact
    turns : int64, two words a turn
    """

    values: NDArray[np.float64]
    fact: NDArray[np.int64]
    quantity: NDArray[np.float64]
    turn: NDArray[np.int64]
    turns: NDArray[np.int64]


@dataclass(eq=False)
class _Growing:
    """The columns of `Written`."""

    at: Column = field(default_factory=lambda: Column(np.int64))
    who: Column = field(default_factory=lambda: Column(np.int64))
    end: Column = field(default_factory=lambda: Column(np.uint32))
    late: Column = field(default_factory=lambda: Column(np.int64))
    known_at: Column = field(default_factory=lambda: Column(np.int64))

    def add(self, written: Written) -> None:
        if len(written.late):
            self.late.append(written.late + len(self.at))
            self.known_at.append(written.known_at)
        self.at.append(written.at)
        self.who.append(written.who)
        self.end.append(written.end)

    def take(self) -> Written:
        return Written(*(column.take() for column in (self.at, self.who, self.end, self.late, self.known_at)))


class Output:
    """What machines have written, whose threads wait for each other. Transitions lie in spans of time, each of which
    is put in order by itself in the end, and then gives its memory to what comes of the next. `refers` is a type that
    numbers all facts of a lot of evidence."""

    def __init__(self, refers: Any = np.uint16) -> None:
        self._refers = np.dtype(refers)
        self._waiting = Lock()
        self._begin()

    def _begin(self) -> None:
        self._latest = _Growing()
        self._spans: defaultdict[int, _Growing] = defaultdict(_Growing)
        self._lots = Column(np.int64)
        self._values, self._fact, self._quantity = Column(np.float64), Column(self._refers), Column(np.float64)
        self._turn, self._turns = Column(self._refers), Column(np.int64)
        self._shown = (self._values, self._fact, self._quantity, self._turn, self._turns)
        """The columns of `Shown`."""

    def add(self, transitions: NDArray[np.int64], counts: NDArray[np.uint32], shown: Shown) -> None:
        """Add the columns at, known_at, and who, with the evidence that they have shown: `counts` is how many rows
        each."""
        at, known_at, who = transitions
        late = np.flatnonzero(known_at != at)
        with self._waiting:
            end = np.cumsum(counts) + len(self._values) + len(self._fact)
            self._show(shown)
            self._latest.add(Written(at, who, end, late, known_at[late]))
            if len(self._latest.at) >= _PUT_AWAY_TOGETHER:
                self._put_away()

    def take_with(
        self, transitions: NDArray[np.int64], counts: NDArray[np.uint32], shown: Shown
    ) -> tuple[list[Written], EvidenceRows]:
        """Add these, and hand over everything, while nobody else adds anything. Few that are alone go no detour."""
        if len(counts) > _FEW or len(self._latest.at) or self._spans:
            self.add(transitions, counts, shown)
            return self.take()
        at, known_at, who = transitions.copy()
        late = np.flatnonzero(known_at != at)
        written = Written(at, who, np.cumsum(counts, dtype=np.uint32), late, known_at[late])
        lots = np.zeros((min(1, len(shown.fact)), 3), np.int64)
        fact, turn = shown.fact.astype(self._refers), shown.turn.astype(self._refers)
        turns = shown.turns.copy().view(TURN)
        return [written], EvidenceRows(lots, shown.values.copy(), fact, shown.quantity.copy(), turn, turns)

    def take(self) -> tuple[list[Written], EvidenceRows]:
        """Hand over what was written; there is nothing afterwards. Transitions come in parts, one after the other in
        time."""
        with self._waiting:
            if self._spans and len(self._latest.at):
                self._put_away()
            parts = [span for _, span in sorted(self._spans.items())] or [self._latest]
            lots = self._lots.take().reshape(-1, 3)
            values, fact, quantity, turn, turns = (column.take() for column in self._shown)
            self._begin()
        return [part.take() for part in parts], EvidenceRows(lots, values, fact, quantity, turn, turns.view(TURN))

    def _show(self, shown: Shown) -> None:
        if len(shown.fact):
            self._lots.append(np.array([len(self._fact), len(self._quantity), len(self._turns) // TURN_WORDS]))
        for column, more in zip(self._shown, shown, strict=True):
            column.append(more)
        if len(self._values) + len(self._fact) >= _MOST_EVIDENCE:
            raise NotSupportedError(
                f"the evidence has {_MOST_EVIDENCE} rows or more (some 40 GB), which cannot be kept at once: evaluate "
                "fewer definitions at a time, or do without evidence"
            )

    def _put_away(self) -> None:
        """Put the latest transitions into their spans, while they are in the cache; and roughly in the order of time,
        so that in the end what is near in time will be gathered from few places."""
        latest = self._latest.take()
        latest = latest.in_order(np.argsort(roughly(latest.at), kind="stable"))
        for span, first, last in _runs(latest.at >> _SPAN_BITS):
            self._spans[span].add(latest.between(first, last))


def _runs(numbers: NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
    """Each number with the places where a run of it begins and ends."""
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[:1] - 1))
    for first, last in pairwise([*starts.tolist(), len(numbers)]):
        yield int(numbers[first]), first, last


def roughly(at: NDArray[np.int64]) -> NDArray[np.uint16]:
    """Times since the earliest, but for their lowest bits."""
    earliest, latest = int(at.min()), int(at.max())
    shift = max(0, (latest - earliest).bit_length() - _ROUGH_BITS)
    if (latest >> shift) - (earliest >> shift) >> _ROUGH_BITS:
        shift += 1
    rough = np.empty(len(at), np.uint16)
    for first in range(0, len(at), SORTED_TOGETHER):  # so that no memory is touched but what is kept
        here = slice(first, first + SORTED_TOGETHER)
        rough[here] = (at[here] >> shift) - (earliest >> shift)
    return rough
