"""The truth is true: what worlds are said to be is what they are, within what chance allows over several seeds."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy import stats

from benchmarks.proving import KINDS, Kind, Truth, World, build, kind
from benchmarks.proving.chance import Bools, Ints
from benchmarks.proving.features import Table, at_landmark
from benchmarks.proving.history import DAY, GOAL, MINUTE, NEVER, SIGN_UP, START

SEEDS = range(1, 4)
EVENTS = 16
SAME = ("small", "reminders", "after", "leaks", "accounts")
"""Kinds that are \"and\" but for their size, traps or ids."""
RULED = [name for name, each in KINDS.items() if each.form and name not in SAME]
UNRULED = [name for name, each in KINDS.items() if not each.form]


class Facts(NamedTuple):
    """What the tests look at in a world, without its millions of records."""

    kind: Kind
    truth: Truth
    table: Table
    team: Ints

    @property
    def compared(self) -> Bools:
        """Those at risk at the landmark who signed up while some rule was true."""
        there = self.truth.at_risk(self.kind.landmark)
        for place, era in enumerate(self.truth.eras):
            if era.rule is None:
                there &= (self.truth.signed_up < era.since) | (place == 0)
        return there


def world(name: str, seed: int = 1, **changes: Any) -> World:
    return build(kind(name, **{"conversions": 60, "events": EVENTS, **changes}), seed)


@cache
def facts(name: str, seed: int = 1, conversions: int = 40) -> Facts:
    each = world(name, seed, conversions=conversions)
    return Facts(each.kind, each.truth, at_landmark(each, each.kind.landmark), each.history.team)


def true_columns(truth: Truth, table: Table) -> list[int]:
    rule = truth.eras[0].rule
    assert rule is not None
    return [table.names.index(event) for event in rule.events]


@pytest.mark.parametrize("name", ["and", "bots", "bursts", "teams", "leaks", "accounts"])
def test_a_world_is_the_same_again(name: str) -> None:
    one, other = (world(name, 7, conversions=50) for _ in range(2))
    for part in ("subject", "event", "time", "signed_up", "team"):
        assert (getattr(one.history, part) == getattr(other.history, part)).all()
    assert one.truth.eras == other.truth.eras
    assert (np.diff(one.history.time) >= 0).all()


def test_seeds_differ_in_what_the_rule_is() -> None:
    assert len({str(facts("and", seed).truth.eras[0].rule) for seed in SEEDS}) == len(SEEDS)


@pytest.mark.parametrize("name", RULED)
def test_those_who_satisfy_the_rule_buy_three_times_as_often(name: str) -> None:
    bought, expected, count = np.zeros(2), np.zeros(2), np.zeros(2)
    for each in (facts(name, seed) for seed in SEEDS):
        holds, converts = each.truth.holds(each.kind.landmark), each.truth.converts(each.kind.landmark)
        for side in (0, 1):
            them = each.compared & (holds == bool(side))
            bought[side] += converts[them].sum()
            expected[side] += each.truth.chance[them].sum()
            count[side] += them.sum()
    others, held = expected / count
    assert held / others == pytest.approx(3, rel=0.08)
    rate = bought / count
    error = np.sqrt((1 / bought).sum()) * (2 if KINDS[name].teams else 1)  # of the log of the ratio; teams buy together
    assert abs(np.log(rate[1] / rate[0] / 3)) < 3 * error
    assert 0.1 < count[1] / count.sum() < 0.3


@pytest.mark.parametrize("name", [*RULED, *UNRULED])
def test_as_many_convert_as_asked_for_and_at_the_base_rate(name: str) -> None:
    them = [facts(name, seed) for seed in SEEDS]
    converted = sum(int(each.table.outcome.sum()) for each in them)
    spread = 3 if KINDS[name].teams else 1.2
    assert abs(converted - 40 * len(SEEDS)) < 3 * spread * (40 * len(SEEDS)) ** 0.5
    there = [each.truth.at_risk(7)[each.table.subject] for each in them]
    chances = [each.truth.chance[each.table.subject][at_risk].mean() for each, at_risk in zip(them, there, strict=True)]
    assert np.mean(chances) == pytest.approx(0.04, rel=0.03)


@pytest.mark.parametrize("name", UNRULED)
def test_where_nothing_matters_no_rule_holds(name: str) -> None:
    truth = facts(name).truth
    assert [era.rule for era in truth.eras] == [None]
    assert not truth.holds(7).any()
    assert (np.ptp(truth.chance) < 1e-12) == (name == "null")


def test_in_a_null_world_no_event_is_related_to_buying_beyond_chance() -> None:
    p = []
    for seed in SEEDS:
        table = facts("null", seed).table
        for column in range(EVENTS):
            did = table.values[:, column] > 0
            cells = [
                [(did & table.outcome).sum(), (did & ~table.outcome).sum()],
                [(~did & table.outcome).sum(), (~did & ~table.outcome).sum()],
            ]
            p.append(stats.fisher_exact(cells).pvalue)
    assert np.mean(np.array(p) < 0.05) < 0.09
    assert min(p) > 1e-5


def test_in_a_confounded_world_everything_is_related_to_buying() -> None:
    table = facts("confounded", conversions=120).table
    total = table.values[:, :EVENTS].sum(axis=1)
    assert stats.mannwhitneyu(total[table.outcome], total[~table.outcome]).pvalue < 1e-6


@pytest.mark.parametrize("correlation", [0.2, 0.5])
def test_activity_correlates_with_the_true_events_as_said(correlation: float) -> None:
    found, others = [], []
    for seed in SEEDS[:2]:
        each = world("and", seed, correlation=correlation, churn=0.0, events=60)
        table = at_landmark(each, 7)
        true = true_columns(each.truth, table)
        other = [column for column in range(60) if column not in true]
        activity = table.values[:, other].sum(axis=1)
        found += [stats.spearmanr(activity, table.values[:, column]).statistic for column in true]
        frequent = sorted(other, key=lambda column: -table.values[:, column].mean())[:2]
        others.append(stats.spearmanr(*table.values[:, frequent].T).statistic)
    assert np.mean(found) == pytest.approx(correlation, abs=0.035)
    assert np.mean(others) == pytest.approx(0.46, abs=0.05)  # latents 0.5, less what counting takes


def test_frequency_does_not_tell_true_events_from_others() -> None:
    places = []
    for seed in SEEDS:
        each = facts("and", seed)
        order = list(np.argsort(-each.table.values[:, :EVENTS].mean(axis=0)))
        places += [order.index(column) for column in true_columns(each.truth, each.table)]
    assert np.median(places) >= 2


def test_nobody_buys_or_acts_after_leaving() -> None:
    each = world("and")
    history, truth = each.history, each.truth
    last = np.zeros(history.subjects, np.int64)
    free = truth.bought == NEVER
    np.maximum.at(last, history.subject, history.time)
    assert (last < truth.leaves)[free].all()
    assert ((truth.bought == NEVER) | (truth.bought < truth.leaves)).all()
    month = truth.leaves - truth.signed_up < 30 * DAY
    assert month.mean() == pytest.approx(0.25, abs=0.03)


def test_records_agree_with_the_truth() -> None:
    each = world("and")
    end = START + (each.kind.last_sign_up + each.kind.span) * DAY
    assert (each.history.first(SIGN_UP) == each.truth.signed_up).all()
    assert (each.history.first(GOAL) == np.where(each.truth.bought < end, each.truth.bought, NEVER)).all()


def test_a_drifted_rule_means_nothing_or_another() -> None:
    gone, changed = world("drift"), world("changed")
    assert gone.truth.eras[0].rule is not None and gone.truth.rule_at(gone.cut) is None
    assert not gone.truth.holds(7)[gone.truth.signed_up >= gone.truth.eras[1].since].any()
    first, second = (era.rule for era in changed.truth.eras)
    assert first is not None and second is not None and not set(first.events) & set(second.events)


def test_a_viral_week_brings_people_who_buy_and_do_what_the_campaign_speaks_of() -> None:
    each = facts("viral", conversions=120)
    day = (each.truth.signed_up - START) // DAY
    sign_ups = np.bincount(day, minlength=160)
    assert sign_ups[60:67].sum() > 3 * sign_ups[30:37].sum()
    table = each.table
    came = np.isin(day[table.subject], np.arange(60, 67))
    assert table.outcome[came].mean() > 1.8 * table.outcome[~came].mean()
    decoys = [table.names.index(name) for name, why in each.truth.decoys.items() if why == "campaign"]
    assert len(decoys) == 2
    assert table.values[came][:, decoys].mean() > 1.3 * table.values[~came][:, decoys].mean()


def test_bots_do_much_round_the_clock_and_never_buy() -> None:
    each = facts("bots")
    table, bot = each.table, each.truth.bot
    assert bot.mean() == pytest.approx(0.05, abs=0.015)
    assert not table.outcome[bot[table.subject]].any()
    total = table.values[:, :EVENTS].sum(axis=1)
    assert np.median(total[bot[table.subject]]) > 3 * np.median(total[~bot[table.subject]])
    assert not each.truth.at_risk(7)[bot].any()


def test_bursts_are_many_within_minutes_and_the_rule_counts_days() -> None:
    each = world("bursts")
    rule = each.truth.eras[0].rule
    assert rule is not None and {condition.quantity for condition in rule.conditions} == {"days"}
    mine = each.history.event == each.history.names.index(rule.events[0])
    order = np.lexsort((each.history.time[mine], each.history.subject[mine]))
    subject, time = each.history.subject[mine][order], each.history.time[mine][order]
    close = (np.diff(subject) == 0) & (np.diff(time) <= MINUTE)
    assert close.mean() > 0.3


def test_seasons_and_trends_move_buying_and_activity() -> None:
    for name, early, late in (("seasons", (15, 45), (75, 105)), ("trend", (0, 40), (110, 150))):
        chances, totals = [], []
        each = facts(name, conversions=120)
        table = each.table
        day = (each.truth.signed_up[table.subject] - START) / DAY
        for low, high in (early, late):
            them = (day >= low) & (day < high)
            chances.append(each.truth.chance[table.subject[them]].mean())
            totals.append(table.values[them, :EVENTS].sum(axis=1).mean())
        assert chances[0] > 1.2 * chances[1]
        assert (totals[0] > totals[1]) == (name == "seasons")


def test_people_of_one_team_buy_together() -> None:
    each = facts("teams", conversions=120)
    team, there = each.team, each.truth.at_risk(7)
    bought = each.truth.converts(7).astype(float)
    sizes = np.bincount(team[there])
    per_team = np.bincount(team[there], weights=bought[there])[sizes > 1]
    sizes = sizes[sizes > 1]
    rate = per_team.sum() / sizes.sum()
    variance = ((per_team - rate * sizes) ** 2).sum() / (rate * (1 - rate) * sizes.sum())
    assert variance > 1.1  # 1 if people bought independently of each other


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"correlation": 0.9}, "correlation: expected 0 to 0.7, got 0.9"),
        ({"window": 8}, r"window: expected 1 to 7 \(landmark\), got 8"),
        ({"subject": "account", "teams": 1.0}, "teams: accounts belong to no account"),
    ],
)
def test_knobs_that_make_no_sense_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind("and", **changes)


def test_a_kind_that_is_not_there_is_told_of() -> None:
    with pytest.raises(ValueError, match="there is no kind of world 'xor'; there are and, or"):
        kind("xor")
