"""The live service as the place where messages become durable."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

from fireflower.history.log.database import StorageError
from fireflower.model.errors import Overloaded, Unavailable
from fireflower.model.messages import Message, Reject

MOST_WAITING = 50_000
"""About how much may wait to be written or evaluated, before clients are told to come again."""

_LATER = 2.0


class Service(Protocol):
    """What is needed of the service that writes the log (`app.live.service`)."""

    def submit(self, messages: Sequence[Message], rejects: Sequence[Reject] = ()) -> Future[int]:
        """Have messages made durable; the future gives how many were new."""
        ...

    def waiting(self) -> int:
        """About how much waits."""
        ...


class DurableSink:
    """Hands messages to the service, and waits until they are in its log."""

    def __init__(self, service: Service, most_waiting: int = MOST_WAITING) -> None:
        self._service, self._most_waiting = service, most_waiting

    def expect_room(self) -> None:
        """
        Raises
        ------
        Overloaded
            If too much waits already.
        """
        waiting = self._service.waiting()
        if waiting > self._most_waiting:
            raise Overloaded(f"{waiting} messages wait to be taken in. Send it again in {_LATER:g} seconds.", _LATER)

    async def accept(self, messages: Sequence[Message], rejects: Sequence[Reject]) -> int:
        """Make them durable; returns how many messages were new.

        Raises
        ------
        Unavailable
            If the log cannot be written.
        """
        written = asyncio.wrap_future(self._service.submit(messages, rejects))
        try:
            # What is being written cannot be called back, whoever has stopped waiting for it.
            return await asyncio.shield(written)
        except StorageError as error:
            raise Unavailable(str(error)) from error
