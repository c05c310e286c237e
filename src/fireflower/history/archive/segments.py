"""An imported file, as columns of codes in its own order. It is never changed again; the blocks are built from it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fireflower.history.archive.dictionaries import (
    Dictionary,
    StoredDictionary,
    ValueDictionary,
    read_texts,
    write_texts,
)
from fireflower.history.archive.integrity import intact, verify
from fireflower.history.archive.message_ids import MessageIds
from fireflower.history.archive.properties import Seen
from fireflower.history.archive.store import ColumnReader
from fireflower.history.readers.batches import KeptAside, PropertyForm
from fireflower.model.moments import LATEST

COLUMNS: dict[str, DTypeLike] = {
    "time": np.int64,
    "kind": np.uint8,
    "name": np.int32,
    "person": np.int32,
    "account": np.int32,
    "value": np.int32,
    "received": np.int64,
    "flags": np.uint8,
    "number": np.int64,
}
"""`name` is a code in words; of a JOIN the role. `value` is a trait's code in values, or an identity's other id as a
code in people. `received` is -1 where nobody recorded it. `number` is by what a record went that came live, which rises
in a segment; -1 of others."""

_UNNUMBERED = {"value": -1, "dtype": "<i8"}
"""The column of numbers of segments that were written when there was none."""

_PIECE = 1 << 18
"""How many records are looked at together."""

UNTIMED = 1
TIMELESS = 2
"""Bits of `flags`: the time is only when it was learned; then, that it has held from the subject's beginning."""


TEXTS = ("words", "people", "accounts", "values")
"""The names of the dictionaries."""


@dataclass
class Dictionaries:
    """The codes of an archive."""

    words: Dictionary = field(default_factory=Dictionary)
    people: Dictionary = field(default_factory=Dictionary)
    accounts: Dictionary = field(default_factory=Dictionary)
    values: ValueDictionary = field(default_factory=ValueDictionary)

    @classmethod
    def read(cls, folders: list[Path]) -> Dictionaries:
        """The codes that these segments have given, in their order."""
        texts: list[list[str]] = [[], [], [], []]
        for folder in folders:
            for known, name in zip(texts, TEXTS, strict=True):
                known.extend(read_texts(folder / f"{name}.arrow")[0].to_pylist())
        words, people, accounts, values = texts
        return cls(Dictionary(words), Dictionary(people), Dictionary(accounts), ValueDictionary(values))

    @classmethod
    def of_one(cls, folder: Path) -> Dictionaries:
        """The texts that came first with one segment, as such that have just been added."""
        added = cls()
        for name in TEXTS:
            getattr(added, name).texts.extend(read_texts(folder / f"{name}.arrow")[0].to_pylist())
        return added

    @classmethod
    def stored(cls, folders: list[Path]) -> Dictionaries:
        """The same, to be read only, and without loading them."""
        known = [StoredDictionary([read_texts(folder / f"{name}.arrow")[0] for folder in folders]) for name in TEXTS]
        return cls(*known)  # type: ignore[arg-type]

    def mark_removed(self, name: str, codes: Iterable[int]) -> None:
        """Put texts that say nothing, and that nothing else ever says, in the place of some: other codes stay."""
        texts = getattr(self, name).texts
        for code in codes:
            removed = f"removed {secrets.token_hex(8)}"
            texts[code] = json.dumps(removed) if name == "values" else removed

    def write_added(self, folder: Path) -> None:
        for name in TEXTS:
            write_texts(folder / f"{name}.arrow", getattr(self, name).added())


@dataclass(frozen=True, slots=True)
class Loose:
    """How many records, and events among them, have no message id; and the span of their times."""

    records: int = 0
    events: int = 0
    first: int = LATEST
    last: int = -1


@dataclass(frozen=True, slots=True)
class SegmentFacts:
    """What is known of a segment without reading its rows.

    Attributes
    ----------
    file, digest, mapping : where it comes from; no digest if its rows have been dropped
    rows : how many records it has
    read, kept_aside : how many rows the file has, and how many of them could not be read
    columns : descriptions for `ColumnReader`
    forms : the property columns
    has_ids : whether any record has a message id
    loose : the records that have none
    seen : the properties that events have
    files : the seal of all files but the columns
    changed : whether somebody wrote to the file while it was read: what has been read is not what it holds then
    """

    file: str
    digest: str
    mapping: dict[str, Any]
    rows: int
    read: int
    kept_aside: int
    columns: dict[str, dict[str, Any]]
    forms: dict[str, PropertyForm]
    has_ids: bool
    loose: Loose
    seen: Seen
    files: dict[str, list[int]] = field(default_factory=dict)
    changed: bool = False

    @property
    def is_numbered(self) -> bool:
        """Whether its records have numbers by which they came live."""
        return bool(self.columns["number"].get("value", 0) != -1)

    @classmethod
    def parse(cls, content: dict[str, Any]) -> SegmentFacts:
        """From the JSON that it is kept in."""
        columns = {"number": _UNNUMBERED} | content["columns"]
        return cls(**{**content, "columns": columns, "loose": Loose(**content["loose"])})


class Segment:
    """A segment that has been written.

    Attributes
    ----------
    folder, facts : where it is, and what is known of it
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with intact(folder / "segment.json"):
            self.facts = SegmentFacts.parse(json.loads((folder / "segment.json").read_bytes()))
        verify(folder, self.facts.files)
        self._readers: dict[str, ColumnReader] = {}

    def __len__(self) -> int:
        return self.facts.rows

    @property
    def properties(self) -> Path:
        return self.folder / "properties.parquet"

    def column(self, name: str) -> ColumnReader:
        if name not in self._readers:
            self._readers[name] = ColumnReader(self.folder, self.facts.columns[name])
        return self._readers[name]

    @cached_property
    def ids(self) -> MessageIds | None:
        """The message ids, None if no record has one."""
        return MessageIds(self.folder / "ids.arrow") if self.facts.has_ids else None

    def ids_of(self, rows: NDArray[np.int64]) -> Any:
        """The message ids of single rows, given in ascending order, as an Arrow array; "" for none."""
        import pyarrow as pa

        return self.ids.of(rows) if self.ids else pa.repeat("", len(rows))

    def loose(self) -> NDArray[np.bool_]:
        """For each record, whether it has no message id."""
        return self.ids.missing() if self.ids else np.ones(len(self), np.bool_)

    def pieces(self) -> Iterator[tuple[int, int, dict[str, Any]]]:
        """All records as ranges [start, stop), each with their properties as they are kept: an Arrow column a path."""
        if not self.facts.forms:
            for start in range(0, len(self), _PIECE):
                yield start, min(start + _PIECE, len(self)), {}
            return
        import pyarrow.parquet as pq

        start = 0
        with pq.ParquetFile(self.properties) as file:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group)
                yield start, start + len(table), {path: table[path] for path in table.column_names}
                start += len(table)

    def kept_aside(self) -> Iterator[KeptAside]:
        path = self.folder / "kept_aside.jsonl"
        with intact(path), open(path, encoding="utf-8") as file:
            for line in file:
                yield KeptAside(*json.loads(line))
