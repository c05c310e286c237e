"""What makes records the same, as numbers: with a message id, the id; without one, all that they say."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.contents import Contents, mix
from fireflower.history.archive.rows import Rows
from fireflower.history.archive.segments import Segment
from fireflower.history.archive.suspects import Keys, Span
from fireflower.history.archive.text_codes import hashes
from fireflower.model.records import Kind

_CONTENT = ("time", "kind", "name", "person", "account", "value", "received")


class Numbers(NamedTuple):
    """Rows, and two numbers for each, which together are equal for those that are the same, and for no others."""

    row: NDArray[np.int64]
    one: NDArray[np.uint64]
    two: NDArray[np.uint64]


class Messages:
    """Records with a message id."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def spans(self) -> list[Span]:
        """All pieces of ids."""
        return [
            Span(position, int(start), int(stop))
            for position, segment in enumerate(self._rows.segments)
            if segment.ids
            for start, stop in pairwise(segment.ids.starts)
        ]

    def keys(self, span: Span) -> Keys:
        segment = self._rows.segments[span.segment]
        assert segment.ids is not None
        with segment.ids.piece(int(np.searchsorted(segment.ids.starts, span.start))) as ids:
            hashed, given = hashes(ids), np.flatnonzero(_lengths(ids))
        row = np.arange(span.start, span.stop) + self._rows.starts[span.segment]
        key = hashed ^ _said(segment, span)
        return Keys(row, key) if len(given) == len(key) else Keys(row[given], key[given])

    def numbers(self, picked: NDArray[np.int64]) -> Numbers:
        """The numbers of single rows."""
        ids = self._rows.ids(picked)
        kind, name, value = (self._rows.take(column, picked) for column in ("kind", "name", "value"))
        told = _told(kind, name, value)
        return Numbers(picked, *(mix(hashes(ids, sql), kind, told) for sql in ("text", "'2' || text")))


def _lengths(ids: Any) -> NDArray[np.int32]:
    import pyarrow.compute as pc

    return np.asarray(pc.binary_length(ids))


def _said(segment: Segment, span: Span) -> NDArray[np.uint64]:
    """A number for what records say of their message; one for all where all are of a kind that says one thing only."""
    kinds = segment.column("kind")
    if kinds.constant is not None and not _telling(np.asarray(kinds.constant)):
        return mix(np.array([kinds.constant]), 0)
    kind, name, value = (segment.column(column).read(span.start, span.stop) for column in ("kind", "name", "value"))
    return mix(kind, _told(kind, name, value))


def _told(kind: NDArray[Any], name: NDArray[Any], value: NDArray[Any]) -> NDArray[Any]:
    """What tells the records of one message apart, as `Record.identity` says."""
    return np.where(kind == Kind.IDENTITY, value, np.where(_telling(kind), name, 0))


def _telling(kind: NDArray[Any]) -> NDArray[np.bool_]:
    """Of which kinds one message can say several things."""
    return np.isin(kind, (Kind.IDENTITY, Kind.ACCOUNT_TRAIT, Kind.PERSON_TRAIT))


class Loose:
    """Records without a message id, of files that overlap in time: within one file, all count."""

    def __init__(self, rows: Rows, contents: Contents) -> None:
        self._rows, self._contents = rows, contents
        overlapping = _overlapping(rows.segments)
        self._loose = {position: rows.segments[position].loose() for position in overlapping}
        for position in overlapping:
            contents.column(position)

    def spans(self) -> list[Span]:
        return [span for span in self._rows.spans() if span.segment in self._loose]

    def keys(self, span: Span) -> Keys:
        picked = np.flatnonzero(self._loose[span.segment][span.start : span.stop])
        columns = self._rows.chunk(span, *_CONTENT).columns
        said = self._contents.column(span.segment).read(span.start, span.stop)
        content = [said[picked], *(columns[name][picked] for name in _CONTENT)]
        return Keys(self._rows.starts[span.segment] + span.start + picked, mix(*content))

    def numbers(self, picked: NDArray[np.int64]) -> Numbers:
        """The numbers of single rows."""
        content = [self._contents.take(picked), *(self._rows.take(name, picked) for name in _CONTENT)]
        return Numbers(picked, mix(*content), mix(*content, np.uint64(2)))


def _overlapping(segments: Any) -> set[int]:
    """The segments whose records without a message id fall into the same time as those of another."""
    spans = sorted(
        (segment.facts.loose.first, segment.facts.loose.last, position)
        for position, segment in enumerate(segments)
        if segment.facts.loose.records
    )
    found: set[int] = set()
    latest, owner = -1, -1
    for first, last, position in spans:
        if first <= latest:
            found |= {owner, position}
        if last > latest:
            latest, owner = last, position
    return found
