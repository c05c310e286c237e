"""The archive of a project: a folder that remembers everything that was imported."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.blocks import Blocks, Properties
from fireflower.history.archive.importing import Importer, ImportReport, Progress, Reading
from fireflower.history.archive.integrity import intact
from fireflower.history.archive.manifest import Manifest, writing
from fireflower.history.archive.moments import Traits
from fireflower.history.archive.promotion import located, promote
from fireflower.history.archive.rejects import Rejected, RejectedKind, by_kind, rejected
from fireflower.history.archive.rewriting import Doomed, EventsBefore, OfPeople, Removed, accounts_named_by
from fireflower.history.archive.rows import Rows
from fireflower.history.archive.segments import Dictionaries, Segment, SegmentFacts
from fireflower.history.archive.summary import Summary, summarize
from fireflower.history.forgotten import Forgotten
from fireflower.history.mapping import Mapping
from fireflower.history.memberships import Attribution
from fireflower.history.room import Unwritable, room_in
from fireflower.model.errors import ProjectError
from fireflower.model.records import Kind, Record, SubjectKind
from fireflower.model.timeline import NOTHING, Timeline, Vocabulary
from fireflower.model.values import SeenValues

_AT_ONCE = 1 << 20
"""Records that are looked at in one go."""

_ATTEMPTS = 5
"""How many imports may end while an archive is being opened."""


def _silent(doing: str, done: int, total: int) -> None:
    pass


class Archive:
    """A project's history on disk. Open it with `Archive.open`."""

    def __init__(self, folder: Path, reading: Reading) -> None:
        self._folder, self._reading = folder, reading
        self._load()

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        attribution: Attribution = "only",
        timeless: Traits = (),
        forgotten: Callable[[], Forgotten | None] = lambda: None,
    ) -> Archive:
        """Open the archive in a folder; there need be none yet. Reading writes nothing and waits for nobody: it has the
        history that was valid when the archive was opened.

        Parameters
        ----------
        attribution : to which accounts an event belongs that names none (docs/semantics.md, section 1)
        timeless : traits, as (owner, name), that hold from their subject's beginning where their table has no times
        forgotten : gives the people of whom nothing is to be imported; None for nobody

        Raises
        ------
        ProjectError
            If the folder is damaged, or was written by a later version.
        """
        return cls(Path(folder), Reading(attribution, tuple(timeless), forgotten))

    def ingest(
        self,
        paths: str | Path | Iterable[str | Path],
        mapping: Mapping,
        *,
        strict: bool = False,
        replace: bool = False,
        learned_at: int | None = None,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Import files, folders or globs that are read in one way: all of them, or none. See `ingest_all`."""
        paths = [paths] if isinstance(paths, str | Path) else paths
        return self.ingest_all(
            [(paths, mapping)], strict=strict, replace=replace, learned_at=learned_at, progress=progress
        )

    def ingest_all(
        self,
        parts: Iterable[tuple[Iterable[str | Path], Mapping]],
        *,
        strict: bool = False,
        replace: bool = False,
        learned_at: int | None = None,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Import files, folders or globs, each with what its columns mean: all of them, or none. The history is put in
        order once.

        Parameters
        ----------
        strict : refuse files with rows that cannot be read, in place of keeping those rows aside
        replace : first drop what earlier imports have read from files of the same content, in whichever way
        learned_at : the moment from which rows of tables without times hold
        progress : is told what is being done, how much of it is done, and of how much (0: unknown)

        Raises
        ------
        InputError
            If a file cannot be used at all, or not be read as the mapping says; if `strict`, also for a single row.
        ProjectError
            If another process is writing to the archive.
        """
        self._restore()
        with writing(self._folder):
            importer = Importer(self._folder, self._reading, progress or _silent)
            report = importer.run(parts, strict=strict, replace=replace, learned_at=learned_at)
            self._renew()
        return report

    def forget(
        self,
        ids: Sequence[str],
        texts: Sequence[str] = (),
        said: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> Removed:
        """Remove all records that name one of these ids of people, what only they said, and rows kept aside in which
        one of them stands: all of it or, if it is broken off, nothing.

        Parameters
        ----------
        texts : what else names them where it is the value of an account's trait, as their ids do
        said : what names them where it is the value of a property of somebody's event

        Raises
        ------
        ProjectError
            If another process is writing to the archive.
        """
        return self._remove(lambda dictionaries: OfPeople(ids, texts, said, dictionaries), progress)

    def accounts_named_by(self, texts: Sequence[str]) -> set[str]:
        """The accounts that have a trait whose value is just one of these texts."""
        return accounts_named_by(self._segments, texts)

    def forget_events(self, before: int, progress: Progress | None = None) -> Removed:
        """Remove all events from before a moment, and what only they said."""
        return self._remove(lambda dictionaries: EventsBefore(before), progress)

    def clean(self) -> bool:
        """Remove what is not valid any longer. Whether nothing of it is left: what somebody reads is."""
        with writing(self._folder):
            return Manifest.read(self._folder).clean(self._folder)

    def release(self) -> None:
        """Let what this archive reads be removed: nobody reads it any longer by this one."""
        if self._blocks is not None:
            self._blocks.release()

    def hold(self) -> bool:
        """Keep what this archive reads from being removed, after `release`. False if it is too late."""
        try:
            if self._blocks is not None:
                self._blocks.hold()
        except FileNotFoundError:
            return False
        return True

    def _remove(self, make: Callable[[Dictionaries], Doomed], progress: Progress | None) -> Removed:
        self._restore()
        with writing(self._folder):
            removed = Importer(self._folder, self._reading, progress or _silent).remove(make)
            self._renew()
        return removed

    @property
    def files(self) -> tuple[SegmentFacts, ...]:
        """What is known of each file that was imported, in the order of import; those that were replaced are empty."""
        return tuple(segment.facts for segment in self._segments)

    @property
    def segments(self) -> tuple[tuple[str, SegmentFacts], ...]:
        """What it is made of: the name of each segment, which is another if its content is, and what is known of it."""
        return tuple((segment.folder.name, segment.facts) for segment in self._segments)

    def message_ids(self, among: Callable[[SegmentFacts], bool]) -> Iterator[Any]:
        """The message ids of some of the files, an Arrow array at a time; "" for none."""
        for segment in self._segments:
            if segment.ids is not None and among(segment.facts):
                for number in range(len(segment.ids)):
                    with segment.ids.piece(number) as ids:
                        yield ids

    def rejects(self) -> Iterator[Rejected]:
        """The rows that could not be read, by file in the order of import, and in the order of lines. A row that
        another import of the same content has read is none of them."""
        for segment, row in rejected(self._segments):
            yield Rejected(segment.facts.file, *row)

    def rejects_by_kind(self) -> list[RejectedKind]:
        """The same, counted by file and kind of reason, the most frequent first."""
        return by_kind((row.file, row.reason) for row in self.rejects())

    def resolve(self, kind: SubjectKind, id: str) -> str:
        """The id that a subject bears: of a person's ids the one by which verdicts name them.

        Raises
        ------
        UnknownSubjectError
            If there is none of that id.
        """
        blocks = self._needed()
        known = blocks.vocabulary.people if kind == "person" else blocks.vocabulary.accounts
        return known[blocks.number(kind, id)]

    def ids(self, person: str) -> list[str]:
        """All ids of a person, of whom one is given; the one by which verdicts name them is the first.

        Raises
        ------
        UnknownSubjectError
            If there is none of that id.
        """
        return self._needed().ids(person)

    def sources(self, numbers: Sequence[int]) -> list[SegmentFacts]:
        """What is known of the files from which the records with these numbers came."""
        starts = np.cumsum([segment.facts.rows for segment in self._segments])
        segments = np.searchsorted(starts, np.asarray(numbers, np.int64), side="right").tolist()
        return [self._segments[segment].facts for segment in segments]

    def summary(self) -> Summary:
        """What is in the archive."""
        self._restore()
        return summarize(self._segments, self._blocks.facts if self._blocks else None)

    def first_event(self) -> int | None:
        """The moment of the first event; None if there is none."""
        found: list[int] = []
        for segment in self._segments:
            for start in range(0, segment.facts.rows, _AT_ONCE):
                rows = np.arange(start, min(start + _AT_ONCE, segment.facts.rows))
                times = segment.column("time").take(rows)[segment.column("kind").take(rows) == Kind.EVENT]
                found += [int(times.min())] if len(times) else []
        return min(found, default=None)

    def vocabulary(self) -> Vocabulary:
        """The names, subjects, traits and roles that occur; that of a timeline has the values of properties, too."""
        return self._blocks.vocabulary if self._current() else NOTHING  # type: ignore[union-attr]

    def seen_values(self, properties: Collection[str]) -> dict[str, dict[str, SeenValues]]:
        """Property -> event -> the values that it has on the events of that name."""
        blocks = self._current()
        return {} if blocks is None else blocks.seen_values(self._properties(blocks, properties))

    def late_traits(
        self, traits: Collection[tuple[SubjectKind, str]], moment: int
    ) -> dict[tuple[SubjectKind, str], int]:
        """Those of the traits, as (owner, name), all of whose records lie after the moment, with the time of the first.

        Rows are read only if the history goes on after the moment, and only until each trait has been found before.
        """
        blocks = self._current()
        return {} if blocks is None or blocks.facts.last <= moment else blocks.late_traits(traits, moment)

    def timelines(
        self, properties: Collection[str] = (), *, rows_per_chunk: int = 1 << 18, by_record: bool = False
    ) -> Iterator[Timeline]:
        """The whole history in pieces of whole blocks, which have one vocabulary together.

        Parameters
        ----------
        properties : the properties whose columns are needed; others are not loaded
        rows_per_chunk : about how many rows a piece has; a block that has more comes alone
        by_record : whether rows are named by the numbers of their records (see `numbered`), which stay what they are
            when the archive grows
        """
        blocks = self._current()
        if blocks is None:
            return
        columns = self._properties(blocks, properties)
        for first, stop in blocks.pieces(rows_per_chunk):
            yield blocks.timeline(first, stop, columns, by_record=by_record)

    def subject(self, kind: SubjectKind, id: str, properties: Collection[str] = ()) -> Timeline:
        """The block in which one subject is evaluated. A person is found by each of their ids.

        Raises
        ------
        UnknownSubjectError
            If there is none of that id.
        """
        blocks = self._needed()
        return blocks.around(kind, blocks.number(kind, id), self._properties(blocks, properties))

    def people_with(self, trait: str, value: str) -> list[str]:
        """The ids of people of whom this trait has ever been this text, whatever its case."""
        return self._needed().people_with(trait, value)

    def record(self, row: int) -> Record:
        """The record behind a row of a timeline (`Timeline.first_row` + position)."""
        return self.records([row])[0]

    def records(self, rows: Sequence[int], bare: bool = False) -> list[Record]:
        """The records behind rows of timelines; behind what a person sees of an account, its cause. If `bare`, without
        their message ids and properties."""
        return self._records(self._needed().row.take(np.asarray(rows, np.int64)).astype(np.int64), bare)

    def history(self, kind: SubjectKind, id: str) -> list[Record]:
        """The records of one subject's history, in canonical order.

        Raises
        ------
        UnknownSubjectError
            If there is none of that id.
        """
        return [record for _, record in self.told(kind, id)]

    def told(self, kind: SubjectKind, id: str) -> list[tuple[int, Record]]:
        """The same, each with its number: a record of a person and an account has rows in both of their histories.

        Raises
        ------
        UnknownSubjectError
            If there is none of that id.
        """
        blocks = self._needed()
        return self._numbered(_told(blocks, kind, blocks.number(kind, id), self._properties(blocks, ())))

    def told_of(self, people: Collection[str], accounts: Collection[str]) -> list[tuple[int, Record]]:
        """The records in the histories of these subjects, each once, with its number. Of those who are not known there
        are none. Asked one by one, what belongs to many is read as often as there are subjects."""
        blocks, found = self._needed(), [np.zeros(0, np.int64)]
        none = self._properties(blocks, ())
        kinds: tuple[tuple[SubjectKind, Collection[str]], ...] = (("person", people), ("account", accounts))
        for kind, ids in kinds:
            subjects = {blocks.known(kind, id) for id in ids} - {-1}
            found += [_told(blocks, kind, number, none) for number in subjects]
        return self._numbered(np.unique(np.concatenate(found)))

    def numbered(self, numbers: Sequence[int], bare: bool = False) -> list[Record]:
        """The records with these numbers; if `bare`, without their message ids and properties."""
        return self._records(np.asarray(numbers, np.int64), bare)

    def went_by(self, numbers: Sequence[int]) -> dict[int, int]:
        """By which numbers those of these records went that came live."""
        came = Rows(self._segments, Dictionaries()).take("number", np.asarray(numbers, np.int64)).tolist()
        return {number: before for number, before in zip(numbers, came, strict=True) if before >= 0}

    def came_live(self, numbers: Sequence[int], among: Callable[[SegmentFacts], bool]) -> dict[int, int]:
        """Which numbers records have here that went by others when they came live. Who is not there has none.

        Parameters
        ----------
        numbers : those others
        among : in which files to look
        """
        wanted, found, start = np.asarray(numbers, np.int64), dict[int, int](), 0
        for segment in self._segments:
            if len(segment) and among(segment.facts):
                rows = segment.column("number").find(wanted)
                there = rows >= 0
                found |= zip(wanted[there].tolist(), (start + rows[there]).tolist(), strict=True)
            start += len(segment)
        return found

    def later(self, moment: int) -> list[tuple[int, Record]]:
        """The records after a moment, each with its number (see `told`)."""
        blocks = self._current()
        return [] if blocks is None else self._numbered(blocks.after(moment))

    def relations(self) -> list[Record]:
        """Who is who, who was a member of what, and the traits of accounts: the records that decide whose history
        others belong to, in the order of import."""
        found = [np.zeros(0, np.int64)]
        start = 0
        for segment in self._segments:
            kind = segment.column("kind").take(np.arange(segment.facts.rows))
            found.append(start + np.flatnonzero(kind < Kind.PERSON_TRAIT))
            start += segment.facts.rows
        return self._records(np.concatenate(found))

    def _load(self) -> None:
        """Open what is valid now. An import may put another generation in its place before this one is held."""
        for _ in range(_ATTEMPTS):
            manifest = Manifest.read(self._folder)
            generation = self._folder / "generations" / manifest.generation
            try:
                blocks = Blocks(generation) if manifest.generation else None
            except FileNotFoundError:
                if Manifest.read(self._folder) != manifest:
                    continue
                blocks = None
            self._segments = [Segment(self._folder / "segments" / name) for name in manifest.segments]
            self._blocks = blocks
            return
        raise ProjectError(f"{self._folder} is changing all the time. Run again when the imports have ended.")

    def _renew(self) -> None:
        """Open what has just been written, and remove what it takes the place of. The caller holds the lock."""
        self._load()
        Manifest.read(self._folder).clean(self._folder)

    def _restore(self) -> None:
        """Build the blocks anew if somebody has removed them."""
        if self._blocks is None and self._segments:
            self._rebuild("the blocks of the history are missing")

    def _rebuild(self, reason: str) -> None:
        try:
            with writing(self._folder):
                Importer(self._folder, self._reading, _silent).rebuild()
                self._renew()
        except Unwritable as error:
            raise Unwritable(f"The history has to be put in order anew, as {reason}. But: {error}") from None

    def _current(self) -> Blocks | None:
        """The blocks, built anew if they were built for another reading of the history."""
        self._restore()
        facts = self._blocks.facts if self._blocks else None
        wanted = sorted(map(list, self._reading.timeless))
        if facts and (facts.attribution, facts.timeless) != (self._reading.attribution, wanted):
            self._rebuild("fireflower.yaml says otherwise than before how it is read")
        return self._blocks

    def _needed(self) -> Blocks:
        blocks = self._current()
        if blocks is None:
            raise ProjectError(f"There is no history in {self._folder} yet. Import some files first.")
        return blocks

    def _properties(self, blocks: Blocks, paths: Collection[str]) -> Properties:
        """These properties, with columns made for those that have none yet."""
        done = located(blocks.folder)
        missing = [path for path in paths if path not in done]
        if missing:
            done |= located(self._promote(blocks, missing))
        with intact(blocks.folder / "properties.json"):
            return Properties(blocks, done, paths)

    def _promote(self, blocks: Blocks, paths: Collection[str]) -> Path:
        """Make columns where they stay or, if nothing can be written there now, for as long as this archive is open."""
        what = self._segments, blocks.row, blocks.facts.rows, paths
        try:
            with writing(self._folder), intact(self._folder / "segments"):
                promote(blocks.folder, *what)
            return blocks.folder
        except Unwritable:
            with room_in(blocks.scratch), intact(self._folder / "segments"):
                promote(blocks.scratch, *what)
            return blocks.scratch

    def _numbered(self, numbers: NDArray[np.int64]) -> list[tuple[int, Record]]:
        """The records with these numbers, each with its number."""
        return list(zip(numbers.tolist(), self._records(numbers), strict=True)) if len(numbers) else []

    def _records(self, rows: NDArray[np.int64], bare: bool = False) -> list[Record]:
        with intact(self._folder / "segments"):
            return self._rows().records(rows, bare)

    def _rows(self) -> Rows:
        return Rows(self._segments, Dictionaries.stored([segment.folder for segment in self._segments]))


def _told(blocks: Blocks, kind: SubjectKind, number: int, none: Properties) -> NDArray[np.int64]:
    """The numbers of the records in a subject's history, in canonical order. They are found without properties."""
    timeline = blocks.around(kind, number, none)
    own, bit = timeline.of(kind)
    mine = timeline.first_row + np.flatnonzero((timeline.target & bit > 0) & (own == number))
    records = blocks.row.take(mine).astype(np.int64)
    _, first = np.unique(records, return_index=True)
    return records[np.sort(first)]
