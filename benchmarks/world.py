"""Who is in the benchmark's world: accounts, people, memberships and plans, drawn at once as columns.

Everything that happens once (a sign-up, a change of plan) is decided here; what happens all day is drawn day by day in
`benchmarks.generate`. Moments are int64 microseconds on whole milliseconds, as clients send them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DAY = 86_400_000_000
MILLISECOND = 1_000
START = 1_735_689_600_000_000  # 2025-01-01
DAYS = 365

PLANS = ("free", "team", "business", "enterprise")
PLAN_GB = (5.0, 50.0, 200.0, 1000.0)
INDUSTRIES = ("software", "internet", "finance", "health", "retail", "education", "media", "public")
ROLES = ("owner", "admin", "member", "viewer")

EVENTS_A_PERSON = 100
PEOPLE_AN_ACCOUNT = 10

Moments = NDArray[np.int64]
Codes = NDArray[np.int32]


@dataclass(frozen=True)
class People:
    """One entry a person.

    Attributes
    ----------
    signed_up : moment of the sign-up
    ends : day (from START) on which they stop using the product
    weight : how active they are, relative to the others
    habit : probability that they are active in a week
    home : the account that they join at sign-up, -1 for none
    other : a second account, -1 for none
    joins_other : moment of joining it
    leaves_home : whether they leave the first one at that moment (a change of job) or belong to both (a consultant)
    role : code in ROLES
    """

    signed_up: Moments
    ends: NDArray[np.int32]
    weight: NDArray[np.float32]
    habit: NDArray[np.float32]
    home: Codes
    other: Codes
    joins_other: Moments
    leaves_home: NDArray[np.bool_]
    role: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.signed_up)


@dataclass(frozen=True)
class Accounts:
    """One entry an account. `founder` is the first person, -1 if nobody ever joined; `pays` is -1 if it never does."""

    created: Moments
    founder: Codes
    pays: Moments
    storage_gb: NDArray[np.float32]
    storage_growth: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.created)


@dataclass(frozen=True)
class Traits:
    """One row a change of an account's traits, sorted by time; each row says all traits. Unknown: NaN, or code -1."""

    time: Moments
    account: Codes
    plan: NDArray[np.int8]
    industry: NDArray[np.int8]
    employees: NDArray[np.float64]


@dataclass(frozen=True)
class World:
    people: People
    accounts: Accounts
    traits: Traits
    seed: int


def build_world(events: int, seed: int) -> World:
    """The world of `events` events: a hundredth as many people, a thousandth as many accounts."""
    rng = np.random.default_rng([seed, 1])
    people_count = max(events // EVENTS_A_PERSON, 20)
    account_count = max(people_count // PEOPLE_AN_ACCOUNT, 4)
    created = _account_starts(rng, account_count)
    people = _people(rng, people_count, created)
    accounts = _accounts(rng, created, people)
    return World(people, accounts, _traits(rng, accounts), seed)


def _account_starts(rng: np.random.Generator, count: int) -> Moments:
    early = rng.random(count) < 0.4
    day = np.where(early, rng.uniform(0, 30, count), rng.uniform(0, DAYS - 20, count))
    return _moments(day)


def _people(rng: np.random.Generator, count: int, created: Moments) -> People:
    accounts = len(created)
    home = _skewed(rng, count, accounts)
    home[rng.random(count) < 0.05] = -1
    begins = np.where(home >= 0, created[home], _account_starts(rng, count))
    signed_up = _on_milliseconds(begins + (rng.exponential(45, count) * DAY).astype(np.int64))
    late = signed_up >= START + (DAYS - 2) * DAY
    signed_up[late] = _on_milliseconds(begins[late] + (rng.random(late.sum()) * 10 * DAY).astype(np.int64))

    kind = rng.random(count)
    moves = (kind < 0.02) & (home >= 0)
    consults = (kind >= 0.02) & (kind < 0.03) & (home >= 0)
    other = np.where(moves | consults, rng.integers(0, accounts, count), -1).astype(np.int32)
    other[other == home] = -1
    lives = np.where(rng.random(count) < 0.4, DAYS, rng.exponential(120, count))
    return People(
        signed_up=signed_up,
        ends=(_day_of(signed_up) + lives.astype(np.int32) + 2).astype(np.int32),
        weight=rng.lognormal(0, 0.9, count).astype(np.float32),
        habit=rng.uniform(0.15, 0.95, count).astype(np.float32),
        home=home,
        other=other,
        joins_other=_on_milliseconds(signed_up + (rng.uniform(5, 150, count) * DAY).astype(np.int64)),
        leaves_home=moves,
        role=rng.choice(4, count, p=[0.03, 0.12, 0.7, 0.15]).astype(np.int8),
    )


def _skewed(rng: np.random.Generator, count: int, groups: int) -> Codes:
    """A group for each of `count`, group sizes log-normal; every group gets one member if there are enough."""
    shares = np.cumsum(rng.lognormal(0, 1.1, groups))
    drawn = np.searchsorted(shares, rng.random(count) * shares[-1]).astype(np.int32)
    drawn[:groups] = np.arange(min(groups, count), dtype=np.int32)
    return drawn


def _accounts(rng: np.random.Generator, created: Moments, people: People) -> Accounts:
    count = len(created)
    order = np.lexsort((people.signed_up, people.home))
    homes, first = np.unique(people.home[order], return_index=True)
    founder = np.full(count, -1, np.int32)
    founder[homes[homes >= 0]] = order[first[homes >= 0]]
    people.signed_up[founder[founder >= 0]] = created[founder >= 0]
    pays = _on_milliseconds(created + (rng.uniform(10, 90, count) * DAY).astype(np.int64))
    pays[(rng.random(count) >= 0.25) | (founder < 0) | (pays >= START + DAYS * DAY)] = -1
    return Accounts(
        created=created,
        founder=founder,
        pays=pays,
        storage_gb=rng.lognormal(1.0, 0.8, count).astype(np.float32),
        storage_growth=rng.lognormal(0.5, 1.0, count).astype(np.float32),
    )


def _traits(rng: np.random.Generator, accounts: Accounts) -> Traits:
    """At creation, at the first payment, and for a third of the accounts once more: a new size and perhaps plan."""
    count = len(accounts)
    everyone = np.arange(count, dtype=np.int32)
    paying = np.flatnonzero(accounts.pays >= 0).astype(np.int32)
    grown = np.flatnonzero(rng.random(count) < 0.33).astype(np.int32)
    plan = np.zeros(count, np.int8)
    paid_plan = rng.choice([1, 2, 3], count, p=[0.7, 0.25, 0.05]).astype(np.int8)
    employees = np.ceil(rng.lognormal(3.5, 1.3, count))
    employees[rng.random(count) < 0.05] = np.nan
    industry = rng.choice(len(INDUSTRIES), count, p=[0.3, 0.15, 0.12, 0.1, 0.1, 0.1, 0.08, 0.05]).astype(np.int8)
    industry[rng.random(count) < 0.04] = -1
    grows_at = _on_milliseconds(accounts.created + (rng.uniform(20, 200, count) * DAY).astype(np.int64))
    paid_by_then = (accounts.pays >= 0) & (accounts.pays <= grows_at)
    grown_plan = np.where(paid_by_then, np.minimum(paid_plan + rng.integers(0, 2, count), 3), 0).astype(np.int8)
    account = np.concatenate([everyone, paying, grown])
    time = np.concatenate([accounts.created, accounts.pays[paying], grows_at[grown]])
    plans = np.concatenate([plan, paid_plan[paying], grown_plan[grown]])
    sizes = np.concatenate([employees, employees[paying], np.ceil(employees * 1.4)[grown]])
    order = np.lexsort((account, time))
    order = order[time[order] < START + DAYS * DAY]
    return Traits(time[order], account[order], plans[order], industry[account[order]], sizes[order])


def _moments(day: NDArray[np.float64]) -> Moments:
    return _on_milliseconds(START + (day * DAY).astype(np.int64))


def _on_milliseconds(moments: Moments) -> Moments:
    return moments // MILLISECOND * MILLISECOND


def _day_of(moments: Moments) -> NDArray[np.int32]:
    return ((moments - START) // DAY).astype(np.int32)
