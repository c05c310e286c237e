"""The engine's transitions and the oracle's verdicts in one form, so that they can be compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fireflower.evaluate.replay import replay
from fireflower.evaluate.results import Change, Reason, Subject, Transitions
from fireflower.history.assembly import assemble
from fireflower.language import nodes as n
from fireflower.model.records import Kind
from fireflower.model.timeline import Timeline

from .oracle import verdicts
from .strategies import Case
from .values import identity, meaning

Told = tuple[Any, ...]
"""At, known at, kind, subject, definition, change, reason, and the evidence: condition -> (holds, value, since)."""

Cut = Callable[[Timeline], Sequence[Timeline]]


def told_by_oracle(case: Case) -> list[Told]:
    return [
        (v.at, v.known_at, v.kind, v.subject, v.definition, v.change, v.reason,
         {meaning(e.condition): (e.holds, identity(e.value), e.since) for e in v.evidence})
        for v in verdicts(*case)
    ]  # fmt: skip


def told_by_engine(case: Case, compiled: bool = False, cut: Cut | None = None) -> list[Told]:
    """What a replay says; `cut` splits the timeline into pieces."""
    definitions, settings, records, as_of = case
    timeline = assemble(records, attribution=settings.attribution)
    pieces = cut(timeline) if cut else [timeline]
    return told(replay(definitions, settings, pieces, as_of=as_of, compiled=compiled))


def told(transitions: Transitions) -> list[Told]:
    return [
        (
            int(transitions.at[i]),
            int(transitions.known_at[i]),
            Subject(transitions.kind[i]).name.lower(),
            transitions.subject_id(i),
            transitions.definitions[transitions.definition[i]].name,
            Change(transitions.change[i]).name.lower(),
            Reason(transitions.reason[i]).label,
            dict(_evidence(transitions, row) for row in range(transitions.evidence[i], transitions.evidence[i + 1])),
        )
        for i in range(len(transitions))
    ]


def _evidence(transitions: Transitions, row: int) -> tuple[Any, tuple[bool, Any, int]]:
    condition = transitions.conditions[transitions.condition[row]]
    value: Any = float(transitions.quantity[row])
    if transitions.text[row] >= 0:
        value = _dictionary(transitions, condition.quantity)[transitions.text[row]]
    return meaning(condition), (bool(transitions.holds[row]), identity(value), int(transitions.since[row]))


def _dictionary(transitions: Transitions, quantity: n.Quantity) -> Sequence[Any]:
    if isinstance(quantity, n.Trait):
        kind = Kind.PERSON_TRAIT if quantity.owner == "person" else Kind.ACCOUNT_TRAIT
        return transitions.vocabulary.traits[kind, quantity.name]
    assert isinstance(quantity, n.Latest)
    return transitions.vocabulary.texts[quantity.of.path]
