"""Retention: events that are older than the project keeps them go, while everything goes on.

What was decided by means of them stays: of every subject who would have another past without them, the record stands as
it is up to this moment (`log.forgotten.Settled`). Who is who, memberships and traits stay; so do events of which only
the log knows yet, until they have moved into the archive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fireflower.app.live.compacting import FOLDER, Compactor, alone, when_unlocked
from fireflower.app.live.storage import existing_log, mappings_of
from fireflower.app.live.telling import meaning_of
from fireflower.app.project import HISTORY_FOLDER, Project
from fireflower.evaluate.replay import replay
from fireflower.evaluate.results import Subject, Transitions
from fireflower.history.archive import Archive
from fireflower.history.log.database import Database
from fireflower.history.log.forgotten import Settled
from fireflower.history.log.leases import ALL_SHARES, Leases
from fireflower.history.log.verdicts import Who
from fireflower.language.walking import needs
from fireflower.model.errors import ProjectError
from fireflower.model.records import Kind
from fireflower.model.timeline import Timeline

_DONE = "state IN ('sent', 'dead', 'withheld', 'unsure')"
"""Deliveries that nothing will become of any more."""


@dataclass(frozen=True, slots=True)
class Gone:
    """What retention has removed.

    Attributes
    ----------
    before : the moment before which nothing is left
    events, rejects, deliveries : how many
    settled : how many subjects would have another past without them, so that their record stands as it is
    """

    before: int
    events: int = 0
    rejects: int = 0
    deliveries: int = 0
    settled: int = 0


class Retainer:
    """Removes what is older than a project keeps it.

    Parameters
    ----------
    at_work : the project, with the definitions that decide just now: they change when edited ones take effect
    retention : span for which events are kept
    compiled : whether the compiled kernel is used
    """

    def __init__(self, at_work: Callable[[], Project], retention: int, *, compiled: bool = True) -> None:
        self._at_work, self._retention, self._compiled = at_work, retention, compiled

    def is_due(self, now: int) -> bool:
        """Whether the archive has events that are too old."""
        archive = self._at_work().open_archive()
        try:
            first = archive.first_event()
        finally:
            archive.release()
        return first is not None and first < now - self._retention

    def retain(self, now: int, up_to: int | None = None) -> Gone:
        """Remove what is older.

        Parameters
        ----------
        up_to : the place in the log up to which messages may move into the archive; by default all do

        Raises
        ------
        ProjectError
            If another process writes to the archive for very long, or if the record is by other definitions.
        """
        project, before = self._at_work(), now - self._retention
        database = existing_log(project)
        try:
            with alone(project.folder / HISTORY_FOLDER / FOLDER / "retaining"):
                since = now
                if database is not None:
                    _make_sure_that_it_decides(project, database)
                    since = min([now, *_moments(database)])
                    when_unlocked(lambda: Compactor(project, database, mappings_of(project)).compact(up_to))
                return self._remove(project, before, now, since, database)
        finally:
            if database is not None:
                database.close()

    def _remove(self, project: Project, before: int, now: int, since: int, database: Database | None) -> Gone:
        """
        Parameters
        ----------
        since : what has been decided after this moment may rest on what the archive does not have yet
        """
        archive = project.open_archive()
        first = archive.first_event()
        is_anything = first is not None and first < before
        settled = _of_another_past(project, archive, before, now, self._compiled) if is_anything else set()
        rejects = deliveries = 0
        if database is not None:
            with database.transaction():
                database.in_order("transitions")
                settled |= _decided_since(database, since) if is_anything else set()
                Settled(database).settle(sorted(settled), max(now, _latest(database)))
                rejects, deliveries = _removed_from(database, before)
        removed = when_unlocked(lambda: archive.forget_events(before)).records if is_anything else 0
        archive.release()
        return Gone(before, removed, rejects, deliveries, len(settled))


def _make_sure_that_it_decides(project: Project, database: Database) -> None:
    """By other definitions, others would have another past: what the record says of them would be taken back later."""
    here = {each.name: meaning_of(each, project.settings) for each in project.definitions}
    evaluated = Leases(database, "", 0).evaluated(ALL_SHARES).values()
    at_work = {meant for each in evaluated for meant in (each.meanings or {}).items()}
    others = {name for name, meaning in at_work if here.get(name) != meaning}
    if others:
        raise ProjectError(
            f"nothing has been removed: the files of {project.folder} say something else than is at work, of "
            f"{', '.join(sorted(others))}. Have them take effect first, by `fireflower apply` or a start of the "
            "server, or put back what was there; then try again."
        )


def _decided_since(database: Database, moment: int) -> set[Who]:
    return set(database.rows("SELECT DISTINCT kind, subject FROM transitions WHERE recorded > ?", (moment,)))


def _latest(database: Database) -> int:
    """The latest moment up to which anybody has been evaluated."""
    return max(_moments(database), default=-1)


def _moments(database: Database) -> list[int]:
    """Up to when each share has been evaluated."""
    return [each.moment for each in Leases(database, "", 0).evaluated(ALL_SHARES).values()]


def _removed_from(database: Database, before: int) -> tuple[int, int]:
    """Remove what could not be taken and what has been sent, inside of the caller's transaction. Gives how many."""
    rejects = database.rows("DELETE FROM rejects WHERE received < ? RETURNING id", (before,))
    old = f"planned < ? AND {_DONE}"
    database.rows(f"DELETE FROM attempts WHERE delivery IN (SELECT key FROM deliveries WHERE {old})", (before,))
    return len(rejects), len(database.rows(f"DELETE FROM deliveries WHERE {old} RETURNING key", (before,)))


def _of_another_past(project: Project, archive: Archive, before: int, now: int, compiled: bool) -> set[Who]:
    """Those whose verdicts would have been others without the events from before a moment."""
    wanted = needs(project.definitions, project.settings).properties

    def told(timelines: Iterable[Timeline]) -> set[tuple[str, str, str, int, int, int]]:
        found = replay(
            project.definitions, project.settings, timelines, as_of=now, evidence=False, compiled=compiled
        )  # fmt: skip
        return {_what(found, i) for i in range(len(found))}

    whole = told(archive.timelines(wanted))
    left = told(without_events_before(before, archive.timelines(wanted)))
    return {(kind, id) for kind, id, *_ in whole ^ left}


def _what(found: Transitions, i: int) -> tuple[str, str, str, int, int, int]:
    kind = Subject(found.kind[i]).name.lower()
    definition = found.definitions[found.definition[i]].name
    return kind, found.subject_id(i), definition, int(found.change[i]), int(found.reason[i]), int(found.at[i])


def without_events_before(moment: int, timelines: Iterable[Timeline]) -> Iterator[Timeline]:
    """The timelines without older events."""
    for timeline in timelines:
        is_event = np.array([kind == Kind.EVENT for kind, _ in timeline.vocabulary.names], bool)
        kept = ~is_event[timeline.what] | (timeline.time >= moment)
        yield timeline if kept.all() else _filtered(timeline, kept)


def _filtered(timeline: Timeline, kept: NDArray[np.bool_]) -> Timeline:
    before = np.concatenate(([0], np.cumsum(kept)))
    own = np.arange(len(timeline)) + timeline.first_row if timeline.row is None else timeline.row
    return replace(
        timeline,
        time=timeline.time[kept],
        what=timeline.what[kept],
        person=timeline.person[kept],
        account=timeline.account[kept],
        target=timeline.target[kept],
        detail=timeline.detail[kept],
        starts=before[timeline.starts],
        received=None if timeline.received is None else timeline.received[kept],
        numbers={name: column[kept] for name, column in timeline.numbers.items()},
        codes={name: column[kept] for name, column in timeline.codes.items()},
        row=own[kept],
    )
