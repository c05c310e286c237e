"""Writing to the log: what comes at the same time becomes durable together, and only then is it acknowledged."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

from msgspec import Struct

from fireflower.app.live.counting import Tally
from fireflower.app.live.handing_on import unpacked
from fireflower.app.live.suppressing import names, rid_of, without_rejects
from fireflower.history.assembly import checked
from fireflower.history.forgotten import Forgotten
from fireflower.history.log.database import Database, StorageError
from fireflower.history.log.durable import Durable
from fireflower.history.log.firsts import Firsts
from fireflower.history.log.forgotten import ForgottenPeople
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.reading import LogReader, Mappings, MessageReader, record_of
from fireflower.model.events import Events
from fireflower.model.messages import Message, Reject, Said
from fireflower.model.records import PERSON_TRAIT, Record

Follow = Callable[[Durable], None]
"""Is given what is durable, in the order of the log."""

_SOON = 0.05
"""Seconds after which the log is looked at again: other processes may write to it, too."""

_LATELY = 5.0
"""Seconds for which it counts that something could not be written, if nothing has been since."""

_TOGETHER = 5_000
"""Messages that become durable in one transaction at most: beyond, one that came first would wait for the last."""

_READ, _PARTS = 1_000, 10
"""Messages that are read again at once: about as many as the cache of a processor holds; and so many times at most,
before these are followed."""

_MOST_HANDED_OVER = 64 << 20
"""Bytes that are kept of what another process has handed over and nobody follows yet. The rest is read in the log when
its time has come."""


@dataclass(slots=True)
class _Request:
    messages: Sequence[Message]
    rejects: Sequence[Reject]
    said: Said
    done: Future[int] = field(default_factory=Future)


class _One(Struct, gc=False):
    """A message that is looked at by itself: what it says, and what of that counts only because it is the first to say
    it."""

    message: Message
    records: list[Record]
    said: Sequence[tuple[tuple[str, ...], int]] = ()


@dataclass(slots=True)
class _Read:
    """The messages of a request that say something that can be understood.

    Attributes
    ----------
    messages : all of them
    events, of : what those say that are one event each, and which these are among the messages
    ones : all others, by their place among the messages
    rejects : what cannot be understood
    forgotten : how many messages have been left out, as they were about people who were forgotten
    """

    messages: Sequence[Message]
    events: Events
    of: Sequence[int]
    ones: dict[int, _One]
    rejects: list[Reject]
    forgotten: int = 0

    def said(self) -> dict[int, list[Record]]:
        """What each message says."""
        events = {place: [event] for place, event in zip(self.of, self.events.records(), strict=True)}
        return events | {place: one.records for place, one in self.ones.items()}

    def look_at_all(self) -> None:
        """Have all messages looked at by themselves."""
        for place, event in zip(self.of, self.events.records(), strict=True):
            self.ones[place] = _One(self.messages[place], [event])
        self.events, self.of = Events.of(()), []

    def durable(self, places: Sequence[int | None]) -> Durable:
        """Those messages that have a place in the log."""
        found = [places[each] for each in self.of]
        kept = [place for place in found if place is not None]
        events = self.events
        if len(kept) < len(found):
            events = events.only([place is not None for place in found])
        durable = Durable.one_event_each(kept, events)
        ones = sorted((place, one.records) for nth, one in self.ones.items() if (place := places[nth]) is not None)
        return durable.with_(Durable.of(ones)) if ones else durable


_Written = tuple[_Read, list[int | None]]
"""With the place of each message in the log; None if it was there."""


_LOOK = _Request((), (), Said())
"""Stands among requests for the wish that the log be looked at."""


class Writer:
    """A thread that writes to the log on a connection of its own.

    Parameters
    ----------
    follow : is called after each transaction, in this thread, and before it is acknowledged: who has been told that an
        event is kept, and then asks, is answered with it. None if nobody follows here
    people : who was forgotten, on the same connection: what names them is not written
    has_room : whether whoever follows has room for what other processes have written; until then it stays in the log
    is_idle : whether whoever follows has nothing to do. Only then the log is looked at for what others have written:
        reading and following at the same time, two threads would hinder each other. `wake` says that it is so again

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
        is_idle: Callable[[], bool] = lambda: True,
    ) -> None:
        self._database, self._follow, self._people = database, follow, people
        self._has_room, self._is_idle = has_room, is_idle
        self._log = MessageLog(database)
        self._mappings, self._joins = mappings, mappings["segment"].joins
        self._address = mappings["segment"].account_email
        self._log_reader = LogReader(database, mappings)
        self._firsts = Firsts(database)
        self._reader = MessageReader(mappings, self._is_new)
        self._said: list[tuple[tuple[str, ...], int]] = []
        self._requests: queue.SimpleQueue[_Request | bytes | None] = queue.SimpleQueue()
        self._handed_over: deque[bytes] = deque()
        self._size_handed_over = 0
        self._thread = threading.Thread(target=self._run, name="fireflower-writer")
        self._stopped = self._expects = False
        self._handed_on = self._written_to = self._log.end()
        self._doubtful = False
        self._failed, self._reason = float("-inf"), ""
        self.tally = Tally()

    def start(self, *, expects: bool = True) -> None:
        """Begin to work. `expects` tells whether messages are expected here, and not only those of others followed."""
        self._expects = expects
        self._thread.start()

    def submit(
        self, messages: Sequence[Message], rejects: Sequence[Reject] = (), said: Said | None = None
    ) -> Future[int]:
        """Have these written. The future gives how many were new once all are durable; it fails with a StorageError,
        if nothing of them has been kept.

        Parameters
        ----------
        said : what the messages say, as far as it is known
        """
        request = _Request(messages, rejects, said or Said())
        self._requests.put(request)
        return request.done

    def hand_over(self, packed: bytes) -> None:
        """Have followed what another process has written and handed on (`handing_on.HandingOn`)."""
        self._requests.put(packed)

    @property
    def followed(self) -> int:
        """The last place of the log that has been followed."""
        return self._handed_on

    @property
    def trouble(self) -> str:
        """Why messages cannot be written just now; "" if they can, or nobody has tried lately."""
        return self._reason if time.monotonic() - self._failed < _LATELY else ""

    def waiting(self) -> int:
        """About how many requests wait."""
        return self._requests.qsize() + len(self._handed_over)

    def wake(self) -> None:
        """Look at the log at once, if there is more than has been followed."""
        if self._doubtful or self._handed_over:
            self._requests.put(_LOOK)

    def stop(self) -> None:
        """Write what has been submitted, and end."""
        self._requests.put(None)
        self._thread.join()

    def _run(self) -> None:
        if self._expects:
            with suppress(StorageError):
                self._log.get_ready()
        while not self._stopped:
            requests = self._next()
            has_followed = self._take_over()
            if requests:
                self._write(requests)
            elif not self._handed_over and (self._doubtful or not has_followed):
                self._look()
        self._take_over(whatever_waits=True)

    def _next(self) -> list[_Request]:
        """What waits, as much as is written together."""
        found: list[_Request] = []
        size = 0
        while size < _TOGETHER:
            try:
                request = self._requests.get(not found, 0.0 if self._doubtful and self._is_idle() else _SOON)
            except queue.Empty:
                break
            if request is None:
                self._stopped = True
                break
            if isinstance(request, bytes):
                self._keep_handed_over(request)
                break
            if request is _LOOK:
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
            self._failed, self._reason = time.monotonic(), str(error)
            self._firsts.forget_known()
            self._reader = MessageReader(self._mappings, self._is_new)  # what it has told has not been kept
            for request in requests:
                request.done.set_exception(error)
            return
        self._failed = float("-inf")
        self._hand_on(durable)
        for request, count in zip(requests, counts, strict=True):
            request.done.set_result(count)

    def _hand_on(self, durable: Durable) -> None:
        """Have what is durable followed; if others have written too, with what they wrote, unless so much waits already
        that this is left to `_look`."""
        if self._follow is None:
            return
        if not self._doubtful:
            if len(durable):
                self._follow(durable)
                self._handed_on = durable.last
        elif self._has_room():
            self._catch_up(self._follow)

    def _keep_handed_over(self, packed: bytes) -> None:
        if self._size_handed_over + len(packed) <= _MOST_HANDED_OVER:
            self._handed_over.append(packed)
            self._size_handed_over += len(packed)

    def _take_over(self, *, whatever_waits: bool = False) -> bool:
        """Have followed what has been handed over, as far as there is room for it, or whatever waits. It is what the
        log has behind a place; if that is further than what has been followed, there is more, which is read there.
        Whether anything was handed over."""
        before = len(self._handed_over)
        while self._handed_over and self._follow is not None and (whatever_waits or self._has_room()):
            packed = self._handed_over.popleft()
            self._size_handed_over -= len(packed)
            behind, durable = unpacked(packed)
            if behind > self._handed_on:
                self._doubtful = True
            elif len(new := durable.behind(self._handed_on)):
                self._follow(new)
                self._handed_on = new.last  # only now: whoever looks at it asks whoever follows next
        return len(self._handed_over) < before

    def _look(self) -> None:
        """See whether others have written, and have it followed if whoever follows has nothing else to do: a part each
        time."""
        if self._follow is None:
            return
        with suppress(StorageError):
            self._doubtful = self._doubtful or self._log.end() != self._handed_on
        if self._doubtful and self._is_idle():
            self._catch_up(self._follow, most=_PARTS)

    def _catch_up(self, follow: Follow, most: int | None = None) -> None:
        """Read the log from where it was last certain, and have that followed: all, or so many parts at most. So it is
        done if others have written, and after a commit that seemed to fail: it may have been durable all the same, its
        answer lost."""
        read: list[Durable] = []
        try:
            end, at = self._log.end(), self._handed_on
            while at < end and (most is None or len(read) < most):
                kept = self._log.after(at, _READ)
                at = kept[-1].position if kept else end
                read.append(self._log_reader.read(kept))
            if read:
                follow(Durable.together(read))
            self._handed_on, self._doubtful = at, at < end
        except StorageError:
            time.sleep(_SOON)  # else a database that is away would be asked without a pause

    def _written(self, requests: Sequence[_Request]) -> tuple[list[int], Durable]:
        """Write requests in one transaction. Gives how many messages of each were new, and these."""
        read = list(map(self._read, requests))
        came = sum(len(each.messages) for each in read)
        with self._database.transaction():
            self._database.in_order("messages")
            end = self._log.end()
            self._doubtful = self._doubtful or end != self._handed_on
            people = None if self._people is None else self._people.now()
            if people:
                read = [self._leave_out(people, each) for each in read]
            places = iter(self._log.append([message for each in read for message in each.messages]))
            written = [(each, list(islice(places, len(each.messages)))) for each in read]
            self._say_again(written, others_wrote=end != self._written_to)
            followed = written if self._follow is not None else []
            durable = Durable.together([each.durable(places) for each, places in followed])
            self._firsts.add(_firsts(written))
            rejects = [reject for each in requests for reject in each.rejects]
            rejects += [reject for each in read for reject in each.rejects]
            self._log.reject(without_rejects(people, rejects) if people else rejects)
        new = [[place for place in places if place is not None] for _, places in written]
        self._written_to = max([end, *(places[-1] for places in new if places)])
        self._count(requests, read, came, sum(map(len, new)))
        return list(map(len, new)), durable

    def _count(self, requests: Sequence[_Request], read: Sequence[_Read], came: int, new: int) -> None:
        forgotten = sum(each.forgotten for each in read)
        self.tally.received += came
        self.tally.forgotten += forgotten
        self.tally.duplicates += came - new - forgotten
        self.tally.rejected += sum(len(each.rejects) for each in requests) + sum(len(each.rejects) for each in read)

    def _read(self, request: _Request) -> _Read:
        """The messages of a request with what they say, and those that say nothing that can be understood."""
        said, more = request.said, self._saying_more(request.said)
        if len(said.of) == len(request.messages) and not more:  # as in nearly all
            return _Read(request.messages, said.events, said.of, {}, [])
        kept = [nth for nth, place in enumerate(said.of) if place not in more]
        plain = {said.of[nth] for nth in kept}
        messages: list[Message] = []
        of: list[int] = []
        found = _Read(messages, said.events.at(kept), of, {}, [])
        for place, message in enumerate(request.messages):
            if place in plain:
                of.append(len(messages))
                messages.append(message)
            elif place in said.records and place not in more:
                found.ones[len(messages)] = _One(message, said.records[place])
                messages.append(message)
            elif isinstance(one := self._one(message), _One):
                found.ones[len(messages)] = one
                messages.append(message)
            else:
                found.rejects.append(one)
        return found

    def _saying_more(self, said: Said) -> set[int]:
        """Messages that do not only say what is known of them, but may be the first to say who is who, or, where that
        counts, who is a member of what."""
        more: set[int] = set()
        if said.both:
            of = zip(said.of, said.events.time.tolist(), strict=True)
            times = {place: time for place, time in of if place in said.both}
            times |= {place: records[0].time for place, records in said.records.items() if records}
            more = {
                place
                for place, ids in said.both.items()
                if place not in times or self._firsts.is_new(("identity", *ids), times[place])
            }
        if self._joins:
            events = zip(said.of, said.events.person, said.events.account, said.events.time.tolist(), strict=True)
            more |= {
                place
                for place, person, account, time in events
                if person and account and self._firsts.is_new(("join", person, account), time)
            }
        if self._address:
            more |= {
                place
                for place, records in said.records.items()
                if any(record.kind == PERSON_TRAIT and record.name == self._address for record in records)
            }
        return more

    def _one(self, message: Message) -> _One | Reject:
        """A message with what it says, or why it cannot be understood."""
        self._said = []
        try:
            return _One(message, self._records(message), self._said)
        except ValueError as error:
            self._take_back(self._said)
            return Reject(str(error), message.body, message.received, message.source)

    def _leave_out(self, people: Forgotten, read: _Read) -> _Read:
        """The messages of a request without those that are about people who were forgotten; where only an id of theirs
        stands, without that."""
        said, is_event = read.said(), set(read.of)
        messages: list[Message] = []
        of: list[int] = []
        left = _Read(messages, read.events, of, {}, read.rejects)
        for place, message in enumerate(read.messages):
            rid, one = rid_of(people, message, said[place]), read.ones.get(place)
            if rid is not message:
                self._take_back(one.said if one is not None else ())
                is_event.discard(place)
                one = self._about_others(people, rid)
                if one is None:
                    left.forgotten += 1
                    continue
            if one is None:
                of.append(len(messages))
            else:
                left.ones[len(messages)] = one
            messages.append(message if one is None else one.message)
        left.events = read.events.at([nth for nth, place in enumerate(read.of) if place in is_event])
        return left

    def _about_others(self, people: Forgotten, message: Message | None) -> _One | None:
        """What is left of a message, if that can be understood, and is not about them still."""
        one = self._one(message) if message is not None else None
        if not isinstance(one, _One):
            return None
        if not names(people, one.records):
            return one
        self._take_back(one.said)
        return None

    def _say_again(self, written: Sequence[_Written], *, others_wrote: bool) -> None:
        """If a message that is not kept, as its id was known, is the first to say something, then another one is. If
        other processes have written since it was looked up, theirs may have said it before."""
        saying = [(one, places[place]) for each, places in written for place, one in each.ones.items() if one.said]
        for one, _ in saying:
            self._take_back(one.said)
        again = [one for one, _ in saying] if others_wrote else []
        if any(place is None for _, place in saying):
            for each, _ in written:
                each.look_at_all()
            again = [
                each.ones[nth] for each, places in written for nth, place in enumerate(places) if place is not None
            ]
        for one in again:
            self._said = []
            one.records, one.said = self._records(one.message), self._said

    def _take_back(self, said: Sequence[tuple[tuple[str, ...], int]]) -> None:
        for what, _ in said:
            self._firsts.take_back(what)

    def _records(self, message: Message) -> list[Record]:
        """What a message says. Whatever evaluation could not take is refused here, before it is acknowledged."""
        return [checked(record_of(told)) for told in self._reader.told(message)]

    def _is_new(self, what: tuple[str, ...], time: int) -> bool:
        """Whether the message that is being read is the first to say it."""
        if not self._firsts.is_new(what, time):
            return False
        self._firsts.note(what, time)
        self._said.append((what, time))
        return True


def _firsts(written: Sequence[_Written]) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """What messages that are kept are the first to say, with their places and the times of which they say it."""
    for each, places in written:
        for nth, one in each.ones.items():
            place = places[nth]
            if place is not None:
                yield from ((what, place, time) for what, time in one.said)
