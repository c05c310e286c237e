"""What the ingest says of a message that it has looked at is what the reader says of its body."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fireflower.history.log.reading import MessageReader, record_of
from fireflower.history.mapping import Mapping
from fireflower.history.readers.plain_segment import PlainReader, plains
from fireflower.history.readers.times import TimeReader
from fireflower.model.messages import Message
from fireflower.model.records import Kind, Record
from fireflower.web.ingest.envelopes import opened_texts
from fireflower.web.ingest.limits import Limits
from fireflower.web.ingest.segment import SegmentDelivery, SegmentForm

RECEIVED = 1_772_359_201_234_567

IDS = st.sampled_from(("ann", " ann ", "b\u00f6b", "", "   ", "x1")) | st.none() | st.integers(0, 3)
TIMES = st.sampled_from(
    (
        "2026-03-01T10:00:00.123Z", "2026-03-01T10:00:00.123456+02:00", "2026-03-01", "20260301", "2026-03-01T10:00:00",
        "2026-03-01T09:59:59Z ", "1772359200", "2026-02-28T23:00:00 UTC", "1969-01-01T00:00:00Z", "soon", None,
        1772359200,
    )
)  # fmt: skip
TIME_TEXTS = (
    *(f'"{time}"' for time in (
        "2026-03-01T10:00:00.123Z", "2026-03-01T10:00:00.123456+02:00", "2026-03-01T10:00:00,5Z", "20260301T100000Z",
        "2026-03-01x10:00:00Z", "2026-W09-7T10:00:00Z", "2026-03-01T10:00:00.Z", "2026-03-01T10:00:00+02:00:30",
        "2026-02-30T10:00:00Z", "2026-03-01T24:00:00Z", "2026-03-01T10:00:60Z", "2026-03-01T10:00:00\\u005a", "",
        "2026-03-01 10:00:00 Europe/Berlin", " 2026-03-01T10:00:00Z\\n", "1969-12-31T23:00:00-02:00",
        "2100-01-01T00:00:00Z", "2099-12-31T23:59:59.999Z", "2026-03-02T09:59:59Z", "2026-03-04T10:00:00Z",
    )),
    "1772359200", "1772359200.5", "null",
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
    "traits": PROPERTIES,
    "context": st.fixed_dictionaries({}, optional={"groupId": IDS, "traits": PROPERTIES}) | st.none(),
    "name": st.sampled_from(("Pricing", "", None)) | VALUES,
    "category": st.sampled_from(("Docs", None)) | VALUES,
}
EVENTS = st.fixed_dictionaries(
    {"type": st.sampled_from(("track", "track", "page", "screen", "identify", "group")), "messageId": st.just(" m-1")},
    optional=PARTS,
)


ID_TEXTS = ("ann", " ann\\t", "b\\u00f6b", "\u2003", "", "x" * 500, "x" * 501)
TEXT_PARTS = {
    "type": ('"page"', '"screen"', '"identify"', '"group"'),
    "event": ('"Report Run"', '" Report\\u0020Run"', '""', "7", "null"),
    "userId": (*(f'"{id}"' for id in ID_TEXTS), "7", "7.0", "null"),
    "anonymousId": (*(f'"{id}"' for id in ID_TEXTS), "null"),
    "groupId": ('"acme"', '" acme "', "1.5", "null"),
    "timestamp": TIME_TEXTS,
    "originalTimestamp": TIME_TEXTS,
    "sentAt": TIME_TEXTS,
    "receivedAt": TIME_TEXTS,
    "name": ('"Pricing"', "null", '{"a": [1e3, -0.0]}'),
    "category": ('"Docs"', "null", "7"),
    "properties": (
        '{"name": "own", "a": 1}',
        '{"a": 1.5, "a": [1e3, -0.0]}',
        '{"a": {"b": "\\ud83d\\ude00"}}',
        "{}",
        "null",
        "[]",
        '"x"',
    ),
    "traits": (
        '{"plan": "free", "plan": null}',
        '{"a": {"b": 1e999}, "a.b": [1e999, 2]}',
        '{"": 1, "n": -0.0}',
        "[]",
        "null",
    ),
    "context": ('{"groupId": "acme"}', '{"groupId": " ", "traits": []}', '{"traits": {}}', "7", "null"),
}
TEXTS = st.builds(
    lambda parts, comma: "{" + comma.join(['"messageId":" m-1"', *(f'"{name}": {text}' for name, text in parts)]) + "}",
    st.lists(
        st.one_of(*(st.tuples(st.just(name), st.sampled_from(texts)) for name, texts in TEXT_PARTS.items())), max_size=9
    ).map(lambda parts: [("type", '"track"'), ("userId", '"ann"'), ("event", '"Open"'), *parts]),
    st.sampled_from((",", " ,\n\t")),
)
"""Objects as they may come: keys stand in them twice, and values of all spellings."""


@given(st.lists(EVENTS, min_size=1, max_size=4), TIMES)
def test_what_is_said_is_what_is_read(events: list[dict[str, Any]], sent: Any) -> None:
    assert_said(json.dumps({"batch": events, "sentAt": sent}).encode())


@given(st.lists(TEXTS, min_size=1, max_size=4), st.sampled_from(TIME_TEXTS))
def test_what_is_said_is_what_is_read_however_it_is_written(events: list[str], sent: str) -> None:
    assert_said(f'{{"batch": [{",".join(events)}], "sentAt": {sent}}}'.encode())


def assert_said(body: bytes) -> None:
    envelope = opened_texts(body)
    if envelope is None:
        return
    form = SegmentForm(Mapping(form="segment"), Limits())
    taken, said = form.opened(envelope, RECEIVED).plain(envelope.events)
    alone = form.opened(envelope, RECEIVED)
    for text, found in zip(envelope.events, taken, strict=True):
        if found is not None:
            key, taken_alone = alone.take(json.loads(bytes(text)), 0)
            assert found[0] == key and json.loads(found[1]) == json.loads(taken_alone)
    for place, event in zip(said.of, said.events.records(), strict=True):
        found = taken[place]
        assert found is not None
        assert read_together([found[1]]) == [[event]]
        records = read_by_form(found[1])
        assert [each for each in records if each.kind == Kind.EVENT] == [event]
        others = [str(each.value) for each in records if each.kind == Kind.IDENTITY]
        both = said.both.get(place)
        assert others == ([] if both is None else [both[1]]) and len(records) == 1 + len(others)
    for place, said_of in said.records.items():
        found = taken[place]
        assert found is not None
        records = read_by_form(found[1])
        assert [each for each in records if each.kind != Kind.IDENTITY] == said_of
        both = said.both.get(place)
        named = [(each.person, str(each.value)) for each in records if each.kind == Kind.IDENTITY]
        assert named == ([] if both is None else [both])


def read_by_form(body: bytes) -> list[Record]:
    return [record_of(each) for each in MessageReader().told(Message("segment", "m-1", body, RECEIVED, "web"))]


def read_together(bodies: list[bytes]) -> list[list[Record]]:
    """The events that are read of messages without a closer look."""
    events, of = PlainReader(TimeReader(Mapping(form="segment"))).events(plains(bodies))
    read = dict(zip(of, events.records(), strict=True))
    return [[read[place]] if place in read else [] for place in range(len(bodies))]


def assert_read(bodies: list[bytes]) -> None:
    for body, events in zip(bodies, read_together(bodies), strict=True):
        if events:
            assert [each for each in read_by_form(body) if each.kind != Kind.IDENTITY] == events


@given(
    st.lists(EVENTS, min_size=1, max_size=3), st.sampled_from(("2026-03-01T10:00:05Z", None, 1772359200, "", "soon"))
)
def test_what_is_plain_in_the_log_is_what_its_reader_reads(events: list[dict[str, Any]], received: Any) -> None:
    assert_read([json.dumps({**event, "receivedAt": received}).encode() for event in events])


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_what_is_plain_in_the_log_is_what_its_reader_reads_however_it_is_written(texts: list[str]) -> None:
    assert_read([text.encode() for text in texts])


def test_of_messages_that_are_read_together_each_is_what_it_is_alone() -> None:
    event = {"type": "track", "event": "Open", "userId": "ann", "timestamp": "2026-03-01T10:00:00Z"}
    events = [{**event, "receivedAt": f"2026-03-01T10:00:0{second}Z", "userId": f"p{second}"} for second in range(5)]
    events[2]["userId"] = 7  # of no usual type: so no message of these can be read together with others
    bodies = [json.dumps(each).encode() for each in events]
    assert [len(each) for each in read_together(bodies)] == [1, 1, 0, 1, 1]
    assert read_together(bodies) == [read_together([body])[0] for body in bodies]


@pytest.mark.parametrize(
    "time",
    ["2026-03-01x10:00:00Z", "2026-W09-7T10:00:00Z", "2026-03-01T10:00:00.Z", "2026-03-01T10:00:00+02:00:30", "soon"],
)
def test_a_time_that_the_reader_does_not_read_is_refused(time: str) -> None:
    event = {"type": "track", "event": "Open", "userId": "ann", "messageId": "m", "timestamp": time}
    envelope = opened_texts(json.dumps({"batch": [event]}).encode())
    assert envelope is not None
    delivery = SegmentForm(Mapping(form="segment"), Limits()).opened(envelope, RECEIVED)
    assert delivery.plain(envelope.events)[0] == [None]
    with pytest.raises(ValueError, match="cannot read the time"):
        delivery.take(event, 0)


def test_most_events_are_said() -> None:
    event = {"type": "track", "event": "Open", "userId": "ann", "messageId": "m", "timestamp": "2026-03-01T10:00:00Z"}
    envelope = opened_texts(json.dumps({"batch": [event], "sentAt": "2026-03-01T10:00:01.234567Z"}).encode())
    assert envelope is not None
    delivery = SegmentForm(Mapping(form="segment"), Limits()).opened(envelope, RECEIVED)
    _, said = delivery.plain(envelope.events)
    assert said.of == [0] and said.events.time.tolist() == [RECEIVED - 1_234_567]


@pytest.mark.parametrize("depth", [97, 98, 99, 100, 101])
@pytest.mark.parametrize("beside", ["", "[]", "{", "[" * 120, "{" * 120])
def test_how_deep_an_event_may_be_is_the_same_however_it_is_looked_at(depth: int, beside: str) -> None:
    text = json.dumps({"type": "track", "event": "Open", "userId": "ann", "messageId": "m", "x": beside})
    event = text.replace('"x"', '"properties": ' + '{"":' * depth + "1" + "}" * depth + ', "x"')

    def taken(delivery: SegmentDelivery) -> Any:
        try:
            return json.loads(delivery.take(json.loads(event), 0)[1])
        except ValueError as error:
            return str(error)

    envelope = opened_texts(b'{"batch":[%b]}' % event.encode())
    assert envelope is not None
    form = SegmentForm(Mapping(form="segment"), Limits())
    delivery, other = form.opened(envelope, RECEIVED), form.opened(envelope, RECEIVED)
    (plain,), _ = delivery.plain(envelope.events)
    assert plain is None or json.loads(plain[1]) == taken(other)


def test_an_event_on_several_lines_becomes_one() -> None:
    event = {"type": "track", "event": "Open", "userId": "ann", "messageId": "m", "timestamp": "2026-03-01T10:00:00Z"}
    envelope = opened_texts(json.dumps({"batch": [event]}, indent=1).encode())
    assert envelope is not None and not envelope.is_flat
    delivery = SegmentForm(Mapping(form="segment"), Limits()).opened(envelope, RECEIVED)
    assert delivery.plain(envelope.events)[0] == [None]
    _, body = delivery.take(json.loads(bytes(envelope.events[0])), 0)
    assert b"\n" not in body and json.loads(body).items() >= event.items()
