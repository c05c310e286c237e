"""The log's tables, on each database."""

from __future__ import annotations

import threading

import pytest

from fireflower.history.log.connecting import connect
from fireflower.history.log.database import Database, StorageError
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.schema import TABLES, VERSION, prepare
from log.messages import append, track


def test_prepared_twice_keeps_what_there_is(database: Database) -> None:
    log = MessageLog(database)
    append(log, track("a"))
    prepare(database)
    assert len(log.after(0)) == 1
    assert database.rows("SELECT value FROM meta WHERE name = 'schema'") == [(str(VERSION),)]


def test_several_may_prepare_it_at_once(url: str) -> None:
    databases = [connect(url) for _ in range(4)]
    faults: list[Exception] = []

    def run(database: Database) -> None:
        try:
            prepare(database)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=run, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert databases[0].rows("SELECT COUNT(*) FROM messages") == [(0,)]
    for database in databases:
        database.close()


def test_of_a_later_version_it_is_refused_and_left_alone(database: Database) -> None:
    database.rows("UPDATE meta SET value = ? WHERE name = 'schema'", (str(VERSION + 1),))
    with pytest.raises(StorageError, match=r"written by a later version of fireflower .* Install that version again"):
        prepare(database)
    assert database.rows("SELECT value FROM meta WHERE name = 'schema'") == [(str(VERSION + 1),)]


def test_half_made_it_is_not_there(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    database = connect(url)
    monkeypatch.setattr("fireflower.history.log.schema.TABLES", TABLES + "CREATE TABLE wrong (")
    with pytest.raises(Exception, match=r"(syntax|incomplete)"):
        prepare(database)
    monkeypatch.undo()
    prepare(database)
    assert database.rows("SELECT COUNT(*) FROM attempts") == [(0,)]
    database.close()


def test_an_older_version_becomes_the_present_one(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    append(MessageLog(database), track("a"))
    upgrades = {
        VERSION: "ALTER TABLE messages ADD COLUMN note {text}; CREATE TABLE more (id {serial}, body {bytes});",
        VERSION + 1: "INSERT INTO more (body) SELECT body FROM messages",
    }
    monkeypatch.setattr("fireflower.history.log.schema.VERSION", VERSION + 2)
    monkeypatch.setattr("fireflower.history.log.schema.UPGRADES", upgrades)
    prepare(database)
    prepare(database)
    assert database.rows("SELECT more.body, note FROM more, messages") == [(track("a").body, None)]
    assert database.rows("SELECT value FROM meta WHERE name = 'schema'") == [(str(VERSION + 2),)]


def test_an_upgrade_that_fails_leaves_the_older_version(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrades = {VERSION: "CREATE TABLE more (id {serial}); INSERT INTO nowhere VALUES (1)"}
    monkeypatch.setattr("fireflower.history.log.schema.VERSION", VERSION + 1)
    monkeypatch.setattr("fireflower.history.log.schema.UPGRADES", upgrades)
    with pytest.raises(Exception, match="nowhere"):
        prepare(database)
    assert database.rows("SELECT value FROM meta WHERE name = 'schema'") == [(str(VERSION),)]
    with pytest.raises(Exception, match="more"):
        database.rows("SELECT * FROM more")


def test_texts_are_ordered_by_their_characters(postgresql: str) -> None:
    """PostgreSQL would otherwise order them as its server's language does. SQLite does so of itself."""
    database = connect(postgresql)
    prepare(database)
    columns = database.rows(
        "SELECT table_name, column_name, collation_name FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND data_type = 'text' AND table_name <> 'meta'"
    )
    assert len(columns) >= 25
    assert {column[2] for column in columns} == {"C"}
    database.close()
