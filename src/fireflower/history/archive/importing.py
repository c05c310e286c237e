"""Importing files: each becomes a segment; then the blocks are built anew, and the manifest names both in one step."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from fireflower.history.archive.generation import GenerationFacts, build
from fireflower.history.archive.manifest import Manifest, sync_folder
from fireflower.history.archive.moments import Traits
from fireflower.history.archive.rows import Rows
from fireflower.history.archive.segment_writer import SegmentWriter
from fireflower.history.archive.segments import Dictionaries, Segment, SegmentFacts
from fireflower.history.mapping import Mapping
from fireflower.history.memberships import Attribution
from fireflower.history.readers import open_source
from fireflower.history.readers.files import digest, expand
from fireflower.model.errors import InputError

Progress = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and of how much; 0 where nobody knows."""


class FileReport(NamedTuple):
    """One file of an import. `known`: it had been imported before in the same way, and was passed over."""

    file: str
    read: int
    records: int
    kept_aside: int
    known: bool


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import has done.

    Attributes
    ----------
    files : for each file, how many rows it has, how many records they say, how many rows could not be read
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


@dataclass(frozen=True, slots=True)
class Reading:
    """How an archive's history is read: see `Archive.open`."""

    attribution: Attribution
    timeless: Traits


class Importer:
    """Adds files to an archive. The caller holds its lock."""

    def __init__(self, folder: Path, reading: Reading, progress: Progress) -> None:
        self._folder, self._reading, self._progress = folder, reading, progress
        self._manifest = Manifest.read(folder)
        self._manifest.clean(folder)
        self._dictionaries: Dictionaries | None = None

    def run(
        self, paths: Iterable[str | Path], mapping: Mapping, *, strict: bool, learned_at: int | None
    ) -> ImportReport:  # fmt: skip
        """Import files: all of them, or none."""
        before = _records(self._folder, self._manifest)
        known = {_mark(Segment(path).facts) for path in self._segments(self._manifest)}
        reports = []
        try:
            for path in expand(paths):
                mark = (digest(path), repr(sorted(mapping.settings().items())))
                if mark in known:
                    reports.append(FileReport(str(path), 0, 0, 0, True))
                    continue
                known.add(mark)
                facts = self._import(path, mark[0], mapping, learned_at)
                reports.append(FileReport(str(path), facts.read, facts.rows, facts.kept_aside, False))
                if strict and facts.kept_aside:
                    raise _refused(Segment(self._segments(self._manifest)[-1]))
            if not all(report.known for report in reports):
                self.rebuild()
        finally:
            Manifest.read(self._folder).clean(self._folder)
        records = sum(report.records for report in reports)
        new = _records(self._folder, self._manifest) - before
        return ImportReport(tuple(reports), new, records - new)

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
        for parent in ("segments", "generations"):
            sync_folder(self._folder / parent)
        self._manifest = replace(self._manifest, generation=name, serial=self._manifest.serial + 1)
        self._manifest.write(self._folder)
        self._manifest.clean(self._folder)
        return facts

    def _import(self, path: Path, fingerprint: str, mapping: Mapping, learned_at: int | None) -> SegmentFacts:
        source = open_source(path, mapping, learned_at, self._folder / "scratch" / "reading")
        name = f"{self._manifest.serial:06d}"
        writer = SegmentWriter(self._folder / "segments" / name, self._known())
        origin = {"file": str(path), "digest": fingerprint, "mapping": mapping.settings()}
        facts = writer.write(source, origin, lambda read: self._progress(f"reading {path.name}", read, 0))
        segments = (*self._manifest.segments, name)
        self._manifest = replace(self._manifest, segments=segments, serial=self._manifest.serial + 1)
        return facts

    def _known(self) -> Dictionaries:
        if self._dictionaries is None:
            self._dictionaries = Dictionaries.read(self._segments(self._manifest))
        return self._dictionaries

    def _segments(self, manifest: Manifest) -> list[Path]:
        return [self._folder / "segments" / name for name in manifest.segments]


def _records(folder: Path, manifest: Manifest) -> int:
    from fireflower.history.archive.blocks import Blocks

    return Blocks(folder / "generations" / manifest.generation).facts.records if manifest.generation else 0


def _mark(facts: SegmentFacts) -> tuple[str, str]:
    mapping = Mapping.parse(facts.mapping)
    return facts.digest, repr(sorted(mapping.settings().items()))


def _refused(segment: Segment) -> InputError:
    """Why a strict import stops."""
    aside = segment.kept_aside()
    shown: Sequence[str] = [f"  line {row.line}: {row.reason}" for _, row in zip(range(5), aside, strict=False)]
    more = segment.facts.kept_aside - len(shown)
    rest = f"\n  and {more} more" if more else ""
    return InputError(
        f"{segment.facts.file} has rows that cannot be read; nothing has been imported:\n" + "\n".join(shown) + rest
    )
