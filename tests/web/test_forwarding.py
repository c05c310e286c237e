"""Requests that are passed on to another process, and its answers: what goes in at one end comes out at the other."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fireflower.app.live.counting import Tally
from fireflower.app.live.handing_on import Progress
from fireflower.web import forwarding
from fireflower.web.forwarding import Forward, connections, progress_of
from fireflower.web.running import Server, lifespan

PROGRESS = Progress(4711, Tally(5, 4, 3, 2), 1, True)


class Echo:
    """Says what it was asked; on some paths something else.

    Attributes
    ----------
    gone : whether a client has left a stream
    """

    def __init__(self) -> None:
        self.gone = threading.Event()
        self.more = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return await lifespan(receive, send, nullcontext())
        if scope["path"] == "/stream":
            return await self._stream(receive, send)
        if scope["path"] == "/early":
            await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"2")]})
            return await send({"type": "http.response.body", "body": b"no"})
        body = b""
        while True:
            event = await receive()
            body += event.get("body", b"")
            if not event.get("more_body"):
                break
        if scope["path"] == "/cut":
            return send.__self__.transport._transport.abort()  # ASGI has no word for it
        said = {
            "method": scope["method"], "path": scope["raw_path"].decode(), "query": scope["query_string"].decode(),
            "headers": [[name.decode(), value.decode("latin-1")] for name, value in scope["headers"]],
            "body": body.decode("latin-1"), "is_told": progress_of(scope) == PROGRESS,
        }  # fmt: skip
        content = json.dumps(said).encode()
        headers = [(b"content-type", b"application/json"), (b"x-two", b"1"), (b"x-two", b"2")]
        status = 204 if scope["path"] == "/nothing" else 200
        if status == 200:
            headers.append((b"content-length", b"%d" % len(content)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        return await send({"type": "http.response.body", "body": content if status == 200 else b""})

    async def _stream(self, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        while not self.more.is_set():
            await asyncio.sleep(0.01)
        await send({"type": "http.response.body", "body": b"data: 2\n\n", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        self.gone.set()


class Adopting:
    """An app whose server takes connections that are handed over.

    Attributes
    ----------
    taken : how many
    """

    taken = 0

    def __init__(self, app: Any, asked: socket.socket) -> None:
        self._app, self._asked = app, asked
        self.server: Server | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            asyncio.get_running_loop().add_reader(self._asked, self._take)
        await self._app(scope, receive, send)

    def _take(self) -> None:
        for connection in connections(self._asked):
            if connection is None:
                asyncio.get_running_loop().remove_reader(self._asked)
            else:
                assert self.server is not None
                Adopting.taken += 1
                self.server.adopt(connection)


class Front:
    """What clients meet."""

    def __init__(self, to: socket.socket) -> None:
        self._forward = Forward(to, lambda: PROGRESS)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send, self._life())
        else:
            await self._forward(scope, receive, send)

    @asynccontextmanager
    async def _life(self) -> AsyncIterator[None]:
        yield
        self._forward.close()


@contextmanager
def running(app: Any, *sockets: socket.socket) -> Iterator[Server]:
    server = Server(app)
    thread = threading.Thread(target=server.run, args=(list(sockets),), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server
    finally:
        server.end()
        thread.join(15)


@pytest.fixture(scope="module")
def echo() -> Echo:
    return Echo()


@pytest.fixture(scope="module")
def address(echo: Echo) -> Iterator[str]:
    asked, asking = socket.socketpair()
    asked.setblocking(False)
    behind = Adopting(echo, asked)
    with (
        asked,
        asking,
        socket.create_server(("127.0.0.1", 0)) as listening,
        running(behind) as behind.server,
        running(Front(asking), listening),
    ):
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=20) as client:
        yield client


def test_what_is_asked_arrives_as_it_was_asked(client: httpx.Client) -> None:
    said = client.get(
        "/api/v1/people/a%2Fb%20c?x=1&y=%C3%A4&y=2", headers={"X-Two": "one", "Authorization": "Bearer t"}
    )
    found = said.json()
    assert (found["method"], found["path"], found["query"]) == ("GET", "/api/v1/people/a%2Fb%20c", "x=1&y=%C3%A4&y=2")
    asked = [tuple(pair) for pair in found["headers"]]
    assert ("x-two", "one") in asked and ("authorization", "Bearer t") in asked
    assert [value for name, value in asked if name == "host"] == [client.base_url.netloc.decode()]
    assert found["is_told"]
    assert said.headers.get_list("x-two") == ["1", "2"]
    assert len(said.headers.get_list("date")) == 1


def test_nobody_else_says_how_far_events_have_been_taken_in(client: httpx.Client) -> None:
    found = client.get("/", headers={"fireflower-intake": "99 0 0 0 0 0"}).json()
    assert found["is_told"]
    assert sum(name == "fireflower-intake" for name, _ in found["headers"]) == 1


@settings(max_examples=30, deadline=None)
@given(parts=st.lists(st.binary(min_size=1, max_size=100_000), max_size=4), is_chunked=st.booleans())
def test_bodies_arrive_whole(client: httpx.Client, parts: list[bytes], is_chunked: bool) -> None:
    content: Any = iter(parts) if is_chunked else b"".join(parts)
    found = client.post("/api/v1/definitions/preview", content=content).json()
    assert found["body"].encode("latin-1") == b"".join(parts)


def test_an_answer_may_have_no_body(client: httpx.Client) -> None:
    assert client.get("/nothing").status_code == 204
    head = client.head("/anything")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 0
    assert client.get("/").status_code == 200, "the connection goes on being used"


def test_a_stream_comes_as_it_is_sent_and_ends_with_its_reader(client: httpx.Client, echo: Echo) -> None:
    with client.stream("GET", "/stream") as answer:
        lines = (line for line in answer.iter_lines() if line)
        assert next(lines) == "data: 1"
        echo.more.set()
        assert next(lines) == "data: 2"
        assert not echo.gone.is_set()
    assert echo.gone.wait(10)


def test_who_answers_may_fail_over_it(client: httpx.Client) -> None:
    said = client.get("/cut")
    assert (said.status_code, said.json()["code"], said.headers["retry-after"]) == (503, "not_ready", "1")
    assert client.get("/").status_code == 200


def raw(address: str, request: bytes) -> bytes:
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request)
        found = b""
        while data := connection.recv(65536):
            found += data
    return found


@pytest.mark.parametrize("path", ["/", "/nothing"])
def test_a_connection_is_used_again(client: httpx.Client, path: str) -> None:
    """The next question may come before the connection of the one before has been put back: then there are two."""
    client.get(path)
    before = Adopting.taken
    assert [client.post(path, content=b"a body").status_code // 100 for _ in range(20)] == [2] * 20
    assert Adopting.taken <= before + 1


def test_a_connection_is_used_by_one_at_a_time(address: str) -> None:
    async def ask(client: httpx.AsyncClient, number: int) -> str:
        return str((await client.post("/", content=b"%d" % number)).json()["body"])

    async def ask_all() -> list[str]:
        async with httpx.AsyncClient(base_url=address, timeout=20) as client:
            return await asyncio.gather(*(ask(client, number) for number in range(60)))

    assert asyncio.run(ask_all()) == [str(number) for number in range(60)]


def test_a_connection_that_has_been_idle_is_not_used_again(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is at the other end may be closing it."""
    client.get("/")
    monkeypatch.setattr(forwarding, "_FRESH", 0.0)
    before = Adopting.taken
    assert client.get("/").status_code == client.get("/").status_code == 200
    assert Adopting.taken == before + 2


def test_an_old_client_names_no_host(address: str) -> None:
    assert raw(address, b"GET /old HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("line", [b"X-Odd: a\x01b", b"X-Odd: \xff\xfe", b"X-Odd: a\tb"])
def test_odd_headers_are_answered(address: str, line: bytes) -> None:
    said = raw(address, b"GET / HTTP/1.1\r\nHost: x\r\n" + line + b"\r\nConnection: close\r\n\r\n")
    assert said.startswith((b"HTTP/1.1 200", b"HTTP/1.1 400")), said


def test_nobody_there(address: str) -> None:
    asked, asking = socket.socketpair()
    asked.close()
    with asking, socket.create_server(("127.0.0.1", 0)) as listening, running(Front(asking), listening):
        said = httpx.get(f"http://127.0.0.1:{listening.getsockname()[1]}/readyz")
    assert (said.status_code, said.json()["code"]) == (503, "not_ready")


@pytest.mark.parametrize("size", [10, 100_000, 5_000_000])
def test_an_answer_may_come_before_the_body_has_gone(client: httpx.Client, size: int) -> None:
    for _ in range(10):
        said = client.post("/early", content=b"x" * size)
        assert (said.status_code, said.text) == (401, "no")


def test_headers_of_one_connection_are_not_passed_on(client: httpx.Client) -> None:
    found = client.get("/", headers={"Connection": "keep-alive, X-Hop", "X-Hop": "1", "X-Goes": "2"}).json()
    names = {name for name, _ in found["headers"]}
    assert "x-goes" in names and not names & {"x-hop", "connection"}


def test_a_connection_for_which_there_is_no_room_is_left_out() -> None:
    asked, asking = socket.socketpair()
    asked.setblocking(False)
    with asked:
        with asking:
            assert list(connections(asked)) == []
            asking.sendall(b".")  # as it arrives where too many files are open
            assert list(connections(asked)) == []
            ours, theirs = socket.socketpair()
            with ours, theirs:
                socket.send_fds(asking, [b"."], [theirs.fileno()])
                (found,) = connections(asked)
                assert found is not None
                with found:
                    found.sendall(b"here")
                assert ours.recv(10) == b"here"
        assert list(connections(asked)) == [None]
