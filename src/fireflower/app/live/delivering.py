"""Sending what is due: a thread that claims deliveries, has them tried, and writes down what came of it.

Each destination has a few tries under way at one time, so that one that hangs keeps no other waiting.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from fireflower.destinations import (
    Dead,
    Delivery,
    Destination,
    Outcome,
    Parked,
    Retry,
    Sent,
    Unsure,
    attempt,
    due_at,
    from_plain,
    next_try,
)
from fireflower.history.log.database import Database, StorageError
from fireflower.history.log.outbox import Outbox
from fireflower.history.log.postings import Posting
from fireflower.model.moments import HOUR, MINUTE, NEVER

_LOGGER = logging.getLogger("fireflower.deliveries")

_AT_ONCE = 8
"""Tries that are under way at one time for one destination."""
_IN_ALL = 128
_LEASE = 5 * MINUTE
"""After so long without an outcome, whoever sends is given up: longer than any try takes."""
_PATIENCE = 1.0
"""Seconds after which the outbox is looked at though nobody said that something is due: another process may have."""


class Deliverer:
    """Sends what the outbox holds, on a connection of its own.

    Attributes
    ----------
    destinations : by name, with what is needed to reach them
    is_behind : whether others are at work with destinations that this process does not know yet

    Parameters
    ----------
    takes_over : whether nobody else can be sending when it starts. Else what another was sending is given up only when
        it has not been told of in time
    """

    is_behind = False

    def __init__(
        self,
        database: Database,
        destinations: Sequence[Destination],
        clock: Callable[[], int],
        *,
        takes_over: bool = False,
    ) -> None:
        self.reload(destinations)
        self._takes_over = takes_over
        self._database, self._clock = database, clock
        self._outbox = Outbox(database)
        self._wake = threading.Event()
        self._stopped = False
        self._said: dict[str, tuple[str, int]] = {}
        self._under_way: dict[Future[Outcome], Posting] = {}
        self._thread = threading.Thread(target=self._run, name="fireflower-deliveries")

    def start(self) -> None:
        self._thread.start()

    def _take_over(self) -> None:
        """Where only one process sends, whatever is being sent at the start was by one that has ended."""
        if self._takes_over:
            with self._database.transaction():
                for each in self._outbox.given_up(NEVER):
                    self._tell(each, self._interrupted(each), self._clock())

    def reload(self, destinations: Iterable[Destination]) -> None:
        """Send to these from now on."""
        self.is_behind = False
        self.destinations: Mapping[str, Destination] = {each.name: each for each in destinations}

    def look(self) -> None:
        """Something may be due."""
        self._wake.set()

    def stop(self) -> None:
        """End, after what is being sent has been."""
        self._stopped = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        begun = False
        with ThreadPoolExecutor(_IN_ALL, thread_name_prefix="fireflower-delivery") as pool:
            while not self._stopped:
                try:
                    if not begun:
                        self._take_over()
                        begun = True
                    self._write_down()
                    wait = self._until_due()
                    if wait == 0:
                        self._send(pool)
                        wait = self._until_due()
                except StorageError as error:
                    _LOGGER.error("Deliveries wait: %s", error)
                    wait = 1.0
                except Exception:  # whatever it is, what is due is tried again
                    _LOGGER.exception("Deliveries wait")
                    wait = 1.0
                self._wake.wait(wait)
                self._wake.clear()
        try:
            self._write_down()
        except StorageError as error:
            _LOGGER.error("It could not be noted what came of the last deliveries: %s", error)

    def _write_down(self) -> None:
        """Keep what has come of tries that have ended."""
        for ended in [each for each in self._under_way if each.done()]:
            posting = self._under_way.pop(ended)
            try:
                self._keep(posting, ended.result())
            except StorageError:
                self._under_way[ended] = posting
                raise

    def _keep(self, posting: Posting, outcome: Outcome) -> None:
        with self._database.transaction():
            if self._outbox.holds(posting):
                self._tell(posting, outcome, self._clock())
            else:  # it took so long, or the process slept, that another has sent it once more
                self._outbox.note(posting.key, self._clock(), type(outcome).__name__.lower(), "told too late to count")

    def _send(self, pool: ThreadPoolExecutor) -> None:
        """Begin to send what is due, as far as there is room."""
        now = self._clock()
        with self._database.transaction():
            for each in self._outbox.given_up(now):
                self._tell(each, self._interrupted(each), now)
        while len(self._under_way) + _AT_ONCE <= _IN_ALL:
            busy, room = self._room()
            with self._database.transaction():
                claimed = self._outbox.claim(now, now + _LEASE, room, busy)
                later = {each.key: due for each in claimed if (due := self._after_quiet_hours(each, now)) > now}
                for key, due in later.items():
                    self._outbox.postpone(key, due)
            for each in claimed:
                if each.key in later:
                    continue
                trying = pool.submit(self._try, each)
                self._under_way[trying] = each
                trying.add_done_callback(lambda _: self._wake.set())
            if len(claimed) < room:
                return

    def _room(self) -> tuple[list[str], int]:
        """Destinations that have as many tries under way as they may; and how many more any other may have."""
        counts = Counter(each.destination for each in self._under_way.values())
        busy = [name for name, count in counts.items() if count >= _AT_ONCE]
        return busy, _AT_ONCE - max((count for name, count in counts.items() if name not in busy), default=0)

    def _try(self, posting: Posting) -> Outcome:
        destination = self.destinations.get(posting.destination)
        if destination is None and (self.is_behind or self._clock() - posting.planned < MINUTE):
            return Retry(f"the destination {posting.destination!r} is not in the files of this process yet")
        if destination is None:
            return Parked(f"there is no destination {posting.destination!r} any more: add it again, or forget these")
        try:
            return attempt(_delivery(posting), destination, self._clock())
        except Exception as error:  # whatever it is, it must not keep the others from being sent
            _LOGGER.exception("A delivery to %s failed in a way that is not understood", posting.destination)
            return Retry(f"failed in a way that is not understood: {type(error).__name__}")

    def _interrupted(self, posting: Posting) -> Outcome:
        """What is to be made of a try that nobody has told the outcome of."""
        destination = self.destinations.get(posting.destination)
        if destination is not None and destination.recognises_repetitions:
            return Retry("the process ended while it was being sent")
        return Unsure("the process ended while it was being sent: it may have arrived")

    def _tell(self, posting: Posting, outcome: Outcome, now: int) -> None:
        key, attempts = posting.key, posting.attempts + 1
        match outcome:
            case Sent(detail):
                self._outbox.tell(key, "sent", now, now, "sent", detail)
            case Unsure(reason):
                self._outbox.tell(key, "unsure", now, now, "unsure", reason)
            case Dead(reason):
                self._outbox.tell(key, "dead", now, now, "dead", reason)
            case Parked(reason):
                self._outbox.tell(key, "parked", now, now, "parked", reason)
                self._outbox.park(posting.destination, reason)
                self._say_parked(posting.destination, reason, now)
            case Retry(reason):
                again = next_try(attempts, outcome, key, now)
                if isinstance(again, Dead):
                    self._outbox.tell(key, "dead", now, now, "given up", again.reason)
                else:
                    self._outbox.tell(key, "waiting", self._after_quiet_hours(posting, again), now, "retry", reason)

    def _say_parked(self, destination: str, reason: str, now: int) -> None:
        """Once an hour for each reason: several that were on their way fail one after the other."""
        said, when = self._said.get(destination, ("", 0))
        if said != reason or now - when >= HOUR:
            self._said[destination] = reason, now
            _LOGGER.error(
                "Deliveries to %s are parked: %s. When that is mended: fireflower deliveries replay --destination %s",
                destination, reason.rstrip("."), destination,
            )  # fmt: skip

    def _after_quiet_hours(self, posting: Posting, moment: int) -> int:
        destination = self.destinations.get(posting.destination)
        if destination is None or destination.quiet_hours is None:  # mostly: then what there is to tell is not read
            return moment
        return due_at(from_plain(json.loads(posting.notice)), destination, moment)

    def _until_due(self) -> float:
        if len(self._under_way) + _AT_ONCE > _IN_ALL:
            return _PATIENCE  # until one of them ends
        due = self._outbox.next_due(self._room()[0])
        return _PATIENCE if due is None else min(_PATIENCE, max(0.0, (due - self._clock()) / 1e6))


def _delivery(posting: Posting) -> Delivery:
    return Delivery(
        key=posting.key,
        destination=posting.destination,
        notice_id=str(json.loads(posting.notice).get("id", "")),
        subject_kind="account" if posting.kind == "account" else "person",
        subject=posting.subject,
        due=posting.due,
        payload=posting.payload,
        attempts=posting.attempts,
    )
