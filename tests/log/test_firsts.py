"""What counts only when it is first said is known for ever, however much is said besides."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from fireflower.history.log import firsts as firsts_module
from fireflower.history.log.database import SQLite
from fireflower.history.log.firsts import Firsts
from fireflower.history.log.schema import prepare


def opened(tmp_path: Path) -> SQLite:
    database = SQLite(tmp_path / "log.sqlite")
    prepare(database)
    return database


@pytest.mark.parametrize("seed", range(8))
def test_it_is_known_however_few_things_are_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(firsts_module, "_REMEMBERED", 3)
    database, draw = opened(tmp_path), Random(seed)
    firsts, said = Firsts(database), dict[tuple[str, ...], int]()
    for position in range(200):
        what, time = (draw.choice(("identity", "set once")), str(draw.randrange(12))), draw.randrange(5)
        is_new = what not in said or (what[0] == "identity" and time < said[what])
        assert firsts.is_new(what, time) == is_new
        if not is_new:
            continue
        firsts.note(what, time)
        if draw.random() < 0.2:
            firsts.take_back(what)  # as the message was not kept
            continue
        said[what] = time
        with database.transaction():
            firsts.add([(what, position, time)])
    assert len(said) > 15


def test_what_is_asked_for_all_the_time_is_not_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firsts_module, "_REMEMBERED", 10)
    database = opened(tmp_path)
    firsts, ann = Firsts(database), ("identity", "ann", "a-1")
    with database.transaction():
        firsts.add([(ann, 0, 5), *((("identity", "other", str(nth)), nth, 5) for nth in range(1, 100))])
    looked_up: list[Any] = []
    rows = database.rows
    monkeypatch.setattr(database, "rows", lambda *asked: looked_up.append(asked) or rows(*asked))
    for nth in range(1, 100):
        assert not firsts.is_new(ann, 5)
        assert not firsts.is_new(("identity", "other", str(nth)), 5)
        firsts.add([])
    assert len(looked_up) == 100
