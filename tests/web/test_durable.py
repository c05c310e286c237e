"""From a request to the log on disk: by the service's own writer, and what is said if it cannot write."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from fireflower.app.live.writing import Writer
from fireflower.history.log.database import SQLite, StorageError
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.reading import PLAIN, MessageReader
from fireflower.history.log.schema import prepare
from fireflower.model.messages import Message, Reject, Said
from fireflower.web.ingest import DurableSink, ingest
from web.asking import KEY, NOW, Desk

BATCH = {
    "batch": [
        {"type": "track", "event": "Ran", "userId": "u1", "messageId": "m1", "properties": {"n": 1}},
        {"type": "track", "event": "Ran", "userId": "u1", "messageId": "m2", "properties": {"n": float("nan")}},
        {"type": "track", "userId": "u1", "messageId": "m3"},
    ]
}


class Writing:
    """The part of the service that writes."""

    def __init__(self, writer: Any, waits: int = 0) -> None:
        self._writer, self.waits = writer, waits

    def submit(
        self, messages: Sequence[Message], rejects: Sequence[Reject] = (), said: Said | None = None
    ) -> Future[int]:
        return self._writer.submit(messages, rejects, said)

    def waiting(self) -> int:
        return self.waits


def desk_before(service: Any) -> Desk:
    desk = Desk()
    desk.app = ingest(DurableSink(service, most_waiting=10), desk.sink, clock=lambda: NOW)
    return desk


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SQLite]:
    database = SQLite(tmp_path / "log.sqlite")
    prepare(database)
    yield database
    database.close()


@pytest.fixture
def service(database: SQLite) -> Iterator[Writing]:
    writer = Writer(database, PLAIN, lambda durable: None)
    writer.start()
    yield Writing(writer)
    writer.stop()


def test_what_is_acknowledged_is_in_the_log_once(service: Writing, database: SQLite) -> None:
    desk = desk_before(service)
    first, again = desk.post("/v1/batch", BATCH), desk.post("/v1/batch", BATCH)
    assert [first.json[part] for part in ("accepted", "duplicates", "rejected")] == [2, 0, 1]
    assert [again.json[part] for part in ("accepted", "duplicates", "rejected")] == [0, 2, 1]
    records = MessageReader().records(MessageLog(database).all())
    assert [(record.person, record.message_id, dict(record.properties)) for record in records] == [
        ("u1", "m1", {"n": 1.0}),
        ("u1", "m2", {"n": None}),
    ]
    reasons = {reason for (reason,) in database.rows("SELECT reason FROM rejects")}
    assert reasons == {"names no event"}


def test_a_request_that_is_cancelled_is_written_all_the_same(service: Writing, database: SQLite) -> None:
    async def cancelled(desk: Desk) -> None:
        task = asyncio.ensure_future(desk.ask("POST", "/v1/batch", BATCH, KEY))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    desk = desk_before(service)
    asyncio.run(cancelled(desk))
    assert desk.post("/v1/batch", BATCH).json["duplicates"] == 2


class Broken:
    def submit(
        self, messages: Sequence[Message], rejects: Sequence[Reject] = (), said: Said | None = None
    ) -> Future[int]:
        failed: Future[int] = Future()
        failed.set_exception(StorageError("log.sqlite: database or disk is full. The disk is full: make room."))
        return failed


def test_a_log_that_cannot_be_written() -> None:
    answer = desk_before(Writing(Broken())).post("/v1/batch", BATCH)
    assert answer.status == 503 and answer.headers["retry-after"] == "30"
    assert answer.json["code"] == "unavailable" and "make room" in answer.json["message"]


def test_too_much_waits() -> None:
    answer = desk_before(Writing(Broken(), waits=11)).post("/v1/batch", BATCH)
    assert answer.status == 503 and answer.headers["retry-after"] == "2"
    assert answer.json["code"] == "overloaded" and "11 messages wait" in answer.json["message"]
