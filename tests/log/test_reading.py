"""What is read of the log together is what the reader of each form says of its messages, one by one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fireflower.history.arrivals import Numbered
from fireflower.history.log.database import SQLite
from fireflower.history.log.durable import Durable
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.reading import PLAIN, LogReader, MessageReader
from fireflower.history.log.schema import prepare
from fireflower.model.messages import Form, Message

TIME = "2026-03-01T10:00:00.123Z"
TRACK = {"type": "track", "event": "Open", "userId": "ann", "timestamp": TIME, "receivedAt": TIME}
OTHERS: tuple[tuple[Form, dict[str, Any]], ...] = (
    ("segment", {**TRACK, "type": "page", "name": "Pricing"}),
    ("segment", {**TRACK, "type": "identify", "traits": {"plan": "free", "seats": 3}}),
    ("segment", {**TRACK, "type": "group", "groupId": "acme", "traits": {"plan": "free"}}),
    ("segment", {**TRACK, "userId": 7}),
    ("segment", {**TRACK, "timestamp": "1772359200"}),
    ("posthog", {"event": "Open", "distinct_id": "bob", "timestamp": TIME, "created_at": TIME}),
)


def read_by_form(log: MessageLog) -> list[Numbered]:
    reader = MessageReader(once=lambda what, time: False)
    return Durable.of((kept.position, reader.records([kept])) for kept in log.all()).arrivals.numbered()


def test_messages_of_all_kinds_are_read_in_the_order_of_the_log(tmp_path: Path) -> None:
    database = SQLite(tmp_path / "log.sqlite")
    prepare(database)
    log = MessageLog(database)
    messages: list[Message] = []
    for number in range(1_000):
        form, said = OTHERS[number // 7 % len(OTHERS)] if number % 7 == 3 else ("segment", {**TRACK, "n": number})
        said = {**said, "properties": {"n": number}, "messageId": f"m{number}"}
        messages.append(Message(form, f"m{number}", json.dumps(said).encode(), 0, "web"))
    with database.transaction():
        log.append(messages)
    durable = LogReader(database, PLAIN).read(log.all())
    assert durable.places.tolist() == [kept.position for kept in log.all()] and len(durable) == 1_000
    assert len(durable.arrivals.others) > 10
    assert durable.arrivals.numbered() == read_by_form(log)
