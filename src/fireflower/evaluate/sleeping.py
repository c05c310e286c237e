"""States of subjects to whom nothing happens. They are *asleep*: of their words only those are kept that differ from
the state of somebody to whom nothing has happened, which mostly are few, until something happens to them or is asked of
them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.kernel import layout as k
from fireflower.evaluate.machine import Machine

Codes = NDArray[np.int64]

_PLACE, _WORD = np.uint16, np.int64
"""Where a word lies in a state, and what it is."""

_TOGETHER = 64
"""States that are looked at together, in the cache."""


class Sleepers:
    """The subjects of one kind that are asleep, by their numbers, and the places in the kernel's memory where states
    may lie that nobody has.

    Parameters
    ----------
    head : where the machine's memory says which program is theirs
    """

    def __init__(self, machine: Machine, head: int) -> None:
        memory = machine.memory
        program = int(memory[head])
        template, words = int(memory[program + k.TEMPLATE]), int(memory[program + k.ROW_WORDS])
        self._machine = machine
        self._fresh = memory[template : template + words].copy()
        self._relative = memory[memory[program + k.RELATIVE] : memory[program + k.RELATIVE_END]].copy()
        self._places: list[int] = []
        self._asleep = np.zeros(0, bool)
        self._kept: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size(self) -> int:
        """Bytes in which their states are kept, not counting what finds them, nor what lies in windows."""
        return sum(map(len, self._kept.values()))

    def make_room(self, room: int) -> None:
        """Room for so many subjects."""
        self._asleep = np.concatenate([self._asleep, np.zeros(room - len(self._asleep), bool)])

    def among(self, codes: NDArray[np.integer]) -> Codes:
        """Which of these are asleep, each once."""
        return np.unique(codes[self._asleep[codes]]).astype(np.int64)

    def put_to_sleep(self, codes: Codes, states: NDArray[np.int64]) -> None:
        """Keep the states of these subjects as what is their own; their places are free. Their last instant must have
        been decided."""
        if len(self._fresh) > np.iinfo(_PLACE).max:
            return
        for first in range(0, len(codes), _TOGETHER):
            self._keep(codes[first : first + _TOGETHER], states)
        self._asleep[codes] = True
        self.free(codes, states)

    def _keep(self, codes: Codes, states: NDArray[np.int64]) -> None:
        words = self._machine.memory[states[codes][:, None] + np.arange(len(self._fresh))]
        own = words != self._alike(words[:, k.FIRST_RECORD])
        own[:, k.FIRST_RECORD] = True  # the first, from which the others follow
        where, what = np.nonzero(own)[1].astype(_PLACE), words[own]
        ends = np.cumsum(own.sum(axis=1)).tolist()
        for code, first, last in zip(codes.tolist(), [0, *ends], ends, strict=False):
            self._kept[code] = where[first:last].tobytes() + what[first:last].tobytes()

    def wake(self, codes: Codes, states: NDArray[np.int64]) -> None:
        """Let these subjects, who are asleep, have their states again."""
        for first in range(0, len(codes), _TOGETHER):
            self._restore(codes[first : first + _TOGETHER], states)
        self._asleep[codes] = False

    def _restore(self, codes: Codes, states: NDArray[np.int64]) -> None:
        kept = [self._kept.pop(code) for code in codes.tolist()]
        counts = np.fromiter(map(len, kept), np.int64, len(kept)) // (_PLACE().itemsize + _WORD().itemsize)
        cuts = [each * _PLACE().itemsize for each in counts.tolist()]
        where = np.frombuffer(b"".join(each[:cut] for each, cut in zip(kept, cuts, strict=True)), _PLACE)
        what = np.frombuffer(b"".join(each[cut:] for each, cut in zip(kept, cuts, strict=True)), _WORD)
        words = self._alike(what[np.cumsum(counts) - counts])
        words[np.repeat(np.arange(len(kept)), counts), where] = what
        states[codes] = self._room(len(codes))
        self._machine.memory[states[codes][:, None] + np.arange(len(self._fresh))] = words

    def free(self, codes: Codes, states: NDArray[np.int64]) -> None:
        """Let others have the places of these states, which have been given back or are kept otherwise."""
        self._places += np.abs(states[codes][states[codes] != 0]).tolist()
        states[codes] = 0

    def lend(self, codes: NDArray[np.integer], states: NDArray[np.int64]) -> None:
        """Let those of these subjects that have no state begin at places that are free."""
        lacking = codes[(states[codes] == 0) & ~self._asleep[codes]]
        if len(lacking) and self._places:
            new = np.unique(lacking)[: len(self._places)]
            states[new] = [-self._places.pop() for _ in range(len(new))]

    def _alike(self, first: NDArray[np.int64]) -> NDArray[np.int64]:
        """The states of those to whom nothing has happened but a first record at these moments."""
        words = np.tile(self._fresh, (len(first), 1))
        words[:, self._relative] += first[:, None]
        return words

    def _room(self, count: int) -> Sequence[int]:
        """Places for so many states."""
        found = [self._places.pop() for _ in range(min(count, len(self._places)))]
        new = count - len(found)
        first = self._machine.take_words(new * len(self._fresh))
        return found + [first + nth * len(self._fresh) for nth in range(new)]
