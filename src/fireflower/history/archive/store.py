"""Columns of integers and floats on disk: one file of raw numbers each, in the narrowest type, so that a scan decodes
nothing, any range of rows is one read, and a column can be added without touching the others. A column that has one
value throughout takes no file at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fireflower.history.archive.files import NewFile, OldFile
from fireflower.history.archive.integrity import check_size

_STEP = 1 << 17
"""Values that are widened at a time: a piece that stays in the processor's cache."""


def narrowest(low: int, high: int) -> np.dtype[Any]:
    """The smallest signed integer type that holds both."""
    return np.promote_types(np.min_scalar_type(min(low, -1)), np.min_scalar_type(-1 - max(high, 0)))


class ColumnWriter:
    """Writes one column, piece by piece."""

    def __init__(self, path: Path, dtype: DTypeLike) -> None:
        self._path = path
        self._dtype = np.dtype(dtype)
        self._file: NewFile | None = None
        self._rows = 0
        self._value: Any = None

    def append(self, values: NDArray[Any], count: int | None = None) -> None:
        """Add values; or `count` times the one value of an array of none dimensions."""
        values = np.asarray(values, self._dtype)
        count = values.size if count is None else count
        if count == 0:
            return
        if self._file is None:
            first = values.flat[0]
            self._value = first if self._rows == 0 else self._value
            if _same(self._value, first) and _all_same(values, self._value):
                self._rows += count
                return
            self._file = NewFile(self._path)
            _fill(self._file, self._value, self._rows, self._dtype)
        if values.size == count:
            self._file.write(np.ascontiguousarray(values))
        else:
            _fill(self._file, values.flat[0], count, self._dtype)
        self._rows += count

    def close(self) -> dict[str, Any]:
        """End the file; the result describes the column for `ColumnReader`."""
        if self._file is None:
            return {"value": None if self._rows == 0 else self._value.item(), "dtype": self._dtype.str}
        self._file.close()
        return {"file": self._path.name, "dtype": self._dtype.str, "bytes": self._rows * self._dtype.itemsize}


def _same(one: Any, other: Any) -> bool:
    return bool(one == other or (one != one and other != other))


def _all_same(values: NDArray[Any], value: Any) -> bool:
    return bool((np.isnan(values) if value != value else values == value).all())


def _fill(file: NewFile, value: Any, count: int, dtype: np.dtype[Any]) -> None:
    piece = np.full(min(count, _STEP), value, dtype)
    for start in range(0, count, _STEP):
        file.write(piece[: count - start])


class ColumnReader:
    """Reads ranges of one column.

    Raises
    ------
    Damaged
        If its file is not there, or not as long as it was.
    """

    def __init__(self, folder: Path, described: Mapping[str, Any]) -> None:
        if "bytes" in described:
            check_size(folder / described["file"], described["bytes"])
        self._dtype = np.dtype(described["dtype"])
        self._value = described.get("value")
        self._file = OldFile(folder / described["file"]) if "file" in described else None

    @property
    def constant(self) -> Any:
        """The value that all rows have, None if they differ."""
        return self._value

    def read(self, start: int, stop: int, dtype: DTypeLike | None = None) -> NDArray[Any]:
        """The rows [start, stop), in a wider type if one is given. A constant column comes as a view of one value."""
        wanted = self._dtype if dtype is None else np.dtype(dtype)
        if self._file is None:
            return np.broadcast_to(np.asarray(0 if self._value is None else self._value, wanted), stop - start)
        out = np.empty(stop - start, wanted)
        if wanted == self._dtype:
            self._file.fill(out, start * self._dtype.itemsize)
            return out
        piece = np.empty(min(_STEP, max(stop - start, 1)), self._dtype)
        for first in range(0, stop - start, _STEP):
            part = piece[: min(_STEP, stop - start - first)]
            self._file.fill(part, (start + first) * self._dtype.itemsize)
            out[first : first + len(part)] = part
        return out

    def take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Single rows, anywhere."""
        if self._file is None:
            return np.full(len(rows), 0 if self._value is None else self._value, self._dtype)
        return np.asarray(self._file.array(self._dtype)[rows])

    def find(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """The rows that have these values in a column whose values rise, -1 where none has; of equal ones, the last."""
        known = np.array([self._value], self._dtype) if self._file is None else self._file.array(self._dtype)
        rows = known.searchsorted(values, "right") - 1
        return np.where(known[rows] == values, rows, -1)
