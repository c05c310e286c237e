"""Requests to the endpoint without a server between."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from fireflower.model.moments import parse_moment
from fireflower.web.ingest import Limits, ingest
from web.serving import MemorySink

NOW = parse_moment("2026-03-01T12:00:00Z")


def basic(key: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"{key}:".encode()).decode()}


KEY = basic("key-a")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Desk:
    """An endpoint with its sink, at a moment that stands still."""

    def __init__(self, limits: Limits | None = None, now: int = NOW, **mappings: Any) -> None:
        self.sink, self.now = MemorySink(), now
        self.app = ingest(self.sink, self.sink, limits=limits, clock=lambda: self.now, **mappings)

    def post(self, path: str, body: Any = b"", headers: dict[str, str] | None = None, **more: Any) -> Answer:
        """Ask once. What is not bytes is sent as JSON."""
        return asyncio.run(self.ask("POST", path, body, KEY if headers is None else headers, **more))

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = b"",
        headers: dict[str, str] | None = None,
        chunk: int = 0,
        **scope: Any,
    ) -> Answer:
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        size = chunk or max(1, len(body))
        parts = [body[begin : begin + size] for begin in range(0, max(1, len(body)), size)]
        incoming = [
            {"type": "http.request", "body": part, "more_body": number < len(parts) - 1}
            for number, part in enumerate(parts)
        ]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return incoming.pop(0) if incoming else {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        path, _, query = path.partition("?")
        names = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        given = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": names}
        await self.app({**given, **scope}, receive, send)
        assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
        answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        assert int(answered["content-length"]) == len(sent[1]["body"])
        return Answer(sent[0]["status"], answered, sent[1]["body"])

    def told(self, source: str = "key-a", **mapping: Any) -> list[dict[str, Any]]:
        return self.sink.told(source, **mapping)

    def messages(self, source: str = "key-a") -> list[Any]:
        return list(self.sink.messages[source].values())

    def bodies(self, source: str = "key-a") -> list[dict[str, Any]]:
        return [json.loads(message.body) for message in self.messages(source)]

    def reasons(self, source: str = "key-a") -> list[str]:
        return [reject.reason for reject in self.sink.rejects[source]]
