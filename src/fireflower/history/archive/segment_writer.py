"""Writing an imported file as a segment."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fireflower.history.archive.ahead import one_ahead, one_behind
from fireflower.history.archive.dictionaries import Dictionary, write_texts
from fireflower.history.archive.files import NewFile
from fireflower.history.archive.integrity import seal
from fireflower.history.archive.manifest import write_safely
from fireflower.history.archive.properties import PropertyWriter
from fireflower.history.archive.property_texts import PropertyTexts
from fireflower.history.archive.segments import COLUMNS, TIMELESS, UNTIMED, Dictionaries, Loose, Segment, SegmentFacts
from fireflower.history.archive.store import ColumnWriter
from fireflower.history.readers.batches import Batch, KeptAside, PropertyForm, Source
from fireflower.model.records import Kind


class SegmentWriter:
    """Writes one segment."""

    def __init__(self, folder: Path, dictionaries: Dictionaries) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._dictionaries = dictionaries
        self._columns = {name: ColumnWriter(folder / f"{name}.column", dtype) for name, dtype in COLUMNS.items()}
        self._ids = _IdWriter(folder / "ids.arrow")
        self._aside = _AsideWriter(folder / "kept_aside.jsonl")
        self._rows = self._read = 0
        self._loose = Loose()

    def write(
        self, source: Source, facts: Callable[[], dict[str, Any]], progress: Callable[[int], None]
    ) -> SegmentFacts:  # fmt: skip
        """Write everything that the source has. It is safe on disk when the folder has been made so (see `safety`).
        What else is to be known of it is asked for when it is written."""
        properties = PropertyWriter(self._folder / "properties.parquet", source.properties)
        with one_behind() as beside:
            for batch in one_ahead(source.batches()):
                names = self._append(batch)
                beside(partial(properties.append, batch, names, self._dictionaries.words.texts))
                self._aside.append(batch.kept_aside)
                self._read += batch.read
                progress(self._read)
        properties.close()
        self._dictionaries.write_added(self._folder)
        return self._written(properties, facts())

    def copy(
        self,
        segment: Segment,
        keep: NDArray[np.bool_],
        aside: Iterable[KeptAside],
        texts: Mapping[str, Sequence[str]],
        ids_gone: Collection[str] = (),
        said_gone: PropertyTexts | None = None,
    ) -> SegmentFacts:
        """Write another segment anew, without some of its records.

        Parameters
        ----------
        keep : for each record, whether it stays
        aside : the rows kept aside that stay
        texts : the texts that came first with the segment, by the name of their dictionary
        ids_gone : message ids that no record has any longer
        said_gone : texts that no property is any longer
        """
        before = segment.facts
        properties = PropertyWriter(self._folder / "properties.parquet", before.forms)
        for start, stop, said in segment.pieces():
            rows = np.flatnonzero(keep[start:stop])
            if not len(rows):
                continue
            coded = {name: segment.column(name).read(start, stop)[rows] for name in COLUMNS}
            ids = _without(segment.ids_of(start + rows), ["", *ids_gone]) if before.has_ids else None
            names = self._add(coded, ids, len(rows))
            told = {path: column.take(rows) for path, column in said.items()}
            told = told if said_gone is None else said_gone.without(told, before.forms)
            properties.append(Batch({}, len(rows), 0, told), names, self._dictionaries.words.texts)
        properties.close()
        self._aside.append(list(aside))
        for name, some in texts.items():
            write_texts(self._folder / f"{name}.arrow", some)
        self._read = before.read
        origin = {name: getattr(before, name) for name in ("file", "digest", "mapping", "changed")}
        return self._written(properties, origin)

    def _written(self, properties: PropertyWriter, facts: dict[str, Any]) -> SegmentFacts:
        written = SegmentFacts(
            **facts,
            rows=self._rows,
            read=self._read,
            kept_aside=self._aside.close(),
            columns={name: writer.close() for name, writer in self._columns.items()},
            forms=properties.forms,
            has_ids=self._ids.close(),
            loose=self._loose,
            seen=properties.seen,
            files=seal(self._folder),
        )
        write_safely(self._folder / "segment.json", json.dumps(asdict(written)).encode())
        return written

    def _append(self, batch: Batch) -> NDArray[np.int32]:
        """Add the records; the result is each one's name, -1 where it is no event."""
        said, known = batch.columns, self._dictionaries
        kind = _numbers(said.get("kind"), np.uint8, 0)
        untimed = _numbers(said.get("untimed"), np.uint8, 0)
        coded = {
            "time": _numbers(said.get("time"), np.int64, 0),
            "kind": kind,
            "name": _codes(known.words, said.get("name", "")),
            "person": _codes(known.people, said.get("person")),
            "account": _codes(known.accounts, said.get("account")),
            "value": _either(_codes(known.values, said.get("value")), _codes(known.people, said.get("other"))),
            "received": _numbers(said.get("received"), np.int64, -1),
            "flags": untimed * np.uint8(UNTIMED | TIMELESS if said.get("timeless") else UNTIMED),
            "number": _numbers(said.get("number"), np.int64, -1),
        }
        return self._add(coded, said.get("message_id"), batch.size)

    def _add(self, coded: dict[str, NDArray[Any]], ids: Any, size: int) -> NDArray[np.int32]:
        """Add coded records; the result is each one's name, -1 where it is no event."""
        for name, values in coded.items():
            self._columns[name].append(values, size)
        self._count_loose(self._ids.append(ids, size), coded["kind"], coded["time"])
        self._rows += size
        return np.broadcast_to(np.where(coded["kind"] == Kind.EVENT, coded["name"], np.int32(-1)), size)

    def _count_loose(self, loose: NDArray[np.bool_], kind: NDArray[np.uint8], time: NDArray[np.int64]) -> None:
        """Count the records without a message id, and note from when to when they are."""
        if not loose.any():
            return
        times = np.broadcast_to(time, loose.shape)[loose]
        before = self._loose
        self._loose = Loose(
            before.records + int(loose.sum()),
            before.events + int((loose & (kind == Kind.EVENT)).sum()),
            min(before.first, int(times.min())),
            max(before.last, int(times.max())),
        )


def write_emptied(segment: Segment, folder: Path) -> SegmentFacts:
    """Write a segment that has no row, and the texts that came first with this one: codes of others go on from them."""
    origin = {"file": segment.facts.file, "digest": "", "mapping": segment.facts.mapping}
    writer = SegmentWriter(folder, Dictionaries.of_one(segment.folder))
    return writer.write(_Nothing(), lambda: origin, lambda read: None)


def _without(ids: Any, gone: Sequence[str]) -> Any:
    """Message ids with null in place of some."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pc.is_in(ids, pa.array(gone, ids.type)), None, ids)


class _Nothing:
    """A source of no rows."""

    @property
    def properties(self) -> dict[str, PropertyForm]:
        return {}

    def batches(self) -> Iterator[Batch]:
        return iter(())


def _numbers(column: Any, dtype: DTypeLike, missing: int) -> NDArray[Any]:
    """An Arrow array as numbers, or one number where all are the same."""
    if column is None:
        return np.asarray(missing, dtype)
    if not hasattr(column, "null_count"):
        return np.asarray(column, dtype)
    filled = column.fill_null(missing) if column.null_count else column
    return np.asarray(filled).astype(dtype, copy=False)


def _codes(dictionary: Dictionary, column: Any) -> NDArray[np.int32]:
    if column is None or isinstance(column, str):
        return np.asarray(-1 if column is None else dictionary.code(column), np.int32)
    return dictionary.codes(column)


def _either(one: NDArray[np.int32], other: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.where(one < 0, other, one)


class _IdWriter:
    """Writes message ids as plain text in pieces, so that single ones can be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: Any = None
        self._writer: Any = None
        self._without = 0

    def append(self, ids: Any, count: int) -> NDArray[np.bool_]:
        """Add the ids; the result tells which records have none."""
        import pyarrow as pa

        if ids is None or ids.null_count == len(ids):
            self._add(pa.repeat("", count)) if self._writer else self._wait(count)
            return np.ones(count, np.bool_)
        if self._writer is None:
            self._open()
        for piece in ids.chunks if hasattr(ids, "chunks") else [ids]:
            self._add(piece.fill_null("").cast(pa.string()))
        return np.asarray(ids.is_null()) if ids.null_count else np.zeros(count, np.bool_)

    def close(self) -> bool:
        """End the file; the result tells whether there is any id."""
        if self._writer is None:
            return False
        self._writer.close()
        self._file.close()
        return True

    def _open(self) -> None:
        import pyarrow as pa

        self._file = pa.OSFile(str(self._path), "wb")
        self._writer = pa.ipc.new_file(self._file, pa.schema([("id", pa.string())]))
        self._add(pa.repeat("", self._without))

    def _wait(self, count: int) -> None:
        self._without += count

    def _add(self, ids: Any) -> None:
        import pyarrow as pa

        if len(ids):
            self._writer.write_batch(pa.record_batch([ids], names=["id"]))


class _AsideWriter:
    """Writes the rows that could not be read, one JSON object a line."""

    def __init__(self, path: Path) -> None:
        self._file = NewFile(path)
        self._count = 0

    def append(self, rows: list[KeptAside]) -> None:
        for row in rows:
            self._file.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        self._count += len(rows)

    def close(self) -> int:
        """End the file; the result is how many rows there are."""
        self._file.close()
        return self._count
