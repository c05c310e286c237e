"""From what kernels wrote to Transitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.machine import COLUMNS, EVIDENCE, Machine
from fireflower.evaluate.results import Subject, Transitions
from fireflower.language.nodes import Definition
from fireflower.model.timeline import Vocabulary

Columns = dict[str, NDArray[Any]]


def collect(
    machines: Sequence[Machine], definitions: Sequence[Definition], vocabulary: Vocabulary, as_of: int
) -> Transitions:
    """Empty every machine and put what was written in its order: (at, subject kind, subject id, definition name)."""
    for machine in machines:
        machine.empty()
    evidence = {name: _joined(machines, name) for name in EVIDENCE}
    found = {name: _joined(machines, name) for name in COLUMNS}
    kinds = np.array([Subject[definition.subject.upper()] for definition in definitions] or [Subject.ACCOUNT], np.int8)
    found["kind"] = kinds[found["definition"]]
    ends = np.cumsum(found.pop("shown"), dtype=np.int64)
    found["evidence"] = np.column_stack([np.append(0, ends)[:-1], ends])
    order = _order(found, definitions, vocabulary)
    return Transitions(
        definitions=definitions,
        conditions=machines[0].program.conditions,
        vocabulary=vocabulary,
        as_of=as_of,
        **{name: column[order] for name, column in found.items()},
        **evidence,
    )


def _joined(machines: Sequence[Machine], name: str) -> NDArray[Any]:
    """One column of what all have written, which goes from their memory. That of the others is put behind that of the
    first."""
    first, *others = (machine.written[name] for machine in machines)
    for column in others:
        first.append(column.take())
    return first.take()


def _order(found: Columns, definitions: Sequence[Definition], vocabulary: Vocabulary) -> NDArray[np.int64]:
    """By time; only those that change at one instant are compared any further."""
    order = np.argsort(found["at"])
    at = found["at"][order]
    same = np.concatenate([[False], at[1:] == at[:-1], [False]])
    tied = np.flatnonzero(same[:-1] | same[1:])
    rows, at = order[tied], at[tied]
    by_name = np.argsort(np.argsort([definition.name for definition in definitions] or [""]))
    kind, subject = found["kind"][rows].astype(np.int64), found["subject"][rows].astype(np.int64)
    mixed = _mixed(at, kind, subject)
    subject[mixed] = _by_id(subject[mixed], kind[mixed], vocabulary)
    subjects = 1 + int(subject.max(initial=0))
    key = (kind * subjects + subject) * len(by_name) + by_name[found["definition"][rows]]
    order[tied] = rows[_sorted(_runs(at), key)]
    return order


def _runs(at: NDArray[np.int64]) -> NDArray[np.int64]:
    """The number of each one's instant."""
    return np.concatenate([np.zeros(min(1, len(at)), np.int64), np.cumsum(at[1:] != at[:-1])])


def _sorted(first: NDArray[np.int64], then: NDArray[np.int64]) -> NDArray[np.int64]:
    """By two keys, from 0 on; no two rows are equal in both. As one number they are sorted in a fourth of the time."""
    size = 1 + int(then.max(initial=0))
    if size * (1 + int(first.max(initial=0))) < 2**63:
        return np.argsort(first * size + then)
    return np.lexsort((then, first))


def _mixed(at: NDArray[np.int64], kind: NDArray[np.int64], subject: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where several subjects change at one instant. Only these are compared by their ids."""
    if not len(at):
        return np.zeros(0, bool)
    another = (at[1:] == at[:-1]) & ((subject[1:] != subject[:-1]) | (kind[1:] != kind[:-1]))
    run = _runs(at)
    several = np.zeros(run[-1] + 1, bool)
    several[run[1:][another]] = True
    return several[run]


def _by_id(subject: NDArray[np.int64], kind: NDArray[np.int64], vocabulary: Vocabulary) -> NDArray[np.int64]:
    """Numbers in the order of the ids of subjects of one kind."""
    rank = np.empty(len(subject), np.int64)
    for of, ids in ((Subject.ACCOUNT, vocabulary.accounts), (Subject.PERSON, vocabulary.people)):
        codes, inverse = np.unique(subject[kind == of], return_inverse=True)
        by_id = sorted(range(len(codes)), key=lambda place: ids[int(codes[place])])
        places = np.empty(len(codes), np.int64)
        places[by_id] = np.arange(len(codes))
        rank[kind == of] = places[inverse]
    return rank
