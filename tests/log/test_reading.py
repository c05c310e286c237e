"""What is read of the log together is what the reader of each form says of its messages, one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from fireflower.history.arrivals import Numbered
from fireflower.history.log.database import SQLite
from fireflower.history.log.durable import Durable, number_of
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.reading import PLAIN, LogReader, MessageReader
from fireflower.history.log.schema import prepare
from fireflower.history.mapping import Mapping
from fireflower.history.readers import open_source
from fireflower.history.readers.batches import OBJECT, Batch, Told
from fireflower.history.readers.records import RecordFile, RecordWriter
from fireflower.model.messages import Form, Message
from fireflower.model.records import Kind

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


def a_log(tmp_path: Path, properties: str = '{"n": %d}') -> MessageLog:
    """1,000 messages, of which some are no plain events."""
    database = SQLite(tmp_path / "log.sqlite")
    prepare(database)
    log = MessageLog(database)
    messages: list[Message] = []
    for number in range(1_000):
        form, said = OTHERS[number // 7 % len(OTHERS)] if number % 7 == 3 else ("segment", {**TRACK, "n": number})
        body = json.dumps({**said, "messageId": f"m{number}", "properties": {}})
        body = body.replace('"properties": {}', f'"properties": {properties % number}')
        messages.append(Message(form, f"m{number}", body.encode(), 0, "web"))
    with database.transaction():
        log.append(messages)
    return log


def test_messages_of_all_kinds_are_read_in_the_order_of_the_log(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    durable = LogReader(log._database, PLAIN).read(log.all())
    assert durable.places.tolist() == [kept.position for kept in log.all()] and len(durable) == 1_000
    assert len(durable.arrivals.others) > 10
    assert durable.arrivals.numbered() == read_by_form(log)


@pytest.mark.parametrize("properties", ['{"n": %d}', '{ "n" :%d.50, "t": "\\u00e9", "o": {"a": [1, {}]}}', "null%.0s"])
def test_what_is_told_to_be_moved_is_what_each_says_and_reads_the_same_from_a_file(
    properties: str, tmp_path: Path
) -> None:
    """Properties as they were written, and with the numbers of the log."""
    log = a_log(tmp_path, properties)
    reader = MessageReader(once=lambda what, time: False)
    expected = [
        one._replace(number=number_of(each.position, nth))
        for each in log.all()
        for nth, one in enumerate(reader.told(each))
    ]
    told = [one for some in LogReader(log._database, PLAIN).told(log.all()) for one in some]
    assert told == expected and len(told) > 1_000
    with RecordWriter(tmp_path / "records.parquet") as file:
        for start in range(0, len(told), 300):
            file.add(told[start : start + 300])
    source = open_source(tmp_path / "records.parquet", Mapping(table="records"))
    read = [Told(*row) for batch in source.batches() for row in rows_of(batch)]
    assert isinstance(source, RecordFile) and file.count == len(told)
    assert [one._replace(kind=Kind(one.kind)) for one in read] == [
        one._replace(properties=one.properties.decode() if one.properties else None) for one in told
    ]


def rows_of(batch: Batch) -> Iterable[Any]:
    columns = {**batch.columns, "properties": batch.properties[OBJECT]}
    return zip(*(columns[name].to_pylist() for name in Told._fields), strict=True)
