"""Connections that would keep a place for nothing: closed if the head of a request does not come in time, or is too
large. Bodies have limits of their own (`ingest.bodies`), and what is idle between requests is closed by uvicorn."""

from __future__ import annotations

import asyncio

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fireflower.web.ingest.answers import refused
from fireflower.web.ingest.refusals import Refusal

PATIENCE = 20.0
"""Seconds that the head of a request has to come, from the beginning of the connection or from its first byte."""

LARGEST_HEAD = 64 << 10
"""Bytes of a request's line and headers; those of browsers with all their cookies have a tenth."""

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_NO_HTTP = Refusal(400, "malformed_request", "This is no request as HTTP writes them, or its address is too long.")


class _Together:
    """The transport of one answer: its head is sent with what follows at once, as each sending takes as long as to look
    into ten events."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._head: bytes | None = None
        self._has_begun = False

    def write(self, data: bytes) -> None:
        if self._has_begun:
            head, self._head = self._head, None
            self._transport.write(head + data if head else data)
        else:
            self._has_begun, self._head = True, data
            self._loop.call_soon(self._send_head)

    def close(self) -> None:
        self._send_head()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def _send_head(self) -> None:
        """Nothing may follow for long."""
        if self._head:
            self._transport.write(self._head)
            self._head = None


class Connection(HttpToolsProtocol):
    """A connection of a client."""

    _deadline: asyncio.TimerHandle | None = None
    _is_head = True
    _has_come = False
    _head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        if self._is_head and self._deadline is None:
            self._wait()
        self._has_come = False
        is_all_head = self._is_head
        super().data_received(data)
        if is_all_head and not self._has_come:  # else some of it is a body
            self._head += len(data)
            if self._head > LARGEST_HEAD and not self.transport.is_closing():
                self.transport.write(_TOO_LARGE)
                self.transport.close()

    def on_headers_complete(self) -> None:
        self._is_head, self._has_come, self._head = False, True, 0
        self._go_on()
        super().on_headers_complete()
        if self.cycle is not None:
            self.cycle.transport = _Together(self.transport, self.loop)  # type: ignore[assignment]

    def on_message_complete(self) -> None:
        self._is_head = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is answered as whatever else is asked wrongly."""
        body = msgspec.json.encode(refused(_NO_HTTP))
        head = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: "
        self.transport.write(f"{head}{len(body)}\r\n\r\n".encode() + body)
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._go_on()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._deadline = self.loop.call_later(PATIENCE, self.transport.close)

    def _go_on(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
