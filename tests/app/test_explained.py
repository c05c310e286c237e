"""Quantities as explanations show them."""

from __future__ import annotations

import pytest

from fireflower.app.explained import there_is
from fireflower.evaluate.results import Evidence
from fireflower.language.expressions import parse_formula


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
    ],
)
def test_a_quantity_is_shown_in_the_unit_that_its_condition_asks_in(formula: str, value, said: str) -> None:
    assert there_is(Evidence(parse_formula(formula, "account"), False, value, 0, None)) == said
