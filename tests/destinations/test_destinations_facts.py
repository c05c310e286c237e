"""Evidence in plain English."""

from __future__ import annotations

from typing import Any

import pytest
from destinations.notices_sample import notice

from fireflower.destinations.doing import done
from fireflower.destinations.facts import bound_of, fact_of, facts_of
from fireflower.destinations.messages import message_of
from fireflower.destinations.next_steps import next_step_of
from fireflower.evaluate.results import Evidence
from fireflower.language.expressions import parse_formula
from fireflower.language.loading import load_definition
from fireflower.language.walking import conditions_of
from fireflower.model.moments import DAY, HOUR, MINUTE


@pytest.mark.parametrize(
    ("formula", "value", "label", "says"),
    [
        ("count(Report Run, last 7 days) >= 10", 12.0, "", "report run 12 times in the last 7 days"),
        ("count(Report Run, last 7 days) >= 10", 12.0, "reports", "12 reports in the last 7 days"),
        ("count(Report Run, last 7 days) >= 10", 1.0, "reports", "1 report in the last 7 days"),
        ("count(Report Run, last 7 days) >= 10", 0.0, "reports", "no reports in the last 7 days"),
        ("count(Report Run) >= 2000", 2150.0, "reports", "2,150 reports"),
        ("did(Crm Connected)", 0.0, "", "CRM not connected yet"),
        ("did(Crm Connected)", 1.0, "", "CRM connected"),
        ("did(Crm Connected, last 30 days)", 0.0, "", "CRM not connected in the last 30 days"),
        ("did(Talk To Sales Clicked)", 2.0, "", "talk to sales clicked 2 times"),
        ("did(Login)", 0.0, "", "no Login yet"),
        ("count(Login) >= 3", 3.0, "", "Login 3 times"),
        ("count(Report Run or Report Shared) >= 3", 4.0, "", "Report Run or Report Shared 4 times"),
        ("count(Report Run where properties.rows > 0) >= 1", 1.0, "", "Report Run where rows is above 0 once"),
        ("members >= 2", 5.0, "", "5 members"),
        ("members(admin) >= 1", 1.0, "", "1 member who is admin"),
        ("actors(Invite Accepted) >= 2", 3.0, "colleagues", "3 colleagues"),
        ("actors(Invite Accepted) >= 2", 3.0, "", "3 people with Invite Accepted"),
        ("distinct_days(any, last 7 days) >= 3", 5.0, "last week", "5 days with any event in the last 7 days"),
        ("distinct_days(any, last 7 days) >= 3", 1.0, "", "1 day with any event in the last 7 days"),
        ("count(any) >= 10", 0.0, "", "no event yet"),
        ("count(Company Added) >= 10", 1.0, "companies", "1 company"),
        ("count(Added) >= 10", 1.0, "wish list", "1 wish list"),
        ("account.plan = free", "free", "", "plan free"),
        ("account.plan = free", None, "", "plan unknown"),
        ("account.employees >= 25", 120.0, "", "120 employees"),
        ("account.employees < 25", 1.0, "", "1 employee"),
        ("account.seats_left <= 2", 1.0, "", "seats left 1"),
        ("account.is_trial = true", True, "", "is trial"),
        ("account.is_trial = true", False, "", "not is trial"),
        ("account.stack contains crm", ["crm", "bi"], "", "stack crm and bi"),
        ("recency(Login) < 2 days", float(36 * HOUR + MINUTE), "", "1.5 days since the latest Login"),
        ("recency(Login) < 2 days", float(81 * MINUTE), "", "81 minutes since the latest Login"),
        ('elapsed("T") >= 14 days', 15.24 * DAY, "", "15.2 days since the first T"),
        ("recency(Login) < 2 days", float(5 * DAY + HOUR), "silence", "silence 5 days"),
        ("latest(properties.gb of Storage Reported) / account.plan_gb >= 90%", 0.953, "storage", "storage at 95.3%"),
        ("sum(properties.minutes of Flow Edited) >= 90", 95.5, "minutes", "95.5 minutes"),
        ("sum(properties.minutes of Flow Edited) >= 90", 95.5, "", "sum of minutes of Flow Edited is 95.5"),
        ("latest(properties.plan of Plan Chosen) = pro", "pro", "", "latest plan of Plan Chosen pro"),
        ("latest(properties.plan of Plan Chosen) = pro", None, "plan", "plan not known yet"),
        ("latest(properties.used_gb of S) / account.plan_gb >= 90%", 0.9996, "storage", "storage at 99.96%"),
        ("count(Run) / members >= 5", 7.5, "", "number of Run divided by the number of members is 7.5"),
        ("count(Run) / members >= 5", 1.5, "", "number of Run divided by the number of members is 1.5"),
        ("hours_spent(Flow Edited) >= 2", 3.25, "building", "building 3.2 hours"),
        ("hours_spent(Flow Edited) >= 2", 1830.5 / 3600, "building", "building 30.5 minutes"),
        ("hours_spent(Flow Edited, last 7 days) >= 2", 3.2471, "", "3.2 hours spent on Flow Edited in the last 7 days"),
        ("hours_spent(Flow Edited) >= 2", 0.3333, "", "20 minutes spent on Flow Edited"),
        ("hours_spent(Flow Edited) >= 2", 0.0, "building", "building 0 hours"),
        ("hours_spent(Flow Edited) >= 2", 0.0, "", "no time spent on Flow Edited"),
        ("streak(Login) >= 5", 6.0, "", "current run of days in a row with Login is 6"),
        ("account.plan_gb - latest(properties.gb of S) <= 2", 1.5, "gb left", "gb left 1.5"),
        ("sum(properties.amount of Paid) >= 40", 45.7268, "", "sum of amount of Paid is 45.73"),
    ],
)  # fmt: skip
def test_a_fact(formula: str, value: Any, label: str, says: str) -> None:
    condition = parse_formula(formula)
    assert fact_of(condition, holds=True, value=value, label=label).says == says  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("formula", "value", "label", "says"),
    [
        ("sum(properties.minutes of Edit) >= 10", 9.9996, "minutes", "9.9996 minutes"),
        ("sum(properties.minutes of Edit) >= 10", 9.9996, "", "sum of minutes of Edit is 9.9996"),
        ("sum(properties.minutes of Edit) < 10", 10.0, "minutes", "10 minutes"),
        ("account.usage >= 10", 9.9996, "", "usage 9.9996"),
        ("account.employees > 10", 10.0002, "", "10.0002 employees"),
        ("latest(properties.used of S) / account.plan >= 80%", 0.796, "storage", "storage at 79.6%"),
        ("latest(properties.used of S) / account.plan <= 80%", 0.8004, "storage", "storage at 80.04%"),
        ("latest(properties.used of S) / account.plan >= 80%", 0.8, "storage", "storage at 80%"),
        ("recency(Login) >= 7 days", 6.9 * DAY, "silence", "silence 6.9 days"),
        ("recency(Login) >= 7 days", 7.0 * DAY, "silence", "silence 7 days"),
        ("recency(Login) >= 1 day", 23.9 * HOUR, "silence", "silence 23.9 hours"),
        ("recency(Login) >= 100 minutes", 100.0 * MINUTE, "silence", "silence 100 minutes"),
        ("hours_spent(Edit) >= 2", 1.9999, "building", "building 1.9999 hours"),
    ],
)  # fmt: skip
def test_no_rounding_takes_a_fact_to_its_bound_or_across(formula: str, value: float, label: str, says: str) -> None:
    assert fact_of(parse_formula(formula), holds=False, value=value, label=label).says == says  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Crm Connected", ("CRM", "connected")), ("report_run", ("report", "run")), ("Login", None),
        ("Signed Up", None),         ("SSO Enabled", ("SSO", "enabled")), ("dataSourceConnected", ("data source",
         "connected")), ("Need", None),
        ("product.viewed", ("product", "viewed")), ("Newsfeed", None), ("News Feed", None), ("", None), ("ed", None),
        ("Überweisung Created", ("überweisung", "created")), ("A B C D E F Created", None),
    ],
)  # fmt: skip
def test_objects_and_what_was_done(name: str, words: tuple[str, str] | None) -> None:
    assert done(name) == words


@pytest.mark.parametrize(
    ("formula", "bound"),
    [("count(A) >= 3", 3), ("account.x between 1 and 2", [1, 2]), ("account.x in [a, b]", ["a", "b"]),
     ("account.x is known", None), ("account.x contains y", "y"), ("account.x < 1970-01-02", DAY)],
)  # fmt: skip
def test_bounds(formula: str, bound: Any) -> None:
    assert bound_of(parse_formula(formula).test) == bound  # type: ignore[union-attr]


def test_the_names_of_a_definition_are_used() -> None:
    definition = load_definition(
        "definition: d\nsubject: account\nquantities:\n  reports: count(Report Run, last 7 days)\n"
        "value:\n  all:\n    - reports >= 10\n    - did(Crm Connected)\n"
    )
    reports, crm = definition.qualified.parts  # type: ignore[union-attr]
    facts = facts_of(
        definition,
        [Evidence(reports, True, 12.0, DAY, 7), Evidence(crm, False, 0.0, DAY, None)],
        {7: "Report Run by ann"},
    )
    assert [fact.says for fact in facts] == ["12 reports in the last 7 days", "CRM not connected yet"]
    assert [fact.tipped_by for fact in facts] == ["Report Run by ann", ""]
    assert facts[0].condition == "at least 10 Report Run in the last 7 days" and facts[0].bound == 10


def test_what_is_to_be_absent_is_not_said_to_be_absent_yet() -> None:
    definition = load_definition(
        "definition: d\nsubject: account\nvalue: did(Crm Connected) and not did(Plan Cancelled)\n"
    )
    evidence = [Evidence(each, False, 0.0, DAY, None) for each in conditions_of(definition.qualified)]
    assert [fact.says for fact in facts_of(definition, evidence)] == ["CRM not connected yet", "plan not cancelled"]


@pytest.mark.parametrize(
    ("value", "states", "step"),
    [
        ("count(Report Run) >= 3 or did(Crm Connected)", [(3.0, True), (0.0, False)], "connect the CRM"),
        ("count(Report Run) >= 3 or did(Crm Connected)", [(2.0, False), (0.0, False)], "run a report once more"),
        ("count(Report Run, last 7 days) > 3 or did(A)", [(0.0, False), (1.0, True)],
         "run a report 4 times in the last 7 days"),
        ("count(Report Run, any 7 days) >= 3 or did(A)", [(2.0, False), (1.0, True)],
         "run a report 3 times within some 7 days"),
        ("did(A) and not did(Crm Disconnected)", [(1.0, True), (0.0, False)], ""),
        ("did(A) or account.plan = free", [(1.0, True), ("pro", False)], ""),
        ("did(A) or members >= 4", [(1.0, True), (3.0, False)], "add 1 more member"),
        ("did(A) or did(Pricing Pondered)", [(1.0, True), (0.0, False)], "do Pricing Pondered once"),
        ("did(A) or (did(Crm Connected) and no Login for 3 days) or not did(Crm Connected)",
         [(1.0, True), (0.0, False), (5.0, False)], ""),
    ],
)  # fmt: skip
def test_next_steps(value: str, states: list[tuple[Any, bool]], step: str) -> None:
    definition = load_definition(f"definition: d\nsubject: account\nvalue: {value}\n")
    conditions = conditions_of(definition.qualified)
    evidence = [Evidence(each, holds, value, 0, None) for each, (value, holds) in zip(conditions, states, strict=True)]
    assert next_step_of(definition, evidence) == step


def test_the_standard_messages() -> None:
    assert message_of(notice(), "").text.splitlines()[:2] == [
        "Acme & Söhne qualifies: Team ready to pay",
        "12 reports in the last 7 days, 3 colleagues, CRM not connected yet. Next: connect the CRM.",
    ]
    left = message_of(notice(change="left", reason="converted"), "")
    assert left.headline == "Acme & Söhne no longer qualifies: Team ready to pay (the goal is reached)"
    assert "Next" not in left.body
    assert message_of(notice(change="retracted"), "").headline.startswith("Correction: ")


def test_of_many_facts_the_first_are_told() -> None:
    many = tuple(fact_of(parse_formula(f"did(E{i})"), holds=True, value=2.0) for i in range(20))  # type: ignore[arg-type]
    assert message_of(notice(evidence=many), "").body.startswith("E0 2 times, E1 2 times")
    assert " and 14 more. Next" in message_of(notice(evidence=many), "").body
