"""The live service of a project: a thread that writes what comes, one that follows and evaluates it, one that sends
what is due. With PostgreSQL, any number of processes do one of these or all."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from fireflower.app.check import read_files
from fireflower.app.live.announcing import Announcer
from fireflower.app.live.changing import Changed, Changing
from fireflower.app.live.compacting import Compactor
from fireflower.app.live.compacting_apart import CompactorApart
from fireflower.app.live.compiling import Compiling
from fireflower.app.live.counting import Tally, Told
from fireflower.app.live.database import opener
from fireflower.app.live.delivering import Deliverer
from fireflower.app.live.editions import edition_of
from fireflower.app.live.evaluating import Evaluator
from fireflower.app.live.handing_on import Progress
from fireflower.app.live.housekeeping import Compaction, Housekeeper
from fireflower.app.live.inbox import Answer, Inbox, NotReady
from fireflower.app.live.onlooking import Onlooker
from fireflower.app.live.retaining import Retainer
from fireflower.app.live.sharing import LEASE, AlreadyServedError, Keeper, own_name
from fireflower.app.live.storage import mappings_of
from fireflower.app.live.writing import Writer
from fireflower.app.project import HISTORY_FOLDER, Project
from fireflower.destinations import Destination, load_destinations
from fireflower.evaluate.engines import is_compiled
from fireflower.history.log.database import Database, StorageError
from fireflower.history.log.durable import Durable
from fireflower.history.log.forgotten import ForgottenPeople
from fireflower.history.log.leases import Leases
from fireflower.history.log.reading import Mappings
from fireflower.history.log.schema import prepare
from fireflower.history.log.verdicts import News
from fireflower.model.errors import FireflowerError
from fireflower.model.messages import Message, Reject, Said
from fireflower.model.moments import MINUTE, format_roughly, iso

_LOGGER = logging.getLogger("fireflower.live")

_PATIENCE = 5.0
"""Seconds after which the evaluator looks around though nothing was due."""

_BEHIND = MINUTE
"""How far a clock may be behind what has been decided before that is said: those of several machines differ."""

_LONG = 200_000
"""Records of history beyond which it takes longer to evaluate them uncompiled than to compile."""

_COMPILED = 0.2
"""Seconds between two looks whether the kernel has been compiled."""

Role = Literal["ingest", "evaluate", "deliver"]
ROLES: tuple[Role, ...] = get_args(Role)

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
    refused : why this process may not do its work at all, so that it is to end
    evaluated : messages since the start
    """

    ready: bool = False
    trouble: str = ""
    evaluated: int = 0
    refused: FireflowerError | None = None


class Service:
    """Takes messages in and keeps verdicts true.

    Parameters
    ----------
    connect : opens a connection to the database; by default the one that the project names
    compaction : when messages move into the archive; by default now and then, but not where processes share a database,
        as others may not see the archive of this one
    dry_run : what would be sent is planned and recorded, and nothing is sent
    roles : what this process does
    lease : seconds after which others take over what a process evaluates that has fallen silent

    Attributes
    ----------
    changing : has edited definitions evaluated, and lets them take effect
    intake : how far the process was, when it was last heard of, that takes events in for this one
    """

    def __init__(
        self,
        project: Project,
        *,
        connect: Callable[[], Database] | None = None,
        mappings: Mappings | None = None,
        compiled: bool = True,
        clock: Callable[[], int] = now,
        compaction: Compaction | None = None,
        dry_run: bool = False,
        roles: Collection[Role] = ROLES,
        lease: float = LEASE,
    ) -> None:
        self.project = project
        self.roles = frozenset(roles)
        self.state = State()
        self.clock = clock
        self.connect = connect or opener(project)
        first = self.connect()
        prepare(first)
        self._databases = [first]
        names = [definition.name for definition in project.definitions]
        destinations = load_destinations(project.folder, names, project.settings.timezone)
        self._inbox = Inbox()
        mappings = self._mappings = mappings or mappings_of(project)
        people = ForgottenPeople(first, project.folder / HISTORY_FOLDER)
        follow = self._inbox.put if "evaluate" in self.roles else None
        self._writer = Writer(first, mappings, follow, people, self._inbox.has_room, self._inbox.is_idle)
        self._inbox.when_idle = self._writer.wake
        own = self._another("evaluate" in self.roles)
        announcer = Announcer(own, destinations, dry_run=dry_run)
        compiles = compiled and "evaluate" in self.roles
        ready = compiles and is_compiled(live=True)
        self._compiling = Compiling() if compiles and not ready else None
        name = own_name()
        leases = Leases(own, name, lease)
        evaluator = self._evaluator = Evaluator(project, own, mappings, announcer, leases=leases, compiled=ready)
        evaluator.resting = self._inbox.resting
        keeps = self._another("evaluate" in self.roles)
        self._keeper = Keeper(keeps, name, lease, self._inbox.wake, lambda: evaluator.editions)
        self._looked, self._was_behind = 0.0, False
        self._deliverer = Deliverer(
            self._another("deliver" in self.roles), destinations, clock, takes_over=self._is_alone
        )
        self.dry_run = dry_run
        self.changing = Changing(
            self._evaluator, self.connect, clock, lambda question: self.ask(question).result(), self._change
        )
        self._thread = threading.Thread(target=self._run, name="fireflower-evaluator")
        self._listeners: list[Listener] = []
        self._onlooker = Onlooker(self._another(first.shared), self._tell_listeners, self._at_work)
        self._when_refused: list[Callable[[], None]] = []
        self._kept, self._keeps_every = time.monotonic(), lease
        self.told = Told()
        self.intake = Progress()
        self._compacts = "evaluate" in self.roles and (compaction is not None or not first.shared)
        beside = self._another(self._compacts)
        compactor = (CompactorApart if connect is None else Compactor)(project, beside, mappings)
        evaluated = Leases(beside, name, lease)
        retention = project.settings.retention
        retainer = None if retention is None else Retainer(lambda: self.project, retention, compiled=compiled)
        self._housekeeper = Housekeeper(compactor, compaction or Compaction(), evaluated.position, clock, retainer)

    def _another(self, wanted: bool) -> Database:
        """A connection for another thread; if there is none, any will do."""
        if wanted:
            self._databases.append(self.connect())
        return self._databases[-1]

    def start(self) -> None:
        """Take messages in from now on. Verdicts follow once history has been evaluated."""
        if "evaluate" in self.roles:
            self._thread.start()
        else:
            self._inbox.close()
            self.state.ready = True
        self._writer.start(expects="ingest" in self.roles)
        if not self._is_alone:
            self._begin_to_send()
        if self._databases[0].shared:
            self._onlooker.start()
        if self._compacts:
            self._housekeeper.start()

    def submit(
        self, messages: Sequence[Message], rejects: Sequence[Reject] = (), said: Said | None = None
    ) -> Future[int]:
        """Have messages made durable; the future gives how many were new."""
        return self._writer.submit(messages, rejects, said)

    def hand_over(self, packed: bytes) -> None:
        """Have evaluated what another process has written and handed on, without its being read in the log again."""
        self._writer.hand_over(packed)

    def is_followed(self, place: int) -> bool:
        """Whether the log has been followed up to a place, or so much waits that this is left for later."""
        return self._writer.followed >= place or not self._inbox.has_room()

    @property
    def reached(self) -> int:
        """About up to which place of the log everything has been evaluated."""
        return self._writer.followed - self._inbox.waiting()

    def listen(self, listener: Listener) -> None:
        """Have somebody told of every change, after it has been recorded, in the evaluator's thread."""
        self._listeners.append(listener)

    def refuse(self, error: FireflowerError) -> None:
        """Have everything end, for a reason that `state.refused` gives then."""
        self.state.refused, self.state.trouble = error, str(error)
        for act in self._when_refused:
            act()

    def when_refused(self, act: Callable[[], None]) -> None:
        """Have something done if it turns out that this process may not do its work; `state.refused` says why."""
        self._when_refused.append(act)

    def ask(self, question: Callable[[Evaluator], Answer]) -> Future[Answer]:
        """Have the evaluator asked something between two steps: in its thread or, while it is idle, in this one. Unless
        much waits, what was acknowledged before the question is taken in before the answer.

        Raises
        ------
        NotReady
            If history is not evaluated just now.
        """
        if "evaluate" not in self.roles:
            raise NotReady("this process evaluates nobody: ask one that was started with --role evaluate.")
        if not self.state.ready:
            raise NotReady(self.state.trouble or "history is being evaluated; this is done in a moment.")
        return self._inbox.ask(question, self._evaluator)

    @property
    def is_ready(self) -> bool:
        """Whether verdicts are up to date, or nearly."""
        return self.state.ready and not self._evaluator.is_beginning

    def clock_trouble(self) -> str:
        """What is wrong if this machine's clock is well behind what has been decided; "" if it is not."""
        decided = self._evaluator.now
        behind = decided - self.clock()
        if behind < _BEHIND:
            return ""
        return (
            f"this machine's clock is {format_roughly(behind)} behind {iso(decided)}, up to which verdicts have been "
            "decided: until then everybody is judged as of that moment, by which more may have lapsed. If the clock is "
            "wrong, set it right. If this one, or another server's, was ahead before: stop every server, and start one "
            "with 'fireflower serve --evaluate-anew'."
        )

    def writing_trouble(self) -> str:
        """Why events cannot be made durable just now; "" if they can, or none has come lately."""
        if self.intake.is_failing:
            return "events cannot be written to the log just now: those who send them are told why."
        return self._writer.trouble

    @property
    def tally(self) -> Tally:
        """What has come since the start, here and to the process that takes events in for this one."""
        return self._writer.tally + self.intake.tally

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
        behind = max(0, self.intake.place - self._writer.followed)
        return self._writer.waiting() + self._inbox.waiting() + self.intake.waiting + behind

    def stop(self) -> None:
        """Make durable what has been submitted, evaluate it, and end."""
        self.changing.end()
        if self._compacts:
            self._housekeeper.stop()
        self._writer.stop()
        self._inbox.stop()
        if "evaluate" in self.roles:
            self._thread.join()
            self._keeper.stop()
        if "deliver" in self.roles:
            self._deliverer.stop()
        self._onlooker.stop()
        if self._compiling is not None:
            self._compiling.stop()
        for database in self._databases:
            database.close()

    def _change(self, changed: Changed, work: Callable[[Evaluator], News]) -> News:
        """Have the evaluator change over to other definitions, and everybody know of it."""

        def change(evaluator: Evaluator) -> News:
            news = work(evaluator)
            self._go_by(changed.project, changed.destinations)
            self._tell(news)
            return news

        return self.ask(change).result()

    def _go_by(self, project: Project, destinations: Sequence[Destination]) -> None:
        """These files are at work, here as everywhere."""
        self.project, self.state.trouble = project, ""
        self._deliverer.reload(destinations)

    # --- The evaluator's thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        if self._enter() and self._sends_and_begins():
            while not self._inbox.is_done():
                durable, questions = self._inbox.get(self._until_due())
                if not self._share():
                    break
                if (len(durable) or not questions or not self._until_due()) and not self._take(durable):
                    break
                self._inbox.answer(questions, self._evaluator)
                if self._compiling is not None and self._compiling.is_done():
                    self._begin()  # anew, from history, which says the same
            self._keep()
        self._inbox.close()

    @property
    def _is_alone(self) -> bool:
        """Whether this is to be the only process that evaluates and sends, as it is where the database is embedded."""
        return "evaluate" in self.roles and not self._databases[0].shared

    def _begin_to_send(self) -> None:
        if "deliver" in self.roles and not self.dry_run:
            self._deliverer.start()

    def _sends_and_begins(self) -> bool:
        """Only who has entered may take over what another was sending: that one has ended."""
        if self._is_alone:
            self._begin_to_send()
        return self._begin()

    def _enter(self) -> bool:
        """Take the shares that fall to this process."""
        while not self._inbox.stopped:
            try:
                return self._keeper.enter(self._waits)
            except AlreadyServedError as error:
                self.refuse(error)
                return False
            except StorageError as error:
                self._troubled(error)
                time.sleep(1)
        return False

    def _waits(self) -> bool:
        """Whether to go on waiting for shares. Meanwhile others may be at work with files that are here by now."""
        if self._keeper.is_outdated:
            self._turn_to(self._keeper.at_work)
        return not self._inbox.stopped

    def _at_work(self, edition: str | None) -> None:
        """Where nobody is evaluated, destinations are to be those that are at work, all the same."""
        if "evaluate" not in self.roles:
            self._turn_to(edition)

    def _turn_to(self, at_work: str | None) -> None:
        """Others have had files take effect: read them here, too. Until they are, this process evaluates nobody."""
        if at_work is None or at_work in self._evaluator.editions or time.monotonic() - self._looked < 1:
            return
        self._looked = time.monotonic()
        try:
            project = Project(self.project.folder)
            destinations = read_files(project).destinations
        except (FireflowerError, OSError) as error:
            self._is_behind(f"they have faults: {error}")
            return
        if edition_of(project, destinations) != at_work:
            self._is_behind("they are others")
            return
        self._evaluator.turn_to(project, destinations)
        self._go_by(project, destinations)
        _LOGGER.info("The files that have taken effect elsewhere are at work here, too.")

    def _is_behind(self, reason: str) -> None:
        self._deliverer.is_behind = True
        told = (
            "the other processes are at work with definitions and destinations that are not in the files here: "
            f"{reason}. Put the same files into {self.project.folder}; they are read by themselves."
        )
        if self.state.trouble != told:
            _LOGGER.warning("%s", told)
        self.state.trouble = told

    def _share(self) -> bool:
        """Evaluate the shares that are this process's by now, and no others."""
        evaluator, keeper = self._evaluator, self._keeper
        if keeper.is_outdated:
            self._turn_to(keeper.at_work)
        elif self._deliverer.is_behind:  # the others have come back to the files that are here
            self._deliverer.is_behind, self.state.trouble = False, ""
        if keeper.surplus:
            try:
                evaluator.release(keeper.surplus)
            except StorageError as error:
                _LOGGER.warning("Shares could not be given up yet: %s", error)
        if time.monotonic() - self._kept > self._keeps_every:
            self._keep()
        if keeper.wanted == evaluator.terms:
            return True
        return self._persist(lambda: evaluator.hold(keeper.wanted, self.clock()))

    def _keep(self) -> None:
        self._kept = time.monotonic()
        try:
            self._evaluator.keep()
        except StorageError as error:
            _LOGGER.warning("It could not be noted up to where everything is evaluated: %s", error)

    def _take(self, durable: Durable) -> bool:
        done = self._persist(lambda: self._evaluator.take(durable, self.clock()))
        self.state.evaluated += len(durable)
        self._look_at_clock()
        return done

    def _look_at_clock(self) -> None:
        """Say it once if time has been further than it is now."""
        trouble = self.clock_trouble()
        if trouble and not self._was_behind:
            _LOGGER.error("%s", trouble)
        self._was_behind = bool(trouble)

    def _begin(self) -> bool:
        while not self._inbox.stopped:
            try:
                self._await_compiled()
                if self._inbox.stopped:
                    break
                self._tell(self._evaluator.begin(self.clock()))
                self._tell(self._evaluator.hold(self._keeper.wanted, self.clock()))
            except Exception as error:
                self._troubled(error)
                time.sleep(1)
                continue
            self.state.ready, self.state.trouble, self._deliverer.is_behind = True, "", False
            return True
        return False

    def _await_compiled(self) -> None:
        """Use the compiled kernel if it is ready by now. A long history is left alone until it is; what comes meanwhile
        is kept."""
        if self._compiling is None:
            return
        if not self._compiling.is_done() and self._evaluator.history_length() >= _LONG:
            while not (self._compiling.is_done() or self._inbox.stopped):
                time.sleep(_COMPILED)
        if self._compiling.is_done():
            self._compiling, self._evaluator.compiled = None, True

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
        """Anybody may ask what the trouble is, and logs are kept long. Of a fault of the program, whose words may hold
        anything, both are told the kind and the place alone. While it stays the same it is said once."""
        steps = traceback.extract_tb(error.__traceback__)
        kind = f"{type(error).__name__} at {Path(steps[-1].filename).name}, line {steps[-1].lineno}"
        said = str(error) if isinstance(error, FireflowerError) else ""
        trouble = said or f"evaluation has stopped by a fault ({kind}); the log tells more."
        if trouble != self.state.trouble:
            way = "" if isinstance(error, StorageError) else "\n" + "".join(traceback.format_list(steps)).rstrip()
            _LOGGER.error("Evaluation has stopped, and is tried again every second: %s%s", said or kind, way)
        self.state.trouble = trouble

    def _tell(self, news: News) -> None:
        self.told.add(news)
        if news.new or news.retracted:
            self._deliverer.look()
            self._tell_listeners(news)

    def _tell_listeners(self, news: News) -> None:
        for listener in self._listeners:
            listener(news)

    def _until_due(self) -> float:
        due = self._evaluator.next_due
        if self._compiling is not None or self._keeper.is_outdated:
            patience = 1.0
        else:
            patience = self._keeps_every if self._evaluator.is_ahead else _PATIENCE
        return patience if due is None else min(patience, max(0.0, (due - self.clock()) / 1e6))
