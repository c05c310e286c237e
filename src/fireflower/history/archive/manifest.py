"""Which files of an archive's folder are valid. The manifest is replaced in one step, after everything that it names is
safe on disk; what it does not name has been left behind by a run that did not end, and is removed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from fireflower.history.archive.holding import remove_unless_held
from fireflower.history.room import FULL, Unwritable, room_in
from fireflower.model.errors import ProjectError

_FORMAT = 1


class Locked(Unwritable):
    """Somebody else is writing to it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive consists of.

    Attributes
    ----------
    segments : names of folders, one for each imported file, in the order of import
    generation : name of the folder that holds the rows in their blocks, "" for none yet
    serial : a number that no folder has had yet
    """

    segments: tuple[str, ...] = ()
    generation: str = ""
    serial: int = 1

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """The manifest of the folder; an empty one where there is none.

        Raises
        ------
        ProjectError
            If it cannot be read, or a later version of fireflower has written it.
        """
        path = folder / "manifest.json"
        if not path.exists():
            return cls()
        try:
            content = json.loads(path.read_bytes())
            format = content.pop("format")
            content["segments"] = tuple(content["segments"])
            manifest = cls(**content) if format <= _FORMAT else None
        except (ValueError, KeyError, TypeError) as error:
            raise ProjectError(f"{path} is damaged ({error}). Remove the folder {folder} and import again.") from None
        if manifest is None:
            raise ProjectError(
                f"{folder} was written by a later version of fireflower. Upgrade, or remove it and import again."
            )
        return manifest

    def write(self, folder: Path) -> None:
        """Make this the folder's manifest, in one step."""
        write_safely(folder / "manifest.json", json.dumps({"format": _FORMAT, **asdict(self)}, indent=1).encode())

    def clean(self, folder: Path) -> bool:
        """Remove what this manifest does not name and nobody reads. The caller holds the archive's lock. Whether
        nothing is left of it."""
        valid, whole = set(self.segments), True
        for generation in _others(folder / "generations", {self.generation}):
            if not remove_unless_held(generation):
                valid |= _segments_of(generation)
                whole = False
        for entry in (*_others(folder / "segments", valid), *_others(folder / "scratch", set())):
            shutil.rmtree(entry, ignore_errors=True)
        return whole


def _others(folder: Path, valid: set[str]) -> list[Path]:
    return [entry for entry in folder.iterdir() if entry.name not in valid] if folder.is_dir() else []


def _segments_of(generation: Path) -> set[str]:
    """What a generation that is being read was built from: its records are looked up there."""
    try:
        return set(json.loads((generation / "generation.json").read_bytes())["segments"])
    except (OSError, ValueError, LookupError):
        return set()


def write_safely(path: Path, content: bytes) -> None:
    """Write a file in one step: after it, either the old or the new content is there, whole."""
    temporary = path.with_name(path.name + ".new")
    with open(temporary, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder safe on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lock_file(folder: Path) -> TextIO:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return open(folder / "lock", "a+")
    except OSError as error:
        if error.errno in FULL:
            raise
        raise Unwritable(
            f"{folder} cannot be written to ({error.strerror}). Make it writable, or copy the project to a folder "
            "that is."
        ) from None


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Be the only one who writes to the archive. The lock goes with the process, however it ends.

    Raises
    ------
    Locked
        If somebody else is writing to it.
    Unwritable
        If nothing can be written there, or the disk is full.
    """
    import fcntl

    with room_in(folder), _lock_file(folder) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            owner = file.read().strip() or "unknown"
            raise Locked(f"Another fireflower (process {owner}) is writing to {folder}. Wait for it to end.") from None
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield
