"""A database, as the log uses it: SQL that SQLite and PostgreSQL have in common, in transactions that are durable."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain
from pathlib import Path
from typing import IO, Any, Protocol

from fireflower.model.errors import FireflowerError

WAIT_FOR_LOCK = 30.0
"""Seconds that a writer waits for another."""


class StorageError(FireflowerError):
    """The database cannot be read or written just now: what was to be written is not there."""


class Database(Protocol):
    """One connection, used by one thread at a time. Placeholders are question marks.

    Attributes
    ----------
    shared : whether several processes may evaluate one log in such a database
    clock : the database's own moment, as SQL
    skip_locked : ends a SELECT whose rows are to be changed: those that another transaction is changing are left out
    undone : how many transactions have failed, so that what they wrote may not be there
    """

    @property
    def shared(self) -> bool: ...

    @property
    def clock(self) -> str: ...

    @property
    def skip_locked(self) -> str: ...

    @property
    def undone(self) -> int: ...

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement and give the rows that it returns."""

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row of values."""

    def transaction(self) -> Any:
        """A context in which everything becomes durable together when it ends, or nothing if it raises."""

    def is_alone(self) -> bool:
        """Whether it is certain that no other process that lives has asked this before. False where it is not known."""

    def in_order(self, table: str) -> None:
        """Until the transaction ends, nobody else numbers rows of a table: they can be seen in the order of their
        numbers, so that whoever reads on behind a number misses none."""

    def close(self) -> None: ...


_SETTINGS = ("page_size=8192", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536")
"""Pages are of twice the usual size where the file is new: what is written together fills more than one, and each costs
two calls of the system."""

_LOOK = 0.001
"""Seconds between two looks whether the file may be written."""

_TOGETHER = tuple(1 << power for power in range(9, -1, -1))
"""Rows that one statement inserts: each costs half of what it would by a statement of its own. Of any number of rows,
so few statements are needed, and few kinds of them, each of which the database has to understand."""


def insert(database: Database, into: str, rows: Sequence[Sequence[Any]], otherwise: str = "") -> None:
    """Insert rows, which are numbered in their order.

    Parameters
    ----------
    into : the table and its columns: "tokens (name, scope)"
    otherwise : what is done about a row that is there already: "ON CONFLICT ..."
    """
    at = 0
    for size in _TOGETHER:
        while len(rows) - at >= size:
            some = rows[at : at + size]
            database.rows(_insertion(into, len(some[0]), size, otherwise), list(chain.from_iterable(some)))
            at += size


@cache
def _insertion(into: str, columns: int, rows: int, otherwise: str) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"INSERT INTO {into} VALUES {', '.join([row] * rows)} {otherwise}"


class SQLite:
    """An embedded database in one file: a write-ahead log that is synced to disk with every transaction.

    Parameters
    ----------
    path : the file; it is made where there is none

    Raises
    ------
    StorageError
        If the file is no database, or cannot be opened.
    """

    shared = False
    clock = "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"
    skip_locked = ""
    """Whoever writes has the file for himself."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: IO[str] | None = None
        self.undone = 0
        with self._told():
            self._connection = sqlite3.connect(
                path, timeout=WAIT_FOR_LOCK, isolation_level=None, check_same_thread=False
            )
            for setting in _SETTINGS:
                self._connection.execute(f"PRAGMA {setting}").fetchone()

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._told():
            return self._connection.execute(sql, values).fetchall()

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._told():
            self._connection.executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._told():
            self._begin()
        try:
            yield
            self.rows("COMMIT")
        except BaseException:
            self.undone += 1
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _begin(self) -> None:
        """Begin to write as soon as nobody else does. SQLite itself looks again after up to a tenth of a second, when
        somebody who writes all the time has the file again."""
        until = time.monotonic() + WAIT_FOR_LOCK
        self._connection.execute("PRAGMA busy_timeout=0")
        try:
            while True:
                try:
                    self._connection.execute("BEGIN IMMEDIATE")
                    return
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                        raise
                time.sleep(_LOOK)
        finally:
            self._connection.execute(f"PRAGMA busy_timeout={WAIT_FOR_LOCK * 1000:.0f}")

    def is_alone(self) -> bool:
        """By a lock on a file, which goes with the process, however it ends."""
        import fcntl

        if self._lock is None:
            file = open(self._path.with_name(f"{self._path.name}.lock"), "a")  # noqa: SIM115  # as long as this one
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
                return False
            self._lock = file
        return True

    def in_order(self, table: str) -> None:
        """As it is: whoever writes has the file for himself."""

    def copy_to(self, path: Path) -> None:
        """Write the database as it is now into another file. Others may write to it meanwhile, and do not wait."""
        with self._told():
            target = sqlite3.connect(path)
            try:
                self._connection.backup(target)
            finally:
                target.close()

    @property
    def path(self) -> Path:
        """Its file."""
        return self._path

    def close(self) -> None:
        self._connection.close()
        if self._lock is not None:
            self._lock.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What went wrong, in words of ours."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StorageError(f"{self._path}: {error}. {_advice(error)}") from error
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                raise
            raise StorageError(f"{self._path} is not a database that fireflower can read: {error}.") from error


def _advice(error: sqlite3.OperationalError) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL":
        return "The disk is full: make room; nothing that was acknowledged is lost."
    if name.startswith("SQLITE_IOERR"):
        return (
            "The disk or a quota gives no room, or the disk has failed: see the system's log; nothing that was "
            "acknowledged is lost."
        )
    if name.startswith("SQLITE_READONLY") or name == "SQLITE_CANTOPEN":
        return "Make the file and its folder writable for this user."
    if name.startswith("SQLITE_BUSY"):
        return "Another process has been writing to it for long: try again when it is done."
    return "Nothing of this transaction has been kept."
