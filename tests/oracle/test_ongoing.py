"""Stopping anywhere and going on gives the same result."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fireflower.evaluate.ongoing import OngoingReplay
from fireflower.history.assembly import assemble
from fireflower.language.nodes import All, Compare, Condition, Count, Definition, Events, Recency, Settings
from fireflower.model.errors import ProjectError
from fireflower.model.moments import DAY
from fireflower.model.records import Kind, Record

from . import strategies
from .engine import told, told_by_engine


@strategies.examples(200)
@given(strategies.cases(), st.lists(st.integers(0, 30), max_size=4), st.booleans())
def test_any_batches_saved_and_resumed_anywhere(case: strategies.Case, cuts: list[int], resumes: bool) -> None:
    definitions, settings, records, as_of = case
    # Whose rows are muted is decided before rows are taken in, so leaving people out is not part of this.
    settings = replace(settings, leave_out=tuple(pair for pair in settings.leave_out if pair[0] == "account"))
    case = (definitions, settings, records, as_of)
    timeline = assemble(records, attribution=settings.attribution)
    replay = OngoingReplay(definitions, settings, timeline)
    found = []
    edges = sorted({0, len(timeline), *(cut for cut in cuts if cut < len(timeline))})
    for first, end in pairwise(edges):
        replay.take_in(timeline, first, end, until=as_of)
        found += told(replay.transitions(as_of))
        if resumes:
            saved = replay.save()
            replay = OngoingReplay(definitions, settings, timeline)
            replay.resume(saved)
    replay.decide(as_of)
    found += told(replay.transitions(as_of))
    by_order = sorted(found, key=lambda row: (row[0], row[2], row[3], row[4]))
    assert by_order == sorted(told_by_engine(case), key=lambda row: (row[0], row[2], row[3], row[4]))


def test_state_of_other_definitions_is_refused() -> None:
    timeline = assemble([Record(0, Kind.EVENT, "A", person="ann")])
    first, second = (
        [Definition("d", "person", Condition(Count(Events(("A",))), Compare(">=", bound)))] for bound in (1, 2)
    )
    saved = OngoingReplay(first, Settings(), timeline).save()
    with pytest.raises(ProjectError, match="other definitions"):
        OngoingReplay(second, Settings(), timeline).resume(saved)


def test_a_large_heap_is_saved_whole() -> None:
    rows = 5_000
    records = [Record(i * 1_000_000, Kind.EVENT, "A", person=f"p{i % 7}", message_id=str(i)) for i in range(rows)]
    definitions = [Definition("d", "person", Condition(Count(Events(("A",))), Compare(">=", 700)))]
    timeline = assemble(records)
    replay = OngoingReplay(definitions, Settings(), timeline)
    replay.take_in(timeline, 0, rows // 2)
    before = replay.transitions(rows * 1_000_000)
    again = OngoingReplay(definitions, Settings(), timeline)
    again.resume(replay.save())
    again.take_in(timeline, rows // 2)
    again.decide(rows * 1_000_000)
    after = again.transitions(rows * 1_000_000)
    found = [transitions.subject_id(i) for transitions in (before, after) for i in range(len(transitions))]
    assert sorted(found) == [f"p{i}" for i in range(7)]


def test_transitions_that_nobody_asked_for_are_not_part_of_what_is_saved() -> None:
    timeline = assemble([Record(0, Kind.EVENT, "A", person="ann")])
    definitions = [Definition("d", "person", Condition(Count(Events(("A",))), Compare(">=", 1)))]
    replay = OngoingReplay(definitions, Settings(), timeline)
    replay.take_in(timeline)
    replay.decide(0)
    again = OngoingReplay(definitions, Settings(), timeline)
    again.resume(replay.save())
    assert len(again.transitions(0)) == 0


def test_what_turned_before_it_was_saved_is_shown_afterwards() -> None:
    often = Condition(Count(Events(("A",))), Compare(">=", 1))
    lately = Condition(Recency(Events(("A",))), Compare("<", DAY))
    definitions, records = [Definition("d", "person", All((often, lately)))], [Record(5, Kind.EVENT, "A", person="ann")]
    timeline = assemble(records)
    replay = OngoingReplay(definitions, Settings(), timeline)
    replay.take_in(timeline)
    replay.decide(5)
    again = OngoingReplay(definitions, Settings(), timeline)
    again.resume(replay.save())
    again.decide(2 * DAY)
    assert told(again.transitions(2 * DAY)) == told_by_engine((definitions, Settings(), records, 2 * DAY))[1:]
