"""PostgreSQL, where several processes or machines serve, or where a database is kept already."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from fireflower.history.log.database import WAIT_FOR_LOCK, StorageError
from fireflower.model.errors import NotInstalledError

if TYPE_CHECKING:
    import psycopg

_Result = TypeVar("_Result")

_DEFAULTS = {
    "application_name": "fireflower",
    "client_encoding": "UTF8",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""What a connection is asked to be, unless the URL says otherwise: a server that is gone is noticed within a minute."""

_FROZEN = 30.0
"""Seconds after which a transaction is given up in which nothing is done: its process is frozen, or its machine gone,
and others wait for what it has locked."""

_LOCK = 0x66697265
"""The first half of the keys of our advisory locks."""


class PostgreSQL:
    """A connection to a PostgreSQL database, opened anew after it was lost.

    What was under way when it was lost has failed as a whole, and is the caller's to do again. A commit whose answer
    was lost may have been durable: what is done again must find out itself, as the log does by the keys of messages.

    Parameters
    ----------
    url : postgresql://USER:PASSWORD@HOST:PORT/DATABASE, or whatever else libpq understands

    Raises
    ------
    NotInstalledError
        If psycopg is not installed.
    StorageError
        If the database cannot be reached, or keeps text in another form than UTF-8.
    """

    shared = True
    clock = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
    skip_locked = "FOR UPDATE SKIP LOCKED"

    def __init__(self, url: str) -> None:
        self._psycopg = _driver()
        self._target = _Target.of(url)
        self._connection: Any = None
        self._inside = False
        self.undone = 0
        self._connection = self._connected()

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        given = [_stored(value) for value in values]

        def run() -> list[tuple[Any, ...]]:
            cursor = self._connection.execute(numbered(sql), given, binary=True)
            return [_read(row) for row in cursor.fetchall()] if cursor.description else []

        # Only what changes nothing may be said twice: of anything else nobody knows whether it was done.
        return self._again(run) if sql.startswith("SELECT") and not self._inside else self._once(run)

    def many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        statement = numbered(sql)

        def run() -> None:
            # One after the other: of statements that are sent without waiting, the server does not give up who falls
            # asleep between two of them (it is no idle transaction), and what is locked stays locked.
            with self._connection.cursor() as cursor:
                for row in rows:
                    cursor.execute(statement, [_stored(value) for value in row])

        with nullcontext() if self._inside else self.transaction():
            self._once(run)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        assert not self._inside, "transactions do not nest"
        self._again(lambda: self._connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED"))
        self._inside = True
        try:
            yield
            self._once(lambda: self._connection.execute("COMMIT"))
        except BaseException:
            self.undone += 1
            self._roll_back()
            raise
        finally:
            self._inside = False

    def is_alone(self) -> bool:
        return False

    def in_order(self, table: str) -> None:
        self.rows(
            "SELECT pg_advisory_xact_lock(?::int, hashtext(current_schema() || '.' || ?::text))", (_LOCK, table)
        )  # fmt: skip

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _connected(self) -> psycopg.Connection[Any]:
        with self._told():
            connection = self._psycopg.connect(
                **self._target.parameters, autocommit=True, cursor_factory=self._psycopg.RawCursor
            )
            try:
                self._check(connection)
            except BaseException:
                connection.close()
                raise
            return connection

    def _check(self, connection: psycopg.Connection[Any]) -> None:
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise StorageError(
                f"{self._target.name} keeps text as {encoding}, which cannot hold everything that people write. "
                "Make a database with: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0."
            )
        connection.execute(f"SET lock_timeout = '{WAIT_FOR_LOCK:.0f}s'")
        idle = connection.execute("SHOW idle_in_transaction_session_timeout").fetchone()
        if idle is None or idle[0] == "0":
            connection.execute(f"SET idle_in_transaction_session_timeout = '{_FROZEN:.0f}s'")
        synchronous = connection.execute("SHOW synchronous_commit").fetchone()
        if synchronous is None or synchronous[0] not in ("on", "remote_apply"):
            connection.execute("SET synchronous_commit = on")

    def _once(self, work: Callable[[], _Result]) -> _Result:
        with self._told():
            return work()

    def _again(self, work: Callable[[], _Result]) -> _Result:
        """Do what may be done twice: if the connection turns out to have been lost meanwhile, on a new one."""
        try:
            return self._once(work)
        except StorageError:
            if not self._connection.closed:
                raise
        self._connection = self._connected()
        return self._once(work)

    def _roll_back(self) -> None:
        try:
            if not self._connection.closed:
                self._connection.rollback()
        except self._psycopg.Error:
            self._connection.close()  # the server rolls back what nobody holds any longer

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What went wrong, in words of ours."""
        try:
            yield
        except self._psycopg.Error as error:
            code, said = error.sqlstate or "", self._target.without_password(str(error))
            advice = _advice(code, said if isinstance(error, self._psycopg.OperationalError) else "")
            if not advice and not isinstance(error, self._psycopg.OperationalError | self._psycopg.InternalError):
                raise
            if code.startswith(_ENDS):
                self.close()
            message = f"{self._target.name}: {said}. {advice or 'Nothing of this transaction has been kept.'}"
            # What libpq says may repeat what it was given: it is not passed on as it is.
            raise StorageError(message) from None


class _Target:
    """Which database is meant, and how it is named to people: without the password.

    Attributes
    ----------
    name : for messages
    parameters : what libpq is given
    """

    def __init__(self, parameters: dict[str, Any]) -> None:
        self.parameters = {**_DEFAULTS, **parameters}
        place = parameters.get("host") or parameters.get("hostaddr") or "this machine"
        port = f":{parameters['port']}" if parameters.get("port") else ""
        user = f" as {parameters['user']}" if parameters.get("user") else ""
        self.name = f"the PostgreSQL database {parameters.get('dbname', '')!r} at {place}{port}{user}"

    @classmethod
    def of(cls, url: str) -> _Target:
        from psycopg import Error
        from psycopg.conninfo import conninfo_to_dict

        try:
            return cls(dict(conninfo_to_dict(url)))
        except Error:
            raise StorageError(
                "the URL of the PostgreSQL database cannot be read (it is not shown: there may be a password in it). "
                "Expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with every character of the password that is "
                "no letter or digit written as %XX."
            ) from None

    def without_password(self, text: str) -> str:
        password = self.parameters.get("password")
        return " ".join((text.replace(password, "***") if password else text).split()).rstrip(".")


def _driver() -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise NotInstalledError(
            "a log in PostgreSQL needs psycopg, which is not installed: pip install 'fireflower[postgresql]'. "
            f"Without PostgreSQL the log is kept in a file of SQLite. ({error})"
        ) from error
    return psycopg


# --- Statements and values --------------------------------------------------------------------------------------------

_MARKS = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | (?P<mark>\?)""", re.VERBOSE | re.DOTALL
)


@lru_cache(maxsize=128)
def numbered(sql: str) -> str:
    """A statement with $1, $2, ... for its question marks, save those in texts, names and comments."""
    parts: list[str] = []
    end = count = 0
    for match in _MARKS.finditer(sql):
        if match["mark"]:
            count += 1
            parts += (sql[end : match.start()], f"${count}")
            end = match.end()
    return "".join((*parts, sql[end:]))


def _stored(value: Any) -> Any:
    """A value as PostgreSQL can keep it: its texts have no character 0, which ids of clients may have."""
    if isinstance(value, str) and ("\0" in value or "\x1a" in value):
        return value.replace("\x1a", "\x1a1").replace("\0", "\x1a0")
    return value


def _read(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row as it was given to be kept."""
    if any(isinstance(value, str) and "\x1a" in value for value in row):
        return tuple(_as_given(value) if isinstance(value, str) else value for value in row)
    return row


def _as_given(text: str) -> str:
    return text.replace("\x1a0", "\0").replace("\x1a1", "\x1a")


# --- Advice -----------------------------------------------------------------------------------------------------------

_ENDS = ("08", "57P")
"""With these the server ends a connection, though it may not be noticed at once."""

_BY_CODE = (
    ("53100", "The server's disk is full: make room; nothing that was acknowledged is lost."),
    ("53300", "The server has no connection left: raise its max_connections, or end other clients."),
    ("53", "The server is short of resources: see its log; nothing that was acknowledged is lost."),
    ("25006", "It can only be read: name the primary server, or add ?target_session_attrs=read-write to the URL."),
    ("55P03", "Another process has been writing to it for long: try again when it is done."),
    ("40", "Another process was in the way: try again."),
    ("57P", "The server was stopped or is starting: it is tried again when there is work."),
    ("3F000", "Make the schema, and let this user use it: GRANT USAGE, CREATE ON SCHEMA ... TO ..."),
    ("42501", "Have the database's owner grant this user its schema: GRANT USAGE, CREATE ON SCHEMA ... TO ..."),
)
_BY_TEXT = (
    ("password", "Check user and password in the URL, or the server's pg_hba.conf."),
    ("pg_hba.conf", "Have the server's pg_hba.conf admit this user from this machine."),
    ("too many", _BY_CODE[1][1]),
    ("connection slots", _BY_CODE[1][1]),
    ("does not exist", "Make the database or the user, or correct the URL: CREATE DATABASE ... ENCODING 'UTF8'."),
    ("session is read-only", _BY_CODE[3][1]),
    ("starting up", _BY_CODE[6][1]),
    ("shutting down", _BY_CODE[6][1]),
    ("resolve", "Check the host's name in the URL."),
    ("Connection refused", "Start the server, or correct host and port in the URL."),
    ("No such file", "Start the server, or correct host and port in the URL."),
    ("timeout", "Check host and port in the URL, and that this machine may reach them."),
    ("closed the connection", "The connection was lost; the next try opens it again."),
    ("connection", "If the server is up, the next try opens the connection again."),
)
"""A refused connection has no code, only words, which a server may say in its own language."""


def _advice(code: str, said: str) -> str:
    """What to do about an error; "" for one of ours."""
    if code:
        return next((advice for start, advice in _BY_CODE if code.startswith(start)), "")
    return next((advice for words, advice in _BY_TEXT if words in said), "")
