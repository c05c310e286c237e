"""Codes for texts, given once and kept for good; and texts on disk, read one by one or all together."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, pairwise, repeat
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.text_codes import TextCodes
from fireflower.history.readers.told import json_text
from fireflower.model.values import normal

_PIECE = 100_000
_MANY = 1000
"""Texts that are not looked up one by one."""


class Dictionary:
    """Codes for texts: 0, 1, 2 .. in the order in which they first come.

    Parameters
    ----------
    known : the texts that have codes already, in their order
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self.texts: list[str] = list(known)
        self._written = len(self.texts)
        self._codes: dict[str, int] = {}
        self._many = TextCodes()
        self._last: tuple[Any, NDArray[np.int32]] | None = None

    def __len__(self) -> int:
        return len(self.texts)

    def code(self, text: str) -> int:
        """The text's code; a new one if it has none."""
        code = self._by_text().get(text)
        if code is None:
            code = self._codes[text] = self._add(text)
        return code

    def codes(self, column: Any) -> NDArray[np.int32]:
        """The codes of an Arrow column of texts (dictionary-encoded or not); -1 where there is none."""
        import pyarrow as pa

        if column.null_count == len(column):
            return np.full(len(column), -1, np.int32)
        if not pa.types.is_dictionary(column.type):
            column = column.cast(pa.large_string()).dictionary_encode()  # all together may have more than 2^31 bytes
        chunks = column.chunks if hasattr(column, "chunks") else [column]
        found = [self._of_dictionary(chunk.dictionary).take(_indices(chunk)) for chunk in chunks]
        return np.concatenate(found)

    def added(self) -> list[str]:
        """The texts that have come since the last call."""
        new = self.texts[self._written :]
        self._written = len(self.texts)
        return new

    def _of_dictionary(self, texts: Any) -> NDArray[np.int32]:
        """The codes of the texts of an Arrow dictionary, and at the end -1. A file's pieces share one for a while."""
        if self._last is None or not self._last[0].equals(texts):
            self._last = texts, np.append(self._looked_up(texts), np.int32(-1))
        return self._last[1]

    def _looked_up(self, texts: Any) -> NDArray[np.int32]:
        if len(texts) < _MANY or texts.null_count:
            return self._one_by_one(texts.to_pylist())
        self._many.add(self.texts[len(self._many) :])
        codes = self._many.find(texts)
        new = np.flatnonzero(codes < 0)
        if len(new):
            added = texts.take(new).dictionary_encode()
            codes[new] = len(self.texts) + np.asarray(added.indices)
            self.texts.extend(added.dictionary.to_pylist())
        return codes

    def _one_by_one(self, texts: list[str]) -> NDArray[np.int32]:
        codes = np.fromiter(map(self._by_text().get, texts, repeat(-2)), np.int32, len(texts))
        for position in np.flatnonzero(codes == -2):
            codes[position] = self.code(texts[position])
        return codes

    def _by_text(self) -> dict[str, int]:
        """Text -> code, brought up to date when it is needed."""
        for code in range(len(self._codes), len(self.texts)):
            self._codes[self.texts[code]] = code
        return self._codes

    def _add(self, text: str) -> int:
        self.texts.append(text)
        return len(self.texts) - 1


def _indices(chunk: Any) -> NDArray[np.int32]:
    """The indices of an Arrow dictionary array, -1 where there is none."""
    return np.asarray(chunk.indices.fill_null(-1) if chunk.null_count else chunk.indices)


class ValueDictionary(Dictionary):
    """Codes for values in JSON. However a value is written, it has one code; null has none (-1)."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        super().__init__(known)
        self._codes = {text: code for code, text in enumerate(self.texts)}

    def _looked_up(self, texts: Any) -> NDArray[np.int32]:
        return self._one_by_one(texts.to_pylist())

    def _by_text(self) -> dict[str, int]:
        return self._codes

    def _add(self, text: str) -> int:
        import msgspec

        canonical = json_text(normal(msgspec.json.decode(text)))
        if canonical is None:
            return -1
        if canonical == text:
            return super()._add(text)
        return self.code(canonical)


class StoredDictionary:
    """Texts by code, on disk in several pieces."""

    def __init__(self, pieces: Sequence[Any]) -> None:
        self.texts = _Chain(pieces)


class _Chain(Sequence[str]):
    def __init__(self, pieces: Sequence[Any]) -> None:
        self._pieces = pieces
        self._stops = list(accumulate(len(piece) for piece in pieces))

    def __len__(self) -> int:
        return self._stops[-1] if self._stops else 0

    def __getitem__(self, code: int) -> str:  # type: ignore[override]
        piece = bisect_right(self._stops, code)
        return str(self._pieces[piece][code - (self._stops[piece - 1] if piece else 0)].as_py())

    def texts(self, codes: NDArray[np.int64]) -> list[str]:
        """Those of these codes, which ascend."""
        import pyarrow as pa

        found: list[str] = []
        starts = [0, *self._stops[:-1]]
        bounds = np.searchsorted(codes, [0, *self._stops])
        for piece, (first, last) in enumerate(pairwise(bounds.tolist())):
            if first < last:
                found += self._pieces[piece].take(pa.array(codes[first:last] - starts[piece])).to_pylist()
        return found


def texts_of(texts: Sequence[str], codes: NDArray[Any]) -> list[str | None]:
    """The texts of these codes, None for -1. From a file, one by one they take ten times as long."""
    wanted, place = np.unique(codes.astype(np.int64), return_inverse=True)
    known = wanted[wanted >= 0]
    found = texts.texts(known) if isinstance(texts, _Chain) else [texts[code] for code in known.tolist()]
    none = [None] * (len(wanted) - len(known))
    return np.array([*none, *found, None], object)[place].tolist()


def ranks(texts: Sequence[str]) -> NDArray[np.int32]:
    """Code -> rank in the order of the texts; -1, as a code, comes before all."""
    import pyarrow as pa
    import pyarrow.compute as pc

    order = pc.sort_indices(pa.array(texts, pa.large_string())).to_numpy()
    rank = np.empty(len(texts) + 1, np.int32)
    rank[order] = np.arange(len(texts), dtype=np.int32)
    rank[-1] = -1
    return rank


def write_texts(path: Path, *columns: Any) -> None:
    """Write Arrow arrays of texts side by side to a file."""
    import pyarrow as pa

    arrays = [column if isinstance(column, pa.Array) else pa.array(column, pa.large_string()) for column in columns]
    batch = pa.record_batch(arrays, names=[str(i) for i in range(len(arrays))])
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)


def read_texts(path: Path) -> list[Any]:
    """The Arrow arrays that `write_texts` has written; their bytes stay on disk until they are looked at."""
    import pyarrow as pa

    with pa.memory_map(str(path)) as file:
        return list(pa.ipc.open_file(file).get_batch(0).columns)


class Texts(Sequence[str]):
    """Texts on disk."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, position: int) -> str: ...
    @overload
    def __getitem__(self, position: slice) -> list[str]: ...
    def __getitem__(self, position: int | slice) -> str | list[str]:
        if isinstance(position, slice):
            return self._decoded(self.array[position].to_pylist())
        place = range(len(self))[position]
        ends, words = self._bytes
        return self._decoded([str(words[ends[place] : ends[place + 1]], "utf-8")])[0]

    @cached_property
    def _bytes(self) -> tuple[NDArray[Any], memoryview]:
        """Where each text ends in the bytes of all, after where the first begins. One by one, texts are read from
        these in a tenth of the time that Arrow takes to make a scalar of each."""
        import pyarrow as pa

        _, ends, words = self.array.buffers()
        width = np.int64 if pa.types.is_large_string(self.array.type) else np.int32
        return np.frombuffer(ends, width)[self.array.offset :], memoryview(words or b"")

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _PIECE):
            yield from self[start : start + _PIECE]

    def __contains__(self, text: object) -> bool:
        return isinstance(text, str) and self.position(text) >= 0

    def position(self, text: str) -> int:
        """Where the text is, -1 if it is not there."""
        import pyarrow.compute as pc

        return int(pc.index(self.array, text).as_py())

    def _decoded(self, texts: list[str]) -> list[Any]:
        return texts


class Values(Texts):
    """Values on disk, in JSON."""

    def _decoded(self, texts: list[str]) -> list[Any]:
        import msgspec

        return [msgspec.json.decode(text) for text in texts]
