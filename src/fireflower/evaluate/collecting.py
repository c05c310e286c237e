"""From what kernels wrote to Transitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.kernel.layout import NEVER
from fireflower.evaluate.machine import Machine
from fireflower.evaluate.results import Subject, Transitions
from fireflower.evaluate.written import SORTED_TOGETHER, WHO, Written, roughly
from fireflower.language.nodes import Definition
from fireflower.model.timeline import Vocabulary

Numbers = NDArray[np.int64]


_FEW = 64
"""Transitions that Python's own lists have in order sooner."""

_COLUMNS = {"kind": np.int8, "subject": np.int32, "definition": np.int32, "change": np.int8, "reason": np.int8}


def collect(machine: Machine, definitions: Sequence[Definition], vocabulary: Vocabulary, as_of: int) -> Transitions:
    """Take what a machine has written, and put it in its order: (at, subject kind, subject id, definition name)."""
    written, rows = machine.take()
    kinds, by_name = _kinds_and_ranks(tuple((each.subject, each.name) for each in definitions))
    count = sum(len(part.at) for part in written)
    at, end = np.empty(count, np.int64), np.empty(count, np.uint32)
    known = np.empty(count, np.int64) if any(len(part.late) for part in written) else at
    columns: dict[str, NDArray[Any]] = {name: np.empty(count, dtype) for name, dtype in _COLUMNS.items()}
    ids = {Subject.ACCOUNT: _Ids(vocabulary.accounts), Subject.PERSON: _Ids(vocabulary.people)}
    first = 0
    # Memory that one part has given back costs less than what was never touched, so none is kept once it is copied.
    while written:
        part = written.pop(0)
        here = slice(first, first + len(part.at))
        places = _places(part.at, part.who, kinds, by_name, ids)
        _copy(part.at, places, at[here])
        _copy(part.end, places, end[here])
        if known is not at:
            known[here] = _known(part).take(places)
        _tell(part.who, places, kinds, {name: column[here] for name, column in columns.items()})
        first = here.stop
        del part
    return Transitions(
        definitions=definitions,
        conditions=machine.program.conditions,
        vocabulary=vocabulary,
        as_of=as_of,
        at=at,
        known_at=known,
        **columns,
        end=end,
        counts=machine.shown,
        rows=rows,
    )


@lru_cache(maxsize=64)
def _kinds_and_ranks(definitions: Sequence[tuple[str, str]]) -> tuple[NDArray[np.int8], Numbers]:
    """Of definitions, given as (subject, name), the kind of subject that each is about, and its place in the order of
    names. Whoever is at work asks for the same ones with every step."""
    kinds = np.array([Subject[subject.upper()] for subject, _ in definitions] or [Subject.ACCOUNT], np.int8)
    return kinds, np.argsort(np.argsort([name for _, name in definitions] or [""]))


def _copy(column: NDArray[Any], places: Numbers, into: NDArray[Any]) -> None:
    """What is at the places, without another copy on the way."""
    column.take(places, out=into, mode="clip")


def _known(written: Written) -> Numbers:
    """When each is known."""
    known = written.at.copy()
    known[written.late] = written.known_at
    return known


def _tell(who: Numbers, places: Numbers, kinds: NDArray[np.int8], columns: dict[str, NDArray[Any]]) -> None:
    """Into the columns what `who` says, in the order of the places. A piece at a time, so that no memory is touched but
    what is kept."""
    for here in _pieces(len(who)):
        whose = who.take(places[here]).view(WHO)
        for name in WHO.names or ():
            columns[name][here] = whose[name]
        columns["kind"][here] = kinds.take(whose["definition"])


def _pieces(count: int) -> Iterator[slice]:
    return (slice(first, first + SORTED_TOGETHER) for first in range(0, count, SORTED_TOGETHER))


class _Ids(dict[int, str]):
    """Code -> id, of those that were asked for: to look one up in an archive takes longer."""

    def __init__(self, ids: Sequence[str]) -> None:
        self._all = ids

    def __missing__(self, code: int) -> str:
        self[code] = found = self._all[code]
        return found


Ids = Mapping[Subject, _Ids]


def _places(at: Numbers, who: Numbers, kinds: NDArray[np.int8], by_name: Numbers, ids: Ids) -> Numbers:
    """Where those that are written lie, in the order in which they are wanted."""
    if len(at) <= _FEW and (few := _places_of_few(at, who, kinds, by_name)) is not None:
        return few
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
        places[several] = of.take(_by_id(at.take(of), who.take(of).view(WHO), kinds, by_name, ids))
    return places


def _places_of_few(at: Numbers, who: Numbers, kinds: NDArray[np.int8], by_name: Numbers) -> Numbers | None:
    """The same for few, of whom Python makes less ado; None if they have to be told apart by their ids."""
    whose = who.view(WHO)
    definition, subject = whose["definition"], whose["subject"].tolist()
    moments = zip(at.tolist(), kinds.take(definition).tolist(), strict=True)
    rows = sorted(zip(moments, by_name.take(definition).tolist(), range(len(at)), subject, strict=True))
    if any(one[0] == next_[0] and one[-1] != next_[-1] for one, next_ in pairwise(rows)):
        return None
    return np.array([place for _, _, place, _ in rows], np.int64)


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


def _by_id(at: Numbers, who: NDArray[np.void], kinds: NDArray[np.int8], by_name: Numbers, ids: Ids) -> Numbers:
    """The order of ids and names of those that are in the order of (at, kind)."""
    kind = kinds.take(who["definition"])
    run = np.concatenate([[0], np.cumsum(_another(at, kind))])
    return np.lexsort((by_name[who["definition"]], _numbered_by_id(kind, who["subject"], ids), run))


def _numbered_by_id(kind: NDArray[np.int8], subject: NDArray[np.int32], ids: Ids) -> Numbers:
    """Numbers in the order of the ids of each kind."""
    place = np.empty(len(subject), np.int64)
    for of, known in ids.items():
        codes, inverse = np.unique(subject[kind == of], return_inverse=True)
        places = np.empty(len(codes), np.int64)
        places[sorted(range(len(codes)), key=[known[code] for code in codes.tolist()].__getitem__)] = range(len(codes))
        place[kind == of] = places[inverse]
    return place
