"""How numbers and evidence are written."""

from __future__ import annotations

import doctest
import math

import pytest
import report_sample as sample

from fireflower.language.nodes import (
    Between,
    Compare,
    Condition,
    Count,
    Date,
    Elapsed,
    Events,
    Known,
    Latest,
    Number,
    OneOf,
    Property,
    Ratio,
    Recency,
    Test,
    Text,
    TimeSpent,
    Trait,
)
from fireflower.model.moments import DAY, HOUR, MINUTE, parse_moment
from fireflower.report import (
    Change,
    Criterion,
    DefinitionReport,
    Evidence,
    Lead,
    ReportData,
    evidence,
    headline,
    leads,
    scales,
    svg,
    wording,
)
from fireflower.review.intervals import unknown, wilson

A = Events(("A",))
COUNT, RECENCY, SHARE = Count(A), Recency(A), Ratio(Latest(Property("used"), A), Number(10.0))


def read(text: str) -> str:
    """With ordinary spaces."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("module", [wording, scales, svg], ids=lambda module: module.__name__)
def test_examples_of_the_docstrings(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "quantity", "test", "words"),
    [
        (2140.0, COUNT, Compare(">=", 2000), "2,140"),
        (None, COUNT, Compare(">=", 2000), "none"),
        (math.nan, COUNT, Compare(">=", 2000), "none"),
        (2.0 * DAY, RECENCY, Compare(">=", 7 * DAY), "2 days"),
        (3.0 * HOUR, Elapsed(A), Compare("<", DAY), "3 hours"),
        (1.75, TimeSpent(A, HOUR), Compare(">=", 0.5), "1.8 hours"),
        (0.923, SHARE, Compare(">=", 0.9), "92.3 %"),
        (12.5, SHARE, Compare(">=", 10), "12.5"),
        ("software", Trait("account", "industry"), OneOf(("software",)), "software"),
        (("a", "b"), Trait("account", "tags"), Text("contains", "a"), "a, b"),
        (True, Trait("account", "paying"), Compare("=", True), "yes"),
    ],
)
def test_amount(value: evidence.Value, quantity: object, test: Test, words: str) -> None:
    assert read(evidence.amount(value, Condition(quantity, test))) == words  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "quantity", "test", "there", "wanted"),
    [
        (9.96, COUNT, Compare(">=", 10), "9.96", "≥ 10"),
        (10.02, COUNT, Compare("<=", 10), "10.02", "≤ 10"),
        (12345.6, COUNT, Compare(">=", 12346), "12,345.6", "≥ 12,346"),
        (12.36, COUNT, Compare(">=", 12.34), "12.36", "≥ 12.34"),
        (0.8996, SHARE, Compare(">=", 0.9), "89.96 %", "≥ 90 %"),
        (0.9025, SHARE, Compare(">=", 0.9025), "90.25 %", "≥ 90.25 %"),
        (6.98 * DAY, RECENCY, Compare(">=", 7 * DAY), "6.98 days", "≥ 7 days"),
        (100.0 * MINUTE, RECENCY, Compare(">=", 100 * MINUTE), "100 minutes", "≥ 100 minutes"),
        (47.99 * HOUR, Elapsed(A), Between(DAY, 2 * DAY), "1.9996 days", "1 day to 2 days"),
        (1.999, TimeSpent(A, HOUR), Compare(">=", 2), "1.999 hours", "≥ 2 hours"),
    ],
)
def test_no_rounding_takes_what_there_is_to_what_is_needed_or_across(
    value: float, quantity: object, test: Test, there: str, wanted: str
) -> None:
    condition = Condition(quantity, test)  # type: ignore[arg-type]
    assert read(evidence.amount(value, condition)) == there
    assert read(evidence.needed(Criterion(condition, "l"))) == wanted


def test_who_is_not_there_is_not_all_of_the_way() -> None:
    criterion = Criterion(Condition(COUNT, Compare(">=", 1000)), "l")
    lead = Lead("s", 0, (Evidence(False, 999.0),))
    (row,) = leads.packed(DefinitionReport("d", "account", criteria=(criterion,), leads=(lead,)), 0)
    assert row["has"][0][2] == 99.9


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (Compare(">=", 2000), "≥ 2,000"),
        (Compare("=", "pro"), "pro"),
        (Compare("!=", "pro"), "≠ pro"),
        (Between(25, 200), "25 to 200"),
        (OneOf(("software", "media")), "software or media"),
        (OneOf(("agency",), negated=True), "not agency"),
        (OneOf(("a", "b", "c", "d", "e")), "one of 5"),
        (OneOf(("a", "b", "c", "d"), negated=True), "not one of 4"),
        (Text("ends with", "@a.example", negated=True), "not ends with “@a.example”"),
        (Date("<", parse_moment("2026-03-01")), "< 1 Mar 2026"),
        (Known(), "known"),
        (Known(False), "missing"),
    ],
)
def test_needed(test: Test, words: str) -> None:
    assert read(evidence.needed(Criterion(Condition(COUNT, test), "l"))) == words


def test_spans_and_shares_are_needed_in_their_unit() -> None:
    assert read(evidence.needed(Criterion(Condition(RECENCY, Compare("<", 7 * DAY)), "l"))) == "< 7 days"
    assert read(evidence.needed(Criterion(Condition(SHARE, Compare(">=", 0.9)), "l"))) == "≥ 90 %"


def test_a_negated_criterion_is_done_while_it_does_not_hold() -> None:
    criterion = Criterion(Condition(COUNT, Compare(">=", 1)), "l", negated=True)
    assert evidence.done(criterion, Evidence(False, 0.0)) and not evidence.done(criterion, Evidence(True, 1.0))
    assert evidence.needed(criterion) == "not ≥ 1"


@pytest.mark.parametrize(
    ("value", "test", "reached"),
    [
        (500.0, Compare(">=", 2000), 0.25),
        (5000.0, Compare(">=", 2000), 1.0),
        (-1.0, Compare(">", 10), 0.0),
        (5.0, Compare("<", 10), None),
        (5.0, Compare(">=", 0), None),
        (None, Compare(">=", 10), None),
        ("x", Compare(">=", 10), None),
        (5.0, Between(1, 10), None),
    ],
)
def test_progress(value: evidence.Value, test: Test, reached: float | None) -> None:
    assert evidence.progress(value, Condition(COUNT, test)) == reached


def test_shares_and_their_intervals() -> None:
    assert read(wording.share(0.414)) == "41.4 %" and read(wording.share(1.0)) == "100 %"
    assert wording.share(math.nan) == wording.per_week(math.nan) == wording.days(math.nan) == wording.UNKNOWN
    assert read(wording.share_range(wilson(81, 263))) == "25.5 to 36.6 %"
    assert wording.share_range(unknown("")) == ""


def test_moments() -> None:
    moment = parse_moment("2026-03-05T14:30")
    assert read(wording.day(moment)) == "5 Mar 2026" and read(wording.day_and_time(moment)) == "5 Mar 2026, 14:30 UTC"
    assert wording.day(None) == wording.day_and_time(None) == wording.UNKNOWN
    assert [wording.ago(moment - n * DAY, moment) for n in (0, 1, 12)] == ["today", "1 day", "12 days"]


def test_headline_of_a_full_report() -> None:
    tiles = headline.tiles(sample.full())
    assert [tile.value for tile in tiles][:2] == ["139", "23"]
    assert tiles[0].note == "134 accounts and 5 people, by 2 definitions"
    assert "comparable accounts: 9" in tiles[2].note and not any(tile.small for tile in tiles)


def test_headline_marks_small_samples_and_leaves_out_what_is_unknown() -> None:
    assert [tile.small for tile in headline.tiles(sample.small())][2:4] == [True, True]
    assert len(headline.tiles(sample.empty())) == 2
    assert headline.qualified_now(ReportData("p", None, "0")) == "nobody"


def test_a_subject_of_several_definitions_counts_once() -> None:
    data = sample.full()
    twice = ReportData("p", sample.AS_OF, "0", (data.definitions[0], data.definitions[0]))
    assert headline.qualified_now(twice) == "134 accounts"


def test_changes_in_words() -> None:
    definition = sample.full().definitions[0]
    assert headline.changes_in_words(definition).startswith(
        "23 accounts entered. 8 accounts left: 5 by reaching the goal"
    )
    only = [change for change in definition.changes if change.change == "entered"]
    assert headline.changes_in_words(type(definition)("d", "account", changes=tuple(only))).endswith("nobody left.")


def test_who_comes_and_goes_several_times_counts_once_on_both_sides() -> None:
    turns = [(9, "a", "left"), (8, "a", "entered"), (7, "b", "left"), (6, "a", "left"), (5, "a", "entered")]
    changes = tuple(Change(at, who, turn, "lapsed" if turn == "left" else "qualified") for at, who, turn in turns)
    definition = DefinitionReport("d", "account", changes=changes)
    assert headline.changes_in_words(definition) == (
        "1 account entered (2 times altogether). "
        "2 accounts left (3 times altogether): 2 by conditions that no longer hold."
    )
    tile = headline.tiles(ReportData("p", 10, "0", (definition, definition)))[1]
    assert (tile.value, tile.note) == ("1", "different accounts; 2 left in the same time")
