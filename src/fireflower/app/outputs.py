"""Files that are handed out: whole or not at all, wherever that can be had."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from fireflower.model.errors import InputError


def check_place(path: Path) -> None:
    """Refuse a path where no file can be written, before any work is done for it.

    Raises
    ------
    InputError
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder: name a file in it.")
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {path.parent} for {path.name}: make it, or name another place.")
    tried = path.with_name(f".{path.name}.unfinished")
    try:
        if _replaceable(path):
            tried.touch()
            tried.unlink()
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}. Name another place.") from None


@contextmanager
def written(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which replaces the one at `path` when the block ends without an error.

    Links are followed. What is no regular file, such as a pipe or a device, is written to directly.

    Raises
    ------
    OSError
        Under the name that was given, whatever name was being written to.
    """
    target = Path(os.path.realpath(path))
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        with _replacing(target, unfinished) if _replaceable(path) else path.open("wb") as file:
            yield file
    except OSError as error:
        if error.filename not in (None, str(target), str(unfinished)):
            raise
        raise OSError(error.errno or 0, error.strerror or str(error), str(path)) from error


def _replaceable(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return True


@contextmanager
def _replacing(target: Path, unfinished: Path) -> Iterator[IO[bytes]]:
    try:
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
