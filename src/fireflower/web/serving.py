"""The server: events in, the API out, and the service behind both, in one process."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import suppress
from typing import Any

from fireflower.app.live.service import Service
from fireflower.history.log.database import StorageError
from fireflower.history.log.tokens import Accepted, Tokens, matching
from fireflower.web.api import api
from fireflower.web.ingest import DurableSink, Limits, elsewhere, handles, ingest

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_BELIEVED = 1.0
"""Seconds for which write keys are believed before they are looked up again: so late is one revoked."""
_ANSWERS = 2.0
"""Seconds that the database has to say which write keys there are."""
_LOOK = 0.1
"""Seconds between two looks whether history has been evaluated."""
_PATIENCE = 10
"""Seconds that requests have to end when the server stops."""

_GARBAGE = 50_000, 20, 20
"""When Python looks for objects that only hold each other: seldom, as there are few, while millions are kept that would
be looked through each time."""

_LOGGER = logging.getLogger("fireflower.serve")


class WriteKeys:
    """The write keys of a project, looked up now and then: in a thread, as the database may not answer."""

    def __init__(self, service: Service) -> None:
        self._tokens = Tokens(service.connect())
        self._accepted = self._tokens.accepted()
        self._known: dict[str, Accepted] = {}
        self._looked = self._begun = float("-inf")
        self._looking: asyncio.Future[None] | None = None

    async def look_up(self) -> None:
        """Look them up if that is some time ago. While the database does not answer, those that were accepted before go
        on being accepted."""
        now = time.monotonic()
        if now - self._looked <= _BELIEVED:
            return
        if self._looking is None or self._looking.done():
            self._looking, self._begun = asyncio.ensure_future(asyncio.to_thread(self._look)), now
        await asyncio.wait((self._looking,), timeout=max(0.0, self._begun + _ANSWERS - now))

    def source(self, key: str) -> str | None:
        """The name of a write key; None if it is none."""
        found = self._found(key)
        return found.name if found is not None and found.scope == "write" else None

    def instead(self, key: str) -> str:
        """What a key is that is no write key; "" if nothing."""
        found = self._found(key)
        return "" if found is None else f"the token {found.name!r} is of the scope {found.scope}"

    def _look(self) -> None:
        with suppress(StorageError):
            self._accepted = self._tokens.accepted()
            self._known = {}
        self._looked = time.monotonic()

    def _found(self, key: str) -> Accepted | None:
        known = self._known  # of the accepted ones of now, or of before: never of before under those of now
        found = known.get(key)
        if found is None and (found := matching(key, self._accepted)) is not None:
            known[key] = found
        return found


class Site:
    """Everything that a service answers by HTTP, as one ASGI app.

    Parameters
    ----------
    origins : of pages that may ask the API from a browser
    """

    def __init__(self, service: Service, *, limits: Limits | None = None, origins: Sequence[str] = ()) -> None:
        self.service = service
        self._keys = WriteKeys(service)
        self._ingest = ingest(DurableSink(service), self._keys, limits=limits)
        self._api = api(service, origins=origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] != "http" or not handles(scope["path"]):
            await self._api(scope, receive, send)
        elif "ingest" not in self.service.roles:
            await elsewhere(scope, receive, send)
        else:
            await self._keys.look_up()
            await self._ingest(scope, receive, send)

    def end_streams(self) -> None:
        """Let those go who follow a stream, so that the server can stop."""
        self._api.state.streams.end()

    async def _live(self, receive: Receive, send: Send) -> None:
        """Start the service with the server, and end it when the last request has been answered."""
        saying: asyncio.Task[None] | None = None
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                self.service.start()
                saying = asyncio.create_task(self._say_when_ready())
                await send({"type": "lifespan.startup.complete"})
            elif event["type"] == "lifespan.shutdown":
                if saying is not None:
                    saying.cancel()
                await asyncio.get_running_loop().run_in_executor(None, self.service.stop)
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _say_when_ready(self) -> None:
        while not self.service.state.ready:
            await asyncio.sleep(_LOOK)
        _LOGGER.info("Ready: %s", "verdicts are up to date." if "evaluate" in self.service.roles else "at work.")


def serve(site: Site, sockets: list[socket.socket]) -> None:
    """Serve until a signal asks to stop: what has been received is made durable and evaluated first.

    Parameters
    ----------
    sockets : that listen

    Raises
    ------
    AlreadyServedError
        If another process evaluates the project, and its database has room for one.
    """
    import uvicorn

    from fireflower.web.connections import Connection

    gc.set_threshold(*_GARBAGE)

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: Any) -> None:
            site.end_streams()
            super().handle_exit(sig, frame)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            _LOGGER.info("Stopping: what has been received is evaluated first.")
            await super().shutdown(sockets)

    config = uvicorn.Config(
        site, http=Connection, access_log=False, log_config=None, server_header=False,
        timeout_graceful_shutdown=_PATIENCE,
    )  # fmt: skip
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, _stopped)  # Uvicorn raises it once more when it has stopped
    server = Server(config)

    def end() -> None:
        server.should_exit = True

    site.service.when_refused(end)
    server.run(sockets)
    if site.service.state.refused is not None:
        raise site.service.state.refused


def _stopped(asked: int, frame: Any) -> None:
    """The server has stopped because it was asked to: that is no failure."""
