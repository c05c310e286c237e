"""What is inside a definition, and what a replay must load for it."""

from __future__ import annotations

from fireflower.language.expressions import parse_formula
from fireflower.language.loading import load_definition, load_settings
from fireflower.language.nodes import Count, Events, Settings
from fireflower.language.walking import Needs, conditions_of, events_of, needs, properties_of, quantities_of, traits_of

DEFINITION = load_definition(
    """\
definition: d
subject: account
value: count(A where properties.x > 1) >= 2 and account.plan = pro
fit: account.plan = pro and count(B, within 7 days of "T") >= 1
qualified: value and fit and score >= 5
score: {points: {did(C): 5}}
goal: Paid
quantities: {unused: count(any where role = admin)}
"""
)


def test_conditions_come_once_in_the_order_of_the_text() -> None:
    assert [condition.text for condition in conditions_of(DEFINITION)] == [
        "count(A where properties.x > 1) >= 2",
        "account.plan = pro",
        'count(B, within 7 days of "T") >= 1',
        "score >= 5",
        "did(C)",
    ]


def test_conditions_that_only_python_finds_equal_are_two() -> None:
    assert len(conditions_of(parse_formula("account.x = 1 or account.x = true"))) == 2


def test_parts() -> None:
    assert properties_of(DEFINITION) == {"x"}
    assert traits_of(DEFINITION) == {("account", "plan")}
    assert Events(("T",)) in events_of(DEFINITION) and Events(("Paid",)) in events_of(DEFINITION)
    assert Count(Events(("C",))) in quantities_of(DEFINITION)


def test_needs() -> None:
    assert needs([DEFINITION], Settings()) == Needs(
        properties=frozenset({"x"}),
        events=frozenset({"A", "B", "C", "T", "Paid"}),
        traits=frozenset({("account", "plan")}),
        roles=False,
        members=False,
        local_time=False,
    )
    settings = load_settings(
        "timezone_traits: {account: zone}\nleave_out: {accounts: distinct_days(any where role = x) > 3}\n"
    )
    found = needs([], settings)
    assert (found.events, found.roles, found.local_time) == (None, True, True)
    assert found.traits == {("account", "zone")}
