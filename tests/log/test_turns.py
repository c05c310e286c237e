"""Whose turn it is, on each database."""

from __future__ import annotations

import threading

import pytest

from fireflower.history.log.turns import SupersededError, Turn
from log.databases import Opener


def record(turn: Turn) -> None:
    with turn.recording():
        pass


def test_the_last_one_writes(opened: Opener) -> None:
    first, second = Turn(opened()), Turn(opened())
    with pytest.raises(SupersededError):
        record(first)
    first.take()
    record(first)
    second.take()
    record(second)
    with pytest.raises(SupersededError, match="another process has begun to evaluate this log"):
        record(first)
    first.take()
    with pytest.raises(SupersededError):
        record(first)
    record(second)


def test_what_is_under_way_is_finished_before(opened: Opener) -> None:
    first, database, second = Turn(opened()), opened(), Turn(opened())
    first.take()
    thread = threading.Thread(target=second.take)
    with first.recording():
        thread.start()
        thread.join(0.2)
        assert thread.is_alive(), "it waits"
    thread.join()
    with pytest.raises(SupersededError):
        record(first)
    assert len(database.rows("SELECT value FROM meta WHERE name = 'turn'")) == 1
