"""Controls: against the slow obvious way, and in simulated worlds where the truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from review_worlds import Person, controls_of, enters, world

from fireflower.model.moments import DAY, NEVER
from fireflower.review import matching
from fireflower.review.backtest import backtest, first_entries
from fireflower.review.matching import WIDTHS, at_risk, before_goal, compare, influence, match
from fireflower.review.moments import Moments, Spells
from fireflower.review.results import Comparison

HORIZON = 10 * DAY


@st.composite
def people(draw: st.DrawFn) -> Person:
    """Times on a grid of whole days, so that ties and edges are hit."""
    start = draw(st.none() | st.integers(0, 40))
    begin = start or 0
    days = draw(st.lists(st.integers(0, 30), max_size=6, unique=True).map(sorted))
    lag = draw(st.sampled_from([0, 0, 0, 1, 3]))
    ends: list[int | None] = [*days[1::2], None]
    spells, known = [], 0
    for i, day in enumerate(days[::2]):
        entered, left = begin + day, None if ends[i] is None else begin + ends[i]
        known = max(known, entered + lag)
        left_known = None if left is None else max(known, left)
        spells.append((entered, known, left, left_known))
        known = known if left_known is None else left_known
    return Person(
        start=start,
        goal=draw(st.none() | st.integers(0, 60)),
        spells=tuple(spells),
        start_known=None if start is None else start + draw(st.sampled_from([0, 0, 2])),
        left_out=draw(st.none() | st.none() | st.integers(0, 60)),
    )


@settings(max_examples=300, deadline=None)
@given(st.lists(people(), min_size=1, max_size=14), st.integers(20, 70), st.integers(1, 3))
def test_controls_are_those_found_one_by_one(everyone: list[Person], as_of: int, enough: int) -> None:
    moments, spells = world(everyone, as_of)
    firsts = first_entries(moments, spells, HORIZON)
    aged = firsts.followed & (moments.start_known[firsts.subject] <= firsts.entered)
    subject, entered = firsts.subject[aged], firsts.entered[aged]
    risk = at_risk(moments, spells, HORIZON)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "ENOUGH", enough)
        found = match(moments, risk, before_goal(risk, moments, HORIZON), subject, entered - moments.start[subject])
    for i, (who, when) in enumerate(zip(subject.tolist(), entered.tolist(), strict=True)):
        sizes = {width: controls_of(moments, spells, who, when, HORIZON, width) for width in WIDTHS}
        width = next((width for width in WIDTHS if len(sizes[width][0]) >= enough), 0)
        controls, converted = sizes.get(width, (set(), set()))
        assert found.width[i] == width
        assert found.controls[i] == len(controls)
        assert found.converted[i] == len(converted)
        assert who not in controls


@settings(max_examples=100, deadline=None)
@given(st.lists(people(), min_size=4, max_size=14), st.integers(30, 70))
def test_influence_is_the_sum_over_pairs(everyone: list[Person], as_of: int) -> None:
    moments, spells = world(everyone, as_of)
    firsts = first_entries(moments, spells, HORIZON)
    aged = firsts.followed & (moments.start_known[firsts.subject] <= firsts.entered)
    subject, entered = firsts.subject[aged], firsts.entered[aged]
    age = entered - moments.start[subject]
    risk = at_risk(moments, spells, HORIZON)
    goals = before_goal(risk, moments, HORIZON)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "ENOUGH", 2)
        found = match(moments, risk, goals, subject, age)
    pull = influence(moments, risk, goals, subject, age, found)
    slow, weight = np.zeros(len(moments)), np.zeros(len(moments))
    n = int((found.width > 0).sum())
    for i in np.flatnonzero(found.width):
        controls, converted = controls_of(
            moments, spells, int(subject[i]), int(entered[i]), HORIZON, int(found.width[i])
        )
        k, m = len(controls), len(converted) / len(controls)
        for other in controls:
            weight[other] += 1 / (k * n)
            slow[other] += ((other in converted) - m) / (k * n) * math.sqrt(k / (k - 1))
    assert pull.of_subject == pytest.approx(slow, abs=1e-12)
    assert pull.weight == pytest.approx(weight, abs=1e-12)


def sketch(controls: int, converting: int) -> Comparison:
    """One who enters at day 5 and converts, among controls who do not enter, of whom some convert on day 8."""
    everyone = [Person(spells=enters(5), goal=9.0)]
    everyone += [Person(goal=8.0 if i < converting else None) for i in range(controls)]
    moments, spells = world(everyone, 60)
    return compare(moments, spells, np.array([0]), spells.entered_known, HORIZON)


def test_one_entry_among_ten_controls() -> None:
    result = sketch(10, 3)
    assert (result.matched, result.unmatched, result.control_subjects, result.pool) == (1, 0, 10, 10.0)
    assert result.qualified.value == 1
    assert result.controls.value == pytest.approx(0.3)
    assert result.lift.value == pytest.approx(1 / 0.3)
    assert result.difference.value == pytest.approx(0.7)
    assert result.widths == ((1, 1), (4, 0), (13, 0))


def test_an_entry_at_the_start_has_age_0_and_a_goal_at_the_end_of_the_horizon_counts_on_both_sides() -> None:
    everyone = [Person(spells=enters(0), goal=10.0), *[Person(goal=10.0)] * 3, *[Person(goal=10.5)] * 3]
    moments, spells = world(everyone, 60)
    result = compare(moments, spells, np.array([0]), spells.entered_known, HORIZON)
    assert (result.ageless, result.matched, result.qualified.value, result.controls.value) == (0, 1, 1.0, 0.5)


def test_too_few_controls_are_none() -> None:
    result = sketch(4, 1)
    assert (result.matched, result.unmatched) == (0, 1)
    assert not result.qualified.known
    assert not result.lift.known
    assert "nobody to compare with" in result.sentences()[0]


def test_no_control_that_converts_leaves_the_lift_open_and_the_difference_known() -> None:
    result = sketch(10, 0)
    assert not result.lift.known
    assert result.controls.value == 0
    assert result.controls.high > 0
    assert result.difference.value == 1


def test_the_sign_up_cohort_widens_only_where_it_must() -> None:
    everyone = [Person(start=28.0, spells=enters(30))]
    everyone += [Person(start=28.0 + 7 * (i % 3), goal=None) for i in range(9)]
    moments, spells = world(everyone, 90)
    result = compare(moments, spells, np.array([0]), spells.entered_known, HORIZON)
    assert dict(result.widths)[1] == 0
    assert result.matched == 1


def test_a_subject_without_a_known_start_has_no_age() -> None:
    everyone = [Person(start=None, spells=enters(5)), Person(start=8.0, spells=enters(5)), *[Person()] * 8]
    moments, spells = world(everyone, 60)
    result = compare(moments, spells, np.array([0, 1]), spells.entered_known, HORIZON)
    assert (result.ageless, result.matched) == (2, 0)


# --- Worlds with a known truth ----------------------------------------------------------------------------------------


def harmless(rng: np.random.Generator, n: int, span: float = 300.0) -> tuple[Moments, Spells, np.ndarray]:
    """A world in which the behaviour says nothing about the goal, but time and what follows the goal pretend it does.

    Everybody has a hidden readiness, and is likeliest to pay in the first days. The behaviour comes at random before
    the goal, and ten times as often after it, as paying customers use more. Also returned: who has ever shown it.
    """
    start = rng.uniform(0, span - 60, n)
    hazard = np.where(rng.random(n) < 0.3, 0.02, 0.004)
    early = rng.random(n) < 0.15
    goal = start + np.where(early, rng.exponential(5.0, n), rng.exponential(1 / hazard))
    behaviour = start + rng.exponential(40.0, n)
    after = goal + rng.exponential(4.0, n)
    ever = np.minimum(behaviour, after) <= span
    everyone = [
        Person(start=s, goal=g if g <= span else None, spells=enters(b) if b < min(g, span) else ())
        for s, g, b in zip(start.tolist(), goal.tolist(), behaviour.tolist(), strict=True)
    ]
    return *world(everyone, span), ever


def test_where_the_behaviour_says_nothing_the_naive_comparison_sees_much_and_ours_nothing() -> None:
    moments, spells, ever = harmless(np.random.default_rng(5), 6000)
    paid = moments.goal < NEVER
    naive = paid[ever].mean() / paid[~ever].mean()
    lift = backtest(moments, spells).comparison.lift
    assert naive > 1.5
    assert lift.low < 1 < lift.high
    assert 0.8 < lift.value < 1.25


def test_the_intervals_of_lift_and_difference_cover_nothing_where_there_is_nothing() -> None:
    rng = np.random.default_rng(17)
    results = []
    for _ in range(200):
        moments, spells, _ = harmless(rng, 400)
        results.append(backtest(moments, spells).comparison)
    of_lift = np.mean([r.lift.low <= 1 <= r.lift.high for r in results])
    of_difference = np.mean([r.difference.low <= 0 <= r.difference.high for r in results])
    assert 0.91 < of_lift < 0.99
    assert 0.91 < of_difference < 0.99


def test_a_real_difference_is_found() -> None:
    """The behaviour triples the hazard of the goal from 0.01 a day; controls may come to behave so later."""
    rng = np.random.default_rng(23)
    n, span = 3000, 300.0
    everyone = []
    times = (rng.uniform(0, 240, n), rng.exponential(60, n), rng.exponential(100, n), rng.exponential(100 / 3, n))
    for start, b, u, v in zip(*times, strict=True):
        goal = start + (u if u < b else b + v)
        entered = start + b
        spells = enters(entered) if entered < min(goal, span) else ()
        everyone.append(Person(start=start, goal=goal if goal <= span else None, spells=spells))
    result = backtest(*world(everyone, span)).comparison
    assert result.lift.low > 1.5
    assert result.qualified.value == pytest.approx(1 - math.exp(-0.9), abs=0.05)


def test_a_century_of_clock_error_does_not_overflow() -> None:
    everyone = [Person(start=-19000.0), Person(start=27000.0, spells=enters(27010)), *[Person(start=27000.0)] * 6]
    moments, spells = world(everyone, 27100)
    result = compare(moments, spells, np.array([1]), spells.entered_known, HORIZON)
    assert (result.matched, result.control_subjects) == (1, 6)
