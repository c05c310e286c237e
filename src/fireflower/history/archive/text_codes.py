"""The codes of texts, found for many texts at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.readers.database import connect

_HALF = np.uint64(32)
_CODE = np.uint64((1 << 32) - 1)


class TextCodes:
    """Codes of different texts: 0, 1, 2 .. in their order.

    Notes
    -----
    A table with open addressing. An entry has the higher half of a text's hash above its code + 1; 0 is no entry. All
    wanted texts go from place to place together, so that the processor waits for memory for many of them at once: for a
    million texts, which are no longer in its cache, this takes a third of the time that a dict takes.
    """

    def __init__(self) -> None:
        import pyarrow as pa

        self._texts = pa.array([], pa.large_string())
        self._entries = np.zeros(2, np.uint64)

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, texts: list[str]) -> None:
        """Give codes to texts that have none yet."""
        import pyarrow as pa

        if not texts:
            return
        first, new = len(self), pa.array(texts, pa.large_string())
        self._texts = pa.concat_arrays([self._texts, new])
        if 2 * len(self) > len(self._entries):
            first, new = 0, self._texts
            self._entries = np.zeros(1 << (2 * len(self)).bit_length(), np.uint64)
        self._enter(hashes(new), first)

    def find(self, texts: Any) -> NDArray[np.int32]:
        """The code of each text of an Arrow array, -1 where it has none."""
        import pyarrow as pa

        texts = texts.cast(pa.large_string())
        codes, hashed = np.full(len(texts), -1, np.int32), hashes(texts)
        place, wanted = self._places(hashed), np.arange(len(texts))
        while len(wanted):
            entry = self._entries.take(place)
            alike = np.flatnonzero((entry >> _HALF == hashed.take(wanted) >> _HALF) & (entry > 0))
            code = (entry[alike] & _CODE).astype(np.int64) - 1
            same = self._same(texts, wanted[alike], code)
            codes[wanted[alike[same]]] = code[same]
            left = np.flatnonzero((codes[wanted] < 0) & (entry > 0))
            wanted, place = wanted[left], self._following(place[left])
        return codes

    def _same(self, texts: Any, wanted: NDArray[np.int64], code: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether these of some texts are those of these codes."""
        import pyarrow as pa
        import pyarrow.compute as pc

        return np.asarray(pc.equal(texts.take(pa.array(wanted)), self._texts.take(pa.array(code))))

    def _enter(self, hashed: NDArray[np.uint64], first: int) -> None:
        entry = hashed >> _HALF << _HALF | np.arange(first + 1, first + 1 + len(hashed)).astype(np.uint64)
        place = self._places(hashed)
        while len(entry):
            free = self._entries.take(place) == 0
            self._entries[place[free]] = entry[free]  # of several for one place the last is in it
            left = np.flatnonzero(self._entries.take(place) != entry)
            entry, place = entry[left], self._following(place[left])

    def _places(self, hashed: NDArray[np.uint64]) -> NDArray[np.int64]:
        return (hashed & np.uint64(len(self._entries) - 1)).astype(np.int64)

    def _following(self, place: NDArray[np.int64]) -> NDArray[np.int64]:
        return (place + 1) & (len(self._entries) - 1)


def hashes(texts: Any, sql: str = "text") -> NDArray[np.uint64]:
    """A number for each text of an Arrow array, or for what this SQL makes of each."""
    import pyarrow as pa

    connection = connect()
    connection.register("texts", pa.table({"text": texts}))
    hashed = connection.sql(f"SELECT hash({sql}) AS hash FROM texts").to_arrow_table()
    return np.asarray(hashed["hash"].combine_chunks())
