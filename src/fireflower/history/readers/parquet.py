"""Parquet files of events whose columns need no conversion. Arrow reads them, and hands over texts that repeat as
dictionaries, so that each different text is looked at once. Other files go through DuckDB, with the same result."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any

from fireflower.history.mapping import Mapping
from fireflower.history.readers.columns import Column, TableFile
from fireflower.history.readers.files import damaged
from fireflower.history.readers.trimming import trimmed
from fireflower.model.messages import LONGEST_ID
from fireflower.model.moments import EARLIEST, LATEST

_ROWS = 1 << 17
_BUFFER = 1 << 20
_BYTES_OF_A_CODE = 8
"""A column that takes more bytes a row hardly repeats: a dictionary of it would be work for nothing."""

_MOMENTS = ("time", "received")
_SUBJECTS = ("person", "anonymous", "account")
_IDS = ("event", *_SUBJECTS, "message_id")
_ARROW_TYPES = {
    "VARCHAR": ("string", "large_string"),
    "BOOLEAN": ("bool",),
    "TINYINT": ("int8",),
    "SMALLINT": ("int16",),
    "INTEGER": ("int32",),
    "BIGINT": ("int64",),
    "UTINYINT": ("uint8",),
    "USMALLINT": ("uint16",),
    "UINTEGER": ("uint32",),
    "FLOAT": ("float",),
    "DOUBLE": ("double",),
}
"""DuckDB's types of columns that are properties just as they are, and Arrow's of the same."""


class PlainParquet:
    """Reads such a file.

    Parameters
    ----------
    others : the columns that are properties
    """

    def __init__(self, file: TableFile, mapping: Mapping, others: list[Column]) -> None:
        self._path, self._source, self._mark, self._mapping = file.path, file.source, file.mark, mapping
        self._parts = mapping.columns()
        self._others = [column.path for column in others]
        self._types = {column.path: column.type for column in file.columns}

    def serves(self) -> bool:
        """Whether Arrow can open the file, and no column needs a conversion."""
        import pyarrow as pa

        parts = self._parts
        if self._mapping.table != "events" or not parts.keys() <= {*_MOMENTS, *_IDS}:
            return False
        try:
            schema = self._open().schema_arrow
        except (pa.ArrowException, OSError):
            return False
        if list(self._types) != schema.names or len({*parts.values()}) < len(parts):
            return False
        ids = [column for part, column in parts.items() if part in _IDS]
        moments = [schema.field(column).type for part, column in parts.items() if part in _MOMENTS]
        return (
            all(self._types[name] == "VARCHAR" for name in ids)
            and all(str(schema.field(name).type) in _ARROW_TYPES.get(self._types[name], ()) for name in self._columns())
            and all(self._is_moment(type) for type in moments)
        )

    def batches(self) -> Iterator[Any]:
        """The parts of rows, under names that begin with the file's mark, and their other columns. The reason is not
        missing where a row cannot be read."""
        import pyarrow as pa

        columns = [*self._parts.values(), *self._others]
        try:
            for batch in self._open(self._repeating()).iter_batches(_ROWS, columns=columns, use_threads=True):
                batch.validate(full=True)
                yield self._said(batch)
        except (pa.ArrowException, OSError) as error:
            raise damaged(self._path, error) from None

    def _open(self, dictionaries: list[str] | None = None) -> Any:
        import pyarrow.parquet as pq

        return pq.ParquetFile(self._source, read_dictionary=dictionaries, buffer_size=_BUFFER, pre_buffer=False)

    def _columns(self) -> list[str]:
        """The columns of ids, and those that are properties."""
        return [*(column for part, column in self._parts.items() if part in _IDS), *self._others]

    def _is_moment(self, type: Any) -> bool:
        import pyarrow as pa

        if not pa.types.is_timestamp(type) or type.unit not in ("us", "ms"):
            return False
        return type.tz is not None or self._mapping.timezone == "UTC"

    def _repeating(self) -> list[str]:
        """The columns of texts that are read as dictionaries: not those of which two are combined to one."""
        mapping, metadata = self._mapping, self._open().metadata
        texts = {name for name in self._columns() if self._types[name] == "VARCHAR"} - {mapping.message_id}
        if mapping.anonymous:
            texts -= {mapping.person, mapping.anonymous}
        if mapping.event_name:
            texts -= {mapping.event}
        groups = [metadata.row_group(number) for number in range(min(metadata.num_row_groups, 8))]
        most = _BYTES_OF_A_CODE * sum(group.num_rows for group in groups)
        sizes = {
            name: sum(group.column(number).total_uncompressed_size for group in groups)
            for number, name in enumerate(self._types)
        }
        return [name for name in texts if sizes[name] <= most]

    def _said(self, batch: Any) -> Any:
        import pyarrow as pa

        said = {part: trimmed(batch.column(self._parts[part])) for part in _IDS if part in self._parts}
        said |= {part: _moments(batch.column(self._parts[part])) for part in _MOMENTS if part in self._parts}
        missing = pa.nulls(len(batch), pa.string())
        columns = {f"{self._mark}{part}": said.get(part, missing) for part in (*_MOMENTS, *_IDS)}
        others = {name: batch.column(name) for name in self._others}
        return pa.record_batch({**columns, **others, f"{self._mark}reason": self._reason(said, missing)})

    def _reason(self, said: dict[str, Any], missing: Any) -> Any:
        """Empty where a row cannot be read, and else missing."""
        import pyarrow.compute as pc

        wrong = [mask for part in _MOMENTS if part in said for mask in _impossible(said[part], needed=part == "time")]
        who = [said[part] for part in _SUBJECTS if part in said]
        wrong += [mask for ids in who for mask in _too_long(ids)]
        if all(column.null_count for column in who):
            wrong.append(reduce(pc.and_, [column.is_null() for column in who]))
        if not self._mapping.event_name and said["event"].null_count:
            wrong.append(said["event"].is_null())
        return pc.if_else(reduce(pc.or_, wrong), "", missing) if wrong else missing


def _moments(column: Any) -> Any:
    """Timestamps as microseconds."""
    import pyarrow as pa
    import pyarrow.compute as pc

    moments = column.view(pa.int64())
    return moments if column.type.unit == "us" else pc.multiply_checked(moments, 1000)


def _too_long(ids: Any) -> Iterator[Any]:
    """Where nobody can be asked for by an id, if anywhere. Characters are counted where there are bytes enough."""
    import pyarrow as pa
    import pyarrow.compute as pc

    is_coded = pa.types.is_dictionary(ids.type)
    texts = ids.dictionary if is_coded else ids
    if (pc.max(pc.binary_length(texts)).as_py() or 0) <= LONGEST_ID:
        return
    is_long = pc.greater(pc.utf8_length(texts), LONGEST_ID)
    yield (is_long.take(ids.indices) if is_coded else is_long).fill_null(False)


def _impossible(moments: Any, *, needed: bool) -> Iterator[Any]:
    """Where no history can have them, if anywhere."""
    import pyarrow.compute as pc

    if needed and moments.null_count:
        yield moments.is_null()
    span = pc.min_max(moments).as_py()
    if span["min"] is not None and (span["min"] < EARLIEST or span["max"] >= LATEST):
        yield pc.or_(pc.less(moments, EARLIEST), pc.greater_equal(moments, LATEST)).fill_null(False)
