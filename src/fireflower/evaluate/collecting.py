"""From what kernels wrote to Transitions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.kernel.layout import NEVER, SEEN_BIT, SEEN_END
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
    kinds = np.array([Subject[definition.subject.upper()] for definition in definitions] or [Subject.ACCOUNT], np.int8)
    by_name = np.argsort(np.argsort([definition.name for definition in definitions] or [""]))
    ranks = kinds.astype(np.int64) * len(by_name) + by_name
    found, mixed = _columns(len(written)), []
    first = 0
    for places in _pieces(written["at"]):
        part = written.take(places)
        part = part.take(_order(part["at"], ranks.take(part["definition"]), len(Subject) * len(by_name)))
        kind = kinds.take(part["definition"])
        mixed.append(first + _mixed(part["at"], kind, part["subject"]))
        here = slice(first, first := first + len(part))
        for name in ("at", "known_at", "subject", "definition", "change", "reason"):
            found[name][here] = part[name]
        found["kind"][here] = kind
        end = part["seen"] & SEEN_END
        found["evidence"][here, 1] = end
        found["evidence"][here, 0] = end - (part["seen"] >> SEEN_BIT)
    _put_by_id(found, np.concatenate(mixed or [np.zeros(0, np.int64)]), by_name, vocabulary)
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


def _order(at: Numbers, rank: Numbers, ranks: int) -> Numbers:
    """The order of (at, rank), equal ones as they are. With their places as their lowest bits, numbers are sorted in a
    fourth of the time."""
    bits, earliest = len(at).bit_length(), int(at.min(initial=NEVER))
    if (int(at.max(initial=earliest)) - earliest + 1) * ranks >= 1 << (63 - bits):
        return np.lexsort((rank, at))
    packed = (at - earliest) * ranks + rank << bits | np.arange(len(at))
    packed.sort()
    return packed & ((1 << bits) - 1)


def _another(at: Numbers, kind: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Of each but the first, whether its (at, kind) is another than that before it."""
    different: NDArray[np.bool_] = (at[1:] != at[:-1]) | (kind[1:] != kind[:-1])
    return different


def _mixed(at: Numbers, kind: NDArray[np.int8], subject: NDArray[np.int32]) -> Numbers:
    """The places where several subjects of a kind change at one moment. Only these are compared by their ids."""
    another = _another(at, kind)
    pairs = np.flatnonzero((subject[1:] != subject[:-1]) & ~another)
    if not len(pairs):
        return pairs
    run = np.concatenate([[0], np.cumsum(another)])
    several = np.zeros(1 + int(run[-1]), bool)
    several[run[pairs]] = True
    return np.flatnonzero(several[run])


def _put_by_id(found: dict[str, NDArray[Any]], mixed: Numbers, by_name: Numbers, vocabulary: Vocabulary) -> None:
    """Put those at these places, which are in the order of (at, kind), into the order of ids and names as well."""
    if not len(mixed):
        return
    here = {name: column[mixed] for name, column in found.items()}
    run = np.concatenate([[0], np.cumsum(_another(here["at"], here["kind"]))])
    order = np.lexsort((by_name[here["definition"]], _by_id(here["kind"], here["subject"], vocabulary), run))
    for name, column in found.items():
        column[mixed] = here[name][order]


def _by_id(kind: NDArray[np.int8], subject: NDArray[np.int32], vocabulary: Vocabulary) -> Numbers:
    """Numbers in the order of the ids of each kind."""
    place = np.empty(len(subject), np.int64)
    for of, ids in ((Subject.ACCOUNT, vocabulary.accounts), (Subject.PERSON, vocabulary.people)):
        codes, inverse = np.unique(subject[kind == of], return_inverse=True)
        places = np.empty(len(codes), np.int64)
        places[sorted(range(len(codes)), key=[ids[code] for code in codes.tolist()].__getitem__)] = range(len(codes))
        place[kind == of] = places[inverse]
    return place
