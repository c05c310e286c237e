"""Which threshold curves are worth a look, and which of their bounds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fireflower.language.nodes import Compare, Condition, Count, Events
from fireflower.review.intervals import wilson
from fireflower.review.results import ThresholdCurve
from fireflower.review.telling import tells_nothing, trimmed


def curve(*entered: int, current: int, covered: tuple[int, ...] = ()) -> ThresholdCurve:
    """At the bounds 1, 2, .. so many entered; half of those who did reach the goal."""
    condition = Condition(Count(Events(("A",))), Compare(">=", current))
    covered = covered or tuple(n // 2 for n in entered)
    return ThresholdCurve(
        condition, "a", "", tuple(float(i + 1) for i in range(len(entered))), current - 1, "",
        tuple(n / 10 for n in entered), entered, entered,
        tuple(wilson(n // 2, n) for n in entered), tuple(wilson(n, 100) for n in covered),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("entered", "current", "kept"),
    [
        ((90, 80, 70, 60), 2, (1, 2, 3, 4)),  # all of them tell something
        ((90, 80, 0, 0), 2, (1, 2)),  # nobody qualifies beyond
        ((0, 0, 30, 40), 3, (3, 4)),
        ((80, 60, 5, 4, 1), 1, (1, 2, 3)),  # hardly anybody does
        ((3, 1), 1, (1, 2)),
        ((90, 80, 80, 80, 80), 1, (1, 2, 3)),  # one more bound shows that nothing changes from here on
        ((80, 80, 80, 80, 70), 4, (3, 4, 5)),
        ((90, 80, 80, 70), 1, (1, 2, 3, 4)),  # what is flat between others stays
        ((50, 0, 0), 1, (1,)),
        ((0, 0, 0), 2, (2,)),
        ((20, 10, 0, 0), 3, (1, 2, 3)),  # nobody has qualified, but some would
    ],
)
def test_bounds_outside_of_the_data_are_cut_off(entered: tuple[int, ...], current: int, kept: tuple[int, ...]) -> None:
    found = trimmed(curve(*entered, current=current))
    assert found.thresholds == kept
    assert found.thresholds[found.current] == current
    assert found.entered == tuple(entered[bound - 1] for bound in kept)
    assert len(found.precision) == len(found.coverage) == len(found.followed) == len(found.per_week) == len(kept)


@pytest.mark.parametrize(
    ("entered", "current", "why"),
    [
        ((90, 80, 70), 2, ""),
        ((3, 2), 1, ""),
        ((50, 0, 0), 1, "at other bounds hardly anybody would qualify"),
        ((0, 0, 0), 1, "nobody qualifies, whatever the bound"),
        ((74, 74, 74, 74), 1, "the same 74 accounts would have qualified at other bounds"),
        ((201, 196, 190), 1, "other bounds would have changed little: 190 to 201 accounts instead of 201"),
        ((20, 10, 0), 3, ""),
    ],
)
def test_why_a_curve_tells_nothing(entered: tuple[int, ...], current: int, why: str) -> None:
    assert tells_nothing(trimmed(curve(*entered, current=current)), "account") == why


def test_as_many_who_are_known_later_are_a_change() -> None:
    assert tells_nothing(curve(100, 98, 96, current=1, covered=(50, 40, 30)), "account") == ""


def test_without_anybody_who_reached_the_goal_the_volume_decides() -> None:
    unknown = (wilson(0, 0), wilson(0, 0))
    assert tells_nothing(replace(curve(100, 50, current=1), precision=unknown, coverage=unknown), "account") == ""
    assert tells_nothing(replace(curve(100, 95, current=1), precision=unknown, coverage=unknown), "account")
