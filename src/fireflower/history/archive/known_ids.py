"""Which message ids files have: to be asked of messages as they come, without holding the ids."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.text_codes import hashes

_AT_ONCE = 1 << 20


class KnownIds:
    """Sorted numbers of ids, on disk for as long as this lives: 8 bytes each.

    Parameters
    ----------
    arrays : the ids, as Arrow arrays; "" for none
    """

    def __init__(self, arrays: Iterable[Any]) -> None:
        self._parts: list[NDArray[np.uint64]] = []
        waiting: list[NDArray[np.uint64]] = []
        for ids in arrays:
            waiting.append(hashes(ids))
            if sum(map(len, waiting)) >= _AT_ONCE:
                self._add(waiting)
                waiting = []
        self._add(waiting)

    @property
    def is_empty(self) -> bool:
        """Whether there are none."""
        return not self._parts

    def among(self, ids: Sequence[str]) -> NDArray[np.bool_]:
        """For each of these ids, whether it is known. One that is not may seem so, once in billions of times."""
        found = np.zeros(len(ids), np.bool_)
        if not self._parts or not len(ids):
            return found
        import pyarrow as pa

        wanted = hashes(pa.array(ids, pa.string()))
        for part in self._parts:
            place = np.minimum(np.searchsorted(part, wanted), len(part) - 1)
            found |= part[place] == wanted
        return found & (np.array([len(id) for id in ids]) > 0)

    def _add(self, numbers: Sequence[NDArray[np.uint64]]) -> None:
        if not any(map(len, numbers)):
            return
        with tempfile.TemporaryFile() as file:  # it has no name, and lives as long as it is mapped
            np.sort(np.concatenate(numbers)).tofile(file)  # some may be there twice: that does no harm
            file.flush()
            self._parts.append(np.memmap(file, np.uint64, "r"))
