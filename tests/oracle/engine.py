"""The engine's transitions and the oracle's verdicts in one form, so that they can be compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from fireflower.evaluate.ongoing import OngoingReplay
from fireflower.evaluate.replay import replay, standing
from fireflower.evaluate.results import Change, Reason, Subject, Transitions
from fireflower.history.assembly import assemble
from fireflower.model.timeline import Timeline

from .oracle import evidence, subjects_as_of, verdicts, why
from .strategies import Case
from .values import identity

Told = tuple[Any, ...]
"""At, known at, kind, subject, definition, change, reason, and the evidence: (condition in the
definition's words, holds, value, since)."""

Cut = Callable[[Timeline], Sequence[Timeline]]


# --- What the oracle says -----------------------------------------------------------------------------------


def told_by_oracle(case: Case) -> list[Told]:
    return [
        (v.at, v.known_at, v.kind, v.subject, v.definition, v.change, v.reason, _told_evidence(v.evidence))
        for v in verdicts(*case)
    ]


def standing_by_oracle(case: Case) -> dict[Told, Told]:
    """(kind, subject, definition) -> why it is (not) qualified at the end, and the evidence then."""
    definitions, settings, records, as_of = case
    return {
        (h.kind, h.subject, definition.name): (why(definition, h), _told_evidence(evidence(definition, h, as_of)))
        for h in subjects_as_of(records, settings, as_of).values()
        for definition in definitions
        if definition.subject == h.kind
    }


def _told_evidence(shown: Iterable[Any]) -> Told:
    return tuple((repr(each.condition), each.holds, identity(each.value), each.since) for each in shown)


# --- What the engine says -----------------------------------------------------------------------------------


def told_by_engine(case: Case, compiled: bool = False, threads: int = 1, cut: Cut | None = None) -> list[Told]:
    """What a replay says; `cut` splits the timeline into pieces."""
    definitions, settings, _, as_of = case
    pieces = cut(timeline_of(case)) if cut else [timeline_of(case)]
    return told(replay(definitions, settings, pieces, as_of=as_of, compiled=compiled, threads=threads))


def told_in_batches(case: Case, ends: Sequence[int], decide: bool, save: bool) -> list[Told]:
    """What a replay that goes on says, fed in order of time, in batches that end before these rows.

    `decide`: after each batch, time goes on as far as it can. `save`: the next batch goes on from what was saved.
    """
    definitions, settings, _, as_of = case
    timeline = _in_order_of_time(timeline_of(case))
    ongoing = OngoingReplay(definitions, settings, timeline)
    found: list[Told] = []
    for first, end in pairwise([0, *sorted(ends), len(timeline)]):
        ongoing.take_in(timeline, first, end, until=as_of)
        if decide and end < len(timeline):
            ongoing.decide(min(as_of, int(timeline.time[end]) - 1))
        found += told(ongoing.transitions(as_of))
        if save:
            saved, ongoing = ongoing.save(), OngoingReplay(definitions, settings, timeline)
            ongoing.resume(saved)
    ongoing.decide(as_of)
    return sorted([*found, *told(ongoing.transitions(as_of))], key=lambda row: (row[0], *row[2:5]))


def standing_by_engine(case: Case) -> dict[Told, Told]:
    definitions, settings, _, as_of = case
    found = standing(definitions, settings, [timeline_of(case)], as_of=as_of, everyone=True, compiled=False)
    return {_whose(found, i): (_why(found, i), _told_evidence(found.shown(i))) for i in range(len(found))}


def _why(found: Transitions, i: int) -> str | None:
    reason = None if found.reason[i] < 0 else Reason(found.reason[i]).label
    assert (reason == "qualified") == bool(found.change[i])
    return reason


def timeline_of(case: Case) -> Timeline:
    _, settings, records, _ = case
    return assemble(records, attribution=settings.attribution)


def told(transitions: Transitions) -> list[Told]:
    return [
        (
            int(transitions.at[i]),
            int(transitions.known_at[i]),
            *_whose(transitions, i),
            Change(transitions.change[i]).name.lower(),
            Reason(transitions.reason[i]).label,
            _told_evidence(transitions.shown(i)),
        )
        for i in range(len(transitions))
    ]


def _whose(transitions: Transitions, i: int) -> Told:
    definition = transitions.definitions[transitions.definition[i]].name
    return Subject(transitions.kind[i]).name.lower(), transitions.subject_id(i), definition


# --- Timelines in other orders and pieces -------------------------------------------------------------------


def pieces_of(timeline: Timeline, blocks: Sequence[int]) -> list[Timeline]:
    """The timeline in pieces that end before these blocks."""
    cuts = [0, *sorted(blocks), timeline.blocks]
    return [_piece(timeline, first, last) for first, last in pairwise(cuts)]


def _piece(timeline: Timeline, first: int, last: int) -> Timeline:
    start, end = int(timeline.starts[first]), int(timeline.starts[last])
    return replace(
        _rows(timeline, np.arange(start, end)),
        starts=timeline.starts[first : last + 1] - start,
        first_person=timeline.first_person[first : last + 1],
        first_account=timeline.first_account[first : last + 1],
        first_row=timeline.first_row + start,
    )


def _in_order_of_time(timeline: Timeline) -> Timeline:
    """As rows arrive live: those of all blocks mixed. Rows of one instant keep their order, so each subject's do."""
    return _rows(timeline, np.argsort(timeline.time, kind="stable"))


def _rows(timeline: Timeline, rows: np.ndarray) -> Timeline:
    return replace(
        timeline,
        **{name: getattr(timeline, name)[rows] for name in ("time", "what", "person", "account", "target", "detail")},
        received=None if timeline.received is None else timeline.received[rows],
        numbers={name: column[rows] for name, column in timeline.numbers.items()},
        codes={name: column[rows] for name, column in timeline.codes.items()},
    )
