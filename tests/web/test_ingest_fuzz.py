"""Whatever comes: never a 500, never an exception, and nothing acknowledged that the readers cannot read."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fireflower.web.ingest import Limits
from fireflower.web.ingest.keys import without_keys
from web.asking import KEY, NOW, Desk

PATHS = [
    "/v1/batch",
    "/v1/track",
    "/v1/identify",
    "/v1/g",
    "/v1/alias",
    "/batch/",
    "/e/",
    "/e/?compression=base64",
    "/flags",
]

texts = st.text(max_size=6) | st.sampled_from(
    ["u1", "acme", " ", "", "track", "group", "identify", "alias", "page", "m"]
)
TIMES: list[Any] = [
    *("2026-03-01T11:00:00Z", "2026-03-01", "1970-01-01T00:00:00Z", "2099-12-31T23:59:59.999999Z"),
    *("2026-03-02T11:59:59Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-03-01T11:00:00+01:00"),
    *("20260301", "1772362800", "2026-W09-7", "2026-03-01 11:00:00 UTC", "1e5", "NaN"),
    *("", 0, -1, 1772362800000, 1e300, True, None, [], {}),
]
times = st.sampled_from(TIMES)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)
segment_objects = st.fixed_dictionaries({}, optional={"groupId": scalars | texts, "traits": values})
segment_events = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["track", "identify", "group", "page", "screen", "alias", None, 5, "x"]),
        "event": texts | values,
        "userId": texts | scalars,
        "anonymousId": texts | scalars,
        "previousId": texts | scalars,
        "groupId": texts | scalars,
        "messageId": texts | scalars,
        "timestamp": times,
        "originalTimestamp": times,
        "sentAt": times,
        "receivedAt": times,
        "properties": st.dictionaries(texts, values, max_size=3) | values,
        "traits": st.dictionaries(texts, values, max_size=3) | values,
        "context": segment_objects | values,
        "name": values,
    },
)
posthog_parts = {
    "$groups": st.dictionaries(st.sampled_from(["company", "team"]), texts | values, max_size=2) | values,
    "$set": st.dictionaries(texts, values, max_size=2) | values,
    "$set_once": st.dictionaries(texts, values, max_size=2) | values,
    "$unset": st.lists(texts, max_size=2) | values,
    "$anon_distinct_id": texts | values,
    "alias": texts | values,
    "$group_key": texts | values,
    "$group_set": values,
    "$ignore_sent_at": st.booleans(),
    "token": texts | values,
}
posthog_events = st.fixed_dictionaries(
    {},
    optional={
        "event": st.sampled_from(["Ran", "$identify", "$set", "$create_alias", "$groupidentify", "$unset"]) | values,
        "distinct_id": texts | values,
        "$distinct_id": texts | values,
        "uuid": texts | values,
        "timestamp": times,
        "sent_at": times,
        "offset": st.integers() | st.floats() | values,
        "properties": st.fixed_dictionaries({}, optional=posthog_parts) | values,
        "$set": values,
        "$set_once": st.dictionaries(texts, values, max_size=2) | values,
    },
)
events = segment_events | posthog_events | values


def json_bytes(value: Any) -> bytes:
    """As Python's clients write it: with NaN, and with halves of pairs."""
    return json.dumps(value).encode()


bodies = st.one_of(
    st.binary(max_size=60),
    st.binary(max_size=60).map(lambda data: b"\x1f\x8b" + data),
    st.binary(max_size=60).map(gzip.compress),
    st.binary(max_size=60).map(lambda data: b"data=" + data),
    values.map(json_bytes),
    events.map(json_bytes),
    st.lists(events, max_size=4).map(json_bytes),
    st.fixed_dictionaries(
        {"batch": st.lists(events, max_size=4) | values},
        optional={"sentAt": times, "sent_at": times, "context": segment_objects | values, "writeKey": values},
    ).map(json_bytes),
)
headers = st.sampled_from(
    [
        KEY,
        {},
        {**KEY, "content-encoding": "gzip"},
        {**KEY, "content-encoding": "deflate"},
        {"authorization": "Basic \xff"},
    ]
)
many = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@many
@given(path=st.sampled_from(PATHS), body=bodies, headers=headers, data=st.data())
def test_any_body_is_answered(path: str, body: bytes, headers: dict[str, str], data: st.DataObject) -> None:
    if data.draw(st.booleans(), label="cut"):
        body = body[: data.draw(st.integers(0, len(body)))]
    desk = Desk(Limits(body=5_000, events=50))
    answer = desk.post(path, body, headers, chunk=data.draw(st.sampled_from([0, 3])))
    assert answer.status in (200, 400, 401, 413)
    assert isinstance(answer.json, dict)
    assert answer.status == 200 or {"code", "message", "detail"} <= answer.json.keys()
    desk.told()


@many
@given(path=st.sampled_from(["/v1/batch", "/batch/"]), data=st.data())
def test_what_is_accepted_can_be_read_and_the_rest_is_kept(path: str, data: st.DataObject) -> None:
    kind = segment_events if path == "/v1/batch" else posthog_events
    batch = data.draw(st.lists(kind, min_size=1, max_size=5))
    around = data.draw(
        st.fixed_dictionaries({}, optional={"sentAt": times, "sent_at": times, "context": segment_objects})
    )
    desk = Desk()
    whole = json_bytes({"batch": batch, **around})
    answer = desk.post(path, whole)
    assert answer.status == 200
    counts = answer.json
    assert counts["accepted"] + counts["duplicates"] + counts["rejected"] == len(batch)
    assert len(desk.messages()) == counts["accepted"]
    for record in desk.told():
        assert record["time"] < NOW + Limits().ahead
    kept = desk.sink.rejects["key-a"]
    if len(kept) < counts["rejected"]:  # of events that cannot be cut out, the body is kept once
        assert sum(reject.body == without_keys(whole, "key-a") for reject in kept) == 1
    else:
        assert len(kept) == counts["rejected"]


@given(query=st.binary(max_size=40), path=st.text(max_size=20))
def test_any_address_is_answered(query: bytes, path: str) -> None:
    desk = Desk()
    for asked in (path, "/e/"):
        answer = asyncio.run(desk.ask("POST", asked.replace("?", ""), b"x", {}, query_string=query))
        assert answer.status in (200, 400, 401, 404, 405)


@pytest.mark.parametrize("depth", [90, 101, 500, *range(900, 1000, 5), 5_000])
@pytest.mark.parametrize("part", ["properties", "traits", "context", "other"])
def test_any_depth(depth: int, part: str) -> None:
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    desk = Desk()
    body = b'{"batch": [{"type": "identify", "userId": "u1", "%b": %b}, {"type": "identify", "userId": "u1"}]}'
    answer = desk.post("/v1/batch", body % (part.encode(), deep))
    assert answer.status in (200, 400)
    desk.told()
    assert answer.status == 400 or answer.json["accepted"] == (2 if depth < 100 else 1)
