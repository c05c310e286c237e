"""From histories to frames: what every subject had done by each landmark, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.discover import leaks
from fireflower.discover.candidates import MOST_EVENTS, SILENCE, SOON, Candidate, Seen, candidates
from fireflower.discover.curves import heat
from fireflower.discover.frames import Column, Frame
from fireflower.discover.landmarks import (
    Arguments,
    Sample,
    counting,
    first_times,
    happened,
    note_clusters,
    note_first,
    note_last_seen,
    sample_at,
    sample_when,
    until,
)
from fireflower.discover.leaks import Around, Leak
from fireflower.discover.orders import orders
from fireflower.discover.results import Heat
from fireflower.discover.silence import idle_after
from fireflower.discover.study import aucs
from fireflower.language.nodes import Circle, Count, Events, Formula, Last, Quantity, Trait, Within
from fireflower.language.walking import events_of
from fireflower.model.moments import DAY, NEVER
from fireflower.model.records import Kind, SubjectKind
from fireflower.model.timeline import Timeline, Vocabulary

MOST_NAMES = 2 * MOST_EVENTS
"""Of so many of the most frequent events it is read when they first happened, and whether they are leaks: more than
there is room for among the candidates, as leaks are none. So time and memory do not grow with names that hold an id."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Source:
    """A history to be read.

    Attributes
    ----------
    seen : what it has to offer
    goal : the formula whose first truth is the goal
    start : the event that begins a life; any event where the project declares none
    churn : the event that ends it, if one is declared
    leaves_out : whether the project leaves out some subjects of this kind, from a moment on or up to one
    circles : of which circle some events and traits speak, by name
    kept : names that are looked at although they look like leaks
    """

    seen: Seen
    vocabulary: Vocabulary
    subject: SubjectKind
    goal: Formula
    start: Events
    churn: Events | None
    leaves_out: bool
    circles: Mapping[str, Circle]
    kept: frozenset[str]
    as_of: int
    arguments: Arguments

    @property
    def ids(self) -> Sequence[str]:
        return self.vocabulary.people if self.subject == "person" else self.vocabulary.accounts


@dataclass(frozen=True, eq=False)
class Lives:
    """When things first happened to each subject; NEVER.

    Attributes
    ----------
    anything, seen : when they did anything for the first and for the last time; seen is -NEVER where they never did
    cluster : whoever has the same number is not independent of each other: people of one account, everybody else alone
    """

    anything: Ints
    start: Ints
    goal: Ints
    left: Ints
    seen: Ints
    cluster: Ints
    events: Mapping[str, Ints]


@dataclass(frozen=True, eq=False)
class Landmark:
    """A frame, and what it leaves out: who had reached the goal, who had left (with a word or without), before it.

    `naive` is the AUC of each column over everybody, whatever had become of them by then; `silence` how long whoever
    counts as gone without a word had done nothing, at least.
    """

    frame: Frame
    before: tuple[int, int]
    naive: tuple[float, ...]
    silence: int

    def without(self, names: Collection[str]) -> Landmark:
        """Without columns that are made of these."""
        kept = [i for i, column in enumerate(self.frame.columns) if column.candidate.of not in names]
        frame = self.frame.keeping([self.frame.columns[i] for i in kept])
        return replace(self, frame=frame, naive=tuple(self.naive[i] for i in kept))


def lives(source: Source) -> Lives:
    """When the goal, the start, the end and each event first happened to each subject."""
    names, people = _names(source), len(source.ids)
    formulas = [happened(Events()), happened(source.start), source.goal]
    ends = [] if source.churn is None else [happened(source.churn)]
    # What somebody did first while they were not left out, only the kernel knows; else rows tell it, and much faster.
    by_kernel = [happened(Events((name,))) for name in names] if source.leaves_out else []
    noted = np.full((0 if source.leaves_out else len(names) + 1, people), NEVER, np.int64)
    seen, cluster = np.full(people, -NEVER, np.int64), np.arange(people, dtype=np.int64)

    def look(timeline: Timeline) -> None:
        own, rows = counting(timeline, source.subject, source.as_of)
        if not source.leaves_out:
            note_first(noted, timeline, own, rows, names)
        note_last_seen(seen, timeline, own, rows)
        if source.subject == "person":
            note_clusters(cluster, timeline, source.as_of)

    anything, start, goal, *rest = first_times(
        [*formulas, *ends, *by_kernel], source.subject, people, source.arguments, look
    )
    left = rest.pop(0) if ends else np.full(people, NEVER, np.int64)
    events = dict(zip(names, rest if source.leaves_out else noted[:-1], strict=True))
    return Lives(anything, start, goal, left, seen, cluster, events)


def _names(source: Source) -> list[str]:
    """The events that are looked at, the most frequent first, and those by which goal, start and end are told."""
    told = (*events_of(source.goal), source.start, *(() if source.churn is None else (source.churn,)))
    always = {name for events in told for name in events.names}
    return [name for place, name in enumerate(source.seen.events) if place < MOST_NAMES or name in always]


def leaking_events(source: Source, found: Lives) -> list[Leak]:
    """Events that know of the goal."""
    own = {name for events in events_of(source.goal) for name in events.names}
    names = [name for name in found.events if name not in own and name not in source.kept]
    quantities: list[Quantity] = [Count(Events((name,))) for name in names]
    quantities += [Count(Events((name,)), Last(DAY)) for name in names]
    by_then = until(np.where(found.goal < NEVER, found.goal + 1, 0), source.subject, source.arguments)
    sample = sample_when(source.goal, quantities, source.subject, by_then)
    around = [
        Around(name, found.events[name], _plain(sample.numbers[i]), _plain(sample.numbers[len(names) + i]))
        for i, name in enumerate(names)
    ]
    return leaks.of_events(around, found.goal, source.as_of)


def _plain(numbers: NDArray[Any]) -> NDArray[np.float64]:
    return np.nan_to_num(numbers.astype(np.float64))


def landmarks(
    source: Source, found: Lives, ages: Sequence[int], horizon: int, leaking: Iterable[str]
) -> list[Landmark]:
    """The risk set at each age, with every candidate."""
    own = {name for events in events_of(source.goal) for name in events.names if not _is_formula(source.goal)}
    ends = {*(source.churn.names if source.churn else ()), *source.start.names}
    leave = frozenset({*leaking, *own, *ends})
    times = {name: first for name, first in found.events.items() if name not in leave}
    seen = replace(source.seen, events={name: source.seen.events[name] for name in found.events})
    wanted = [
        candidates(
            seen, source.subject, source.start, age, leave, orders(times, found.start, age, SOON), source.circles
        )
        for age in ages
    ]
    quantities = [_quantities(each) for each in wanted]
    last = np.where(found.start < NEVER, found.start + max(ages), 0)
    samples = sample_at(ages, quantities, source.start, source.subject, until(last, source.subject, source.arguments))
    return [
        _landmark(source, found, age, horizon, each, sample)
        for age, each, sample in zip(ages, wanted, samples, strict=True)
    ]


def _is_formula(goal: Formula) -> bool:
    """Whether the goal is more than that an event happened: then that event may be looked at."""
    return all(goal != happened(events) for events in events_of(goal))


def _quantities(wanted: Sequence[Candidate]) -> list[Quantity]:
    """What is read for these candidates, in their order, and how long there has been silence, if it is none of them."""
    return list(dict.fromkeys([*(each.read for each in wanted if each.read is not None), SILENCE]))


def _landmark(
    source: Source, found: Lives, age: int, horizon: int, wanted: Sequence[Candidate], sample: Sample
) -> Landmark:
    subject, moment = sample.subject, sample.moment + 1
    goal, left = found.goal[subject], found.left[subject]
    silent = sample.numbers[_quantities(wanted).index(SILENCE)]
    silence = idle_after(silent, moment, found.seen[subject], source.as_of)
    idle = silent >= silence
    reached, gone = goal < moment, (left < moment) | idle
    columns = tuple(_column(source, candidate, sample, i) for i, candidate in enumerate(wanted))
    everyone = Frame(
        age,
        subject,
        moment,
        _wait(goal, moment),
        source.as_of - moment,
        _wait(left, moment),
        found.cluster[subject],
        columns,
    )
    at_risk = np.flatnonzero(~reached & ~gone)
    frame = everyone.at(at_risk[np.argsort(moment[at_risk], kind="stable")])
    before = int(reached.sum()), int((gone & ~reached).sum())
    return Landmark(frame, before, tuple(aucs(everyone, horizon)), silence)


def _wait(event: Ints, moment: Ints) -> Ints:
    return np.where(event < NEVER, event - moment, NEVER)


def _column(source: Source, candidate: Candidate, sample: Sample, place: int) -> Column:
    codes = sample.codes.get(place)
    if not isinstance(candidate.quantity, Trait) or codes is None or not (codes >= 0).any():
        return Column(candidate, sample.numbers[place])
    kind = Kind.ACCOUNT_TRAIT if candidate.quantity.owner == "account" else Kind.PERSON_TRAIT
    return Column(candidate, sample.numbers[place], codes, source.vocabulary.traits[kind, candidate.quantity.name])


def heat_maps(
    source: Source, frame: Frame, events: Sequence[str], ages: Sequence[int], horizon: int
) -> tuple[Heat, ...]:
    """For each event: thresholds of its count within each window from the start that ends by the landmark."""
    assert frame.landmark is not None
    windows = [age for age in sorted(ages) if age <= frame.landmark]
    quantities = [Count(Events((name,)), Within(source.start, window)) for name in events for window in windows]
    if not quantities:
        return ()
    columns = more_columns(source, frame, quantities)
    maps = []
    for i, name in enumerate(events):
        own = columns[i * len(windows) : (i + 1) * len(windows)]
        maps.append(heat(frame, [(w / DAY, c) for w, c in zip(windows, own, strict=True)], horizon, name))
    return tuple(maps)


def up_to(source: Source, frame: Frame) -> Arguments:
    """Arguments for a replay of those in a frame, up to its landmark."""
    ends = np.zeros(len(source.ids), np.int64)
    ends[frame.subject] = frame.moment
    return until(ends, source.subject, source.arguments)


def more_columns(source: Source, frame: Frame, quantities: Sequence[Quantity]) -> list[NDArray[Any]]:
    """Other quantities at the frame's landmark, in the order of its rows."""
    assert frame.landmark is not None
    sample = next(sample_at([frame.landmark], [quantities], source.start, source.subject, up_to(source, frame)))
    place = np.full(len(source.ids), -1, np.int64)
    place[sample.subject] = np.arange(len(sample))
    return [column[place[frame.subject]] for column in sample.numbers]
