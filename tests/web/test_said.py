"""What the ingest says of a message that it has looked at is what the reader says of its body."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fireflower.history.log.reading import MessageReader, PlainReader, record_of
from fireflower.history.mapping import Mapping
from fireflower.model.messages import Message
from fireflower.model.records import Kind
from fireflower.web.ingest.envelopes import opened_texts
from fireflower.web.ingest.limits import Limits
from fireflower.web.ingest.segment import SegmentForm

RECEIVED = 1_772_359_201_234_567

IDS = st.sampled_from(("ann", " ann ", "b\u00f6b", "", "   ", "x1")) | st.none() | st.integers(0, 3)
TIMES = st.sampled_from(
    (
        "2026-03-01T10:00:00.123Z", "2026-03-01T10:00:00.123456+02:00", "2026-03-01", "20260301", "2026-03-01T10:00:00",
        "2026-03-01T09:59:59Z ", "1772359200", "2026-02-28T23:00:00 UTC", "1969-01-01T00:00:00Z", "soon", None,
        1772359200,
    )
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
PROPERTIES = st.dictionaries(st.text(max_size=3), VALUES, max_size=3) | st.none() | st.just([]) | st.just("text")
PARTS: dict[str, st.SearchStrategy[Any]] = {
    "event": st.sampled_from(("Report Run", " Report Run", "", 7, None)),
    "userId": IDS,
    "anonymousId": IDS,
    "groupId": IDS,
    "timestamp": TIMES,
    "originalTimestamp": TIMES,
    "sentAt": TIMES,
    "properties": PROPERTIES,
    "context": st.fixed_dictionaries({}, optional={"groupId": IDS, "traits": PROPERTIES}) | st.none(),
    "name": st.sampled_from(("Pricing", None)),
}
EVENTS = st.fixed_dictionaries(
    {"type": st.sampled_from(("track", "track", "track", "page", "identify", "group")), "messageId": st.just(" m-1")},
    optional=PARTS,
)


@given(st.lists(EVENTS, min_size=1, max_size=4), TIMES)
def test_what_is_said_is_what_is_read(events: list[dict[str, Any]], sent: Any) -> None:
    envelope = opened_texts(json.dumps({"batch": events, "sentAt": sent}).encode())
    assert envelope is not None
    delivery = SegmentForm(Mapping(form="segment"), Limits()).opened(envelope, RECEIVED)
    for position, text in enumerate(envelope.events):
        assert isinstance(text, msgspec.Raw)
        try:
            key, body, said, other = delivery.take_text(text, position)
        except ValueError:
            continue
        if said is None:
            continue
        message = Message("segment", key, body, RECEIVED, "web")
        assert PlainReader(Mapping(form="segment")).event(message) == said
        told = MessageReader().told(message)
        records = [record_of(each) for each in told]
        assert [each for each in records if each.kind == Kind.EVENT] == [said]
        others = [str(each.value) for each in records if each.kind == Kind.IDENTITY]
        assert others == ([] if other is None else [other]) and len(records) == 1 + len(others)


@given(
    st.lists(EVENTS, min_size=1, max_size=3), st.sampled_from(("2026-03-01T10:00:05Z", None, 1772359200, "", "soon"))
)
def test_what_is_plain_in_the_log_is_what_its_reader_reads(events: list[dict[str, Any]], received: Any) -> None:
    plain = PlainReader(Mapping(form="segment"))
    for event in events:
        body = json.dumps({**event, "receivedAt": received}).encode()
        message = Message("segment", "m-1", body, RECEIVED, "web")
        if (record := plain.event(message)) is not None:
            told = [record_of(each) for each in MessageReader().told(message)]
            assert [each for each in told if each.kind != Kind.IDENTITY] == [record]


def test_most_events_are_said() -> None:
    event = {"type": "track", "event": "Open", "userId": "ann", "messageId": "m", "timestamp": "2026-03-01T10:00:00Z"}
    envelope = opened_texts(json.dumps({"batch": [event], "sentAt": "2026-03-01T10:00:01.234567Z"}).encode())
    assert envelope is not None
    delivery = SegmentForm(Mapping(form="segment"), Limits()).opened(envelope, RECEIVED)
    _, _, said, _ = delivery.take_text(envelope.events[0], 0)
    assert said is not None and said.time == RECEIVED - 1_234_567


@pytest.mark.parametrize("depth", [97, 98, 99, 100, 101])
@pytest.mark.parametrize("beside", ["", "[]", "{", "[" * 120, "{" * 120])
def test_how_deep_an_event_may_be_is_the_same_however_it_is_looked_at(depth: int, beside: str) -> None:
    text = json.dumps({"type": "track", "event": "Open", "userId": "ann", "messageId": "m", "x": beside})
    event = text.replace('"x"', '"properties": ' + '{"":' * depth + "1" + "}" * depth + ', "x"')

    def taken(take: Any) -> Any:
        try:
            return json.loads(take()[1])
        except ValueError as error:
            return str(error)

    envelope = opened_texts(b'{"batch":[%b]}' % event.encode())
    assert envelope is not None
    form = SegmentForm(Mapping(form="segment"), Limits())
    delivery, other = form.opened(envelope, RECEIVED), form.opened(envelope, RECEIVED)
    assert taken(lambda: delivery.take_text(envelope.events[0], 0)) == taken(lambda: other.take(json.loads(event), 0))


def test_an_event_on_several_lines_becomes_one() -> None:
    event = {"type": "track", "event": "Open", "userId": "ann", "messageId": "m", "timestamp": "2026-03-01T10:00:00Z"}
    envelope = opened_texts(json.dumps({"batch": [event]}, indent=1).encode())
    assert envelope is not None and not envelope.is_flat
    delivery = SegmentForm(Mapping(form="segment"), Limits()).opened(envelope, RECEIVED)
    _, body, _, _ = delivery.take_text(envelope.events[0], 0)
    assert b"\n" not in body and json.loads(body).items() >= event.items()
