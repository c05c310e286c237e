"""Write the benchmark's raw export: what a warehouse would hand over, as Parquet with strings, sorted by time.

    python -m benchmarks.generate --events 1_000_000 --out bench-data/small/raw

Three files: `events.parquet`, `memberships.parquet`, `accounts.parquet`. The same number of events and the same seed
give the same rows. Days are drawn one after the other, so memory grows with the people, not with the events.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.events import NAMES, Rows, event_rows
from benchmarks.world import DAY, DAYS, INDUSTRIES, PLAN_GB, PLANS, ROLES, START, World, build_world

SOURCES = ("ui", "scheduled", "api", "sample", "email", "slack")
SOURCE_SHARES = (0.45, 0.2, 0.15, 0.1, 0.06, 0.04)
CODED = ("event", "user_id", "account_id", "source")
"""Columns that repeat, for Parquet's dictionaries."""

ROWS_A_GROUP = 500_000


def generate(events: int, out: Path, seed: int = 20250101) -> Path:
    """Write the raw export of `events` events into the folder `out`, and return it."""
    world = build_world(events, seed)
    out.mkdir(parents=True, exist_ok=True)
    _write_events(world, events, out / "events.parquet")
    pq.write_table(memberships(world), out / "memberships.parquet", compression="zstd")
    pq.write_table(account_traits(world), out / "accounts.parquet", compression="zstd")
    return out


def _write_events(world: World, events: int, path: Path) -> None:
    people = _ids("u_", len(world.people))
    accounts = _ids("acct_", len(world.accounts))
    tables = (
        _event_table(world, np.random.default_rng([world.seed, 5, piece]), rows, people, accounts)
        for piece, rows in enumerate(_pieces(event_rows(world, events)))
    )
    first = next(tables)
    how = {"compression": "zstd", "compression_level": 1, "use_dictionary": list(CODED), "store_schema": False}
    with pq.ParquetWriter(path, first.schema, **how) as writer:
        for table in itertools.chain([first], tables):
            writer.write_table(table, row_group_size=2 * ROWS_A_GROUP)


def _pieces(days: Iterable[Rows]) -> Iterator[Rows]:
    """Days together, until they have rows enough for a row group."""
    waiting: list[Rows] = []
    for rows in days:
        waiting.append(rows)
        if sum(map(len, waiting)) >= ROWS_A_GROUP:
            yield Rows.join(waiting)
            waiting = []
    if waiting:
        yield Rows.join(waiting)


def _event_table(world: World, rng: np.random.Generator, rows: Rows, people: pa.Array, accounts: pa.Array) -> pa.Table:
    properties = _properties(world, rng, rows)
    columns = {
        "message_id": _uuids(rng, len(rows)),
        "timestamp": _times(rows.time),
        "event": _texts(rows.name, NAMES),
        "user_id": people.take(pa.array(rows.person, mask=rows.person < 0)),
        "account_id": accounts.take(pa.array(rows.account, mask=rows.account < 0)),
    }
    return pa.table(columns | properties)


def _properties(world: World, rng: np.random.Generator, rows: Rows) -> dict[str, pa.Array]:
    edits = np.flatnonzero(rows.name == NAMES.index("Flow Edited"))
    runs = np.flatnonzero(rows.name == NAMES.index("Report Run"))
    reports = np.flatnonzero((rows.name == NAMES.index("Storage Reported")) & (rows.account >= 0))
    minutes = np.round(rng.exponential(6, len(edits)), 2)
    amounts = np.floor(rng.lognormal(4.5, 1.6, len(runs)))
    amounts[rng.random(len(runs)) < 0.02] = np.nan
    sources = rng.choice(len(SOURCES), len(runs), p=SOURCE_SHARES)
    sources[rng.random(len(runs)) < 0.03] = -1
    account = rows.account[reports]
    years = (rows.time[reports] - world.accounts.created[account]) / (365 * DAY)
    used = world.accounts.storage_gb[account] * (1 + world.accounts.storage_growth[account] * years)
    source = np.full(len(rows), -1, np.int8)
    source[runs] = sources
    return {
        "minutes": _sparse(len(rows), edits, minutes),
        "rows": _sparse(len(rows), runs, amounts),
        "source": _texts(source, SOURCES),
        "used_gb": _sparse(len(rows), reports, np.round(used * rng.uniform(0.95, 1.05, len(used)), 2)),
    }


def _sparse(length: int, rows: NDArray[np.intp], values: NDArray[np.floating]) -> pa.Array:
    column = np.full(length, np.nan)
    column[rows] = values
    return pa.array(column, from_pandas=True)


def _texts(codes: NDArray[np.integer], texts: tuple[str, ...]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), pa.array(texts))


def _times(moments: NDArray[np.int64]) -> pa.Array:
    return pa.array(moments, mask=moments < 0).cast(pa.timestamp("us", tz="UTC"))


def _ids(prefix: str, count: int) -> pa.Array:
    return pa.array([f"{prefix}{i:07d}" for i in range(count)])


def _uuids(rng: np.random.Generator, count: int) -> pa.Array:
    """Random UUIDs of version 4, in their 36 characters."""
    drawn = np.frombuffer(rng.bytes(16 * count), np.uint8).reshape(count, 16).copy()
    drawn[:, 6] = drawn[:, 6] & 0x0F | 0x40
    drawn[:, 8] = drawn[:, 8] & 0x3F | 0x80
    digits = np.frombuffer("".join(f"{i:02x}" for i in range(256)).encode(), np.uint16)
    text = np.full((count, 36), ord("-"), np.uint8)
    for begin, end, place in ((0, 4, 0), (4, 6, 9), (6, 8, 14), (8, 10, 19), (10, 16, 24)):
        text[:, place : place + 2 * (end - begin)] = digits[drawn[:, begin:end]].view(np.uint8)
    offsets = np.arange(0, 36 * (count + 1), 36, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))


def memberships(world: World) -> pa.Table:
    """Who was a member of which account from when to when, in which role; sorted by the time of joining."""
    people = world.people
    end = START + DAYS * DAY
    everyone = np.arange(len(people), dtype=np.int32)
    home, other = people.home >= 0, people.other >= 0
    moved = other & people.leaves_home & (people.joins_other < end)
    person = np.concatenate([everyone[home], everyone[other]])
    account = np.concatenate([people.home[home], people.other[other]])
    joined = np.concatenate([people.signed_up[home], people.joins_other[other]])
    left = np.concatenate([np.where(moved, people.joins_other, -1)[home], np.full(other.sum(), -1)])
    order = np.argsort(joined, kind="stable")
    order = order[joined[order] < end]
    return pa.table(
        {
            "joined_at": _times(joined[order]),
            "left_at": _times(left[order]),
            "user_id": _ids("u_", len(people)).take(pa.array(person[order])),
            "account_id": _ids("acct_", len(world.accounts)).take(pa.array(account[order])),
            "role": _texts(people.role[person[order]], ROLES),
        }
    )


def account_traits(world: World) -> pa.Table:
    """Every change of an account's traits, all traits in each row, sorted by time."""
    traits = world.traits
    return pa.table(
        {
            "time": _times(traits.time),
            "account_id": _ids("acct_", len(world.accounts)).take(pa.array(traits.account)),
            "plan": _texts(traits.plan, PLANS),
            "plan_gb": pa.array(np.array(PLAN_GB)[traits.plan]),
            "industry": _texts(traits.industry, INDUSTRIES),
            "employees": pa.array(traits.employees, from_pandas=True),
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the benchmark's raw export.")
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=20250101)
    chosen = parser.parse_args()
    print(generate(chosen.events, chosen.out, chosen.seed))


if __name__ == "__main__":
    main()
