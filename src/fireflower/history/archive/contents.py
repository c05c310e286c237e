"""A number for what each record says beyond its columns: equal for equal properties."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.properties import hashes_of
from fireflower.history.archive.rows import Rows
from fireflower.history.archive.store import ColumnReader, ColumnWriter


class Contents:
    """The numbers of an archive's records, made when they are first wanted.

    Parameters
    ----------
    folder : where to keep them meanwhile
    """

    def __init__(self, rows: Rows, folder: Path) -> None:
        self._rows, self._folder = rows, folder
        self._columns: dict[int, ColumnReader] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def column(self, segment: int) -> ColumnReader:
        """The numbers of one segment's records."""
        if segment not in self._columns:
            self._columns[segment] = self._make(segment)
        return self._columns[segment]

    def take(self, picked: NDArray[np.int64]) -> NDArray[np.uint64]:
        """The numbers of single rows."""
        out = np.zeros(len(picked), np.uint64)
        for segment, inside, local in self._rows.split(picked):
            out[inside] = self.column(segment).take(local)
        return out

    def _make(self, position: int) -> ColumnReader:
        segment = self._rows.segments[position]
        writer = ColumnWriter(self._folder / f"{position}.hash", np.uint64)
        if segment.facts.forms:
            for piece in hashes_of(segment.properties, segment.facts.forms):
                writer.append(piece)
        else:
            writer.append(np.zeros(1, np.uint64), len(segment))
        return ColumnReader(self._folder, writer.close())


def mix(first: Any, *more: Any) -> NDArray[np.uint64]:
    """One well-mixed number for several: each is scattered as in the generator splitmix64."""
    mixed = np.asarray(first).astype(np.uint64)
    for column in more:
        mixed = mixed ^ (np.asarray(column).astype(np.int64).view(np.uint64) + np.uint64(0x9E3779B97F4A7C15))
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return mixed
