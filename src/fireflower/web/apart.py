"""A server of two processes: this one evaluates and answers what is asked; another, which it starts, has the address,
takes events in, and passes on what is asked.

A process of Python uses one processor at a time. By two, more is taken in and evaluated, and neither waits for the
other.
"""

from __future__ import annotations

import asyncio
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from fireflower.app.live.handing_on import handed_on
from fireflower.app.live.service import Service
from fireflower.model.errors import FireflowerError
from fireflower.web.entrance import REACHED, STOP, Setup
from fireflower.web.forwarding import connections
from fireflower.web.ingest import Limits

_PATIENCE = 30.0
"""Seconds that the other process has to end."""
_SAYS = 0.1
"""Seconds between two looks how far this process is."""


class IntakeEnded(FireflowerError):
    """The process that takes events in has ended by itself, or has been ended."""


class Apart:
    """The process that takes events in for a service.

    Parameters
    ----------
    sockets : that listen at the server's address. They are the other process's from the start
    limits : of what clients may send
    prepare : is called in the other process before all else

    Attributes
    ----------
    process : the other one, from the start
    is_to_end : whether it is no surprise if that ends
    """

    def __init__(
        self,
        service: Service,
        sockets: Sequence[socket.socket],
        limits: Limits,
        prepare: Callable[[], None] | None = None,
    ) -> None:
        self._service, self._sockets, self._limits, self._prepare = service, sockets, limits, prepare
        self._ours, self._theirs = socket.socketpair()
        self._asked, self._asking = socket.socketpair()
        self._asked.setblocking(False)
        self._thread = threading.Thread(target=self._follow, name="fireflower-handed-on")
        self.is_to_end = False
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Have the other process take events in."""
        given = [*self._sockets, self._theirs, self._asking]
        *listening, to, asking = numbers = [each.fileno() for each in given]
        project, mappings = self._service.project, self._service.mappings
        setup = Setup(
            project.folder, project.settings, mappings, self._limits, listening, to, asking, self._prepare
        )  # fmt: skip
        said = pickle.dumps(setup)
        # A session of its own, as a terminal sends its signals to all of one: this process ends the other.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fireflower.web.entrance"],
            stdin=subprocess.PIPE, pass_fds=numbers, start_new_session=True,
        )  # fmt: skip
        self._thread.start()
        for each in given:
            each.close()  # so that nobody waits at an address where nobody listens
        assert self.process.stdin is not None
        with suppress(BrokenPipeError), self.process.stdin:
            self.process.stdin.write(said)

    def listen(self, adopt: Callable[[socket.socket], None]) -> None:
        """From now on, have the loop that runs adopt connections by which the other process passes on what is asked."""
        loop = asyncio.get_running_loop()

        def take() -> None:
            for connection in connections(self._asked):
                if connection is None:  # the other process has ended
                    loop.remove_reader(self._asked)
                else:
                    adopt(connection)

        loop.add_reader(self._asked, take)

    def stop_listening(self) -> None:
        """Adopt nothing any longer."""
        asyncio.get_running_loop().remove_reader(self._asked)

    async def say_how_far(self) -> None:
        """Tell the other process now and then how far this one is, as it takes no more in than can be evaluated."""
        said = -1
        while True:
            reached = self._service.reached
            if reached != said:
                self._say(reached)
                said = reached
            await asyncio.sleep(_SAYS)

    def stop(self) -> None:
        """Have the other process make durable what it has received, and end."""
        self.is_to_end = True
        if self.process is not None:
            self._say(STOP)
            try:
                self.process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
            self._thread.join()

    def cut_off(self) -> None:
        """Have the other process end at once, if it has not ended."""
        self.is_to_end = True
        with suppress(OSError):
            self._ours.shutdown(socket.SHUT_RDWR)
        if self.process is not None:
            self.process.wait(_PATIENCE)
            self._thread.join()
        for each in (self._ours, self._asked):
            each.close()

    def _say(self, word: int) -> None:
        """If there is no room for it, or nobody is there, it is not said."""
        with suppress(OSError):
            self._ours.send(REACHED.pack(word), socket.MSG_DONTWAIT if word != STOP else 0)

    def _follow(self) -> None:
        for packed in handed_on(self._ours):
            self._service.hand_over(packed)
        assert self.process is not None
        code = self.process.wait()
        if not self.is_to_end:
            self._service.refuse(IntakeEnded(
                f"The process that takes events in has ended ({_how(code)}), and this one ends, too. What was "
                "acknowledged is in the log: start the server again."
            ))  # fmt: skip


def _how(code: int) -> str:
    return f"by signal {-code}" if code < 0 else f"with {code}"
