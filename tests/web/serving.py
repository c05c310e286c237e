"""A live server on loopback, with a sink in memory, and faults on the way to it.

Every client has two ports of its own: one for a server whose clock agrees with the client's, one for a server that is
an hour ahead, so that all clients are an hour behind without being tampered with.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn

from fireflower.history.mapping import Mapping
from fireflower.history.readers.posthog import PostHogShape
from fireflower.history.readers.segment import SegmentShape
from fireflower.model.messages import Message, Reject, Said
from fireflower.model.moments import HOUR
from fireflower.web.ingest import ingest

LATE = 3.0


class MemorySink:
    """Remembers by source, and knows resends by their key. Everything that begins with 'key-' is a write key."""

    def __init__(self) -> None:
        self.messages: dict[str, dict[str, Message]] = defaultdict(dict)
        self.rejects: dict[str, list[Reject]] = defaultdict(list)
        self.tries: dict[str, int] = defaultdict(int)
        self.late: set[str] = set()

    def source(self, key: str) -> str | None:
        return key if key.startswith("key-") and ":" not in key else None

    def instead(self, key: str) -> str:
        return "the token 'reader' is of the scope read" if key == "read-a" else ""

    def expect_room(self) -> None:
        """There is."""

    async def accept(self, messages: Sequence[Message], rejects: Sequence[Reject], said: Said) -> int:
        source = [*messages, *rejects][0].source
        self.tries[source] += 1
        known = self.messages[source]
        before = len(known)
        for message in messages:
            known.setdefault(message.key, message)
        self.rejects[source].extend(rejects)
        if source in self.late:
            self.late.discard(source)
            await asyncio.sleep(LATE)
        return len(known) - before

    def told(self, source: str, **mapping: Any) -> list[dict[str, Any]]:
        """What the readers make of what came in, in the order in which it came, as plain objects."""
        shapes = {
            "segment": SegmentShape(Mapping(form="segment", **mapping)),
            "posthog": PostHogShape(Mapping(form="posthog", **mapping)),
        }
        told = [
            record for message in self.messages[source].values() for record in shapes[message.form].read(message.body)
        ]
        told += [record for shape in shapes.values() for record in shape.finish()]
        return [record._asdict() for record in told]


class Live:
    """A server that runs.

    Attributes
    ----------
    faults : by client, what shall go wrong with its next requests on the port of the right clock: "429" and "503"
        (answered by something in between), "cut" (the connection breaks), "late" (taken, but the answer comes after
        the client's time is up), "" (nothing)
    """

    def __init__(self, clients: Sequence[str]) -> None:
        self.sink = MemorySink()
        self.faults: dict[str, deque[str]] = defaultdict(deque)
        self.listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2 * len(clients))]
        ports = [listener.getsockname()[1] for listener in self.listeners]
        self.right, self.ahead = (
            dict(zip(clients, ports, strict=False)),
            dict(zip(clients, ports[len(clients) :], strict=True)),
        )
        self._apps = {False: ingest(self.sink, self.sink), True: ingest(self.sink, self.sink, clock=an_hour_ahead)}
        self._clients = {port: (client, False) for client, port in self.right.items()}
        self._clients |= {port: (client, True) for client, port in self.ahead.items()}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        client, is_ahead = self._clients[scope["server"][1]]
        faults = self.faults[client]
        is_asked = scope["method"] == "POST" and not is_ahead and not scope["path"].startswith("/flags")
        fault = faults.popleft() if faults and is_asked else ""
        if fault == "late":
            self.sink.late.add(fault_key(client))
        elif fault:
            return await fail(fault, receive, send)
        return await self._apps[is_ahead](scope, receive, send)


def key(client: str) -> str:
    """The write key of a client."""
    return f"key-{client}"


def fault_key(client: str) -> str:
    """The write key with which it meets faults."""
    return f"key-{client}-faults"


def an_hour_ahead() -> int:
    return time.time_ns() // 1000 + HOUR


async def fail(fault: str, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    if fault == "cut":
        return send.__self__.transport.abort()  # ASGI has no word for it
    body = b'{"code": "later", "message": "later", "detail": "later"}'
    headers = [(b"content-type", b"application/json"), (b"retry-after", b"1"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": int(fault), "headers": headers})
    return await send({"type": "http.response.body", "body": body})


@contextmanager
def serving(clients: Sequence[str]) -> Iterator[Live]:
    """A live Uvicorn server in a thread of its own."""
    live = Live(clients)
    config = uvicorn.Config(live, log_level="critical", lifespan="off", access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=(live.listeners,), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield live
    finally:
        server.should_exit = True
        thread.join(10)
        for listener in live.listeners:
            listener.close()
