"""Importing files: each becomes a segment; then the blocks are built anew, and the manifest names both in one step."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from fireflower.history.archive.ahead import begun
from fireflower.history.archive.generation import GenerationFacts, build
from fireflower.history.archive.leaving_out import LeavingOut
from fireflower.history.archive.manifest import Manifest, sync_folder
from fireflower.history.archive.moments import Traits
from fireflower.history.archive.rejects import by_kind, rejected
from fireflower.history.archive.rewriting import Doomed, Removed, Rewriting
from fireflower.history.archive.rows import Rows
from fireflower.history.archive.safety import Safety
from fireflower.history.archive.segment_writer import SegmentWriter, write_emptied
from fireflower.history.archive.segments import Dictionaries, Segment, SegmentFacts
from fireflower.history.archive.twice import read_twice
from fireflower.history.forgotten import Forgotten
from fireflower.history.mapping import Mapping
from fireflower.history.memberships import Attribution
from fireflower.history.readers import open_source
from fireflower.history.readers.files import digest, expand, state
from fireflower.model.errors import InputError

Progress = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and of how much; 0 where nobody knows."""


class FileReport(NamedTuple):
    """One file of an import.

    Attributes
    ----------
    file : its path
    read, records, kept_aside : how many rows it has, how many records they say, how many rows could not be read
    known : it had been imported before in the same way, and was passed over
    reason : why rows could not be read, for the most frequent kind of reason; "" where all could
    elsewise : rows of it had been read before in another way, and what they said then counts, too
    left_out : how many records and rows are about people who were forgotten
    unread : how many of the rows that could not be read have not been read by an earlier import either
    changed : somebody wrote to it while it was read; it is not known the next time
    """

    file: str
    read: int = 0
    records: int = 0
    kept_aside: int = 0
    known: bool = False
    reason: str = ""
    elsewise: bool = False
    left_out: int = 0
    unread: int = 0
    changed: bool = False

    @property
    def refused(self) -> bool:
        """Whether not a single row could be read."""
        return 0 < self.read == self.kept_aside


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import has done.

    Attributes
    ----------
    files : what has become of each file
    new : how many records are new
    duplicates : how many had come before, in these files or in others
    """

    files: tuple[FileReport, ...]
    new: int
    duplicates: int

    @property
    def read(self) -> int:
        """How many rows the files have."""
        return sum(file.read for file in self.files)

    @property
    def kept_aside(self) -> int:
        """How many of them could not be read."""
        return sum(file.kept_aside for file in self.files)

    @property
    def unread(self) -> int:
        """How many of these no earlier import has read either."""
        return sum(file.unread for file in self.files)

    @property
    def left_out(self) -> int:
        """How many are about people who were forgotten."""
        return sum(file.left_out for file in self.files)


@dataclass(frozen=True, slots=True)
class Reading:
    """How an archive's history is read: see `Archive.open`."""

    attribution: Attribution
    timeless: Traits
    forgotten: Callable[[], Forgotten | None] = lambda: None


class Fingerprint(NamedTuple):
    """What a file is known by.

    Attributes
    ----------
    digest : of its content
    state : what tells whether somebody has written to it since, as it was before it was looked at
    """

    digest: str
    state: tuple[int, ...]

    def holds(self, path: Path) -> bool:
        """Whether the file is as it was."""
        return path.exists() and state(path.stat()) == self.state


Taken = Callable[[], Fingerprint]
"""Gives it, when it has been taken."""

Which = Callable[[SegmentFacts], bool]
"""Says which segments are meant."""


class Importer:
    """Adds files to an archive. The caller holds its lock."""

    def __init__(self, folder: Path, reading: Reading, progress: Progress) -> None:
        self._folder, self._reading, self._progress = folder, reading, progress
        self._manifest = Manifest.read(folder)
        self._manifest.clean(folder)
        self._safety = Safety()
        self._dictionaries: Dictionaries | None = None
        self._forgotten = reading.forgotten()
        self._facts = {path.name: Segment(path).facts for path in self._segments(self._manifest)}

    def run(
        self,
        parts: Iterable[tuple[Iterable[str | Path], Mapping]],
        *,
        strict: bool,
        replace: bool,
        learned_at: int | None,
    ) -> ImportReport:
        """Import files: all of them, or none."""
        try:
            files = [(path, mapping) for paths, mapping in parts for path in expand(paths)]
            fingerprints: Iterable[Taken] = _fingerprints(path for path, _ in files)
            if replace:
                fingerprints = list(fingerprints)
            is_dropped = _came_from([path for path, _ in files], fingerprints) if replace else _never
            before = self._records(is_dropped)
            self._empty(is_dropped)
            reports = [
                self._file(path, fingerprint, mapping, strict=strict, learned_at=learned_at)
                for (path, mapping), fingerprint in zip(files, fingerprints, strict=True)
            ]
            if not all(report.known for report in reports):
                reports = self._beside_earlier(reports, self.rebuild())
        finally:
            self._safety.stop()
            Manifest.read(self._folder).clean(self._folder)
        records = sum(report.records for report in reports)
        new = self._records(_never) - before
        return ImportReport(tuple(reports), new, records - new)

    def remove(self, make: Callable[[Dictionaries], Doomed]) -> Removed:
        """Take records out of the archive: all that are meant, or, if it does not come to its end, none."""
        try:
            segments = [Segment(path) for path in self._segments(self._manifest)]
            rewriting = Rewriting(segments, make)
            concerned = [position for position in range(len(segments)) if rewriting.concerns(position)]
            for done, position in enumerate(concerned):
                self._progress("writing anew", done, len(concerned))
                self._put(position, partial(rewriting.write, position))
            if concerned:
                self.rebuild()
            return rewriting.removed
        finally:
            self._safety.stop()
            Manifest.read(self._folder).clean(self._folder)

    def _file(
        self, path: Path, fingerprint: Taken, mapping: Mapping, *, strict: bool, learned_at: int | None
    ) -> FileReport:  # fmt: skip
        """Import one file, unless it is known. An import of the same content that could read nothing makes way. Where
        there is nothing that either could be, the file is read while its fingerprint is still being taken."""
        earlier = [self._facts[name] for name in self._manifest.segments]
        as_now = [facts for facts in earlier if facts.mapping == mapping.settings() and not facts.changed]
        if as_now and fingerprint().digest in {facts.digest for facts in as_now}:
            return FileReport(str(path), known=True)
        if not all(facts.rows for facts in earlier):
            self._empty(lambda facts: not facts.rows and facts.digest == fingerprint().digest)
        facts, left_out = self._import(path, fingerprint, mapping, learned_at)
        segment = Segment(self._segments(self._manifest)[-1])
        if strict and facts.kept_aside:
            raise _refused(segment)
        counts = facts.read, facts.rows, facts.kept_aside
        return FileReport(str(path), *counts, left_out=left_out, changed=facts.changed)

    def _beside_earlier(self, reports: Sequence[FileReport], built: GenerationFacts) -> list[FileReport]:
        """The reports, with what depends on earlier imports of the same contents."""
        segments = [Segment(path) for path in self._segments(self._manifest)]
        new = segments[len(segments) - sum(not report.known for report in reports) :]
        digests = {segment.facts.digest for segment in new}
        unread: dict[Path, list[str]] = {segment.folder: [] for segment in segments}
        for segment, row in rejected([segment for segment in segments if segment.facts.digest in digests]):
            unread[segment.folder].append(row.reason)
        twice = dict(zip(unread, read_twice(segments, built.kept, any_table=True), strict=True))
        written = iter(new)
        return [
            report if report.known else _beside(report, here := next(written), unread[here.folder], twice[here.folder])
            for report in reports
        ]

    def _empty(self, makes_way: Which) -> None:
        """Put segments without a row in the place of those that make way: their codes stay."""
        for position, name in enumerate(self._manifest.segments):
            if makes_way(self._facts[name]):
                before = Segment(self._folder / "segments" / name)
                self._put(position, partial(write_emptied, before))

    def _put(self, position: int, write: Callable[[Path], SegmentFacts]) -> None:
        """Put a segment that is written now in the place of another."""
        folder = self._next()
        self._facts[folder.name] = write(folder)
        self._safety.begin(folder)
        names = list(self._manifest.segments)
        names[position] = folder.name
        self._manifest = replace(self._manifest, segments=tuple(names), serial=self._manifest.serial + 1)

    def _records(self, is_dropped: Which) -> int:
        """How many records the valid blocks have, without those of segments that are dropped."""
        from fireflower.history.archive.blocks import Blocks

        manifest = Manifest.read(self._folder)
        if not manifest.generation:
            return 0
        facts = Blocks(self._folder / "generations" / manifest.generation).facts
        stay = (not is_dropped(self._facts[name]) for name in manifest.segments)
        return sum(kept for kept, stays in zip(facts.kept, stay, strict=True) if stays)

    def _next(self) -> Path:
        """The folder of the next segment."""
        return self._folder / "segments" / f"{self._manifest.serial:06d}"

    def rebuild(self) -> GenerationFacts:
        """Build the blocks of all segments, and make them the valid ones."""
        name = f"{self._manifest.serial:06d}"
        folder, scratch = self._folder / "generations" / name, self._folder / "scratch" / name
        folder.mkdir(parents=True)
        scratch.mkdir(parents=True)
        segments = [Segment(path) for path in self._segments(self._manifest)]
        rows = Rows(segments, self._known())
        reading = self._reading
        facts = build(
            rows, folder, scratch, attribution=reading.attribution, timeless=reading.timeless, progress=self._progress
        )  # fmt: skip
        shutil.rmtree(scratch)
        self._safety.begin(folder)
        self._safety.wait()
        for parent in ("segments", "generations"):
            sync_folder(self._folder / parent)
        self._manifest = replace(self._manifest, generation=name, serial=self._manifest.serial + 1)
        self._manifest.write(self._folder)
        self._manifest.clean(self._folder)
        return facts

    def _import(
        self, path: Path, fingerprint: Taken, mapping: Mapping, learned_at: int | None
    ) -> tuple[SegmentFacts, int]:  # fmt: skip
        """Write a file's segment. Gives what is known of it, and how much of the file has been left out. Of a file that
        somebody has written to meanwhile nobody knows what has been read: so it will not be taken for known."""
        opened = open_source(path, mapping, learned_at, self._folder / "scratch" / "reading")
        source = LeavingOut(opened, self._forgotten)
        folder = self._next()

        def known_by() -> dict[str, Any]:
            taken = fingerprint()
            origin = {"file": str(path), "digest": taken.digest, "mapping": mapping.settings()}
            return {**origin, "changed": not taken.holds(path)}

        facts = SegmentWriter(folder, self._known()).write(
            source,
            known_by,
            lambda read: self._progress(f"reading {path.name}", read, 0),
        )
        self._safety.begin(folder)
        self._facts[folder.name] = facts
        segments = (*self._manifest.segments, folder.name)
        self._manifest = replace(self._manifest, segments=segments, serial=self._manifest.serial + 1)
        return facts, source.left_out

    def _known(self) -> Dictionaries:
        if self._dictionaries is None:
            self._dictionaries = Dictionaries.read(self._segments(self._manifest))
        return self._dictionaries

    def _segments(self, manifest: Manifest) -> list[Path]:
        return [self._folder / "segments" / name for name in manifest.segments]


def _fingerprints(paths: Iterable[Path]) -> Iterator[Taken]:
    """What gives that of each file, as long as the file is before it is read. What is added meanwhile may not be read:
    if it counted, the file would be known the next time, and its last rows would never come."""

    def taken(file: tuple[Path, os.stat_result]) -> Fingerprint:
        path, before = file
        return Fingerprint(digest(path, before.st_size), state(before))

    return begun(taken, ((path, path.stat()) for path in paths))


def _came_from(paths: Iterable[Path], fingerprints: Iterable[Taken]) -> Which:
    """Segments that came from these contents; and, where somebody wrote to a file meanwhile, from that path."""
    digests, names = {taken().digest for taken in fingerprints}, {str(path) for path in paths}
    return lambda facts: facts.digest in digests or (facts.changed and facts.file in names)


def _never(_: SegmentFacts) -> bool:
    return False


def _beside(report: FileReport, segment: Segment, unread: Sequence[str], twice: int) -> FileReport:
    """The report, where these are the reasons of rows that no import has read, and so many count more than once."""
    reasons = unread or [row.reason for row in segment.kept_aside()]
    kinds = by_kind((report.file, reason) for reason in reasons)
    reason = kinds[0].reason if kinds else ""
    return report._replace(reason=reason, elsewise=twice > 0, unread=len(unread))


def _refused(segment: Segment) -> InputError:
    """Why a strict import stops."""
    aside = segment.kept_aside()
    shown: Sequence[str] = [f"  line {row.line}: {row.reason}" for _, row in zip(range(5), aside, strict=False)]
    more = segment.facts.kept_aside - len(shown)
    rest = f"\n  and {more} more" if more else ""
    return InputError(
        f"{segment.facts.file} has rows that cannot be read; nothing has been imported:\n" + "\n".join(shown) + rest
    )
