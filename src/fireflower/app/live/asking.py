"""What may be asked of the running service: its record, its subjects, its deliveries, and how users stand now."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from fireflower.app.live.alone import person_alone, standing_alone
from fireflower.app.live.past import Past
from fireflower.app.live.profile import Profile, profile
from fireflower.app.live.rereading import Reread, read_again
from fireflower.app.live.service import Service
from fireflower.app.live.stands import Found, look, whom
from fireflower.history.log.database import Database
from fireflower.history.log.measuring import bytes_of
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.outbox import Outbox
from fireflower.history.log.postings import Posting, Which
from fireflower.history.log.rejects import Rejected, Rejects
from fireflower.history.log.tokens import Accepted, Tokens
from fireflower.history.log.verdicts import Changed, Recorded, VerdictLog
from fireflower.language.describing import describe
from fireflower.language.fingerprints import fingerprint
from fireflower.language.nodes import Definition
from fireflower.model.errors import ProjectError, did_you_mean
from fireflower.model.records import SubjectKind

_TOKENS_HOLD = 1.0
"""Seconds for which tokens are believed, before they are looked up again: so late is one revoked."""

_AT_A_TIME = 2
"""Subjects that are evaluated from their records at one time."""
_AT_ONCE = 500
"""Rejects that are read again in one go."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject with its record: verdicts as they stand, and all transitions, those taken back among them."""

    profile: Profile
    standing: dict[str, int]
    transitions: list[Recorded]


@dataclass(frozen=True, slots=True)
class Described:
    """A definition, in words.

    Attributes
    ----------
    since : from when on it has meant what it means, as far as the service knows; None before history was evaluated
    qualified : how many are qualified now
    """

    definition: Definition
    description: str
    fingerprint: str
    since: int | None
    qualified: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures that are in the database."""

    log_end: int
    bytes: int
    deliveries: dict[str, int]
    qualified: dict[str, int]


class _Reader:
    """A connection, and what is read by it."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.database: Database = service.connect()
        self.verdicts = VerdictLog(self.database)
        self.rejects = Rejects(self.database)
        self._past: Past | None = None

    @contextmanager
    def past(self) -> Iterator[Past]:
        """What has happened, as far as it has been evaluated. Between two questions it is not held: what is taken out
        of history could not be removed from disk."""
        service, past = self._service, self._past
        if past is None or not past.open_again():
            past = self._past = Past(service.project, self.database, service.mappings)
        evaluator = service.evaluator
        try:
            if evaluator.is_at_work:
                past.position, past.mentions = evaluator.position, evaluator.mentions
            else:
                past.take_in(past.messages(after=past.position))
            yield past
        finally:
            past.close()


class Asking:
    """Answers questions, in any number of threads. Reading waits for nobody who writes."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._idle: queue.LifoQueue[_Reader] = queue.LifoQueue()
        self._alone = ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="fireflower-asked")
        self._tokens: tuple[float, list[Accepted]] = (float("-inf"), [])

    def close(self) -> None:
        """Close the connections that nobody uses."""
        self._alone.shutdown(wait=False)
        while not self._idle.empty():
            self._idle.get_nowait().database.close()

    # --- How users stand now ------------------------------------------------------------------------------------------

    def now(self, person: str | None, account: str | None) -> Future[Found]:
        """How a person and their accounts stand; the evaluator answers between two steps.

        Raises
        ------
        NotReady
            If history is not evaluated just now.
        """
        if "evaluate" not in self.service.roles:
            return self._alone.submit(self._look_alone, person, account)
        clock = self.service.clock
        asked = self.service.ask(lambda evaluator: look(evaluator, person, account, clock()))
        answer: Future[Found] = Future()
        asked.add_done_callback(lambda found: self._complete(found, answer))
        return answer

    def _complete(self, asked: Future[Found], answer: Future[Found]) -> None:
        """Add what the evaluator does not have, as other processes evaluate it."""
        if asked.cancelled() or not answer.set_running_or_notify_cancel():
            return
        error = asked.exception()
        if error is not None:
            answer.set_exception(error)
        elif asked.result().elsewhere:
            self._alone.submit(self._answer, asked.result(), answer)
        else:
            answer.set_result(asked.result())

    def _answer(self, found: Found, answer: Future[Found]) -> None:
        try:
            answer.set_result(self._with_others(found))
        except Exception as error:
            answer.set_exception(error)

    def _look_alone(self, person: str | None, account: str | None) -> Found:
        with self._reader() as reader, reader.past() as past:
            now, settings = self.service.clock(), self.service.evaluator.settings
            found = whom(lambda id: person_alone(past.find, settings, id, now), person, account)
        return self._with_others(found.at(now, {}))

    def _with_others(self, found: Found) -> Found:
        """With those who are evaluated elsewhere, each from its own records."""
        meant = self.service.evaluator
        with self._reader() as reader, reader.past() as past:
            return found.completed(
                lambda kind, id: standing_alone(past.find, meant.settings, meant.definitions, kind, id, found.as_of),
                frozenset(definition.name for definition in meant.definitions),
            )

    # --- The record ---------------------------------------------------------------------------------------------------

    def qualified(self, definition: str, after: tuple[int, str] | None, limit: int) -> list[Recorded]:
        """Who is qualified, the most recent first, from behind (since, subject) on.

        Raises
        ------
        ProjectError
            If there is no such definition.
        """
        self._named(definition)
        with self._reader() as reader:
            return reader.verdicts.qualified(definition, after, limit)

    def subject(self, kind: SubjectKind, id: str) -> Subject:
        """All that is known of a subject, as of now.

        Raises
        ------
        UnknownSubjectError
            If nothing is.
        """
        service = self.service
        with self._reader() as reader, reader.past() as past:
            meant = service.evaluator
            found = profile(past.find, meant.settings, meant.definitions, kind, id, service.clock())
            verdicts = reader.verdicts
            return Subject(found, verdicts.standing(kind, found.id), verdicts.history(kind, found.id))

    def changes(self, after: int, limit: int) -> list[Changed]:
        """What has been recorded and taken back behind a change, in order."""
        with self._reader() as reader:
            return reader.verdicts.changes(after, limit)

    def last_change(self) -> int:
        """The last change of the record."""
        with self._reader() as reader:
            return reader.verdicts.last_change()

    # --- Definitions --------------------------------------------------------------------------------------------------

    def definitions(self) -> list[Described]:
        """All definitions of the project."""
        with self._reader() as reader:
            counts = reader.verdicts.counts()
            since = dict(reader.verdicts.meant_since())
        settings = self.service.evaluator.settings
        return [
            Described(
                definition=each,
                description=describe(each, settings),
                fingerprint=fingerprint(each),
                since=since.get(each.name),
                qualified=counts.get(each.name, 0),
            )
            for each in self.service.evaluator.definitions
        ]

    def definition(self, name: str) -> Described:
        """One of them.

        Raises
        ------
        ProjectError
            If there is none of that name.
        """
        self._named(name)
        return next(each for each in self.definitions() if each.definition.name == name)

    def _named(self, name: str) -> None:
        names = [each.name for each in self.service.evaluator.definitions]
        if name not in names:
            known = did_you_mean(name, names) or f" There are: {', '.join(sorted(names)) or 'none'}."
            raise ProjectError(f"no definition is named {name!r}.{known}")

    # --- Deliveries and rejects ---------------------------------------------------------------------------------------

    def deliveries(self, which: Which, behind: tuple[int, str] | None, limit: int) -> list[Posting]:
        """Deliveries with what came of each try, those planned last first, from behind (planned, key) on."""
        with self._reader() as reader:
            return Outbox(reader.database).page(which, behind, limit)

    def deliver_again(self, which: Which) -> int:
        """Let deliveries wait to be sent once more. Gives how many."""
        with self._reader() as reader, reader.database.transaction():
            return Outbox(reader.database).replay(which, self.service.clock())

    def rejects(self, source: str | None, before: int | None, limit: int) -> list[Rejected]:
        """What could not be taken, the latest first, from before one on."""
        with self._reader() as reader:
            return reader.rejects.page(source, before, limit)

    def read_again(self, source: str | None, since: int | None, until: int | None) -> Reread:
        """Read what could not be taken again; what can be read now becomes messages. If it is cut short, those taken so
        far are known by their ids when it is done again."""
        done, after = Reread(), 0
        while True:
            with self._reader() as reader:
                some = reader.rejects.waiting(source, since, until, after, _AT_ONCE)
            if not some:
                return done
            self._read_again(some, done)
            after = some[-1].id

    def _read_again(self, some: Sequence[Rejected], done: Reread) -> None:
        found = read_again(some, self.service.mappings)
        if found.taken:
            self.service.submit(found.messages).result()
            with self._reader() as reader, reader.database.transaction():
                reader.rejects.taken(found.taken, self.service.clock())
        done.taken += found.taken
        done.still += found.still

    # --- Who asks, and how the service is -----------------------------------------------------------------------------

    def tokens_are_old(self) -> bool:
        """Whether `tokens` would look them up again."""
        return time.monotonic() - self._tokens[0] > _TOKENS_HOLD

    def tokens(self) -> list[Accepted]:
        """The tokens that are accepted; revoking one takes a second to be known."""
        accepted = self._tokens[1]
        if self.tokens_are_old():
            with self._reader() as reader:
                accepted = Tokens(reader.database).accepted()
            self._tokens = time.monotonic(), accepted
        return accepted

    def trouble(self) -> str:
        """Why the service does not do its work just now; "" if it does.

        Raises
        ------
        StorageError
            If the database cannot be written.
        """
        state = self.service.state
        if state.trouble:
            return state.trouble
        if not self.service.is_ready:
            return "history is being evaluated; verdicts are not up to date yet."
        if trouble := self.service.writing_trouble():  # which need not show in the little that is tried here
            return trouble
        with self._reader() as reader, reader.database.transaction():
            reader.database.rows("UPDATE meta SET value = value WHERE name = 'schema'")
        return self.service.clock_trouble()

    def measured(self) -> Measured:
        """Figures of the database."""
        with self._reader() as reader:
            return Measured(
                MessageLog(reader.database).end(), bytes_of(reader.database), Outbox(reader.database).counts(),
                reader.verdicts.counts(),
            )  # fmt: skip

    @contextmanager
    def _reader(self) -> Iterator[_Reader]:
        try:
            reader = self._idle.get_nowait()
        except queue.Empty:
            reader = _Reader(self.service)
        try:
            yield reader
        except BaseException:
            reader.database.close()
            raise
        self._idle.put(reader)
