"""One limit for a whole exchange, however slowly the other side drips: a socket's own time-out begins anew with each
byte."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self


class Deadline:
    """Shuts the sockets that it watches when the time is over, which ends every wait on them.

    Used as a context manager around the exchange; `expired` tells afterwards why a socket was shut.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True

    def left(self) -> float:
        """Seconds until the end, never none at all: 0 would mean 'without a limit' to a socket."""
        return max(self._end - time.monotonic(), 0.001)

    @property
    def expired(self) -> bool:
        """Whether the time is over: a wait on a socket may have noticed that before the timer did."""
        return time.monotonic() >= self._end

    def watch(self, sock: socket.socket | None) -> None:
        with self._lock:
            self._socket = sock
            if self.expired:
                self._shut()

    def _expire(self) -> None:
        with self._lock:
            self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError, ValueError):
                # Not the TLS socket's own method: it would take its state away from the thread that reads.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._socket = None
