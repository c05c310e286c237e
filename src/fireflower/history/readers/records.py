"""Records in fireflower's own form in a Parquet file, a column for each thing that a reader tells of one. What has been
read once and is moved in bulk need not be written and read as text again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fireflower.history.readers.batches import OBJECT, Batch, PropertyForm, Told, columns_of
from fireflower.history.readers.files import damaged

_ROWS = 50_000
_BYTES = 64 << 20
"""Records, and bytes of their properties, that are written and read together."""


class RecordWriter:
    """Writes such a file, which is whole once it is closed.

    Attributes
    ----------
    count : how many records there are
    """

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet as pq

        schema = _table([]).schema
        self._writer = pq.ParquetWriter(path, schema, compression="lz4", use_dictionary=False, write_statistics=False)
        self._waiting: list[Told] = []
        self._bytes = self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._write()
        finally:
            self._writer.close()

    def add(self, told: list[Told]) -> None:
        """Add records."""
        self._waiting += told
        self.count += len(told)
        self._bytes += sum(len(each.properties) for each in told if each.properties)
        if len(self._waiting) >= _ROWS or self._bytes >= _BYTES:
            self._write()

    def _write(self) -> None:
        self._writer.write_table(_table(self._waiting))
        self._waiting, self._bytes = [], 0


class RecordFile:
    """Reads such a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def is_one(cls, path: Path) -> bool:
        """Whether a Parquet file is one: another may have such records in columns of its own."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return bool(pq.read_schema(path).equals(_table([]).schema))
        except (pa.ArrowException, OSError):
            return False

    @property
    def properties(self) -> dict[str, PropertyForm]:
        return {OBJECT: "json"}

    def batches(self) -> Iterator[Batch]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(self._path) as file:
                for number in range(file.num_row_groups):
                    yield _batch(file.read_row_group(number))
        except (pa.ArrowException, OSError) as error:
            raise damaged(self._path, error) from None


def _table(told: list[Told]) -> Any:
    import pyarrow as pa

    return pa.table(columns_of(told))


def _batch(table: Any) -> Batch:
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    properties = columns.pop("properties")
    return Batch({**columns, "timeless": False}, len(table), len(table), {OBJECT: properties})
