"""The lines of CSV files: where records begin, and ends that differ, as where programs of different systems write to
one file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from fireflower.history.readers.copies import copied
from fireflower.history.readers.files import Compression, open_text, read_some

LONGEST_LINE = 32 << 20
_PIECE = 1 << 20


def is_mixed(text: bytes) -> bool:
    """Whether lines end in different ways. What stands in quotes is no end of a line."""
    text = text.rstrip(b"\r")  # it may be half an end
    return _differ(text) and _differ(b'"'.join(text.split(b'"')[::2]))


def _differ(text: bytes) -> bool:
    both, returns, feeds = text.count(b"\r\n"), text.count(b"\r"), text.count(b"\n")
    return bool(returns and feeds) and not both == returns == feeds


def evened(path: Path, compression: Compression) -> Path:
    """A copy, unpacked, all lines of which end alike. It is the caller's to remove."""
    with copied(".csv") as place, open_text(path, compression) as file, place.open("wb") as copy:
        rest = b""
        while piece := read_some(file, _PIECE, path):
            text = (rest + piece).rstrip(b"\r")
            rest = (rest + piece)[len(text) :]
            copy.write(re.sub(rb"\r+\n|\r", b"\n", text))
        copy.write(b"\n" if rest else b"")
    return place


def count_lines(path: Path, compression: Compression) -> int:
    """How many lines there are, empty ones too."""
    feeds = returns = 0
    last = b""
    with open_text(path, compression) as file:
        while piece := read_some(file, _PIECE, path):
            feeds, returns, last = feeds + piece.count(b"\n"), returns + piece.count(b"\r"), piece[-1:]
    return (feeds or returns) + (last not in (b"", b"\n", b"\r"))


def records(path: Path, compression: Compression, separator: str) -> Iterator[tuple[int, bool]]:
    """The line on which each record begins, and whether it is more than an empty line. One with line breaks in quotes
    goes over several."""
    csv.field_size_limit(LONGEST_LINE)
    with open_text(path, compression) as file:
        buffered = io.BufferedReader(cast(Any, file))  # Arrow's files are raw ones, though no type says so
        text = io.TextIOWrapper(buffered, encoding="utf-8-sig", errors="replace", newline="")
        begin, reader = 1, csv.reader(text, delimiter=separator)
        for record in reader:
            yield begin, bool(record)
            begin = reader.line_num + 1
