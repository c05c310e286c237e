"""The evaluator: it follows the log, and records what changes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fireflower.app.live.past import Past, numbered
from fireflower.app.live.qualifying import Qualifying
from fireflower.app.live.telling import verdicts_of
from fireflower.app.project import Project
from fireflower.evaluate.image import Outgrown
from fireflower.evaluate.live import Step
from fireflower.evaluate.results import Subject, Transitions
from fireflower.history.log.database import Database
from fireflower.history.log.messages import Kept
from fireflower.history.log.reading import Mappings
from fireflower.history.log.verdicts import News, Verdict, VerdictLog, Who
from fireflower.history.readers.batches import Told
from fireflower.language.fingerprints import fingerprint
from fireflower.language.nodes import Definition, Settings
from fireflower.language.walking import needs
from fireflower.model.records import SubjectKind

_LOGGER = logging.getLogger("fireflower.live")
_ROOM = 4096
_AT_ONCE = 5_000
"""Messages of the log that are told in one step at the beginning."""


@dataclass(slots=True)
class Standing:
    """Every verdict so far, as steps have told them."""

    verdicts: dict[Who, list[Verdict]]

    def add(self, verdicts: Iterable[Verdict], told_again: dict[Who, int]) -> None:
        for who, since in told_again.items():
            self.verdicts[who] = [verdict for verdict in self.verdicts.get(who, ()) if verdict.at <= since]
        for verdict in verdicts:
            self.verdicts.setdefault((verdict.kind, verdict.subject), []).append(verdict)

    def all(self) -> list[Verdict]:
        return [verdict for verdicts in self.verdicts.values() for verdict in verdicts]


class Evaluator:
    """Follows the log of a project on a connection of its own.

    Attributes
    ----------
    steps : how often it has evaluated what came
    told_again : how many subjects' past has been told again since it began

    Parameters
    ----------
    mappings : how messages are read
    compiled : whether the compiled kernel is used
    """

    def __init__(self, project: Project, database: Database, mappings: Mappings, *, compiled: bool = True) -> None:
        self.project = project
        self.settings: Settings = project.settings
        self.definitions: tuple[Definition, ...] = project.definitions
        self._database = database
        self._mappings = mappings
        self._compiled = compiled
        self._room = _ROOM
        self.record = VerdictLog(database)
        self.past = Past(project, database, mappings)
        self.steps = self.told_again = 0
        self._qualifying: Qualifying | None = None

    @property
    def position(self) -> int:
        """The last place in the log that has been evaluated."""
        return self.past.position

    @property
    def next_due(self) -> int | None:
        """When something changes next by time alone; None if nothing will."""
        return self._qualifying.next_due if self._qualifying else None

    def standing(self, kind: SubjectKind, id: str, now: int) -> Transitions | None:
        """How a subject stands with each definition about its kind; None if nothing is known of it."""
        return self._begun().standing(kind, id, now)

    def person(self, id: str) -> str:
        """The id by which verdicts name the person who bears or has borne this one."""
        return self._begun().history.identities.person(id)

    def accounts(self, person: str) -> list[str]:
        """The accounts of which a person is a member, the current one first."""
        memberships = self._begun().history.memberships
        current = memberships.current(person)
        return sorted(memberships.accounts(person), key=lambda account: account != current)

    def begin(self, now: int) -> News:
        """Evaluate all of history, and record what is not recorded yet. Transitions of definitions that are new, or
        mean something else than before, are no news."""
        self._qualifying, verdicts = self._built(now)
        known = dict(self._database.rows("SELECT name, meaning FROM definitions"))
        meanings = {definition.name: fingerprint(definition) for definition in self.definitions}
        past = {name for name, meaning in meanings.items() if known.get(name) != meaning}
        with self._database.transaction():
            news = self.record.record_all(verdicts, now, past)
            self.record.forget_definitions(meanings.keys())
            self._database.rows("DELETE FROM definitions")
            self._database.many(
                "INSERT INTO definitions (name, meaning, since) VALUES (?, ?, ?)",
                [(name, meaning, now) for name, meaning in meanings.items()],
            )
        return news

    def take(self, messages: Sequence[tuple[Kept, Sequence[Told]]], now: int) -> News:
        """Evaluate the next messages of the log, and whatever time has brought up to and including `now`."""
        qualifying = self._begun()
        fresh = [each for each in messages if each[0].position > self.position]
        if fresh:
            self.past.position = fresh[-1][0].position
        records = [record for kept, told in fresh for record in numbered(kept.position, told)]
        try:
            step = qualifying.take(records, now)
        except Outgrown as error:
            _LOGGER.info("The program is compiled again: no room for %s.", error)
            self._room *= 4
            return self.begin(now)
        self.steps += 1
        self.told_again += len(step.told_again)
        if not len(step.transitions) and not step.told_again:
            return News()
        verdicts = list(verdicts_of(step.transitions, self.past.lookup))
        with self._database.transaction():
            return self.record.record(verdicts, _again(step), now)

    def _begun(self) -> Qualifying:
        assert self._qualifying is not None, "begin first"
        return self._qualifying

    def _built(self, now: int) -> tuple[Qualifying, list[Verdict]]:
        """All of history, evaluated."""
        while True:
            try:
                return self._build(now)
            except Outgrown as error:
                _LOGGER.info("The program is compiled with more room: there was none for %s.", error)
                self._room *= 4

    def _build(self, now: int) -> tuple[Qualifying, list[Verdict]]:
        self.past = past = Past(self.project, self._database, self._mappings)
        standing = Standing({})
        timelines = past.archive.timelines(needs(self.definitions, self.settings).properties)
        first = next(iter(timelines), None)
        begun = first.vocabulary if first is not None else None
        qualifying = Qualifying(
            self.definitions, self.settings, past.find, begun, compiled=self._compiled, room=self._room
        )
        if first is not None:
            summary = past.archive.summary()
            pieces = past.archive.timelines(needs(self.definitions, self.settings).properties)
            step = qualifying.load(past.archive.relations(), pieces, min(now, summary.last or 0))
            standing.add(verdicts_of(step.transitions, past.lookup), {})
        kept = list(past.log.all())
        past.position = past.log.end()
        records = sorted(past.read(kept), key=lambda each: each.record.time)
        for start in range(0, len(records), _AT_ONCE):
            some = records[start : start + _AT_ONCE]
            step = qualifying.take(some, min(now, some[-1].record.time))
            standing.add(verdicts_of(step.transitions, past.lookup), _again(step))
        step = qualifying.take([], now)
        standing.add(verdicts_of(step.transitions, past.lookup), _again(step))
        return qualifying, standing.all()


def _again(step: Step) -> dict[Who, int]:
    return {(Subject(kind).name.lower(), id): since for (kind, id), since in step.told_again.items()}
