"""All that has happened so far, as the live side sees it: what the archive has, and what the log has since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import replace

from fireflower.app.project import Project
from fireflower.history.archive import Archive
from fireflower.history.log.database import Database
from fireflower.history.log.messages import Kept, MessageLog
from fireflower.history.log.reading import Mappings, MessageReader, record_of
from fireflower.history.ongoing import Numbered
from fireflower.history.readers.batches import Told
from fireflower.model.errors import UnknownSubjectError
from fireflower.model.records import Record, SubjectKind

LOG = 1 << 44
"""Numbers of records from the log begin here."""

_ARCHIVED = 1 << 43
"""Those of records of the archive begin here, as `find` gives them; below are rows of its timelines. A record may have
several rows, and has one number."""

_RECORDS = 1 << 8
"""Records that one message may have numbers for; what it says beyond shares the last."""


class Past:
    """What has happened up to a place in the log.

    Attributes
    ----------
    position : the place; it goes on as the caller takes messages in
    database : the connection on which it is read
    """

    def __init__(self, project: Project, database: Database, mappings: Mappings) -> None:
        self._project, self.database, self._mappings = project, database, mappings
        self.log = MessageLog(database)
        self.position = 0
        self._archived = -1
        self.archive = self._renewed()

    def by(self, database: Database) -> Past:
        """The same, read on another connection."""
        other = copy(self)
        other.database, other.log = database, MessageLog(database)
        return other

    def find(self, people: Collection[str], accounts: Collection[str]) -> Iterator[Numbered]:
        """All records that name one of these people or accounts, and perhaps others."""
        self.archive = self._renewed()
        kept = [each for each in self.log.about(people, accounts) if each.position <= self.position]
        yield from self.read(kept)
        if not self.archive.summary().records:
            return
        for kind, ids in _by_kind(people, accounts):
            for id in ids:
                with suppress(UnknownSubjectError):
                    for number, record in self.archive.told(kind, id):
                        yield Numbered(record, _ARCHIVED + number)

    def read(self, kept: Iterable[Kept]) -> Iterator[Numbered]:
        """What messages say."""
        reader = MessageReader(self._mappings)
        for each in kept:
            yield from numbered(each.position, reader.told(each.message))

    def lookup(self, numbers: Sequence[int]) -> Mapping[int, Record]:
        """The records with these numbers, as far as they are still to be had."""
        positions = {(number - LOG) // _RECORDS for number in numbers if number >= LOG}
        found = {each.number: each.record for each in self.read(self.log.at(positions))}
        rows = [number for number in numbers if number < _ARCHIVED]
        if rows:
            found |= dict(zip(rows, self.archive.records(rows), strict=True))
        archived = [number for number in numbers if _ARCHIVED <= number < LOG]
        if archived:
            records = self.archive.numbered([number - _ARCHIVED for number in archived])
            found |= dict(zip(archived, records, strict=True))
        return {number: found[number] for number in numbers if number in found}

    def _renewed(self) -> Archive:
        """The archive, opened anew if it has taken messages over from the log."""
        archived = archived_up_to(self.database)
        if archived != self._archived:
            self._archived = archived
            self.archive = replace(self._project).archive
        return self.archive


def archived_up_to(database: Database) -> int:
    """The last place in the log up to which the archive has everything."""
    found = database.rows("SELECT value FROM meta WHERE name = 'archived'")
    return int(found[0][0]) if found else 0


def numbered(position: int, told: Iterable[Told]) -> Iterator[Numbered]:
    """What a message at a place in the log says, as records with numbers."""
    for nth, each in enumerate(told):
        yield Numbered(record_of(each), LOG + position * _RECORDS + min(nth, _RECORDS - 1))


def _by_kind(people: Iterable[str], accounts: Iterable[str]) -> Iterator[tuple[SubjectKind, Iterable[str]]]:
    yield "person", people
    yield "account", accounts
