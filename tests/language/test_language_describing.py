"""Plain English."""

from __future__ import annotations

from typing import Any

import pytest

from fireflower.language.describing import describe, describe_condition, describe_formula, describe_quantity
from fireflower.language.expressions import parse_formula
from fireflower.language.loading import load_definition, load_settings
from fireflower.language.nodes import Condition
from fireflower.language.steps import next_step
from fireflower.model.moments import DAY


def condition(text: str) -> Condition:
    formula = parse_formula(text)
    assert isinstance(formula, Condition)
    return formula


CONDITIONS = {
    "count(Report Run, last 7 days) >= 3": "at least 3 Report Run in the last 7 days",
    "did(Login)": "Login at least once",
    "count(Login) = 0": "no Login",
    "count(any, last 1 day) < 5": "less than 5 events in the last day",
    "count(A or B where properties.x > 2 and role = admin) between 2 and 5": "between 2 and 5 A or B"
    " where x is above 2 and the person's role is 'admin'",
    'count(A, within 14 days of "T") >= 2': "at least 2 A within 14 days of the first T",
    "count(any) = 0": "no event",
    "count(any where role = admin) >= 3": "at least 3 events where the person's role is 'admin'",
    "count(any) - count(A) > 2": "the number of events minus the number of A is above 2",
    "no any for 7 days": "no event for 7 days",
    "account.employees between 20 and 500": "the account has between 20 and 500 employees",
    "account.seats < 3": "the account has less than 3 seats",
    "account.admins >= 1": "the account has at least 1 admin",
    "account.seats is known": "the account's seats is known",
    "account.size >= 3": "the account's size is at least 3",
    "no Login for 7 days": "no Login for 7 days",
    "recency(Login) < 36 hours": "the latest Login (before any, the first record) in the last 36 hours",
    "recency(any where role = admin) < 1 day": "the latest event where the person's role is 'admin' (before any, the"
    " first record) in the last day",
    'elapsed("T") >= 14 days': "the time since the first T is at least 14 days",
    "distinct_days(any, any 7 days) >= 3": "at least 3 days with any event within some 7 days",
    "members(admin) >= 1": "at least 1 member who is admin",
    "members >= 3": "at least 3 members",
    "actors(A, last 7 days) >= 2": "at least 2 people with A in the last 7 days",
    "hours_spent(A) >= 30 minutes": "at least 30 minutes spent on A",
    "sessions(A) >= 4": "at least 4 sessions of A",
    "sequence(A, B within 3 days) = 2": "A, then B, in this order, within 3 days",
    "streak(A) >= 5": "the current run of days in a row with A is at least 5",
    "sum(properties.x of A) > 1.5": "the sum of x of A is above 1.5",
    "distinct(properties.x of A) >= 2": "the number of different x of A is at least 2",
    "distinct(event of any, last 30 days) >= 4": "at least 4 different events in the last 30 days",
    "distinct(event of A or B where role = admin) = 2": "exactly 2 different events of A or B"
    " where the person's role is 'admin'",
    "account.plan = pro": "the account's plan is 'pro'",
    "account.plan not in [pro, team]": "the account's plan is known and not 'pro' or 'team'",
    "account.tech_stack in [jira, slack]": "the account's tech_stack has one of 'jira' or 'slack'",
    "did(A where properties.features not in [x, y])": "A where features is known and has none of 'x' or 'y'"
    " at least once",
    "account.status in [new, old]": "the account's status is 'new' or 'old'",
    "account.plan is missing": "the account's plan is missing",
    "account.since < 2026-03-01": "the account's since is before 2026-03-01",
    "latest(properties.gb of A) / account.gb >= 90%": "the latest gb of A is at least 90% of the account's gb",
    "count(A) / 10000 >= 90%": "the number of A is at least 90% of the limit of 10,000",
    "count(A) / 10000 >= 1": "the number of A is at least the limit of 10,000",
    "count(A, last 28 days) / 4 > 2": "the number of A in the last 28 days is above 200% of 4",
    "count(A) / 10000 between 50% and 90%": "the number of A is between 50% and 90% of the limit of 10,000",
    "count(A) / count(B) between 2 and 5": "the number of A divided by the number of B is between 2 and 5",
    "account.gb - latest(properties.gb of A) <= 2": "the account's gb minus the latest gb of A is at most 2",
    "count(A) - count(B) > 0": "the number of A is above the number of B",
    "count(A) / count(B) < 1": "the number of A is below the number of B",
    "count(A where time.weekday = 6) >= 2": "at least 2 A where the local weekday is Saturday",
}


@pytest.mark.parametrize("text", CONDITIONS)
def test_condition(text: str) -> None:
    assert describe_condition(condition(text)) == CONDITIONS[text]


def test_what_was_not_done() -> None:
    assert describe_formula(parse_formula("not did(Sale Made, last 7 days)")) == "no Sale Made in the last 7 days"
    assert describe_formula(parse_formula("not count(A) >= 2")) == "not (at least 2 A)"


def test_formula_and_quantity() -> None:
    formula = parse_formula("did(A) and (did(B) or not did(C))")
    assert describe_formula(formula) == "A at least once, and (B at least once, or no C)"
    assert describe_quantity(condition("members(admin) >= 1").quantity) == "the number of members who are admin"


STEPS: list[tuple[str, Any, str]] = [
    ("count(Report Run) >= 3", 1, "do Report Run 2 more times"),
    ("count(Report Run, last 7 days) > 3", 3, "do Report Run once more within 7 days"),
    ("did(A)", 0, "do A once"),
    ("count(A) >= 2", 0, "do A 2 times"),
    ("count(A) >= 2", None, "do A 2 times"),
    ("actors(A) >= 3", 0, "have 3 people do A"),
    ("hours_spent(A) >= 2", 0, "spend 2 hours on A"),
    ("distinct_days(any, last 7 days) >= 3", 1.0, "do any event on 2 more days within 7 days"),
    ("actors(A) >= 3", 1, "have 2 more people do A"),
    ("members(admin) >= 1", 0, "add 1 admin"),
    ("hours_spent(A) >= 2", 1.5, "spend 30 minutes more on A"),
    ("no A for 7 days", 2 * DAY, "wait 5 days more without A"),
    ('elapsed("T") >= 14 days', 13 * DAY, "wait 1 day more"),
    ("recency(A) < 7 days", 8 * DAY, "do A again"),
    ("no A for 7 days", 3.04 * DAY, "wait 4 days more without A"),
    ("recency(A) > 7 days", 7 * DAY, "no A for 7 days (now 7 days)"),
    ("hours_spent(A) > 0.5", 0.2, "spend 18 minutes more on A"),
    ("hours_spent(A) >= 30 minutes", 503 / 3600, "spend 21.7 minutes more on A"),
    ("streak(A) >= 3", 2, "do A on 1 more day in a row"),
    ("longest_streak(A) >= 5", 3, "do A on 5 days in a row"),
    ("sequence(A, B, C) = 3", 1, "do B then C"),
    ("sequence(A, B, C within 3 days) >= 3", 2, "do A, B then C within 3 days"),
    ("count(A, any 7 days) >= 3", 2, "do A 3 times within 7 days"),
    ("distinct_days(any, any 7 days) > 2", 2, "do any event on 3 days within 7 days"),
    ("sum(properties.x of A, any 7 days) >= 5", 2, "raise the sum of x of A within some 7 days to 5"),
    ("distinct(event of A or B or C, last 7 days) >= 3", 1, "do 2 more different events of A, B or C within 7 days"),
    ("sum(properties.x of A) >= 5", 2, "raise the sum of x of A by 3"),
    ("account.plan = pro", "free", "wait for a change of account.plan: it is 'free'"),
    ("account.size >= 20", None, "wait for a change of account.size: it is missing"),
    ("count(A) < 3", 5, "less than 3 A (now 5)"),
    ("count(A) / count(B) > 0.9", 0.5, "raise the number of A divided by the number of B by more than 0.4"),
    ("count(A) / 10000 >= 80%", 0.495, "raise the number of A from 49.5% to 80% of the limit of 10,000"),
    (
        "count(A) / account.seats > 100%",
        0.9998,
        "raise the number of A from 99.98% to more than 100% of the account's seats",
    ),
    ("latest(properties.gb of A) / account.gb >= 80%", None, "raise the latest gb of A to 80% of the account's gb"),
    (
        "latest(properties.gb of A) / account.gb < 80%",
        0.953,
        "the latest gb of A is below 80% of the account's gb (now 95.3%)",
    ),
    ("count(A) / count(B) between 20% and 50%", 0.1, "raise the number of A from 10% to 20% of the number of B"),
    (
        "count(A) / count(B) between 20% and 50%",
        0.9999,
        "the number of A is between 20% and 50% of the number of B (now 99.99%)",
    ),
    ("count(A) - count(B) >= 30", 2.439862, "raise the number of A minus the number of B by 27.6"),
    ("min(properties.x of A) >= 5", 2, "the smallest x of A is at least 5 (now 2)"),
    ("max(properties.x of A) >= 2", float("nan"), "raise the greatest x of A to 2"),
    ("latest(properties.seats of A) >= 10", None, "raise the latest seats of A to 10"),
    ("latest(properties.seats of A) > 10", 4, "raise the latest seats of A by more than 6"),
    ("max(properties.x of A) >= 2", -1e308, "raise the greatest x of A by 1e+308"),
    ("max(properties.x of A) >= 2", float("-inf"), "the greatest x of A is at least 2 (now -inf)"),
]


@pytest.mark.parametrize(("text", "current", "expected"), STEPS)
def test_next_step(text: str, current: Any, expected: str) -> None:
    assert next_step(condition(text), current) == expected


WHOLE = """\
definition: team-ready
subject: account
kind: limit reached
description: A team that needs more room.
owner: sales
value:
  all:
    - count(Report Run) >= 3
    - members >= 2
fit: account.employees >= 20
qualified: value and (fit or score >= 30)
score:
  points: {did(Pricing Viewed): 10}
  each: {Invite Sent: {points: 2, cap: 20}}
  half_life: 30 days
  cap: 100
goal: Paid
cooldown: 14 days
"""
DESCRIBED = """\
team-ready (limit reached)
A team that needs more room.

An account is a product-qualified account (PQA) while all of these hold:
- Value (has got value from the product):
  - at least 3 Report Run
  - at least 2 members
- at least one of:
  - Fit (is the kind of customer that is looked for):
    - the account has at least 20 employees
  - the score is at least 30

The score is the sum of these points:
- 10 while: Pricing Viewed at least once
- 2 for each Invite Sent, at most 20 together
- points fade: half of them are gone after 30 days
- the score is never above 100

It is to predict Paid. It ends when that happens (converted), or as soon as the criteria hold no more.
After it ended without the goal, it can begin again only 14 days later.
Left out is every person with: the person's email ends with '@acme.com'.
Responsible for it: sales."""


def test_whole_definition() -> None:
    settings = load_settings("leave_out:\n  people: person.email ends with '@acme.com'\n")
    assert describe(load_definition(WHOLE), settings) == DESCRIBED


def test_a_circle_that_the_verdict_does_without_is_said_below() -> None:
    text = "definition: d\nsubject: person\nvalue: {any: [did(A), did(B)]}\nintent: did(C)\nqualified: value\n"
    assert describe(load_definition(text)).splitlines()[2:9] == [
        "A person is a product-qualified lead (PQL) while this holds:",
        "- Value (has got value from the product), at least one of:",
        "  - A at least once",
        "  - B at least once",
        "",
        "Intent (shows signs of wanting to buy) means:",
        "- C at least once",
    ]


def test_what_is_asked_is_said_exactly() -> None:
    assert describe_condition(condition("count(A, last 1209600.5 seconds) >= 3")).endswith("last 1209600.5 seconds")
    assert describe_condition(condition("sum(properties.x of A) >= 123456789012.5")).endswith("least 123,456,789,012.5")
    assert describe_condition(condition("max(properties.x of A) >= 0.0000001")).endswith("at least 0.0000001")


def test_one_hour_is_one() -> None:
    assert describe_condition(condition("hours_spent(A) >= 1")) == "at least 1 hour spent on A"
