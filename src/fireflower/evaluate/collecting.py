"""From what kernels wrote to Transitions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.machine import COLUMNS, EVIDENCE, Machine
from fireflower.evaluate.results import Subject, Transitions
from fireflower.language.nodes import Definition
from fireflower.model.timeline import Vocabulary

Columns = dict[str, NDArray[Any]]

_PIECE = 1 << 18
"""Transitions whose order is found at once."""


def collect(machine: Machine, definitions: Sequence[Definition], vocabulary: Vocabulary, as_of: int) -> Transitions:
    """Take what a machine has written, and put it in its order: (at, subject kind, subject id, definition name)."""
    machine.empty()
    evidence = {name: machine.written[name].take() for name in EVIDENCE}
    found = _by_time({name: machine.written[name].take() for name in COLUMNS})
    kinds = np.array([Subject[definition.subject.upper()] for definition in definitions] or [Subject.ACCOUNT], np.int8)
    found["kind"] = kinds[found["definition"]]
    by_name = np.argsort(np.argsort([definition.name for definition in definitions] or [""]))
    for first, last in _pieces(found["at"]):
        _order_ties({name: column[first:last] for name, column in found.items()}, by_name, vocabulary)
    begin = found.pop("begin")
    found["evidence"] = np.stack([begin, begin + found.pop("shown")], axis=1)
    return Transitions(
        definitions=definitions,
        conditions=machine.program.conditions,
        vocabulary=vocabulary,
        as_of=as_of,
        **found,
        **evidence,
    )


def _by_time(found: Columns) -> Columns:
    """The columns by time, with the place at which the evidence of each transition begins."""
    found["begin"] = np.cumsum(found["shown"], dtype=np.int64) - found["shown"]
    order = np.argsort(found["at"])
    return {name: found.pop(name).take(order) for name in list(found)}


def _pieces(at: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Parts between which the time changes, so short that what is made of one stays in the cache."""
    first = 0
    while first < len(at):
        last = int(np.searchsorted(at, at[min(first + _PIECE, len(at)) - 1], "right"))
        yield first, last
        first = last


def _order_ties(found: Columns, by_name: NDArray[np.int64], vocabulary: Vocabulary) -> None:
    """Put those that change at one instant in their order; the columns are by time already."""
    at = found["at"]
    same = np.concatenate([[False], at[1:] == at[:-1], [False]])
    tied = np.flatnonzero(same[:-1] | same[1:])
    run = _runs(at[tied])
    kind, subject = (found[name][tied].astype(np.int64) for name in ("kind", "subject"))
    for of, ids in ((Subject.ACCOUNT, vocabulary.accounts), (Subject.PERSON, vocabulary.people)):
        mine = np.flatnonzero(kind == of)
        mixed = mine[_mixed(run[mine], subject[mine])]
        subject[mixed] = _by_id(subject[mixed], ids)
    subjects = 1 + int(subject.max(initial=0))
    key = (kind * subjects + subject) * len(by_name) + by_name[found["definition"][tied]]
    order = tied[_sorted(run, key)]
    for column in found.values():
        column[tied] = column[order]


def _runs(at: NDArray[np.int64]) -> NDArray[np.int64]:
    """The number of each one's instant."""
    return np.concatenate([np.zeros(min(1, len(at)), np.int64), np.cumsum(at[1:] != at[:-1])])


def _mixed(run: NDArray[np.int64], subject: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where several subjects of one kind change at one instant. Only these are compared by their ids."""
    several = np.zeros(1 + int(run.max(initial=0)), bool)
    several[run[1:][(run[1:] == run[:-1]) & (subject[1:] != subject[:-1])]] = True
    return several[run]


def _by_id(subject: NDArray[np.int64], ids: Sequence[str]) -> NDArray[np.int64]:
    """Numbers in the order of the ids."""
    codes, inverse = np.unique(subject, return_inverse=True)
    by_id = sorted(range(len(codes)), key=lambda place: ids[int(codes[place])])
    places = np.empty(len(codes), np.int64)
    places[by_id] = np.arange(len(codes))
    return places[inverse]


def _sorted(first: NDArray[np.int64], then: NDArray[np.int64]) -> NDArray[np.int64]:
    """By two keys, from 0 on; no two rows are equal in both. As one number they are sorted in a fourth of the time."""
    size = 1 + int(then.max(initial=0))
    if size * (1 + int(first.max(initial=0))) < 2**63:
        return np.argsort(first * size + then)
    return np.lexsort((then, first))
