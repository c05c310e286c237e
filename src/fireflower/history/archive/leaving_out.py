"""Leaving people who were forgotten out of what is imported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.forgotten import Forgotten
from fireflower.history.readers.batches import Batch, PropertyForm, Source


class LeavingOut:
    """A source without what it says of some people.

    Attributes
    ----------
    left_out : how many records and rows that could not be read have been left out so far
    """

    def __init__(self, source: Source, forgotten: Forgotten | None) -> None:
        self._source, self._forgotten = source, forgotten
        self.left_out = 0

    @property
    def properties(self) -> dict[str, PropertyForm]:
        return self._source.properties

    def batches(self) -> Iterator[Batch]:
        if not self._forgotten:
            yield from self._source.batches()
            return
        for batch in self._source.batches():
            yield self._without(batch, self._forgotten)

    def _without(self, batch: Batch, forgotten: Forgotten) -> Batch:
        theirs = _named(batch.columns.get("person"), batch.size, forgotten)
        theirs |= _named(batch.columns.get("other"), batch.size, forgotten)
        aside = [row for row in batch.kept_aside if not forgotten.is_named_in(row.raw)]
        self.left_out += int(theirs.sum()) + len(batch.kept_aside) - len(aside)
        if not theirs.any():
            return replace(batch, kept_aside=aside)
        rows = np.flatnonzero(~theirs)
        columns = {name: _taken(column, rows) for name, column in batch.columns.items()}
        properties = {path: _taken(column, rows) for path, column in batch.properties.items()}
        return replace(batch, columns=columns, properties=properties, size=len(rows), kept_aside=aside)


def _taken(column: Any, rows: NDArray[np.int64]) -> Any:
    """Some of a column; one value for all stays."""
    return column.take(rows) if hasattr(column, "null_count") else column


def _named(column: Any, size: int, forgotten: Forgotten) -> NDArray[np.bool_]:
    """Which of the ids in a column are of people who were forgotten."""
    if column is None or isinstance(column, str):
        return np.full(size, column in forgotten, np.bool_)
    import pyarrow as pa
    import pyarrow.compute as pc

    plain = column.cast(pa.string())
    known = [id for id in pc.unique(plain).to_pylist() if id in forgotten]
    return np.array(pc.is_in(plain, pa.array(known, pa.string())), np.bool_) if known else np.zeros(size, np.bool_)
