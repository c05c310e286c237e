"""Write the benchmark's raw export: what a warehouse would hand over, as Parquet with strings, sorted by time.

    python -m benchmarks.generate --events 1_000_000 --out bench-data/small/raw

Three files: `events.parquet`, `memberships.parquet`, `accounts.parquet`. The same number of events and the same seed give the
same rows. Days are drawn one after the other, so memory does not grow with the number of events (only with the people).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.world import (
    DAY,
    DAYS,
    INDUSTRIES,
    MILLISECOND,
    PLAN_GB,
    PLANS,
    ROLES,
    START,
    World,
    build_world,
)

SHARES = {
    "Page Viewed": 0.297,
    "Message Sent": 0.21,
    "Flow Edited": 0.12,
    "Report Run": 0.08,
    "Signed In": 0.08,
    "Search Performed": 0.05,
    "File Uploaded": 0.04,
    "Comment Added": 0.04,
    "Storage Reported": 0.02,
    "Channel Created": 0.015,
    "Export Downloaded": 0.015,
    "Teammate Invited": 0.01,
    "Pricing Viewed": 0.008,
    "Dashboard Shared": 0.008,
    "Integration Connected": 0.005,
    "Limit Reached": 0.002,
}
"""How often each everyday event happens. The rare ones, below, happen once."""

ONCE = ("Signed Up", "Invite Accepted", "Trial Started", "Subscription Started", "Talk To Sales Clicked")
NAMES = (*SHARES, *ONCE)
SOURCES = ("ui", "scheduled", "api", "sample", "email", "slack")
SOURCE_SHARES = (0.45, 0.2, 0.15, 0.1, 0.06, 0.04)
ROWS_A_GROUP = 500_000
SESSION_EVENTS = 6.0
GAP_MINUTES = 3.5


@dataclass(frozen=True)
class Rows:
    """Events of one stretch, as columns of codes. Missing: -1, or NaN for numbers."""

    time: NDArray[np.int64]
    name: NDArray[np.int8]
    person: NDArray[np.int32]
    account: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.time)

    def pick(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Rows:
        return Rows(self.time[rows], self.name[rows], self.person[rows], self.account[rows])

    @staticmethod
    def join(parts: list[Rows]) -> Rows:
        return Rows(
            np.concatenate([part.time for part in parts]),
            np.concatenate([part.name for part in parts]),
            np.concatenate([part.person for part in parts]),
            np.concatenate([part.account for part in parts]),
        )


def generate(events: int, out: Path, seed: int = 20250101) -> Path:
    """Write the raw export of `events` events into the folder `out`, and return it."""
    world = build_world(events, seed)
    out.mkdir(parents=True, exist_ok=True)
    _write_events(world, events, out / "events.parquet")
    pq.write_table(memberships(world), out / "memberships.parquet", compression="zstd")
    pq.write_table(account_traits(world), out / "accounts.parquet", compression="zstd")
    return out


# --- What happens -----------------------------------------------------------------------------------------------------


def event_rows(world: World, events: int) -> Iterator[Rows]:
    """The events day by day, sorted by time. The last session of a day may run into the next one."""
    once = _once(world)
    everyday = max(events - len(once), 0)
    quotas = _quotas(world, everyday)
    held = once.pick(slice(0, 0))
    for day in range(DAYS):
        rng = np.random.default_rng([world.seed, 3, day])
        end = START + (day + 1) * DAY
        special = once.pick(slice(*np.searchsorted(once.time, [end - DAY, end])))
        rows = Rows.join([held, special, _sessions(world, rng, day, int(quotas[day]))])
        if day == DAYS - 1:
            rows = rows.pick(np.argsort(np.minimum(rows.time, end - MILLISECOND), kind="stable"))
            np.minimum(rows.time, end - MILLISECOND, out=rows.time)
        else:
            rows = rows.pick(np.argsort(rows.time, kind="stable"))
        split = int(np.searchsorted(rows.time, end))
        held = rows.pick(slice(split, None))
        yield rows.pick(slice(0, split))


def _once(world: World) -> Rows:
    """Sign-ups, invitations accepted, trials, payments and the rare talk to sales, sorted by time."""
    people, accounts = world.people, world.accounts
    rng = np.random.default_rng([world.seed, 2])
    everyone = np.arange(len(people), dtype=np.int32)
    invited = everyone[(people.home >= 0) & (accounts.founder[people.home] != everyone)]
    tried = np.flatnonzero(accounts.founder >= 0).astype(np.int32)
    paid = np.flatnonzero(accounts.pays >= 0).astype(np.int32)
    asked = np.flatnonzero(rng.random(len(accounts)) < 0.12).astype(np.int32)
    asked = asked[accounts.founder[asked] >= 0]
    asks_at = accounts.created[asked] + rng.integers(1, 80 * DAY // MILLISECOND, len(asked)) * MILLISECOND
    parts = [
        _named("Signed Up", people.signed_up, everyone, people.home),
        _named("Invite Accepted", people.signed_up[invited], invited, people.home[invited]),
        _named("Trial Started", accounts.created[tried] + 90_000_000, accounts.founder[tried], tried),
        _named("Subscription Started", accounts.pays[paid], accounts.founder[paid], paid),
        _named("Talk To Sales Clicked", asks_at, accounts.founder[asked], asked),
    ]
    rows = Rows.join(parts)
    rows = rows.pick(np.argsort(rows.time, kind="stable"))
    return rows.pick(rows.time < START + DAYS * DAY)


def _named(name: str, time: NDArray[np.int64], person: NDArray[np.int32], account: NDArray[np.int32]) -> Rows:
    return Rows(time, np.full(len(time), NAMES.index(name), np.int8), person, account)


def _active_weights(world: World, day: int) -> NDArray[np.float64]:
    """How likely each person is to begin a session on this day; 0 for those who are not there or take the week off."""
    people = world.people
    present = (people.signed_up < START + day * DAY) & (people.ends > day)
    this_week = np.random.default_rng([world.seed, 4, day // 7]).random(len(people), np.float32) < people.habit
    return (people.weight * (present & this_week)).astype(np.float64)


def _quotas(world: World, events: int) -> NDArray[np.int64]:
    """Events a day, in proportion to who is active; weekends (from 2025-01-04) are quiet. They add up to `events`."""
    weights = np.array([_active_weights(world, day).sum() for day in range(DAYS)])
    weights *= np.where((np.arange(DAYS) + 2) % 7 >= 5, 0.3, 1.0)
    ends = np.rint(np.cumsum(weights) / weights.sum() * events).astype(np.int64)
    return np.diff(ends, prepend=0)


def _sessions(world: World, rng: np.random.Generator, day: int, events: int) -> Rows:
    """`events` events of one day, in sessions of one person each, in the order of sessions."""
    weights = np.cumsum(_active_weights(world, day))
    if not events or not weights[-1]:
        return _named("Signed In", *(np.zeros(0, kind) for kind in (np.int64, np.int32, np.int32)))
    lengths = rng.geometric(1 / SESSION_EVENTS, int(events / SESSION_EVENTS * 1.1) + 20 + 4 * int(events**0.5))
    lengths = lengths[: int(np.searchsorted(np.cumsum(lengths), events)) + 1]
    count = len(lengths)
    person = np.searchsorted(weights, np.sort(rng.random(count)) * weights[-1], side="right").astype(np.int32)
    person = np.minimum(person, len(weights) - 1, dtype=np.int32)
    begins = START + day * DAY + (np.clip(rng.normal(14, 4, count), 0, 23.9) * 3_600_000).astype(np.int64) * 1000
    session = np.repeat(np.arange(count), lengths)[:events]
    gaps = rng.exponential(GAP_MINUTES * 60_000, events).astype(np.int64) * MILLISECOND
    passed = np.cumsum(gaps)
    starts_at = np.cumsum(lengths) - lengths
    time = begins[session] + passed - passed[starts_at[session]]
    names = _name_table()[rng.integers(0, 65536, events, dtype=np.uint16)]
    account = _accounts_of(world, rng, person, begins)[session]
    account[rng.random(events) < 0.06] = -1
    anonymous = (rng.random(events) < 0.002) & (account >= 0)
    return Rows(time, names, np.where(anonymous, -1, person[session]).astype(np.int32), account)


def _name_table() -> NDArray[np.int8]:
    ends = np.rint(np.cumsum(list(SHARES.values())) * 65536).astype(int)
    return np.repeat(np.arange(len(SHARES), dtype=np.int8), np.diff(ends, prepend=0))


def _accounts_of(
    world: World, rng: np.random.Generator, person: NDArray[np.int32], moment: NDArray[np.int64]
) -> NDArray[np.int32]:
    """The account that each session is for: the first, the second after a move, either of the two for a consultant."""
    people = world.people
    second = (people.other[person] >= 0) & (moment >= people.joins_other[person])
    second &= people.leaves_home[person] | (rng.random(len(person)) < 0.4)
    return np.where(second, people.other[person], people.home[person])


# --- How it is written ------------------------------------------------------------------------------------------------


def _write_events(world: World, events: int, path: Path) -> None:
    people = _ids("u_", len(world.people))
    accounts = _ids("acct_", len(world.accounts))
    waiting: list[Rows] = []
    writer = None
    try:
        for day, rows in enumerate(event_rows(world, events)):
            waiting.append(rows)
            if sum(map(len, waiting)) >= ROWS_A_GROUP or day == DAYS - 1:
                rng = np.random.default_rng([world.seed, 5, day])
                table = _event_table(world, rng, Rows.join(waiting), people, accounts)
                writer = writer or pq.ParquetWriter(
                    path,
                    table.schema,
                    compression="zstd",
                    compression_level=1,
                    use_dictionary=["event", "account_id", "user_id", "properties.source"],
                    store_schema=False,
                )
                writer.write_table(table, row_group_size=2 * ROWS_A_GROUP)
                waiting = []
    finally:
        if writer:
            writer.close()


def _event_table(world: World, rng: np.random.Generator, rows: Rows, people: pa.Array, accounts: pa.Array) -> pa.Table:
    properties = _properties(world, rng, rows)
    columns = {
        "message_id": _uuids(rng, len(rows)),
        "timestamp": pa.array(rows.time).cast(pa.timestamp("us", tz="UTC")),
        "event": _texts(rows.name, NAMES),
        "user_id": people.take(pa.array(rows.person, mask=rows.person < 0)),
        "account_id": accounts.take(pa.array(rows.account, mask=rows.account < 0)),
    }
    return pa.table(columns | {f"properties.{name}": values for name, values in properties.items()})


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
    """Who joined and left which account, in which role, sorted by time."""
    people = world.people
    everyone = np.arange(len(people), dtype=np.int32)
    home, other = people.home >= 0, people.other >= 0
    leavers = other & people.leaves_home
    time = np.concatenate([people.signed_up[home], people.joins_other[other], people.joins_other[leavers]])
    person = np.concatenate([everyone[home], everyone[other], everyone[leavers]])
    account = np.concatenate([people.home[home], people.other[other], people.home[leavers]])
    joins = np.arange(len(time)) < home.sum() + other.sum()
    keep = np.flatnonzero(time < START + DAYS * DAY)
    order = keep[np.argsort(time[keep], kind="stable")]
    roles = np.where(joins, people.role[person], -1)[order]
    return pa.table(
        {
            "time": pa.array(time[order]).cast(pa.timestamp("us", tz="UTC")),
            "change": _texts(np.where(joins, 0, 1)[order].astype(np.int8), ("join", "leave")),
            "user_id": _ids("u_", len(people)).take(pa.array(person[order])),
            "account_id": _ids("acct_", len(world.accounts)).take(pa.array(account[order])),
            "role": _texts(roles, ROLES),
        }
    )


def account_traits(world: World) -> pa.Table:
    """Every change of an account's traits, all traits in each row, sorted by time."""
    traits = world.traits
    return pa.table(
        {
            "time": pa.array(traits.time).cast(pa.timestamp("us", tz="UTC")),
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
