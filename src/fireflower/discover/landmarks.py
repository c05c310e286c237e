"""Quantities as of a landmark, read by the kernel that evaluates definitions.

A landmark is a definition: it is entered when so much time has passed since the start, and the evidence of that
transition holds the quantities at that very instant. So what is discovered is what will be evaluated, and nothing of a
subject's future can be in it (landmarking: Anderson, Cain & Gelber 1983; van Houwelingen 2007).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.formulas import different
from fireflower.evaluate.kernel.layout import MUTED
from fireflower.evaluate.replay import replay_pieces
from fireflower.evaluate.results import Change, Transitions, texts_of
from fireflower.language.nodes import (
    All,
    AnyOf,
    Compare,
    Condition,
    Count,
    Definition,
    Elapsed,
    Events,
    Formula,
    Known,
    Quantity,
    Trait,
)
from fireflower.model.moments import NEVER
from fireflower.model.records import Kind, SubjectKind
from fireflower.model.timeline import Timeline

Arguments = Callable[[Sequence[Definition]], Mapping[str, Any]]

_AT_ONCE = 2048


@dataclass(frozen=True, eq=False)
class Sample:
    """The quantities of all subjects that have reached a moment.

    Attributes
    ----------
    subject : int64[n], codes
    moment : int64[n], the instant as of which the quantities were read
    numbers : one float column per quantity; NaN where it is missing or text
    codes : of each trait, by its place among the quantities: int32[n], the code of its text, or -1
    """

    subject: NDArray[np.int64]
    moment: NDArray[np.int64]
    numbers: tuple[NDArray[Any], ...]
    codes: Mapping[int, NDArray[np.int32]]

    def __len__(self) -> int:
        return len(self.subject)


def happened(events: Events) -> Formula:
    return Condition(Count(events), Compare(">=", 1))


def sample_at(
    ages: Sequence[int],
    quantities: Sequence[Sequence[Quantity]],
    start: Events,
    subject: SubjectKind,
    arguments: Arguments,
) -> Iterator[Sample]:
    """Quantities just before ages since the start: `quantities[i]` as of a microsecond before `ages[i]`, so that they
    hold what happened in [start, start + age) and nothing more.

    Parameters
    ----------
    arguments : for definitions to replay, the settings, timelines, as_of and what else `replay_pieces` takes
    """
    elapsed = Elapsed(start)
    definitions = [
        _landmark(f"(landmark {i})", subject, Condition(elapsed, Compare(">=", age - 1)), wanted)
        for i, (age, wanted) in enumerate(zip(ages, quantities, strict=True))
    ]
    return _sampled(definitions, quantities, [age - 1 for age in ages], arguments)


@dataclass(frozen=True, eq=False)
class Lifetimes:
    """Timelines in which each subject's history ends at a moment of its own: what comes later is not replayed.

    Attributes
    ----------
    ends : int64[subjects], from when on nothing that a subject does is looked at
    """

    timelines: Iterable[Timeline]
    subject: SubjectKind
    ends: NDArray[np.int64]

    def __iter__(self) -> Iterator[Timeline]:
        for timeline in self.timelines:
            own, bit = timeline.of(self.subject)
            late = (own >= 0) & (timeline.time >= self.ends[own])
            yield replace(timeline, target=np.where(late, timeline.target & ~np.uint8(bit), timeline.target))


def until(ends: NDArray[np.int64], subject: SubjectKind, arguments: Arguments) -> Arguments:
    """Arguments for a replay in which each subject's history ends at a moment of its own."""

    def changed(definitions: Sequence[Definition]) -> Mapping[str, Any]:
        given = arguments(definitions)
        timelines: Iterable[Timeline] = Lifetimes(given["timelines"], subject, ends)
        if isinstance(given["timelines"], Sequence):  # a small history, which is replayed uncompiled
            timelines = list(timelines)
        return {**given, "timelines": timelines}

    return changed


def holding_at(
    age: int, formulas: Sequence[Formula], start: Events, subject: SubjectKind, arguments: Arguments
) -> list[NDArray[np.int64]]:
    """For whom each formula holds just before an age since the start."""
    reached = Condition(Elapsed(start), Compare(">=", age - 1))
    definitions = [
        Definition(f"(holding {i})", subject, All((reached, formula)), keep_after_goal=True)
        for i, formula in enumerate(formulas)
    ]
    samples = _sampled(definitions, [()] * len(formulas), [age - 1] * len(formulas), arguments)
    return [sample.subject for sample in samples]


def sample_when(formula: Formula, quantities: Sequence[Quantity], subject: SubjectKind, arguments: Arguments) -> Sample:
    """Quantities at the instant at which a formula first holds."""
    only = Condition(Count(Events(("",))), Compare(">=", 0))  # holds always: in its place stands the age of `sample_at`
    definition = Definition(
        "(when)", subject, All((only, formula, _shown(only, quantities))), keep_after_goal=True
    )  # fmt: skip
    skipped = len(different(All((only, formula))))
    return next(_sampled([definition], [quantities], [None], arguments, skipped))


def _landmark(name: str, subject: SubjectKind, reached: Condition, quantities: Sequence[Quantity]) -> Definition:
    return Definition(name, subject, All((reached, _shown(reached, quantities))), keep_after_goal=True)


def _shown(holds: Condition, quantities: Sequence[Quantity]) -> Formula:
    """A formula that holds when `holds` does, and whose evidence has the quantities."""
    return AnyOf((holds, *(Condition(quantity, Known()) for quantity in quantities)))


def _sampled(
    definitions: Sequence[Definition],
    wanted: Sequence[Sequence[Quantity]],
    ages: Sequence[int | None],
    arguments: Arguments,
    skipped: int = 1,
) -> Iterator[Sample]:
    """A sample for each definition, of which nothing is kept once it is handed over."""
    parts: list[list[Sample]] = [[] for _ in definitions]
    for piece in replay_pieces(definitions, **arguments(definitions)):
        for number, quantities in enumerate(wanted):
            parts[number].append(_read(piece, number, quantities, ages[number], skipped))
    for part in parts:
        yield _joined(part)
        part.clear()


def _read(piece: Transitions, number: int, wanted: Sequence[Quantity], age: int | None, skipped: int) -> Sample:
    """What one definition's first entries show."""
    rows = np.flatnonzero((piece.definition == number) & (piece.change == Change.ENTERED))
    first = piece.evidence(rows)[0]
    if age is not None:  # who was left out at that age enters later, if at all
        on_time = piece.rows.values[first] == age
        rows, first = rows[on_time], first[on_time]
    _, once = np.unique(piece.subject[rows], return_index=True)
    once.sort()
    rows = rows[once]
    numbers, codes = _shown_from(first[once] + skipped, piece.rows.values, wanted)
    return Sample(piece.subject[rows].astype(np.int64), piece.at[rows], numbers, codes)


def _shown_from(
    first: NDArray[np.int64], column: NDArray[np.float64], wanted: Sequence[Quantity]
) -> tuple[tuple[NDArray[Any], ...], dict[int, NDArray[np.int32]]]:
    """Of each quantity what stands as many places after each place in `first` as it has before it: numbers, in half the
    memory where that loses nothing, as counts are whole and small; and the codes of traits. So many at a time are
    turned round as the cache holds."""
    half = np.empty((len(wanted), len(first)), np.float32)
    lost = np.zeros(len(wanted), bool)
    side_by_side = np.lib.stride_tricks.sliding_window_view(column, len(wanted)) if len(first) and wanted else column
    for begin in range(0, len(first) if wanted else 0, _AT_ONCE):
        here = slice(begin, begin + _AT_ONCE)
        shown = side_by_side[first[here]]
        with np.errstate(over="ignore"):  # a number too large for half becomes infinite, and so is told to be lost
            less = shown.astype(np.float32)
        lost |= ((less != shown) & (shown == shown)).any(axis=0)
        half[:, here] = less.T
    numbers = tuple(column[first + place] if lost[place] else half[place] for place in range(len(wanted)))
    texts = [place for place, quantity in enumerate(wanted) if isinstance(quantity, Trait)]
    return numbers, {place: texts_of(column[first + place]) for place in texts}


def _joined(parts: Sequence[Sample]) -> Sample:
    return Sample(
        np.concatenate([part.subject for part in parts]),
        np.concatenate([part.moment for part in parts]),
        tuple(map(np.concatenate, zip(*(part.numbers for part in parts), strict=True))),
        {place: np.concatenate([part.codes[place] for part in parts]) for place in parts[0].codes},
    )


def first_times(
    formulas: Sequence[Formula],
    subject: SubjectKind,
    subjects: int,
    arguments: Arguments,
    look: Callable[[Timeline], None] | None = None,
) -> list[NDArray[np.int64]]:
    """For each formula, when it first held for each subject; NEVER where it did not. `look` is that of
    `replay_pieces`."""
    definitions = [
        Definition(f"(first {i})", subject, formula, keep_after_goal=True) for i, formula in enumerate(formulas)
    ]
    first = np.full((len(formulas), subjects), NEVER, np.int64)
    for piece in replay_pieces(definitions, look=look, **arguments(definitions)):
        rows = np.flatnonzero(piece.change == Change.ENTERED)
        np.minimum.at(first, (piece.definition[rows], piece.subject[rows]), piece.at[rows])
    return list(first)


def counting(timeline: Timeline, subject: SubjectKind, as_of: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Which rows count for their subjects as of a moment, and whose they are: (subjects of those rows, rows)."""
    own, bit = timeline.of(subject)
    muted = MUTED if subject == "account" else 0  # what people do who are left out counts for them still
    rows = np.flatnonzero((timeline.target & (bit | muted) == bit) & (own >= 0) & (timeline.time <= as_of))
    return own[rows], rows


def note_first(
    first: NDArray[np.int64], timeline: Timeline, own: NDArray[np.int32], rows: NDArray[np.int64], names: Sequence[str]
) -> None:
    """Note in `first`, int64[names + 1, subjects], when each subject first did each of these events, of the rows that
    count; the last place is for everything else. As `first_times` says of `happened` where no subjects of this kind are
    left out, for hundreds of events at the price of one."""
    places = {(Kind.EVENT, name): place for place, name in enumerate(names)}
    place = np.array([places.get(name, len(names)) for name in timeline.vocabulary.names], np.intp)
    own, rows = own[::-1], rows[::-1]
    first[place[timeline.what[rows]], own] = timeline.time[rows]  # the earliest of a subject's rows comes last


def note_last_seen(
    last: NDArray[np.int64], timeline: Timeline, own: NDArray[np.int32], rows: NDArray[np.int64]
) -> None:
    """Note in `last` when each subject did anything for the last time, of the rows that count."""
    is_event = np.array([kind is Kind.EVENT for kind, _ in timeline.vocabulary.names])
    does = is_event[timeline.what[rows]]
    own, rows = own[does], rows[does]
    last[own] = timeline.time[rows]  # each one's rows lie in the order of time, and of several the last stays


def note_clusters(cluster: NDArray[np.int64], timeline: Timeline, as_of: int) -> None:
    """Note in `cluster` the account in which each person was first met as timelines go by, numbered from the number of
    people on, where nothing is noted yet; so it is the same however the timelines are cut. People of one account are
    not independent of each other."""
    rows = np.flatnonzero((timeline.person >= 0) & (timeline.account >= 0) & (timeline.time <= as_of))[::-1]
    rows = rows[cluster[timeline.person[rows]] < len(cluster)]
    cluster[timeline.person[rows]] = len(cluster) + timeline.account[rows].astype(np.int64)
