"""The server: events in, the API out, and the service behind both."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fireflower.app.live.service import Service
from fireflower.web.apart import Apart
from fireflower.web.api import api
from fireflower.web.forwarding import progress_of
from fireflower.web.ingest import DurableSink, Limits, elsewhere, handles, ingest
from fireflower.web.keys import WriteKeys
from fireflower.web.running import Server, lifespan

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_LOOK = 0.1
"""Seconds between two looks whether history has been evaluated."""
_FOLLOWS = 0.25
"""Seconds for which who asks waits at most until what was acknowledged by another process is known here."""

_LOGGER = logging.getLogger("fireflower.serve")


class Site:
    """Everything that a service answers by HTTP, as one ASGI app.

    Parameters
    ----------
    origins : of pages that may ask the API from a browser
    apart : takes events in for this process, and passes on what is asked

    Attributes
    ----------
    adopt : serves a connection, from the start of the server
    """

    def __init__(
        self,
        service: Service,
        *,
        limits: Limits | None = None,
        origins: Sequence[str] = (),
        apart: Apart | None = None,
    ) -> None:
        self.service, self._apart = service, apart
        self.adopt: Callable[[socket.socket], None] = socket.socket.close
        self._keys = WriteKeys(service)
        self._ingest = ingest(DurableSink(service), self._keys, limits=limits)
        self._api = api(service, origins=origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await lifespan(receive, send, self._life())
        if self._apart is not None and scope["type"] == "http":
            await self._catch_up(scope)
        if scope["type"] != "http" or not handles(scope["path"]):
            await self._api(scope, receive, send)
        elif "ingest" not in self.service.roles:
            await elsewhere(scope, receive, send)
        else:
            await self._keys.look_up()
            await self._ingest(scope, receive, send)
        return None

    async def _catch_up(self, scope: Scope) -> None:
        """Be as far as the process that has passed a request on: what it has acknowledged is to be in the answer."""
        progress = progress_of(scope)
        if progress is None:
            return
        if progress.tally.received >= self.service.intake.tally.received:  # one request may overtake another
            self.service.intake = progress
        until = time.monotonic() + _FOLLOWS
        while not self.service.is_followed(progress.place) and time.monotonic() < until:
            await asyncio.sleep(0.001)

    def prepare_to_end(self) -> None:
        """Let those go who follow a stream, so that the server can stop."""
        self._api.state.streams.end()
        if self._apart is not None:
            self._apart.is_to_end = True

    def cut_off(self) -> None:
        """The process that takes events in for this one ends, if it has not, as nobody answers any longer."""
        if self._apart is not None:
            self._apart.cut_off()

    @asynccontextmanager
    async def _life(self) -> AsyncIterator[None]:
        """The service starts with the server, and ends when the last request has been answered."""
        tasks: list[asyncio.Task[None]] = []
        if self._apart is not None:
            self._apart.start()
            self._apart.listen(self.adopt)
            tasks.append(asyncio.create_task(self._apart.say_how_far()))
        self.service.start()
        tasks.append(asyncio.create_task(self._say_when_ready()))
        yield
        for task in tasks:
            task.cancel()
        if self._apart is not None:
            self._apart.stop_listening()
        await asyncio.to_thread(self._stop)

    def _stop(self) -> None:
        if self._apart is not None:
            self._apart.stop()
        self.service.stop()

    async def _say_when_ready(self) -> None:
        while not self.service.state.ready:
            await asyncio.sleep(_LOOK)
        _LOGGER.info("Ready: %s", "verdicts are up to date." if "evaluate" in self.service.roles else "at work.")


def serve(site: Site, sockets: Sequence[socket.socket]) -> None:
    """Serve until a signal asks to stop: what has been received is made durable and evaluated first.

    Parameters
    ----------
    sockets : that listen

    Raises
    ------
    AlreadyServedError
        If another process evaluates the project, and its database has room for one.
    IntakeEnded
        If a process that takes events in for this one has ended.
    """
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, _stopped)  # Uvicorn raises it once more when it has stopped
    server = _Server(site)
    site.adopt = server.adopt
    site.service.when_refused(server.end)
    try:
        server.run(list(sockets))
    finally:
        site.cut_off()
    if site.service.state.refused is not None:
        raise site.service.state.refused


class _Server(Server):
    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._site = site

    def handle_exit(self, sig: int, frame: Any) -> None:
        self._site.prepare_to_end()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        _LOGGER.info("Stopping: what has been received is evaluated first.")
        await super().shutdown(sockets)


def _stopped(asked: int, frame: Any) -> None:
    """The server has stopped because it was asked to: that is no failure."""
