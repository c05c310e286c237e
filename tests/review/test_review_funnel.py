"""Funnel and time to value."""

from __future__ import annotations

from dataclasses import replace

import pytest
from review_worlds import Person, enters, moment, world

from fireflower.review.funnel import funnel, time_to_value

PEOPLE = [
    Person(start=0, activation=1.0, spells=enters(3), goal=10.0),  # all the way
    Person(start=0, activation=2.0, spells=(*enters(1, 1.5), *enters(5)), goal=None),  # again after activation
    Person(start=0, activation=4.0, spells=enters(2, 3)),  # qualified only before activation
    Person(start=0, goal=20.0),  # goal without the stages between
    Person(start=35, activation=36.0),  # signed up in February
    Person(start=None),  # never signed up
]


def test_stages_are_reached_in_order() -> None:
    result = funnel(*world(PEOPLE, 50))
    assert [stage.name for stage in result.stages] == ["signed up", "activated", "qualified", "reached the goal"]
    assert [stage.through for stage in result.stages] == [5, 4, 2, 1]
    assert [stage.reached for stage in result.stages] == [5, 4, 3, 2]
    assert [stage.of_previous.value for stage in result.stages] == pytest.approx([1, 0.8, 0.5, 0.5])
    assert result.stages[3].of_first.value == pytest.approx(0.2)
    assert result.stages[2].days.median.value == pytest.approx(2.5)


def test_stages_of_one_instant_are_in_order() -> None:
    at_once = Person(start=0, activation=0.0, spells=enters(0), goal=0.0)
    assert [stage.through for stage in funnel(*world([at_once], 50)).stages] == [1, 1, 1, 1]


def test_cohorts_are_months_of_signing_up() -> None:
    january, february = funnel(*world(PEOPLE, 50)).cohorts
    assert (january.month, january.through) == (moment(0), (4, 3, 2, 1))
    assert (february.month, february.through) == (moment(31), (1, 1, 0, 0))
    assert january.youngest_days == pytest.approx(19)
    assert february.youngest_days == 0


def test_stages_that_the_project_does_not_define_are_not_in_it() -> None:
    moments, spells = world(PEOPLE, 50)
    bare = replace(moments, has_start=False, has_activation=False, goal_words="")
    assert [stage.name for stage in funnel(bare, spells).stages] == ["first appeared", "qualified"]
    assert [name for name, _ in time_to_value(bare, spells).curves] == ["qualified"]


def test_what_has_not_happened_yet_is_not_in_it() -> None:
    assert [stage.through for stage in funnel(*world(PEOPLE[:1], 5)).stages] == [1, 1, 1, 0]


def test_sentences_for_people_and_for_nobody() -> None:
    said = funnel(*world(PEOPLE, 50)).sentences()
    assert said[0] == "5 accounts signed up."
    assert said[1].startswith("Of the 5 that signed up, 4 (80.0 %")
    assert "no funnel" in funnel(*world([], 50)).sentences()[0]
    alone = funnel(*world([Person()], 50)).sentences()
    assert alone[1] == "None of the 1 that signed up activated after that."
    assert "nobody activated" in alone[2]


def test_a_start_that_never_happens_is_said_first() -> None:
    moments, spells = world(PEOPLE, 50)
    said = funnel(replace(moments, absent_start="'Sign Up'"), spells).sentences()
    assert said[0].startswith("The start event 'Sign Up' never occurs for any account in these data. The first record")


def test_time_to_value_follows_those_who_are_not_there_yet() -> None:
    curves = dict(time_to_value(*world(PEOPLE, 50)).curves)
    activated = curves["activated"]
    assert (activated.n, activated.happened) == (5, 4)
    assert activated.share[:5] == pytest.approx([0, 0.4, 0.6, 0.6, 0.8])
    assert activated.median.value == pytest.approx(2.0)
    said = time_to_value(*world(PEOPLE, 50)).sentences()
    assert said[0] == "Half of all accounts activated within 2 days of their start."
    assert said[2].startswith("Fewer than half of all accounts reached the goal")
    assert "cannot be said" in time_to_value(*world([Person()], 50)).sentences()[0]
