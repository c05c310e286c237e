"""Columns to which rows are added until somebody takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Column:
    """A column that grows in its place, so that each row is written once. Parts to be joined later would be written
    twice, and memory that has never been touched costs more than what is written there."""

    def __init__(self, dtype: Any) -> None:
        self._dtype = dtype
        self._rows: NDArray[Any] = np.empty(0, dtype)
        self._count = 0

    def append(self, values: NDArray[Any]) -> None:
        """Add rows, whatever the type in which they come."""
        end = self._count + len(values)
        if end > len(self._rows):
            self._resize(max(end, len(self._rows) * 5 // 4))
        self._rows[self._count : end] = values
        self._count = end

    def hand_to(self, other: Column) -> None:
        """Add all rows to another column; there are none afterwards. The memory stays, for the next ones."""
        other.append(self._rows[: self._count])
        self._count = 0

    def take(self) -> NDArray[Any]:
        """Hand over all rows; there are none afterwards."""
        self._resize(self._count)
        taken = self._rows
        self._rows = np.empty(0, self._dtype)
        self._count = 0
        return taken

    def _resize(self, rows: int) -> None:
        # Nobody else has seen the array, so there is no reference to look for.
        self._rows.resize(rows, refcheck=False)
