"""From what kernels wrote to Transitions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.machine import Machine, Output
from fireflower.evaluate.results import Subject, Transitions
from fireflower.language.nodes import Definition
from fireflower.model.timeline import Vocabulary

# Columns of what kernels write.
_AT, _KNOWN, _SUBJECT, _DEFINITION, _CHANGE, _REASON, _FIRST = range(7)
_EVIDENCE = {
    "condition": np.int32, "holds": np.bool_, "since": np.int64, "row": np.int64, "text": np.int32,
    "quantity": np.float64,
}  # fmt: skip


def collect(
    machines: Sequence[Machine], definitions: Sequence[Definition], vocabulary: Vocabulary, as_of: int
) -> Transitions:
    """Empty every machine and put what was written in its order: (at, subject kind, subject id, definition name)."""
    parts: list[Output] = []
    for machine in machines:
        machine.empty()
        parts += machine.written
        machine.written.clear()
    out = np.concatenate([np.empty((0, 7), np.int64), *(part.out for part in parts)])
    kinds = np.array([Subject[definition.subject.upper()] for definition in definitions] or [Subject.ACCOUNT], np.int8)
    kind = kinds[out[:, _DEFINITION]]
    order = _order(out, kind, definitions, vocabulary)
    columns = out[order].T
    shown = {
        name: np.concatenate([np.empty(0, dtype), *(getattr(part, name) for part in parts)])
        for name, dtype in _EVIDENCE.items()
    }
    return Transitions(
        definitions=definitions,
        conditions=machines[0].program.conditions,
        vocabulary=vocabulary,
        as_of=as_of,
        at=columns[_AT].copy(),
        known_at=columns[_KNOWN].copy(),
        kind=kind[order],
        subject=columns[_SUBJECT].astype(np.int32),
        definition=columns[_DEFINITION].astype(np.int32),
        change=columns[_CHANGE].astype(np.int8),
        reason=columns[_REASON].astype(np.int8),
        evidence=_evidence(parts)[order],
        **shown,
    )


def _evidence(parts: Sequence[Output]) -> NDArray[np.int64]:
    """The first evidence row of each transition and the one after its last, numbered through all parts."""
    found = [np.empty((0, 2), np.int64)]
    before = 0
    for part in parts:
        bounds = np.append(part.out[:, _FIRST], len(part.condition)) + before
        found.append(np.column_stack([bounds[:-1], bounds[1:]]))
        before += len(part.condition)
    return np.concatenate(found)


def _order(
    out: NDArray[np.int64], kind: NDArray[np.int8], definitions: Sequence[Definition], vocabulary: Vocabulary
) -> NDArray[np.int64]:
    """By time; only those that change at one instant are compared any further."""
    order = np.argsort(out[:, _AT])
    at = out[order, _AT]
    same = np.concatenate([[False], at[1:] == at[:-1], [False]])
    tied = np.flatnonzero(same[:-1] | same[1:])
    rows = order[tied]
    by_name = np.argsort(np.argsort([definition.name for definition in definitions] or [""]))
    subject = out[rows, _SUBJECT]
    one = np.concatenate([[False], (at[tied][1:] == at[tied][:-1]) & (subject[1:] != subject[:-1])])
    if one.any():
        subject = _by_id(subject, kind[rows], vocabulary)
    keys = (by_name[out[rows, _DEFINITION]], subject, kind[rows], at[tied])
    order[tied] = rows[np.lexsort(keys)]
    return order


def _by_id(subject: NDArray[np.int64], kind: NDArray[np.int8], vocabulary: Vocabulary) -> NDArray[np.int64]:
    """Numbers in the order of the ids of subjects of one kind."""
    rank = np.empty(len(subject), np.int64)
    for of, ids in ((Subject.ACCOUNT, vocabulary.accounts), (Subject.PERSON, vocabulary.people)):
        codes, inverse = np.unique(subject[kind == of], return_inverse=True)
        by_id = sorted(range(len(codes)), key=lambda place: ids[int(codes[place])])
        places = np.empty(len(codes), np.int64)
        places[by_id] = np.arange(len(codes))
        rank[kind == of] = places[inverse]
    return rank
