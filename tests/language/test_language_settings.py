"""fireflower.yaml."""

from __future__ import annotations

import pytest

from fireflower.language.loading import load_settings
from fireflower.language.nodes import (
    AnyOf,
    Compare,
    Condition,
    Events,
    FieldTest,
    Members,
    Property,
    Settings,
    Text,
    Trait,
)
from fireflower.model.errors import DefinitionError

WHOLE = """\
project: acme
start: Signed Up
activation: {event: Report Run, where: properties.rows > 0}
goal: [Subscription Started, Invoice Paid]
leave_out:
  people:
    any:
      - person.email ends with "@acme.com"
      - person.staff = true
  accounts: account.name contains test
timezone: Europe/Berlin
timezone_traits: {person: timezone, account: account.zone}
timeless: [account.industry, person."home country"]
attribution: latest
account_email: person.email
shared_domains: [partner.com]
circles: {value: [Report Run], fit: [account.plan], intent: ["Pricing Viewed", members, {event: account.seen}]}
links: {account: "https://app.acme.com/a/{id}"}
retention: 400 days
imports: {events: {time: ts, n: 3}}
"""


def test_whole() -> None:
    staff = Condition(Trait("person", "staff"), Compare("=", True))
    email = Condition(Trait("person", "email"), Text("ends with", "@acme.com"))
    assert load_settings(WHOLE) == Settings(
        name="acme",
        start=Events(("Signed Up",)),
        activation=Events(("Report Run",), FieldTest(Property("rows"), Compare(">", 0.0))),
        goal=Events(("Subscription Started", "Invoice Paid")),
        leave_out=(
            ("person", AnyOf((email, staff))),
            ("account", Condition(Trait("account", "name"), Text("contains", "test"))),
        ),
        timezone="Europe/Berlin",
        timezone_traits=(("person", "timezone"), ("account", "zone")),
        timeless=(("account", "industry"), ("person", "home country")),
        attribution="latest",
        account_email="email",
        shared_domains=("partner.com",),
    )
    assert load_settings(WHOLE).speaks_for == (
        ("value", Events(("Report Run",))),
        ("fit", Trait("account", "plan")),
        ("intent", Events(("Pricing Viewed",))),
        ("intent", Members()),
        ("intent", Events(("account.seen",))),
    )
    assert load_settings(WHOLE).imports == {"events": {"time": "ts", "n": 3}}


FAULTS = {
    "circles: {value: Report Run}\n": "1:18: error: expected a list of events and traits such as [Report Run, acc",
    "circles: {fits: [A]}\n": "1:11: error: 'fits' is no key of circles. Did you mean 'fit'?",
    "circles: {value: [A], intent: [B or A]}\n": "1:32: error: 'A' stands under `value` already; each speaks for one",
    "circles: {fit: [account.plan], intent: [account.plan]}\n": "'account.plan' stands under `fit` already",
    "circles: {value: [any]}\n": "expected the name of an event or a trait",
    "circles: {value: [account.plan > 1]}\n": "expected nothing more after 'account.plan', got '>'.",
    "timezone: Europe/Berln\n": "1:11: error: there is no time zone 'Europe/Berln'. Did you mean 'Europe/Berlin'",
    "timezone: somewhere\n": "Expected a name such as Europe/Berlin",
    "attribution: last\n": "1:14: error: expected an attribution: only, all or latest, got 'last'.",
    "leave_out: {peopel: did(A)}\n": "1:13: error: 'peopel' is no key of leave_out. Did you mean 'people'?",
    "leave_out: {people: members >= 2}\n": "1:21: error: members counts the people of an account",
    "leave_out: {people: bots >= 2}\n": "1:21: error: there is no quantity 'bots'",
    "links:\n  person: ftp://x/{id}\n": "expected a URL such as https://app.acme.com/users/{id}",
    "links:\n  person: https://x.com/\n": "expected a URL such as https://app.acme.com/users/{id}",
    "retention: 5 hours\n": "1:12: error: expected events to be kept for a day at least, got '5 hours'.",
    "retention: long\n": "1:12: error:",
    "shared_domains: partner.com\n": "1:17: error: expected a list of domains such as [partner.com]",
    "shared_domains: [partner]\n": "1:18: error: expected a domain such as partner.com, got 'partner'.",
    "timeless: account.x\n": "1:11: error: expected a list of traits",
    "timeless: [industry]\n": "1:12: error: there is no quantity 'industry'",
    "start: null\n": "1:8: error: expected the name of an event, or 'any', got nothing.",
    "start: {evnt: A}\n": "'evnt' is no key of an event. Did you mean 'event'?",
    "imports: all\n": "1:10: error: expected keys and values under `imports:`",
    "goals: Paid\n": "1:1: error: 'goals' is no key of the settings. Did you mean 'goal'?",
}


@pytest.mark.parametrize("text", FAULTS)
def test_fault(text: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        load_settings(text)
    assert FAULTS[text] in str(caught.value)


@pytest.mark.parametrize("nothing", ["none", "null", "~", ""])
def test_no_goal(nothing: str) -> None:
    assert load_settings(f"project: x\ngoal: {nothing}\n").goal is None


def test_anchors_in_leave_out() -> None:
    found = load_settings("start: Signed Up\nleave_out:\n  people: not did(Login, within 30 days of start)\n")
    assert found.leave_out
