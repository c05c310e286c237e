"""Server-sent events."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from api.serving import Served, seed, served, shop, token
from api.test_api_record import qualify
from fireflower.app.live.access import revoke_token
from fireflower.web.api.stream import Streams


def events(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    """The events of a stream; those without data are heartbeats."""
    event: dict[str, Any] = {}
    for line in answer.iter_lines():
        if line:
            name, _, value = line.partition(":")
            event[name or "heartbeat"] = value.strip()
        elif "retry" not in event:
            yield event
            event = {}
        else:
            event = {}


def test_what_comes_is_streamed(serving: Served) -> None:
    with serving.client.stream("GET", "/api/v1/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        stream = events(answer)
        assert "heartbeat" in next(stream)
        qualify(serving, "zoe")
        found = next(each for each in stream if "data" in each)
    change = json.loads(found["data"])
    assert (found["event"], change["transition"]["subject"]) == ("recorded", "zoe")
    assert found["id"] == str(change["cursor"])
    assert change in serving.get("/api/v1/transitions", after=change["cursor"] - 1)["changes"]


def test_resuming(serving: Served) -> None:
    qualify(serving, "p1", "p2", "p3")
    everything = serving.get("/api/v1/transitions")["changes"]
    with serving.client.stream("GET", "/api/v1/stream", params={"after": 0}) as answer:
        stream = events(answer)
        first = [json.loads(next(stream)["data"]) for _ in everything]
    assert first == everything
    headers = {"Last-Event-ID": str(everything[1]["cursor"])}
    with serving.client.stream("GET", "/api/v1/stream", params={"after": 0}, headers=headers) as answer:
        assert json.loads(next(events(answer))["data"]) == everything[2]
    refused = serving.client.get("/api/v1/stream", headers={"Last-Event-ID": "seven"})
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_cursor")


def test_a_reader_who_goes_is_forgotten(serving: Served) -> None:
    with serving.client.stream("GET", "/api/v1/stream") as answer:
        stream = events(answer)
        next(stream)
        assert len(serving.streams) == 1
    until = time.monotonic() + 5
    while len(serving.streams) and time.monotonic() < until:
        time.sleep(0.01)
    assert len(serving.streams) == 0


def test_it_ends_when_its_token_is_revoked(serving: Served) -> None:
    project = serving.service.project
    headers = {"Authorization": f"Bearer {token(project.folder, 'spy', 'read')}"}
    time.sleep(1.1)  # a token is believed to be what it was for a second
    with serving.client.stream("GET", "/api/v1/stream", headers=headers) as answer:
        stream = events(answer)
        next(stream)
        revoke_token(project, "spy")
        time.sleep(1.1)
        qualify(serving, "zoe")
        assert not [each for each in stream if "data" in each]
    assert serving.client.get("/api/v1/stream", headers=headers).status_code == 401


def test_a_slow_reader_is_cut_off_and_slows_nobody(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop")
    bearer = token(folder, "boss", "read")
    with served(folder, bearer=bearer, streams=Streams(heartbeat=0.001, patience=0.5)) as found:
        seed(found)
        host, _, port = found.url.removeprefix("http://").partition(":")
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            slow.connect((host, int(port)))
            slow.sendall(
                f"GET /api/v1/stream?after=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {bearer}\r\n\r\n".encode()
            )
            until = time.monotonic() + 15
            while not len(found.streams) and time.monotonic() < until:
                time.sleep(0.01)
            qualify(found, *(f"person-with-a-long-name-{'x' * 400}-{number}" for number in range(150)))
            begun = time.monotonic()
            assert found.get("/api/v1/now", person="ann")
            assert time.monotonic() - begun < 2
            while len(found.streams) and time.monotonic() < until:
                time.sleep(0.02)
            assert len(found.streams) == 0


def test_so_many_and_no_more(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop")
    few = Streams(heartbeat=0.05, most=1)
    with (
        served(folder, bearer=token(folder, "boss", "read"), streams=few) as found,
        found.client.stream("GET", "/api/v1/stream") as answer,
    ):
        stream = events(answer)  # a stream that is thrown away is closed
        next(stream)
        assert found.get("/api/v1/stream", 503)["code"] == "too_many_streams"
