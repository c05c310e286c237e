"""The live service of a project: a thread that writes what comes, and one that follows and evaluates it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from fireflower.app.live.announcing import Announcer
from fireflower.app.live.changing import Changed, Changing
from fireflower.app.live.compacting import Compactor
from fireflower.app.live.compiling import Compiling
from fireflower.app.live.counting import Tally, Told
from fireflower.app.live.database import opener
from fireflower.app.live.delivering import Deliverer
from fireflower.app.live.evaluating import Evaluator
from fireflower.app.live.housekeeping import Compaction, Housekeeper
from fireflower.app.live.inbox import Answer, Batch, Inbox, NotReady
from fireflower.app.live.storage import mappings_of
from fireflower.app.live.writing import Writer
from fireflower.app.project import HISTORY_FOLDER, Project
from fireflower.destinations import load_destinations
from fireflower.evaluate.engines import is_compiled
from fireflower.history.log.database import Database, StorageError
from fireflower.history.log.forgotten import ForgottenPeople
from fireflower.history.log.reading import Mappings
from fireflower.history.log.schema import prepare
from fireflower.history.log.turns import SupersededError
from fireflower.history.log.verdicts import News
from fireflower.model.messages import Message, Reject

_LOGGER = logging.getLogger("fireflower.live")

_PATIENCE = 5.0
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


class Service:
    """Takes messages in and keeps verdicts true.

    Parameters
    ----------
    connect : opens a connection to the database; by default the one that the project names
    compaction : when messages move into the archive
    dry_run : what would be sent is planned and recorded, and nothing is sent

    Attributes
    ----------
    changing : has edited definitions evaluated, and lets them take effect
    """

    def __init__(
        self,
        project: Project,
        *,
        connect: Callable[[], Database] | None = None,
        mappings: Mappings | None = None,
        compiled: bool = True,
        clock: Callable[[], int] = now,
        compaction: Compaction = Compaction(),  # noqa: B008  # it is frozen
        dry_run: bool = False,
    ) -> None:
        self.project = project
        self.state = State()
        self.clock = clock
        self.connect = connect or opener(project)
        first = self.connect()
        prepare(first)
        self._databases = first, self.connect(), self.connect(), self.connect()
        names = [definition.name for definition in project.definitions]
        destinations = load_destinations(project.folder, names, project.settings.timezone)
        self._inbox = Inbox()
        mappings = self._mappings = mappings or mappings_of(project)
        self._writer = Writer(first, mappings, self._inbox.put, ForgottenPeople(first, project.folder / HISTORY_FOLDER))
        announcer = Announcer(self._databases[1], destinations, dry_run=dry_run)
        ready = compiled and is_compiled(live=True)
        self._compiling = Compiling() if compiled and not ready else None
        self._evaluator = Evaluator(project, self._databases[1], mappings, announcer, compiled=ready)
        self._deliverer = Deliverer(self._databases[2], destinations, clock)
        self.dry_run = dry_run
        self.changing = Changing(
            self._evaluator, self.connect, clock, lambda question: self.ask(question).result(), self._change
        )
        self._thread = threading.Thread(target=self._run, name="fireflower-evaluator")
        self._listeners: list[Listener] = []
        self.told = Told()
        compactor = Compactor(project, self._databases[3], mappings)
        self._housekeeper = Housekeeper(compactor, compaction, lambda: self._evaluator.position, clock)

    def start(self) -> None:
        """Take messages in from now on. Verdicts follow once history has been evaluated."""
        self._writer.start()
        self._thread.start()
        if not self.dry_run:
            self._deliverer.start()
        self._housekeeper.start()

    def submit(self, messages: Sequence[Message], rejects: Sequence[Reject] = ()) -> Future[int]:
        """Have messages made durable; the future gives how many were new."""
        return self._writer.submit(messages, rejects)

    def listen(self, listener: Listener) -> None:
        """Have somebody told of every change, after it has been recorded, in the evaluator's thread."""
        self._listeners.append(listener)

    def ask(self, question: Callable[[Evaluator], Answer]) -> Future[Answer]:
        """Have the evaluator asked something between two steps: in its thread or, while it is idle, in this one. Unless
        much waits, what was acknowledged before the question is taken in before the answer.

        Raises
        ------
        NotReady
            If history is not evaluated just now.
        """
        if not self.state.ready:
            raise NotReady(self.state.trouble or "history is being evaluated; this is done in a moment.")
        return self._inbox.ask(question, self._evaluator)

    @property
    def tally(self) -> Tally:
        """What has come since the start."""
        return self._writer.tally

    @property
    def evaluator(self) -> Evaluator:
        """The evaluator, of which other threads may read plain numbers; see `ask` for the rest."""
        return self._evaluator

    @property
    def mappings(self) -> Mappings:
        """How messages are read."""
        return self._mappings

    def waiting(self) -> int:
        """About how much waits to be written or evaluated."""
        return self._writer.waiting() + self._inbox.waiting()

    def stop(self) -> None:
        """Make durable what has been submitted, evaluate it, and end."""
        self.changing.end()
        self._housekeeper.stop()
        self._writer.stop()
        self._inbox.stop()
        self._thread.join()
        self._evaluator.keep()
        self._deliverer.stop()
        if self._compiling is not None:
            self._compiling.stop()
        for database in self._databases:
            database.close()

    def _change(self, changed: Changed, work: Callable[[Evaluator], News]) -> News:
        """Have the evaluator change over to other definitions, and everybody know of it."""

        def change(evaluator: Evaluator) -> News:
            news = work(evaluator)
            self.project = changed.project
            self._deliverer.reload(changed.destinations)
            self._tell(news)
            return news

        return self.ask(change).result()

    # --- The evaluator's thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        if self._begin():
            while not self._inbox.is_done():
                messages, questions = self._inbox.get(self._until_due())
                if (messages or not questions or not self._until_due()) and not self._take(messages):
                    break
                for question in questions:
                    question.answer(self._evaluator)
                if self._compiling is not None and self._compiling.is_done():
                    self._use_compiled()
        self._inbox.close()

    def _use_compiled(self) -> None:
        """The kernel has been compiled meanwhile: go on with it, from history, which says the same."""
        self._compiling, self._evaluator.compiled = None, True
        self._begin()

    def _take(self, messages: Batch) -> bool:
        done = self._persist(lambda: self._evaluator.take(messages, self.clock()))
        self.state.evaluated += len(messages)
        return done

    def _begin(self) -> bool:
        while not self._inbox.stopped:
            try:
                self._tell(self._evaluator.begin(self.clock()))
            except SupersededError as error:
                return self._superseded(error)
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
        except SupersededError as error:
            return self._superseded(error)
        except Exception as error:
            self._troubled(error)
        self.state.ready = False
        return self._begin()

    def _superseded(self, error: SupersededError) -> bool:
        self.state.ready, self.state.trouble = False, str(error)
        _LOGGER.warning("Evaluation has ended here: %s", error)
        return False

    def _troubled(self, error: Exception) -> None:
        self.state.trouble = str(error) or type(error).__name__
        _LOGGER.error("Evaluation has stopped: %s", self.state.trouble, exc_info=not isinstance(error, StorageError))

    def _tell(self, news: News) -> None:
        self.told.add(news)
        if news.new or news.retracted:
            self._deliverer.look()
            for listener in self._listeners:
                listener(news)

    def _until_due(self) -> float:
        due = self._evaluator.next_due
        patience = _PATIENCE if self._compiling is None else 1.0
        return patience if due is None else min(patience, max(0.0, (due - self.clock()) / 1e6))
