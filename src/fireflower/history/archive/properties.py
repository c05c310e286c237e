"""The properties of a segment's events, as they came, in one Parquet file; and how one of them is read from it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.readers.batches import OBJECT, Batch, PropertyForm
from fireflower.history.readers.cells import NUMBER, cell
from fireflower.history.readers.database import connect, literal, parquet_sql, quoted
from fireflower.model.values import flatten, normal, spellings

Seen = dict[str, dict[str, dict[str, int]]]
"""Event -> property -> type -> how many events have it."""

_GROUP = 1 << 16
_SAMPLE = 1000
_ROWS = 500_000


class PropertyWriter:
    """Writes the properties of a segment, a row for each record.

    Attributes
    ----------
    forms : how each column holds its property
    """

    def __init__(self, path: Path, forms: dict[str, PropertyForm]) -> None:
        self.forms = forms
        self._seen: Counter[tuple[str, str, str]] = Counter()
        self._path = path
        self._writer: Any = None
        self._without = 0
        self._connection = connect()

    def append(self, batch: Batch, names: NDArray[np.int32], words: list[str]) -> None:
        """Add the properties of a batch. `names` are its events' names as codes in `words`, -1 for what is no event."""
        if not batch.properties:
            self._skip(batch.size)
            return
        import pyarrow as pa

        table = pa.table({path: batch.properties[path] for path in self.forms})
        if self._writer is None:
            self._open(table.schema)
        self._writer.write_table(table, row_group_size=_GROUP)
        for path, form in self.forms.items():
            self._note(path, form, table[path], names, words)

    @property
    def seen(self) -> Seen:
        """The properties that events have had so far. In columns of CSV files the type is judged by a sample."""
        seen: Seen = {}
        for (event, path, type), count in sorted(self._seen.items()):
            seen.setdefault(event, {}).setdefault(path, {})[type] = count
        return seen

    def close(self) -> None:
        """End the file."""
        if self._writer is None:
            self.forms = {}
            return
        self._writer.close()

    def _open(self, schema: Any) -> None:
        import pyarrow.parquet as pq

        texts = [path for path, form in self.forms.items() if form not in ("number", "truth")]
        self._writer = pq.ParquetWriter(
            self._path, schema, compression="lz4", use_dictionary=texts, write_statistics=False
        )
        self._skip(self._without)

    def _skip(self, count: int) -> None:
        if self._writer is None:
            self._without += count
        elif count:
            self._writer.write_table(_nothing(self._writer.schema, count))

    def _note(self, path: str, form: PropertyForm, column: Any, names: NDArray[np.int32], words: list[str]) -> None:
        if form == "json":
            self._note_json(path, column, names, words)
            return
        events = names[_present(column)] if column.null_count else names
        counts = np.bincount(events[events >= 0])
        type = _type_of_cells(column) if form == "cell" else form
        for code in np.flatnonzero(counts):
            self._seen[words[code], path, type] += int(counts[code])

    def _note_json(self, path: str, column: Any, names: NDArray[np.int32], words: list[str]) -> None:
        import msgspec
        import pyarrow as pa

        rows = pa.table({"name": names, "said": column})
        self._connection.register("rows", rows)
        shapes = self._connection.execute(
            "SELECT name, shape, count(*) FROM (SELECT name, try(json_structure(said))::VARCHAR AS shape FROM rows"
            " WHERE said IS NOT NULL AND name >= 0) WHERE shape IS NOT NULL GROUP BY ALL"
        ).fetchall()  # fmt: skip
        for code, shape, count in shapes:
            structure = msgspec.json.decode(shape)
            for inner, type in _leaf_types("" if path == OBJECT else path, structure):
                self._seen[words[code], inner, type] += count


def _present(column: Any) -> NDArray[np.uint64]:
    """Where a column has a value."""
    import pyarrow.compute as pc

    return np.asarray(pc.indices_nonzero(column.is_valid()))


def _nothing(schema: Any, count: int) -> Any:
    import pyarrow as pa

    return pa.table([pa.nulls(count, field.type) for field in schema], schema=schema)


def _type_of_cells(column: Any) -> str:
    sample = {type(cell(text)) for text in column.drop_null()[:_SAMPLE].to_pylist()}
    return "number" if sample == {float} else "truth" if sample == {bool} else "text"


def _leaf_types(path: str, structure: Any) -> Iterator[tuple[str, str]]:
    if isinstance(structure, Mapping):
        for key, inner in structure.items():
            yield from _leaf_types(f"{path}.{key}" if path else key, inner)
    elif isinstance(structure, list):
        yield path, "list"
    elif structure not in ("NULL", "JSON"):  # an object without members
        types = {"VARCHAR": "text", "BOOLEAN": "truth"}
        yield path, types.get(structure, "number")


Piece = list[tuple[NDArray[np.float64], Any]]
"""For each of some properties: its numbers, NaN where it is none; and its other values in JSON, as an Arrow array."""


def values_of(file: Path, forms: Mapping[str, PropertyForm], paths: Sequence[str]) -> Iterator[Piece]:
    """These properties of a segment's records, in pieces."""
    selected = []
    for number, path in enumerate(paths):
        readers = [sql for column, form in forms.items() for sql in _readers(column, form, path)] or [("NULL", "NULL")]
        selected.append(f"coalesce({', '.join(number for number, _ in readers)}, NULL)::DOUBLE AS n{number}")
        selected.append(f"coalesce({', '.join(other for _, other in readers)}, NULL)::VARCHAR AS o{number}")
    for rows in connect().sql(f"SELECT {', '.join(selected)} FROM {parquet_sql(file)}").to_arrow_reader(_ROWS):
        yield [
            (rows[f"n{i}"].fill_null(np.nan).to_numpy(zero_copy_only=False), rows[f"o{i}"]) for i in range(len(paths))
        ]  # fmt: skip


def _readers(column: str, form: PropertyForm, path: str) -> Iterator[tuple[str, str]]:
    """SQL for the property's number and for its other value in JSON, for each way in which a column can hold it."""
    sql = quoted(column)
    if form == "json":
        inner = path if column == OBJECT else path.removeprefix(f"{column}.") if path.startswith(f"{column}.") else None
        if column == path != OBJECT:
            yield _from_json(sql)
        elif inner is not None:
            for way in spellings(inner):
                yield _from_json(_extracted(sql, way))
    elif column == path:
        yield {
            "number": (f"nullif({sql}::DOUBLE, 'nan'::DOUBLE)", "NULL"),
            "text": ("NULL", f"to_json({sql})::VARCHAR"),
            "truth": ("NULL", f"{sql}::VARCHAR"),
            "cell": _from_cell(sql),
        }[form]


def _extracted(sql: str, way: tuple[str, ...]) -> str:
    """SQL for what stands under keys in each other. A path of DuckDB's has no empty key, but a pointer has."""
    if "" in way:
        for key in way:
            sql = f"json_extract({sql}, {literal(f'$.{_key(key)}' if key else '/')})"
        return sql
    return f"json_extract({sql}, {literal('$' + ''.join(f'.{_key(key)}' for key in way))})"


def _key(key: str) -> str:
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _from_json(sql: str) -> tuple[str, str]:
    type = f"json_type({sql})"
    number = f"CASE WHEN {type} IN ('BIGINT', 'UBIGINT', 'DOUBLE') THEN try_cast({sql} AS DOUBLE) END"
    other = f"CASE WHEN {type} IN ('VARCHAR', 'BOOLEAN', 'ARRAY') THEN {sql}::JSON::VARCHAR END"
    return number, other


def _from_cell(sql: str) -> tuple[str, str]:
    is_number = f"regexp_full_match({sql}, {literal(NUMBER)})"
    truth = f"CASE WHEN lower({sql}) IN ('true', 'false') THEN lower({sql}) ELSE to_json({sql})::VARCHAR END"
    return f"CASE WHEN {is_number} THEN try_cast({sql} AS DOUBLE) END", f"CASE WHEN {sql} <> '' THEN {truth} END"


def hashes_of(file: Path, forms: Mapping[str, PropertyForm]) -> Iterator[NDArray[np.uint64]]:
    """A number for the properties of each record, in pieces: equal for equal ones in whatever order of columns."""
    parts = [_hash_sql(column, form) for column, form in forms.items()]
    query = f"SELECT {_xor(parts)} AS hash FROM {parquet_sql(file)}"
    for rows in connect().sql(query).to_arrow_reader(_ROWS):
        yield rows["hash"].to_numpy()


def _hash_sql(column: str, form: PropertyForm) -> str:
    sql, name = quoted(column), literal(column)
    number, text = f"hash({name}, {sql}::DOUBLE)", f"hash({name}, {sql}::VARCHAR)"
    hashed = {
        "number": number,
        "json": f"hash({name}, json({sql})::VARCHAR)",
        "cell": f"CASE WHEN regexp_full_match({sql}, {literal(NUMBER)}) THEN {number} ELSE {text} END",
    }.get(form, text)
    return f"CASE WHEN {sql} IS NULL THEN 0::UBIGINT ELSE {hashed} END"


def _xor(parts: list[str]) -> str:
    combined = parts[0]
    for part in parts[1:]:
        combined = f"xor({combined}, {part})"
    return combined


class PropertyReader:
    """Reads the properties of single records."""

    def __init__(self, file: Path, forms: Mapping[str, PropertyForm]) -> None:
        self._file, self._forms = file, forms
        self._parquet: Any = None

    def read(self, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
        """The properties of these records, given in ascending order, by path."""
        if not self._forms:
            return [{} for _ in rows]
        found: list[dict[str, Any]] = []
        for group, first, stop in self._groups():
            inside = rows[(rows >= first) & (rows < stop)] - first
            if len(inside):
                found += [self._plain(row) for row in self._parquet.read_row_group(group).take(inside).to_pylist()]
        return found

    def _groups(self) -> Iterator[tuple[int, int, int]]:
        import pyarrow.parquet as pq

        self._parquet = self._parquet or pq.ParquetFile(self._file)
        first = 0
        for group in range(self._parquet.num_row_groups):
            stop = first + self._parquet.metadata.row_group(group).num_rows
            yield group, first, stop
            first = stop

    def _plain(self, row: dict[str, Any]) -> dict[str, Any]:
        said = {path: value for path, value in row.items() if value is not None}
        for path in [path for path in said if self._forms[path] == "json"]:
            value = json.loads(said.pop(path), object_pairs_hook=_first_of_each)
            said = {**value, **said} if path == OBJECT else {**said, path: value}
        for path in [path for path in said if self._forms.get(path) == "cell"]:
            said[path] = cell(said[path])
        return flatten({path: normal(value) for path, value in said.items()})


def _first_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a key that comes twice in an object the first counts, as in DuckDB."""
    return dict(reversed(pairs))
