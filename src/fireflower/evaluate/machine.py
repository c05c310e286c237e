"""The kernel's memory around a program: output, heap and states, and the emptying and growing of them."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.engines import view
from fireflower.evaluate.image import zone_words
from fireflower.evaluate.kernel import layout as k
from fireflower.evaluate.kernel.layout import Rows
from fireflower.evaluate.program import Columns, Program
from fireflower.evaluate.results import EvidenceRows
from fireflower.evaluate.written import WHO, Output, Shown, Written
from fireflower.model.timeline import Timeline

_OUTPUT_ROWS = 4096
_EVIDENCE_ROWS = 16384
_FIRST_HEAP = 1 << 14
_MODEST = 1 << 26
"""Words up to which memory grows fourfold, as copying it costs more than room that nobody uses yet; beyond, twofold."""


@dataclass(eq=False)
class Machine:
    """A program at work: its memory, and where the states of accounts and people lie in it. `with_evidence` is as in
    `layout.WITH_EVIDENCE`; it has the output of the machine `beside` it, if there is one. `shown` is how many rows of
    evidence a transition of each definition has."""

    program: Program
    with_evidence: int
    compiled: bool
    standing: int = 0
    beside: InitVar[Machine | None] = None
    output: Output = field(init=False)
    memory: NDArray[np.int64] = field(init=False)
    shown: NDArray[np.uint32] = field(init=False)
    accounts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    people: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self, beside: Machine | None) -> None:
        image = self.program.image
        rows = _OUTPUT_ROWS + self.program.most_definitions
        shown = (_EVIDENCE_ROWS if self.with_evidence else 0) + self.program.most_evidence
        evidence = len(image) + rows * k.OUT_WORDS
        facts = evidence + shown
        turns = facts + shown * k.FACT_WORDS
        heap = turns + shown * k.TURN_WORDS
        self.memory = np.zeros(heap + _FIRST_HEAP, np.int64)
        self.memory[: len(image)] = image
        head = {
            k.OUT: len(image), k.OUT_ROOM: rows, k.EVIDENCE: evidence, k.EVIDENCE_ROOM: shown, k.FACTS: facts,
            k.TURNS: turns, k.HEAP: heap, k.TOP: heap, k.WITH_EVIDENCE: int(self.with_evidence),
            k.STANDING: self.standing,
        }  # fmt: skip
        for position, value in head.items():
            self.memory[position] = value
        self.memory[k.SIZE] = len(self.memory)
        self.shown = self.program.shown * np.uint32(self.with_evidence != 0)
        self.output = beside.output if beside else Output(np.min_scalar_type(shown))

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

    def take_words(self, count: int) -> int:
        """Where so many words of the heap begin that nobody else has."""
        at = int(self.memory[k.TOP])
        while at + count > len(self.memory):
            self.mend(k.MEMORY_FULL)
        self.memory[k.TOP] += count
        return at

    def add_zones(self, first: int) -> int:
        """Put the time zones from this number on, which the program was not compiled with, into the heap. Gives how
        many there are."""
        names = list(self.program.zones)
        for number in range(first, len(names)):
            words = zone_words(names[number])
            at = self.take_words(len(words))
            self.memory[at : at + len(words)] = words
            self.memory[int(self.memory[k.ZONES]) + number] = at
        return len(names)

    def empty(self) -> None:
        """Move what was written to the output."""
        self.output.add(*self._written())
        forget_output(self.memory)

    def take(self) -> tuple[list[Written], EvidenceRows]:
        """Hand over what was written: transitions, and what these have shown."""
        found = self.output.take_with(*self._written())
        forget_output(self.memory)
        return found

    def _written(self) -> tuple[NDArray[np.int64], NDArray[np.uint32], Shown]:
        """Transitions, how many rows of evidence each has, and what these have shown."""
        transitions = self._columns(k.OUT, k.OUT_ROOM, k.OUT_COUNT, k.OUT_WORDS)
        counts = self.shown.take(transitions[-1].view(WHO)["definition"])
        return transitions, counts, self._shown()

    def _shown(self) -> Shown:
        (rows,) = self._columns(k.EVIDENCE, k.EVIDENCE_ROOM, k.EVIDENCE_COUNT, 1)
        quantity, turn = self._columns(k.FACTS, k.EVIDENCE_ROOM, k.FACT_COUNT, k.FACT_WORDS)
        turns = int(self.memory[k.TURNS])
        turns_of = self.memory[turns : turns + int(self.memory[k.TURN_COUNT]) * k.TURN_WORDS]
        values, fact = (rows, rows[:0]) if self.with_evidence == k.VALUES else (rows[:0], rows)
        return Shown(values.view(np.float64), fact, quantity.view(np.float64), turn, turns_of)

    def _columns(self, start: int, room: int, count: int, columns: int) -> NDArray[np.int64]:
        first, rows = int(self.memory[start]), int(self.memory[room])
        return self.memory[first : first + columns * rows].reshape(columns, rows)[:, : int(self.memory[count])]


def forget_output(memory: NDArray[np.int64]) -> None:
    """Begin the output anew: what comes refers to nothing that was there."""
    memory[k.FACTS_BEFORE] += memory[k.FACT_COUNT]
    memory[k.OUT_COUNT] = memory[k.EVIDENCE_COUNT] = memory[k.FACT_COUNT] = memory[k.TURN_COUNT] = 0


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
