"""Writing to the log: what comes at the same time becomes durable together, and only then is it acknowledged."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field

from msgspec import Struct

from fireflower.app.live.counting import Tally
from fireflower.app.live.suppressing import names, rid_of, without_rejects
from fireflower.history.assembly import checked
from fireflower.history.forgotten import Forgotten
from fireflower.history.log.database import Database, StorageError
from fireflower.history.log.firsts import Firsts
from fireflower.history.log.forgotten import ForgottenPeople
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.reading import Durable, LogReader, Mappings, MessageReader, record_of
from fireflower.model.messages import Message, Reject
from fireflower.model.records import Record

Follow = Callable[[list[Durable]], None]
"""Is given what is durable, in the order of the log."""

_SOON = 0.05
"""Seconds after which the log is looked at again: other processes may write to it, too."""

_TOGETHER = 5_000
"""Messages that become durable in one transaction at most: beyond, one that came first would wait for the last."""

_READ = 1_000
"""Messages that are read again at once: about as many as the cache of a processor holds."""


@dataclass(slots=True)
class _Request:
    messages: Sequence[Message]
    rejects: Sequence[Reject]
    done: Future[int] = field(default_factory=Future)


class _Read(Struct, gc=False):
    """A message of a request, what it says, and what of that counts only because it is the first to say it."""

    request: int
    message: Message
    records: list[Record]
    said: Sequence[tuple[tuple[str, ...], int]] = ()


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
        event is kept, and then asks, is answered with it. None if nobody follows here
    people : who was forgotten, on the same connection: what names them is not written
    has_room : whether whoever follows has room for what other processes have written; until then it stays in the log

    Attributes
    ----------
    tally : what has come since the start
    """

    def __init__(
        self,
        database: Database,
        mappings: Mappings,
        follow: Follow | None,
        people: ForgottenPeople | None = None,
        has_room: Callable[[], bool] = lambda: True,
    ) -> None:
        self._database, self._follow, self._people, self._has_room = database, follow, people, has_room
        self._log = MessageLog(database)
        self._mappings, self._joins = mappings, mappings["segment"].joins
        self._firsts = Firsts(database)
        self._reader = MessageReader(mappings, self._is_new)
        self._said: list[tuple[tuple[str, ...], int]] = []
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="fireflower-writer")
        self._stopped = False
        self._handed_on = self._written_to = self._log.end()
        self._doubtful = self._is_behind = False
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
                request = self._requests.get(not found, 0.0 if self._is_behind else _SOON)
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
            self._doubtful, self._written_to = True, -1
            self._firsts.forget_known()
            self._reader = MessageReader(self._mappings, self._is_new)  # what it has told has not been kept
            for request in requests:
                request.done.set_exception(error)
            return
        self._hand_on(durable)
        for request, count in zip(requests, counts, strict=True):
            request.done.set_result(count)

    def _hand_on(self, durable: list[Durable]) -> None:
        """Have what is durable followed; if others have written too, with what they wrote, unless so much waits already
        that this is left to `_look`."""
        if self._follow is None:
            return
        if not self._doubtful:
            if durable:
                self._handed_on = durable[-1][0]
                self._follow(durable)
        elif self._has_room():
            self._catch_up(self._follow)

    def _look(self) -> None:
        """See whether others have written, and have it followed if there is room for it: a part of it each time."""
        self._is_behind = False
        if self._follow is None:
            return
        with suppress(StorageError):
            self._doubtful = self._doubtful or self._log.end() != self._handed_on
        if self._doubtful and self._has_room():
            self._catch_up(self._follow, some=True)

    def _catch_up(self, follow: Follow, *, some: bool = False) -> None:
        """Read the log from where it was last certain, and have that followed. So it is done if others have written,
        and after a commit that seemed to fail: it may have been durable all the same, its answer lost."""
        reader = LogReader(self._database, self._mappings)
        with suppress(StorageError):
            end = self._log.end()
            while self._handed_on < end:
                kept = self._log.after(self._handed_on, _READ)
                if kept:
                    follow(list(reader.records(kept)))
                self._handed_on = kept[-1].position if kept else end
                if some:
                    break
            self._doubtful = self._is_behind = self._handed_on < end

    def _written(self, requests: Sequence[_Request]) -> tuple[list[int], list[Durable]]:
        """Write requests in one transaction. Gives how many messages of each were new, and these."""
        read = [self._read(number, request.messages) for number, request in enumerate(requests)]
        counts = [0] * len(requests)
        ones = [one for each in read for one in each.read]
        said: list[tuple[tuple[str, ...], int, int]] = []
        durable: list[Durable] = []
        with self._database.transaction():
            self._database.in_order("messages")
            end = self._log.end()
            self._doubtful = self._doubtful or end != self._handed_on
            people = None if self._people is None else self._people.now()
            if people:
                ones = self._leave_out(people, read, ones)
            places = self._log.append([one.message for one in ones])
            new = [(place, one) for place, one in zip(places, ones, strict=True) if place is not None]
            self._say_again(read, [one for _, one in new], others_wrote=end != self._written_to)
            for place, one in new:
                counts[one.request] += 1
                durable.append((place, one.records))
                if one.said:
                    said += [(what, place, time) for what, time in one.said]
            self._firsts.add(said)
            rejects = [reject for each in requests for reject in each.rejects]
            rejects += [reject for each in read for reject in each.rejects]
            self._log.reject(without_rejects(people, rejects) if people else rejects)
        self._written_to = durable[-1][0] if durable else end
        self._count(requests, read, len(durable))
        return counts, durable

    def _count(self, requests: Sequence[_Request], read: Sequence[_Readable], new: int) -> None:
        readable = sum(len(each.read) for each in read)
        unreadable = sum(len(each.rejects) for each in read)
        self.tally.received += readable
        self.tally.forgotten += sum(each.left_out for each in read)
        self.tally.duplicates += readable - new - sum(each.left_out for each in read)
        self.tally.rejected += unreadable + sum(len(request.rejects) for request in requests)

    def _read(self, request: int, messages: Sequence[Message]) -> _Readable:
        """The messages of a request with what they say, and those that say nothing that can be understood."""
        found = _Readable([], [])
        for message in messages:
            self._said = []
            try:
                found.read.append(_Read(request, message, self._records(message), self._said))
            except ValueError as error:
                for what, _ in self._said:
                    self._firsts.take_back(what)
                found.rejects.append(Reject(str(error), message.body, message.received, message.source))
        return found

    def _leave_out(self, people: Forgotten, read: Sequence[_Readable], ones: Sequence[_Read]) -> list[_Read]:
        """Messages without what is about people who were forgotten; where only an id of theirs stands, without that. Of
        two with one key, the log keeps the first."""
        first: dict[str, _Read] = {}
        for one in ones:
            first.setdefault(one.message.key, one)
        for key, each in list(first.items()):
            rid = rid_of(people, each.message, each.records)
            if rid is each.message:
                continue
            self._take_back(each)
            again = self._read(each.request, [rid]).read if rid is not None else []
            if again and not names(people, again[0].records):
                first[key] = again[0]
                continue
            for one in again:
                self._take_back(one)
            del first[key]
            read[each.request].left_out += 1
        return list(first.values())

    def _say_again(self, read: Sequence[_Readable], kept: Sequence[_Read], *, others_wrote: bool) -> None:
        """If a message that is not kept, as its id was known, is the first to say something, then another one is. If
        other processes have written since it was looked up, theirs may have said it before."""
        saying = [one for each in read for one in each.read if one.said]
        if not saying or {id(one) for one in saying} <= {id(one) for one in kept}:
            kept = saying if others_wrote else []
        for one in (*saying, *kept):
            self._take_back(one)
        for one in kept:
            self._said = []
            one.records, one.said = self._records(one.message), self._said

    def _take_back(self, read: _Read) -> None:
        for what, _ in read.said:
            self._firsts.take_back(what)

    def _records(self, message: Message) -> list[Record]:
        """What a message says. Mostly it is one event, which is known already. Whatever evaluation could not take is
        refused here, before it is acknowledged."""
        event, other = message.event, message.other
        if event is not None and not ((other or self._joins) and self._says_more(event, other)):
            return [event]
        return [checked(record_of(told)) for told in self._reader.told(message)]

    def _says_more(self, event: Record, other: str | None) -> bool:
        """Whether a message is the first to say who is who, or, where that counts, who is a member of what."""
        if other and self._firsts.is_new(("identity", event.person or "", other), event.time):
            return True
        if not (self._joins and event.account and event.person):
            return False
        return self._firsts.is_new(("join", event.person, event.account), event.time)

    def _is_new(self, what: tuple[str, ...], time: int) -> bool:
        """Whether the message that is being read is the first to say it."""
        if not self._firsts.is_new(what, time):
            return False
        self._firsts.note(what, time)
        self._said.append((what, time))
        return True
