"""Text files whose lines end in different ways, as they do where programs of different systems write to one file."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from fireflower.history.readers.files import Compression, open_text, read_some

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
    number, name = tempfile.mkstemp(prefix="fireflower-", suffix=".csv")
    try:
        with open_text(path, compression) as file, open(number, "wb") as copy:
            rest = b""
            while piece := read_some(file, _PIECE, path):
                text = (rest + piece).rstrip(b"\r")
                rest = (rest + piece)[len(text) :]
                copy.write(re.sub(rb"\r+\n|\r", b"\n", text))
            copy.write(b"\n" if rest else b"")
    except BaseException:
        Path(name).unlink()
        raise
    return Path(name)
