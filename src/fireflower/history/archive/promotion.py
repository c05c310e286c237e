"""Properties as columns. A property gets its columns when it is first asked for; a scan then reads them like others."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.dictionaries import ValueDictionary, write_texts
from fireflower.history.archive.integrity import intact
from fireflower.history.archive.manifest import write_safely
from fireflower.history.archive.properties import values_of
from fireflower.history.archive.rows import CHUNK
from fireflower.history.archive.safety import make_safe
from fireflower.history.archive.segments import Segment
from fireflower.history.archive.store import ColumnReader, ColumnWriter, narrowest

_MEMORY = 1 << 30
"""About how many bytes properties may take while they are put in order."""

Promoted = dict[str, dict[str, Any]]
"""Property -> description of its `number` column and of its `code` column, where it has them, and of its `texts`."""


Located = dict[str, tuple[Path, dict[str, Any]]]
"""The same, with the folder that has the files."""


def promoted(folder: Path) -> Promoted:
    """The properties that a folder has columns for."""
    path = folder / "properties.json"
    with intact(path):
        return dict(json.loads(path.read_bytes())) if path.exists() else {}


def located(folder: Path) -> Located:
    """The same, with the folder."""
    return {path: (folder, said) for path, said in promoted(folder).items()}


def promote(folder: Path, segments: Sequence[Segment], row: ColumnReader, rows: int, paths: Iterable[str]) -> Promoted:
    """Make columns for these properties in a folder, the generation's or another.

    Parameters
    ----------
    row : for each of the generation's rows, of which record it is
    rows : how many rows there are
    """
    done = promoted(folder)
    missing = sorted(set(paths) - done.keys())
    records = sum(len(segment) for segment in segments)
    together = max(1, _MEMORY // (12 * max(records, 1)))
    for start in range(0, len(missing), together):
        group = missing[start : start + together]
        for path, values in zip(group, _collect(segments, records, group), strict=True):
            done[path] = values.write(folder, f"property-{len(done)}", row, rows)
    if missing:
        make_safe(folder)
        write_safely(folder / "properties.json", json.dumps(done).encode())
    return done


class _Values:
    """One property of all records."""

    def __init__(self, records: int) -> None:
        self._records = records
        self._numbers: NDArray[np.float64] | None = None
        self._codes: NDArray[np.int32] | None = None
        self._texts = ValueDictionary()

    def put(self, first: int, numbers: NDArray[np.float64], others: Any) -> None:
        if not np.isnan(numbers).all():
            self._numbers = np.full(self._records, np.nan) if self._numbers is None else self._numbers
            self._numbers[first : first + len(numbers)] = numbers
        if others.null_count < len(others):
            self._codes = np.full(self._records, -1, np.int32) if self._codes is None else self._codes
            self._codes[first : first + len(others)] = self._texts.codes(others)

    def write(self, folder: Path, name: str, row: ColumnReader, rows: int) -> dict[str, Any]:
        """Write the columns in the order of the generation's rows."""
        described: dict[str, Any] = {}
        if self._numbers is not None:
            type = np.float32 if _is_single(self._numbers) else np.float64
            writer = ColumnWriter(folder / f"{name}.number", type)
            described["number"] = _gather(self._numbers, writer, row, rows)
        if self._codes is not None:
            writer = ColumnWriter(folder / f"{name}.code", narrowest(-1, len(self._texts)))
            described["code"] = _gather(self._codes, writer, row, rows)
            described["texts"] = f"{name}.arrow"
            write_texts(folder / described["texts"], self._texts.texts)
        return described


def _is_single(numbers: NDArray[np.float64]) -> bool:
    """Whether single precision holds all of them exactly."""
    pieces = (numbers[start : start + CHUNK] for start in range(0, len(numbers), CHUNK))
    with np.errstate(over="ignore"):
        return all(bool((np.isnan(piece) | (piece.astype(np.float32) == piece)).all()) for piece in pieces)


def _collect(segments: Sequence[Segment], records: int, paths: Sequence[str]) -> list[_Values]:
    found = [_Values(records) for _ in paths]
    first = 0
    for segment in segments:
        at = first
        for piece in values_of(segment.properties, segment.facts.forms, paths) if segment.facts.forms else ():
            for values, (numbers, others) in zip(found, piece, strict=True):
                values.put(at, numbers, others)
            at += len(piece[0][0])
        first += len(segment)
    return found


def _gather(values: NDArray[Any], writer: ColumnWriter, row: ColumnReader, rows: int) -> dict[str, Any]:
    for start in range(0, rows, CHUNK):
        writer.append(values[row.read(start, min(start + CHUNK, rows), np.int64)])
    return writer.close()
