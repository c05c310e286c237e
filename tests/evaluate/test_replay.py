"""However a history is cut, threaded or run, a replay says the same."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from fireflower.evaluate.replay import replay, standing
from fireflower.evaluate.results import Transitions
from fireflower.history.assembly import assemble
from fireflower.language.loading import load_definition
from fireflower.language.nodes import Settings
from fireflower.model.errors import NotSupportedError
from fireflower.model.moments import DAY, HOUR
from fireflower.model.records import Kind, Record
from fireflower.model.timeline import Timeline

DEFINITIONS = [
    load_definition(text)
    for text in (
        "definition: busy\nsubject: person\nqualified: distinct_days(any, last 7 days) >= 3",
        "definition: team\nsubject: account\nqualified: actors(A, last 5 days) >= 3 and sum(properties.n of B) >= 40",
        "definition: quiet\nsubject: account\nqualified: no A for 3 days",
    )
]


def history(people: int = 40, events: int = 1500) -> list[Record]:
    rng = np.random.default_rng(5)
    return [
        Record(
            time=int(rng.integers(0, 60 * 24)) * HOUR,
            kind=Kind.EVENT,
            name="AB"[int(rng.integers(0, 2))],
            person=f"p{int(rng.integers(0, people))}",
            account=f"a{int(rng.integers(0, 8))}" if rng.random() < 0.8 else None,
            properties={"n": int(rng.integers(0, 9))},
            message_id=str(number),
        )
        for number in range(events)
    ]


@pytest.fixture(scope="module")
def timeline() -> Timeline:
    return assemble(history())


def rows(found: Transitions) -> list[tuple]:
    return [
        (found.at[i], found.kind[i], found.subject_id(i), found.definition[i], found.change[i], str(found.shown(i)))
        for i in range(len(found))
    ]


def pieces(timeline: Timeline, count: int) -> list[Timeline]:
    """The same blocks in so many timelines."""
    edges = np.linspace(0, timeline.blocks, count + 1).astype(int)
    return [_blocks(timeline, first, last) for first, last in pairwise(edges) if first < last]


def _blocks(timeline: Timeline, first: int, last: int) -> Timeline:
    low, high = timeline.starts[first], timeline.starts[last]
    cut = {
        name: getattr(timeline, name)[low:high] for name in ("time", "what", "person", "account", "target", "detail")
    }
    return replace(
        timeline,
        **cut,
        starts=timeline.starts[first : last + 1] - low,
        first_person=timeline.first_person[first : last + 1],
        first_account=timeline.first_account[first : last + 1],
        numbers={name: column[low:high] for name, column in timeline.numbers.items()},
        codes={name: column[low:high] for name, column in timeline.codes.items()},
        first_row=timeline.first_row + int(low),
    )


def test_the_same_whole_or_in_pieces(timeline: Timeline) -> None:
    whole = rows(replay(DEFINITIONS, Settings(), [timeline], compiled=False))
    assert len(whole) > 100
    for count in (2, 7):
        cut = replay(DEFINITIONS, Settings(), pieces(timeline, count), compiled=False)
        assert rows(cut) == whole


@pytest.mark.parametrize("threads", [1, 3])
def test_the_same_compiled(timeline: Timeline, threads: int) -> None:
    plain = rows(replay(DEFINITIONS, Settings(), [timeline], compiled=False))
    assert rows(replay(DEFINITIONS, Settings(), [timeline], compiled=True, threads=threads)) == plain


def test_those_who_stand_are_those_who_entered_and_have_not_left(timeline: Timeline) -> None:
    found = replay(DEFINITIONS, Settings(), [timeline], compiled=False)
    last = {(found.kind[i], found.subject_id(i), found.definition[i]): i for i in range(len(found))}
    entered = {key: found.at[i] for key, i in last.items() if found.change[i] == 1}
    stands = standing(DEFINITIONS, Settings(), [timeline], compiled=False)
    assert {
        (stands.kind[i], stands.subject_id(i), stands.definition[i]): stands.at[i] for i in range(len(stands))
    } == entered


def test_everybody_stands_somehow(timeline: Timeline) -> None:
    stands = standing(DEFINITIONS, Settings(), [timeline], everyone=True, compiled=False)
    people, accounts = len(timeline.vocabulary.people), len(timeline.vocabulary.accounts)
    assert len(stands) == people + 2 * accounts


def test_without_evidence_the_same_transitions(timeline: Timeline) -> None:
    found = replay(DEFINITIONS, Settings(), [timeline], compiled=False, evidence=False)
    assert not len(found.rows)
    assert [row[:5] for row in rows(found)] == [
        row[:5] for row in rows(replay(DEFINITIONS, Settings(), [timeline], compiled=False))
    ]


def test_an_empty_history_has_no_transitions() -> None:
    assert len(replay(DEFINITIONS, Settings(), [assemble([])], as_of=DAY)) == 0


def test_leaving_people_out_goes_through_a_generator_too(timeline: Timeline) -> None:
    out = load_definition("definition: out\nsubject: person\nqualified: count(any) >= 30").qualified
    settings = Settings(leave_out=(("person", out),))
    as_of = int(timeline.time.max())
    once = replay(DEFINITIONS, settings, iter([timeline]), as_of=as_of, compiled=False)
    assert rows(once) == rows(replay(DEFINITIONS, settings, [timeline], as_of=as_of, compiled=False))
    assert rows(once) != rows(replay(DEFINITIONS, Settings(), [timeline], as_of=as_of, compiled=False))


def test_what_cannot_be_evaluated_is_refused_by_name() -> None:
    from fireflower.language.nodes import Compare, Condition, Definition, Skill

    skilled = Definition("able", "person", Condition(Skill("reporting"), Compare(">=", 0.8)))
    with pytest.raises(NotSupportedError, match=r"skill\(reporting\)"):
        replay([skilled], Settings(), [assemble(history(events=3))])
