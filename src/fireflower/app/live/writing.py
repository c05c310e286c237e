"""Writing to the log: what comes at the same time becomes durable together, and only then is it acknowledged."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field

from fireflower.app.live.counting import Tally
from fireflower.app.live.suppressing import names, rid_of, without_rejects
from fireflower.history.forgotten import Forgotten
from fireflower.history.log.database import Database, StorageError
from fireflower.history.log.firsts import Firsts
from fireflower.history.log.forgotten import ForgottenPeople
from fireflower.history.log.messages import Kept, MessageLog
from fireflower.history.log.reading import LogReader, Mappings, MessageReader, mentioned
from fireflower.history.readers.batches import Told
from fireflower.model.messages import Message, Reject

_Durable = tuple[Kept, Sequence[Told]]
Follow = Callable[[list[_Durable]], None]
"""Is given what is durable, in the order of the log."""

_SOON = 1.0
"""Seconds after which the log is looked at again: others may write to it too."""

_TOGETHER = 5_000
"""Messages that become durable in one transaction at most: beyond, one that came first would wait for the last."""


@dataclass(slots=True)
class _Request:
    messages: Sequence[Message]
    rejects: Sequence[Reject]
    done: Future[int] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class _Read:
    """A message, what it says, and what of that counts only because it is the first to say it."""

    message: Message
    told: list[Told]
    said: list[tuple[tuple[str, ...], int]]


@dataclass(slots=True)
class _Readable:
    read: list[_Read]
    rejects: list[Reject]
    left_out: int = 0


class Writer:
    """A thread that writes to the log on a connection of its own.

    Parameters
    ----------
    follow : is called after each transaction, in this thread, and before it is acknowledged: who has been told that an
        event is kept, and then asks, is answered with it
    people : who was forgotten, on the same connection: what names them is not written

    Attributes
    ----------
    tally : what has come since the start
    """

    def __init__(
        self, database: Database, mappings: Mappings, follow: Follow, people: ForgottenPeople | None = None
    ) -> None:  # fmt: skip
        self._database, self._follow, self._people = database, follow, people
        self._log = MessageLog(database)
        self._mappings = mappings
        self._firsts = Firsts(database)
        self._reader = MessageReader(mappings, self._is_new)
        self._said: list[tuple[tuple[str, ...], int]] = []
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="fireflower-writer")
        self._stopped = False
        self._handed_on = self._log.end()
        self._doubtful = False
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
                request = self._requests.get(not found, _SOON)
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
            self._firsts.forget_known()
            self._reader = MessageReader(self._mappings, self._is_new)  # what it has told has not been kept
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
            reader = LogReader(self._database, self._mappings)
            try:
                end = self._log.end()
                durable = list(reader.all(self._log.all(self._handed_on)))
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
            people = None if self._people is None else self._people.now()
            if people:
                read = [self._without(people, readable) for readable in read]
            for request, readable in zip(requests, read, strict=True):
                messages = [each.message for each in readable.read]
                kept = self._log.append(messages, [mentioned(each.told) for each in readable.read])
                rejects = [*request.rejects, *readable.rejects]
                self._log.reject(rejects if not people else without_rejects(people, rejects))
                by_key: dict[str, _Read] = {}
                for one in readable.read:
                    by_key.setdefault(one.message.key, one)  # of two with one key, the log keeps the first
                self._firsts.add(
                    (what, each.position, time) for each in kept for what, time in by_key[each.message.key].said
                )
                durable += [(each, by_key[each.message.key].told) for each in kept]
                counts.append(len(kept))
        self._count(requests, read, len(durable))
        return counts, durable

    def _count(self, requests: Sequence[_Request], read: Sequence[_Readable], new: int) -> None:
        readable = sum(len(each.read) for each in read)
        unreadable = sum(len(each.rejects) for each in read)
        self.tally.received += readable
        self.tally.forgotten += sum(each.left_out for each in read)
        self.tally.duplicates += readable - new
        self.tally.rejected += unreadable + sum(len(request.rejects) for request in requests)

    def _read(self, messages: Sequence[Message]) -> _Readable:
        """The messages with what they say, and those that say nothing that can be understood."""
        found = _Readable([], [])
        for message in messages:
            self._said = []
            try:
                found.read.append(_Read(message, self._reader.told(message), self._said))
            except ValueError as error:
                for what, _ in self._said:
                    self._firsts.take_back(what)
                found.rejects.append(Reject(str(error), message.body, message.received, message.source))
        return found

    def _without(self, people: Forgotten, readable: _Readable) -> _Readable:
        """What is not about people who were forgotten; where only an id of theirs stands, that is taken out."""
        found = _Readable([], readable.rejects)
        for each in readable.read:
            told = rid_of(people, each.message, each.told)
            if told is each.message:
                found.read.append(each)
                continue
            for what, _ in each.said:
                self._firsts.take_back(what)
            again = self._read([told]).read if told is not None else []
            if again and not names(people, again[0].told):
                found.read.append(again[0])
            else:
                for what, _ in [said for one in again for said in one.said]:
                    self._firsts.take_back(what)
                found.left_out += 1
        return found

    def _is_new(self, what: tuple[str, ...], time: int) -> bool:
        """Whether the message that is being read is the first to say it."""
        if not self._firsts.is_new(what, time):
            return False
        self._firsts.note(what, time)
        self._said.append((what, time))
        return True
