"""From what kernels wrote to Transitions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.kernel.layout import NEVER
from fireflower.evaluate.machine import SORTED_TOGETHER, WHO, Machine, roughly
from fireflower.evaluate.results import Subject, Transitions
from fireflower.language.nodes import Definition
from fireflower.model.timeline import Vocabulary

Numbers = NDArray[np.int64]


def collect(machine: Machine, definitions: Sequence[Definition], vocabulary: Vocabulary, as_of: int) -> Transitions:
    """Take what a machine has written, and put it in its order: (at, subject kind, subject id, definition name)."""
    (at, who, end, late, known_at), rows = machine.take()
    kinds = np.array([Subject[definition.subject.upper()] for definition in definitions] or [Subject.ACCOUNT], np.int8)
    by_name = np.argsort(np.argsort([definition.name for definition in definitions] or [""]))
    places = _places(at, who, kinds, by_name, vocabulary)
    # One column after the other: memory that one of them has given back costs less than what was never touched.
    known = _known(at, late, known_at).take(places) if len(late) else None
    at = at.take(places)
    columns = _columns(who, places, kinds)
    del who
    return Transitions(
        definitions=definitions,
        conditions=machine.program.conditions,
        vocabulary=vocabulary,
        as_of=as_of,
        at=at,
        known_at=at if known is None else known,
        **columns,
        end=end.take(places),
        counts=machine.shown,
        rows=rows,
    )


def _known(at: Numbers, late: Numbers, known_at: Numbers) -> Numbers:
    """When each is known."""
    known = at.copy()
    known[late] = known_at
    return known


def _columns(who: Numbers, places: Numbers, kinds: NDArray[np.int8]) -> dict[str, NDArray[Any]]:
    """What `who` says, in the order of the places. A piece at a time, so that no memory is touched but what is kept."""
    types = {"kind": np.int8, "subject": np.int32, "definition": np.int32, "change": np.int8, "reason": np.int8}
    columns: dict[str, NDArray[Any]] = {name: np.empty(len(who), dtype) for name, dtype in types.items()}
    for here in _pieces(len(who)):
        whose = who.take(places[here]).view(WHO)
        for name in WHO.names or ():
            columns[name][here] = whose[name]
        columns["kind"][here] = kinds.take(whose["definition"])
    return columns


def _pieces(count: int) -> Iterator[slice]:
    return (slice(first, first + SORTED_TOGETHER) for first in range(0, count, SORTED_TOGETHER))


def _places(at: Numbers, who: Numbers, kinds: NDArray[np.int8], by_name: Numbers, vocabulary: Vocabulary) -> Numbers:
    """Where those that are written lie, in the order in which they are wanted."""
    ranks = kinds.astype(np.int64) * len(by_name) + by_name
    places, ends = _roughly(at)
    mixed, first = [np.zeros(0, np.int64)], 0
    for last in ends:
        here = places[first:last]
        when, whose = at.take(here), who.take(here).view(WHO)
        order = _order(when, ranks.take(whose["definition"]), len(Subject) * len(by_name))
        here[:], when, whose = here.take(order), when.take(order), whose.take(order)
        mixed.append(first + _mixed(when, kinds.take(whose["definition"]), whose["subject"]))
        first = last
    several = np.concatenate(mixed)
    if len(several):
        of = places.take(several)
        places[several] = of.take(_by_id(at.take(of), who.take(of).view(WHO), kinds, by_name, vocabulary))
    return places


def _roughly(at: Numbers) -> tuple[Numbers, Sequence[int]]:
    """The places of all, in the order of time but for the last of its bits; and the ends of parts between which the
    time rises."""
    if len(at) <= SORTED_TOGETHER:
        return np.arange(len(at)), [len(at)] if len(at) else []
    rough = roughly(at)
    ends = np.cumsum(np.bincount(rough))
    parts = [0]
    while parts[-1] < len(at):
        first = parts[-1]
        last = max(np.searchsorted(ends, first + SORTED_TOGETHER, "right") - 1, np.searchsorted(ends, first, "right"))
        parts.append(int(ends[last]))
    return np.argsort(rough, kind="stable"), parts[1:]


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


def _by_id(
    at: Numbers, who: NDArray[np.void], kinds: NDArray[np.int8], by_name: Numbers, vocabulary: Vocabulary
) -> Numbers:
    """The order of ids and names of those that are in the order of (at, kind)."""
    kind = kinds.take(who["definition"])
    run = np.concatenate([[0], np.cumsum(_another(at, kind))])
    return np.lexsort((by_name[who["definition"]], _numbered_by_id(kind, who["subject"], vocabulary), run))


def _numbered_by_id(kind: NDArray[np.int8], subject: NDArray[np.int32], vocabulary: Vocabulary) -> Numbers:
    """Numbers in the order of the ids of each kind."""
    place = np.empty(len(subject), np.int64)
    for of, ids in ((Subject.ACCOUNT, vocabulary.accounts), (Subject.PERSON, vocabulary.people)):
        codes, inverse = np.unique(subject[kind == of], return_inverse=True)
        places = np.empty(len(codes), np.int64)
        places[sorted(range(len(codes)), key=[ids[code] for code in codes.tolist()].__getitem__)] = range(len(codes))
        place[kind == of] = places[inverse]
    return place
