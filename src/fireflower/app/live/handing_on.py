"""What one process takes in is handed on to another, which evaluates it, and so need not read it in the log again.

The log remains what counts. Who is handed messages is told behind which place of the log they are; if that is further
than it has followed by then, it reads the log.

Columns are packed as MessagePack, in which events cost a third of what they do as a pickle, and less to unpack. Where
numbers are beyond 64 bits, or texts no Unicode, all is a pickle.
"""

from __future__ import annotations

import pickle
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from fireflower.app.live.counting import Tally
from fireflower.history.arrivals import Arrivals, Numbered
from fireflower.history.log.durable import Durable
from fireflower.model.events import Events

_LENGTH = struct.Struct("!q")


class _Packed(msgspec.Struct, array_like=True, gc=False):
    """Messages behind a place: columns of numbers as they lie in memory, and what is no event one by one."""

    behind: int
    places: bytes
    numbers: bytes
    time: bytes
    received: bytes
    name: list[Any]
    person: list[Any]
    account: list[Any]
    properties: list[Any]
    message_id: list[Any]
    others: list[Numbered]


_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(_Packed).decode

_PICKLE = b"\x80"
"""How a pickle begins, and no list of MessagePack."""


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
        data = packed(self.place, durable)
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


def packed(behind: int, durable: Durable) -> bytes:
    """Messages, which are behind a place in the log, for `unpacked`."""
    arrivals, events = durable.arrivals, durable.arrivals.events
    numbers = (durable.places, arrivals.numbers, events.time, events.received)
    places, numbered, time, received = (column.tobytes() for column in numbers)
    lists = (events.name, events.person, events.account, events.properties, events.message_id)
    try:
        return _encode(_Packed(behind, places, numbered, time, received, *lists, arrivals.others))
    except (OverflowError, UnicodeError):
        return pickle.dumps((behind, durable), pickle.HIGHEST_PROTOCOL)


def unpacked(data: bytes) -> tuple[int, Durable]:
    """The place in the log behind which messages are, and these. They come from a process that this one has started."""
    if data.startswith(_PICKLE):
        behind, durable = pickle.loads(data)
        return behind, durable
    said = _decode(data)
    places, numbers, time, received = map(_column, (said.places, said.numbers, said.time, said.received))
    events = Events(time, received, said.name, said.person, said.account, said.properties, said.message_id)
    return said.behind, Durable(places, Arrivals(events, numbers, said.others))


def _column(numbers: bytes) -> NDArray[np.int64]:
    return np.frombuffer(numbers, np.int64).copy()  # as any other: what lies in bytes may not be written over
