"""The records of all segments, numbered through: the rows from which the blocks are built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.dictionaries import ranks, texts_of
from fireflower.history.archive.properties import PropertyReader
from fireflower.history.archive.segments import Dictionaries, Segment
from fireflower.model.records import Kind, Record

_COLUMNS = ("time", "kind", "name", "person", "account", "value", "received")
_KINDS = tuple(Kind)

_decode = msgspec.json.Decoder().decode

CHUNK = 1 << 20
"""How many rows are worked on at a time."""


class Span(NamedTuple):
    """The rows [start, stop) of one segment."""

    segment: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of one segment. A column whose value is the same throughout is a view of one value."""

    segment: int
    first: int
    columns: dict[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


class Rows:
    """The records of these segments, in the order of import."""

    def __init__(self, segments: Sequence[Segment], dictionaries: Dictionaries) -> None:
        self.segments = segments
        self.dictionaries = dictionaries
        self.starts = np.concatenate([[0], np.cumsum([len(segment) for segment in segments], dtype=np.int64)])

    def __len__(self) -> int:
        return int(self.starts[-1])

    def spans(self) -> list[Span]:
        """All rows, in their order, as many at a time as are worked on."""
        return [
            Span(position, start, min(start + CHUNK, len(segment)))
            for position, segment in enumerate(self.segments)
            for start in range(0, len(segment), CHUNK)
        ]

    def chunk(self, span: Span, *names: str) -> Chunk:
        """Some columns of these rows."""
        segment = self.segments[span.segment]
        columns = {name: segment.column(name).read(span.start, span.stop) for name in names}
        return Chunk(span.segment, int(self.starts[span.segment]) + span.start, columns)

    def chunks(self, *names: str) -> Iterator[Chunk]:
        """All rows, in their order."""
        return (self.chunk(span, *names) for span in self.spans())

    def take(self, name: str, rows: NDArray[np.int64]) -> NDArray[Any]:
        """One column of single rows, given in any order."""
        parts = self.split(rows)
        out = np.empty(len(rows), self.segments[0].column(name).read(0, 0).dtype if self.segments else np.int64)
        for position, inside, local in parts:
            out[inside] = self.segments[position].column(name).take(local)
        return out

    def ids(self, rows: NDArray[np.int64]) -> Any:
        """The message ids of single rows, given in any order, as an Arrow array; "" for none."""
        import pyarrow as pa

        parts = list(self.split(rows))
        if not parts:
            return pa.array([], pa.string())
        given = pa.concat_arrays([self.segments[position].ids_of(local) for position, _, local in parts])
        return given.take(pa.array(np.argsort(np.concatenate([inside for _, inside, _ in parts]))))

    def records(self, rows: NDArray[np.int64], bare: bool = False) -> list[Record]:
        """The rows as records, given in any order; if `bare`, without their message ids and properties, which cost most
        of it."""
        found: list[Record | None] = [None] * len(rows)
        for position, inside, local in self.split(rows):
            for place, record in zip(inside.tolist(), self._records(self.segments[position], local, bare), strict=True):
                found[place] = record
        return [record for record in found if record is not None]

    def alike(self, picked: NDArray[np.int64]) -> bool:
        """Whether rows that agree in all but values and properties surely agree in those, too."""
        segments = np.unique(np.searchsorted(self.starts, picked, side="right") - 1)
        if any(self.segments[segment].facts.forms for segment in segments):
            return False
        return len(np.unique(self.take("value", picked))) <= 1

    @cached_property
    def word_ranks(self) -> NDArray[np.int32]:
        return ranks(self.dictionaries.words.texts)

    @cached_property
    def person_ranks(self) -> NDArray[np.int32]:
        return ranks(self.dictionaries.people.texts)

    @cached_property
    def account_ranks(self) -> NDArray[np.int32]:
        return ranks(self.dictionaries.accounts.texts)

    def split(self, rows: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.int64]]]:
        """(segment, positions in `rows`, rows of the segment in ascending order) of single rows."""
        order = np.argsort(rows, kind="stable")
        bounds = np.searchsorted(rows[order], self.starts)
        for position in np.flatnonzero(np.diff(bounds)):
            inside = order[bounds[position] : bounds[position + 1]]
            yield int(position), inside, rows[inside] - self.starts[position]

    def _records(self, segment: Segment, local: NDArray[np.int64], bare: bool) -> Iterator[Record]:
        known, columns = self.dictionaries, {name: segment.column(name).take(local) for name in _COLUMNS}
        kinds = columns["kind"]
        ids = [""] * len(local) if bare else segment.ids_of(local).to_pylist()
        forms = {} if bare else segment.facts.forms  # where there are none, nothing is read
        rows = zip(
            columns["time"].tolist(),
            kinds.tolist(),
            texts_of(known.words.texts, columns["name"]),
            texts_of(known.people.texts, columns["person"]),
            texts_of(known.accounts.texts, columns["account"]),
            texts_of(known.people.texts, np.where(kinds == Kind.IDENTITY, columns["value"], -1)),
            texts_of(known.values.texts, np.where(kinds == Kind.IDENTITY, -1, columns["value"])),
            columns["received"].tolist(),
            ids,
            PropertyReader(segment.properties, forms).read(local),
            strict=True,
        )
        for time, kind, name, person, account, other, value, at, id, said in rows:
            yield Record(
                time=time,
                kind=_KINDS[kind],
                name=name or "",
                person=person,
                account=account,
                value=other if value is None else _decode(value),
                properties=said,
                message_id=id,
                received=at if at >= 0 else None,
            )
