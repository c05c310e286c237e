"""Processes that are killed at any moment: what they acknowledged is there, once, and the record is what a replay of
the log says."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from time import sleep

import pytest
from live.projects import expected, messages, project, recorded, standing, standing_after

from fireflower.app.live.service import Service
from fireflower.history.log.connecting import connect
from fireflower.history.log.database import Database, SQLite
from fireflower.history.log.leases import ALL_SHARES
from fireflower.history.log.messages import MessageLog, stored_key
from fireflower.history.log.schema import prepare
from fireflower.history.log.verdicts import VerdictLog
from log.crashing import KILLS, KILLS_OF_ONE_LOG, LEASE, Victim, serve, write
from log.messages import track

pytestmark = pytest.mark.parametrize("nth_log", range(-(-KILLS // KILLS_OF_ONE_LOG)))


def is_sound(database: Database) -> None:
    if isinstance(database, SQLite):
        assert database.rows("PRAGMA integrity_check") == [("ok",)]


def test_what_was_acknowledged_is_there_once(url: str, nth_log: int) -> None:
    chance, acknowledged = random.Random(nth_log), list[str]()
    database = connect(url)
    prepare(database)
    for nth in range(KILLS_OF_ONE_LOG):
        victim = Victim(write, url, 1000 * nth_log + nth)
        victim.kill_after(chance.randint(1, 12), chance.uniform(0, 0.03))
        assert victim.acknowledged
        acknowledged += [key for keys in victim.acknowledged for key in keys]
        is_sound(database)
        there = Counter(kept.body for kept in MessageLog(database).all())
        assert set(there.values()) == {1}
        assert there.keys() >= {track(key).body for key in acknowledged}
        assert {bytes(key) for (key,) in database.rows("SELECT key FROM messages")} >= {
            stored_key(key) for key in acknowledged
        }
    database.close()


def test_the_record_is_what_a_replay_says(url: str, nth_log: int, tmp_path: Path) -> None:
    chance, count, done = random.Random(nth_log), 2000, 0
    acme, some = project(tmp_path / "acme"), messages(nth_log, count)
    database = connect(url)
    prepare(database)
    grown = 0
    for _ in range(KILLS_OF_ONE_LOG):
        end = VerdictLog(database).end()
        victim = Victim(serve, url, tmp_path / "acme", nth_log, done, count)
        victim.kill_after(chance.randint(1, 20), chance.uniform(0, 0.1))
        assert victim.acknowledged
        done = victim.acknowledged[-1]
        is_sound(database)
        keys = {bytes(key) for (key,) in database.rows("SELECT key FROM messages")}
        assert keys >= {stored_key(message.key) for message in some[:done]}
        with database.transaction():
            database.in_order("transitions")  # a server may still be at the commit of a process that is gone
            assert standing(database) == standing_after(recorded(database)), "both or neither"
        grown += VerdictLog(database).end() > end
        now = some[done - 1].received
        service = Service(acme, connect=lambda: connect(url), compiled=False, clock=lambda now=now: now, lease=LEASE)
        service.start()
        while not service.state.ready or service.evaluator.shares != ALL_SHARES:
            assert not service.state.trouble
            sleep(0.002)
        service.stop()
        assert recorded(database) == expected(acme, database, now)
        assert standing(database) == standing_after(recorded(database))
    assert grown, "all were killed before they had recorded anything"
    database.close()
