"""How SQLite's log knows which messages it has, compared with a set."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from fireflower.history.log import keys as keys_
from fireflower.history.log.database import SQLite
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.schema import prepare
from log.messages import append, track


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs and volumes so small that a few messages make many, and filters in which some share a word."""
    monkeypatch.setattr(keys_, "_RUN", 5)
    monkeypatch.setattr(keys_, "_VOLUME", 3)
    monkeypatch.setattr(keys_, "_WORDS", 16)


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    database = SQLite(tmp_path / "log.sqlite")
    prepare(database)
    yield tmp_path / "log.sqlite"
    database.close()


def random_keys(count: int, seed: int = 0) -> list[str]:
    draw = random.Random(seed)
    return [str(UUID(int=draw.getrandbits(128), version=4)) for _ in range(count)]


def saved(database: SQLite) -> keys_.Entries:
    """All entries of all runs."""
    runs = database.rows("SELECT entries FROM key_runs WHERE last > 0")
    return np.concatenate([np.frombuffer(entries, "<u8") for (entries,) in runs])


def check(log: MessageLog, known: set[str], some: Sequence[str]) -> None:
    """What is appended is what is not known, and known from then on."""
    assert append(log, *map(track, some)) == [key for key in dict.fromkeys(some) if key not in known]
    known.update(some)


def keys_there(database: SQLite) -> list[str]:
    return [bytes(key).decode() for (key,) in database.rows("SELECT key FROM messages ORDER BY position")]


@pytest.mark.parametrize("seed", range(20))
def test_as_a_set_knows_them(path: Path, seed: int) -> None:
    """Whichever of several connections writes, whatever fails, and whenever one begins anew."""
    draw, databases = random.Random(seed), [SQLite(path) for _ in range(1 + seed % 3)]
    logs, known = list(map(MessageLog, databases)), set[str]()
    for _ in range(60):
        nth = draw.randrange(len(logs))
        some = [str(draw.randrange(300)) for _ in range(draw.randrange(9))]
        if draw.random() < 0.1:
            logs[nth] = MessageLog(databases[nth])
        if draw.random() < 0.3:
            given_up(databases[nth], logs[nth], some)
        else:
            check(logs[nth], known, some)
    assert sorted(keys_there(databases[0])) == sorted(known)
    for database in databases:
        database.close()


def given_up(database: SQLite, log: MessageLog, some: Sequence[str]) -> None:
    def fail() -> None:
        with database.transaction():
            log.append(list(map(track, some)))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()


def test_what_was_given_up_is_not_known(path: Path) -> None:
    """Another process may have written other messages to the same places since."""
    mine, other = SQLite(path), SQLite(path)
    log, a, b = MessageLog(mine), random_keys(12, 1), random_keys(12, 2)
    given_up(mine, log, a)
    assert append(MessageLog(other), *map(track, b)) == b
    assert append(log, *map(track, b)) == []
    assert append(log, *map(track, a)) == a
    mine.close()
    other.close()


def test_the_latest_keys_are_found_again_after_a_start(path: Path) -> None:
    database = SQLite(path)
    some = random_keys(500)
    log = MessageLog(database)
    for start in range(0, 500, 7):
        append(log, *map(track, some[start : start + 7]))
    assert database.rows("SELECT COUNT(*) FROM key_runs")[0][0] == 500 // 7
    assert append(MessageLog(database), *map(track, some)) == []
    assert len(saved(database)) <= 500
    database.close()


def test_two_processes_save_no_key_twice(path: Path) -> None:
    databases = [SQLite(path), SQLite(path)]
    logs, some = list(map(MessageLog, databases)), random_keys(200)
    for nth in range(0, 200, 2):
        append(logs[nth % 4 // 2], *map(track, some[nth : nth + 2]))
    places = saved(databases[0]) & np.uint64(0xFFFFFFFF)
    assert len(places) >= 190 and sorted(places.tolist()) == list(range(1, len(places) + 1))
    for database in databases:
        database.close()


def test_nothing_is_kept_of_forgotten_keys(path: Path) -> None:
    """Whoever still knows them begins anew before it writes a run."""
    databases = [SQLite(path), SQLite(path)]
    log, some = MessageLog(databases[0]), random_keys(13)
    append(log, *map(track, some[:5]))
    append(log, *map(track, some[5:8]))
    with databases[1].transaction():
        MessageLog(databases[1]).forget_keys([some[2], some[6], "nobody's"])
    append(log, *map(track, some[8:]))
    there = saved(databases[0]) >> np.uint64(32)
    hashes = keys_._hashes([key.encode() for key in some[:10]]) >> np.uint64(32)
    assert np.isin(hashes, there).tolist() == [nth not in (2, 6) for nth in range(10)]
    assert append(log, *map(track, some)) == [some[2], some[6]]
    assert append(MessageLog(databases[0]), *map(track, some)) == []
    assert databases[0].rows("SELECT position FROM messages WHERE source = ''") == [(3,), (7,)]
    for database in databases:
        database.close()


def test_keys_of_one_hash_are_told_apart(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_, "_hashes", lambda keys: np.full(len(keys), 7 << 32, np.uint64))
    database, known = SQLite(path), set[str]()
    log, draw = MessageLog(database), random.Random(3)
    for _ in range(40):
        check(log, known, [str(draw.randrange(90)) for _ in range(6)])
    places = {key: place for place, key in enumerate(keys_there(database), 1)}
    for key in known:
        assert keys_.SortedKeys(database).of([key.encode(), b"nobody's"]) == {key.encode(): places[key]}
    database.close()


def test_more_messages_than_half_a_word_counts(path: Path) -> None:
    database, known = SQLite(path), set[str]()
    database.rows("INSERT INTO sqlite_sequence (name, seq) VALUES ('messages', ?)", ((1 << 33) + 3,))
    log = MessageLog(database)
    for start in range(0, 30, 4):
        check(log, known, [str(number) for number in range(start, start + 6)])
    check(MessageLog(database), known, [str(number) for number in range(40)])
    assert database.rows("SELECT MIN(position) FROM messages") == [((1 << 33) + 4,)]
    database.close()


def test_a_hash_is_the_same_for_ever() -> None:
    """It is stored: another would make resends new."""
    found = keys_._hashes([b"", b"a", b"node-next-1795705532892-735a6887-1882-4799-a3d9-f56b63800001"[:63], b"x" * 64])
    assert [hex(each) for each in (found >> np.uint64(32)).tolist()] == HASHES


HASHES = ["0x0", "0x22a0f556", "0x424f71ca", "0x63288f7"]


def test_a_filter_lets_few_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    draw = np.random.default_rng(1)
    volume = keys_._Volume()
    volume.add(np.sort(draw.integers(0, 1 << 64, 4_000_000, np.uint64)))
    others = draw.integers(0, 1 << 64, 100_000, np.uint64) & ~np.uint64(0xFFFFFFFF)
    bits = keys_._bits(others)
    by = (volume._filter[keys_._words(others)] & bits == bits).mean()
    assert 0.0 < by < 0.02


def test_an_index_of_an_earlier_version_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    database = SQLite(path)
    prepare(database)
    some = random_keys(23)
    append(MessageLog(database), *map(track, some))
    for statement in EARLIER.split(";"):
        database.rows(statement)
    prepare(database)
    assert database.rows("SELECT sql FROM sqlite_master WHERE tbl_name = 'messages' AND type = 'index'") == []
    log = MessageLog(database)
    assert append(log, track("new"), *map(track, some)) == ["new"]
    assert keys_there(database) == [*some, "new"]
    assert log.end() == 24
    database.close()


EARLIER = """
ALTER TABLE messages RENAME TO present;
CREATE TABLE messages (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  key BLOB NOT NULL UNIQUE,
  form SMALLINT NOT NULL,
  received BIGINT NOT NULL,
  source TEXT NOT NULL,
  body BLOB
);
INSERT INTO messages SELECT * FROM present;
DROP TABLE present;
DROP TABLE key_runs;
UPDATE meta SET value = '3' WHERE name = 'schema'
"""
"""What a log of SQLite was like in version 3 of its schema."""
