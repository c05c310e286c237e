"""Passing requests on to another process on this machine, and its answers back, streams among them."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import h11

from fireflower.app.live.counting import Tally
from fireflower.app.live.handing_on import Progress
from fireflower.web.ingest.answers import refused, refused_headers, send_json
from fireflower.web.ingest.asgi import Receive, Scope, Send
from fireflower.web.ingest.refusals import Refusal

_PROGRESS = b"fireflower-intake"
"""The header that says how far who passes a request on has come: who answers is to be as far."""

_OF_A_CONNECTION = {
    b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"expect"
}  # fmt: skip
"""Headers that are between the two ends of a connection (RFC 9110, section 7.6.1), and `Expect`, which is answered by
who reads the body. How a body is framed, each end says by itself."""

_READ = 64 << 10
_MOST_IDLE = 16
"""Connections that are kept while nobody asks."""
_FRESH = 2.0
"""Seconds for which they are: Uvicorn closes those that are idle for five."""

_AWAY = Refusal(503, "not_ready", "The server is starting or ending: ask again in a moment.", 1.0)
_NOT_PASSED = Refusal(400, "malformed_request", "The request has an address or headers as HTTP does not write them.")


def progress_of(scope: Scope) -> Progress | None:
    """How far the process had come that has passed a request on; None if it does not say."""
    for name, value in scope["headers"]:
        if name == _PROGRESS:
            place, waiting, is_failing, *counts = map(int, value.split())
            return Progress(place, Tally(*counts), waiting, bool(is_failing))
    return None


def _said(progress: Progress) -> bytes:
    tally = progress.tally
    counts = tally.received, tally.duplicates, tally.rejected, tally.forgotten
    return b" ".join(b"%d" % each for each in (progress.place, progress.waiting, progress.is_failing, *counts))


class Forward:
    """An ASGI app that has requests answered by another process.

    Parameters
    ----------
    to : the other process takes connections there, which are handed to it. So nobody else finds them, and they need no
        address
    progress : how far this process has come, which the other one is told
    """

    def __init__(self, to: socket.socket, progress: Callable[[], Progress]) -> None:
        to.setblocking(False)
        self._to, self._progress = to, progress
        self._idle: list[_Kept] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kept = self._take() or await self._connect()
        if kept is None:
            return await _refuse(send, _AWAY)
        exchange = _Exchange(kept, receive, send)
        try:
            await exchange.run(_request(scope, _said(self._progress())))
        except h11.LocalProtocolError:
            await _refuse(send, _NOT_PASSED)
        finally:
            self._put_back(kept)
        return None

    def close(self) -> None:
        """Close the connections that nobody uses."""
        while self._idle:
            self._idle.pop().writer.close()

    async def _connect(self) -> _Kept | None:
        connection = _connection(self._to)
        return None if connection is None else _Kept(*await asyncio.open_connection(sock=connection))

    def _take(self) -> _Kept | None:
        """The connection that was used last. None if that is long ago: who is at the other end may be closing it."""
        while self._idle:
            kept = self._idle.pop()
            if kept.is_fresh():
                return kept
            kept.writer.close()
        return None

    def _put_back(self, kept: _Kept) -> None:
        if len(self._idle) < _MOST_IDLE and kept.goes_on():
            self._idle.append(kept)
        else:
            kept.writer.close()


class _Kept:
    """A connection for one exchange after the other: to hand over a new one costs as much as a small answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.http = h11.Connection(h11.CLIENT)
        self._used = time.monotonic()

    def is_fresh(self) -> bool:
        """Whether the other end is still open, and will be for a while."""
        return time.monotonic() - self._used < _FRESH and not self.reader.at_eof() and not self.writer.is_closing()

    def goes_on(self) -> bool:
        """Begin the next exchange; False if the last one has not come to its end, or was said to be the last."""
        if not (self.http.our_state is self.http.their_state is h11.DONE) or self.writer.is_closing():
            return False
        self.http.start_next_cycle()
        self._used = time.monotonic()
        return True


def _connection(to: socket.socket) -> socket.socket | None:
    """A connection with the process at the other end; None if that has ended, has not taken hundreds for a long time,
    or this one has too many files open."""
    try:
        ours, theirs = socket.socketpair()
    except OSError:
        return None
    try:
        with theirs:
            socket.send_fds(to, [b"."], [theirs.fileno()])
    except OSError:
        ours.close()
        return None
    return ours


def connections(asked: socket.socket) -> Iterator[socket.socket | None]:
    """Those that another process has handed over by now; at the end None, if it has ended."""
    try:
        while True:
            data, files, *_ = socket.recv_fds(asked, 1, 1)  # without files, if this process has too many open
            yield from (socket.socket(fileno=file) for file in files)
            if not data:
                yield None
                return
    except BlockingIOError:
        return
    except OSError:
        yield None


class _Exchange:
    """One request and its answer, on a connection that nobody else uses meanwhile."""

    def __init__(self, kept: _Kept, receive: Receive, send: Send) -> None:
        self._reader, self._writer, self._http = kept.reader, kept.writer, kept.http
        self._receive, self._send = receive, send
        self._has_begun = self._has_gone = False

    async def run(self, request: h11.Request) -> None:
        self._write(request)
        asking = asyncio.create_task(self._pass_body())
        try:
            await self._pass_answer()
        except (OSError, h11.RemoteProtocolError):  # who answers has ended over it, or the client has gone
            if not self._has_begun and not self._has_gone:
                await _refuse(self._send, _AWAY)
            elif not self._has_gone:
                raise
        finally:
            asking.cancel()
            with suppress(asyncio.CancelledError, OSError, h11.LocalProtocolError):
                await asking

    async def _pass_body(self) -> None:
        more = True
        while more:
            event = await self._receive()
            if event["type"] == "http.disconnect":
                return self._go()
            if body := event.get("body", b""):
                self._write(h11.Data(body))
                await self._writer.drain()
            more = event.get("more_body", False)
        self._write(h11.EndOfMessage())
        while (await self._receive())["type"] != "http.disconnect":
            pass
        return self._go()

    def _go(self) -> None:
        """The client has gone: who answers may stop."""
        self._has_gone = True
        self._writer.close()

    async def _pass_answer(self) -> None:
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(await self._reader.read(_READ))
            elif isinstance(event, h11.Response):
                self._has_begun = True
                headers = [pair for pair in event.headers if pair[0] not in _OF_A_CONNECTION and pair[0] != b"date"]
                await self._send({"type": "http.response.start", "status": event.status_code, "headers": headers})
            elif isinstance(event, h11.Data):
                await self._send({"type": "http.response.body", "body": bytes(event.data), "more_body": True})
            elif isinstance(event, h11.EndOfMessage):
                return await self._send({"type": "http.response.body", "body": b""})
            elif not isinstance(event, h11.InformationalResponse):  # there is no more to come
                raise h11.RemoteProtocolError("there is no answer, or not the whole")

    def _write(self, event: Any) -> None:
        self._writer.write(self._http.send(event) or b"")


def _request(scope: Scope, said: bytes) -> h11.Request:
    said_of_it = b",".join(value for name, value in scope["headers"] if name == b"connection")
    left_out = {*_OF_A_CONNECTION, *map(bytes.strip, said_of_it.lower().split(b",")), _PROGRESS}
    headers = [(name, value) for name, value in scope["headers"] if name not in left_out]
    names = {name for name, _ in headers}
    if b"host" not in names:  # as HTTP/1.0 allows
        headers.append((b"host", b"localhost"))
    if any(name == b"transfer-encoding" for name, _ in scope["headers"]):
        headers = [pair for pair in headers if pair[0] != b"content-length"]
        headers.append((b"transfer-encoding", b"chunked"))
    query = scope["query_string"]
    target = scope["raw_path"] + (b"?" + query if query else b"")
    headers.append((_PROGRESS, said))
    return h11.Request(method=scope["method"], target=target, headers=headers)


async def _refuse(send: Send, refusal: Refusal) -> None:
    await send_json(send, refusal.status, refused(refusal), refused_headers(refusal))
