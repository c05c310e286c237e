"""A backup of a whole project in one file, made while everything goes on; and the way back.

It holds what fireflower.yaml and the definitions say, the log, and the segments of the archive; blocks are built anew
from those. Log and archive are of one moment: nothing moves from one to the other meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Any

from fireflower.app.init import GIT_IGNORE
from fireflower.app.live.announcing import IDENTITY
from fireflower.app.live.compacting import FOLDER as LIVE_FOLDER
from fireflower.app.live.compacting import alone, check_whole
from fireflower.app.live.database import LOG_FILE, is_elsewhere, log_file, opener
from fireflower.app.live.storage import existing_log, keep_value
from fireflower.app.project import HISTORY_FOLDER, PROJECT_FILE, Project
from fireflower.destinations import DESTINATIONS_FOLDER
from fireflower.history.archive import Archive
from fireflower.history.archive.manifest import Manifest
from fireflower.history.log.copying import copy
from fireflower.history.log.database import Database, SQLite
from fireflower.history.log.schema import prepare
from fireflower.model.errors import ProjectError

FORMAT = 1
_ABOUT, _CHECKSUMS = "backup.json", "checksums.json"
_GZIP = b"\x1f\x8b"
_BLOCK = 1 << 20
_LEFT_OUT = {"segments", "generations", "scratch", "lock", "manifest.json", LIVE_FOLDER}
"""Of the history's folder, what goes into a backup in another way, or not at all."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What is in a backup.

    Attributes
    ----------
    files, bytes : how many, and how large they are before they are packed
    messages : how many messages the log has, those included that the archive has by now
    imported : how many files the archive was made from
    """

    files: int
    bytes: int
    messages: int
    imported: int


def back_up(project: Project, file: Path, made: int) -> BackedUp:
    """Write a backup. It appears under its name when it is whole.

    Parameters
    ----------
    made : the moment that is noted in it

    Raises
    ------
    ProjectError
        If the archive does not have what the log has moved there: such a backup would be of no use.
    """
    history = project.folder / HISTORY_FOLDER
    part = file.with_name(file.name + ".part")
    with tempfile.TemporaryDirectory(prefix="fireflower-") as scratch:
        with alone(history / LIVE_FOLDER):
            archive = project.open_archive()  # it is held until the end: an import removes nothing of it
            manifest = Manifest.read(history)
            messages = _copy_log(project, archive, Path(scratch) / LOG_FILE)
        try:
            with _packed(part, file) as stream, tarfile.open(fileobj=stream, mode="w|") as tar:
                tarred = _Tarred(tar)
                tarred.text(_ABOUT, {"format": FORMAT, "made": made, "fireflower": version("fireflower")})
                for path in _of_the_project(project.folder):
                    tarred.file(path.relative_to(project.folder), path)
                for path in _beside(history):
                    tarred.file(Path(HISTORY_FOLDER) / path.relative_to(history), path)
                for name in manifest.segments:
                    for path in sorted((history / "segments" / name).iterdir()):
                        tarred.file(Path(HISTORY_FOLDER) / path.relative_to(history), path)
                plain = asdict(replace(manifest, generation=""))
                tarred.text(f"{HISTORY_FOLDER}/manifest.json", {"format": 1, **plain})
                if messages is not None:
                    tarred.file(Path(HISTORY_FOLDER) / LOG_FILE, Path(scratch) / LOG_FILE)
                tarred.text(_CHECKSUMS, tarred.sums)
            os.replace(part, file)
        finally:
            part.unlink(missing_ok=True)
    return BackedUp(len(tarred.sums), tarred.bytes, messages or 0, len(archive.files))


def restore(file: Path, folder: Path, environment: Mapping[str, str] = os.environ) -> BackedUp:
    """Make a project of a backup, in a folder that is not there yet or empty. Its log comes into the database that the
    project or the environment names; without either, into the folder.

    Raises
    ------
    ProjectError
        If the file is no backup, or is damaged (then nothing is left behind), or if there is something in the folder.
    StorageError
        If there is a log in the database already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ProjectError(f"{folder} is not empty. Name a folder that is not there yet; move it into place then.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        sums = _unpack(file, made)
        restored = _whole(Project(made), sums, environment)
        if folder.exists():
            folder.rmdir()
        os.chmod(made, 0o755)
        os.replace(made, folder)
    except (tarfile.TarError, EOFError) as error:
        raise _damaged(file, str(error)) from None
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return restored


def _copy_log(project: Project, archive: Archive, path: Path) -> int | None:
    """Copy the log; the result is how many messages it has, None if there is none."""
    database = existing_log(project)
    if database is None:
        return None
    try:
        if isinstance(database, SQLite):
            database.copy_to(path)
        else:
            _copy(database, path)
    finally:
        database.close()
    copy = SQLite(path)
    try:
        check_whole(archive, copy, project.folder / HISTORY_FOLDER)
        count = int(copy.rows("SELECT COUNT(*) FROM messages")[0][0])
        copy.rows("PRAGMA journal_mode=DELETE")
        return count
    finally:
        copy.close()


def _copy(database: Database, path: Path) -> None:
    target = SQLite(path)
    try:
        prepare(target)
        copy(database, target)
    finally:
        target.close()


def _of_the_project(folder: Path) -> Iterator[Path]:
    """What a user has written."""
    yield folder / PROJECT_FILE
    if (folder / GIT_IGNORE).is_file():
        yield folder / GIT_IGNORE
    for part in ("definitions", DESTINATIONS_FOLDER):
        yield from (path for path in sorted((folder / part).rglob("*")) if path.is_file())


def _beside(history: Path) -> Iterator[Path]:
    """What else is in the history's folder, such as its secrets."""
    for path in sorted(history.iterdir()) if history.is_dir() else ():
        if path.is_file() and path.name not in _LEFT_OUT and not path.name.startswith(LOG_FILE):
            yield path


class _Tarred:
    """Adds files to a tar, and remembers what they were."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.sums: dict[str, str] = {}
        self.bytes = 0

    def file(self, name: Path, path: Path) -> None:
        with open(path, "rb") as file:
            self._add(name.as_posix(), os.fstat(file.fileno()).st_size, file)

    def text(self, name: str, content: dict[str, Any]) -> None:
        encoded = json.dumps(content, indent=1).encode()
        self._add(name, len(encoded), BytesIO(encoded))

    def _add(self, name: str, size: int, file: IO[bytes]) -> None:
        about = tarfile.TarInfo(name)
        about.size, about.mode = size, 0o600
        hashing = _Hashing(file)
        self._tar.addfile(about, hashing)
        if name not in (_ABOUT, _CHECKSUMS):
            self.sums[name] = hashing.digest.hexdigest()
            self.bytes += size


class _Hashing:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        self.digest.update(content)
        return content


@contextmanager
def _packed(part: Path, file: Path) -> Iterator[Any]:
    """A file to be written, packed as its name says; for its owner's eyes only, and safe on disk when it is closed."""
    import pyarrow as pa

    os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    form = "gzip" if file.suffix in (".gz", ".tgz") else "zstd"
    with pa.OSFile(str(part), "wb") as plain, pa.CompressedOutputStream(plain, form) as stream:
        yield stream
    with open(part, "rb") as written:
        os.fsync(written.fileno())


def _unpack(file: Path, folder: Path) -> dict[str, str]:
    """Unpack a backup; the result is what was in it, with checksums that have been compared."""
    import pyarrow as pa

    with open(file, "rb") as head:
        form = "gzip" if head.read(2) == _GZIP else "zstd"
    found: dict[str, str] = {}
    said: dict[str, str] = {}
    try:
        with (
            pa.OSFile(str(file), "rb") as plain,
            pa.CompressedInputStream(plain, form) as stream,
            tarfile.open(fileobj=stream, mode="r|") as tar,
        ):
            for member in tar:
                content = tar.extractfile(member) if member.isreg() else None
                if content is None or not _is_inside(member.name):
                    raise _damaged(file, f"it holds {member.name!r}, which no backup does")
                if member.name == _CHECKSUMS:
                    said = json.loads(content.read())
                    break
                if member.name == _ABOUT:
                    _check_format(file, json.loads(content.read()))
                    continue
                found[member.name] = _write(folder / member.name, content)
    except (OSError, ValueError) as error:
        raise _damaged(file, str(error)) from None
    if not said:
        raise _damaged(file, "it breaks off")
    for name in sorted(said.keys() | found.keys()):
        if said.get(name) != found.get(name):
            raise _damaged(file, f"{name} in it is not as it was written")
    return found


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name


def _write(path: Path, content: IO[bytes]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with open(path, "wb") as file:
        while block := content.read(_BLOCK):
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    if path.parts[-2] == HISTORY_FOLDER:
        os.chmod(path, 0o600)
    return digest.hexdigest()


def _check_format(file: Path, about: dict[str, Any]) -> None:
    if about["format"] > FORMAT:
        raise ProjectError(f"{file} was written by fireflower {about['fireflower']}, a later version. Upgrade first.")


def _whole(project: Project, sums: dict[str, str], environment: Mapping[str, str]) -> BackedUp:
    """Look whether what has been unpacked belongs together, and move its log to where the project keeps it."""
    history, file = project.folder / HISTORY_FOLDER, log_file(project)
    size = sum((project.folder / name).stat().st_size for name in sums)
    archive, messages = project.open_archive(), 0
    if file.exists():
        database = SQLite(file)
        try:
            prepare(database)
            check_whole(archive, database, history)
            messages = int(database.rows("SELECT COUNT(*) FROM messages")[0][0])
            with database.transaction():  # its numbers come again for other transitions: their keys must not
                keep_value(database, IDENTITY, None)
            if is_elsewhere(project, environment):
                _move(database, opener(project, environment)())
        finally:
            database.close()
        if is_elsewhere(project, environment):
            file.unlink()
    with suppress(OSError):
        (history / LIVE_FOLDER).mkdir(exist_ok=True)
    return BackedUp(len(sums), size, messages, len(archive.files))


def _move(database: Database, target: Database) -> None:
    try:
        prepare(target)
        copy(database, target)
    finally:
        target.close()


def _damaged(file: Path, reason: str) -> ProjectError:
    return ProjectError(f"{file} is no backup, or is damaged: {reason}. Nothing has been restored; take another copy.")
