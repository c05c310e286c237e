"""DuckDB, as the readers and the archive use it: a reader and transformer of columns, never a store."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "1GB",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


def connect() -> Any:
    """A connection for queries that go over columns once and need no room on disk."""
    return _shared().cursor()


@cache
def _shared() -> Any:
    import duckdb

    return duckdb.connect(config=_CONFIG)


def connect_to_read(timezone: str, scratch: Path | None) -> Any:
    """A connection of its own.

    Parameters
    ----------
    timezone : the zone of times that name none
    scratch : the folder for what does not fit into memory
    """
    import duckdb

    room: dict[str, str | bool | int | float | list[str]] = {"temp_directory": str(scratch)} if scratch else {}
    connection = duckdb.connect(config=_CONFIG | room)
    connection.execute(f"SET TimeZone = {literal(timezone)}")
    return connection


def parquet_sql(path: Path) -> str:
    """SQL that reads a Parquet file."""
    return f"read_parquet({literal(str(path))})"


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
