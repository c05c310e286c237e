"""Appending to a file of JSON lines: each delivery one line, once, whole, and on the disk before it counts as sent."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from fireflower.destinations.deliveries import Delivery, Outcome, Parked, Retry, Sent
from fireflower.destinations.nodes import JsonLines

_MEND = frozenset({errno.ENOENT, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.EROFS, errno.ELOOP})


def send(delivery: Delivery, file: JsonLines) -> Outcome:
    """Append the delivery, unless a line with its key is there already."""
    path = Path(file.path)
    try:
        with _locked(path) as stream:
            if delivery.key in _keys_in(path, stream):
                return Sent("it was there already")
            _append(stream, delivery.payload)
            return Sent(f"appended to {path.name}")
    except OSError as error:
        reason = f"{path} cannot be written: {error.strerror or type(error).__name__}"
        return Parked(reason) if error.errno in _MEND else Retry(reason)


def _append(stream: BinaryIO, payload: bytes) -> None:
    """Write one whole line and wait until it is on the disk; on a fault, leave the file as it was."""
    end = stream.seek(0, os.SEEK_END)
    try:
        _write(stream, payload + b"\n")
        os.fsync(stream.fileno())
    except OSError:
        stream.truncate(end)
        raise


def _write(stream: BinaryIO, line: bytes) -> None:
    """All of it: a file without a buffer may take less at a time."""
    rest = memoryview(line)
    while rest:
        rest = rest[stream.write(rest) :]


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """The file, open for reading and appending, while no other process of ours has it so."""
    with _IN_PROCESS:
        is_new = not path.exists()
        if not is_new and not path.is_file():
            raise OSError(errno.EISDIR, "it is no ordinary file")
        with open(path, "ab+", buffering=0) as stream:
            _lock(stream)
            if is_new:
                _sync_folder(path.parent)
            yield stream  # closing it gives the lock back


_IN_PROCESS = threading.Lock()
"""Locks of files hold between processes; between threads of one they need not."""


def _lock(stream: BinaryIO) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: the first byte stands for the whole file
        import msvcrt

        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]
    else:
        fcntl.flock(stream, fcntl.LOCK_EX)


def _sync_folder(folder: Path) -> None:
    """A new file is only there after a crash if its folder knows it."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


# --- Which keys are there ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Seen:
    """The keys in the first `length` bytes of a file."""

    file: tuple[int, int] = (0, 0)
    length: int = 0
    keys: set[str] = field(default_factory=set)


_SEEN: dict[Path, _Seen] = {}


def _keys_in(path: Path, stream: BinaryIO) -> set[str]:
    """All keys in the file, of which only what is new is read. A line that was torn by a crash is taken away."""
    status = os.fstat(stream.fileno())
    seen = _SEEN.get(path)
    if seen is None or seen.file != (status.st_dev, status.st_ino) or seen.length > status.st_size:
        seen = _SEEN[path] = _Seen((status.st_dev, status.st_ino))
    stream.seek(seen.length)
    rest = b""
    while chunk := stream.read(1 << 20):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            seen.keys |= _key_of(line)
            seen.length += len(line) + 1
    if rest:
        _mend(stream, rest, seen)
    return seen.keys


def _mend(stream: BinaryIO, rest: bytes, seen: _Seen) -> None:
    """End the last line if it is whole; take it away if it is a piece of one that nobody counted as sent."""
    if _key_of(rest):
        _write(stream, b"\n")
        seen.keys |= _key_of(rest)
        seen.length += len(rest) + 1
    else:
        stream.truncate(seen.length)


def _key_of(line: bytes) -> set[str]:
    try:
        found = json.loads(line)
    except ValueError:
        return set()
    key = found.get("key") if isinstance(found, dict) else None
    return {key} if isinstance(key, str) else set()
