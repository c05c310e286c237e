"""Rows put by on disk in buckets, so that each bucket can be sorted in memory by itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Arranged(NamedTuple):
    """Rows in the order of their buckets: those of bucket b are [ends[b], ends[b + 1])."""

    ends: NDArray[np.int64]
    columns: dict[str, NDArray[Any]]


class Buckets:
    """Columns of rows, in buckets.

    Parameters
    ----------
    folder : where to put them; it is made, and must be removed by the caller
    count : how many buckets
    columns : name -> type
    """

    def __init__(self, folder: Path, count: int, columns: Mapping[str, DTypeLike]) -> None:
        folder.mkdir(parents=True)
        self.count = count
        self._folder = folder
        self._columns = {name: np.dtype(dtype) for name, dtype in columns.items()}
        self._pieces: list[list[int]] = [[] for _ in range(count)]

    def arrange(self, bucket: NDArray[Any], columns: Mapping[str, NDArray[Any]]) -> Arranged:
        """Rows in the order of their buckets, and those of each bucket in the order in which they are."""
        narrow = bucket.astype(np.min_scalar_type(self.count - 1))
        order = np.argsort(narrow, kind="stable")  # in time linear in the rows, for numbers of at most 16 bits
        ends = np.concatenate([[0], np.cumsum(np.bincount(narrow, minlength=self.count))])
        return Arranged(
            ends, {name: np.asarray(columns[name], dtype).take(order) for name, dtype in self._columns.items()}
        )

    def add(self, rows: Arranged) -> None:
        """Put rows into their buckets, behind those that are there."""
        for number in np.flatnonzero(np.diff(rows.ends)):
            piece = slice(rows.ends[number], rows.ends[number + 1])
            with open(self._folder / str(number), "ab", buffering=0) as file:
                for column in rows.columns.values():
                    _write(file, column[piece])
            self._pieces[number].append(int(piece.stop - piece.start))

    def read(self, number: int) -> dict[str, NDArray[Any]]:
        """The rows of a bucket, in the order in which they came. The bucket is gone after it."""
        sizes = self._pieces[number]
        out = {name: np.empty(sum(sizes), dtype) for name, dtype in self._columns.items()}
        if not sizes:
            return out
        path = self._folder / str(number)
        with open(path, "rb", buffering=0) as file:
            first = 0
            for size in sizes:
                for column in out.values():
                    _read_into(file, column[first : first + size])
                first += size
        path.unlink()
        return out


def _write(file: Any, values: NDArray[Any]) -> None:
    view = memoryview(values.view(np.uint8).data)
    while len(view):
        view = view[file.write(view) :]


def _read_into(file: Any, out: NDArray[Any]) -> None:
    view = memoryview(out.view(np.uint8).data)
    done = 0
    while done < len(view):
        count = file.readinto(view[done:])
        if not count:
            raise EOFError(f"{file.name} is shorter than what was written to it")
        done += count
