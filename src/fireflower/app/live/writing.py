"""Writing to the log: what comes at the same time becomes durable together, and only then is it acknowledged."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field

from fireflower.app.live.counting import Tally
from fireflower.history.log.database import Database, StorageError
from fireflower.history.log.messages import Kept, MessageLog
from fireflower.history.log.reading import Mappings, MessageReader, mentioned
from fireflower.history.readers.batches import Told
from fireflower.model.messages import Message, Reject

_Durable = tuple[Kept, Sequence[Told]]
Follow = Callable[[list[_Durable]], None]
"""Is given what is durable, in the order of the log."""

_SOON = 1.0
_SOON_SHARED = 0.05
"""Seconds after which the log is looked at again: others may write to it too, and in a database that is shared between
processes they do."""

_TOGETHER = 5_000
"""Messages that become durable in one transaction at most: beyond, one that came first would wait for the last."""


@dataclass(slots=True)
class _Request:
    messages: Sequence[Message]
    rejects: Sequence[Reject]
    done: Future[int] = field(default_factory=Future)


_Read = tuple[list[Message], list[list[Told]], list[Reject]]


class Writer:
    """A thread that writes to the log on a connection of its own.

    Parameters
    ----------
    follow : is called after each transaction, in this thread, and before it is acknowledged: who has been told that an
        event is kept, and then asks, is answered with it

    Attributes
    ----------
    tally : what has come since the start
    """

    def __init__(self, database: Database, mappings: Mappings, follow: Follow) -> None:
        self._database, self._follow = database, follow
        self._log = MessageLog(database)
        self._mappings = mappings
        self._reader = MessageReader(mappings)
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="fireflower-writer")
        self._stopped = False
        self._handed_on = self._log.end()
        self._doubtful = False
        self._soon = _SOON_SHARED if database.shared else _SOON
        self.tally = Tally()

    def start(self) -> None:
        self._thread.start()

    def submit(self, messages: Sequence[Message], rejects: Sequence[Reject] = ()) -> Future[int]:
        """Have these written. The future gives how many were new once all are durable; it fails with a StorageError,
        if nothing of them has been kept."""
        request = _Request(messages, rejects)
        self._requests.put(request)
        return request.done

    def waiting(self) -> int:
        """About how many requests wait."""
        return self._requests.qsize()

    def stop(self) -> None:
        """Write what has been submitted, and end."""
        self._requests.put(None)
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped:
            requests = self._next()
            if requests:
                self._write(requests)
            else:
                self._look()

    def _next(self) -> list[_Request]:
        """What waits, as much as is written together."""
        found: list[_Request] = []
        size = 0
        while size < _TOGETHER:
            try:
                request = self._requests.get(not found, self._soon)
            except queue.Empty:
                break
            if request is None:
                self._stopped = True
                break
            if request.done.set_running_or_notify_cancel():  # else whoever asked has gone
                found.append(request)
                size += len(request.messages)
        return found

    def _write(self, requests: Sequence[_Request]) -> None:
        try:
            counts, durable = self._written(requests)
        except BaseException as error:
            self._doubtful = True
            self._reader = MessageReader(self._mappings)  # what was told of who is who has not been kept
            for request in requests:
                request.done.set_exception(error)
            return
        self._hand_on(durable)
        for request, count in zip(requests, counts, strict=True):
            request.done.set_result(count)

    def _hand_on(self, durable: list[_Durable]) -> None:
        """Have what is durable followed. If others have written too, the log is read from where it was last certain.
        So it is after a commit that seemed to fail: it may have been durable all the same, its answer lost."""
        if self._doubtful:
            told = MessageReader(self._mappings).told
            try:
                end = self._log.end()
                durable = [(kept, told(kept.message)) for kept in self._log.all(self._handed_on)]
            except StorageError:
                return
            self._doubtful, self._handed_on = False, max(self._handed_on, end)
        if durable:
            self._handed_on = durable[-1][0].position
            self._follow(durable)

    def _look(self) -> None:
        """See whether others have written."""
        with suppress(StorageError):
            self._doubtful = self._doubtful or self._log.end() != self._handed_on
        if self._doubtful:
            self._hand_on([])

    def _written(self, requests: Sequence[_Request]) -> tuple[list[int], list[_Durable]]:
        """Write requests in one transaction. Gives how many messages of each were new, and these."""
        counts: list[int] = []
        durable: list[_Durable] = []
        read = [self._read(request.messages) for request in requests]
        with self._database.transaction():
            self._database.in_order("messages")
            self._doubtful = self._doubtful or self._log.end() != self._handed_on
            for request, (messages, told, unreadable) in zip(requests, read, strict=True):
                kept = self._log.append(messages, [mentioned(each) for each in told])
                self._log.reject([*request.rejects, *unreadable])
                by_key: dict[str, Sequence[Told]] = {}
                for message, said in zip(messages, told, strict=True):
                    by_key.setdefault(message.key, said)  # of two with one key, the log keeps the first
                durable += [(each, by_key[each.message.key]) for each in kept]
                counts.append(len(kept))
        self._count(requests, read, len(durable))
        return counts, durable

    def _count(self, requests: Sequence[_Request], read: Sequence[_Read], new: int) -> None:
        readable = sum(len(messages) for messages, _, _ in read)
        unreadable = sum(len(rejects) for _, _, rejects in read)
        self.tally.received += readable
        self.tally.duplicates += readable - new
        self.tally.rejected += unreadable + sum(len(request.rejects) for request in requests)

    def _read(self, messages: Sequence[Message]) -> _Read:
        """The messages with what they say, and those that say nothing that can be understood."""
        readable: list[Message] = []
        told: list[list[Told]] = []
        unreadable: list[Reject] = []
        for message in messages:
            try:
                told.append(self._reader.told(message))
                readable.append(message)
            except ValueError as error:
                unreadable.append(Reject(str(error), message.body, message.received, message.source))
        return readable, told, unreadable
