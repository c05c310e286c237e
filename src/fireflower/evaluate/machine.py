"""The kernel's memory around a program: output, heap and states, and the emptying and growing of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.engines import view
from fireflower.evaluate.growing import Column
from fireflower.evaluate.image import zone_words
from fireflower.evaluate.kernel import layout as k
from fireflower.evaluate.kernel.layout import Rows
from fireflower.evaluate.program import Columns, Program
from fireflower.evaluate.results import TURN, EvidenceRows
from fireflower.model.errors import NotSupportedError
from fireflower.model.timeline import Timeline

SORTED_TOGETHER = 1 << 15
"""Transitions that are put in order at once, in the cache."""
_ROUGH_BITS = 16
"""Of a time, by which transitions are put roughly in order: numbers of so many bits numpy sorts by counting."""
_OUTPUT_ROWS = 4096
_EVIDENCE_ROWS = 16384
_MOST_EVIDENCE = 1 << 32
"""Rows, whose places are kept as numbers of 32 bits."""
_FIRST_HEAP = 1 << 14
_MODEST = 1 << 26
"""Words up to which memory grows fourfold, as copying it costs more than room that nobody uses yet; beyond, twofold."""


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


@dataclass(eq=False)
class Output:
    """What machines have written, whose threads wait for each other: the columns of transitions (`Written`); the
    quantities of their evidence, as they were written; the turn to which each row of it refers; and the words of
    turns."""

    at: Column = field(default_factory=lambda: Column(np.int64))
    who: Column = field(default_factory=lambda: Column(np.int64))
    end: Column = field(default_factory=lambda: Column(np.uint32))
    late: Column = field(default_factory=lambda: Column(np.int64))
    known_at: Column = field(default_factory=lambda: Column(np.int64))
    quantities: Column = field(default_factory=lambda: Column(np.float64))
    turn: Column = field(default_factory=lambda: Column(np.uint32))
    turns: Column = field(default_factory=lambda: Column(np.int64))
    _sorted: int = 0
    _sorted_late: int = 0
    _waiting: Lock = field(default_factory=Lock)

    def add(
        self,
        transitions: NDArray[np.int64],
        shown: NDArray[np.uint32],
        evidence: NDArray[np.int64],
        turns: NDArray[np.int64],
    ) -> None:
        """Add columns, in which places are counted on from what is there. `shown` is how many rows of evidence each
        transition has."""
        at, known_at, who = transitions
        late = np.flatnonzero(known_at != at)
        with self._waiting:
            self.late.append(late + len(self.at))
            self.known_at.append(known_at[late])
            self.at.append(at)
            self.who.append(who)
            self.end.append(np.cumsum(shown) + len(self.quantities))
            self.quantities.append(evidence[0].view(np.float64))
            for places in evidence[1:]:
                self.turn.append(places + len(self.turns) // k.TURN_WORDS)
            self.turns.append(turns)
            if len(self.quantities) >= _MOST_EVIDENCE:
                raise NotSupportedError(
                    f"the evidence has {_MOST_EVIDENCE} rows or more (51 GB), which cannot be kept at once: evaluate "
                    "fewer definitions at a time, or do without evidence"
                )
            self._sort()

    def take(self) -> tuple[Written, EvidenceRows]:
        """Hand over what was written; there is nothing afterwards."""
        self._sorted = self._sorted_late = 0
        written = Written(*(column.take() for column in (self.at, self.who, self.end, self.late, self.known_at)))
        return written, EvidenceRows(self.quantities.take(), self.turn.take(), self.turns.take().view(TURN))

    def _sort(self) -> None:
        """Put the latest transitions roughly in the order of time once there are many, while they are in the cache. So
        what is near in time will be gathered from few places (`collecting`)."""
        if len(self.at) - self._sorted < SORTED_TOGETHER:
            return
        at = self.at.since(self._sorted)
        order = np.argsort(roughly(at), kind="stable")
        for column in (self.at, self.who, self.end):
            latest = column.since(self._sorted)
            latest[:] = latest.take(order)
        late = self.late.since(self._sorted_late)
        if len(late):
            places = np.empty(len(order), np.int64)
            places[order] = np.arange(self._sorted, len(self.at))
            late[:] = places[late - self._sorted]
        self._sorted, self._sorted_late = len(self.at), len(self.late)


def roughly(at: NDArray[np.int64]) -> NDArray[np.uint16]:
    """Times since the earliest, but for their lowest bits."""
    earliest = at.min()
    shift = max(0, int(at.max() - earliest).bit_length() - _ROUGH_BITS)
    rough = np.empty(len(at), np.uint16)
    for first in range(0, len(at), SORTED_TOGETHER):  # so that no memory is touched but what is kept
        here = slice(first, first + SORTED_TOGETHER)
        rough[here] = (at[here] - earliest) >> shift
    return rough


@dataclass(eq=False)
class Machine:
    """A program at work: its memory, and where the states of accounts and people lie in it. `with_evidence` is as in
    `layout.WITH_EVIDENCE`; `output` may be that of other machines, too. `shown` is how many rows of evidence a
    transition of each definition has."""

    program: Program
    with_evidence: int
    compiled: bool
    standing: int = 0
    output: Output = field(default_factory=Output)
    memory: NDArray[np.int64] = field(init=False)
    shown: NDArray[np.uint32] = field(init=False)
    accounts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    people: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        image = self.program.image
        rows = _OUTPUT_ROWS + self.program.most_definitions
        shown = (_EVIDENCE_ROWS if self.with_evidence else 0) + self.program.most_evidence
        evidence = len(image) + rows * k.OUT_WORDS
        turns = evidence + shown * k.EVIDENCE_WORDS
        heap = turns + shown * k.TURN_WORDS
        self.memory = np.zeros(heap + _FIRST_HEAP, np.int64)
        self.memory[: len(image)] = image
        head = {
            k.OUT: len(image), k.OUT_ROOM: rows, k.EVIDENCE: evidence, k.EVIDENCE_ROOM: shown, k.TURNS: turns,
            k.HEAP: heap, k.TOP: heap, k.WITH_EVIDENCE: int(self.with_evidence), k.STANDING: self.standing,
        }  # fmt: skip
        for position, value in head.items():
            self.memory[position] = value
        self.memory[k.SIZE] = len(self.memory)
        self.shown = self.program.shown * np.uint32(self.with_evidence != 0)

    def make_room(self, accounts: int, people: int) -> None:
        """Room for so many subjects; those that are there stay."""
        self.accounts = _longer(self.accounts, accounts)
        self.people = _longer(self.people, people)

    def views(self) -> tuple[Any, Any]:
        """The memory as the kernel takes it."""
        return view(self.memory, self.compiled), view(self.memory.view(np.float64), self.compiled)

    def mend(self, said: int) -> bool:
        """Do what the kernel asked for; whether it has to be called again."""
        if said == k.MEMORY_FULL:
            factor = 4 if len(self.memory) < _MODEST else 2
            self.memory = _longer(self.memory, factor * len(self.memory) + 16 * int(self.memory[k.NEED]))
            self.memory[k.SIZE] = len(self.memory)
        elif said == k.OUT_FULL:
            self.empty()
        return bool(said != k.DONE)

    def add_zones(self, first: int) -> int:
        """Put the time zones from this number on, which the program was not compiled with, into the heap. Gives how
        many there are."""
        names = list(self.program.zones)
        for number in range(first, len(names)):
            words = zone_words(names[number])
            at = int(self.memory[k.TOP])
            while at + len(words) > len(self.memory):
                self.mend(k.MEMORY_FULL)
            self.memory[at : at + len(words)] = words
            self.memory[k.TOP] += len(words)
            self.memory[int(self.memory[k.ZONES]) + number] = at
        return len(names)

    def empty(self) -> None:
        """Move what was written to the output."""
        head = self.memory
        turns, columns = int(head[k.TURNS]), 1 if self.with_evidence == k.VALUES else k.EVIDENCE_WORDS
        transitions = self._columns(k.OUT, k.OUT_ROOM, k.OUT_COUNT, k.OUT_WORDS)
        self.output.add(
            transitions,
            self.shown.take(transitions[-1].view(WHO)["definition"]),
            self._columns(k.EVIDENCE, k.EVIDENCE_ROOM, k.EVIDENCE_COUNT, columns),
            head[turns : turns + int(head[k.TURN_COUNT]) * k.TURN_WORDS],
        )
        forget_output(self.memory)

    def take(self) -> tuple[Written, EvidenceRows]:
        """Hand over what was written: transitions, and what these have shown."""
        self.empty()
        return self.output.take()

    def _columns(self, start: int, room: int, count: int, columns: int) -> NDArray[np.int64]:
        first, rows = int(self.memory[start]), int(self.memory[room])
        return self.memory[first : first + columns * rows].reshape(columns, rows)[:, : int(self.memory[count])]


def forget_output(memory: NDArray[np.int64]) -> None:
    """Begin the output anew: what comes refers to nothing that was there."""
    memory[k.TURNS_BEFORE] += memory[k.TURN_COUNT]
    memory[k.OUT_COUNT] = memory[k.EVIDENCE_COUNT] = memory[k.TURN_COUNT] = 0


def _longer(array: NDArray[np.int64], words: int) -> NDArray[np.int64]:
    if words <= len(array):
        return array
    grown = np.zeros(words, np.int64)
    grown[: len(array)] = array
    return grown


@dataclass(eq=False)
class Sheets:
    """Property columns side by side, as the kernel reads them; row 0 is missing throughout. The memory is used again
    and again."""

    numbers_of: tuple[str, ...]
    codes_of: tuple[str, ...]
    numbers: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))
    codes: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 0), np.int32))

    @classmethod
    def of(cls, timeline: Timeline, properties: frozenset[str]) -> Sheets:
        return cls(
            tuple(name for name in timeline.numbers if name in properties),
            tuple(name for name in timeline.codes if name in properties),
        )

    def columns(self) -> Columns:
        return Columns(
            {name: row for row, name in enumerate(self.numbers_of, 1)},
            {name: row for row, name in enumerate(self.codes_of, 1)},
        )

    def rows(self, timeline: Timeline, compiled: bool) -> Rows:
        self._fill(timeline)
        received = timeline.received if timeline.received is not None else np.zeros(1, np.int64)
        columns = (
            timeline.time, timeline.what, timeline.person, timeline.account, timeline.target, timeline.detail,
            received, self.numbers.reshape(-1), self.codes.reshape(-1),
        )  # fmt: skip
        views: list[Any] = [view(np.ascontiguousarray(column), compiled) for column in columns]
        row = np.zeros(1, np.int64) if timeline.row is None else timeline.row
        views += [self.numbers.shape[1], timeline.received is not None, timeline.first_row]
        views += [view(np.ascontiguousarray(row), compiled), timeline.row is not None]
        return Rows(*views)

    def _fill(self, timeline: Timeline) -> None:
        count = len(timeline)
        if count > self.numbers.shape[1] or self.numbers.shape[1] == 0:
            self.numbers = np.full((1 + len(self.numbers_of), max(1, count)), np.nan)
            self.codes = np.full((1 + len(self.codes_of), max(1, count)), -1, np.int32)
        for row, name in enumerate(self.numbers_of, 1):
            self.numbers[row, :count] = timeline.numbers.get(name, np.nan)
        for row, name in enumerate(self.codes_of, 1):
            self.codes[row, :count] = timeline.codes.get(name, -1)
