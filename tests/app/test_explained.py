"""Quantities as explanations show them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from fireflower.app.explained import points_in_words, score_in_words, there_is
from fireflower.evaluate.explain import ScoreLine
from fireflower.evaluate.results import Evidence
from fireflower.language.expressions import parse_formula
from fireflower.language.loading import load_definition
from fireflower.language.nodes import Condition, EventPoints, Events
from fireflower.model.moments import DAY, MINUTE, SECOND


@pytest.mark.parametrize(
    ("formula", "value", "said"),
    [
        ("count(Message Sent) / 10000 >= 90%", 0.2437, "24.4%"),
        ("count(Message Sent) / 10000 >= 100%", 1.0, "100%"),
        ("count(Message Sent) / 10000 >= 0.9", 0.2437, "0.2437"),
        ("count(Report Run) / members() >= 3", 0.25, "0.25"),
        ("count(Report Run) / members() >= 90%", None, "missing"),
        ("count(Report Run) >= 3", 2.0, "2"),
        ("hours_spent(Flow Edited, last 7 days) >= 2", 0.5, "30 minutes"),
        ("account.plan = pro", "free", "'free'"),
        ("recency(any) < 10 days", 69856.5 * SECOND, "19.4 hours"),
        ('elapsed("Start") >= 3 days', 35118.0 * MINUTE, "24.4 days"),
        ("hours_spent(any) >= 30 minutes", 2542.24 / 3600, "42.4 minutes"),
        ("hours_spent(any) >= 30 minutes", 100.0, "100 hours"),
        ("no Login for 30 days", 1558800.0 * SECOND, "18 days"),
        ("recency(Login) >= 0.5 seconds", 0.0, "0 seconds"),
        ("sum(properties.x of A) >= 20", 1234567.81, "1,234,567.8"),
        ("sum(properties.x of A) >= 20", float("inf"), "inf"),
    ],
)
def test_a_quantity_is_shown_in_the_unit_that_its_condition_asks_in(formula: str, value, said: str) -> None:
    assert there_is(Evidence(parse_formula(formula, "account"), False, value, 0, None)) == said


@pytest.mark.parametrize(
    ("formula", "value", "said"),
    [
        ("sum(properties.minutes of Edit) >= 12346", 12345.98, "12,345.98"),
        ("count(Message Sent) / 10000 >= 90%", 0.8996, "89.96%"),
        ("count(Message Sent) / 10000 >= 57%", 0.57, "57%"),
        ("count(Message Sent) / 10000 > 57%", 0.57004, "57.004%"),
        ("recency(Login) < 10 days", 9.996 * DAY, "9.996 days"),
        ("hours_spent(A) between 2 and 3", 3.001, "3.001 hours"),
        ("max(properties.x of A) = 3", 3.00001, "3.00001"),
        ("no Login for 100 minutes", 100.0 * MINUTE, "100 minutes"),
    ],
)
def test_no_rounding_takes_a_quantity_across_the_bound(formula: str, value: float, said: str) -> None:
    assert there_is(Evidence(parse_formula(formula, "account"), False, value, 0, None)) == said


@pytest.mark.parametrize(
    ("points", "cap", "said"),
    [(5.678, None, "5.68"), (20.0, 20.0, "20 of 20"), (19.998, 20.0, "19.998 of 20"), (0.0, 20.0, "0 of 20"),
     (1234.5, None, "1,234.5"), (0.00001, None, "0.00001")],
)  # fmt: skip
def test_points_that_fade_are_not_rounded_to_their_most_nor_to_none(
    points: float, cap: float | None, said: str
) -> None:
    assert points_in_words(ScoreLine(EventPoints(Events(("A",)), 5, cap), points, ())) == said


@pytest.mark.parametrize(("value", "said"), [("score >= 40", "39.99996"), ("did(A)", "39.99996")])
def test_a_score_is_not_rounded_to_the_bound_that_is_asked_of_it(value: str, said: str) -> None:
    definition = load_definition(
        f"definition: d\nsubject: person\nvalue: {value}\nscore:\n  each:\n    A: {{points: 5}}\n  half_life: 30 days\n"
    )
    assert isinstance(definition.qualified, Condition)
    states = (Evidence(definition.qualified, False, 39.99996, 0, None),)
    found: Any = SimpleNamespace(definition=definition, conditions=states, score=39.99996)
    assert score_in_words(found) == said
