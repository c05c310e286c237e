"""Server-sent events: every change of the record, in order, from any place in it.

Each reader goes through the record with a cursor of its own; news only wakes it. So nothing is kept for a slow one, and
the evaluator never waits for any: one that takes nothing for a while is cut off, and goes on where it was when it
comes again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fireflower.app.live.asking import Asking
from fireflower.history.log.verdicts import News
from fireflower.web.api import showing
from fireflower.web.api.keys import authorize
from fireflower.web.api.refusals import Refused

_LOGGER = logging.getLogger("fireflower.api")

_PAGE = 200
_LARGEST = 2**63 - 1


class Streams:
    """All open streams.

    Parameters
    ----------
    heartbeat : seconds after which something is sent though nothing has happened, so that both ends see who is gone
    patience : seconds for which a reader may take nothing
    most : streams at one time
    """

    def __init__(self, heartbeat: float = 15.0, patience: float = 20.0, most: int = 200) -> None:
        self.heartbeat, self.patience, self.most = heartbeat, patience, most
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wakes: set[asyncio.Event] = set()
        self.ended = False

    def __len__(self) -> int:
        return len(self._wakes)

    def tell(self, news: News) -> None:
        """Wake all; called in the evaluator's thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake)

    def end(self) -> None:
        """End all streams, so that the server can stop; called in the loop."""
        self.ended = True
        self._wake()

    async def open(self, asking: Asking, after: int | None, request: Request) -> Response:
        """A stream from behind a change on; by default from now on."""
        if len(self) >= self.most:
            raise Refused(503, "too_many_streams", f"{self.most} streams are open already.", {"Retry-After": "5"})
        seen = _last_seen(request)
        begin = seen if seen is not None else after
        if begin is None:
            begin = await run_in_threadpool(asking.last_change)
        return _Stream(self, asking, begin, lambda: authorize(request, asking, "read"))

    def enter(self) -> asyncio.Event:
        """Have a reader woken by news."""
        self._loop = asyncio.get_running_loop()
        wake = asyncio.Event()
        self._wakes.add(wake)
        return wake

    def leave(self, wake: asyncio.Event) -> None:
        self._wakes.discard(wake)

    def _wake(self) -> None:
        for wake in self._wakes:
            wake.set()


class _Stream(Response):
    """One stream.

    Parameters
    ----------
    authorized : raises Refused once its token is good for it no longer
    """

    media_type = "text/event-stream"

    def __init__(self, streams: Streams, asking: Asking, after: int, authorized: Callable[[], Awaitable[None]]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._streams, self._asking, self._after, self._authorized = streams, asking, after, authorized

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wake = self._streams.enter()
        sending = asyncio.create_task(self._send(send, wake))
        gone = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._streams.leave(wake)
            for task in (sending, gone):
                task.cancel()
        if sending.done() and not sending.cancelled():
            sending.result()

    async def _send(self, send: Send, wake: asyncio.Event) -> None:
        head = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        try:
            await asyncio.wait_for(send(head), self._streams.patience)
            async for text in self._texts(wake):
                body = {"type": "http.response.body", "body": text, "more_body": True}
                await asyncio.wait_for(send(body), self._streams.patience)
        except TimeoutError:
            _LOGGER.info("A stream was cut off behind change %d: its reader takes nothing.", self._after)
            return
        except Refused:
            _LOGGER.info("A stream has ended behind change %d: its token has been revoked.", self._after)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _texts(self, wake: asyncio.Event) -> AsyncIterator[bytes]:
        yield b"retry: 1000\n\n"
        while not self._streams.ended:
            wake.clear()
            await self._authorized()
            found = await run_in_threadpool(self._asking.changes, self._after, _PAGE)
            for each in found:
                data = msgspec.json.encode(showing.change(each))
                yield b"id: %d\nevent: %b\ndata: %b\n\n" % (each.id, each.what.encode(), data)
                self._after = each.id
            if len(found) < _PAGE:
                try:
                    await asyncio.wait_for(wake.wait(), self._streams.heartbeat)
                except TimeoutError:
                    yield b":\n\n"


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _last_seen(request: Request) -> int | None:
    """The last change that the reader has seen, as browsers say it when they come again."""
    text = request.headers.get("last-event-id", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text[:20]) <= _LARGEST and len(text) < 20):
        raise Refused(400, "bad_cursor", f"Last-Event-ID is not one that was given: {text[:40]!r}.")
    return int(text)
