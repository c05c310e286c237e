"""Running an ASGI app in this process."""

from __future__ import annotations

import asyncio
import gc
import socket
from contextlib import AbstractAsyncContextManager
from typing import Any

import uvicorn

from fireflower.web.connections import Connection
from fireflower.web.ingest.asgi import Receive, Send

_PATIENCE = 10
"""Seconds that requests have to end when the server stops."""

_GARBAGE = 50_000, 20, 20
"""When Python looks for objects that only hold each other: seldom, as there are few, while millions are kept that would
be looked through each time."""


async def lifespan(receive: Receive, send: Send, life: AbstractAsyncContextManager[Any]) -> None:
    """Be there from when the server starts until the last request has been answered.

    Parameters
    ----------
    life : what is there so long
    """
    await receive()
    async with life:
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})


class Server(uvicorn.Server):
    """Uvicorn, as fireflower needs it."""

    def __init__(self, app: Any) -> None:
        gc.set_threshold(*_GARBAGE)
        super().__init__(uvicorn.Config(
            app, http=Connection, ws="none", access_log=False, log_config=None, server_header=False, lifespan="on",
            timeout_graceful_shutdown=_PATIENCE,
        ))  # fmt: skip
        self._adopting: set[asyncio.Task[Any]] = set()

    def adopt(self, connected: socket.socket) -> None:
        """Serve whoever is at the other end, as if they had connected to where this server listens."""

        def connection() -> Connection:
            return Connection(self.config, self.server_state, self.lifespan.state)

        adopted = asyncio.get_running_loop().connect_accepted_socket(connection, connected)
        self._adopting.add(task := asyncio.ensure_future(adopted))
        task.add_done_callback(self._adopting.discard)

    def end(self) -> None:
        """End as if a signal had asked for it."""
        self.should_exit = True
