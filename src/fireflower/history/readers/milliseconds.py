"""Parquet files with times in milliseconds that are further away than microseconds reach. DuckDB, which counts in
microseconds, reads nothing of such a file, however few of its times are so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fireflower.history.readers.copies import copied
from fireflower.history.readers.files import damaged
from fireflower.model.errors import InputError

_FURTHEST = (2**63 - 1) // 1000
_ROWS = 1 << 17


def within_reach(path: Path, scratch: Path | None) -> Path | None:
    """A copy in which such times are as far away as microseconds reach, in the years 290309 BC and 294247: no history
    can have these either. It is the caller's to remove. None where there are no such times, or Arrow cannot say.

    Raises
    ------
    InputError
        If there are some within objects or lists.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            _check_inner(path, file.metadata)
            beyond = [name for name in _in_milliseconds(file.schema_arrow) if _is_beyond(file, name)]
    except (pa.ArrowException, OSError):
        return None
    return _copied(path, beyond, scratch) if beyond else None


def _check_inner(path: Path, metadata: Any) -> None:
    """Refuse a file with such times within objects or lists, as far as it says of itself what is in it."""
    for number in range(metadata.num_columns):
        column = metadata.schema.column(number)
        kind, is_inner = str(column.logical_type), column.path != column.name
        if is_inner and kind.startswith("Timestamp") and "milliseconds" in kind and _reaches_beyond(metadata, number):
            raise InputError(
                f"{path} has times in milliseconds in the column {column.path} that are further away than "
                "microseconds reach, which can be read in a column of their own alone. Expected times before 294247: "
                "write others as missing, or export the file without that column; nothing of it has been imported."
            )


def _reaches_beyond(metadata: Any, place: int) -> bool:
    known = [metadata.row_group(number).column(place).statistics for number in range(metadata.num_row_groups)]
    return any(each and each.has_min_max and _is_far(each.min_raw, each.max_raw) for each in known)


def _in_milliseconds(schema: Any) -> Iterator[str]:
    import pyarrow as pa

    yield from (field.name for field in schema if pa.types.is_timestamp(field.type) and field.type.unit == "ms")


def _is_beyond(file: Any, name: str) -> bool:
    return any(_is_far(low, high) for low, high in _spans(file, name))


def _is_far(low: int, high: int) -> bool:
    return low < -_FURTHEST or high > _FURTHEST


def _spans(file: Any, name: str) -> Iterator[tuple[int, int]]:
    """The first and last of a column's times, for each part of it; from what the file says of itself, if it does."""
    import pyarrow as pa
    import pyarrow.compute as pc

    metadata = file.metadata
    place = [metadata.schema.column(number).path for number in range(metadata.num_columns)].index(name)
    known = [metadata.row_group(number).column(place).statistics for number in range(metadata.num_row_groups)]
    if all(each is not None and each.has_min_max for each in known):
        yield from ((each.min_raw, each.max_raw) for each in known)
        return
    for batch in file.iter_batches(_ROWS, columns=[name]):
        span = pc.min_max(batch.column(0).view(pa.int64())).as_py()
        yield span["min"] or 0, span["max"] or 0


def _copied(path: Path, beyond: list[str], scratch: Path | None) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with (
        copied(".parquet", scratch) as place,
        pq.ParquetFile(path) as file,
        pq.ParquetWriter(place, file.schema_arrow, compression="lz4") as copy,
    ):
        try:
            for batch in file.iter_batches(_ROWS):
                copy.write_batch(_brought_near(batch, beyond))
        except pa.ArrowException as error:
            raise damaged(path, error) from None
    return place


def _brought_near(batch: Any, names: list[str]) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    for name in names:
        place, column = batch.schema.get_field_index(name), batch.column(name)
        near = pc.min_element_wise(column.view(pa.int64()), _FURTHEST, skip_nulls=False)
        near = pc.max_element_wise(near, -_FURTHEST, skip_nulls=False)
        batch = batch.set_column(place, batch.schema.field(place), near.view(column.type))
    return batch
