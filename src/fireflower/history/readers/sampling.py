"""The first rows of a file, by which it is told what it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from fireflower.history.readers.files import detect

_SAMPLE = 1000

Row = Mapping[str, Any]


def sample(path: Path) -> list[Row]:
    """Some rows, as objects.

    Raises
    ------
    InputError
        If the file is empty or damaged.
    """
    import msgspec

    from fireflower.history.readers.messages import rows_as_objects
    from fireflower.history.readers.objects import objects

    format, compression = detect(path)
    texts = objects(path, compression) if format == "json" else rows_as_objects(path, format, compression)
    rows = []
    for _, text in islice(texts, _SAMPLE):
        try:
            rows.append(msgspec.json.decode(text))
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            continue
    return [row for row in rows if isinstance(row, dict)]


def values_of(rows: Sequence[Row], column: str) -> list[Any]:
    """What stands in a column, without what is missing."""
    return [row[column] for row in rows if row.get(column) not in (None, "")]


def inner(row: Row, column: str) -> Any:
    """The value of a column, or of an inner key named with dots."""
    if column in row:
        return row[column]
    outer, dot, rest = column.partition(".")
    within = row.get(outer)
    return inner(within, rest) if dot and isinstance(within, dict) else None


def keys_of(row: Row) -> list[str]:
    """The keys of an object; inner keys with dots."""
    within = {key: keys_of(value) if isinstance(value, dict) else [] for key, value in row.items()}
    return [f"{key}.{more}" if more else key for key, mores in within.items() for more in mores or [""]]
