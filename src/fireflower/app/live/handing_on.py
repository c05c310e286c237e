"""What one process takes in is handed on to another, which evaluates it, and so need not read it in the log again.

The log remains what counts. Who is handed messages is told behind which place of the log they are; if that is further
than it has followed by then, it reads the log.
"""

from __future__ import annotations

import pickle
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from fireflower.app.live.counting import Tally
from fireflower.history.log.durable import Durable

_LENGTH = struct.Struct("!q")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a process has come that takes messages in.

    Attributes
    ----------
    place : the last one in the log that it has handed on
    tally : what has come
    waiting : about how many requests wait to be written
    is_failing : whether messages cannot be written just now
    """

    place: int = -1
    tally: Tally = field(default_factory=Tally)
    waiting: int = 0
    is_failing: bool = False


class HandingOn:
    """Hands on what is durable, in the order of the log.

    Parameters
    ----------
    to : is connected with the process that evaluates
    place : behind which the first message is
    """

    def __init__(self, to: socket.socket, place: int) -> None:
        self._to, self.place = to, place

    def __call__(self, durable: Durable) -> None:
        """Hand these on. If nobody is there any longer, this process is about to end, too, and the log has them."""
        if not len(durable):
            return
        data = pickle.dumps((self.place, durable), pickle.HIGHEST_PROTOCOL)
        with suppress(OSError):
            self._to.sendall(_LENGTH.pack(len(data)) + data)
        self.place = durable.last


def handed_on(by: socket.socket) -> Iterator[bytes]:
    """What is handed on, for `unpacked`, until the process that does it ends."""
    with by.makefile("rb") as file, suppress(OSError):
        while len(head := file.read(_LENGTH.size)) == _LENGTH.size:
            size = _LENGTH.unpack(head)[0]
            data = file.read(size)
            if len(data) < size:
                return
            yield data


def unpacked(data: bytes) -> tuple[int, Durable]:
    """The place in the log behind which messages are, and these. They come from a process that this one has started."""
    place, durable = pickle.loads(data)
    return place, durable
