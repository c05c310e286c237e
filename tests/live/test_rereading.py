"""What was kept aside says, read again, what it would have said when it came."""

from __future__ import annotations

import json
from typing import Any

import pytest
from web.asking import Desk

from fireflower.app.live.rereading import read_again
from fireflower.history.log.reading import PLAIN, MessageReader
from fireflower.history.log.rejects import Rejected
from fireflower.history.readers.batches import Told
from fireflower.model.messages import Message
from fireflower.model.moments import HOUR
from fireflower.web.ingest import Limits

LATER = "2026-03-01T14:00:00Z"
SENT = "2026-03-01T11:00:00Z"
EVENT = {"type": "track", "event": "Ran", "userId": "u1", "messageId": "m1", "timestamp": LATER}
HOG = {"event": "Ran", "distinct_id": "u1", "uuid": "m1", "timestamp": LATER, "properties": {}}


def said(message: Message) -> list[Told]:
    return MessageReader().told(message)


def reread(desk: Desk, source: str = "key-a") -> tuple[list[Message], list[str]]:
    kept = [
        Rejected(id, each.received, each.source, each.reason, each.body, None)
        for id, each in enumerate(desk.sink.rejects[source])
    ]
    found = read_again(kept, PLAIN)
    return found.messages, [reason for _, reason in found.still]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/batch", {"batch": [EVENT], "context": {"groupId": "acme"}, "writeKey": "key-a"}),
        ("/v1/batch", {"batch": [EVENT | {"sentAt": SENT}], "sentAt": "2026-03-01T13:00:00Z"}),
        ("/v1/batch", {"batch": [EVENT], "sentAt": SENT}),
        ("/v1/identify", {"userId": "u1", "messageId": "m1", "timestamp": LATER, "traits": {"plan": "pro"}}),
        ("/v1/group", {"userId": "u1", "groupId": "acme", "messageId": "m1", "timestamp": LATER, "traits": []}),
        ("/v1/page", {"userId": "u1", "messageId": "m1", "timestamp": LATER, "name": "Home"}),
        ("/v1/track", {**EVENT, "properties": {"n": float("nan")}}),
        ("/batch/", {"batch": [HOG]}),
        ("/batch/", {"batch": [HOG], "sent_at": SENT}),
        ("/capture/", {**HOG, "offset": -2 * HOUR // 1000, "properties": {"n": float("nan")}}),
        ("/capture/", {**HOG, "sent_at": SENT, "api_key": "key-a"}),
    ],
)
def test_an_event_is_the_one_that_was_sent(path: str, body: dict[str, Any]) -> None:
    strict, usual = Desk(Limits(ahead=HOUR)), Desk()
    strict.post(path, body)
    usual.post(path, body)
    assert "after its receipt" in strict.reasons()[0]
    (again,), still = reread(strict)
    assert (again.key, said(again), still) == ("m1", said(usual.messages()[0]), [])


def test_an_event_with_a_long_id_is_known_by_the_same_key() -> None:
    strict, usual, long = Desk(Limits(ahead=HOUR)), Desk(), EVENT | {"messageId": "m" * 300}
    strict.post("/v1/batch", {"batch": [long]})
    usual.post("/v1/batch", {"batch": [long]})
    (again,), still = reread(strict)
    assert (again.key, still) == (usual.messages()[0].key, [])
    assert again.key.startswith("long:")


def test_what_cannot_be_read_yet_is_not_read_in_part() -> None:
    desk = Desk()
    desk.post("/v1/batch", {"batch": [EVENT], "sentAt": "garbage", "context": {"groupId": "acme"}})
    messages, (reason,) = reread(desk)
    assert not messages and "cannot read the time 'garbage'" in reason
    assert json.loads(desk.sink.rejects["key-a"][0].body)["context"] == {"groupId": "acme"}


def test_too_far_ahead_by_our_clock_stays_so() -> None:
    desk = Desk()
    desk.post("/batch/", {"batch": [HOG], "sent_at": "2026-02-27T12:00:00Z"})
    messages, (reason,) = reread(desk)
    assert not messages and "2 days after its receipt" in reason
