"""What clients sent and could not be taken, for those who run the service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fireflower.app.live.storage import existing_log
from fireflower.app.project import Project
from fireflower.history.archive.rejects import kind_of
from fireflower.history.log.rejects import Rejected, Rejects


@dataclass(frozen=True, slots=True)
class KeptAside:
    """Events of one write key that could not be taken for one kind of reason. `reason` is that of the latest."""

    source: str
    reason: str
    events: int


def events_aside(project: Project, limit: int | None = None) -> list[Rejected]:
    """Those that have not been taken since, the latest first."""
    with _rejects(project) as rejects:
        return [] if rejects is None else rejects.untaken(limit)


def events_aside_by_kind(project: Project) -> tuple[KeptAside, ...]:
    """The same counted by write key and kind of reason, the most frequent first."""
    with _rejects(project) as rejects:
        reasons = [] if rejects is None else rejects.reasons()
    counts: Counter[tuple[str, str]] = Counter()
    latest: dict[tuple[str, str], str] = {}
    for source, reason in reasons:
        kind = source, kind_of(reason)
        counts[kind] += 1
        latest.setdefault(kind, reason)
    return tuple(KeptAside(kind[0], latest[kind], events) for kind, events in counts.most_common())


@contextmanager
def _rejects(project: Project) -> Iterator[Rejects | None]:
    database = existing_log(project)
    try:
        yield None if database is None else Rejects(database)
    finally:
        if database is not None:
            database.close()
