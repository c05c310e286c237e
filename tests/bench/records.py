"""A raw export of the benchmark, read row by row into records: slow and obvious, for small worlds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from fireflower.model.records import Kind, Record

TRAITS = ("plan", "plan_gb", "industry", "employees")


def read_records(raw: Path) -> list[Record]:
    return [*_memberships(raw), *_account_traits(raw), *_events(raw)]


def _rows(path: Path, time: str) -> Iterator[tuple[int, dict[str, Any]]]:
    table = pq.read_table(path)
    moments = pc.cast(table[time], "int64").to_pylist()
    yield from zip(moments, table.drop_columns([time]).to_pylist(), strict=True)


def _events(raw: Path) -> Iterator[Record]:
    for time, row in _rows(raw / "events.parquet", "timestamp"):
        properties = {name.split(".")[1]: row[name] for name in row if "." in name and row[name] is not None}
        yield Record(
            time,
            Kind.EVENT,
            row["event"],
            person=row["user_id"],
            account=row["account_id"],
            properties=properties,
            message_id=row["message_id"],
        )


def _memberships(raw: Path) -> Iterator[Record]:
    for time, row in _rows(raw / "memberships.parquet", "time"):
        kind = Kind.JOIN if row["change"] == "join" else Kind.LEAVE
        yield Record(time, kind, row["role"] or "", person=row["user_id"], account=row["account_id"])


def _account_traits(raw: Path) -> Iterator[Record]:
    for time, row in _rows(raw / "accounts.parquet", "time"):
        for name in TRAITS:
            if row[name] is not None:
                yield Record(time, Kind.ACCOUNT_TRAIT, name, account=row["account_id"], value=row[name])
