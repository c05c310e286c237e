"""When time alone changes subjects next."""

from __future__ import annotations

import heapq
from array import array

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.kernel.layout import NEVER

_SLOT = 20
"""Bits of a moment that a slot does not tell apart: it lasts about a second."""


class Timers:
    """The moments at which subjects wake, by their codes.

    They lie in slots of about a second, unsorted. So what becomes due at once is taken out at once, however much it is.
    Where a subject's moment has moved, its code stays in the slot of before, too, until that is over.
    """

    def __init__(self) -> None:
        self._wakes = np.zeros(0, np.int64)
        self._slots: dict[int, array[int]] = {}
        self._order: list[int] = []
        self._next: int | None = None

    def make_room(self, subjects: int) -> None:
        """Room for codes below this number; those that are planned stay."""
        more = subjects - len(self._wakes)
        self._wakes = np.concatenate([self._wakes, np.full(more, NEVER, np.int64)])

    def plan(self, codes: NDArray[np.int64], wakes: NDArray[np.int64]) -> None:
        """These subjects wake at these moments, and at no others; NEVER for those that do not."""
        moved = np.flatnonzero(self._wakes[codes] != wakes)
        codes, wakes = codes[moved], wakes[moved]
        self._wakes[codes] = wakes
        self._next = None
        slots, planned = self._slots, wakes < NEVER
        for slot, code in zip((wakes[planned] >> _SLOT).tolist(), codes[planned].tolist(), strict=True):
            known = slots.get(slot)
            if known is None:
                slots[slot] = array("i", (code,))
                heapq.heappush(self._order, slot)
            else:
                known.append(code)

    @property
    def next(self) -> int | None:
        """The moment at which the next of them wakes; None if none ever does."""
        while self._next is None and self._order:
            wakes = self._wakes[np.array(self._slots[self._order[0]])]
            wakes = wakes[wakes >> _SLOT == self._order[0]]
            if len(wakes):
                self._next = int(wakes.min())
            else:
                del self._slots[heapq.heappop(self._order)]
        return self._next

    def due(self, now: int) -> NDArray[np.int64]:
        """Those that wake up to and including `now`, who are planned no longer."""
        slot = now >> _SLOT
        some: list[array[int]] = []
        while self._order and self._order[0] <= slot:
            some.append(self._slots.pop(heapq.heappop(self._order)))
        if not some:
            return np.zeros(0, np.int64)
        codes = np.concatenate(some).astype(np.int64)
        wakes = self._wakes[codes]
        due = np.unique(codes[wakes <= now])
        self._wakes[due] = NEVER
        self._put(slot, codes[(wakes > now) & (wakes >> _SLOT == slot)].tolist())
        self._next = None
        return due

    def _put(self, slot: int, codes: list[int]) -> None:
        if codes:
            if slot not in self._slots:
                self._slots[slot] = array("i")
                heapq.heappush(self._order, slot)
            self._slots[slot].extend(codes)
