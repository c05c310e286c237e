"""Clients that keep a connection without asking anything, against a real server."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import uvicorn

from fireflower.web import connections
from fireflower.web.connections import LARGEST_HEAD, Connection

REQUEST = b"POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\n"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the last four bytes of the body, a slow one late; with what is late only the body comes late."""
    body = b""
    while (message := await receive()).get("more_body"):
        body += message["body"]
    body += message["body"]
    if body == b"slow":
        await asyncio.sleep(1.0)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    if body == b"late":
        await asyncio.sleep(1.0)
    await send({"type": "http.response.body", "body": body[-4:]})


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    monkeypatch.setattr(connections, "PATIENCE", 0.5)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(echo, http=Connection, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    yield listening.getsockname()
    server.should_exit = True
    thread.join()


def answer(client: socket.socket) -> bytes:
    """What comes until the server closes, or has answered four bytes."""
    client.settimeout(10)
    came = b""
    while (part := client.recv(1 << 16)) and not (came + part).endswith((b"ping", b"pong", b"slow")):
        came += part
    return came + part


def test_the_head_of_an_answer_waits_for_no_body_that_is_late(address: tuple[str, int]) -> None:
    with socket.create_connection(address) as client:
        client.settimeout(10)
        client.sendall(REQUEST + b"late")
        head = client.recv(1 << 16)
        assert head.endswith(b"\r\n\r\n") and client.recv(1 << 16) == b"late"


def test_an_answer_comes_as_one_piece(address: tuple[str, int]) -> None:
    with socket.create_connection(address) as client:
        client.settimeout(10)
        client.sendall(REQUEST + b"ping")
        assert client.recv(1 << 16).endswith(b"\r\n\r\nping")


@pytest.mark.parametrize("beginning", [b"", b"POST /x HTTP/1.1\r\nhost"])
def test_who_asks_nothing_is_sent_away(address: tuple[str, int], beginning: bytes) -> None:
    with socket.create_connection(address) as client:
        client.sendall(beginning)
        assert answer(client) == b""


def test_a_head_that_comes_by_drops_is_not_waited_for(address: tuple[str, int]) -> None:
    def drip(client: socket.socket) -> None:
        for _ in range(100):
            client.sendall(b"G")
            time.sleep(0.05)

    with socket.create_connection(address) as client, pytest.raises(OSError):
        drip(client)


def test_a_head_without_end_is_refused(address: tuple[str, int]) -> None:
    with socket.create_connection(address) as client:
        came = b"reset"  # what was not read by then may have the answer lost
        with suppress(ConnectionError):
            client.sendall(b"GET /x HTTP/1.1\r\n")
            for number in range(LARGEST_HEAD // 1_000 + 1):
                client.sendall(b"x-%05d: " % number + b"y" * 1_000 + b"\r\n")
            came = answer(client)
        assert came == b"reset" or came.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("size", [100_000, 300_000, 1_000_000])
def test_a_body_is_no_head_however_large_its_last_piece(address: tuple[str, int], size: int) -> None:
    request = REQUEST.replace(b"length: 4", b"length: %d" % size)
    with socket.create_connection(address) as client:
        for _ in range(5):
            client.sendall(request)
            client.sendall(b"x" * (size - 4) + b"ping")
            assert answer(client).startswith(b"HTTP/1.1 200 ")


def test_a_head_without_end_behind_another_request_is_refused(address: tuple[str, int]) -> None:
    with socket.create_connection(address) as client:
        came = b"reset"
        with suppress(ConnectionError):
            client.sendall(REQUEST + b"ping" + b"GET /x HTTP/1.1\r\nx-long: ")
            for _ in range(20):
                client.sendall(b"y" * LARGEST_HEAD)
            client.settimeout(10)
            came = b"".join(iter(lambda: client.recv(1 << 16), b""))
        assert came == b"reset" or b"HTTP/1.1 431 " in came


def test_others_are_served_again_and_again(address: tuple[str, int]) -> None:
    """Whatever way their bytes come, however slow their bodies and the answers."""
    with socket.create_connection(address) as client:
        for _ in range(LARGEST_HEAD // 1_000):
            client.sendall(REQUEST + b"ping")
            assert answer(client).endswith(b"ping")
        client.sendall(REQUEST + b"pi")
        time.sleep(0.8)
        client.sendall(b"ng")
        assert answer(client).endswith(b"ping")
        time.sleep(0.8)
        client.sendall(REQUEST[:20])
        time.sleep(0.1)
        client.sendall(REQUEST[20:] + b"slow")
        assert answer(client).endswith(b"slow")


@pytest.mark.parametrize("asked", [b"no http at all\r\n\r\n", b"GET /x HTTP/1.1\r\nwith a blank: x\r\n\r\n"])
def test_what_is_no_http_is_answered_as_other_faults_are(address: tuple[str, int], asked: bytes) -> None:
    with socket.create_connection(address) as client:
        client.sendall(asked)
        head, _, body = answer(client).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ") and b"content-type: application/json" in head
    assert {"code", "message", "detail"} <= json.loads(body).keys()
