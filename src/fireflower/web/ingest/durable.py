"""The live service as the place where messages become durable."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Protocol

from fireflower.history.log.database import StorageError
from fireflower.model.errors import Overloaded, Unavailable
from fireflower.model.messages import Message, Reject, Said

MOST_WAITING = 50_000
"""About how much may wait to be written or evaluated, before clients are told to come again."""

_LATER = 2.0


class Service(Protocol):
    """What is needed of the service that writes the log (`app.live.service`)."""

    def submit(
        self, messages: Sequence[Message], rejects: Sequence[Reject] = (), said: Said | None = None
    ) -> Future[int]:
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

    def accept(self, messages: Sequence[Message], rejects: Sequence[Reject], said: Said) -> asyncio.Future[int]:
        """Make them durable; gives how many messages were new. What is being written cannot be called back, whoever has
        stopped waiting for it.

        Parameters
        ----------
        said : what the messages say, as far as it is known

        Raises
        ------
        Unavailable
            If the log cannot be written.
        """
        loop = asyncio.get_running_loop()
        kept: asyncio.Future[int] = loop.create_future()

        def tell(written: Future[int]) -> None:
            with suppress(RuntimeError):  # the loop has ended, and nobody waits
                loop.call_soon_threadsafe(_settle, kept, written)

        self._service.submit(messages, rejects, said).add_done_callback(tell)
        return kept


def _settle(kept: asyncio.Future[int], written: Future[int]) -> None:
    if kept.done():
        return
    error = written.exception()
    if error is None:
        kept.set_result(written.result())
    else:
        kept.set_exception(Unavailable(str(error)) if isinstance(error, StorageError) else error)
