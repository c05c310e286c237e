"""Two definitions on the same history."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from review_worlds import Person, enters, spells_of, world

from fireflower.model.moments import NEVER
from fireflower.review.diff import diff
from fireflower.review.results import Diff


def compared(people: list[Person], other: list[tuple[tuple[float, float, float | None, float | None], ...]]) -> Diff:
    """The old definition is that of `people`; `other` are the spells under the new one."""
    moments, old = world(people, 60)
    new = spells_of([Person(spells=spells) for spells in other])
    return diff(moments, old, new, names=("3 reports", "5 reports"))


def test_who_would_enter_leave_and_stay() -> None:
    people = [
        Person(spells=enters(1), goal=9.0),
        Person(spells=enters(1)),
        Person(spells=enters(2, 4)),
        Person(),
        Person(),
    ]
    result = compared(people, [enters(3), (), (), enters(2), enters(5, 6)])
    assert result.now.enter == ("a3",)
    assert result.now.leave == ("a1",)
    assert result.now.stay == 1
    assert (result.both, result.only_old, result.only_new) == (1, 2, 2)
    assert (result.earlier, result.later) == (0, 1)
    said = result.sentences()
    assert said[0].startswith("As of 2024-03-01 00:00 UTC, 1 account would enter, 1 would leave, and 1 would stay.")
    assert "2 under 5 reports alone, 2 under 3 reports alone" in said[1]


def test_precision_coverage_and_volume_change() -> None:
    people = [Person(spells=enters(1), goal=9.0 if i < 10 else None) for i in range(40)]
    result = compared(people, [enters(2) if i < 8 or i >= 32 else () for i in range(40)])
    old, new, change = result.precision
    assert (old.value, new.value) == (0.25, 0.5)
    assert change.value == pytest.approx(0.25)
    assert change.low > 0
    assert [e.value for e in result.coverage] == pytest.approx([1.0, 0.8, -0.2])
    assert [e.value for e in result.per_week] == pytest.approx([5.0, 2.0, -3.0])
    assert result.per_week[2].high < 0


def test_the_same_definition_changes_nothing_and_knows_it() -> None:
    people = [Person(spells=enters(1), goal=9.0 if i < 10 else None) for i in range(40)]
    result = compared(people, [enters(1)] * 40)
    for _, _, change in (result.precision, result.coverage, result.per_week):
        assert (change.value, change.low, change.high) == (0, 0, 0)
    said = result.sentences()[2:]
    assert all(sentence.endswith(", no change.") for sentence in said)


def test_where_one_of_the_two_has_nobody_it_says_so() -> None:
    result = compared([Person(), Person(goal=3.0)], [enters(1), ()])
    assert not result.precision[2].known
    assert "cannot be compared" in result.sentences()[2]


def test_the_interval_of_a_change_covers_the_truth() -> None:
    """Under both, 30 % convert; the sets of subjects overlap by two thirds."""
    rng = np.random.default_rng(31)
    covered, widths = [], []
    for _ in range(300):
        converts, shared = rng.random(150) < 0.3, rng.integers(0, 4, 150)
        people = [
            Person(spells=enters(1) if s != 1 else (), goal=9.0 if c else None)
            for c, s in zip(converts.tolist(), shared.tolist(), strict=True)
        ]
        change = compared(people, [enters(1) if s != 2 else () for s in shared.tolist()]).precision[2]
        covered.append(change.low <= 0 <= change.high)
        widths.append(change.high - change.low)
    assert 0.92 < np.mean(covered) < 0.98
    assert np.mean(widths) < 0.15


def test_without_a_goal_it_tells_who_enters_and_leaves_all_the_same() -> None:
    moments, old = world([Person(spells=enters(1)), Person(spells=enters(2))], 60)
    moments = replace(moments, goal=np.full(2, NEVER, np.int64), goal_words="")
    result = diff(moments, old, spells_of([Person(spells=()), Person(spells=enters(2))]), names=("old", "new"))
    assert result.now.leave == ("a0",)
    assert not any(each.known for each in (*result.precision, *result.coverage))
    assert result.per_week[0].known
    said = result.sentences()
    assert "cannot be said, as new has no goal: add `goal:`" in said[2]
    assert "First entries per week" in said[3]


def test_whom_nobody_knew_of_by_then_is_told() -> None:
    people = [Person(spells=enters(1)), Person(spells=((1.0, 70.0, None, None),))]
    result = compared(people, [enters(1), enters(1)])
    assert result.known_later == (1, 0)
    assert "Left aside: 1 account under 3 reports and 0 under 5 reports whose records" in result.sentences()[-1]
    assert "Left aside" not in compared(people[:1], [enters(1)]).sentences()[-1]
