"""The evaluator: it follows the log, and records what changes."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from fireflower.app.live.announcing import Announcer
from fireflower.app.live.mentions import Mentions
from fireflower.app.live.past import Outdated, Past, numbered
from fireflower.app.live.qualifying import Qualifying
from fireflower.app.live.storage import keep_value, value_of
from fireflower.app.live.telling import make_evidence, meaning_of, verdicts_of
from fireflower.app.project import HISTORY_FOLDER, Project
from fireflower.destinations import Destination
from fireflower.evaluate.image import Outgrown
from fireflower.evaluate.live import Step
from fireflower.evaluate.results import Subject, Transitions
from fireflower.history.log.database import Database
from fireflower.history.log.forgotten import ForgottenPeople
from fireflower.history.log.messages import Kept
from fireflower.history.log.reading import Mappings
from fireflower.history.log.turns import Turn
from fireflower.history.log.verdicts import News, Recorded, Verdict, VerdictLog, Which, Who
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

    verdicts: dict[Who, list[Verdict]] = field(default_factory=dict)
    _qualified: dict[str, set[Who]] = field(default_factory=lambda: defaultdict(set))

    def add(self, verdicts: Iterable[Verdict], told_again: dict[Who, int]) -> None:
        touched = dict.fromkeys(told_again)
        for who, since in told_again.items():
            self.verdicts[who] = [verdict for verdict in self.verdicts.get(who, ()) if verdict.at <= since]
        for verdict in verdicts:
            who = verdict.kind, verdict.subject
            touched[who] = None
            self.verdicts.setdefault(who, []).append(verdict)
        for who in touched:
            self._stand(who)

    def all(self) -> list[Verdict]:
        return [verdict for verdicts in self.verdicts.values() for verdict in verdicts]

    def qualified(self, definition: str) -> set[Who]:
        """Who is qualified by a definition at the end."""
        return self._qualified[definition]

    def _stand(self, who: Who) -> None:
        for qualified in self._qualified.values():
            qualified.discard(who)
        latest = {verdict.definition: verdict.change for verdict in self.verdicts[who]}
        for definition, change in latest.items():
            if change == "entered":
                self._qualified[definition].add(who)


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


@dataclass(slots=True)
class Prepared:
    """The definitions of a project's files, ready to take the place of those that are at work.

    Attributes
    ----------
    changed : the names of those that mean something else than before, or are new
    part : these, evaluated; None if there are none
    standing : every verdict of the part
    now : the moment up to which it has been evaluated
    compiled : whether by the compiled kernel
    """

    project: Project
    changed: frozenset[str]
    part: Part | None
    standing: Standing
    now: int
    compiled: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """Who would enter and leave by a definition if it took effect now.

    Attributes
    ----------
    what : whether it means something else, is new, or is no longer there
    staying : how many are qualified before and after
    """

    definition: str
    what: Literal["changed", "new", "gone"]
    entering: frozenset[Who]
    leaving: frozenset[Who]
    staying: int


class Evaluator:
    """Follows the log of a project on a connection of its own.

    Attributes
    ----------
    position, now : the place in the log and the moment up to which it has evaluated
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
        self.position = self.now = 0
        people = ForgottenPeople(database, project.folder / HISTORY_FOLDER)
        self.record = VerdictLog(database, make_evidence, people)
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

    def ids(self, person: str) -> list[str]:
        """All ids that belong to the person who bears this one."""
        identities = self._parts[0].qualifying.history.identities
        bears = identities.person(person)
        return sorted(each for each in identities.ids(person) if identities.person(each) == bears)

    def is_joined(self, one: str, other: str) -> bool:
        """Whether a record joins these two ids, and none has set them apart since."""
        return self._parts[0].qualifying.history.identities.is_joined(one, other)

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
        for old in self._parts:
            old.past.close()  # what has been taken out of history must not stay on disk for its sake
        while True:
            before = self._before or Evaluated.read(self._database)
            part, standing, known = self._built(self.project, self.definitions, self._database, now, before)
            self._parts = [part]
            self.position, self.now = part.past.position, max(now, self.now)
            try:
                return self._record_all(standing, part.names, self.project, now, known)
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
        self.now = max(now, self.now)
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

    def prepare(self, project: Project, database: Database, now: int) -> Prepared:
        """Evaluate those definitions of a project that mean something else than before over all of history. It may be
        done in another thread, on another connection, while the evaluator goes on.

        Parameters
        ----------
        project : as its files are now
        """
        known = {definition.name: meaning_of(definition, self.settings) for definition in self.definitions}
        wanted = tuple(
            each for each in project.definitions if known.get(each.name) != meaning_of(each, project.settings)
        )
        changed = frozenset(definition.name for definition in wanted)
        compiled = self.compiled
        if not wanted:
            return Prepared(project, changed, None, Standing(), now, compiled)
        if len(self._parts) >= _MOST_PARTS:
            wanted = project.definitions
        part, standing, _ = self._built(project, wanted, database, now)
        return Prepared(project, changed, part, standing, now, compiled)

    def follow(self, prepared: Prepared) -> None:
        """Have what was prepared take in what has been evaluated meanwhile. In any thread, by one at a time.

        Raises
        ------
        Outgrown, Outdated
            If it is to be prepared again.
        """
        part, end = prepared.part, self.position
        if part is None:
            return
        if prepared.compiled != self.compiled or not part.past.is_current():
            raise Outdated
        prepared.now = max(prepared.now, self.now)
        for start in range(part.past.position, end, _AT_ONCE):
            some = part.past.messages(min(start + _AT_ONCE, end), start)
            records = part.past.take_in(some)
            part.past.position = min(start + _AT_ONCE, end)
            _tell(part, prepared.standing, records, prepared.now)
        _tell(part, prepared.standing, [], prepared.now)

    def differences(self, prepared: Prepared) -> list[Difference]:
        """Who would enter and who would leave if prepared definitions took effect: those that mean something else, that
        are new, and that are no longer there."""
        self.follow(prepared)
        before = {definition.name for definition in self.definitions}
        kept = {definition.name for definition in prepared.project.definitions}
        found: list[Difference] = []
        for name in sorted(prepared.changed | (before - kept)):
            what: Literal["changed", "new", "gone"] = "changed" if name in kept & before else "gone"
            earlier, later = self.record.subjects(name), prepared.standing.qualified(name)
            entering, leaving = frozenset(later - earlier), frozenset(earlier - later)
            found.append(
                Difference(name, what if name in before else "new", entering, leaving, len(earlier & later))
            )  # fmt: skip
        return found

    def adopt(
        self, prepared: Prepared, destinations: Sequence[Destination], now: int, *, tell_past: bool = False
    ) -> News:
        """Let prepared definitions take effect, in one moment. Their transitions so far are no news. If this fails,
        everything is as it was.

        Parameters
        ----------
        destinations : where transitions are told from now on
        tell_past : whether destinations are told of those who enter or leave by the change itself
        """
        prepared.now = max(prepared.now, now)
        self.follow(prepared)
        asked = self.differences(prepared) if tell_past else []
        part, project = prepared.part, prepared.project
        before, self.announcer.destinations = self.announcer.destinations, tuple(destinations)
        try:
            news = self._record_all(prepared.standing, part.names if part else frozenset(), project, now, asked=asked)
        except BaseException:
            self.announcer.destinations = before
            raise
        self.project, self.definitions, self.settings = project, project.definitions, project.settings
        self._parts = self._with(part, {definition.name: definition for definition in project.definitions})
        return news

    def _with(self, part: Part | None, definitions: Mapping[str, Definition]) -> list[Part]:
        """The parts that evaluate these definitions, those of `part` among them."""
        gone = part.names if part else frozenset()
        parts = [replace(each, names=(each.names & definitions.keys()) - gone) for each in self._parts]
        if part is not None:
            here = part.past.by(self._database)
            here.mentions = self.mentions
            part.qualifying.history.find_by(here.find)
            parts.append(replace(part, past=here))
        kept = [each for each in parts if each.names] or parts[:1]
        for each in kept:
            each.qualifying.reword(definitions)
        return kept

    # --- History ------------------------------------------------------------------------------------------------------

    def _step(self, part: Part, records: Sequence[Numbered], now: int) -> Step:
        part.past.position = self.position
        return part.qualifying.take(records, now, part.past.known(records))

    def _record_all(
        self,
        standing: Standing,
        names: frozenset[str],
        project: Project,
        now: int,
        old: Collection[Which] = (),
        asked: Sequence[Difference] = (),
    ) -> News:
        """Record the verdicts of these definitions on everybody, and which definitions there are now. Of those that are
        new, or mean something else than before, only what is `asked` for is told."""
        known = self.record.meanings()
        meanings = {definition.name: meaning_of(definition, project.settings) for definition in project.definitions}
        past = {name for name, meaning in meanings.items() if known.get(name, ("", 0))[0] != meaning}
        with self._turn.recording():
            verdicts = standing.all()
            news = self.record.record_all(verdicts, now, names, past, old)
            for told in (news.without(past), *self._of_the_past(asked, news)):
                self.announcer.announce(told, verdicts, self.traits, now)
            self._keep(now)
            self.record.forget_definitions(meanings.keys())
            self.record.mean({name: (meaning, now) for name, meaning in meanings.items()} | _same(known, meanings))
        return news

    def _of_the_past(self, asked: Sequence[Difference], news: News) -> Iterator[News]:
        """What there is to tell of those who enter or leave by a change of definitions: of who leaves, their leaving,
        if they had been qualified by the new meaning, too; else that their entry counts no longer."""
        entries = sorted((each for each in news.retracted if each.change == "entered"), key=lambda each: each.at)
        taken_back = {(each.definition, each.kind, each.subject): each for each in entries}
        for difference in asked:
            for who in sorted(difference.entering | difference.leaving):
                latest = self._latest(difference.definition, who)
                if latest is not None and (who in difference.entering or latest.change == "left"):
                    yield News(new=[replace(latest, past=False)])
                elif entered := latest or taken_back.get((difference.definition, *who)):
                    yield News(retracted=[entered])

    def _latest(self, definition: str, who: Who) -> Recorded | None:
        """The last transition that stands."""
        return next((each for each in reversed(self.record.of(*who)) if each.definition == definition), None)

    def _built(
        self,
        project: Project,
        definitions: Sequence[Definition],
        database: Database,
        now: int,
        before: Evaluated | None = None,
    ) -> tuple[Part, Standing, set[Which]]:
        """Definitions, evaluated over all of history. Also which of the verdicts are no news, as only files that have
        been imported since an evaluation `before` have brought them about."""
        while True:
            try:
                return self._build(project, definitions, database, now, before)
            except Outdated:
                _LOGGER.info("The archive has changed: history is evaluated anew.")
            except Outgrown as error:
                _LOGGER.info("The program is compiled with more room: there was none for %s.", error)
                self._room *= 4

    def _build(
        self,
        project: Project,
        definitions: Sequence[Definition],
        database: Database,
        now: int,
        before: Evaluated | None,
    ) -> tuple[Part, Standing, set[Which]]:
        past, settings = Past(project, database, self._mappings), project.settings
        wanted = needs(definitions, settings).properties
        first = next(iter(past.archive.timelines(wanted)), None)
        begun = first.vocabulary if first is not None else None
        qualifying = Qualifying(definitions, settings, past.find, begun, compiled=self.compiled, room=self._room)
        meanings = {definition.name: meaning_of(definition, settings) for definition in definitions}
        part = Part(meanings, frozenset(meanings), qualifying, past)
        standing = Standing()
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


def _same(known: Mapping[str, tuple[str, int]], meanings: Mapping[str, str]) -> dict[str, tuple[str, int]]:
    """Those that mean what they meant, with since when."""
    return {name: meant for name, meant in known.items() if meanings.get(name) == meant[0]}


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
