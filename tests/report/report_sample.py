"""Reports to render: a full one such as a year of a software company gives, an empty one, a huge one, a hostile one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fireflower.language.nodes import (
    Between,
    Compare,
    Condition,
    Count,
    Events,
    Last,
    Latest,
    Members,
    OneOf,
    Property,
    Ratio,
    Recency,
    Trait,
)
from fireflower.model.moments import DAY, HOUR, WEEK, parse_moment
from fireflower.report import (
    Change,
    Criterion,
    DataSummary,
    DefinitionReport,
    Doer,
    Evidence,
    KeptAside,
    Lead,
    LeftOut,
    ReportData,
)
from fireflower.review.intervals import difference, rate, ratio, unknown, wilson
from fireflower.review.results import (
    Backtest,
    Comparison,
    Coverage,
    Funnel,
    FunnelCohort,
    FunnelStage,
    LeadTimes,
    ThresholdCurve,
    TimeToValue,
    WeeklyCohort,
    WeeklyVolume,
)
from fireflower.review.survival import Curve, kaplan_meier, spans

AS_OF = parse_moment("2026-03-30T16:42")
FIRST_WEEK = parse_moment("2025-03-31")
MONTHS = [parse_moment(f"{2025 + (m + 3) // 12}-{(m + 3) % 12 + 1:02d}-01") for m in range(12)]

CRITERIA = (
    Criterion(Condition(Count(Events(("Channel Created",))), Compare(">=", 2)), "channels", "value"),
    Criterion(Condition(Members(), Compare(">=", 3)), "members", "value"),
    Criterion(Condition(Count(Events(("Message Sent",))), Compare(">=", 2000)), "messages", "value"),
    Criterion(Condition(Trait("account", "employees"), Between(25, 500)), "employees", "fit"),
    Criterion(Condition(Trait("account", "industry"), OneOf(("software", "media"))), "industry", "fit"),
    Criterion(
        Condition(Count(Events(("Pricing Viewed",)), Last(30 * DAY)), Compare(">=", 2)),
        "pricing visits, 30 days",
        "intent",
    ),
    Criterion(
        Condition(
            Ratio(Latest(Property("used"), Events(("Storage",))), Trait("account", "plan_gb")), Compare(">=", 0.9)
        ),
        "storage used of the limit",
        "intent",
    ),
    Criterion(Condition(Recency(Events(("Message Sent",))), Compare("<", 7 * DAY)), "since the last message"),
)
STEPS = (
    "Connect the CRM: 1 of 4 integrations used",
    "Invite two more colleagues from the design team",
    "Look at pricing once more (1 of 2 visits)",
    "",
    "Create the first shared channel with a customer",
)
TRUTHS = ("will buy", "will buy", "will buy", "happy free user", "viral spike", "will not buy")
FIRST_NAMES = ("Northwind", "Lumen", "Harbour", "Juniper", "Kestrel", "Ostara", "Pallas", "Quarry", "Sable", "Tessera")
LAST_NAMES = ("Analytics", "Studios", "Logistics", "Robotics", "Media", "Health", "Labs", "Foods")


def full(leads: int = 134, truth: bool = True) -> ReportData:
    """A year of a company whose product is a team messenger, with two definitions."""
    rng = np.random.default_rng(7)
    return ReportData(
        project="Parley",
        as_of=AS_OF,
        version="0.1.0",
        simulated=truth,
        definitions=(_team(rng, leads, truth), _hand_raise(rng, truth)),
        data=DataSummary(
            events=612_408,
            people=18_221,
            accounts=2_140,
            first=FIRST_WEEK + 3 * HOUR,
            last=AS_OF,
            left_out=(
                LeftOut("person", "email ends with “@parley.example”", 41),
                LeftOut("person", "bot is true", 12),
                LeftOut("account", "test account is true", 6),
            ),
            kept_aside=(
                KeptAside("events-2025-07.csv.gz", "no user and no anonymous id", 37),
                KeptAside("events-2025-11.csv.gz", "time is 9999-12-31, expected 1970 to 2100", 2),
            ),
        ),
    )


def empty() -> ReportData:
    """A project without data: one definition, no goal."""
    return ReportData("Fresh start", None, "0.1.0", definitions=(DefinitionReport("first-try", "person"),))


def nobody() -> ReportData:
    """Data and a goal, but nobody ever qualified."""
    data = full(0)
    backtest = _backtest(np.random.default_rng(1), weekly=0.0, goals=0)
    nothing = DefinitionReport(
        "too-strict", "account", goal="Subscription Started", criteria=CRITERIA, backtest=backtest
    )
    return replace(data, definitions=(nothing,), simulated=False)


def small() -> ReportData:
    """So few subjects that every figure needs a warning."""
    rng = np.random.default_rng(3)
    team = replace(_team(rng, 3, truth=False), backtest=_backtest(rng, weekly=0.3, goals=9))
    return replace(full(), definitions=(team,), simulated=False)


def hostile(text: str) -> ReportData:
    """`text` wherever a user's own text can stand."""
    data = full(3)
    leads = [
        replace(
            lead,
            subject=text,
            name=text,
            facts=(text, text),
            next_step=text,
            truth=text,
            doers=(Doer(text, text, 0),),
        )
        for lead in data.definitions[0].leads
    ]
    criteria = tuple(replace(criterion, label=text) for criterion in CRITERIA)
    curves = tuple(replace(curve, label=text) for curve in data.definitions[0].thresholds)
    definition = replace(
        data.definitions[0],
        name=text,
        description=text,
        english=(text, "  " + text),
        goal=text,
        leads=tuple(leads),
        criteria=criteria,
        thresholds=curves,
        changes=(Change(AS_OF, text, "entered", text, text, text),),
    )
    summary = DataSummary(left_out=(LeftOut("person", text, 1),), kept_aside=(KeptAside(text, text, 1),))
    return replace(data, project=text, definitions=(definition,), data=summary, notes=(text,), version=text)


def _team(rng: np.random.Generator, leads: int, truth: bool) -> DefinitionReport:
    return DefinitionReport(
        name="team-ready-to-pay",
        subjects="account",
        kind="usage",
        description="Teams that work in Parley every day and are near what the free plan gives them.",
        english=(
            "An account qualifies while all of these hold:",
            "  - value: it created at least 2 channels, has at least 3 members, and sent at least 2,000 messages",
            "  - fit: it has 25 to 500 employees, and its industry is software or media",
            "  - intent: at least one of these",
            "    - it viewed pricing at least 2 times in the last 30 days",
            "    - it uses at least 90 % of its storage",
            "It ends when the account starts a subscription, or when one of these no longer holds.",
        ),
        goal="Subscription Started",
        criteria=CRITERIA,
        leads=tuple(sorted((_lead(rng, i, truth) for i in range(leads)), key=lambda lead: -lead.since)),
        changes=_changes(rng, 31),
        volume=_volume(rng, "account"),
        funnel=_funnel(rng),
        time_to_value=_time_to_value(rng),
        backtest=_backtest(rng),
        thresholds=(
            _threshold(rng, CRITERIA[2], (500, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 7500, 10000), 3),
            _threshold(rng, CRITERIA[1], (1, 2, 3, 4, 5, 6, 8), 2),
            _threshold(rng, CRITERIA[5], (0, 1, 2, 3, 4, 5), 2),
            _threshold(rng, CRITERIA[7], (1, 2, 3, 5, 7, 10, 14, 21, 30), 4, unit="days"),
        ),
    )


def _hand_raise(rng: np.random.Generator, truth: bool) -> DefinitionReport:
    """A definition with little behind it, and without a goal."""
    criteria = (
        Criterion(Condition(Count(Events(("Talk To Sales Clicked",))), Compare(">=", 1)), "asked for a call", "intent"),
    )
    leads = tuple(
        Lead(
            f"person-{i}@kestrel.example",
            AS_OF - i * 3 * DAY,
            (Evidence(True, 1.0, AS_OF - i * 3 * DAY),),
            "Answer within a day",
            truth="will buy" if truth else "",
        )
        for i in range(5)
    )
    return DefinitionReport(
        "hand-raise", "person", "hand raise", english=("A person qualifies once they have asked for a call.",),
        criteria=criteria, leads=leads, changes=_changes(rng, 3), volume=_volume(rng, "person", 0.6),
    )  # fmt: skip


def _lead(rng: np.random.Generator, i: int, truth: bool) -> Lead:
    entered = AS_OF - int(rng.exponential(30) * DAY) - int(rng.integers(0, DAY))
    name = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
    pricing, storage = int(rng.integers(0, 6)), float(rng.uniform(0.4, 1))
    employees = int(rng.integers(25, 480))
    quantities = (
        float(rng.integers(2, 14)), float(rng.integers(3, 40)), float(rng.integers(2000, 12000)), float(employees),
        str(rng.choice(["software", "media"])), float(pricing), storage, float(rng.integers(0, 9 * 24)) * HOUR,
    )  # fmt: skip
    holds = (True, True, True, True, True, pricing >= 2, storage >= 0.9, quantities[7] < 7 * DAY)
    evidence = [
        Evidence(h, q, entered - int(rng.integers(0, 40)) * DAY) for h, q in zip(holds, quantities, strict=True)
    ]
    return Lead(
        subject=f"acc_{10_000 + i * 37}",
        since=entered,
        evidence=tuple(evidence),
        next_step=str(rng.choice(STEPS)),
        name=name,
        facts=(f"{employees} employees", str(quantities[4])),
        truth=str(rng.choice(TRUTHS)) if truth else "",
        doers=(
            Doer(f"Ann Lee, ann@{name.lower().replace(' ', '')}.example (owner)", "channels 2 of 3", entered),
            Doer(f"u_{i}", "channels 1 of 3", entered - DAY),
        ),
    )


def _changes(rng: np.random.Generator, count: int) -> tuple[Change, ...]:
    made = []
    for i in range(count):
        entered = rng.random() < 0.6
        reason = "qualified" if entered else str(rng.choice(["lapsed", "converted", "converted", "left out"]))
        tipped = "Message Sent: 2,000 messages" if entered else "Subscription Started" if reason == "converted" else ""
        name = f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"
        at = AS_OF - int(i * 14 * DAY / count)
        made.append(Change(at, f"acc_{20_000 + i}", "entered" if entered else "left", reason, tipped, name))
    return tuple(made)


def _volume(rng: np.random.Generator, subjects: str, weekly: float = 11.0) -> WeeklyVolume:
    weeks = np.arange(53) * WEEK + FIRST_WEEK
    first = rng.poisson(weekly * np.linspace(0.5, 1.5, 53))
    complete = weeks + WEEK <= AS_OF
    stock = np.cumsum(np.maximum(0, first - rng.poisson(weekly * 0.75, 53)))
    return WeeklyVolume(
        weeks,
        first,
        rng.poisson(2, 53),
        rng.poisson(weekly * 0.75, 53),
        stock,
        complete,
        rate(int(first.sum()), 52),
        0,
        subjects,
    )


def _funnel(rng: np.random.Generator) -> Funnel:
    names = ("signed up", "activated", "qualified", "reached the goal")
    counts = (2_140, 1_322, 508, 231)
    stages = []
    for i, (name, n) in enumerate(zip(names, counts, strict=True)):
        before = counts[max(0, i - 1)]
        days = spans(rng.exponential(4.0 * (i + 1), n))
        stages.append(FunnelStage(name, n + 12, n, wilson(n, before), wilson(n, counts[0]), days))
    months = [
        FunnelCohort(
            month,
            tuple(int(n / 12 * f) for n, f in zip(counts, (1, 1, 1 - i / 14, 1 - i / 12), strict=True)),
            365 - 30.4 * i,
        )
        for i, month in enumerate(MONTHS)
    ]
    return Funnel(tuple(stages), tuple(months), "account")


def _curve(rng: np.random.Generator, share: float, mean: float, last: float, n: int = 2140) -> Curve:
    happened = rng.random(n) < share
    days = np.where(happened, rng.exponential(mean, n), rng.uniform(last / 3, last * 2, n))
    return kaplan_meier(days, happened & (days < last), np.linspace(0, last, 91))


def _time_to_value(rng: np.random.Generator) -> TimeToValue:
    curves = (("activated", 0.68, 5), ("qualified", 0.3, 25), ("reached the goal", 0.16, 45))
    return TimeToValue(tuple((name, _curve(rng, share, mean, 90)) for name, share, mean in curves), "account")


def _cohorts(rng: np.random.Generator, weekly: float) -> tuple[WeeklyCohort, ...]:
    made = []
    for i in range(53):
        week, n = FIRST_WEEK + i * WEEK, int(rng.poisson(weekly))
        too_late = int(rng.binomial(n, 0.03))
        open_ = week + 5 * WEEK > AS_OF
        followed = 0 if open_ else n - too_late
        converted = int(rng.binomial(followed, 0.41))
        pending = n - too_late - followed
        made.append(
            WeeklyCohort(
                week, n, followed, converted, wilson(converted, followed), pending, int(pending * 0.2), too_late
            )
        )
    return tuple(made)


def _backtest(rng: np.random.Generator, weekly: float = 11.0, goals: int = 331) -> Backtest:
    weeks = _cohorts(rng, weekly)
    followed, converted = sum(w.followed for w in weeks), sum(w.converted for w in weeks)
    precision = wilson(converted, followed)
    before = int(goals * 0.68)
    times = rng.exponential(14, before)
    matched = max(0, followed - 14)
    qualified = wilson(int(matched * 0.41), matched)
    controls = wilson(int(matched * 0.094), matched)
    lift = ratio(qualified, controls)
    at_least = tuple((d, wilson(int((times >= d).sum()), before)) for d in (1, 7, 14, 30))
    return Backtest(
        definition="team-ready-to-pay",
        subjects="account",
        goal="Subscription Started",
        horizon_days=30.0,
        as_of=AS_OF,
        population=2_140,
        left_out=6,
        entries=int(weekly * 60),
        entered=sum(w.entered for w in weeks),
        followed=followed,
        converted=converted,
        precision=precision,
        pending=sum(w.pending for w in weeks),
        pending_converted=sum(w.pending_converted for w in weeks),
        too_late=sum(w.too_late for w in weeks),
        known_later=0,
        followed_partly=precision,
        time_to_goal=spans(rng.exponential(9, converted)),
        curve=_curve(rng, 0.55, 18, 90, n=followed),
        weeks=weeks,
        coverage=Coverage(
            goals, before, wilson(before, goals), int(before * 0.9), LeadTimes(spans(times), at_least), "account"
        ),
        comparison=Comparison(
            matched, followed - matched, 0, qualified, controls, lift, difference(qualified, controls),
            1_204 if matched else 0, 44.0 if matched else float("nan"), ((1, matched),) if matched else (),
            30.0, "account",
        ),
    )  # fmt: skip


def _threshold(
    rng: np.random.Generator, criterion: Criterion, bounds: tuple[float, ...], current: int, unit: str = ""
) -> ThresholdCurve:
    rising = np.linspace(0, 1, len(bounds))
    if unit:
        rising = rising[::-1]
    entered = [int(900 * (1 - 0.85 * r) + rng.integers(0, 20)) for r in rising]
    followed = [int(n * 0.8) for n in entered]
    precision = tuple(wilson(int(n * (0.22 + 0.4 * r)), n) for n, r in zip(followed, rising, strict=True))
    coverage = tuple(wilson(int(331 * (0.85 - 0.6 * r)), 331) for r in rising)
    return ThresholdCurve(
        criterion.condition, criterion.label, "", tuple(map(float, bounds)), current, unit,
        tuple(n / 52 for n in entered), tuple(entered), tuple(followed), precision, coverage,
    )  # fmt: skip


def unknown_curve() -> ThresholdCurve:
    """A curve about which nothing is known."""
    nothing = unknown("Wilson score interval")
    nan = float("nan")
    return ThresholdCurve(
        CRITERIA[1].condition,
        "members",
        "",
        (1.0, 2.0),
        0,
        "",
        (nan, nan),
        (0, 0),
        (0, 0),
        (nothing,) * 2,
        (nothing,) * 2,
    )
