"""The endpoint behind a live Uvicorn: what only sockets can show."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator

import pytest

from web.asking import basic
from web.serving import Live, serving

pytestmark = pytest.mark.xdist_group("event clients")

TRACK = {"type": "track", "event": "Ran", "userId": "u1"}


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with serving(["any"]) as server:
        yield server


@pytest.fixture
def connection(live: Live) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", live.right["any"], timeout=20)
    yield connection
    connection.close()


def batch(*ids: str) -> bytes:
    return json.dumps({"batch": [{**TRACK, "messageId": id} for id in ids]}).encode()


def test_a_connection_is_kept_for_the_next_request(live: Live, connection: http.client.HTTPConnection) -> None:
    for number in range(3):
        connection.request("POST", "/v1/batch", batch(f"m{number}"), basic("key-kept"))
        answer = connection.getresponse()
        assert answer.status == 200 and json.loads(answer.read())["accepted"] == 1
    assert len(live.sink.messages["key-kept"]) == 3


def test_a_body_in_chunks(live: Live, connection: http.client.HTTPConnection) -> None:
    body = batch("m1", "m2")
    parts = (body[begin : begin + 10] for begin in range(0, len(body), 10))
    connection.request("POST", "/v1/batch", parts, basic("key-chunks"), encode_chunked=True)
    assert connection.getresponse().status == 200
    assert len(live.sink.messages["key-chunks"]) == 2


@pytest.mark.parametrize("chunked", [False, True])
def test_a_client_hears_that_its_body_is_too_large(connection: http.client.HTTPConnection, chunked: bool) -> None:
    part, count = b" " * (1 << 20), 21
    headers = basic("key-large") | ({} if chunked else {"content-length": str(len(part) * count)})
    connection.request("POST", "/v1/batch", (part for _ in range(count)), headers, encode_chunked=chunked)
    answer = connection.getresponse()
    assert answer.status == 413
    assert json.loads(answer.read())["code"] == "too_large"
    connection.request("POST", "/v1/batch", batch("m1"), basic("key-large"))
    assert connection.getresponse().status == 200


def test_a_large_batch(live: Live, connection: http.client.HTTPConnection) -> None:
    body = json.dumps({"batch": [{**TRACK, "messageId": str(number)} for number in range(15_000)]}).encode()
    connection.request("POST", "/v1/batch", body, basic("key-many"))
    assert json.loads(connection.getresponse().read())["accepted"] == 15_000
    assert len(live.sink.messages["key-many"]) == 15_000


def test_clients_that_break_off_cost_nothing(live: Live, connection: http.client.HTTPConnection) -> None:
    head = b"POST /v1/batch HTTP/1.1\r\nhost: x\r\nx-write-key: key-broken\r\ncontent-length: 1000\r\n\r\n"
    for sent in (b"", b"POST /v1/ba", head, head + b'{"batch": [', head + batch("m1"), b"\0\1\2\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", live.right["any"])) as client:
            client.sendall(sent)
    time.sleep(0.1)
    assert not live.sink.messages["key-broken"] and not live.sink.rejects["key-broken"]
    connection.request("POST", "/v1/batch", batch("m1"), basic("key-broken"))
    assert connection.getresponse().status == 200


def test_a_client_that_does_not_wait_is_served_all_the_same(live: Live) -> None:
    """Its time was up, and it has gone: what it sent is kept, and its resend is known."""
    live.faults["any"].append("late")
    live.sink.late.add("key-impatient")
    body = batch("m1")
    head = f"POST /v1/batch HTTP/1.1\r\nhost: x\r\nx-write-key: key-impatient\r\ncontent-length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", live.right["any"])) as client:
        client.sendall(head.encode() + body)
        time.sleep(0.2)
    connection = http.client.HTTPConnection("127.0.0.1", live.right["any"], timeout=20)
    connection.request("POST", "/v1/batch", body, {"x-write-key": "key-impatient"})
    answer = json.loads(connection.getresponse().read())
    connection.close()
    assert (answer["accepted"], answer["duplicates"]) == (0, 1)
