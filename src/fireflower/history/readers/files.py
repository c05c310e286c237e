"""Which files there are, what is in them, and how to open them."""

from __future__ import annotations

import errno
import glob
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, Literal

from fireflower.history.room import no_room
from fireflower.model.errors import InputError

FileFormat = Literal["csv", "json", "parquet"]
Compression = Literal["", "gzip", "zstd"]

_SUFFIXES: dict[str, FileFormat] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv",
    ".json": "json", ".jsonl": "json", ".ndjson": "json",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
_EXCEL = (".xlsx", ".xlsm", ".xls", ".ods")
_ZIP, _OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_PACKED = (".gz", ".gzip", ".zst", ".zstd")
_HASHED = 1 << 20
_NO_ROOM = (os.strerror(errno.ENOSPC), "max_temp_directory_size")
"""What DuckDB says of a full disk."""


def expand(paths: Iterable[str | Path]) -> list[Path]:
    """The files that the paths, folders and globs name, in the order of their names within each. Hidden files and
    folders in a folder are passed over.

    Raises
    ------
    InputError
        If one of them names no file.
    """
    found: list[Path] = []
    for path in paths:
        matches = _matches(str(path))
        if not matches:
            kinds = ", ".join(sorted(_SUFFIXES))
            wanted = f"Expected a file, a glob, or a folder with files ({kinds}, also packed as .gz or .zst)."
            raise InputError(f"No file to import at {path}. {wanted}")
        found.extend(matches)
    return list(dict.fromkeys(found))


def _matches(path: str) -> list[Path]:
    if Path(path).is_dir():
        files = (file for file in Path(path).rglob("*") if not _hidden(file.relative_to(path)))
        return sorted(file for file in files if file.is_file() and _suffix(file) in _SUFFIXES)
    if Path(path).is_file():
        return [Path(path)]
    return sorted(Path(match) for match in glob.glob(path, recursive=True) if Path(match).is_file())


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _suffix(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def detect(path: Path) -> tuple[FileFormat, Compression]:
    """What is in the file: by its first bytes, then by its name.

    Raises
    ------
    InputError
        If there is nothing in it, it cannot be opened, or it is of a kind that is not read.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(4)
    except OSError as error:
        raise InputError(f"{path} cannot be opened: {error.strerror}.") from None
    if not head:
        raise InputError(f"{path} is empty. Expected a table with a header, JSON, or Parquet: export it again.")
    if head == b"PAR1":
        return "parquet", ""
    _check_kind(path, head)
    compression: Compression = "gzip" if head[:2] == b"\x1f\x8b" else "zstd" if head == b"\x28\xb5\x2f\xfd" else ""
    return _text_format(path, compression), compression


def _check_kind(path: Path, head: bytes) -> None:
    """Refuse what is no text, though a reader of text would find something in it."""
    suffix = path.suffix.lower()
    if head == _OLD_OFFICE or (head == _ZIP and suffix in _EXCEL):
        raise InputError(f"{path} is an Excel file. Expected a table as text: export it as CSV.")
    if head == _ZIP:
        raise InputError(f"{path} is a zip archive. Expected a table, JSON, or Parquet: unpack it, or pack it as .gz.")
    if _SUFFIXES.get(suffix) == "parquet":
        raise InputError(f"{path} is not a Parquet file: it does not begin with PAR1. Export it again.")


def _text_format(path: Path, compression: Compression) -> FileFormat:
    with open_text(path, compression) as file:
        head = read_some(file, 1024, path)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if not start:
        raise InputError(f"{path} is empty. Expected a table with a header, JSON, or Parquet: export it again.")
    by_name = _SUFFIXES.get(_suffix(path))
    return by_name if by_name in ("csv", "json") else "json" if start in (b"{", b"[") else "csv"


def open_text(path: Path, compression: Compression) -> IO[bytes]:
    """The file's bytes, unpacked."""
    import pyarrow as pa

    file: Any = pa.OSFile(str(path), "rb")
    return pa.CompressedInputStream(file, compression) if compression else file


def read_some(file: IO[bytes], size: int, path: Path) -> bytes:
    """The next bytes of a file that `open_text` has opened.

    Raises
    ------
    InputError
        If it breaks off.
    """
    try:
        return file.read(size)
    except OSError as error:
        raise damaged(path, error) from None


def damaged(path: Path, error: Exception) -> InputError | OSError:
    """The file breaks off or is not what it says; unless there was no room for what DuckDB writes to disk meanwhile."""
    if any(sign in str(error) for sign in _NO_ROOM):
        return no_room()
    reason = str(error).partition("\n")[0]
    cure = "Copy or export it again; nothing of it has been imported."
    return InputError(f"{path} is damaged or breaks off ({reason}). {cure}")


def digest(path: Path, size: int) -> str:
    """The fingerprint of the file's first bytes, so many of them, by which a file is known again."""
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while size > 0 and (piece := file.read(min(size, _HASHED))):
            found.update(piece)
            size -= len(piece)
    return found.hexdigest()


def state(said: os.stat_result) -> tuple[int, ...]:
    """What changes when somebody writes to a file or puts another in its place."""
    return said.st_dev, said.st_ino, said.st_size, said.st_mtime_ns
