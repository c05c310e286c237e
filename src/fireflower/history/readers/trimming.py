"""Ids in Arrow columns, without the space around them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.readers.database import connect


def trimmed(column: Any) -> Any:
    """The texts of an Arrow array (dictionary-encoded or not) without the space around them; what is empty is missing.

    DuckDB says what space is, as it does where it reads a file itself.
    """
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        return column if _surely_trimmed(column) else _by_duckdb(column)
    if _surely_trimmed(column.dictionary):
        return column
    ways = _by_duckdb(column.dictionary).dictionary_encode()
    return pa.DictionaryArray.from_arrays(ways.indices.take(column.indices), ways.dictionary)


def _surely_trimmed(texts: Any) -> bool:
    """Whether all of them begin and end with a letter, digit or sign of ASCII."""
    import pyarrow as pa

    texts = texts.drop_null() if texts.null_count else texts
    if not len(texts):
        return True
    _, offsets, data = texts.buffers()
    wide = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    bounds: NDArray[Any] = np.frombuffer(offsets, wide)[texts.offset : texts.offset + len(texts) + 1]
    if not np.diff(bounds).all():
        return False
    letters = np.frombuffer(data, np.uint8)
    return _all_visible(letters[bounds[:-1]]) and _all_visible(letters[bounds[1:] - 1])


def _all_visible(letters: NDArray[np.uint8]) -> bool:
    return bool(((letters > 0x20) & (letters < 0x7F)).all())


def _by_duckdb(texts: Any) -> Any:
    import pyarrow as pa

    connection = connect()
    connection.register("texts", pa.table({"text": texts}))
    table = connection.sql("SELECT nullif(trim(text), '') AS text FROM texts").to_arrow_table()
    return table["text"].cast(texts.type).combine_chunks()
