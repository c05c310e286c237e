"""Backtests of small histories worked out by hand, and every way in which there may be nothing to say."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from review_worlds import Person, enters, moment, spells_of, world

from fireflower.model.errors import ProjectError
from fireflower.model.moments import DAY, WEEK
from fireflower.review.backtest import backtest, coverage
from fireflower.review.results import Backtest
from fireflower.review.volume import weekly_volume

HISTORY = [
    Person(spells=enters(2), goal=12.0),  # converted after 10 days
    Person(spells=enters(3), goal=33.0),  # at the very end of the 30 days: within them
    Person(spells=enters(3), goal=33.5),  # just after: reached, but not within
    Person(spells=(*enters(9, 10), *enters(20)), goal=None),  # twice: counted once, at the first
    Person(spells=enters(30), goal=None),  # followed exactly to the end
    Person(spells=enters(31), goal=40.0),  # pending, has converted already
    Person(spells=enters(50), goal=None),  # pending
    Person(goal=20.0),  # reached the goal without
    Person(spells=((1.0, 8.0, None, None),), goal=5.0),  # known only after the goal
    Person(spells=((1.0, 99.0, None, None),), goal=None),  # known only after the end of the data
    Person(spells=enters(4, 5), goal=8.0),  # lapsed before the goal
    Person(left_out=7.0),  # left out by then: whatever they reach is no goal of ours
]


def run(people: list[Person], as_of: float = 60) -> Backtest:
    return backtest(*world(people, as_of), definition="team at work")


def test_a_history_counted_by_hand() -> None:
    result = run(HISTORY)
    assert (result.population, result.left_out) == (12, 1)
    assert (result.entries, result.entered) == (10, 9)
    assert (result.followed, result.converted) == (6, 3)
    assert result.precision.value == pytest.approx(0.5)
    assert (result.pending, result.pending_converted) == (2, 1)
    assert (result.too_late, result.known_later) == (1, 1)
    assert result.time_to_goal.n == 3
    assert result.time_to_goal.median.value == pytest.approx(10)


def test_coverage_counts_what_was_known_before_the_goal() -> None:
    result = run(HISTORY).coverage
    assert (result.reached, result.before, result.still) == (7, 5, 4)
    assert result.lead_times.spans.n == 5
    assert result.lead_times.spans.median.value == pytest.approx(10)
    assert [share.value for _, share in result.lead_times.at_least] == pytest.approx([1.0, 0.8, 0.4, 0.4])


def test_who_was_left_out_for_a_while_and_then_reached_the_goal_counts_on_both_sides() -> None:
    result = run([Person(spells=enters(11), goal=20.0, left_out=2.0), Person(spells=enters(11), goal=20.0)])
    assert (result.converted, result.coverage.reached, result.coverage.before) == (2, 2, 2)


def test_who_can_never_be_followed_is_not_said_to_be_followed_later() -> None:
    result = run([Person(spells=((1.0, 5.0, None, None),), goal=5.0)] * 3, as_of=100)
    said = " ".join(result.sentences())
    assert "cannot predict it" in said and "yet" not in said


def test_at_the_very_instant() -> None:
    """Known at the instant of the goal is not before it; a qualification that the goal ends lasted until the goal."""
    at_once = run([Person(spells=((1.0, 5.0, None, None),), goal=5.0)])
    assert (at_once.too_late, at_once.followed, at_once.coverage.before) == (1, 0, 0)
    ended = run([Person(spells=enters(1, 5), goal=5.0)])
    assert (ended.converted, ended.coverage.before, ended.coverage.still) == (1, 1, 1)


def test_weeks_are_of_the_moment_when_it_was_known_and_add_up() -> None:
    result = run(HISTORY)
    assert [cohort.week for cohort in result.weeks] == [moment(7 * i) for i in range(9)]
    assert [cohort.entered for cohort in result.weeks] == [4, 2, 0, 0, 2, 0, 0, 1, 0]
    assert all(c.entered == c.followed + c.pending + c.too_late for c in result.weeks)
    assert sum(c.converted for c in result.weeks) == result.converted
    assert not result.weeks[2].share.known
    assert result.weeks[4].pending_converted == 1


def test_partly_followed_entries_enter_only_the_kaplan_meier_share() -> None:
    early = [Person(spells=enters(0), goal=1.0 if i < 5 else None) for i in range(10)]
    late = [Person(spells=enters(58)) for _ in range(10)]
    result = run([*early, *late])
    assert result.precision.value == 0.5
    assert 0 < result.followed_partly.value < 0.5
    complete = run(early)
    assert complete.followed_partly.value == pytest.approx(complete.precision.value)
    assert complete.followed_partly.low == pytest.approx(complete.precision.low)
    assert complete.curve.days[-1] == 30


def test_without_a_goal_it_says_what_to_add() -> None:
    moments, spells = world(HISTORY, 60)
    with pytest.raises(ProjectError, match="Add `goal:`"):
        backtest(replace(moments, goal_words=""), spells)


def test_nobody_entered() -> None:
    result = run([Person(goal=3.0), Person()])
    assert not result.precision.known
    assert result.weeks == ()
    assert result.coverage.share.value == 0
    text = " ".join(result.sentences())
    assert "Nobody among 2 accounts" in text
    assert "0 (0 %" in text


def test_no_subjects_at_all() -> None:
    result = run([])
    assert (result.population, result.entered) == (0, 0)
    assert result.sentences()


def test_the_goal_never_happens() -> None:
    result = run([Person(spells=enters(1)) for _ in range(30)])
    assert (result.converted, result.precision.value) == (0, 0.0)
    assert 0 < result.precision.high < 0.12
    assert not result.coverage.share.known
    text = " ".join(result.sentences())
    assert "No account reached the goal" in text
    assert "0 (0 %, 95 % interval 0 to 11.4 %)" in text


def test_everyone_converts() -> None:
    result = run([Person(spells=enters(1), goal=2.0 + i) for i in range(25)])
    assert result.precision.value == result.precision.high == 1
    assert result.followed_partly.value == 1
    assert result.coverage.share.value == 1
    assert not result.comparison.lift.known


def test_tiny_numbers_carry_a_warning_and_no_comparison() -> None:
    text = " ".join(run([Person(spells=enters(1), goal=2.0), *[Person() for _ in range(9)]]).sentences())
    assert "That is few: read the interval, not the share." in text
    assert "Too few goals" in text


def test_none_can_be_followed_yet() -> None:
    text = " ".join(run([Person(spells=enters(50)), *[Person() for _ in range(9)]]).sentences())
    assert "none can be followed for 30 days yet" in text


def test_a_single_case_has_no_half_and_no_quarter() -> None:
    text = " ".join(
        run([Person(spells=enters(1), goal=9.0), *[Person(spells=enters(1)) for _ in range(9)]]).sentences()
    )
    assert "From first qualifying to the goal: 8 days in the only case." in text
    assert "whenever it came: 8 days in the only case." in text
    assert "half took" not in text


@pytest.mark.parametrize(
    ("goal", "said"), [(None, "none reached the goal so far."), (59.0, "1 reached the goal so far.")]
)
def test_those_who_are_followed_only_in_part(goal: float | None, said: str) -> None:
    text = " ".join(run([Person(spells=enters(50), goal=goal), *[Person() for _ in range(9)]]).sentences())
    assert f"Counted apart: 1 account qualified less than 30 days before the data's end; {said}" in text


CAUSAL = re.compile(r"\b(caus\w*|because|lead(s)? to|drive\w*|impact\w*|effect\w*|due to|makes?)\b", re.IGNORECASE)


@st.composite
def persons(draw: st.DrawFn) -> Person:
    entered = draw(st.none() | st.integers(0, 50))
    goal = draw(st.none() | st.integers(0, 60))
    known = None if entered is None else entered + draw(st.sampled_from([0, 0, 5]))
    spells = () if entered is None or known is None else ((entered, known, None, None),)
    return Person(spells=spells, goal=goal, left_out=draw(st.none() | st.integers(0, 60)))


@settings(max_examples=200, deadline=None)
@given(st.lists(persons(), max_size=15), st.integers(1, 60))
def test_whatever_the_history_numbers_add_up_and_sentences_are_sound(people: list[Person], as_of: int) -> None:
    result = run(people, as_of)
    assert result.entered == result.followed + result.pending + result.too_late
    assert result.converted <= result.followed
    assert result.coverage.still <= result.coverage.before <= result.coverage.reached
    assert sum(cohort.entered for cohort in result.weeks) == result.entered
    assert result.comparison.matched + result.comparison.unmatched + result.comparison.ageless == result.followed
    for sentence in result.sentences():
        assert "nan" not in sentence.lower().split()
        assert "inf" not in re.findall(r"[a-z]+", sentence)
        assert not CAUSAL.search(sentence)


def test_weekly_volume_counts_entries_leaves_and_the_stock() -> None:
    people = [Person(spells=(*enters(1, 3), *enters(8))), Person(spells=enters(9)), Person(spells=enters(15, 16))]
    volume = weekly_volume(*world(people, 20))
    assert volume.weeks.tolist() == [moment(0), moment(7), moment(14)]
    assert volume.first.tolist() == [1, 1, 1]
    assert volume.again.tolist() == [0, 1, 0]
    assert volume.left.tolist() == [1, 0, 1]
    assert volume.qualified.tolist() == [0, 2, 2]
    assert volume.complete.tolist() == [True, True, False]
    assert volume.per_week.value == 1.0
    assert "1.0 accounts a week" in volume.sentences()[0]


def test_no_complete_week_no_volume() -> None:
    volume = weekly_volume(*world([Person(spells=enters(1))], 3))
    assert not volume.per_week.known
    assert "no complete week" in volume.sentences()[0]
    assert len(weekly_volume(*world([], 3)).weeks) == 0


def test_a_leave_that_is_not_known_yet_has_not_happened() -> None:
    people = [Person(spells=((1.0, 1.0, 4.0, 30.0),))]
    moments, spells = world(people, 10)
    assert weekly_volume(moments, spells).qualified.tolist() == [1, 1]
    assert coverage(moments, spells_of(people)).reached == 0


def test_weeks_begin_on_monday() -> None:
    assert moment(0) % WEEK == 4 * DAY
    assert np.datetime64(moment(0), "us").astype(object).weekday() == 0
    assert math.isclose(backtest(*world(HISTORY, 60), horizon=10 * DAY).horizon_days, 10)
