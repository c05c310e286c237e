"""Which numbers belong to a code, where many are added in turn and few are asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_BITS = 2
_TOGETHER = 1 << _BITS
"""Runs of one level that are merged: so a number is moved again when there are about four times as many."""

_SMALL = 12
"""Bits of the length of a run that is on the lowest level; what is four times as long begins a level higher."""

_HIGHEST = np.iinfo(np.int64).max

Integers = NDArray[np.integer[Any]]

_Run = tuple[Integers, NDArray[np.int64], int]
"""Codes in ascending order, the number of each, and the highest number."""


class Runs:
    """Numbers by codes. One thread adds; others may ask meanwhile."""

    def __init__(self) -> None:
        self._runs: tuple[tuple[int, _Run], ...] = ()
        """Each with its level, which never rises from one to the next."""

    def add(self, codes: Integers, numbers: NDArray[np.int64]) -> None:
        """Add numbers with the code of each."""
        if not len(codes):
            return
        level = max(0, len(codes).bit_length() - _SMALL) // _BITS
        runs, run = list(self._runs), _merged([codes], [numbers])
        while runs and runs[-1][0] < level:
            run = _all([runs.pop()[1], run])
        runs.append((level, run))
        while len(runs) >= _TOGETHER and runs[-_TOGETHER][0] == level:
            run = _all([run for _, run in runs[-_TOGETHER:]])
            level += 1
            runs[-_TOGETHER:] = [(level, run)]
        self._runs = tuple(runs)

    def of(self, codes: Integers, first: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The numbers of these codes from `first` on, which is one for each code; and the place among the codes of the
        one to which each belongs."""
        found, places = [np.zeros(0, np.int64)], [0]
        lowest = first.min(initial=_HIGHEST)
        for _, (known, numbers, highest) in self._runs:
            if highest < lowest:
                continue
            wanted = codes.astype(known.dtype, copy=False)  # else all that is known would be changed to the other type
            begin, end = known.searchsorted(wanted), known.searchsorted(wanted, "right")
            for place in np.flatnonzero(end > begin).tolist():
                found.append(numbers[begin[place] : end[place]])
                places.append(place)
        its, whose = np.concatenate(found), np.repeat(places, list(map(len, found)))
        kept = its >= first[whose]
        return its[kept], whose[kept]

    def forget(self, first: int) -> None:
        """Forget the numbers below this one."""
        some = [(level, codes, numbers, numbers >= first) for level, (codes, numbers, _) in self._runs]
        self._runs = tuple(
            (level, _merged([codes[kept]], [numbers[kept]])) for level, codes, numbers, kept in some if kept.any()
        )


def _all(runs: list[_Run]) -> _Run:
    return _merged([codes for codes, _, _ in runs], [numbers for _, numbers, _ in runs])


def _merged(codes: list[Integers], numbers: list[NDArray[np.int64]]) -> _Run:
    known, its = np.concatenate(codes), np.concatenate(numbers)
    order = np.argsort(known, kind="stable")
    return known[order], its[order], int(its.max())
