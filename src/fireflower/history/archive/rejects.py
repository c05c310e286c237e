"""The rows that imports could not read, and have not read since."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath
from typing import NamedTuple

from fireflower.history.archive.segments import Segment
from fireflower.history.readers.batches import KeptAside


class Rejected(NamedTuple):
    """A row that could not be read. `line` counts from 1; in a Parquet file or JSON array it is the row."""

    file: str
    line: int
    reason: str
    raw: str


class RejectedKind(NamedTuple):
    """Rows of a file that could not be read for one kind of reason. `reason` is that of the first of them."""

    file: str
    reason: str
    rows: int


def rejected(segments: Sequence[Segment]) -> Iterator[tuple[Segment, KeptAside]]:
    """The rows that no import has read. Where a file's content has come several times, the last import has the word."""
    found: dict[str, list[Segment]] = {}
    for segment in segments:
        found.setdefault(_content(segment), []).append(segment)
    for *earlier, last in found.values():
        unread = [{row.line for row in segment.kept_aside()} for segment in earlier]
        for row in last.kept_aside():
            if all(row.line in lines for lines in unread):
                yield last, row


def rejected_counts(segments: Sequence[Segment]) -> list[int]:
    """How many such rows each segment has."""
    times = Counter(map(_content, segments))
    again = [segment for segment in segments if times[_content(segment)] > 1]
    counts = Counter(segment.folder for segment, _ in rejected(again))
    return [
        segment.facts.kept_aside if times[_content(segment)] == 1 else counts[segment.folder] for segment in segments
    ]


def _content(segment: Segment) -> str:
    """The same where the same has been read. Of a file that somebody wrote to meanwhile nobody knows what was."""
    return str(segment.folder) if segment.facts.changed else segment.facts.digest


def kind_of(reason: str) -> str:
    """A reason without the value that it names.

    >>> kind_of("cannot read the time '23/04': expected ISO 8601")
    'cannot read the time : expected ISO '
    """
    return re.sub(r"'.*'|\".*\"|, got .*|\d+", "", reason)


def by_kind(rows: Iterable[tuple[str, str]]) -> list[RejectedKind]:
    """(file, reason) of rows, counted by the file's name and the kind of reason; the most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], str] = {}
    for file, reason in rows:
        kind = (PurePath(file).name, kind_of(reason))
        counts[kind] += 1
        first.setdefault(kind, reason)
    return [RejectedKind(kind[0], first[kind], rows) for kind, rows in counts.most_common()]
