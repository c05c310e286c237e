"""The tests that a definition carries."""

from __future__ import annotations

import pytest

from fireflower.language.examples import DAY_0, as_of, moment_of, to_records
from fireflower.language.histories import example_from
from fireflower.language.loading import load_definition
from fireflower.language.nodes import Example
from fireflower.model.errors import DefinitionError
from fireflower.model.moments import DAY, HOUR, MINUTE, parse_moment
from fireflower.model.records import Kind, Record, SubjectKind

HEAD = "definition: d\nsubject: account\nvalue: did(A)\ntests:\n"


def example(text: str) -> Example:
    return load_definition(HEAD + text).examples[0]


def test_moments() -> None:
    assert moment_of("day 0") == DAY_0 == parse_moment("2026-01-01")
    assert moment_of("day 3 14:05") == DAY_0 + 3 * DAY + 14 * HOUR + 5 * MINUTE
    assert moment_of("2026-01-01 09:00") == DAY_0 + 9 * HOUR
    for text in ("day", "day -1", "day 3 25:00", "soon", "1969-05-01", "0001-01-01", "day 99999"):
        with pytest.raises(ValueError, match="expected a"):
            moment_of(text)


def test_records() -> None:
    found = example(
        """\
  - name: all lines
    subject: acme
    history:
      - {at: day 2, leave: ann, account: acme}
      - {at: day 1, event: A, person: 7, account: acme, properties: {rows: 3, plan: {name: x}}, times: 2, every: 1 hour}
      - {at: day 0, join: ann, account: acme, role: admin}
      - {at: day 0, person: ann, traits: {email: a@b.c, old: null}}
      - {at: day 0, account: acme, traits: {employees: 50}}
    expect: never
    as_of: day 9
"""
    )
    properties = {"rows": 3, "plan": {"name": "x"}}
    assert to_records(found) == [
        Record(DAY_0, Kind.JOIN, "admin", "ann", "acme", message_id="00000003"),
        Record(DAY_0, Kind.ACCOUNT_TRAIT, "employees", None, "acme", 50.0, message_id="00000006"),
        Record(DAY_0, Kind.PERSON_TRAIT, "email", "ann", None, "a@b.c", message_id="00000004"),
        Record(DAY_0, Kind.PERSON_TRAIT, "old", "ann", None, None, message_id="00000005"),
        Record(DAY_0 + DAY, Kind.EVENT, "A", "7", "acme", properties=properties, message_id="00000001"),
        Record(DAY_0 + DAY + HOUR, Kind.EVENT, "A", "7", "acme", properties=properties, message_id="00000002"),
        Record(DAY_0 + 2 * DAY, Kind.LEAVE, "", "ann", "acme", message_id="00000000"),
    ]
    assert as_of(found) == DAY_0 + 9 * DAY


def test_lines_of_one_instant_keep_their_order() -> None:
    lines = [{"at": "day 0", "event": name, "account": "acme"} for name in "zyxwvutsrqpo"]
    found = example_from({"history": lines, "expect": "never"}, "account")
    assert [record.name for record in to_records(found)] == list("zyxwvutsrqpo")


def test_expected_transitions_and_defaults() -> None:
    found = example(
        """\
  - history:
      - {at: day 0, event: A, account: acme}
    expect: [{entered: day 0}, {left: 2026-01-05}]
"""
    )
    assert (found.name, found.subject) == ("test 1", "acme")
    assert found.expect == (("entered", DAY_0), ("left", DAY_0 + 4 * DAY))
    assert as_of(found) == DAY_0 + 4 * DAY


@pytest.mark.parametrize(("subject", "expected"), [("account", "acme"), ("person", "ann")])
def test_the_subject_is_obvious_where_there_is_only_one(subject: SubjectKind, expected: str) -> None:
    lines = [{"at": "day 0", "join": "ann", "account": "acme"}, {"at": "day 1", "event": "A", "person": "ann"}]
    assert example_from({"history": lines, "expect": "never"}, subject).subject == expected


FAULTS = {
    "at: dayy 3, event: A, account: a": "expected a moment such as 'day 3', 'day 3 14:00' or",
    "event: A, account: a": "this line needs `at`",
    "at: day 0, account: a": "a line of a history says one of event, join, leave or traits",
    "at: day 0, event: A, join: b, account: a": "a line of a history says one of event",
    "at: day 0, evnt: A, account: a": "'evnt' is no key of a line of a history. Did you mean 'event'?",
    "at: day 0, event: A, account: a, role: x": "'role' has no meaning beside `event`",
    "at: day 0, event: A": "an event needs `person`, `account`, or both",
    "at: day 0, join: b": "`join` needs `account`",
    "at: day 0, traits: {x: 1}, person: b, account: a": "traits need either `person` or `account`",
    "at: day 0, traits: x, account: a": "expected traits as names and values",
    "at: day 0, event: A, account: a, properties: x": "expected properties as names and values",
    "at: day 0, event: A, account: a, times: 3": "`times` and `every` stand together",
    "at: day 0, event: A, account: a, times: 0, every: 1 h": "expected a whole number from 1 to 100,000, got 0",
    "at: day 0, event: A, account: a, times: 2, every: x": "expected a span such as",
    "at: day 0, event: A, account: a, times: 100000, every: 36500 days": "the last of these events would be in 2100",
    "at: day 0, event: A, person: null": "an event needs `person`, `account`, or both",
    'at: day 0, event: A, person: ""': "expected a text for `person`, got ''",
    "at: day 0, event: null, person: b": "expected a text for `event`, got nothing",
    "at: day 0, join: ann, account: null": "`join` needs `account`",
    "at: day 0, traits: {x: 1}, person: ": "traits need either `person` or `account`",
    'at: day 0, traits: {"": 1}, person: b': "expected the name of a trait, got ''",
    "at: 1969-05-01, event: A, account: a": "expected a moment from 1970 to 2099",
}


@pytest.mark.parametrize("line", FAULTS)
def test_faults_of_lines(line: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        example(f"  - subject: a\n    history:\n      - {{{line}}}\n    expect: never\n")
    assert FAULTS[line] in str(caught.value)
    assert all(fault.line == 7 for fault in caught.value.faults)


LINE = "{at: day 0, event: A, account: a}"
TEST_FAULTS = {
    "expect: never": "a test needs `history`",
    f"history: [{LINE}]": "a test needs `expect`",
    f"history: [{LINE}], expect: sometimes": "a test needs `expect`: 'never', or a list",
    f"history: [{LINE}], expect: [{{left: day 3}}]": "a subject enters before it leaves",
    f"history: [{LINE}], expect: [{{entered: day 3}}, {{entered: day 4}}]": "`entered` stands here twice in a row",
    f"history: [{LINE}], expect: [{{entred: day 3}}]": "'entred' is no key of what is expected. Did you",
    f"history: [{LINE}, {{at: day 0, event: A, account: b}}], expect: never": "about: the history has a or b",
    "history: [{at: day 0, event: A, person: p}], expect: never": "no line of the history names one",
}


@pytest.mark.parametrize("text", TEST_FAULTS)
def test_faults_of_tests(text: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        example(f"  - {{{text}}}\n")
    assert TEST_FAULTS[text] in str(caught.value)
