"""A raw export of the benchmark, read row by row into records: slow and obvious, for small worlds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from fireflower.model.records import Kind, Record

PROPERTIES = ("minutes", "rows", "source", "used_gb")
TRAITS = ("plan", "plan_gb", "industry", "employees")


def read_records(raw: Path) -> list[Record]:
    return [*_memberships(raw), *_account_traits(raw), *_events(raw)]


def _rows(path: Path, *times: str) -> Iterator[dict[str, Any]]:
    """The rows, with times as moments."""
    table = pq.read_table(path)
    for name in times:
        table = table.set_column(table.schema.get_field_index(name), name, pc.cast(table[name], "int64"))
    yield from table.to_pylist()


def _events(raw: Path) -> Iterator[Record]:
    for row in _rows(raw / "events.parquet", "timestamp"):
        yield Record(
            row["timestamp"],
            Kind.EVENT,
            row["event"],
            person=row["user_id"],
            account=row["account_id"],
            properties={name: row[name] for name in PROPERTIES if row[name] is not None},
            message_id=row["message_id"],
        )


def _memberships(raw: Path) -> Iterator[Record]:
    for row in _rows(raw / "memberships.parquet", "joined_at", "left_at"):
        who = {"person": row["user_id"], "account": row["account_id"]}
        yield Record(row["joined_at"], Kind.JOIN, row["role"], **who)
        if row["left_at"] is not None:
            yield Record(row["left_at"], Kind.LEAVE, **who)


def _account_traits(raw: Path) -> Iterator[Record]:
    for row in _rows(raw / "accounts.parquet", "time"):
        for name in TRAITS:
            if row[name] is not None:
                yield Record(row["time"], Kind.ACCOUNT_TRAIT, name, account=row["account_id"], value=row[name])
