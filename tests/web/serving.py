"""A live server on loopback, with a sink in memory that can be told to misbehave."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn

from fireflower.history.mapping import Mapping
from fireflower.history.readers.posthog import PostHogShape
from fireflower.history.readers.segment import SegmentShape
from fireflower.model.errors import Overloaded
from fireflower.model.messages import Message, Reject
from fireflower.web.ingest import Limits, ingest

Fault = Callable[["MemorySink", Sequence[Message]], Any]


class MemorySink:
    """Remembers by source; knows resends by their key; every key that begins with 'key-' is one."""

    def __init__(self) -> None:
        self.messages: dict[str, dict[str, Message]] = defaultdict(dict)
        self.rejects: dict[str, list[Reject]] = defaultdict(list)
        self.tries: dict[str, int] = defaultdict(int)
        self.faults: dict[str, deque[str]] = defaultdict(deque)

    def source(self, key: str) -> str | None:
        return key if key.startswith("key-") else None

    async def accept(self, messages: Sequence[Message], rejects: Sequence[Reject]) -> int:
        source = (messages or rejects)[0].source
        self.tries[source] += 1
        fault = self.faults[source].popleft() if self.faults[source] else ""
        if fault == "overloaded":
            raise Overloaded("Too much at once.", 1)
        known = self.messages[source]
        new = 0
        for message in messages:
            new += message.key not in known
            known.setdefault(message.key, message)
        self.rejects[source].extend(rejects)
        if fault == "late":
            await asyncio.sleep(3)
        return new

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


def misbehaving(app: Any, sink: MemorySink) -> Any:
    """The app behind a network with faults: answers that say 'later', and connections that break."""

    async def faulty(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await app(scope, receive, send)
        sources = [key for key, faults in sink.faults.items() if faults and faults[0] in ("429", "503", "cut")]
        authorization = dict(scope["headers"]).get(b"authorization", b"")
        for source in sources:
            if names(source, authorization) or not authorization:
                return await misbehave(sink.faults[source].popleft(), sink, source, receive, send)
        return await app(scope, receive, send)

    return faulty


def names(source: str, authorization: bytes) -> bool:
    from base64 import b64encode

    return b64encode(f"{source}:".encode()) in authorization or authorization == f"Bearer {source}".encode()


async def misbehave(fault: str, sink: MemorySink, source: str, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    sink.tries[source] += 1
    if fault == "cut":  # less than was promised: the server closes the connection
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"99")]})
        return
    body = b'{"code": "later", "message": "later", "detail": "later"}'
    headers = [(b"content-type", b"application/json"), (b"retry-after", b"1"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": int(fault), "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Live:
    """A server that runs."""

    def __init__(self, sink: MemorySink, port: int) -> None:
        self.sink, self.port = sink, port
        self.url = f"http://127.0.0.1:{port}"


@contextmanager
def serving(limits: Limits | None = None) -> Iterator[Live]:
    """A live Uvicorn server in a thread of its own."""
    sink = MemorySink()
    app = misbehaving(ingest(sink, sink, limits=limits), sink)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="critical", lifespan="off", access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Live(sink, listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
