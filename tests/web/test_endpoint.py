"""Every path, every key, every way in which a request can be wrong: what is answered, and what is kept."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import threading
import time
import zlib
from typing import Any
from urllib.parse import quote

import pytest

from fireflower.history.mapping import Mapping
from fireflower.model.errors import InputError, Overloaded, Unavailable
from fireflower.web.ingest import Limits, elsewhere, handles, ingest
from fireflower.web.ingest.opening import envelope_of
from web.asking import KEY, NOW, Desk, basic
from web.serving import MemorySink

TRACK = {"type": "track", "event": "Ran", "userId": "u1", "messageId": "m1", "timestamp": "2026-03-01T11:00:00Z"}
CAPTURE = {"event": "Ran", "distinct_id": "u1", "uuid": "m1", "timestamp": "2026-03-01T11:00:00Z", "properties": {}}
BODIES = {
    "identify": {"userId": "u1", "traits": {"plan": "pro"}},
    "track": {"userId": "u1", "event": "Ran"},
    "page": {"userId": "u1", "name": "Home"},
    "screen": {"userId": "u1", "name": "Home"},
    "group": {"userId": "u1", "groupId": "acme", "traits": {"seats": 5}},
    "alias": {"userId": "u1", "previousId": "old"},
}
STAMP = "2026-03-01T12:00:00.000000Z"
RECORDS = {"identify": 1, "track": 1, "page": 1, "screen": 1, "group": 2, "alias": 1}


@pytest.mark.parametrize("pattern", ["/v1/{}", "/v1/{}/", "/api/s/{}", "/api/s/s2s/{}"])
@pytest.mark.parametrize("type", BODIES)
def test_one_event_a_request(pattern: str, type: str) -> None:
    desk = Desk()
    answer = desk.post(pattern.format(type), BODIES[type])
    assert answer.status == 200
    assert answer.json["accepted"] == 1
    assert len(desk.told()) == RECORDS[type]


@pytest.mark.parametrize("type", BODIES)
def test_browsers_say_one_letter(type: str) -> None:
    desk = Desk()
    assert desk.post(f"/v1/{type[0]}", BODIES[type], {"content-type": "text/plain", **KEY}).status == 200
    assert len(desk.told()) == RECORDS[type]


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/b", "/v1/import", "/v1/batch/", "//v1/batch"])
def test_batches_of_segment(path: str) -> None:
    desk = Desk()
    answer = desk.post(path, {"batch": [TRACK, {**TRACK, "messageId": "m2"}, TRACK], "sentAt": "2026-03-01T12:00:00Z"})
    assert answer.status == 200
    assert (answer.json["accepted"], answer.json["duplicates"], answer.json["rejected"]) == (2, 1, 0)
    assert [message.key for message in desk.messages()] == ["m1", "m2"]


@pytest.mark.parametrize(
    "path", ["/batch/", "/batch", "/capture/", "/e/", "/i/v0/e/", "/e/?ip=0&_=1772366400000&ver=1"]
)
@pytest.mark.parametrize(
    "body",
    [
        {"api_key": "key-a", "batch": [CAPTURE]},
        {"token": "key-a", **CAPTURE},
        {"api_key": "key-a", **CAPTURE},
        {**CAPTURE, "properties": {"token": "key-a"}},
        [{**CAPTURE, "properties": {"token": "key-a"}}],
    ],
    ids=["batch", "token", "api_key", "property", "list"],
)
def test_posthog(path: str, body: Any) -> None:
    desk = Desk()
    answer = desk.post(path, body, {})
    assert answer.status == 200
    assert [(message.form, message.key) for message in desk.messages()] == [("posthog", "m1")]
    assert desk.told()[0]["name"] == "Ran"
    assert b"key-a" not in desk.messages()[0].body


def wrappings() -> dict[str, tuple[str, bytes]]:
    plain = json.dumps({"api_key": "key-a", "batch": [CAPTURE], "text": "ü+/"}).encode()
    coded = base64.b64encode(plain)
    return {
        "form": ("/e/", b"data=" + quote(coded).encode()),
        "form, compression": ("/e/", b"data=" + quote(coded).encode() + b"&compression=base64"),
        "form, unquoted plus": ("/e/", b"data=" + coded),
        "form of plain JSON": ("/e/", b"data=" + quote(plain).encode()),
        "form of gzip": ("/e/", b"data=" + quote(base64.b64encode(gzip.compress(plain))).encode()),
        "later in the form": ("/e/", b"compression=base64&data=" + quote(coded).encode()),
        "bare base 64": ("/e/?compression=base64", coded),
        "urlsafe": ("/e/?compression=base64", base64.urlsafe_b64encode(plain).rstrip(b"=")),
        "gzip-js": ("/e/?compression=gzip-js", gzip.compress(plain)),
        "plain": ("/e/", b"\n " + plain),
    }


@pytest.mark.parametrize("name", wrappings())
def test_wrappings_of_browsers(name: str) -> None:
    path, body = wrappings()[name]
    desk = Desk()
    assert desk.post(path, body, {"content-type": "application/x-www-form-urlencoded"}).status == 200
    assert [message.key for message in desk.messages()] == ["m1"]


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("", gzip.compress),
        ("gzip", bytes),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
        ("deflate", bytes),
        ("identity", bytes),
        ("gzip", lambda data: gzip.compress(data[:20]) + gzip.compress(data[20:])),
        ("gzip", lambda data: gzip.compress(gzip.compress(data))),
        ("gzip", lambda data: gzip.compress(data) + b"\0\0"),
    ],
)
@pytest.mark.parametrize("chunk", [0, 7])
def test_compression_is_known_by_its_bytes(encoding: str, pack: Any, chunk: int) -> None:
    desk = Desk()
    body = pack(json.dumps({"batch": [TRACK]}).encode())
    headers = {**KEY, "content-type": "application/x-www-form-urlencoded", "content-encoding": encoding}
    assert desk.post("/v1/batch", body, headers, chunk=chunk).status == 200
    assert len(desk.messages()) == 1


@pytest.mark.parametrize(
    "headers",
    [
        basic("key-a"),
        {"authorization": "basic " + base64.b64encode(b"key-a").decode()},
        {"authorization": "Basic " + base64.b64encode(b":key-a").decode()},
        {"authorization": "Bearer key-a"},
        {"x-write-key": "key-a"},
        {"x-write-key": "key-a:secret"},
        {"x-write-key": "key-a", **basic("key-b")},
    ],
)
def test_the_key_in_a_header_wins(headers: dict[str, str]) -> None:
    desk = Desk()
    assert desk.post("/v1/batch", {"batch": [TRACK], "writeKey": "wrong"}, headers).status == 200
    assert len(desk.messages()) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"batch": [TRACK], "writeKey": "key-a"},
        {"batch": [{**TRACK, "writeKey": "key-a"}]},
        {**TRACK, "writeKey": "key-a"},
    ],
)
def test_the_key_may_stand_in_the_body(body: Any) -> None:
    desk = Desk()
    assert desk.post("/v1/batch", body, {}).status == 200
    assert b"writeKey" not in desk.messages()[0].body


def test_a_beacon_has_its_key_in_the_query() -> None:
    desk = Desk()
    assert desk.post("/v1/batch?writeKey=key-a", {"batch": [TRACK]}, {}).status == 200
    assert len(desk.messages()) == 1


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({}, {"batch": [TRACK]}, "no_write_key"),
        ({}, {"batch": [TRACK], "writeKey": 5}, "no_write_key"),
        ({"authorization": "Basic !"}, {"batch": [TRACK]}, "no_write_key"),
        (basic("wrong"), {"batch": [TRACK], "writeKey": "key-a"}, "unknown_write_key"),
        ({}, {"batch": [TRACK], "writeKey": "wrong"}, "unknown_write_key"),
        ({"authorization": "Bearer \xff"}, b"no json", "unknown_write_key"),
        (basic("read-a"), {"batch": [TRACK]}, "scope"),
    ],
)
def test_without_a_key_nothing_is_taken(headers: dict[str, str], body: Any, code: str) -> None:
    desk = Desk()
    answer = desk.post("/v1/batch", body, headers)
    assert answer.status == (403 if code == "scope" else 401)
    assert answer.json["code"] == code
    assert "key" in answer.json["message"] and answer.json["detail"] == answer.json["message"]
    assert not desk.sink.tries


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/v1/batch", b"", "body is empty"),
        ("/v1/batch", b" \n", "body is empty"),
        ("/v1/batch", b"{", "not JSON"),
        ("/v1/batch", b"5", "Expected a JSON object"),
        ("/v1/batch", b'"\\ud800"', "Expected a JSON object"),
        ("/v1/batch", b'{"batch": 5}', "Expected 'batch' to be a list"),
        ("/v1/batch", b"[" * 100_000, "not JSON"),
        ("/v1/batch", b'{"batch": []} x', "not JSON"),
        ("/v1/track", b'{"userId": "\xff", "event": "Ran"}', "not UTF-8"),
        ("/v1/batch", b"\x1f\x8bno gzip", "damaged"),
        ("/v1/batch", gzip.compress(b'{"batch": []}', mtime=0)[:-9], "ends early"),
        ("/e/?compression=lz64", b"xyz", "lz64"),
        ("/e/", b"data=%ff%fe", "not JSON"),
        ("/e/", b"data=" + b"&a=1" * 50, "form cannot be read"),
    ],
)
def test_what_is_no_request_of_a_client(path: str, body: bytes, says: str) -> None:
    answer = Desk().post(path, body)
    assert answer.status == 400
    assert answer.json["code"] == "malformed_body"
    assert says in answer.json["message"]


def test_a_body_that_cannot_be_taken_apart_is_kept() -> None:
    desk = Desk()
    assert desk.post("/v1/batch", b"{no json" + b" " * 100_000).status == 400
    (reject,) = desk.sink.rejects["key-a"]
    desk.post("/v1/batch", gzip.compress(b"{no json"))
    assert desk.sink.rejects["key-a"].pop().body == b"{no json"
    assert "not JSON" in reject.reason and reject.body.startswith(b"{no json") and len(reject.body) == 64 << 10
    assert (reject.received, reject.source) == (NOW, "key-a")


@pytest.mark.parametrize("path", ["/v1/track", "/v1/batch", "/capture/", "/batch/"])
def test_write_keys_are_kept_nowhere(path: str) -> None:
    desk = Desk()
    theirs = {"api_key": "key-a", "token": "key-b", "$token": 'key-"b', "properties": {"token": "key-a"}}
    event: dict[str, Any] = {"writeKey": "key-a"} if path.startswith("/v1") else theirs
    for body in (
        json.dumps({**event, "batch": [5, event]} if "batch" in path else event).encode(),
        json.dumps({**event, "n": 1}).encode().replace(b"1}", b"Infinity}"),
        json.dumps({**event, "batch": [event]}).encode() + b"no JSON",
        gzip.compress(b'{"said": ["key-a"], ' + b" " * 100_000),
        b'{"writeKey": "key-a',
        base64.b64encode(b'{"token": "key-a", no JSON'),
    ):
        desk.post(path, body)
    assert len(desk.sink.rejects["key-a"]) >= 5
    assert not [reject.body for reject in desk.sink.rejects["key-a"] if b"key-" in reject.body]


def test_an_encoding_that_is_not_read() -> None:
    answer = Desk().post("/v1/batch", b"x", {**KEY, "content-encoding": "br"})
    assert answer.status == 415 and "gzip" in answer.json["message"]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/batch", "POST, OPTIONS"),
        ("PUT", "/batch/", "POST, OPTIONS"),
        ("POST", "/v1/projects/key-a/settings", "GET, OPTIONS"),
        ("DELETE", "/flags", "GET, POST, OPTIONS"),
    ],
)
def test_wrong_methods(method: str, path: str, allow: str) -> None:
    answer = asyncio.run(Desk().ask(method, path, b"", KEY))
    assert answer.status == 405
    assert answer.headers["allow"] == allow
    assert answer.json["code"] == "wrong_method" and method in answer.json["message"]


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/nothing", "/v1/projects/a/b/settings", "/v1/projects//settings"])
def test_unknown_paths(path: str) -> None:
    answer = Desk().post(path, TRACK)
    assert answer.status == 404 and answer.json["code"] == "unknown_path"
    assert not handles(path)


@pytest.mark.parametrize(
    "path", ["/v1/batch", "/e/", "/i/v0/e/", "/flags/", "/decide", "/v1/projects/k/settings", "/s/"]
)
def test_says_which_paths_are_its_own(path: str) -> None:
    assert handles(path)


def test_below_a_prefix() -> None:
    desk = Desk()
    answer = asyncio.run(desk.ask("POST", "/in/v1/track", TRACK, KEY, root_path="/in"))
    assert answer.status == 200 and len(desk.messages()) == 1


@pytest.mark.parametrize(
    "path", ["/decide/?v=3", "/flags/?v=2", "/array/key-a/config", "/s/", "/api/surveys/", "/v1/m"]
)
def test_what_clients_ask_besides_is_answered_harmlessly(path: str) -> None:
    desk = Desk()
    for method in ("GET", "POST"):
        answer = asyncio.run(desk.ask(method, path, b"anything", {}))
        assert answer.status == 200 and isinstance(answer.json, dict)
    assert not desk.sink.tries


def test_settings_of_the_browser_client_send_it_here() -> None:
    answer = asyncio.run(
        Desk().ask("GET", "/v1/projects/key-a/settings", b"", {"host": "events.example.com"}, scheme="https")
    )
    segment = answer.json["integrations"]["Segment.io"]
    assert (segment["apiKey"], segment["apiHost"], segment["protocol"]) == ("key-a", "events.example.com/v1", "https")
    assert asyncio.run(Desk().ask("GET", "/v1/projects/wrong/settings")).status == 404


def test_browsers_may_send_from_any_page() -> None:
    desk = Desk()
    asks = {"origin": "https://app.example.com", "access-control-request-headers": "authorization,content-type"}
    answer = asyncio.run(desk.ask("OPTIONS", "/v1/t", b"", asks))
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-allow-headers"] == "authorization,content-type"
    assert "POST" in answer.headers["access-control-allow-methods"]
    for status, headers in ((200, KEY), (401, {})):
        answer = desk.post("/v1/t", TRACK, {**headers, "origin": "https://app.example.com"})
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
    assert desk.post("/v1/t", TRACK).headers["access-control-allow-origin"] == "*"


def test_a_process_that_takes_no_events_in_says_so_to_any_client() -> None:
    desk = Desk()
    desk.app = elsewhere
    page = {"origin": "https://app.example.com"}
    answer = desk.post("/v1/batch", {"batch": [TRACK]}, {**KEY, **page})
    assert (answer.status, answer.json["code"], answer.headers["retry-after"]) == (503, "not_here", "1")
    assert "--role ingest" in answer.json["message"] and answer.json["detail"] == answer.json["message"]
    asked = asyncio.run(desk.ask("OPTIONS", "/v1/batch", headers=page))
    assert asked.status == 204 and "POST" in asked.headers["access-control-allow-methods"]
    assert {each.headers["access-control-allow-origin"] for each in (answer, asked)} == {page["origin"]}


def test_a_half_bad_batch_is_half_taken() -> None:
    desk = Desk()
    batch = [TRACK, {"type": "track", "userId": "u1"}, 5, {**TRACK, "messageId": "m2"}, {**TRACK, "timestamp": "soon"}]
    answer = desk.post("/v1/batch", {"batch": batch})
    assert answer.status == 200
    assert (answer.json["accepted"], answer.json["rejected"]) == (2, 3)
    assert [reject["position"] for reject in answer.json["rejects"]] == [1, 2, 4]
    assert "names no event" in answer.json["rejects"][0]["reason"]
    marked = [{**batch[1], "receivedAt": STAMP}, 5, {**batch[4], "receivedAt": STAMP}]  # type: ignore[dict-item]
    assert [json.loads(reject.body) for reject in desk.sink.rejects["key-a"]] == marked


def test_one_event_that_is_rejected_is_an_error_and_kept() -> None:
    desk = Desk()
    answer = desk.post("/v1/track", b'{"userId":  "u1", "properties": {"n": NaN}}')
    assert answer.status == 400
    assert answer.json["code"] == "rejected_event" and "names no event" in answer.json["message"]
    kept = {"userId": "u1", "properties": {"n": None}, "type": "track", "receivedAt": STAMP}
    assert [json.loads(reject.body) for reject in desk.sink.rejects["key-a"]] == [kept]


def test_an_answer_names_only_the_first_of_many() -> None:
    answer = Desk().post("/v1/batch", {"batch": [5] * 1000})
    assert answer.json["rejected"] == 1000 and len(answer.json["rejects"]) == 20


def test_too_large() -> None:
    desk = Desk(Limits(body=1000))
    for body, headers in (
        (b" " * 1001, KEY),
        (gzip.compress(b" " * 1001), KEY),
        (zlib.compress(b" " * 1001), {**KEY, "content-encoding": "deflate"}),
        (gzip.compress(b" " * 600) + gzip.compress(b" " * 600), KEY),
    ):
        for chunk in (0, 100):
            answer = desk.post("/v1/batch", body, headers, chunk=chunk)
            assert answer.status == 413 and "Send fewer events" in answer.json["message"]
    assert desk.post("/v1/batch", {"batch": [TRACK]}).status == 200


def test_bodies_are_limited_together() -> None:
    body = json.dumps({"batch": [TRACK]}).encode()
    desk = Desk(Limits(held=2 * len(body) - 1))

    async def ask() -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def receive() -> dict[str, Any]:
            if not begun.is_set():
                begun.set()
                return {"type": "http.request", "body": body, "more_body": True}
            await go_on.wait()
            return {"type": "http.request", "body": b"", "more_body": False}

        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        headers = [(name.lower().encode(), value.encode()) for name, value in KEY.items()]
        scope = {"type": "http", "method": "POST", "path": "/v1/batch", "query_string": b"", "headers": headers}
        first = asyncio.ensure_future(desk.app(scope, receive, send))
        await begun.wait()
        await asyncio.sleep(0)
        refused = await desk.ask("POST", "/v1/batch", body, KEY, chunk=10)
        assert refused.status == 503 and refused.json["code"] == "overloaded" and refused.headers["retry-after"] == "1"
        go_on.set()
        await first
        assert sent[0]["status"] == 200
        assert (await desk.ask("POST", "/v1/batch", body, KEY)).status == 200
        packed = gzip.compress(json.dumps({"batch": [TRACK], "filler": "x" * 2 * len(body)}).encode())
        assert (await desk.ask("POST", "/v1/batch", packed, KEY)).status == 503
        assert (await desk.ask("POST", "/v1/batch", body, KEY)).status == 200

    asyncio.run(ask())


def test_a_bomb_is_not_inflated() -> None:
    import tracemalloc

    bomb = gzip.compress(gzip.compress(b"\0" * (64 << 20), 9), 9)
    desk = Desk(Limits(body=1 << 20))
    tracemalloc.start()
    assert desk.post("/v1/batch", bomb).status == 413
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_a_file_of_many_members_costs_little() -> None:
    """Each member once had all that follows it copied: with 8 kB in, everybody waited for 40 seconds."""
    bomb = gzip.compress(gzip.compress(b"") * 160_000)
    began = time.process_time()
    answer = Desk().post("/v1/batch", bomb, {})
    assert time.process_time() - began < 1
    assert answer.status == 400 and "more than 1000 members" in answer.json["message"]


def test_what_is_wrapped_is_opened_beside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is small, and what is in it may be large."""
    threads = []

    def opened(*asked: Any, **more: Any) -> Any:
        threads.append(threading.current_thread())
        return envelope_of(*asked, **more)

    monkeypatch.setattr("fireflower.web.ingest.endpoint.envelope_of", opened)
    for body in (base64.b64encode(gzip.compress(json.dumps([CAPTURE]).encode())), json.dumps([CAPTURE]).encode()):
        assert Desk().post("/batch", body).status == 200
    assert [thread is threading.current_thread() for thread in threads] == [False, True]


def test_too_many_events() -> None:
    answer = Desk(Limits(events=3)).post("/v1/batch", {"batch": [TRACK] * 4})
    assert answer.status == 413 and "at most 3" in answer.json["message"]


def test_a_key_may_send_so_much_and_then_must_wait() -> None:
    desk = Desk(Limits(rate=10, burst=100))
    assert desk.post("/v1/batch", {"batch": [TRACK] * 150}).status == 200
    answer = desk.post("/v1/batch", {"batch": [TRACK]})
    assert answer.status == 429 and answer.headers["retry-after"] == "6"
    assert answer.json["code"] == "too_many_events" and "6 seconds" in answer.json["message"]
    assert desk.post("/v1/batch", {"batch": [TRACK], "writeKey": "key-b"}, {}).status == 200
    desk.now += 6_000_000
    assert desk.post("/v1/batch", {"batch": [TRACK]}).status == 200


@pytest.mark.parametrize("pause", [0.02, 5])
def test_a_client_that_is_slow_is_told_to_come_again(pause: float) -> None:
    desk = Desk(Limits(patience=0.05))

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(pause)
        return {"type": "http.request", "body": b"x", "more_body": True}

    sent: list[Any] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/batch", "headers": []}
    asyncio.run(desk.app(scope, receive, send))
    assert sent[0]["status"] == 408


def test_a_client_that_goes_away_costs_nothing() -> None:
    desk = Desk()
    incoming = [{"type": "http.request", "body": b'{"ba', "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> dict[str, Any]:
        return incoming.pop(0)

    async def send(message: dict[str, Any]) -> None:
        raise AssertionError("there is nobody to answer")

    asyncio.run(desk.app({"type": "http", "method": "POST", "path": "/v1/batch", "headers": []}, receive, send))
    assert not desk.sink.tries


def test_a_client_that_does_not_wait_for_the_answer() -> None:
    desk = Desk()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(TRACK | {"writeKey": "key-a"}).encode()}

    async def send(message: dict[str, Any]) -> None:
        raise OSError("gone")

    asyncio.run(desk.app({"type": "http", "method": "POST", "path": "/v1/track", "headers": []}, receive, send))
    assert len(desk.messages()) == 1


class Failing(MemorySink):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def accept(self, messages: Any, rejects: Any, said: Any) -> int:
        raise self.error


@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [
        (Unavailable("The disk is full. Free some space."), 503, "30"),
        (ZeroDivisionError("a fault"), 500, "1"),
    ],
)
def test_nothing_is_acknowledged_that_is_not_durable(
    error: Exception, status: int, retry_after: str, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk()
    desk.sink = Failing(error)
    desk.app = ingest(desk.sink, desk.sink, clock=lambda: NOW)
    answer = desk.post("/v1/batch", {"batch": [TRACK]})
    assert (answer.status, answer.headers["retry-after"]) == (status, retry_after)
    assert {"code", "message", "detail"} <= answer.json.keys()
    assert status == 500 or answer.json["message"] == str(error)
    assert bool(caplog.records) == (status == 500)


@pytest.mark.parametrize("key", [KEY, None], ids=["key in the header", "key in the body"])
@pytest.mark.parametrize("events", [[TRACK], ["no event"]])
def test_what_there_is_no_room_for_is_not_looked_into(key: Any, events: list[Any]) -> None:
    class Full(MemorySink):
        def expect_room(self) -> None:
            raise Overloaded("Too much at once.", 2.5)

    desk = Desk()
    desk.sink = Full()
    desk.app = ingest(desk.sink, desk.sink, clock=lambda: NOW)
    body = {"batch": events, "writeKey": "key-a"}
    answer = asyncio.run(desk.ask("POST", "/v1/batch", body, key))
    assert (answer.status, answer.headers["retry-after"]) == (503, "3")
    assert (answer.json["code"], answer.json["message"]) == ("overloaded", "Too much at once.")
    assert not desk.sink.tries


@pytest.mark.parametrize("fails", [False, True])
def test_a_request_that_is_cancelled_leaves_the_sink_at_work(fails: bool) -> None:
    class Slow(MemorySink):
        async def accept(self, messages: Any, rejects: Any, said: Any) -> int:
            await asyncio.sleep(0.02)
            if fails:
                raise Unavailable("The disk is full.")
            return await super().accept(messages, rejects, said)

    async def cancelled() -> tuple[Desk, list[Any]]:
        complaints: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        desk = Desk()
        desk.sink = Slow()
        desk.app = ingest(desk.sink, desk.sink, clock=lambda: NOW)
        task = asyncio.ensure_future(desk.ask("POST", "/v1/batch", {"batch": [TRACK]}, KEY))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.03)
        return desk, complaints

    desk, complaints = asyncio.run(cancelled())
    assert not complaints
    assert len(desk.messages()) == (0 if fails else 1)


def test_only_http_comes_in() -> None:
    with pytest.raises(NotImplementedError, match="not by websocket"):
        asyncio.run(Desk().app({"type": "websocket"}, None, None))  # type: ignore[arg-type]


def test_messages_have_one_format_of_times() -> None:
    with pytest.raises(InputError, match="leave it out"):
        Desk(segment=Mapping(form="segment", time_format="%Y"))
