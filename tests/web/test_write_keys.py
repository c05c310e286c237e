"""Write keys, as the server looks them up."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest
from live.messaging import make_project

from fireflower.app.live.access import make_token, revoke_token
from fireflower.app.live.service import Service
from fireflower.app.project import Project
from fireflower.history.log.database import StorageError
from fireflower.history.log.tokens import Tokens
from fireflower.web import keys as looking_up
from fireflower.web.keys import WriteKeys


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "project")


def test_they_are_looked_up_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking_up, "_BELIEVED", 0.0)
    keys = WriteKeys(Service(project, compiled=False))
    key, reader = make_token(project, "web", "write"), make_token(project, "app", "read")
    asyncio.run(keys.look_up())
    assert (keys.source(key), keys.source(reader), keys.source("other")) == ("web", None, None)
    assert keys.instead(reader) == "the token 'app' is of the scope read"
    revoke_token(project, "web")
    asyncio.run(keys.look_up())
    assert keys.source(key) is None


def test_a_database_that_does_not_answer_keeps_nobody_waiting_for_long(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking_up, "_BELIEVED", 0.0)
    monkeypatch.setattr(looking_up, "_ANSWERS", 0.2)
    key = make_token(project, "web", "write")
    keys = WriteKeys(Service(project, compiled=False))
    answers = threading.Event()

    def hanging(tokens: Tokens) -> list[object]:
        answers.wait(30)
        raise StorageError("the connection was lost")

    monkeypatch.setattr(Tokens, "accepted", hanging)

    async def ask() -> list[str | None]:
        found = []
        for _ in range(20):
            await keys.look_up()
            found.append(keys.source(key))
        answers.set()
        return found

    begun = time.monotonic()
    assert asyncio.run(ask()) == ["web"] * 20
    assert time.monotonic() - begun < 10
