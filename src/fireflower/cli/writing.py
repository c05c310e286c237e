"""Arrow tables as files and streams that machines read."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fireflower.app.outputs import written
from fireflower.cli.jsons import escaped
from fireflower.model.moments import iso

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("table", "json", "csv", "parquet")
_BY_SUFFIX = {".json": "json", ".csv": "csv", ".parquet": "parquet", ".pq": "parquet"}


def format_of(wanted: str | None, output: Path | None) -> str:
    """The format that was asked for, by name or by the name of the file."""
    if output is None:
        return wanted or "table"
    found = wanted or _BY_SUFFIX.get(output.suffix.lower())
    if found is None or found == "table":
        raise click.UsageError(f"Say how to write {output}: --format json, csv or parquet.")
    return found


def write_table(table: pa.Table, wanted: str, output: Path | None, as_of: int) -> None:
    """Write the table into a file, whole or not at all; without a file, to standard output.

    JSON has one object with `as_of` and the rows; CSV holds evidence as JSON in a column.
    """
    if output is None:
        if wanted == "parquet" and sys.stdout.isatty():
            raise click.UsageError("Parquet is not for reading on a terminal: name a file with --output.")
        _write(table, wanted, sys.stdout.buffer, as_of)
        return
    with written(output) as file:
        _write(table, wanted, file, as_of)


def _write(table: pa.Table, wanted: str, file: Any, as_of: int) -> None:
    if wanted == "parquet":
        from pyarrow import parquet

        parquet.write_table(table, file)
    elif wanted == "csv":
        from pyarrow import csv

        csv.write_csv(_flat(table), file)
    else:
        rows = "leads" if "since" in table.column_names else "transitions"
        text = json.dumps({"as_of": iso(as_of), rows: table.to_pylist()}, default=_iso, ensure_ascii=False, indent=2)
        file.write(escaped(text).encode() + b"\n")
    file.flush()


def _iso(moment: Any) -> str:
    return str(moment.isoformat()).replace("+00:00", "Z")


def _flat(table: pa.Table) -> pa.Table:
    """Lists as JSON and moments as ISO 8601, for a format that has neither."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for place, column in enumerate(table.schema):
        values = table.column(place)
        if pa.types.is_list(column.type):
            texts = [json.dumps(value, default=_iso, ensure_ascii=False) for value in values.to_pylist()]
            table = table.set_column(place, column.name, pa.array(texts, pa.string()))
        elif pa.types.is_timestamp(column.type):
            table = table.set_column(place, column.name, pc.strftime(values, "%Y-%m-%dT%H:%M:%SZ"))
    return table
