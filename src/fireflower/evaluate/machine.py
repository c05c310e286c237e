"""The memory of a replay: programs, state, heap and output, and the growing and emptying of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.engines import view
from fireflower.evaluate.kernel import layout as k
from fireflower.evaluate.kernel.layout import Machine, Rows
from fireflower.evaluate.program import Columns, Program
from fireflower.model.timeline import Timeline

_FIRST_HEAP = 1 << 12
_FIRST_OUTPUT = 1 << 10
_MOST_OUTPUT = 1 << 18


@dataclass(eq=False)
class Output:
    """What a kernel has written, emptied: rows of `layout.OUT_WORDS` and `layout.EVIDENCE_WORDS`."""

    out: NDArray[np.int64]
    evidence: NDArray[np.int64]
    values: NDArray[np.float64]


@dataclass(eq=False)
class Memory:
    """State and output for the subjects of one program. `state` has room for `subjects` of them."""

    program: Program
    with_evidence: bool
    state: NDArray[np.int64] = field(init=False)
    out: NDArray[np.int64] = field(init=False)
    evidence: NDArray[np.int64] = field(init=False)
    values: NDArray[np.float64] = field(init=False)
    work: NDArray[np.int64] = field(init=False)
    parts: list[Output] = field(default_factory=list)
    subjects: int = 0

    def __post_init__(self) -> None:
        self.state = np.zeros(0, np.int64)
        self.work = np.zeros(self.program.scratch, np.int64)
        self.work[k.WITH_EVIDENCE] = int(self.with_evidence)
        self._new_output(_FIRST_OUTPUT)

    def _new_output(self, rows: int) -> None:
        rows += len(self.program.definitions)
        shown = int(self.program.code[k.MOST_EVIDENCE])
        shown_rows = shown * (1 + rows // max(1, len(self.program.definitions))) if self.with_evidence else shown
        self.out = np.zeros((rows, k.OUT_WORDS), np.int64)
        self.evidence = np.zeros((shown_rows, k.EVIDENCE_WORDS), np.int64)
        self.values = np.zeros(shown_rows, np.float64)

    def make_room(self, subjects: int) -> None:
        """Room for so many subjects; those that are there stay."""
        if subjects > self.subjects:
            words = self.program.row_words
            grown = np.zeros(subjects * words, np.int64)
            grown[: self.subjects * words] = self.state
            added = grown[self.subjects * words :].reshape(-1, words)
            added[:, k.FIRST_RECORD] = added[:, k.PENDING] = -1
            added[:, k.WAKE] = k.NEVER
            self.state = grown
            self.subjects = subjects

    def empty(self) -> None:
        """Move what was written to `parts`; the next output is larger."""
        count, shown = int(self.work[k.OUT_COUNT]), int(self.work[k.EVIDENCE_COUNT])
        if count:
            self.parts.append(Output(self.out[:count], self.evidence[:shown], self.values[:shown]))
            self._new_output(min(_MOST_OUTPUT, 2 * len(self.out)))
        self.work[k.OUT_COUNT] = self.work[k.EVIDENCE_COUNT] = 0


@dataclass(eq=False)
class Pair:
    """The memories of both kinds of subject, on one heap."""

    accounts: Memory
    people: Memory
    compiled: bool
    heap: NDArray[np.int64] = field(default_factory=lambda: _new_heap(_FIRST_HEAP))

    def machines(self) -> tuple[Machine, Machine]:
        return self._machine(self.accounts), self._machine(self.people)

    def _machine(self, memory: Memory) -> Machine:
        program = memory.program
        parts = (
            program.code, program.bounds, program.masks,
            memory.state, memory.state.view(np.float64), self.heap, self.heap.view(np.float64),
            memory.out, memory.evidence, memory.values, memory.work,
        )  # fmt: skip
        return Machine(*(view(part, self.compiled) for part in parts))

    def enlarge_heap(self) -> None:
        grown = np.zeros(2 * len(self.heap) + 8 * int(self.heap[k.NEED]), np.int64)
        grown[: len(self.heap)] = self.heap
        self.heap = grown

    def empty(self) -> None:
        self.accounts.empty()
        self.people.empty()

    def mend(self, said: int) -> bool:
        """Do what the kernel asked for; whether it has to be called again."""
        if said == k.HEAP_FULL:
            self.enlarge_heap()
        elif said == k.OUT_FULL:
            self.empty()
        return bool(said != k.DONE)

    def both(self) -> Iterator[Memory]:
        yield self.accounts
        yield self.people


def _new_heap(words: int) -> NDArray[np.int64]:
    heap = np.zeros(words, np.int64)
    heap[k.TOP] = k.HEAP_HEAD
    return heap


@dataclass(eq=False)
class Sheets:
    """Property columns side by side, as the kernel reads them; row 0 is missing throughout. The memory is used again and again."""

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
        received = timeline.received if timeline.received is not None else np.zeros(0, np.int64)
        columns: list[Any] = [
            timeline.time, timeline.what, timeline.person, timeline.account, timeline.target, timeline.detail,
            received, self.numbers, self.codes,
        ]  # fmt: skip
        return Rows(*(view(np.ascontiguousarray(column), compiled) for column in columns), timeline.first_row)

    def _fill(self, timeline: Timeline) -> None:
        count = len(timeline)
        if count > self.numbers.shape[1]:
            self.numbers = np.full((1 + len(self.numbers_of), count), np.nan)
            self.codes = np.full((1 + len(self.codes_of), count), -1, np.int32)
        for row, name in enumerate(self.numbers_of, 1):
            self.numbers[row, :count] = timeline.numbers[name]
        for row, name in enumerate(self.codes_of, 1):
            self.codes[row, :count] = timeline.codes[name]
