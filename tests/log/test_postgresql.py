"""What is PostgreSQL's own: statements, lost connections, what goes wrong and what to do about it."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Iterator
from urllib.parse import quote

import psycopg
import pytest

from fireflower.history.log.connecting import connect
from fireflower.history.log.database import StorageError
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.postgresql import PostgreSQL, numbered
from fireflower.history.log.schema import prepare
from log.messages import append, track
from log.server import Server


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("SELECT 1", "SELECT 1"),
        ("a = ? AND b IN (?, ?)", "a = $1 AND b IN ($2, $3)"),
        ("a = '?' AND b = ?", "a = '?' AND b = $1"),
        ("a = 'it''s ?' AND b = ?", "a = 'it''s ?' AND b = $1"),
        ("\"a?\" = ? AND x LIKE '%s%'", "\"a?\" = $1 AND x LIKE '%s%'"),
        ("a = ? -- why?\nAND b = ? /* or\n? */ AND c = ?", "a = $1 -- why?\nAND b = $2 /* or\n? */ AND c = $3"),
    ],
)
def test_question_marks(said: str, sent: str) -> None:
    assert numbered(said) == sent


@pytest.fixture
def database(postgresql: str) -> Iterator[PostgreSQL]:
    found = PostgreSQL(postgresql)
    prepare(found)
    yield found
    found.close()


def test_it_waits_until_all_is_on_disk(database: PostgreSQL, postgresql: str) -> None:
    assert database.rows("SHOW synchronous_commit") == [("on",)]
    for said, kept in (("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")):
        other = PostgreSQL(f"{postgresql}%20-csynchronous_commit%3D{said}")
        assert other.rows("SHOW synchronous_commit") == [(kept,)]
        other.close()


def test_two_schemas_do_not_wait_for_each_other(server: Server, database: PostgreSQL) -> None:
    database.rows("CREATE SCHEMA IF NOT EXISTS elsewhere")
    other = connect(f"{server.url('postgres')}&options=-csearch_path%3Delsewhere")
    prepare(other)
    with database.transaction():
        database.in_order("messages")
        with other.transaction():
            other.in_order("messages")
    other.close()


# --- Connections that are lost ------------------------------------------------------------------------------


def end_connections(server: Server) -> None:
    """As a restart of the server does."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")


def test_servers_that_stop_and_crash(own: Server) -> None:
    """What was acknowledged is there; what was under way fails as a whole; the next try reconnects."""
    database = PostgreSQL(own.url("postgres"))
    prepare(database)
    log = MessageLog(database)
    for nth, mode in enumerate(("fast", "immediate")):
        append(log, track(f"{nth}-acknowledged"))
        with pytest.raises(StorageError) as caught:
            _lost_on_the_way(own, database, log, mode, f"{nth}-under-way")
        assert "PostgreSQL database 'postgres'" in str(caught.value)
        with pytest.raises(StorageError, match="Start the server, or correct host and port in the URL"):
            append(log, track("nobody-there"))
        own.start()
        assert append(log, track(f"{nth}-acknowledged")) == []
        assert len(append(log, track(f"{nth}-under-way"))) == 1
        own.stop(mode)
        own.start()
        assert len(log.after(0)) == 2 * (nth + 1), "what only reads is read again on a new connection"
    database.close()


def _lost_on_the_way(server: Server, database: PostgreSQL, log: MessageLog, mode: str, key: str) -> None:
    with database.transaction():
        log.append([track(key)])
        server.stop(mode)
        log.append([track(f"{key}-more")])


def test_only_what_reads_is_said_twice(own: Server) -> None:
    database = PostgreSQL(own.url("postgres"))
    database.rows("CREATE TABLE seen (n INT)")
    end_connections(own)
    assert database.rows("SELECT COUNT(*) FROM seen") == [(0,)]
    end_connections(own)
    with pytest.raises(StorageError, match=r"terminating connection|closed the connection"):
        database.rows("INSERT INTO seen VALUES (?)", (1,))
    database.many("INSERT INTO seen VALUES (?)", [(2,), (3,)])
    assert database.rows("SELECT n FROM seen ORDER BY n") == [(2,), (3,)]
    database.close()


# --- What goes wrong ----------------------------------------------------------------------------------------


def test_wrong_passwords_are_refused_and_not_told(own: Server, caplog: pytest.LogCaptureFixture) -> None:
    secret = "s3cr?t/@:%"
    admin = PostgreSQL(own.url("postgres"))
    admin.rows(f"CREATE ROLE app LOGIN PASSWORD '{secret}'")
    (own.folder / "data" / "pg_hba.conf").write_text("local all fireflower trust\nlocal all all scram-sha-256\n")
    admin.rows("SELECT pg_reload_conf()")
    admin.rows("SELECT pg_sleep(0.2)")
    admin.close()

    def url(password: str) -> str:
        return f"postgresql://app:{quote(password, safe='')}@/postgres?host={own.folder}"

    connect(url(secret)).close()
    wrong = "wr0ng-s3cret"
    for bad in (url(wrong), url(wrong) + "&port=x", url(wrong)[:-4] + "%zz", f"postgresql://app:{wrong}%zz@/postgres"):
        with caplog.at_level(logging.DEBUG), pytest.raises(StorageError) as caught:
            connect(bad)
        logging.getLogger("fireflower").error("It failed", exc_info=caught.value)
        shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text
        assert wrong not in shown.replace(bad, ""), shown
    with pytest.raises(StorageError, match=r"as app: .*Check user and password in the URL"):
        connect(url(wrong))


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("postgresql://127.0.0.1:1/leads", "Start the server, or correct host and port in the URL"),
        ("postgresql:///leads?host=/nowhere", "Start the server, or correct host and port in the URL"),
        ("postgresql://nowhere.invalid/leads", "Check the host's name in the URL"),
        ("postgresql://host:port/leads", "Check the host's name in the URL"),
        ("postgresql://host/leads?colour=red", "Expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE"),
    ],
)
def test_servers_that_are_not_there(url: str, advice: str) -> None:
    with pytest.raises(StorageError, match=advice):
        connect(url)


def test_databases_and_users_that_are_not_there(server: Server) -> None:
    with pytest.raises(StorageError, match=r"'leads' at .* does not exist.* CREATE DATABASE"):
        connect(server.url("leads"))


def test_too_many_connections(own: Server) -> None:
    admin = connect(own.url("postgres"))
    admin.rows("CREATE ROLE one LOGIN CONNECTION LIMIT 1")
    url = own.url("postgres").replace("fireflower@", "one@")
    first = connect(url)
    with pytest.raises(StorageError, match=r"too many connections.* raise its max_connections"):
        connect(url)
    first.close()
    admin.close()


def test_a_database_that_cannot_be_written(database: PostgreSQL, postgresql: str) -> None:
    other = PostgreSQL(f"{postgresql}%20-cdefault_transaction_read_only%3Don")
    with pytest.raises(StorageError, match=r"read-only transaction.* It can only be read: name the primary server"):
        append(MessageLog(other), track("a"))
    other.close()
    assert MessageLog(database).after(0) == []


def test_a_user_who_may_not(database: PostgreSQL, postgresql: str) -> None:
    database.rows("DROP ROLE IF EXISTS stranger")
    database.rows("CREATE ROLE stranger LOGIN")
    other = PostgreSQL(postgresql.replace("fireflower@", "stranger@"))
    with pytest.raises(StorageError, match="GRANT USAGE, CREATE ON SCHEMA"):
        prepare(other)
    other.close()


def test_encodings_that_cannot_hold_everything(server: Server) -> None:
    admin = connect(server.url("postgres"))
    admin.rows("DROP DATABASE IF EXISTS latin")
    admin.rows("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(StorageError, match=r"keeps text as LATIN1.* ENCODING 'UTF8'"):
        connect(server.url("latin"))
    admin.close()


def test_a_writer_that_waits_for_long(database: PostgreSQL, postgresql: str) -> None:
    other = PostgreSQL(postgresql)
    other.rows("SET lock_timeout = '100ms'")
    with database.transaction():
        database.in_order("messages")
        with pytest.raises(StorageError, match="Another process has been writing to it for long"):
            append(MessageLog(other), track("a"))
    assert len(append(MessageLog(other), track("a"))) == 1
    other.close()


def test_writers_that_wait_take_turns(database: PostgreSQL, postgresql: str) -> None:
    other, order = PostgreSQL(postgresql), list[str]()

    def write() -> None:
        append(MessageLog(other), track("second"))
        order.append("second")

    thread = threading.Thread(target=write)
    with database.transaction():
        database.in_order("messages")
        thread.start()
        thread.join(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    other.close()


def test_who_falls_asleep_while_many_rows_are_written_is_given_up(database: PostgreSQL, postgresql: str) -> None:
    """Else what it has locked would stay locked for as long as it sleeps."""
    database._connection.execute("SET idle_in_transaction_session_timeout = '500ms'")

    def rows() -> Iterator[tuple[int, str]]:
        yield 1, "a"
        time.sleep(2)
        yield 2, "b"

    def write() -> None:
        with database.transaction():
            database.in_order("messages")
            database.many("INSERT INTO changes (transition, what, at) VALUES (?, ?, 0)", rows())

    with pytest.raises(StorageError, match="idle-in-transaction"):
        write()
    assert database.rows("SELECT COUNT(*) FROM changes") == [(0,)]
