"""A log in PostgreSQL and the archive are one history, too."""

from __future__ import annotations

from pathlib import Path

import pytest
from log.databases import postgresql, server

from fireflower.app.live.backing_up import back_up
from fireflower.app.live.database import VARIABLE, log_file
from fireflower.app.live.exporting import export
from fireflower.app.project import Project
from live.messaging import JOINING, Side, at, make_project
from live.test_compacting import everything

__all__ = ["postgresql", "server"]


def test_the_log_moves(postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Side(make_project(tmp_path / "plain"), JOINING)
    monkeypatch.setenv(VARIABLE, postgresql)
    side = Side(make_project(tmp_path / "project"), JOINING)
    assert not log_file(side.project).exists()
    messages = everything()
    for each in (plain, side):
        each.take(*messages[:10], now=at(1.5))
    side.compactor().compact()
    for each in (plain, side):
        each.take(*messages[10:], now=at(1.6))
    assert side.transitions() == plain.transitions()
    side.compactor().compact()
    side.restart(at(1.6))
    assert side.transitions() == plain.transitions()
    assert not side.write(*messages)
    assert side.database.rows("SELECT COUNT(body) FROM messages") == [(0,)]
    found = list(export(Project(side.project.folder), "dan"))
    assert {each["what"] for each in found} == {"ids", "record", "transition"}
    assert back_up(side.project, tmp_path / "b.tar.zst", at(2)).messages == len(messages)
    plain.close()
    side.close()
