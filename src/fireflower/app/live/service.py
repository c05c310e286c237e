"""The live service of a project: a thread that writes what comes, and one that follows and evaluates it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from fireflower.app.live.announcing import Announcer
from fireflower.app.live.database import opener
from fireflower.app.live.delivering import Deliverer
from fireflower.app.live.evaluating import Evaluator
from fireflower.app.live.writing import Writer
from fireflower.app.project import Project
from fireflower.destinations import load_destinations
from fireflower.history.log.database import Database, StorageError
from fireflower.history.log.messages import Kept
from fireflower.history.log.reading import PLAIN, Mappings
from fireflower.history.log.schema import prepare
from fireflower.history.log.verdicts import News
from fireflower.history.readers.batches import Told
from fireflower.model.messages import Message, Reject

_LOGGER = logging.getLogger("fireflower.live")

_PATIENCE = 30.0
"""Seconds after which the evaluator looks around though nothing was due."""

Listener = Callable[[News], None]


def now() -> int:
    """The moment by this machine's clock. Only the edge reads it."""
    return time.time_ns() // 1000


@dataclass(slots=True)
class State:
    """How the service is.

    Attributes
    ----------
    ready : whether history has been evaluated, so that verdicts are up to date
    trouble : what keeps the evaluator from its work; "" if nothing does
    evaluated : messages since the start
    """

    ready: bool = False
    trouble: str = ""
    evaluated: int = 0


@dataclass(slots=True)
class _Inbox:
    """What is durable and has not been evaluated yet."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    messages: list[tuple[Kept, Sequence[Told]]] = field(default_factory=list)
    stopped: bool = False

    def put(self, messages: list[tuple[Kept, Sequence[Told]]]) -> None:
        with self.changed:
            self.messages += messages
            self.changed.notify()

    def stop(self) -> None:
        with self.changed:
            self.stopped = True
            self.changed.notify()

    def get(self, wait: float) -> list[tuple[Kept, Sequence[Told]]]:
        """What has come; waits for it for some seconds at most."""
        with self.changed:
            if not self.messages and not self.stopped:
                self.changed.wait(wait)
            messages, self.messages = self.messages, []
            return messages


class Service:
    """Takes messages in and keeps verdicts true.

    Parameters
    ----------
    connect : opens a connection to the database; by default the one that the project names
    """

    def __init__(
        self,
        project: Project,
        *,
        connect: Callable[[], Database] | None = None,
        mappings: Mappings = PLAIN,
        compiled: bool = True,
        clock: Callable[[], int] = now,
    ) -> None:
        self.project = project
        self.state = State()
        self.clock = clock
        self.connect = connect or opener(project)
        first = self.connect()
        prepare(first)
        self._databases = first, self.connect(), self.connect()
        names = [definition.name for definition in project.definitions]
        destinations = load_destinations(project.folder, names, project.settings.timezone)
        self._inbox = _Inbox()
        self._writer = Writer(first, mappings, self._inbox.put)
        announcer = Announcer(self._databases[1], destinations)
        self._evaluator = Evaluator(project, self._databases[1], mappings, announcer, compiled=compiled)
        self._deliverer = Deliverer(self._databases[2], destinations, clock)
        self._thread = threading.Thread(target=self._run, name="fireflower-evaluator")
        self._listeners: list[Listener] = []

    def start(self) -> None:
        """Take messages in from now on. Verdicts follow once history has been evaluated."""
        self._writer.start()
        self._thread.start()
        self._deliverer.start()

    def submit(self, messages: Sequence[Message], rejects: Sequence[Reject] = ()) -> Future[int]:
        """Have messages made durable; the future gives how many were new."""
        return self._writer.submit(messages, rejects)

    def listen(self, listener: Listener) -> None:
        """Have somebody told of every change, after it has been recorded, in the evaluator's thread."""
        self._listeners.append(listener)

    def waiting(self) -> int:
        """About how much waits to be written or evaluated."""
        return self._writer.waiting() + len(self._inbox.messages)

    def stop(self) -> None:
        """Make durable what has been submitted, evaluate it, and end."""
        self._writer.stop()
        self._inbox.stop()
        self._thread.join()
        self._deliverer.stop()
        for database in self._databases:
            database.close()

    # --- The evaluator's thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        if not self._begin():
            return
        while True:
            messages = self._inbox.get(self._until_due())
            if not self._persist(lambda messages=messages: self._evaluator.take(messages, self.clock())):  # type: ignore[misc]
                return
            self.state.evaluated += len(messages)
            if self._inbox.stopped and not self._inbox.messages:
                return

    def _begin(self) -> bool:
        while not self._inbox.stopped:
            try:
                self._tell(self._evaluator.begin(self.clock()))
            except Exception as error:
                self._troubled(error)
                time.sleep(1)
                continue
            self.state.ready, self.state.trouble = True, ""
            return True
        return False

    def _persist(self, work: Callable[[], News]) -> bool:
        """Do some work of the evaluator. If it fails, begin again from history, which has everything. False if that
        is left to the next start."""
        try:
            self._tell(work())
            return True
        except Exception as error:
            self._troubled(error)
        self.state.ready = False
        return self._begin()

    def _troubled(self, error: Exception) -> None:
        self.state.trouble = str(error) or type(error).__name__
        _LOGGER.error("Evaluation has stopped: %s", self.state.trouble, exc_info=not isinstance(error, StorageError))

    def _tell(self, news: News) -> None:
        if news.new or news.retracted:
            self._deliverer.look()
            for listener in self._listeners:
                listener(news)

    def _until_due(self) -> float:
        due = self._evaluator.next_due
        return _PATIENCE if due is None else min(_PATIENCE, max(0.0, (due - self.clock()) / 1e6))
