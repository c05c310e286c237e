"""The message ids of a segment: texts on disk in pieces, so that single ones can be read."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LOADED = 1000
"""Single ids after which what was loaded with them is let go of: some ten pages with each."""


class MessageIds:
    """Reads message ids; "" for none.

    Attributes
    ----------
    starts : the first record of each piece, and at the end how many records there are
    """

    def __init__(self, path: Path) -> None:
        import pyarrow as pa

        with open(path, "rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        reader = pa.ipc.open_file(pa.py_buffer(self._map))
        self._pieces = [reader.get_batch(number).column(0) for number in range(reader.num_record_batches)]
        self.starts: NDArray[np.int64] = np.cumsum([0, *map(len, self._pieces)])

    def __len__(self) -> int:
        """How many pieces there are."""
        return len(self._pieces)

    @contextmanager
    def piece(self, number: int) -> Iterator[Any]:
        """One of the pieces, as an Arrow array that is in memory only meanwhile, however many are looked at."""
        yield self._pieces[number]
        self._release()

    def of(self, rows: NDArray[np.int64]) -> Any:
        """Those of single records, given in ascending order, as an Arrow array."""
        import pyarrow as pa

        bounds = np.searchsorted(rows, self.starts)
        found = [pa.array([], pa.string())]
        loaded = 0
        for number in np.flatnonzero(np.diff(bounds)).tolist():
            inside = rows[bounds[number] : bounds[number + 1]] - self.starts[number]
            found.append(self._pieces[number].take(pa.array(inside)))
            loaded += len(inside)
            if loaded >= _LOADED:
                self._release()
                loaded = 0
        self._release()
        return pa.concat_arrays(found)

    def missing(self) -> NDArray[np.bool_]:
        """For each record, whether it has none."""
        import pyarrow.compute as pc

        found = [np.zeros(0, np.bool_)]
        for number in range(len(self)):
            with self.piece(number) as ids:
                found.append(np.asarray(pc.equal(ids, "")))
        return np.concatenate(found)

    def _release(self) -> None:
        """Let go of what has been loaded. All threads are stopped for it, so it is not done after a few ids."""
        self._map.madvise(mmap.MADV_DONTNEED)
