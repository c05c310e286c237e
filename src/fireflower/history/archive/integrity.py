"""Damage to an archive's files: found when they are opened, told with what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

import msgspec

from fireflower.model.errors import FireflowerError, ProjectError

Seal = Mapping[str, Sequence[int]]
"""Name of a file -> its size and, of a small one, its checksum."""

_SMALL = 1 << 18
_SIGNS = (EOFError, FileNotFoundError, LookupError, TypeError, ValueError, OverflowError, msgspec.MsgspecError)


class Damaged(ProjectError):
    """A file of an archive is not as it was written."""


def damaged(path: Path, what: object) -> Damaged:
    """The error for a file of a generation, which can be made anew, or of a segment, which cannot."""
    places = {place.name: place for place in path.parents}
    if "generations" in places:
        step = f"Delete the folder {places['generations']}: the next command makes it anew from what was imported."
    else:
        archive = places["segments"].parent if "segments" in places else path.parent
        step = f"Delete the folder {archive} and import your files again."
    return Damaged(f"{path} is damaged: {what}. {step}")


@contextmanager
def intact(path: Path) -> Iterator[None]:
    """Whatever fails in reading this is damage."""
    try:
        yield
    except FireflowerError:
        raise
    except _SIGNS as error:
        raise damaged(path, f"{error} ({type(error).__name__})") from error


def seal(folder: Path) -> dict[str, list[int]]:
    """The sizes of a folder's files, other than columns, which know their own."""
    return {path.name: _measured(path) for path in sorted(folder.iterdir()) if path.suffix != ".column"}


def verify(folder: Path, sealed: Seal) -> None:
    """Compare a folder's files with their seal.

    Raises
    ------
    Damaged
        If one is not there, or not as it was.
    """
    for name, (size, *checksum) in sealed.items():
        check_size(folder / name, size)
        if [size, *checksum] != _measured(folder / name):
            raise damaged(folder / name, "its content has changed")


def check_size(path: Path, size: int) -> None:
    """Raise `Damaged` unless the file has this size."""
    try:
        found = path.stat().st_size
    except FileNotFoundError:
        raise damaged(path, "it is not there") from None
    if found != size:
        raise damaged(path, f"it has {found:,} bytes where {size:,} were written")


def _measured(path: Path) -> list[int]:
    size = path.stat().st_size
    return [size, crc32(path.read_bytes())] if size <= _SMALL else [size]
