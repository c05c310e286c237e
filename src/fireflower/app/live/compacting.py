"""Compaction: what the log has received moves into the archive, while everything goes on.

The archive alone says up to which place of the log it has everything: that is in the name of the file that a part of
the log was written to, and becomes valid with the manifest, in one step. Bodies are emptied only after that. So at
every moment each message is in the archive, or else in the log, and whoever opens both knows which counts.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePath
from typing import TypeVar

from fireflower.app.live.storage import existing_log, keep_value, mappings_of, value_of
from fireflower.app.project import HISTORY_FOLDER, Project
from fireflower.history.archive import Archive
from fireflower.history.archive.manifest import Locked
from fireflower.history.archive.segments import SegmentFacts
from fireflower.history.log.database import Database
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.reading import LogReader, Mappings
from fireflower.history.mapping import Mapping
from fireflower.history.readers.records import RecordWriter
from fireflower.history.room import room_in
from fireflower.model.errors import ProjectError

_Result = TypeVar("_Result")

_LOGGER = logging.getLogger("fireflower.live")

FOLDER = "live"
_NAME = re.compile(r"(\d{12,})-(\d{12,})\.(?:parquet|jsonl)")
"""Lines of JSON are what earlier versions wrote."""
RECORDS = Mapping(table="records")
"""How the archive reads what has been written here: records in fireflower's own form, so that they say what they said
when they came."""

PATIENCE = 900.0
"""Seconds that one waits for another who compacts or imports."""

_AT_ONCE = 2_000
"""Bodies that are emptied in one transaction: the writer of the log waits no longer than for so many."""


@dataclass(frozen=True, slots=True)
class Part:
    """The messages of the log behind `first`, up to and including `last`."""

    first: int
    last: int

    @property
    def name(self) -> str:
        """The name of the file that they are written to."""
        return f"{self.first:012d}-{self.last:012d}.parquet"

    @classmethod
    def of(cls, file: str) -> Part | None:
        """The part that a file was written from; None if it was not."""
        path = PurePath(file)
        found = _NAME.fullmatch(path.name) if path.parent.name == FOLDER else None
        return cls(int(found[1]), int(found[2])) if found else None


def moved(facts: SegmentFacts) -> Part | None:
    """The part of the log that the archive has in a segment; None if that is a file of somebody's."""
    return Part.of(facts.file) if facts.mapping == RECORDS.settings() else None


def written_parts(history: Path) -> list[tuple[Part, Path]]:
    """The parts of the log that lie in files in a project's history folder, to be imported or left by somebody."""
    files = (history / FOLDER).glob("*-*")
    return [(part, file) for file in files if (part := Part.of(str(file))) is not None]


def covered(archive: Archive) -> int:
    """The place in the log up to which this archive has everything; 0 if it has nothing of it."""
    return max((part.last for part in map(moved, archive.files) if part is not None), default=0)


def archived_up_to(database: Database) -> int:
    """The place up to which bodies are or will be empty, as the archive has everything."""
    return int(value_of(database, "archived") or 0)


def check_whole(archive: Archive, database: Database, folder: Path) -> None:
    """Refuse an archive that does not have what the log has given away to it.

    Raises
    ------
    ProjectError
        If it has not: somebody has removed it, or put back an older one.
    """
    given, has = archived_up_to(database), covered(archive)
    if has < given:
        raise ProjectError(
            f"{folder} lacks what the log has moved there: messages {has + 1} to {given}. Put the whole folder back "
            "from a backup: 'fireflower restore FILE DIR'."
        )


class Compactor:
    """Moves messages of a project's log into its archive, on a connection of its own."""

    def __init__(self, project: Project, database: Database, mappings: Mappings) -> None:
        self._project, self._database, self._mappings = project, database, mappings
        self._log = MessageLog(database)
        self._folder = project.folder / HISTORY_FOLDER

    def waiting(self) -> tuple[int, int | None]:
        """How many messages the archive does not have, and when the first of them was received."""
        archived = archived_up_to(self._database)
        first = self._database.rows(
            "SELECT received FROM messages WHERE position > ? ORDER BY position LIMIT 1", (archived,)
        )
        return self._log.end() - archived, int(first[0][0]) if first else None

    def compact(self, up_to: int | None = None) -> int:
        """Move what has come up to a place in the log, by default all. Gives how many records were new to the archive.

        Raises
        ------
        ProjectError
            If the archive cannot be written to, or does not have what it was given before.
        """
        if not self._is_anything_left(up_to):
            return 0
        moved = 0
        with alone(self._folder / FOLDER):
            for part in self._parts(up_to):
                moved += self._move(part)
            self._empty()
        return moved

    def stop(self) -> None:
        """Do not go on with what is being done, if it can be broken off. What is left is done the next time."""

    def _is_anything_left(self, up_to: int | None) -> bool:
        return (
            self._next(up_to) is not None
            or value_of(self._database, "compacting") is not None
            or int(value_of(self._database, "emptied") or 0) < archived_up_to(self._database)
        )

    def _parts(self, up_to: int | None) -> Iterator[Part]:
        """What is to be moved: first what was begun and has not been ended."""
        begun = value_of(self._database, "compacting")
        if begun is not None and (part := Part.of(f"{FOLDER}/{begun}")) is not None:
            yield part
        part = self._next(up_to)
        if part is not None:
            with self._database.transaction():
                keep_value(self._database, "compacting", part.name)
            yield part

    def _next(self, up_to: int | None) -> Part | None:
        archived, end = archived_up_to(self._database), self._log.end()
        last = end if up_to is None else min(up_to, end)
        return Part(archived, last) if last > archived else None

    def _move(self, part: Part) -> int:
        archive = self._project.open_archive()
        check_whole(archive, self._database, self._folder)
        new = 0
        if covered(archive) < part.last:
            path = self._folder / FOLDER / part.name
            if not self._write(part, path):
                path.unlink()
                with self._database.transaction():
                    keep_value(self._database, "compacting", None)
                return 0
            new = self._import(archive, path)
        for written, file in written_parts(self._folder):
            if written.last <= part.last:
                file.unlink()
        with self._database.transaction():
            keep_value(self._database, "archived", str(part.last))
            keep_value(self._database, "compacting", None)
        return new

    def _write(self, part: Part, path: Path) -> int:
        """Write what the messages say, in the order of the log. Gives how many records that are."""
        reader = LogReader(self._database, self._mappings)
        wanted = takewhile(lambda kept: kept.position <= part.last, self._log.all(part.first))
        with room_in(path.parent), RecordWriter(path) as file:
            for some in reader.told(wanted):
                file.add(some)
        return file.count

    def _import(self, archive: Archive, path: Path) -> int:
        """Have the archive take the file in, when nobody else writes to it."""
        report = when_unlocked(lambda: archive.ingest(path, RECORDS))
        if report.kept_aside:
            _LOGGER.warning(
                "%d records of the log could not be read by the archive: 'fireflower rejects' shows them.",
                report.kept_aside,
            )
        return report.new

    def _empty(self) -> None:
        """Empty the bodies that the archive has, a few at a time: others write to the log meanwhile."""
        done, end = int(value_of(self._database, "emptied") or 0), archived_up_to(self._database)
        while done < end:
            stop = min(done + _AT_ONCE, end)
            with self._database.transaction():
                some = "position > ? AND position <= ?"
                self._database.rows(f"UPDATE messages SET body = NULL WHERE {some}", (done, stop))
                keep_value(self._database, "emptied", str(stop))
            done = stop
            time.sleep(0.002)


def when_unlocked(work: Callable[[], _Result], patience: float = PATIENCE) -> _Result:
    """Do something when nobody else writes to the archive.

    Raises
    ------
    Locked
        If somebody has been writing for so many seconds.
    """
    until = time.monotonic() + patience
    while True:
        try:
            return work()
        except Locked:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def move_in(project: Project) -> None:
    """Have the archive of a project take over what its log has, if it has one."""
    database = existing_log(project)
    if database is None:
        return
    try:
        Compactor(project, database, mappings_of(project)).compact()
    finally:
        database.close()


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only one who compacts; the lock goes with the process, however it ends.

    Raises
    ------
    ProjectError
        If another does so for very long.
    """
    import fcntl

    folder.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + PATIENCE
    with open(folder / "lock", "a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > until:
                    raise ProjectError(
                        f"another process has been compacting {folder.parent} for long. Run again when it has ended."
                    ) from None
                time.sleep(0.05)
        yield
