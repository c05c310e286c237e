"""Columns to which rows are added until somebody takes them."""

from __future__ import annotations

import mmap
import sys
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LARGE = 1 << 22
"""Bytes from which a column has pages of its own, where the system can move them."""
_HUGE_PAGE = 1 << 21
"""Bytes of which the size of such a column is a multiple: others the system moves to where huge pages do not fit, and
cuts up those that are there."""


class Column:
    """A column that grows in its place, so that each row is written once. Parts to be joined later would be written
    twice, and memory that has never been touched costs more than what is written there: large columns lie in huge
    pages, of which a few are touched for the first time where there would be a thousand."""

    def __init__(self, dtype: Any) -> None:
        self._dtype = np.dtype(dtype)
        self._rows: NDArray[Any] = np.empty(0, dtype)
        self._pages: mmap.mmap | None = None
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, values: NDArray[Any]) -> None:
        """Add rows, whatever the type in which they come."""
        end = self._count + len(values)
        if end > len(self._rows):
            self._grow(max(end, len(self._rows) * 5 // 4))
        self._rows[self._count : end] = values
        self._count = end

    def take(self) -> NDArray[Any]:
        """Hand over all rows; there are none afterwards."""
        taken = self._rows[: self._count]
        self._rows, self._pages, self._count = np.empty(0, self._dtype), None, 0
        return taken

    def _grow(self, rows: int) -> None:
        size = rows * self._dtype.itemsize
        pages = -(-size // _HUGE_PAGE) * _HUGE_PAGE
        if self._pages is not None:
            self._rows = self._rows[:0].copy()  # pages move only if nobody looks at them
            self._pages.resize(pages)
            self._rows = np.frombuffer(self._pages, self._dtype)
            return
        if size >= _LARGE and sys.platform == "linux":
            self._pages = _huge_pages(pages)
        grown = np.empty(rows, self._dtype) if self._pages is None else np.frombuffer(self._pages, self._dtype)
        grown[: self._count] = self._rows[: self._count]
        self._rows = grown


def _huge_pages(size: int) -> mmap.mmap:
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # a kernel without them gives small ones
        pages.madvise(mmap.MADV_HUGEPAGE)
    return pages
