"""The evaluator: it follows the log, and records what changes."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from fireflower.app.live.announcing import Announcer
from fireflower.app.live.mentions import Mentions
from fireflower.app.live.past import Outdated, Past, numbered
from fireflower.app.live.qualifying import Qualifying
from fireflower.app.live.storage import keep_value, value_of
from fireflower.app.live.telling import look_up_together, meaning_of, verdicts_of
from fireflower.app.project import Project
from fireflower.evaluate.image import Outgrown
from fireflower.evaluate.live import Step
from fireflower.evaluate.results import Subject, Transitions
from fireflower.history.log.database import Database
from fireflower.history.log.messages import Kept
from fireflower.history.log.reading import Mappings
from fireflower.history.log.turns import Turn
from fireflower.history.log.verdicts import News, Verdict, VerdictLog, Which, Who
from fireflower.history.ongoing import Numbered, place
from fireflower.language.nodes import Definition, Settings
from fireflower.language.walking import needs
from fireflower.model.moments import MINUTE
from fireflower.model.records import Kind, Record, SubjectKind

_LOGGER = logging.getLogger("fireflower.live")
_ROOM = 4096
_MOST_PARTS = 4
"""Parts beyond which changed definitions are evaluated together with all others again: each part takes in every row."""
_KEPT_EVERY = MINUTE
_AT_ONCE = 5_000
"""Messages of the log that are told in one step at the beginning."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Up to where the record has been brought.

    Attributes
    ----------
    position, moment : the place in the log, and the time
    imported : which files had been imported by then, see `Past.imported`
    """

    position: int
    moment: int
    imported: str

    @classmethod
    def read(cls, database: Database) -> Evaluated | None:
        """As it was kept last; None if nothing has been evaluated yet."""
        found = value_of(database, "evaluated")
        return cls(**json.loads(found)) if found is not None else None

    def keep(self, database: Database) -> None:
        keep_value(database, "evaluated", json.dumps(asdict(self)))


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

    def qualified(self, definition: str) -> set[str]:
        """Who is qualified by a definition at the end."""
        latest = {
            verdict.subject: verdict.change
            for verdicts in self.verdicts.values()
            for verdict in verdicts
            if verdict.definition == definition
        }
        return {subject for subject, change in latest.items() if change == "entered"}


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the definitions, evaluated up to a place in the log.

    Attributes
    ----------
    meanings : what they mean, by name
    names : of those that count; others have been changed since, and are evaluated in another part
    """

    meanings: Mapping[str, str]
    names: frozenset[str]
    qualifying: Qualifying
    past: Past


@dataclass(frozen=True, slots=True)
class Prepared:
    """Definitions that are ready to take the place of those that are at work.

    Attributes
    ----------
    part : those that mean something else than before; None if none does
    standing : every verdict of theirs
    """

    definitions: tuple[Definition, ...]
    settings: Settings
    part: Part | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class Difference:
    """Who would enter and leave by a definition if it took effect now.

    Attributes
    ----------
    entering, leaving, staying : ids
    """

    definition: str
    entering: tuple[str, ...]
    leaving: tuple[str, ...]
    staying: int


class Evaluator:
    """Follows the log of a project on a connection of its own.

    Attributes
    ----------
    steps : how often it has evaluated what came
    told_again : how many subjects' past has been told again since it began
    compiled : whether the compiled kernel is used, from the next beginning on

    Parameters
    ----------
    mappings : how messages are read
    announcer : plans, on the same connection, what is to be sent
    """

    def __init__(
        self,
        project: Project,
        database: Database,
        mappings: Mappings,
        announcer: Announcer | None = None,
        *,
        compiled: bool = True,
    ) -> None:
        self.project = project
        self.announcer = announcer or Announcer(database)
        self.settings: Settings = project.settings
        self.definitions: tuple[Definition, ...] = project.definitions
        self.position = 0
        self.record = VerdictLog(database, look_up_together)
        self._turn = Turn(database)
        self._database = database
        self._mappings = mappings
        self.compiled = compiled
        self._room = _ROOM
        self._parts: list[Part] = []
        self.steps = self.told_again = 0
        self._before: Evaluated | None = None
        self._kept = 0

    @property
    def next_due(self) -> int | None:
        """When something changes next by time alone; None if nothing will."""
        return min((due for part in self._parts if (due := part.qualifying.next_due) is not None), default=None)

    @property
    def mentions(self) -> Mentions:
        """Where the log speaks of whom, up to `position`; all parts share it."""
        return self._parts[0].past.mentions if self._parts else Mentions(0)

    def standing(self, kind: SubjectKind, id: str, now: int) -> list[tuple[Transitions, frozenset[str]]]:
        """How a subject stands with each definition about its kind: of each part, with the names of the definitions
        that count there. Nothing, if nothing is known of it."""
        found = ((part.qualifying.standing(kind, id, now), part.names) for part in self._parts)
        return [(stands, names) for stands, names in found if stands is not None]

    def person(self, id: str) -> str:
        """The id by which verdicts name the person who bears or has borne this one."""
        return self._parts[0].qualifying.history.identities.person(id)

    def accounts(self, person: str) -> list[str]:
        """The accounts of which a person is a member, the current one first."""
        memberships = self._parts[0].qualifying.history.memberships
        current = memberships.current(person)
        return sorted(memberships.accounts(person), key=lambda account: account != current)

    def begin(self, now: int) -> News:
        """Evaluate all of history, and record what is not recorded yet. Transitions of definitions that are new, or
        mean something else than before, are no news; nor are those of the time until then that follow from files that
        have been imported since."""
        self._turn.take()
        while True:
            before = self._before or Evaluated.read(self._database)
            part, standing, known = self._built(self.definitions, self.settings, self._database, now, before)
            self._parts = [part]
            self.position = part.past.position
            try:
                return self._record_all(standing, part.names, now, known)
            except Outdated:
                _LOGGER.info("The archive has changed: history is evaluated anew.")

    def take(self, messages: Sequence[tuple[Kept, Sequence[Record]]], now: int) -> News:
        """Evaluate the next messages of the log, and whatever time has brought up to and including `now`."""
        if not self._parts or not all(part.past.is_current() for part in self._parts):
            return self.begin(now)
        try:
            return self._take(messages, now)
        except Outgrown as error:
            _LOGGER.info("The program is compiled again: no room for %s.", error)
            self._room *= 4
        except Outdated:
            _LOGGER.info("The archive has changed: history is evaluated anew.")
        return self.begin(now)

    def _take(self, messages: Sequence[tuple[Kept, Sequence[Record]]], now: int) -> News:
        fresh = [each for each in messages if each[0].position > self.position]
        if fresh:
            self.position = fresh[-1][0].position
        records = [each for kept, said in fresh for each in numbered(kept.position, said)]
        self.mentions.note(records)
        self.steps += 1
        found: list[tuple[Part, list[Verdict], dict[Who, int]]] = []
        for part in self._parts:
            step = self._step(part, records, now)
            self.told_again += len(step.told_again)
            if len(step.transitions) or step.told_again:
                found.append((part, _verdicts(part, step), _again(step)))
        if not found:
            return self._nothing_new(now)
        news = News()
        with self._turn.recording():
            for part, verdicts, again in found:
                recorded = self.record.record(verdicts, again, now, part.names)
                self.announcer.announce(recorded, verdicts, self.traits, now)
                news.add(recorded)
            self._keep(now)
        return news

    def keep(self) -> None:
        """Keep up to where history has been evaluated, so that the next one knows what an import in between brings."""
        if self._before is not None:
            with self._database.transaction():
                self._before.keep(self._database)

    def _keep(self, now: int) -> None:
        self._before, self._kept = Evaluated(self.position, now, self._parts[0].past.imported), now
        self._before.keep(self._database)

    def _nothing_new(self, now: int) -> News:
        self._before = Evaluated(self.position, now, self._parts[0].past.imported)
        if now - self._kept > _KEPT_EVERY:  # not each time: it is a write to disk
            self._kept = now
            self.keep()
        return News()

    def traits(self, kind: SubjectKind, id: str) -> Mapping[str, Any]:
        """The traits of a subject as of now; of a person also those of the current account, as "account.NAME"."""
        part = self._parts[0]
        memberships = part.qualifying.history.memberships
        if kind == "account":
            return memberships.traits(id)
        records = [each.record for each in part.past.find(part.qualifying.history.identities.ids(id), ())]
        own = {each.name: each.value for each in sorted(records, key=place) if _is_trait_of(each, part, id)}
        account = memberships.current(id)
        theirs = memberships.traits(account) if account is not None else {}
        return own | {f"account.{name}": value for name, value in theirs.items()}

    # --- Definitions that change --------------------------------------------------------------------------------------

    def prepare(
        self, definitions: Sequence[Definition], settings: Settings, database: Database, now: int
    ) -> Prepared:  # fmt: skip
        """Evaluate those of the definitions that mean something else than before over all of history. It may be done in
        another thread, on another connection, while the evaluator goes on."""
        known = {definition.name: meaning_of(definition, self.settings) for definition in self.definitions}
        changed = tuple(each for each in definitions if known.get(each.name) != meaning_of(each, settings))
        if not changed:
            return Prepared(tuple(definitions), settings, None, Standing({}))
        part, standing, _ = self._built(changed, settings, database, now)
        return Prepared(tuple(definitions), settings, part, standing)

    def differences(self, prepared: Prepared) -> list[Difference]:
        """Who would enter and who would leave if prepared definitions took effect: those that mean something else, that
        are new, and that are no longer there."""
        kept = {definition.name for definition in prepared.definitions}
        changed = prepared.part.names if prepared.part else frozenset()
        gone = {definition.name for definition in self.definitions} - kept
        found: list[Difference] = []
        for name in sorted(changed | gone):
            before = self.record.subjects(name)
            after = prepared.standing.qualified(name)
            found.append(
                Difference(name, tuple(sorted(after - before)), tuple(sorted(before - after)), len(before & after))
            )
        return found

    def adopt(self, prepared: Prepared, now: int) -> News:
        """Let prepared definitions take effect, in one moment. Their transitions so far are no news."""
        kept = frozenset(definition.name for definition in prepared.definitions)
        self.definitions, self.settings = prepared.definitions, prepared.settings
        part = prepared.part
        if part is None:
            self._parts = [replace(each, names=each.names & kept) for each in self._parts]
            return self._record_all(Standing({}), frozenset(), now)
        here = replace(part, past=self._past())
        if len(self._parts) >= _MOST_PARTS or not part.past.is_same(here.past):
            return self.begin(now)
        try:
            self._catch_up(part, prepared.standing, now)
        except Outdated:
            return self.begin(now)
        here.past.position, here.past.mentions = self.position, self.mentions
        self._parts = [replace(each, names=(each.names & kept) - part.names) for each in self._parts]
        self._parts = [each for each in self._parts if each.names]
        part.qualifying.history.find_by(here.past.find)
        self._parts.append(here)
        return self._record_all(prepared.standing, part.names, now)

    def _catch_up(self, part: Part, standing: Standing, now: int) -> None:
        """Have a prepared part take in what has been evaluated meanwhile."""
        if some := [each for each in part.past.messages(self.position) if each.position > part.past.position]:
            records = part.past.take_in(some)
            step = part.qualifying.take(records, now, part.past.known(records))
            standing.add(_verdicts(part, step), _again(step))

    # --- History ------------------------------------------------------------------------------------------------------

    def _step(self, part: Part, records: Sequence[Numbered], now: int) -> Step:
        part.past.position = self.position
        return part.qualifying.take(records, now, part.past.known(records))

    def _record_all(self, standing: Standing, names: frozenset[str], now: int, old: Collection[Which] = ()) -> News:
        """Record the verdicts of these definitions on everybody, and which definitions there are now."""
        known = dict(self._database.rows("SELECT name, meaning FROM definitions"))
        meanings = {definition.name: meaning_of(definition, self.settings) for definition in self.definitions}
        past = {name for name, meaning in meanings.items() if known.get(name) != meaning}
        with self._turn.recording():
            verdicts = standing.all()
            news = self.record.record_all(verdicts, now, names, past, old)
            self.announcer.announce(news, verdicts, self.traits, now)
            self._keep(now)
            self.record.forget_definitions(meanings.keys())
            self._database.rows("DELETE FROM definitions")
            self._database.many(
                "INSERT INTO definitions (name, meaning, since) VALUES (?, ?, ?)",
                [(name, meaning, now) for name, meaning in meanings.items()],
            )
        return news

    def _built(
        self,
        definitions: Sequence[Definition],
        settings: Settings,
        database: Database,
        now: int,
        before: Evaluated | None = None,
    ) -> tuple[Part, Standing, set[Which]]:
        """Definitions, evaluated over all of history. Also which of the verdicts are no news, as only files that have
        been imported since an evaluation `before` have brought them about."""
        while True:
            try:
                return self._build(definitions, settings, database, now, before)
            except Outdated:
                _LOGGER.info("The archive has changed: history is evaluated anew.")
            except Outgrown as error:
                _LOGGER.info("The program is compiled with more room: there was none for %s.", error)
                self._room *= 4

    def _build(
        self,
        definitions: Sequence[Definition],
        settings: Settings,
        database: Database,
        now: int,
        before: Evaluated | None,
    ) -> tuple[Part, Standing, set[Which]]:
        past = self._past(database)
        wanted = needs(definitions, settings).properties
        first = next(iter(past.archive.timelines(wanted)), None)
        begun = first.vocabulary if first is not None else None
        qualifying = Qualifying(definitions, settings, past.find, begun, compiled=self.compiled, room=self._room)
        meanings = {definition.name: meaning_of(definition, settings) for definition in definitions}
        part = Part(meanings, frozenset(meanings), qualifying, past)
        standing = Standing({})
        if begun is not None:
            last = min(now, past.archive.summary().last or 0)
            step = qualifying.load(past.archive.relations(), past.archive.timelines(wanted), last)
            standing.add(_verdicts(part, step), {})
            _tell(part, standing, past.later(last), last)
        old: set[Which] = set()
        if before is not None and before.imported != past.imported:
            _tell_log(part, standing, before.position, now)
            old = {
                verdict.which
                for verdict in standing.all()
                if verdict.at <= before.moment and verdict.known_at <= before.moment
            }
        _tell_log(part, standing, None, now)
        return part, standing, old

    def _past(self, database: Database | None = None) -> Past:
        return Past(self.project, database or self._database, self._mappings)


def _tell_log(part: Part, standing: Standing, up_to: int | None, now: int) -> None:
    """Have a part take in what the log has, up to a place there, and then what time has brought until now."""
    past = part.past
    kept = [each for each in past.messages(up_to) if each.position > past.position]
    # Only what has been read counts as evaluated: more may have come meanwhile.
    records = sorted(past.take_in(kept), key=lambda each: each.record.time)
    for start in range(0, len(records), _AT_ONCE):
        some = records[start : start + _AT_ONCE]
        _tell(part, standing, some, min(now, some[-1].record.time))
    _tell(part, standing, [], now)


def _tell(part: Part, standing: Standing, records: list[Numbered], now: int) -> None:
    step = part.qualifying.take(records, now, part.past.known(records))
    standing.add(_verdicts(part, step), _again(step))


def _is_trait_of(record: Record, part: Part, person: str) -> bool:
    bearer = part.qualifying.history.identities.person(record.person or "")
    return record.kind == Kind.PERSON_TRAIT and bearer == person


def _verdicts(part: Part, step: Step) -> list[Verdict]:
    """What a part has decided, of the definitions that count."""
    found = verdicts_of(step.transitions, part.meanings, part.past.lookup)
    return [verdict for verdict in found if verdict.definition in part.names]


def _again(step: Step) -> dict[Who, int]:
    return {(Subject(kind).name.lower(), id): since for (kind, id), since in step.told_again.items()}
