"""The process that takes events in for a server of two (`apart`).

python -m fireflower.web.entrance    what it is to do is said on standard input
"""

from __future__ import annotations

import asyncio
import os
import pickle
import socket
import struct
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fireflower.app.live.intake import Intake
from fireflower.app.project import going_by
from fireflower.history.log.reading import Mappings
from fireflower.language.settings import Settings
from fireflower.web.forwarding import Forward
from fireflower.web.ingest import DurableSink, Limits, handles, ingest
from fireflower.web.ingest.asgi import Receive, Scope, Send
from fireflower.web.keys import WriteKeys
from fireflower.web.running import Server, lifespan

REACHED = struct.Struct("!q")
"""What is said to this process: up to which place of the log everything has been evaluated."""
STOP = -2
"""The same, when it is to end as it should. If that is not said, and nobody is there any longer, the server was
killed."""


@dataclass(frozen=True)
class Setup:
    """What the process is to do.

    Attributes
    ----------
    settings : by which the server goes; the files may have been edited since
    listening : the numbers of files that are sockets which listen
    to : that of the one by which messages are handed on
    asking : that of the one by which connections are handed on that ask for what is no event
    prepare : what is to be done before all else
    """

    folder: Path
    settings: Settings
    mappings: Mappings
    limits: Limits
    listening: Sequence[int]
    to: int
    asking: int
    prepare: Callable[[], None] | None


class Entrance:
    """What clients meet: events are taken in here, all else is passed on."""

    def __init__(self, intake: Intake, setup: Setup) -> None:
        self._intake = intake
        self._keys = WriteKeys(intake)
        self._ingest = ingest(DurableSink(intake), self._keys, limits=setup.limits)
        self._forward = Forward(socket.socket(fileno=setup.asking), lambda: intake.progress)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send, self._life())
        elif scope["type"] == "http" and handles(scope["path"]):
            await self._keys.look_up()
            await self._ingest(scope, receive, send)
        elif scope["type"] == "http":
            await self._forward(scope, receive, send)

    @asynccontextmanager
    async def _life(self) -> AsyncIterator[None]:
        self._intake.start()
        yield
        self._forward.close()
        await asyncio.to_thread(self._intake.stop)


def main() -> None:
    """Take events in until it is said to end."""
    setup: Setup = pickle.load(sys.stdin.buffer)
    if setup.prepare is not None:
        setup.prepare()
    project = going_by(setup.settings, setup.folder)
    to = socket.socket(fileno=setup.to)
    intake = Intake(project, setup.mappings, to)
    server = _Server(Entrance(intake, setup))
    threading.Thread(target=_listen_to, args=(to, intake, server.end), daemon=True).start()
    server.run([socket.socket(fileno=number) for number in setup.listening])


class _Server(Server):
    def handle_exit(self, sig: int, frame: Any) -> None:
        """Whoever has started this process hears signals, too, and says when it is to end."""


def _listen_to(other: socket.socket, intake: Intake, end: Callable[[], None]) -> None:
    """Hear how far the other process is; end when it says so, and at once if it has been killed."""
    try:
        with other.makefile("rb") as said:
            while len(word := said.read(REACHED.size)) == REACHED.size:
                reached = REACHED.unpack(word)[0]
                if reached == STOP:
                    end()
                else:
                    intake.reached = reached
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
