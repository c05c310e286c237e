"""Why, or why not: what is done, what is missing, and the nearest step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fireflower.evaluate.explain import Explanation, HeldBack, explain
from fireflower.evaluate.results import Reason
from fireflower.history.assembly import assemble
from fireflower.language.expressions import parse_formula
from fireflower.language.loading import load_definition
from fireflower.language.nodes import Definition, Settings
from fireflower.model.errors import UnknownSubjectError
from fireflower.model.moments import DAY
from fireflower.model.records import Kind, Record, SubjectKind

DEFINITION = load_definition(
    """
definition: ready
subject: account
goal: Paid
quantities:
  reports: {count: Report Run}
  week: {count: Report Run, last: 7 days}
value: {all: [reports >= 4, actors(Report Run) >= 2]}
fit: account.employees >= 20
intent: {any: [week >= 10, did(Asked)]}
score:
  points: {reports >= 2: 30}
  each: {Report Run: {points: 5, cap: 20}}
"""
)


def event(day: float, name: str, person: str = "ann") -> Record:
    return Record(int(day * DAY), Kind.EVENT, name, person=person, account="acme", message_id=f"{name}{day}{person}")


HISTORY = [
    Record(0, Kind.ACCOUNT_TRAIT, "employees", account="acme", value=50),
    *(event(day, "Report Run") for day in (1, 2, 3)),
]


def told(*more: Record, as_of: float = 10) -> Explanation:
    timeline = assemble([*HISTORY, *more])
    return explain(DEFINITION, Settings(), [timeline], "account", "acme", as_of=int(as_of * DAY))


def texts(evidence: tuple) -> list[str]:
    return [state.condition.text for state in evidence]


def test_what_is_done_and_what_is_not() -> None:
    explanation = told()
    assert not explanation.qualified
    assert explanation.reason is None
    assert [(circle.name, circle.holds) for circle in explanation.circles] == [
        ("value", False),
        ("fit", True),
        ("intent", False),
    ]
    by_text = {state.condition.text: state for state in explanation.conditions}
    assert by_text["reports >= 4"].value == 3
    assert by_text["account.employees >= 20"].holds
    assert by_text["account.employees >= 20"].since == 0


def test_the_shortest_way_takes_the_nearer_of_two_alternatives() -> None:
    assert texts(told().missing) == ["reports >= 4", "actors(Report Run) >= 2", "week >= 10"]
    busy = told(*(event(4 + i / 24, "Report Run") for i in range(6)), as_of=5)
    assert texts(busy.missing) == ["actors(Report Run) >= 2", "week >= 10"]
    assert busy.nearest is not None and busy.nearest.condition.text == "week >= 10"


def test_the_nearest_step_in_words() -> None:
    explanation = told()
    assert explanation.nearest is not None and explanation.nearest.condition.text == "reports >= 4"
    assert explanation.next_step == "do Report Run once more"


def test_qualified_with_the_row_that_tipped_it() -> None:
    timeline = assemble([*HISTORY, event(4, "Report Run", "ben"), event(5, "Asked")])
    explanation = explain(DEFINITION, Settings(), [timeline], "account", "acme", as_of=6 * DAY)
    assert explanation.qualified and explanation.since == 5 * DAY
    assert not explanation.missing and explanation.next_step == ""
    asked = next(state for state in explanation.conditions if "Asked" in state.condition.text)
    assert asked.row is not None and timeline.time[asked.row] == 5 * DAY
    assert [(change.at, change.entered) for change in explanation.history] == [(5 * DAY, True)]


def test_converted_with_its_history() -> None:
    explanation = told(event(4, "Report Run", "ben"), event(5, "Asked"), event(7, "Paid"))
    assert not explanation.qualified
    assert explanation.reason is Reason.CONVERTED
    assert [change.reason for change in explanation.history] == [Reason.QUALIFIED, Reason.CONVERTED]


def test_the_score_is_told_though_no_condition_reads_it() -> None:
    assert told().score == 45


def test_each_line_of_a_score_tells_what_it_gives() -> None:
    holding, events = told().score_lines
    assert (holding.points, holding.most, texts(holding.conditions)) == (30, 30, ["reports >= 2"])
    assert (events.points, events.most, events.conditions) == (15, 20, ())


FADING = """
definition: ready
subject: account
score:
  points: {count(Report Run) >= 4: 20, did(Asked): 5, account.employees >= 100: 40}
  each: {Report Run: {points: 8, cap: 20}}
  half_life: 2 days
  cap: 30
qualified: score >= 25
"""


def test_lines_fade_each_by_itself_and_the_nearest_that_is_no_trait_is_the_next_step() -> None:
    timeline = assemble(HISTORY)
    found = explain(load_definition(FADING), Settings(), [timeline], "account", "acme", as_of=5 * DAY)
    assert [line.points for line in found.score_lines[:3]] == [0, 0, 0]
    assert found.score_lines[3].points == pytest.approx(8 * (2**-2 + 2**-1.5 + 2**-1))
    assert found.score == pytest.approx(found.score_lines[3].points)
    assert found.next_step == "do Report Run once more, for 20 points"


def test_as_of_earlier_knows_nothing_later() -> None:
    explanation = told(event(4, "Report Run", "ben"), event(5, "Asked"), as_of=2)
    assert {state.condition.text: state.value for state in explanation.conditions}["reports >= 4"] == 2


def test_nobody_of_that_name() -> None:
    with pytest.raises(UnknownSubjectError, match="no record of the account 'nobody'"):
        explain(DEFINITION, Settings(), [assemble(HISTORY)], "account", "nobody")


def left_out_if(text: str, kind: SubjectKind = "account") -> Settings:
    return Settings(leave_out=((kind, parse_formula(text)),))


def explained(definition: Definition, settings: Settings, *records: Record, as_of: float = 30) -> Explanation:
    return explain(definition, settings, [assemble(records)], "account", "acme", as_of=int(as_of * DAY))


def test_who_is_left_out_is_told_so_and_has_no_next_step() -> None:
    found = explained(DEFINITION, left_out_if("account.employees >= 40 or did(Asked)"), *HISTORY)
    assert found.held_back and found.held_back.reason == Reason.LEFT_OUT
    assert found.held_back.by == "account.employees >= 40"
    assert not found.missing and not found.next_step
    assert explained(DEFINITION, left_out_if("account.employees >= 60"), *HISTORY).held_back is None


def test_who_reached_the_goal_before_is_told_so_and_has_no_next_step() -> None:
    found = explained(DEFINITION, Settings(), event(0.5, "Paid"), *HISTORY)
    assert found.held_back == HeldBack(Reason.CONVERTED, since=int(0.5 * DAY))
    assert not found.history and not found.missing and not found.next_step
    assert explained(replace(DEFINITION, keep_after_goal=True), Settings(), event(0.5, "Paid"), *HISTORY).missing


def test_a_cooldown_says_when_it_ends() -> None:
    definition = load_definition(
        "definition: busy\nsubject: account\nqualified: count(Report Run, last 7 days) >= 2\ncooldown: 14 days"
    )
    runs = [event(day, "Report Run") for day in (1, 2, 10, 11)]
    found = explained(definition, Settings(), *runs, as_of=12)
    assert found.held_back == HeldBack(Reason.LAPSED, since=8 * DAY, until=22 * DAY)
    assert all(state.holds for state in found.conditions) and not found.next_step
    assert explained(definition, Settings(), *runs, as_of=9).next_step
    over = explained(definition, Settings(), *runs, event(21, "Report Run"), event(21.5, "Report Run"), as_of=22)
    assert over.qualified and over.held_back is None


def test_people_who_are_left_out_are_counted() -> None:
    out = left_out_if("did(Staff)", "person")
    found = explained(DEFINITION, out, *HISTORY, event(0.5, "Staff", "bob"), event(1, "Report Run", "bob"))
    assert found.people_left_out == 1
    assert [state.value for state in found.conditions][:2] == [3, 1]
    assert explained(DEFINITION, out, *HISTORY).people_left_out == 0
