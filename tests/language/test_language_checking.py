"""Definitions against the rules and against the data."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from fireflower.language.checking import check, check_against
from fireflower.language.loading import load_definition, load_settings
from fireflower.language.nodes import (
    Between,
    Compare,
    Condition,
    Count,
    Definition,
    Events,
    Members,
    Score,
    Settings,
    Skill,
)
from fireflower.model.records import Kind
from fireflower.model.timeline import Vocabulary
from fireflower.model.values import SeenValues

TRAITS: dict[tuple[Kind, str], list[Any]] = {
    (Kind.ACCOUNT_TRAIT, "industry"): ["software", "internet"],
    (Kind.ACCOUNT_TRAIT, "employees"): [25.0, 50.0],
    (Kind.ACCOUNT_TRAIT, "Annual Revenue"): ["1,200", 20.0, "51-200", "n/a"],
    (Kind.ACCOUNT_TRAIT, "codes"): [[1.0, "a"]],
    (Kind.PERSON_TRAIT, "staff"): [True, False],
}
DATA = Vocabulary(
    names=[(Kind.EVENT, "Report Run"), (Kind.EVENT, "Login"), (Kind.JOIN, ""), *TRAITS],
    people=["ann"],
    accounts=["acme"],
    traits=TRAITS,
    roles=["admin", "owner"],
)
PROPERTIES = ("rows", "source", "tags", "title", "amount")
VALUES = {
    "rows": {"Report Run": SeenValues(True, ["n/a"])},
    "source": {"Report Run": SeenValues(False, ["sample", "live"]), "Login": SeenValues(False, ["web"])},
    "tags": {"Report Run": SeenValues(False, [["red", "green"]])},
    "amount": {"Report Run": SeenValues(True, ["12,5"]), "Login": SeenValues(True, [])},
}


def warnings(text: str, settings: str = "", properties: Collection[str] | None = PROPERTIES) -> list[str]:
    loaded = load_settings(settings) if settings else Settings()
    definition = load_definition("definition: d\nsubject: account\n" + text, loaded)
    found = check_against([definition], loaded, DATA, properties, VALUES)
    assert all(fault.severity == "warning" for fault in found)
    return [f"{fault.line}:{fault.column} {fault.message}" for fault in found]


def test_nothing_to_say() -> None:
    assert not warnings(
        """
value:
  all:
    - count(Report Run where properties.rows > 3 and properties.source = live and properties.tags contains red) >= 3
    - account.industry in [software, internet]
    - account.employees between 20 and 60
    - members(admin) >= 1
    - count(any where role = owner) >= 1
    - count(Report Run) / account.employees >= 2
    - latest(properties.rows of Report Run) / account.employees >= 90%
    - count(Report Run) / account.employees >= 90
    - count(Report Run where properties.title = whatever) >= 1
    - sum(properties.title of Report Run) >= 1
    - account.industry not in [1, 2]
    - account.employees not in [few, many]
    - account.codes = 1
    - sum(properties.rows of Report Run) >= 1
    - sum(properties.amount of Login) >= 1
    - count(Report Run or Login where properties.rows > 3) >= 1
    - sum(properties.amount of Report Run where properties.source = live) >= 1
"""
    )


DOUBTS = {
    "did(Report Rum)": "3:12 no event 'Report Rum' is in the data. Did you mean 'Report Run'?",
    "account.idustry = software": "3:8 no trait account.idustry is in the data. Did you mean 'account.industry'",
    "account.industry = sofware": "3:8 account.industry is never 'sofware' in the data. Did you mean 'software'?",
    "account.industry = bakery": "3:8 account.industry is never 'bakery' in the data. It is internet or software.",
    'account."Annual Revenu" > 1': '3:8 no trait account."Annual Revenu" is in the data. Did you mean',
    'account."Annual Revenue" > 1': "3:8 account.\"Annual Revenue\" has, beside numbers, text such as '1,200' in the"
    " data (2 different values), which passes no comparison with numbers. Write numbers like 1200 or 12.5",
    'count(Login) / account."Annual Revenue" > 1': "which nothing can be computed with",
    "count(Report Run where properties.amount > 3) > 1": "3:31 properties.amount has, beside numbers, text such as",
    "sum(properties.amount of any) > 3": "text such as '12,5' in the data, which is left out. Write",
    "count(Report Run where properties.source = Live) > 1": "is never 'Live' in the data. Did you mean 'live'?",
    "count(Report Run where properties.source = web) > 1": "is never 'web' in the data. It is live or sample.",
    "count(Report Run where properties.source > 3) > 1": "3:31 properties.source is never a number in the data",
    "count(Login where properties.rows > 3) > 1": "no 'Login' has a property 'rows' in the data, only 'Report Run'.",
    "max(properties.rows of Login) > 3": "no 'Login' has a property 'rows' in the data",
    "sum(properties.source of Login) > 3": "properties.source is never a number in the data, so there is nothing to",
    "recency(Login) < 7 days": "3:16 recency(Login) < 7 days also holds for those who never did it, for that long"
    " after their first record. If that is not meant, write did(Login, last 7 days).",
    "account.industry >= 3": "3:8 account.industry is never a number in the data (but for example 'software')",
    "account.employees = many": "3:8 account.employees is always a number in the data",
    "account.employees contains x": "3:8 account.employees is always a number in the data",
    "count(Login) / account.industry > 1": "3:23 account.industry is never a number in the data",
    "members(admn) >= 1": "3:16 no member has the role 'admn' in the data. Did you mean 'admin'?",
    "count(Login where role = guest) > 1": "no member has the role 'guest' in the data",
    "count(Login where properties.row > 1) > 1": "3:26 no event has a property 'row' in the data. Did",
    "latest(properties.rows of Report Run) / account.employees >= 90": "3:15 '>= 90' is 9,000% of the limit. Did you",
    "latest(properties.source of Login) = lve": "3:15 properties.source is never 'lve' in the data.",
}


@pytest.mark.parametrize(
    "formula",
    [
        "recency(Login) >= 7 days",
        "not recency(Login) < 7 days",
        "recency(Login) < 7 days and did(Login where role = owner)",
        "recency(any) < 7 days and did(Login)",
    ],
)
def test_a_recency_that_is_meant_so(formula: str) -> None:
    assert not warnings(f"value: {formula}\n")


def test_everybody_has_done_the_start() -> None:
    assert not warnings("value: recency(Login) < 7 days\n", settings="start: Login\n")


@pytest.mark.parametrize("formula", DOUBTS)
def test_doubt(formula: str) -> None:
    found = warnings(f"value: {formula}\n")
    assert len(found) == 1, found
    assert DOUBTS[formula] in found[0]


def test_named_quantities_that_no_formula_reads_are_checked_too() -> None:
    assert "no event 'Logn'" in warnings("value: did(Login)\nquantities: {a: count(Logn)}\n")[0]


def test_properties_are_not_doubted_where_they_are_not_known() -> None:
    assert not warnings("value: count(Login where properties.row > 1) > 1\n", properties=None)


def test_a_goal_that_never_happens() -> None:
    message = "the goal 'Paid' has never happened in the data, so nothing can be said of who reaches it."
    assert warnings("value: did(Login)\ngoal: Paid\n") == [f"4:7 {message}"]
    assert warnings("value: did(Login)\n", settings="goal: Paid\n") == [f"1:7 {message}"]


REQUIRES_THE_GOAL = [
    "did(Login) and count(Report Run, last 7 days) >= 2",
    "did(Report Run) or sum(properties.rows of Report Run) > 5",
    "distinct_days(Report Run) between 1 and 3",
    'elapsed("Report Run") >= 1 day',
    "latest(properties.source of Report Run) is known",
]


@pytest.mark.parametrize("formula", REQUIRES_THE_GOAL)
def test_criteria_that_require_the_goal(formula: str) -> None:
    text = f"value: {formula}\ngoal: Report Run\n"
    assert "the goal ends a qualification: nobody can ever qualify" in warnings(text)[0]
    assert not warnings(text + "keep_after_goal: true\n")


@pytest.mark.parametrize(
    "formula",
    [
        "did(Login) or did(Report Run)",
        "count(Report Run) = 0",
        "not did(Report Run)",
        "latest(properties.source of Report Run) is missing",
        'elapsed("Report Run") is missing',
    ],
)
def test_criteria_that_do_not_require_the_goal(formula: str) -> None:
    assert not warnings(f"value: {formula}\ngoal: Report Run\n")


def test_settings_are_checked() -> None:
    settings = load_settings(
        "start: Signd Up\nleave_out:\n  people: person.staf = true\ntimezone_traits: {person: zone}\n"
    )
    found = [f"{fault.line}:{fault.column} {fault.message}" for fault in check_against([], settings, DATA)]
    assert found == [
        "1:8 no event 'Signd Up' is in the data.",
        "3:11 no trait person.staf is in the data. Did you mean 'person.staff'?",
        "4:27 no trait person.zone is in the data. Did you mean 'person.staff'?",
    ]


def test_rules_for_definitions_built_in_python() -> None:
    login = Count(Events(("Login",)))
    good = Definition("a", "person", Condition(login, Compare(">=", 1.0)))
    assert not check([good])
    bad = {
        Condition(Skill("x"), Compare(">=", 1.0)): "skills cannot be evaluated",
        Condition(Members(), Compare(">=", 1.0)): "members counts the people of an account",
        Condition(login, Compare(">=", float("nan"))): "NaN and infinity",
        Condition(login, Between(3.0, 2.0)): "no value lies between",
        Condition(Score(()), Compare(">=", 2.0)): "a score needs",
    }
    for formula, message in bad.items():
        assert message in check([Definition("b", "person", formula)])[0].message
    assert "names that differ" in check([good, good])[0].message


def test_definitions_without_a_file_are_named() -> None:
    definition = Definition("from-python", "person", Condition(Count(Events(("Lgin",))), Compare(">=", 1.0)))
    fault = check_against([definition], Settings(), DATA)[0]
    assert str(fault) == "warning: from-python: no event 'Lgin' is in the data. Did you mean 'Login'?"
