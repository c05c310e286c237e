"""The lines of CSV files: where records begin, and ends that differ, as where programs of different systems write to
one file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from fireflower.history.readers.copies import copied
from fireflower.history.readers.files import Compression, open_text, read_some, state

LONGEST_LINE = 32 << 20
_PIECE = 1 << 20


def is_mixed(path: Path, compression: Compression, separator: str) -> bool:
    """Whether lines end in different ways. What stands in quotes is no end of a line; but where all ends are alike, no
    quote has to be looked for. It is remembered: who guesses what a file holds opens it several times."""
    return _is_mixed(path, compression, separator, state(path.stat()))


@lru_cache
def _is_mixed(path: Path, compression: Compression, separator: str, _: tuple[int, ...]) -> bool:
    return _differ(_pieces(path, compression, b"\r")) and _differ(_unquoted(path, compression, separator.encode()))


def _differ(pieces: Iterable[bytes]) -> bool:
    both = returns = feeds = 0
    for text in pieces:
        returns, feeds = returns + text.count(b"\r"), feeds + text.count(b"\n")
        both += text.count(b"\r\n") if returns else 0
        if returns and feeds and not both == returns == feeds:
            return True
    return False


def _unquoted(path: Path, compression: Compression, separator: bytes) -> Iterator[bytes]:
    """What does not stand in quotes. A quote within a cell that does not begin with one is a sign like any other."""
    opening = rb'(?<=[\r\n%b]) *"' % re.escape(separator)
    is_opened, closed = re.compile(opening), re.compile(opening + rb'[^"]*+(?:""[^"]*+)*+"')
    before = separator
    for piece in _pieces(path, compression, b'\r\n "' + separator):
        text, *is_open = is_opened.split(closed.sub(b"-", before + piece), maxsplit=1)
        before = separator + b'"' if is_open else b""
        yield text


def _pieces(path: Path, compression: Compression, joining: bytes) -> Iterator[bytes]:
    """The bytes of a file, in pieces. None but the last ends with one of the bytes that mean something together with
    what follows."""
    rest = b""
    with open_text(path, compression) as file:
        while piece := read_some(file, _PIECE, path):
            text = (rest + piece).rstrip(joining)
            rest = (rest + piece)[len(text) :]
            yield text
    yield rest


def evened(path: Path, compression: Compression, scratch: Path | None) -> Path:
    """A copy, unpacked, all lines of which end alike. It is the caller's to remove."""
    with copied(".csv", scratch) as place, place.open("wb") as copy:
        for piece in _pieces(path, compression, b"\r"):
            copy.write(re.sub(rb"\r+\n|\r", b"\n", piece))
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
