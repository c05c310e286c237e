"""Which database a URL names."""

from __future__ import annotations

from pathlib import Path

from fireflower.history.log.database import Database, SQLite, StorageError

_POSTGRESQL = ("postgresql://", "postgres://")
_SQLITE = "sqlite:///"


def is_file(url: str | Path) -> bool:
    """Whether a URL names a database that is a file of this machine, and not one that a server keeps."""
    return not str(url).startswith(_POSTGRESQL)


def connect(url: str | Path, folder: Path = Path()) -> Database:
    """Open a connection to the database that keeps a log.

    Parameters
    ----------
    url : postgresql://USER:PASSWORD@HOST:PORT/DATABASE; or for SQLite sqlite:///PATH, or a path
    folder : in which a path begins that is not absolute; the file's own folder is made where there is none

    Raises
    ------
    StorageError
        If it names no database, or one that cannot be reached.
    NotInstalledError
        If it is PostgreSQL's and the library for it is missing.
    """
    text = str(url)
    if not is_file(text):
        from fireflower.history.log.postgresql import PostgreSQL

        return PostgreSQL(text)
    path = text.removeprefix(_SQLITE)
    if not path or "://" in path or path.startswith("sqlite:"):
        scheme = text.partition(":")[0]
        raise StorageError(
            f"there is no database of the kind {scheme!r}. Expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE, "
            "sqlite:///PATH or a path."
        )
    file = folder / path
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{file.parent} cannot be made: {error.strerror}. Make it, or name another place."
        ) from error
    return SQLite(file)
