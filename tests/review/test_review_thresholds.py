"""Moving bounds: which variants there are, and what is reported of each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from review_worlds import Person, enters, spells_of, world

from fireflower.language.expressions import parse_formula
from fireflower.language.nodes import (
    All,
    AnyOf,
    Between,
    Compare,
    Condition,
    Count,
    Definition,
    Events,
    Formula,
    Last,
    Not,
    Quantity,
    Ratio,
    Recency,
    Sequence,
    TimeSpent,
    Trait,
)
from fireflower.model.moments import DAY, HOUR
from fireflower.review.thresholds import Variant, replaced, threshold_curves, variants

REPORT = Events(("report",))
REPORTS = Condition(Count(REPORT, Last(7 * DAY)), Compare(">=", 3), text="reports in 7 days >= 3")
SIZE = Condition(Trait("account", "employees"), Between(25, 200))
PLAN = Condition(Trait("account", "plan"), Compare("=", "free"))
TEAM = Definition("team", "account", All((REPORTS, AnyOf((SIZE, Not(PLAN))))))


def bounds(quantity: Quantity, op: str, bound: float) -> list[float]:
    condition = Condition(quantity, Compare(op, bound))  # type: ignore[arg-type]
    return [variant.threshold for variant in variants(Definition("d", "account", condition))]


@pytest.mark.parametrize(
    ("quantity", "op", "bound", "expected"),
    [
        (Count(REPORT), ">=", 3, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (Count(REPORT), ">", 0, [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        (Count(REPORT), ">=", 2000, [500, 1000, 1400, 1700, 2000, 2400, 3000, 4000, 6000]),
        (Count(REPORT), ">=", 10, [2, 5, 7, 8, 10, 12, 15, 20, 30]),
        (Sequence((REPORT, REPORT)), ">=", 2, [1, 2]),
        (Recency(REPORT), ">=", 7 * DAY, [2, 4, 5, 6, 7, 8, 10, 14, 21]),
        (Recency(REPORT), ">=", 3 * DAY, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (Recency(REPORT), "<", 12 * HOUR, [h / 24 for h in (3, 6, 8, 10, 12, 14, 18, 24, 36)]),
        (Ratio(Count(REPORT), Trait("account", "limit")), ">=", 0.8, [0.2, 0.4, 0.56, 0.68, 0.8, 0.96, 1.2, 1.6, 2.4]),
        (TimeSpent(REPORT, HOUR), ">=", 0.5, [0.12, 0.25, 0.35, 0.42, 0.5, 0.6, 0.75, 1.0, 1.5]),
        (Trait("account", "temperature"), "<", -10, [-30, -20, -15, -12, -10, -8.5, -7, -5, -2.5]),
        (Trait("account", "balance"), ">", 0, [0]),
        (Trait("account", "employees"), ">=", 10, [2, 5, 7, 8, 10, 12, 15, 20, 30]),
        (Trait("account", "seats"), ">=", 2, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (Trait("account", "usage"), ">=", 1, [0.25, 0.5, 0.7, 0.85, 1, 1.2, 1.5, 2, 3]),
    ],
)
def test_ladders_go_below_and_above_in_steps_that_people_use(
    quantity: Quantity, op: str, bound: float, expected: list[float]
) -> None:
    assert bounds(quantity, op, bound) == pytest.approx(expected)


@given(st.integers(1, 10**7) | st.floats(1, 1e6), st.sampled_from([Count(REPORT), Trait("account", "mrr")]))
def test_a_ladder_ascends_holds_the_present_bound_and_has_a_name_for_each(bound: float, quantity: Quantity) -> None:
    found = variants(Definition("d", "account", Condition(quantity, Compare(">=", bound))))
    thresholds = [variant.threshold for variant in found]
    assert thresholds == sorted(set(thresholds))
    assert [variant.threshold for variant in found if variant.is_current] == [bound]
    assert len({variant.definition.name for variant in found}) == len(found) >= 4


def test_every_bound_is_moved_and_the_rest_held_fixed() -> None:
    found = variants(TEAM)
    assert [(v.condition, v.bound) for v in found if v.is_current] == [(REPORTS, ""), (SIZE, "low"), (SIZE, "high")]
    assert all(v.definition.qualified == TEAM.qualified for v in found if v.is_current)
    low = next(v for v in found if v.bound == "low" and not v.is_current)
    moved = Condition(SIZE.quantity, Between(low.threshold, 200))
    assert low.definition.qualified == All((REPORTS, AnyOf((moved, Not(PLAN)))))
    assert all(v.threshold <= 200 for v in found if v.bound == "low")
    assert all(v.threshold >= 25 for v in found if v.bound == "high")
    assert all((v.definition.goal, v.definition.subject) == (TEAM.goal, "account") for v in found)


def test_text_and_truth_have_no_ladder() -> None:
    truth = Condition(Trait("account", "trial"), Compare("=", True))
    assert variants(Definition("d", "account", All((PLAN, truth)))) == []


@pytest.mark.parametrize(
    ("formula", "moved"),
    [
        ("did(A)", True), ("not did(A)", False), ("count(A) < 1", False), ("not (count(A) > 0)", False),
        ("count(A) <= 0", False), ("not not did(A)", True), ("not (count(A) < 1)", True), ("count(A) < 10", True),
        ("not (count(A) >= 10)", True), ("not (account.used >= 1)", True),
        ("did(A) or (not did(A) and did(B))", True),
    ],
)  # fmt: skip
def test_where_something_must_not_happen_at_all_no_number_is_moved(formula: str, moved: bool) -> None:
    definition = Definition("d", "account", parse_formula(formula))
    assert any(variant.condition.quantity != Count(Events(("B",))) for variant in variants(definition)) == moved


def test_a_condition_is_replaced_wherever_it_stands() -> None:
    other = Condition(REPORTS.quantity, Compare(">=", 9))
    formula: Formula = AnyOf((Not(REPORTS), All((REPORTS, PLAN))))
    assert replaced(formula, REPORTS, other) == AnyOf((Not(other), All((other, PLAN))))


def test_a_curve_shows_volume_precision_and_coverage_at_each_bound() -> None:
    """Five accounts with 1 to 5 reports, all on day 1; those with 4 and 5 convert."""
    moments, _ = world([Person(goal=9.0 if reports >= 4 else None) for reports in range(1, 6)], 60)

    def replay(variant: Variant) -> list[Person]:
        return [Person(spells=enters(1) if reports >= variant.threshold else ()) for reports in range(1, 6)]

    found = variants(Definition("d", "account", REPORTS))
    (curve,) = threshold_curves(moments, found, {v.definition.name: spells_of(replay(v)) for v in found})
    assert curve.thresholds[curve.current] == 3
    assert curve.label == "reports in 7 days >= 3"
    assert curve.entered == (5, 4, 3, 2, 1, 0, 0, 0, 0)
    assert curve.per_week[0] == pytest.approx(5 / 8)
    assert [e.value for e in curve.precision[:5]] == pytest.approx([0.4, 0.5, 2 / 3, 1.0, 1.0])
    assert [e.value for e in curve.coverage] == pytest.approx([1, 1, 1, 1, 0.5, 0, 0, 0, 0])
    assert not curve.precision[5].known
    (said,) = curve.sentences()
    assert "at 3 (now) 0.4 a week, 66.7 % reach the goal, coverage 100 %" in said
    assert "at 9 0.0 a week, nobody to follow" in said
