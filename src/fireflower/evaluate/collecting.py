"""From what kernels wrote to Transitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.machine import Memory, Pair
from fireflower.evaluate.results import Subject, Transitions
from fireflower.language.nodes import Definition
from fireflower.model.timeline import Vocabulary


def collect(
    pairs: Sequence[Pair], definitions: Sequence[Definition], vocabulary: Vocabulary, as_of: int
) -> Transitions:
    """Empty every memory and put what was written in its order: (at, subject kind, subject id, definition name)."""
    accounts = pairs[0].accounts.program
    conditions = [*accounts.conditions, *pairs[0].people.program.conditions]
    tables: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
    for pair in pairs:
        pair.empty()
        tables += _tables(pair.accounts, Subject.ACCOUNT, 0)
        tables += _tables(pair.people, Subject.PERSON, len(accounts.conditions))
    out, evidence, values = _concatenated(tables)
    order = _order(out, definitions, vocabulary)
    return _transitions(out[order], *_gathered(out, order, evidence, values), definitions, conditions, vocabulary, as_of)


# Columns of the joined table: at, known_at, kind, subject, definition, change, reason, first evidence row, evidence rows.
_AT, _KNOWN, _KIND, _SUBJECT, _DEFINITION, _CHANGE, _REASON, _FIRST, _SHOWN = range(9)


def _tables(memory: Memory, kind: Subject, first_condition: int) -> list[Any]:
    """What one memory wrote, with definitions and conditions numbered as for the whole replay."""
    numbers = np.array(memory.program.definitions or [0], np.int64)
    tables = []
    for part in memory.parts:
        starts = part.out[:, 6]
        table = np.empty((len(part.out), 9), np.int64)
        table[:, [_AT, _KNOWN]] = part.out[:, :2]
        table[:, _KIND] = kind
        table[:, _SUBJECT] = part.out[:, 2]
        table[:, _DEFINITION] = numbers[part.out[:, 3]]
        table[:, [_CHANGE, _REASON, _FIRST]] = part.out[:, 4:7]
        table[:, _SHOWN] = np.diff(np.append(starts, len(part.evidence)))
        shown = part.evidence.copy()
        shown[:, 0] += first_condition
        tables.append((table, shown, part.values))
    memory.parts.clear()
    return tables


def _concatenated(tables: list[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    if not tables:
        return np.empty((0, 9), np.int64), np.empty((0, 5), np.int64), np.empty(0)
    offset = 0
    for table, shown, _ in tables:
        table[:, _FIRST] += offset
        offset += len(shown)
    out, evidence, values = (np.concatenate(parts) for parts in zip(*tables, strict=True))
    return out, evidence, values


def _order(out: NDArray[np.int64], definitions: Sequence[Definition], vocabulary: Vocabulary) -> NDArray[np.int64]:
    names = [definition.name for definition in definitions]
    name_rank = np.argsort(np.argsort(np.array(names, dtype=object), kind="stable"), kind="stable") if names else np.zeros(1)
    rank = _subject_ranks(out, vocabulary)
    return np.lexsort((name_rank[out[:, _DEFINITION]], rank, out[:, _KIND], out[:, _AT]))


def _subject_ranks(out: NDArray[np.int64], vocabulary: Vocabulary) -> NDArray[np.int64]:
    """A number by which subjects that change at one instant are in the order of their ids. Only these are compared as text."""
    rank = out[:, _SUBJECT].copy()
    order = np.lexsort((out[:, _SUBJECT], out[:, _KIND], out[:, _AT]))
    ordered = out[order]
    same = np.zeros(len(out) + 1, bool)
    tied = (ordered[1:, [_AT, _KIND]] == ordered[:-1, [_AT, _KIND]]).all(axis=1)
    other = ordered[1:, _SUBJECT] != ordered[:-1, _SUBJECT]
    runs = np.concatenate([[0], np.cumsum(~tied)]) if len(out) else np.zeros(0, np.int64)
    mixed = np.zeros(len(out), bool)
    mixed[runs[1:][tied & other] if len(out) else []] = True
    same = order[mixed[runs]] if len(out) else order
    for kind, ids in ((Subject.ACCOUNT, vocabulary.accounts), (Subject.PERSON, vocabulary.people)):
        rows = same[out[same, _KIND] == kind]
        subjects, inverse = np.unique(out[rows, _SUBJECT], return_inverse=True)
        texts = np.array([str(ids[code]) for code in subjects], dtype=object)
        places = np.empty(len(subjects), np.int64)
        places[np.argsort(texts, kind="stable")] = np.arange(len(subjects))
        rank[rows] = places[inverse]
    return rank


def _gathered(
    out: NDArray[np.int64], order: NDArray[np.int64], evidence: NDArray[np.int64], values: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Evidence in the order of its transitions, with the start of each."""
    counts = out[order, _SHOWN]
    starts = np.concatenate([[0], np.cumsum(counts)])
    rows = np.repeat(out[order, _FIRST] - starts[:-1], counts) + np.arange(starts[-1])
    return starts, evidence[rows], values[rows]


def _transitions(
    out: NDArray[np.int64],
    starts: NDArray[np.int64],
    evidence: NDArray[np.int64],
    values: NDArray[np.float64],
    definitions: Sequence[Definition],
    conditions: Sequence[Any],
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
        kind=out[:, _KIND].astype(np.int8),
        subject=out[:, _SUBJECT].astype(np.int32),
        definition=out[:, _DEFINITION].astype(np.int32),
        change=out[:, _CHANGE].astype(np.int8),
        reason=out[:, _REASON].astype(np.int8),
        evidence=starts,
        condition=evidence[:, 0].astype(np.int32),
        holds=evidence[:, 1] == 1,
        quantity=values,
        text=evidence[:, 4].astype(np.int32),
        since=evidence[:, 2].copy(),
        row=evidence[:, 3].copy(),
    )
