"""From what kernels wrote to Transitions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.machine import Machine
from fireflower.evaluate.results import Subject, Transitions
from fireflower.language.nodes import Condition, Definition
from fireflower.model.timeline import Vocabulary

# Columns of what kernels write, and one more: how many evidence rows a transition has.
_AT, _KNOWN, _SUBJECT, _DEFINITION, _CHANGE, _REASON, _FIRST, _SHOWN = range(8)


def collect(
    machines: Sequence[Machine], definitions: Sequence[Definition], vocabulary: Vocabulary, as_of: int
) -> Transitions:
    """Empty every machine and put what was written in its order: (at, subject kind, subject id, definition name)."""
    tables: list[NDArray[np.int64]] = []
    evidence: list[NDArray[np.int64]] = []
    for machine in machines:
        machine.empty()
        for part in machine.written:
            tables.append(_table(part.out, len(part.evidence), sum(map(len, evidence))))
            evidence.append(part.evidence)
        machine.written.clear()
    out = np.concatenate([np.empty((0, 8), np.int64), *tables])
    shown = np.concatenate([np.empty((0, 6), np.int64), *evidence])
    kinds = np.array([Subject[definition.subject.upper()] for definition in definitions] or [Subject.ACCOUNT], np.int8)
    kind = kinds[out[:, _DEFINITION]]
    order = _order(out, kind, definitions, vocabulary)
    starts, rows = _gathered(out[order])
    conditions = machines[0].program.conditions
    return _transitions(out[order], kind[order], starts, shown[rows], definitions, conditions, vocabulary, as_of)


def _table(out: NDArray[np.int64], shown: int, offset: int) -> NDArray[np.int64]:
    """What a kernel wrote, with the number of evidence rows, and these numbered through all parts."""
    counts = np.diff(np.append(out[:, _FIRST], shown))
    table = np.column_stack([out, counts])
    table[:, _FIRST] += offset
    return table


def _order(
    out: NDArray[np.int64], kind: NDArray[np.int8], definitions: Sequence[Definition], vocabulary: Vocabulary
) -> NDArray[np.int64]:
    by_name = sorted(range(len(definitions)), key=lambda number: definitions[number].name)
    name_rank = np.empty(max(1, len(definitions)), np.int64)
    name_rank[by_name] = np.arange(len(definitions))
    subject = _subject_ranks(out, kind, vocabulary)
    return np.lexsort((name_rank[out[:, _DEFINITION]], subject, kind, out[:, _AT]))


def _subject_ranks(out: NDArray[np.int64], kind: NDArray[np.int8], vocabulary: Vocabulary) -> NDArray[np.int64]:
    """A number by which subjects that change at one instant are in the order of their ids. Only these are compared as
    text."""
    rank = out[:, _SUBJECT].copy()
    if not len(out):
        return rank
    order = np.lexsort((rank, kind, out[:, _AT]))
    at, kinds, subjects = out[order, _AT], kind[order], rank[order]
    tied = (at[1:] == at[:-1]) & (kinds[1:] == kinds[:-1])
    run = np.concatenate([[0], np.cumsum(~tied)])
    mixed = np.zeros(run[-1] + 1, bool)
    mixed[run[1:][tied & (subjects[1:] != subjects[:-1])]] = True
    compared = order[mixed[run]]
    for of, ids in ((Subject.ACCOUNT, vocabulary.accounts), (Subject.PERSON, vocabulary.people)):
        rows = compared[kind[compared] == of]
        codes, inverse = np.unique(rank[rows], return_inverse=True)
        by_id = sorted(range(len(codes)), key=lambda place: ids[int(codes[place])])
        places = np.empty(len(codes), np.int64)
        places[by_id] = np.arange(len(codes))
        rank[rows] = places[inverse]
    return rank


def _gathered(out: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the evidence of each transition begins, and which rows it is."""
    counts = out[:, _SHOWN]
    starts = np.concatenate([[0], np.cumsum(counts)])
    rows = np.repeat(out[:, _FIRST] - starts[:-1], counts) + np.arange(starts[-1])
    return starts, rows


def _transitions(
    out: NDArray[np.int64],
    kind: NDArray[np.int8],
    starts: NDArray[np.int64],
    evidence: NDArray[np.int64],
    definitions: Sequence[Definition],
    conditions: Sequence[Condition],
    vocabulary: Vocabulary,
    as_of: int,
) -> Transitions:
    return Transitions(
        definitions=definitions,
        conditions=conditions,
        vocabulary=vocabulary,
        as_of=as_of,
        at=out[:, _AT].copy(),
        known_at=out[:, _KNOWN].copy(),
        kind=kind,
        subject=out[:, _SUBJECT].astype(np.int32),
        definition=out[:, _DEFINITION].astype(np.int32),
        change=out[:, _CHANGE].astype(np.int8),
        reason=out[:, _REASON].astype(np.int8),
        evidence=starts,
        condition=evidence[:, 0].astype(np.int32),
        holds=evidence[:, 1] == 1,
        since=evidence[:, 2].copy(),
        row=evidence[:, 3].copy(),
        text=evidence[:, 4].astype(np.int32),
        quantity=evidence[:, 5].copy().view(np.float64),
    )
