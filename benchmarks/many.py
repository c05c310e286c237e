"""Any number of definitions over the benchmark's events, as a company with many teams would write them.

Each combines three to five conditions on quantities of one pool, at bounds of its own. So 200 definitions share
quantities, as real ones do; the first 20 of them already name most of the pool.
"""

from __future__ import annotations

import random

from fireflower.language.nodes import (
    Actors,
    All,
    AnyOf,
    AnySpan,
    Between,
    Compare,
    Condition,
    Count,
    Definition,
    Distinct,
    DistinctDays,
    Elapsed,
    EventPoints,
    Events,
    Ever,
    Extreme,
    FieldTest,
    Formula,
    Last,
    Latest,
    Members,
    OneOf,
    Property,
    Quantity,
    Ratio,
    Recency,
    Score,
    Sequence,
    Sessions,
    Streak,
    Sum,
    Test,
    TimeSpent,
    Trait,
    Within,
)
from fireflower.model.moments import DAY, MINUTE
from fireflower.model.records import SubjectKind

SIGN_UP = Events(("Signed Up",))
TRIAL = Events(("Trial Started",))
GOAL = Events(("Subscription Started",))
ANY = Events()
REPORT = Events(("Report Run",))
OWN_REPORT = Events(("Report Run",), FieldTest(Property("source"), OneOf(("sample",), negated=True)))
WEEK, MONTH = Last(7 * DAY), Last(30 * DAY)
NAMES = ("Message Sent", "Flow Edited", "File Uploaded", "Comment Added", "Export Downloaded", "Dashboard Shared")

Pool = list[tuple[Quantity, tuple[Test, ...]]]
"""Quantities, each with the tests that definitions put to it."""


def definitions(count: int, seed: int = 7) -> tuple[Definition, ...]:
    """The first `count` of an endless list of definitions."""
    rng = random.Random(seed)
    pools: dict[SubjectKind, Pool] = {"account": [*_both(), *_accounts()], "person": [*_both(), *_people()]}
    return tuple(_definition(rng, i, pools) for i in range(count))


def _definition(rng: random.Random, number: int, pools: dict[SubjectKind, Pool]) -> Definition:
    subject: SubjectKind = "account" if number % 2 else "person"
    parts: list[Formula] = [
        Condition(quantity, rng.choice(tests)) for quantity, tests in rng.sample(pools[subject], rng.randint(3, 5))
    ]
    formula = All((*parts[:2], AnyOf(tuple(parts[2:])))) if number % 4 == 3 else All(tuple(parts))
    cooldown = rng.choice((0, 0, 7 * DAY))
    return Definition(f"{subject}-{number:03}", subject, formula, goal=GOAL, cooldown=cooldown)


def _at_least(*bounds: float) -> tuple[Test, ...]:
    return tuple(Compare(">=", bound) for bound in bounds)


def _both() -> Pool:
    """Quantities that people and accounts have."""
    return [
        *((Count(Events((name,)), MONTH), _at_least(10, 20, 40)) for name in NAMES),
        (Count(REPORT), _at_least(30, 100, 200)),
        (Count(OWN_REPORT, WEEK), _at_least(5, 8, 12)),
        (Count(ANY, WEEK), _at_least(40, 80, 150)),
        (DistinctDays(ANY, WEEK), _at_least(4, 5, 6)),
        (DistinctDays(ANY, AnySpan(7 * DAY)), _at_least(4, 5, 6)),
        (Distinct(Property("source"), REPORT, MONTH), _at_least(4, 5, 6)),
        (Sum(Property("rows"), OWN_REPORT, Ever()), _at_least(5_000, 20_000, 50_000)),
        (Extreme("max", Property("rows"), REPORT, MONTH), _at_least(1_000, 3_000)),
        (Recency(ANY), tuple(Compare("<", days * DAY) for days in (3, 7, 14))),
        (Streak(ANY), _at_least(4, 5, 6)),
        (Sequence((Events(("Flow Edited",)), REPORT, Events(("Teammate Invited",))), 3 * DAY), _at_least(3)),
        (Count(Events(("Pricing Viewed",)), MONTH), _at_least(2, 3, 5)),
        (_engagement(None), _at_least(30, 50, 70)),
        (_engagement(30 * DAY), _at_least(25, 40, 60)),
        (Trait("account", "industry"), (OneOf(("software", "internet")), OneOf(("finance", "health")))),
        (Trait("account", "employees"), (Between(10, 500), Between(50, 1000), Compare("<", 100.0))),
    ]


def _accounts() -> Pool:
    storage = Ratio(Latest(Property("used_gb"), Events(("Storage Reported",))), Trait("account", "plan_gb"))
    return [
        (Members(), _at_least(2, 3, 5, 10)),
        (Members(("owner", "admin")), _at_least(1, 2)),
        (Actors(REPORT, MONTH), _at_least(2, 3, 5)),
        (Actors(ANY, WEEK), _at_least(2, 4)),
        (storage, _at_least(0.5, 0.7, 0.9)),
        (Count(Events(("Integration Connected",)), Within(TRIAL, None)), _at_least(1, 2)),
        (Count(Events(("Limit Reached",)), MONTH), _at_least(1, 2)),
    ]


def _people() -> Pool:
    return [
        (Elapsed(SIGN_UP), tuple(Compare("<", days * DAY) for days in (14, 60, 120))),
        (Sessions(ANY, 30 * MINUTE, Within(SIGN_UP, 30 * DAY)), _at_least(5, 10, 20)),
        (TimeSpent(ANY, 30 * MINUTE, WEEK), _at_least(1, 2, 4)),
        (Sum(Property("minutes"), Events(("Flow Edited",)), WEEK), _at_least(30, 60)),
        (Count(Events(("Teammate Invited",)), Within(SIGN_UP, 14 * DAY)), _at_least(1, 2)),
    ]


def _engagement(half_life: int | None) -> Score:
    each = (
        ("Message Sent", 0.5, 20),
        ("Report Run", 1, 20),
        ("Integration Connected", 5, 20),
        ("Teammate Invited", 2, 20),
    )
    return Score(tuple(EventPoints(Events((name,)), points, cap) for name, points, cap in each), half_life)
