"""Files: monthly JSON lines in gzip, and CSV tables. Nothing half-written is left where a reader would look."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np

from fireflower.simulate.export import Export
from fireflower.simulate.tables import Table

_LEVEL = 2
"""Of compression: higher ones take several times as long and save a sixth."""


class Writer:
    """Writes files into a folder and keeps a digest of what is in them.

    The digest is of the contents before compression: they are the same on every machine, byte for byte, while
    compressed bytes also depend on the version of zlib.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.files: list[Path] = []
        self._digest = hashlib.sha256()

    def digest(self) -> str:
        """SHA-256 of all names and contents so far, in order."""
        return self._digest.hexdigest()

    def table(self, name: str, table: Table) -> None:
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(table.header)
        rows.writerows(table.rows)
        self._write(name, text.getvalue().encode())

    def compressed(self, name: str, content: bytes) -> None:
        packed = io.BytesIO()
        with gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=packed, mtime=0) as file:
            file.write(content)
        self._write(name, packed.getvalue(), content)

    def _write(self, name: str, stored: bytes, content: bytes | None = None) -> None:
        self._digest.update(name.encode())
        self._digest.update(stored if content is None else content)
        unfinished = self.folder / f".{name}.unfinished"
        unfinished.write_bytes(stored)
        self.files.append(unfinished.replace(self.folder / name))


def write_events(
    writer: Writer, export: Export, first: date, progress: Callable[[float], None] = lambda share: None
) -> None:
    """One file of events a month, named by the month in which they were received."""
    edges = np.searchsorted(export.file, np.arange(export.file[-1] + 2)).tolist()
    for month, (begin, end) in enumerate(pairwise(edges)):
        year, number = divmod(first.year * 12 + first.month - 1 + month, 12)
        content = "".join(export.lines[begin:end]).encode()
        writer.compressed(f"events-{year}-{number + 1:02d}.jsonl.gz", content)
        progress((month + 1) / (len(edges) - 1))
