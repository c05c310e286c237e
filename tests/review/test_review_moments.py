"""From transitions to moments and spells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fireflower.evaluate.results import Change, EvidenceRows, Reason, Subject, Transitions
from fireflower.language.nodes import (
    Compare,
    Condition,
    Count,
    Definition,
    Events,
    Every,
    FieldTest,
    Known,
    Property,
    Settings,
)
from fireflower.model.moments import NEVER
from fireflower.model.timeline import Vocabulary
from fireflower.review.moments import internal_definitions, moments, spells

GOAL = Events(("paid", "upgraded"))
PROJECT = Settings(start=Events(("sign up",)), activation=Events(("report",)), goal=GOAL)
TEAM = Definition("team", "account", Condition(Count(Events(("report",))), Compare(">=", 3)), goal=GOAL)
IN, OUT = Change.ENTERED, Change.LEFT

Row = tuple[int, int, int, str, Change, Reason]
"""(at, known_at, subject, definition, change, reason)."""


def transitions(definitions: list[Definition], rows: list[Row], as_of: int = 100) -> Transitions:
    names = [definition.name for definition in definitions]
    kinds = [Subject.PERSON if d.subject == "person" else Subject.ACCOUNT for d in definitions]
    rows = sorted(rows, key=lambda row: row[0])
    index = [names.index(row[3]) for row in rows]

    def column(values: list[int], dtype: type) -> np.ndarray:
        return np.array(values, dtype=dtype)

    return Transitions(
        definitions=definitions,
        conditions=[() for _ in definitions],
        vocabulary=Vocabulary([], ["p0"], ["a0", "a1", "a2", "a3"]),
        as_of=as_of,
        at=column([row[0] for row in rows], np.int64),
        known_at=column([row[1] for row in rows], np.int64),
        kind=column([kinds[i] for i in index], np.int8),
        subject=column([row[2] for row in rows], np.int32),
        definition=column(index, np.int32),
        change=column([row[4] for row in rows], np.int8),
        reason=column([row[5] for row in rows], np.int8),
        end=np.zeros(len(rows), np.uint32),
        counts=np.zeros(len(definitions), np.uint32),
        rows=EvidenceRows.none(),
    )


def entering(at: int, subject: int, definition: str, known: int | None = None) -> Row:
    return (at, at if known is None else known, subject, definition, IN, Reason.QUALIFIED)


def leaving(at: int, subject: int, definition: str, reason: Reason = Reason.LAPSED, known: int | None = None) -> Row:
    return (at, at if known is None else known, subject, definition, OUT, reason)


def test_the_definitions_that_a_review_needs_are_one_per_role_and_one_goal_each() -> None:
    other = Definition("other", "account", TEAM.qualified, goal=Events(("renewed",)))
    people = Definition("people", "person", TEAM.qualified, goal=GOAL)
    found = internal_definitions(PROJECT, TEAM, other, people)
    assert [definition.name for definition in found] == [
        "(existence of each account)",
        "(start of each account)",
        "(activation of each account)",
        "(goal of team)",
        "(goal of other)",
        "(existence of each person)",
        "(start of each person)",
        "(activation of each person)",
        "(goal of people)",
    ]
    assert all(definition.keep_after_goal and definition.goal is None for definition in found)
    assert found[4].qualified == Condition(Count(Events(("renewed",))), Compare(">=", 1))


def test_moments_are_the_first_entries_of_the_definitions() -> None:
    internal = internal_definitions(PROJECT, TEAM)
    names = {definition.name.split()[0][1:]: definition.name for definition in internal}
    rows = [
        *[entering(at, code, names["existence"]) for code, at in enumerate((5, 6, 7))],
        leaving(40, 1, names["existence"], Reason.LEFT_OUT, known=44),
        leaving(41, 1, names["start"], Reason.LEFT_OUT),
        entering(10, 0, names["start"], known=13),
        entering(11, 1, names["start"]),
        entering(60, 1, names["start"]),
        entering(20, 0, names["activation"]),
        entering(30, 0, names["goal"]),
    ]
    found = moments(transitions([TEAM, *internal], rows), TEAM)
    assert found.ids == ["a0", "a1", "a2", "a3"]
    assert found.first_record.tolist() == [5, 6, 7, NEVER]
    assert found.start.tolist() == [10, 11, NEVER, NEVER]
    assert found.start_known.tolist() == [13, 11, NEVER, NEVER]
    assert found.activation.tolist() == [20, NEVER, NEVER, NEVER]
    assert found.goal.tolist() == [30, NEVER, NEVER, NEVER]
    assert found.left_out_from.tolist() == [NEVER, 44, NEVER, NEVER]
    assert found.exists.tolist() == [True, True, True, False]
    assert found.goal_words == "'paid' or 'upgraded'"
    assert found.has_start
    assert found.has_activation


def test_without_a_declared_start_life_starts_with_the_first_record() -> None:
    team = replace(TEAM, goal=None)
    internal = internal_definitions(Settings(), team)
    found = moments(transitions([team, *internal], [entering(5, 2, internal[0].name, known=9)]), team)
    assert len(internal) == 1
    assert found.start.tolist() == [NEVER, NEVER, 5, NEVER]
    assert found.start_known[2] == 9
    assert not found.has_start
    assert not found.has_activation
    assert found.goal_words == found.absent_start == ""


def test_a_start_that_never_happens_is_named_and_the_first_record_taken() -> None:
    internal = internal_definitions(PROJECT, TEAM)
    found = moments(transitions([TEAM, *internal], [entering(5, 2, internal[0].name, known=9)]), TEAM)
    assert found.start.tolist() == [NEVER, NEVER, 5, NEVER]
    assert found.absent_start == "'sign up'"


def test_a_definition_without_a_goal_does_not_take_the_projects() -> None:
    names = [each.name for each in internal_definitions(PROJECT, replace(TEAM, goal=None))]
    assert names == ["(existence of each account)", "(start of each account)", "(activation of each account)"]


def test_goals_with_a_test_or_without_a_name_have_words_too() -> None:
    where = Every((FieldTest(Property("plan"), Known()),))
    for goal, words in (
        (Events(("paid",), where), "'paid' (of a certain kind)"),
        (Events((), where), "any event (of a certain kind)"),
    ):
        team = replace(TEAM, goal=goal)
        assert moments(transitions([team, *internal_definitions(Settings(), team)], []), team).goal_words == words


def test_spells_join_entries_with_the_leaves_that_end_them() -> None:
    rows = [
        entering(10, 2, "team"),
        leaving(20, 2, "team", known=25),
        entering(15, 0, "team", known=18),
        entering(30, 2, "team"),
        leaving(50, 2, "team", Reason.CONVERTED),
        entering(12, 1, "else"),
    ]
    found = spells(transitions([TEAM, Definition("else", "account", TEAM.qualified)], rows), "team")
    assert found.subject.tolist() == [0, 2, 2]
    assert found.entered.tolist() == [15, 10, 30]
    assert found.entered_known.tolist() == [18, 10, 30]
    assert found.left.tolist() == [NEVER, 20, 50]
    assert found.left_known.tolist() == [NEVER, 25, 50]
    assert found.reason.tolist() == [Reason.QUALIFIED, Reason.LAPSED, Reason.CONVERTED]
    assert found.is_first.tolist() == [True, True, False]
    assert found.first_known(4).tolist() == [18, NEVER, 10, NEVER]
    assert found.first_entered(4).tolist() == [15, NEVER, 10, NEVER]


def test_by_a_moment_only_what_was_known_counts() -> None:
    rows = [entering(10, 0, "team"), leaving(20, 0, "team", known=25), entering(30, 0, "team", known=35)]
    found = spells(transitions([TEAM], rows), "team").known_by(24)
    assert (found.entered.tolist(), found.left.tolist()) == ([10], [NEVER])
    assert found.reason.tolist() == [Reason.QUALIFIED]


def test_a_definition_that_was_not_replayed_is_named() -> None:
    with pytest.raises(ValueError, match=r"did not include '\(existence of each account\)'"):
        moments(transitions([TEAM], []), TEAM)
    assert len(spells(transitions([TEAM], []), "team")) == 0
