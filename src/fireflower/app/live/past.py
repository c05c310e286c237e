"""All that has happened so far, as the live side sees it: what the archive has, and what the log has since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from itertools import compress, takewhile

from fireflower.app.live.compacting import archived_up_to, check_whole, covered, is_moved
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

_ARCHIVED = 1 << 43
"""Those of records of the archive begin here, as `find` gives them; below are rows of its timelines. A record may have
several rows, and has one number."""


class Outdated(FireflowerError):
    """The archive has taken messages over from the log, or something has been imported: open the past anew."""

    def __init__(self) -> None:
        super().__init__("history has moved on while it was read. Ask again in a moment.")


class Past:
    """What has happened up to a place in the log: the archive as it was when this was opened, and the log since.

    Attributes
    ----------
    position : the place; it goes on as the caller takes messages in
    covered : up to where the archive has what the log had
    mentions : where the log speaks of whom, as far as it has been taken in
    """

    def __init__(self, project: Project, database: Database, mappings: Mappings) -> None:
        self._project, self._database, self._mappings = project, database, mappings
        self.log = MessageLog(database)
        self._manifest = project.folder / HISTORY_FOLDER / "manifest.json"
        self._stamp = self._stamped()
        self.archive = self._opened()
        self.covered = self.position = covered(self.archive)
        self.mentions = Mentions(self.covered)

    @cached_property
    def _known(self) -> KnownIds:
        return KnownIds(self.archive.message_ids(_is_imported))

    def get_ready(self) -> None:
        """Find out which messages have come in imported files, so that nobody waits for it later."""
        self._known.among([])

    def is_current(self) -> bool:
        """Whether the archive is still as it was when this was opened."""
        return self._stamped() == self._stamp

    def close(self) -> None:
        """Let the archive's files be removed: nothing is asked of this one any longer."""
        self.archive.release()

    def open_again(self) -> bool:
        """Go on after `close`. False if the archive is another by now: open it anew."""
        return self.is_current() and self.archive.hold()

    def messages(self, up_to: int | None = None, after: int = 0) -> list[Kept]:
        """The messages that the archive does not have, in the order of the log; those behind `after`.

        Raises
        ------
        Outdated
            If it has been given some of them meanwhile.
        """
        later = self.log.all(max(self.covered, after))
        kept = list(later if up_to is None else takewhile(lambda each: each.position <= up_to, later))
        self._check()
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
            If the archive has been given some of them meanwhile.
        """
        if self.covered < self.mentions.behind:
            raise Outdated
        positions = self.mentions.of(people, accounts)
        found = self.read(self.log.at(each for each in positions if self.covered < each <= self.position))
        self._check()
        yield from found.numbered()
        if self.archive.files:
            told = self.archive.told_of(people, accounts)
            yield from (Numbered(record, _ARCHIVED + number) for number, record in told)

    def later(self, moment: int) -> Arrivals:
        """The records of the archive after a moment."""
        later = (Numbered(record, _ARCHIVED + number) for number, record in self.archive.later(moment))
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
            If the archive has been given some of them meanwhile.
        """
        positions = {place_of(number) for number in numbers if number >= LOG}
        found = {each.number: each.record for each in self.read(self.log.at(positions)).numbered()}
        self._check()
        rows = [number for number in numbers if number < _ARCHIVED]
        if rows:
            found |= dict(zip(rows, self.archive.records(rows, bare=True), strict=True))
        archived = [number for number in numbers if _ARCHIVED <= number < LOG]
        if archived:
            records = self.archive.numbered([number - _ARCHIVED for number in archived], bare=True)
            found |= dict(zip(archived, records, strict=True))
        return {number: found[number] for number in numbers if number in found}

    def known(self, arrivals: Arrivals) -> set[int]:
        """The numbers of those records whose messages have come in imported files, too."""
        if not len(arrivals) or self._known.is_empty:
            return set()
        others = arrivals.others
        among = self._known.among([*arrivals.events.message_id, *(each.record.message_id for each in others)])
        numbers = [*arrivals.numbers.tolist(), *(each.number for each in others)]
        return set(compress(numbers, among.tolist()))

    def _check(self) -> None:
        """What has been read of the log is whole only if no body had been emptied that this archive does not have."""
        if archived_up_to(self._database) > self.covered:
            raise Outdated

    def _opened(self) -> Archive:
        archive = self._project.open_archive()
        if covered(archive) < archived_up_to(self._database):  # it may have been given something just now
            archive = self._project.open_archive()
        check_whole(archive, self._database, self._manifest.parent)
        return archive

    def _stamped(self) -> tuple[int, int, int] | None:
        """By which it is seen that the manifest has been replaced."""
        try:
            state = self._manifest.stat()
        except FileNotFoundError:
            return None
        return state.st_ino, state.st_mtime_ns, state.st_size


def _is_imported(facts: SegmentFacts) -> bool:
    return not is_moved(facts.file)
