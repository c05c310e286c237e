"""All that has happened so far, as the live side sees it: what the archive has, and what the log has since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from itertools import compress, takewhile

import numpy as np

from fireflower.app.live.compacting import archived_up_to, check_whole, covered, moved
from fireflower.app.live.mentions import Mentions
from fireflower.app.project import HISTORY_FOLDER, Project
from fireflower.history.archive import Archive
from fireflower.history.archive.known_ids import KnownIds
from fireflower.history.archive.segments import SegmentFacts
from fireflower.history.arrivals import Arrivals, Numbered, by_number
from fireflower.history.log.database import Database
from fireflower.history.log.durable import LOG, place_of
from fireflower.history.log.messages import Kept, MessageLog
from fireflower.history.log.reading import LogReader, Mappings
from fireflower.model.errors import FireflowerError
from fireflower.model.records import Record
from fireflower.model.timeline import Timeline

_Stamp = tuple[int, int, int] | None


class Outdated(FireflowerError):
    """History is another, as something has been imported or removed, or messages have moved that had not been taken in;
    or what was prepared has been overtaken: begin anew."""

    def __init__(self) -> None:
        super().__init__("history has moved on while it was read. Ask again in a moment.")


class Past:
    """What has happened up to a place in the log: the archive as it was when this was opened, and the log since. If
    messages move from there into the archive, it goes on: what has happened is the same.

    Records go by their numbers in the log (`history.log.durable`), also when they have moved from there: so one is the
    same wherever it is found. Those that were imported go by their numbers in the archive; so does what was there when
    this was opened, as rows of `timelines`.

    Attributes
    ----------
    position : the place; it goes on as the caller takes messages in
    covered : up to where the archive has what the log had
    removed : by which it is seen that something has been removed from history
    mentions : where the log speaks of whom, as far as it has been taken in
    """

    def __init__(self, project: Project, database: Database, mappings: Mappings) -> None:
        self._project, self._database, self._mappings = project, database, mappings
        self.log = MessageLog(database)
        self._manifest = project.folder / HISTORY_FOLDER / "manifest.json"
        self.removed = self._removals()
        self._stamp, self.archive = self._opened()
        self.covered = self.position = covered(self.archive)
        self.mentions = Mentions(self.covered)

    @classmethod
    def so_far(cls, project: Project, database: Database, mappings: Mappings) -> Past:
        """All that has happened until now."""
        past = cls(project, database, mappings)
        past.take_in(past.messages())
        return past

    @cached_property
    def _known(self) -> KnownIds:
        return KnownIds(self.archive.message_ids(_is_imported))

    def get_ready(self) -> None:
        """Find out which messages have come in imported files, so that nobody waits for it later."""
        self._known.among([])

    def goes_on(self) -> bool:
        """Whether this is what has happened, by the archive as it is now. It is not if something has been imported or
        removed, or if messages have moved that come behind `position`: then it stays what it was."""
        if self._stamped() == self._stamp:
            return True
        before, (stamp, archive) = self.archive, self._opened()
        kept, new = archive.segments[: len(before.segments)], archive.files[len(before.segments) :]
        is_same = kept == before.segments and all(map(_has_just_moved, new)) and self._removals() == self.removed
        if not is_same or covered(archive) > self.position:
            archive.release()
            return False
        before.release()
        self._stamp, self.archive, self.covered = stamp, archive, covered(archive)
        return True

    def close(self) -> None:
        """Let the archive's files be removed: nothing is asked of this one any longer."""
        self.archive.release()

    def open_again(self) -> bool:
        """Go on after `close`. False if the archive is another by now: open it anew."""
        return self._stamped() == self._stamp and self.archive.hold()

    def timelines(self, properties: Collection[str]) -> Iterator[Timeline]:
        """What the archive has, with the columns of these properties."""
        return self.archive.timelines(properties, by_record=True)

    def messages(self, up_to: int | None = None, after: int = 0) -> list[Kept]:
        """The messages that the archive does not have, in the order of the log; those behind `after`.

        Raises
        ------
        Outdated
            If it has been given some of them meanwhile.
        """
        while True:
            later = self.log.all(max(self.covered, after))
            kept = list(later if up_to is None else takewhile(lambda each: each.position <= up_to, later))
            if self._is_whole():
                return kept

    def by(self, database: Database) -> Past:
        """The same, read on another connection."""
        other = copy(self)
        other._database, other.log = database, MessageLog(database)
        return other

    def find(self, people: Collection[str], accounts: Collection[str]) -> Iterator[Numbered]:
        """All records that name one of these people or accounts, and perhaps others.

        Raises
        ------
        Outdated
            If the archive has been given some of them meanwhile, and does not go on from what it was.
        """
        while True:
            positions = self.mentions.of(people, accounts)
            if self.covered < self.mentions.behind and not (self.goes_on() and self.covered >= self.mentions.behind):
                raise Outdated
            found = self.read(self.log.at(each for each in positions if self.covered < each <= self.position))
            if self._is_whole():
                break
        yield from found.numbered()
        if self.archive.files:
            told = self.archive.told_of(people, accounts)
            came = self.archive.went_by([number for number, _ in told])
            yield from (Numbered(record, came.get(number, number)) for number, record in told)

    def later(self, moment: int) -> Arrivals:
        """The records of the archive after a moment."""
        later = (Numbered(record, number) for number, record in self.archive.later(moment))
        return Arrivals.of(sorted(later, key=by_number))

    def take_in(self, kept: Sequence[Kept]) -> Arrivals:
        """The next messages, which belong to this past from now on: what they say."""
        arrivals = self.read(kept)
        if kept:
            self.mentions.note(arrivals)
            self.position = kept[-1].position
        return arrivals

    def read(self, kept: Iterable[Kept]) -> Arrivals:
        """What messages say, in the order of the log."""
        return LogReader(self._database, self._mappings).read(kept).arrivals

    def lookup(self, numbers: Sequence[int]) -> Mapping[int, Record]:
        """The records with these numbers, of the archive without their message ids and properties.

        Raises
        ------
        Outdated
            If the archive has been given some of them meanwhile, and does not go on from what it was.
        """
        while True:
            positions = {place for number in numbers if (place := place_of(number)) > self.covered}
            found = {each.number: each.record for each in self.read(self.log.at(positions)).numbered()}
            if self._is_whole():
                break
        archived = {number: number for number in numbers if number < LOG}
        archived |= self._moved([number for number in numbers if 0 < place_of(number) <= self.covered])
        if archived:
            records = self.archive.numbered(list(archived.values()), bare=True)
            found |= zip(archived, records, strict=True)
        return {number: found[number] for number in numbers if number in found}

    def known(self, arrivals: Arrivals) -> set[int]:
        """The numbers of those records whose messages have come in imported files, too."""
        if not len(arrivals) or self._known.is_empty:
            return set()
        others = arrivals.others
        among = self._known.among([*arrivals.events.message_id, *(each.record.message_id for each in others)])
        numbers = [*arrivals.numbers.tolist(), *(each.number for each in others)]
        return set(compress(numbers, among.tolist()))

    def _moved(self, numbers: Sequence[int]) -> dict[int, int]:
        """Which numbers records of the log have in the archive into which they have moved."""
        places = np.unique(place_of(np.array(numbers, np.int64)))

        def has_some(facts: SegmentFacts) -> bool:
            part = moved(facts)
            first, last = places.searchsorted([part.first, part.last], "right").tolist() if part is not None else (0, 0)
            return bool(first < last)

        return self.archive.came_live(numbers, has_some) if numbers else {}

    def _is_whole(self) -> bool:
        """Whether what has just been read of the log is: no body had been emptied that this archive does not have.
        Else it is to be read again, from this one and the archive as it is now.

        Raises
        ------
        Outdated
            If that does not go on from what it was.
        """
        if archived_up_to(self._database) <= self.covered:
            return True
        if not self.goes_on() or archived_up_to(self._database) > self.covered:
            raise Outdated
        return False

    def _opened(self) -> tuple[_Stamp, Archive]:
        """The archive as it is now, or a little later than its stamp says."""
        stamp, archive = self._stamped(), self._project.open_archive()
        if covered(archive) < archived_up_to(self._database):  # it may have been given something just now
            archive = self._project.open_archive()
        check_whole(archive, self._database, self._manifest.parent)
        return stamp, archive

    def _removals(self) -> tuple[int, ...]:
        forgotten = self._database.rows("SELECT COUNT(*), COALESCE(MAX(id), 0) FROM forgotten")[0]
        settled = self._database.rows("SELECT COUNT(*), COALESCE(MAX(until), 0) FROM settled")[0]
        return *forgotten, *settled

    def _stamped(self) -> _Stamp:
        """By which it is seen that the manifest has been replaced."""
        try:
            state = self._manifest.stat()
        except FileNotFoundError:
            return None
        return state.st_ino, state.st_mtime_ns, state.st_size


def _has_just_moved(facts: SegmentFacts) -> bool:
    """Whether the archive has from the log all that was there, by its numbers."""
    return moved(facts) is not None and facts.rows == facts.read and facts.is_numbered


def _is_imported(facts: SegmentFacts) -> bool:
    return moved(facts) is None
