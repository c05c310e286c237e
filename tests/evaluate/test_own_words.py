"""Of what is one condition to the kernel, each definition says in its own words how it stands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fireflower.app.columns import transitions_table
from fireflower.evaluate.explain import explain
from fireflower.evaluate.live import LiveReplay
from fireflower.evaluate.replay import replay, standing
from fireflower.evaluate.results import Subject, Transitions
from fireflower.history.assembly import assemble
from fireflower.language.expressions import parse_formula
from fireflower.language.nodes import Condition, Definition, HoldingPoints, Score, Settings
from fireflower.model.moments import DAY
from fireflower.model.records import Kind, Record

A, B, C = (f"properties.step = {letter}" for letter in "abc")
WRITTEN = [
    f"count(Run where {A} or ({B} or {C})) >= 1",
    f"count(Run where ({A} or {B}) or {C}) >= 1",
    f"count(Run where {C} or {B} or {A}) >= 1",
    f"did(Run where {A} or {B} or {C})",
]
"""One condition, written in several ways."""

CONDITIONS = [parse_formula(text, "person") for text in WRITTEN]
DEFINITIONS = [Definition(f"d{i}", "person", condition) for i, condition in enumerate(CONDITIONS)]
RUNS = [
    Record(day * DAY, Kind.EVENT, "Run", person="ann", properties={"step": "c"}, message_id=f"{day}") for day in (1, 2)
]
TIMELINE = assemble([Record(0, Kind.EVENT, "Open", person="ann"), *RUNS])


def without_text(definition: Definition) -> Definition:
    """The definition as if it were built in Python, so that nodes alone tell wordings apart."""
    assert isinstance(definition.qualified, Condition)
    return replace(definition, qualified=replace(definition.qualified, text=""))


def words(found: Transitions) -> dict[str, list[str]]:
    return {
        found.definitions[found.definition[i]].name: [repr(state.condition) for state in found.shown(i)]
        for i in range(len(found))
    }


@pytest.mark.parametrize("tell", [replay, standing])
@pytest.mark.parametrize("definitions", [DEFINITIONS, list(map(without_text, DEFINITIONS))], ids=["written", "built"])
def test_evidence(definitions: list[Definition], tell) -> None:
    found = tell(definitions, Settings(), [TIMELINE], compiled=False)
    assert words(found) == {each.name: [repr(each.qualified)] for each in definitions}


def test_evidence_in_a_table() -> None:
    rows = transitions_table(replay(DEFINITIONS, Settings(), [TIMELINE], compiled=False)).to_pylist()
    assert [[state["condition"] for state in row["evidence"]] for row in rows] == [[text] for text in WRITTEN]


def test_evidence_live_and_after_definitions_are_worded_anew() -> None:
    live = LiveReplay(DEFINITIONS, Settings(), TIMELINE.vocabulary)
    live.load(TIMELINE, 2 * DAY)
    assert words(live.loaded(2 * DAY).transitions) == {each.name: [repr(each.qualified)] for each in DEFINITIONS}
    other = replace(DEFINITIONS[0], name="d1")
    live.reword({"d1": other})
    found = live.standing([(Subject.PERSON, "ann")], 3 * DAY)[0]
    assert found is not None
    assert words(found) == {each.name: [repr(each.qualified)] for each in (DEFINITIONS[0], other, *DEFINITIONS[2:])}


def test_an_explanation_has_the_words_of_each_place() -> None:
    score = Score((HoldingPoints(CONDITIONS[2], 5.0),))
    definition = replace(DEFINITIONS[1], circles=(("value", CONDITIONS[3]),), score=score)
    out = parse_formula(f"count(Run where {C} or {A} or {B}) >= 1 and did(Never)", "person")
    found = explain(definition, Settings(leave_out=(("person", out),)), [TIMELINE], "person", "ann", as_of=0)
    assert [state.condition.text for state in found.missing] == [WRITTEN[1]]
    assert [state.condition.text for state in found.conditions] == [WRITTEN[1]]
    assert [state.condition.text for state in found.circles[0].conditions] == [WRITTEN[3]]
    assert [state.condition.text for state in found.score_lines[0].conditions] == [WRITTEN[2]]
