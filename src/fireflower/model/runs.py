"""Which numbers belong to a code, where many are added in turn and few are asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_TOGETHER = 8
"""Runs of about one size that are merged: so a number is moved again when there are eight times as many."""

Codes = NDArray[np.int32] | NDArray[np.int64]

_Run = tuple[Codes, NDArray[np.int64]]
"""Codes in ascending order, and the numbers of each, ascending, too."""


class Runs:
    """Numbers by codes. One thread adds; others may ask meanwhile."""

    def __init__(self) -> None:
        self._runs: tuple[_Run, ...] = ()

    def add(self, codes: Codes, numbers: NDArray[np.int64]) -> None:
        """Add numbers with the code of each. They ascend, and are higher than those that are there."""
        if not len(codes):
            return
        runs = [*self._runs, _merged([(codes, numbers)])]
        while len(runs) >= _TOGETHER and len({_size(run) for run in runs[-_TOGETHER:]}) == 1:
            runs[-_TOGETHER:] = [_merged(runs[-_TOGETHER:])]
        self._runs = tuple(runs)

    def of(self, codes: Codes, first: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The numbers of these codes from `first` on, which is one for each code; and the place among the codes of the
        one to which each belongs."""
        found, whose = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for known, numbers in self._runs:
            begin, end = np.searchsorted(known, codes, "left"), np.searchsorted(known, codes, "right")
            place = np.repeat(np.arange(len(codes)), end - begin)
            within = np.arange(len(place)) - np.repeat(np.cumsum(end - begin) - (end - begin), end - begin)
            its = numbers[begin[place] + within]
            wanted = its >= first[place]
            found.append(its[wanted])
            whose.append(place[wanted])
        return np.concatenate(found), np.concatenate(whose)

    def forget(self, first: int) -> None:
        """Forget the numbers below this one."""
        runs = [(codes, numbers, numbers >= first) for codes, numbers in self._runs]
        self._runs = tuple((codes[kept], numbers[kept]) for codes, numbers, kept in runs if kept.any())


def _size(run: _Run) -> int:
    """About how large a run is: eight times as much is one more."""
    return len(run[0]).bit_length() // 3


def _merged(runs: list[_Run]) -> _Run:
    codes = np.concatenate([codes for codes, _ in runs])
    numbers = np.concatenate([numbers for _, numbers in runs])
    order = np.argsort(codes, kind="stable")
    return codes[order], numbers[order]
