"""What happens in the benchmark's world, day by day, as columns of codes.

Everyday events come in sessions of one person each; what happens once (a sign-up, a trial) is put between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.world import DAY, DAYS, MILLISECOND, START, World

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
        nobody = np.zeros(0, np.int32)
        return _named("Signed In", np.zeros(0, np.int64), nobody, nobody)
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
