"""Who is left out: a `leave_out` formula is a definition like any other, and what its people do counts for no
account."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.kernel.layout import MUTED
from fireflower.evaluate.results import Change, Transitions
from fireflower.language.nodes import AnyOf, Definition, Formula, Settings
from fireflower.model.moments import NEVER
from fireflower.model.records import Kind, SubjectKind
from fireflower.model.timeline import TO_ACCOUNT, Timeline


def rules_of(settings: Settings, kind: SubjectKind) -> list[Formula]:
    """The rules by which subjects of a kind are left out, of which one is enough."""
    formulas = [formula for of, formula in settings.leave_out if of == kind]
    return [part for each in formulas for part in (each.parts if isinstance(each, AnyOf) else (each,))]


def without_left_out(
    settings: Settings, timelines: Iterable[Timeline], as_of: int, compiled: bool, threads: int
) -> Iterable[Timeline]:
    """The timelines, in which rows of left-out people are muted for their accounts."""
    return muted(settings, timelines, as_of, compiled, threads)[0]


def muted(
    settings: Settings, timelines: Iterable[Timeline], as_of: int, compiled: bool, threads: int
) -> tuple[Iterable[Timeline], frozenset[int]]:
    """The same, and the people who are left out as of then, by their codes."""
    formulas = tuple(formula for kind, formula in settings.leave_out if kind == "person")
    if not formulas:
        return timelines, frozenset()
    pieces = timelines if iter(timelines) is not timelines else list(timelines)
    spans = _spans_out(AnyOf(formulas), settings, pieces, as_of, compiled, threads)
    if spans is None:
        return pieces, frozenset()
    person, _, until = spans
    return _masked(pieces, *spans), frozenset(person[until == NEVER].tolist())


Spans = tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]


def _spans_out(
    formula: Formula, settings: Settings, pieces: Iterable[Timeline], as_of: int, compiled: bool, threads: int
) -> Spans | None:
    """Who was left out in which [since, until), ordered by person; None if nobody ever was."""
    from fireflower.evaluate.replay import replay

    definition = Definition("left out", "person", formula, keep_after_goal=True)
    alone = replace(settings, leave_out=())
    found = replay([definition], alone, pieces, as_of=as_of, evidence=False, compiled=compiled, threads=threads)
    return _spans(found) if len(found) else None


def _spans(found: Transitions) -> Spans:
    order = np.lexsort((found.at, found.subject))
    person, at, entered = found.subject[order], found.at[order], found.change[order] == Change.ENTERED
    until = np.append(at[1:], NEVER)
    last = np.append(person[1:] != person[:-1], True)
    until[last] = NEVER
    return person[entered], at[entered], until[entered]


def _masked(
    pieces: Iterable[Timeline], person: NDArray[np.int32], since: NDArray[np.int64], until: NDArray[np.int64]
) -> Iterator[Timeline]:
    for timeline in pieces:
        yield _mask(timeline, person, since, until)


def _mask(
    timeline: Timeline, person: NDArray[np.int32], since: NDArray[np.int64], until: NDArray[np.int64]
) -> Timeline:
    names = timeline.vocabulary.names
    touched = np.array([kind in (Kind.EVENT, Kind.JOIN) for kind, _ in names], bool)
    flagged = np.zeros(len(timeline.vocabulary.people) + 1, bool)  # the last place is for -1, nobody
    flagged[person] = True
    rows = np.flatnonzero(flagged[timeline.person] & touched[timeline.what] & (timeline.target & TO_ACCOUNT != 0))
    if not len(rows):
        return timeline
    # The last span of the row's person that began at or before the row: spans are ordered by (person, since).
    keys = np.rec.fromarrays((person, since))
    wanted = np.rec.fromarrays((timeline.person[rows], timeline.time[rows]))
    place = np.searchsorted(keys, wanted, side="right") - 1
    inside = (place >= 0) & (person[place] == timeline.person[rows]) & (timeline.time[rows] < until[place])
    target = timeline.target.copy()
    target[rows[inside]] |= np.uint8(MUTED)
    return replace(timeline, target=target)
