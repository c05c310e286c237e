"""From what kernels wrote to Transitions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.kernel.layout import NEVER
from fireflower.evaluate.machine import Machine
from fireflower.evaluate.results import Subject, Transitions
from fireflower.language.nodes import Definition
from fireflower.model.timeline import Vocabulary

Numbers = NDArray[np.int64]

_PIECE = 1 << 15
"""Transitions whose order is found at once, in the cache."""
_BITS = 16
"""Of the time of a transition, by which it is put into its piece: numbers of so many bits numpy sorts by counting."""


def collect(machine: Machine, definitions: Sequence[Definition], vocabulary: Vocabulary, as_of: int) -> Transitions:
    """Take what a machine has written, and put it in its order: (at, subject kind, subject id, definition name)."""
    written, facts = machine.take()
    end = np.cumsum(written["shown"])
    kinds = np.array([Subject[definition.subject.upper()] for definition in definitions] or [Subject.ACCOUNT], np.int8)
    by_name = np.argsort(np.argsort([definition.name for definition in definitions] or [""]))
    found = _columns(len(written))
    first = 0
    for places in _pieces(written["at"]):
        part = written.take(places)
        order = _by_moment(part["at"], kinds.take(part["definition"]))
        places, part = places.take(order), part.take(order)
        kind = kinds.take(part["definition"])
        ties = _ties(part["at"], kind, part["subject"], by_name.take(part["definition"]), vocabulary)
        if ties is not None:
            places, part = places.take(ties), part.take(ties)
        here = slice(first, first := first + len(places))
        for name in ("at", "known_at", "subject", "definition", "change", "reason"):
            found[name][here] = part[name]
        found["kind"][here] = kind
        found["evidence"][here, 1] = end.take(places)
        found["evidence"][here, 0] = found["evidence"][here, 1] - part["shown"]
    return Transitions(
        definitions=definitions,
        conditions=machine.program.conditions,
        vocabulary=vocabulary,
        as_of=as_of,
        facts=facts,
        **found,
    )


def _columns(rows: int) -> dict[str, NDArray[Any]]:
    types = {
        "at": np.int64, "known_at": np.int64, "kind": np.int8, "subject": np.int32, "definition": np.int32,
        "change": np.int8, "reason": np.int8,
    }  # fmt: skip
    return {name: np.empty(rows, dtype) for name, dtype in types.items()} | {"evidence": np.empty((rows, 2), np.int64)}


def _pieces(at: Numbers) -> Iterator[Numbers]:
    """The places of all, in parts between which the time rises."""
    if len(at) <= _PIECE:
        yield np.arange(len(at))
        return
    earliest = at.min()
    shift = max(0, int(at.max() - earliest).bit_length() - _BITS)
    coarse = ((at - earliest) >> shift).astype(np.uint16)
    places = np.argsort(coarse, kind="stable")
    ends = np.cumsum(np.bincount(coarse))
    first = 0
    while first < len(at):
        last = int(ends[max(np.searchsorted(ends, first + _PIECE, "right") - 1, np.searchsorted(ends, first, "right"))])
        yield places[first:last]
        first = last


def _by_moment(at: Numbers, kind: NDArray[np.int8]) -> Numbers:
    """The order of (at, kind)."""
    return _order((at - at.min(initial=NEVER)) * len(Subject) + kind)


def _runs(at: Numbers, kind: NDArray[np.int8]) -> Numbers:
    """The number of each one's (at, kind), in the order of which they are."""
    another = (at[1:] != at[:-1]) | (kind[1:] != kind[:-1])
    return np.concatenate([np.zeros(min(1, len(at)), np.int64), np.cumsum(another)])


def _ties(
    at: Numbers, kind: NDArray[np.int8], subject: NDArray[np.int32], name: Numbers, vocabulary: Vocabulary
) -> Numbers | None:
    """The order of those in the order of (at, kind) by id and name as well, if it is another."""
    run = _runs(at, kind)
    key = run * (1 + int(name.max(initial=0))) + name
    mixed = _mixed(run, subject)
    if not len(mixed) and bool((key[1:] > key[:-1]).all()):
        return None
    order = _order(key)
    order[mixed] = mixed[np.lexsort((name[mixed], _by_id(kind[mixed], subject[mixed], vocabulary), run[mixed]))]
    return order


def _mixed(run: Numbers, subject: NDArray[np.int32]) -> Numbers:
    """Where several subjects of a kind change at one moment. Only these are compared by their ids."""
    several = np.zeros(1 + int(run.max(initial=0)), bool)
    several[run[1:][(subject[1:] != subject[:-1]) & (run[1:] == run[:-1])]] = True
    return np.flatnonzero(several[run])


def _by_id(kind: NDArray[np.int8], subject: NDArray[np.int32], vocabulary: Vocabulary) -> Numbers:
    """Numbers in the order of the ids of each kind."""
    place = np.empty(len(subject), np.int64)
    for of, ids in ((Subject.ACCOUNT, vocabulary.accounts), (Subject.PERSON, vocabulary.people)):
        codes, inverse = np.unique(subject[kind == of], return_inverse=True)
        places = np.empty(len(codes), np.int64)
        places[sorted(range(len(codes)), key=[ids[code] for code in codes.tolist()].__getitem__)] = range(len(codes))
        place[kind == of] = places[inverse]
    return place


def _order(key: Numbers) -> Numbers:
    """The order of numbers from 0 on, where equal ones stay as they are. With their places as their lowest bits they
    are sorted in a fourth of the time."""
    bits = len(key).bit_length()
    if int(key.max(initial=0)) >= 1 << (63 - bits):
        return np.argsort(key, kind="stable")
    packed = key << bits | np.arange(len(key))
    packed.sort()
    return packed & ((1 << bits) - 1)
