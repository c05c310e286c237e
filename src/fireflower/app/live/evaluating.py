"""The evaluator: it follows the log, and records what changes."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from typing import Any

from fireflower.app.live.alone import person_alone, transitions_alone
from fireflower.app.live.announcing import Announcer
from fireflower.app.live.building import Builder, Built
from fireflower.app.live.editions import (
    AT_WORK,
    Difference,
    Prepared,
    differences,
    edition_of,
    told_of_the_past,
    unchanged,
)
from fireflower.app.live.mentions import Mentions
from fireflower.app.live.parts import (
    AT_ONCE,
    Decided,
    Part,
    Standing,
    Stood,
    by_what_is_past,
    decide,
    evaluated_before,
    stood,
    tell,
    tell_up_to,
    traits_in,
)
from fireflower.app.live.past import Outdated, Past
from fireflower.app.live.storage import keep_value, value_of
from fireflower.app.live.telling import make_evidence, meaning_of
from fireflower.app.project import HISTORY_FOLDER, Project
from fireflower.destinations import Destination
from fireflower.evaluate.image import Outgrown
from fireflower.history.arrivals import Arrivals
from fireflower.history.log.database import Database, StorageError
from fireflower.history.log.durable import Durable
from fireflower.history.log.forgotten import ForgottenPeople
from fireflower.history.log.leases import ALL_SHARES, LeaseLostError, Leases, SupersededError, Terms, share_of
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.reading import LogReader, Mappings
from fireflower.history.log.verdicts import News, Recorded, VerdictLog, Which
from fireflower.history.ongoing import OngoingHistory
from fireflower.language.nodes import Definition, Settings
from fireflower.model.records import SubjectKind

_LOGGER = logging.getLogger("fireflower.live")
_BORROWED = 20.0
"""Seconds for which others' shares are borrowed at most, so that files take effect for all at once."""

_MOST_PARTS = 4
"""Parts beyond which changed definitions are evaluated together with all others again: each part takes in every row."""


class Evaluator:
    """Follows the log of a project on a connection of its own, and evaluates the subjects of the shares that it holds.

    Attributes
    ----------
    position, now : the place in the log and the moment up to which it has evaluated; they never go back
    mentions : where the log speaks of whom, up to `position`; all parts share it
    is_beginning : whether it evaluates all of history just now
    steps : how often it has evaluated what came
    told_again : how many subjects' past has been told again since it began
    editions : of the files that are at work here; two while one takes the place of the other

    Parameters
    ----------
    mappings : how messages are read
    announcer : plans, on the same connection, what is to be sent
    leases : those of this process, on the same connection; by default it takes all shares when it begins, whoever has
        held them
    """

    def __init__(
        self,
        project: Project,
        database: Database,
        mappings: Mappings,
        announcer: Announcer | None = None,
        *,
        leases: Leases | None = None,
        compiled: bool = True,
    ) -> None:
        self.announcer = announcer or Announcer(database)
        self._take_over(project)
        self.position = self.now = 0
        people = ForgottenPeople(database, project.folder / HISTORY_FOLDER)
        self.record = VerdictLog(database, make_evidence, people)
        self.mentions = Mentions(0)
        self._database = database
        self._mappings = mappings
        self._builder = Builder(mappings, compiled=compiled)
        self._parts: list[Part] = []
        self.is_beginning = False
        self.steps = self.told_again = 0
        self.editions = frozenset((edition_of(project, self.announcer.destinations),))
        self._is_alone = leases is None
        self._leases = leases or Leases(database, uuid.uuid4().hex, 0)
        self._borrowed = Leases(database, f"{self._leases.holder}/apply", _BORROWED)
        self._terms: dict[int, int] = {}
        self._kept = self.position, self.now
        self.resting: Callable[[], AbstractContextManager[None]] = nullcontext
        """What is entered while it waits for the database."""

    @property
    def compiled(self) -> bool:
        """Whether the compiled kernel is used, from the next beginning on."""
        return self._builder.compiled

    @compiled.setter
    def compiled(self, compiled: bool) -> None:
        self._builder.compiled = compiled

    @property
    def next_due(self) -> int | None:
        """When something changes next by time alone; None if nothing will."""
        return min((due for part in self._parts if (due := part.qualifying.next_due) is not None), default=None)

    @property
    def is_at_work(self) -> bool:
        """Whether anybody is evaluated here."""
        return bool(self._terms)

    def standing(self, whom: Sequence[tuple[SubjectKind, str]], now: int) -> list[Stood]:
        """How each subject stands with each definition about its kind."""
        return stood(self._parts, whom, now)

    def person(self, id: str) -> str:
        """The id by which verdicts name the person who bears or has borne this one."""
        return self._history.identities.person(id)

    @property
    def _history(self) -> OngoingHistory:
        """Who is who, and a member of what: of everybody, in each part.

        Raises
        ------
        Outdated
            If nobody is evaluated here just now.
        """
        if not self._parts:
            raise Outdated
        return self._parts[0].qualifying.history

    def known(self, id: str) -> tuple[str, list[str]]:
        """The id by which verdicts name a person, and their accounts, the current one first."""
        if not self._parts:
            with closing(Past.so_far(self.project, self._database, self._mappings)) as past:
                return person_alone(past.find, self.settings, id, self.now)
        person = self.person(id)
        return person, self.accounts(person)

    def ids(self, person: str) -> list[str]:
        """All ids that belong to the person who bears this one."""
        identities = self._history.identities
        bears = identities.person(person)
        return sorted(each for each in identities.ids(person) if identities.person(each) == bears)

    def is_joined(self, one: str, other: str) -> bool:
        """Whether a record joins these two ids, and none has set them apart since."""
        return self._history.identities.is_joined(one, other)

    def accounts(self, person: str) -> list[str]:
        """The accounts of which a person is a member, the current one first."""
        memberships = self._history.memberships
        current = memberships.current(person)
        return sorted(memberships.accounts(person), key=lambda account: account != current)

    @property
    def terms(self) -> Terms:
        """The shares that are evaluated here, and under which terms."""
        return self._terms

    @property
    def shares(self) -> frozenset[int]:
        """The shares that are evaluated here."""
        return frozenset(self._terms)

    def holds(self, kind: SubjectKind, id: str) -> bool:
        """Whether a subject is evaluated here."""
        return share_of(kind, id) in self._terms

    def hold(self, terms: Terms, now: int) -> News:
        """Evaluate the subjects of these shares from now on, and no others. Those of shares that are new here are
        evaluated over all of history; what lies behind the place up to which they had been evaluated is news, and
        nothing else is."""
        self._let_go({share for share, term in self._terms.items() if terms.get(share) != term})
        new = {share: term for share, term in terms.items() if share not in self._terms}
        if not new or self._is_superseded():
            return News()
        position, reached = self._reached(new)
        news = self._reach(position, max(now, reached))
        self._terms |= new
        news.add(self._add(frozenset(new), max(now, reached)))
        return news

    def release(self, shares: Collection[int]) -> None:
        """Leave these shares to others, who need not look again at what has been evaluated here."""
        given = {share: term for share, term in self._terms.items() if share in shares}
        with suppress(LeaseLostError), self._database.transaction():
            if given and self._parts:
                self._note(given)
            self._leases.release(shares)
        self._let_go(given)

    @property
    def is_ahead(self) -> bool:
        """Whether more has been evaluated than is noted."""
        return self._kept != (self.position, self.now)

    def keep(self) -> None:
        """Note up to where everything has been evaluated."""
        if self._terms and self._parts and self.is_ahead:
            with suppress(LeaseLostError), self._database.transaction():
                self._note(self._terms)
            self._kept = self.position, self.now

    def history_length(self) -> int:
        """How many records there are to be evaluated, about: those of the archive, and the messages since."""
        past = Past(self.project, self._database, self._mappings)
        try:
            return past.archive.summary().records + past.log.end() - past.covered
        finally:
            past.close()

    def begin(self, now: int) -> News:
        """Evaluate all of history anew for the shares that are held, and record what is not recorded yet. Transitions
        of definitions that are new, or mean something else than before, are no news; nor are those of the time until
        then that follow from files that have been imported since."""
        self.keep()
        self._go_on_with([])
        if self._is_alone and not self._terms:
            with self._database.transaction():
                self._terms = dict(self._leases.take_all())
        self.is_beginning = True
        try:
            return self._add(self.shares, now) if self._terms else News()
        finally:
            self.is_beginning = False

    def take(self, durable: Durable, now: int) -> News:
        """Evaluate the next messages of the log, and whatever time has brought up to and including `now`."""
        now = max(now, self.now)
        if self._terms and not (self._parts and self._goes_on()):
            return self.begin(now)
        try:
            return self._take(durable, now)
        except Outgrown as error:
            _LOGGER.info("The program is compiled again: no room for %s.", error)
            self._builder.widen()
        except Outdated:
            _LOGGER.info("The archive has changed: history is evaluated anew.")
        return self.begin(now)

    def _goes_on(self) -> bool:
        """Whether the parts have evaluated what is in the archive now. It makes no difference to them if messages have
        moved there that they had taken in."""
        if not all(part.past.goes_on() for part in self._parts):
            return False
        self.mentions.forget(min(part.past.covered for part in self._parts))
        return True

    def _take(self, durable: Durable, now: int) -> News:
        fresh = durable.behind(self.position)
        position = max(fresh.last, self.position)
        self.mentions.note(fresh.arrivals)
        self.steps += 1
        try:
            found = [decide(part, fresh.arrivals, position, now) for part in self._parts]
            self.position, self.now = position, now
            self.told_again += sum(len(each.told_again) for each in found)
            with self.resting():
                return self._recorded(found, now)
        except BaseException:  # they are worth nothing any more
            self._go_on_with([])
            raise

    def _recorded(self, found: Sequence[Decided], now: int) -> News:
        """Record what has been decided; what is of shares that others hold by now is left to them."""
        while found := [each for each in found if self._changes(each)]:
            shares = {share for each in found for share in each.shares()}
            news = News()
            try:
                with self._recording(shares):
                    for each in found:
                        news.add(self.record.record(each.verdicts, each.told_again, now, each.part.names))
                    self.announcer.announce(
                        news, [verdict for each in found for verdict in each.verdicts], self.traits, now, self
                    )
                return news
            except LeaseLostError as error:
                _LOGGER.warning("%s", error)
                self._let_go(error.shares)
                found = [each.without(error.shares) for each in found]
        return News()

    def _changes(self, decided: Decided) -> bool:
        """Whether anything may have to be written. Mostly, what comes late changes nothing: then nobody has to wait for
        the database."""
        return bool(decided.verdicts) or self.record.may_change(decided.told_again)

    # --- Merged people ------------------------------------------------------------------------------------------------

    def moved_from(self, each: Recorded) -> Recorded | None:
        """The transition of a person who is evaluated elsewhere, and found to be the same, that a new one was before:
        then it had been told of them."""
        if each.kind != "person" or not self._parts:
            return None
        ids = self._history.identities.ids(each.subject)
        return self.record.same({id for id in ids if not self.holds("person", id)}, each)

    def moves(self, each: Recorded) -> bool:
        """Whether a transition that is taken back is one of the person with whom this one is found to be the same, who
        may be evaluated elsewhere, and earlier or later than here."""
        if each.kind != "person" or not self._parts:
            return False
        person = self.person(each.subject)
        if person == each.subject or self.holds("person", person):
            return False
        past = self._parts[0].past
        found = transitions_alone(past.find, self.settings, self.definitions, "person", person, self.now)
        return (each.definition, each.change, each.at) in found

    def traits(self, kind: SubjectKind, id: str) -> Mapping[str, Any]:
        """The traits of a subject as of now; of a person also those of the current account, as "account.NAME"."""
        return traits_in(self._parts[0], kind, id) if self._parts else {}

    # --- Definitions that change --------------------------------------------------------------------------------------

    def prepare(self, project: Project, database: Database, now: int) -> Prepared:
        """Evaluate those definitions of a project that mean something else than before over all of history. It may be
        done in another thread, on another connection, while the evaluator goes on.

        Parameters
        ----------
        project : as its files are now
        """
        known = VerdictLog(database).meant()
        wanted = tuple(
            each for each in project.definitions if known.get(each.name) != meaning_of(each, project.settings)
        )
        changed = frozenset(definition.name for definition in wanted)
        compiled = self.compiled
        if not wanted:
            return Prepared(project, known, changed, None, Standing(), now, compiled)
        if len(self._parts) >= _MOST_PARTS:
            wanted = project.definitions
        built = self._builder.build(project, wanted, database, now, ALL_SHARES)
        return Prepared(project, known, changed, built.part, built.standing, now, compiled, built.basis)

    def follow(self, prepared: Prepared) -> None:
        """Have what was prepared take in what has been evaluated meanwhile. In any thread, by one at a time.

        Raises
        ------
        Outgrown, Outdated
            If it is to be prepared again.
        """
        part = prepared.part
        prepared.now = max(prepared.now, self.now)
        if part is None:
            return
        if prepared.is_spoiled or prepared.compiled != self.compiled or not part.past.goes_on():
            raise Outdated
        prepared.is_spoiled = True  # until it has taken in all of it
        tell_up_to(part, prepared.standing, self.position, prepared.now)
        prepared.is_spoiled = False

    def _take_over(self, project: Project) -> None:
        """Evaluate by what the files of a project say from now on."""
        self.project = project
        self.settings: Settings = project.settings
        self.definitions: tuple[Definition, ...] = project.definitions
        self.announcer.links = dict(project.settings.links)

    def differences(self, prepared: Prepared) -> list[Difference]:
        """Who would enter and who would leave if prepared definitions took effect: those that mean something else, that
        are new, and that are no longer there.

        Raises
        ------
        Outgrown, Outdated
            If they are to be prepared again.
        """
        self.follow(prepared)
        return differences(self.record, prepared)

    def adopt(
        self, prepared: Prepared, destinations: Sequence[Destination], now: int, *, tell_past: bool = False
    ) -> tuple[list[Difference], News]:
        """Let prepared definitions take effect, in one moment. Their transitions so far are no news. If this fails,
        everything is as it was; but if only the answer was lost, nothing is recorded by the former ones any longer.
        Gives who enters and leaves by the change, and what is news.

        Parameters
        ----------
        destinations : where transitions are told from now on
        tell_past : whether destinations are told of those who enter or leave by the change itself
        """
        if self._is_superseded():
            self._let_go(self.shares)  # what is evaluated here does not go on in the place of what is at work
        with self._all_shares(prepared, now) as (others, earlier):
            part, project = prepared.part, prepared.project
            before, self.announcer.destinations = self.announcer.destinations, tuple(destinations)
            edition = edition_of(project, destinations)
            here, at_work = self.editions, value_of(self._database, AT_WORK)
            self.editions = frozenset((edition, at_work or edition))  # what was at work may be others' files
            try:
                with self._recording(self.shares):
                    found = differences(self.record, prepared)
                    self._borrowed.hold(others)
                    keep_value(self._database, AT_WORK, edition)
                    names = part.names if part else frozenset()
                    bases = {each.basis for each in self._leases.evaluated(self.shares).values()}
                    basis = prepared.basis if bases == {prepared.basis} else ""
                    shares, now, asked = ALL_SHARES, self.now, found if tell_past else ()
                    news = self._record_all(prepared.standing, names, project, shares, now, basis, asked=asked)
                    self._borrowed.release(others)
            except BaseException:
                self.announcer.destinations, self.editions = before, here
                raise
        self.editions = frozenset((edition,))
        self._take_over(project)
        # Some may have been taken for this process that it has not begun to evaluate: `hold` does that, later.
        own = part.without(ALL_SHARES - self.shares) if part is not None and self.shares else None
        if own is None:
            prepared.close()
        prepared.part = None  # it follows by itself now: nobody else may feed it
        self._go_on_with(self._with(own, {definition.name: definition for definition in project.definitions}))
        earlier.add(news)
        return found, earlier

    @contextmanager
    def _all_shares(self, prepared: Prepared, now: int) -> Iterator[tuple[Terms, News]]:
        """Nobody else records meanwhile, and this process has evaluated as far as anybody has, and exactly as far as
        what was prepared, which may have read more of the log. Gives the shares that are borrowed from others, and what
        is news until then.

        Raises
        ------
        Outdated
            If it is to be prepared again, as when it has been by a clock that was ahead.
        """
        earlier = self._reach(prepared.position, now)  # all that takes long comes before others have to wait
        self.follow(prepared)
        others: Terms = {}
        if self.shares != ALL_SHARES:
            with self._database.transaction():
                others = self._borrowed.take_from_all_but(self._leases.holder)
        try:
            position, reached = self._reached(ALL_SHARES)
            earlier.add(self._reach(position, max(now, reached)))
            self.follow(prepared)
            if prepared.now > self.now:
                raise Outdated
            yield others, earlier
        except BaseException:
            with suppress(StorageError), self._database.transaction():
                self._borrowed.release(others)
            raise

    def turn_to(self, project: Project, destinations: Sequence[Destination]) -> None:
        """Evaluate by what is at work elsewhere by now: nobody, until shares are held again."""
        self._let_go(self.shares)
        self._go_on_with([])
        self._take_over(project)
        self.announcer.destinations = tuple(destinations)
        self.editions = frozenset((edition_of(project, destinations),))

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
            each.qualifying.reword({name: definitions[name] for name in each.names})
        return kept

    # --- Shares -------------------------------------------------------------------------------------------------------

    def _let_go(self, shares: Collection[int]) -> None:
        """Evaluate these shares no longer."""
        lost = frozenset(shares) & self._terms.keys()
        if lost:
            self._terms = {share: term for share, term in self._terms.items() if share not in lost}
            self._go_on_with([part for each in self._parts if (part := each.without(lost)).shares])

    def _go_on_with(self, parts: list[Part]) -> None:
        """Evaluate by these of the parts: what has been taken out of history must not stay on disk for the others."""
        for past in (each.past for each in self._parts):
            if all(past is not each.past for each in parts):
                past.close()
        self._parts = parts

    def _reached(self, shares: Collection[int]) -> tuple[int, int]:
        """The place in the log up to which any of these shares has been evaluated, and the moment up to which any has
        been recorded, perhaps by another machine's clock: a change of definitions records everybody up to when it takes
        effect, whatever is noted of the shares."""
        evaluated = self._leases.evaluated(shares).values()
        moments = (*(each.moment for each in evaluated), *self.record.meant_since().values())
        return max(each.position for each in evaluated), max(moments)

    def _reach(self, position: int, now: int) -> News:
        """Evaluate the log up to a place at least, and time up to and including `now`: there others have been with
        what is taken over from them."""
        if not self._terms:  # nobody is evaluated
            self.position, self.now = max(self.position, position), max(self.now, now)
            return News()
        news = News()
        log, reader = MessageLog(self._database), LogReader(self._database, self._mappings)
        while self.position < position and (some := log.after(self.position, AT_ONCE)):
            news.add(self.take(reader.read(some), now))
        news.add(self.take(Durable.of([]), now))
        return news

    def _add(self, shares: frozenset[int], now: int) -> News:
        """Evaluate shares over all of history, beside those that are evaluated already."""
        if len(self._parts) >= _MOST_PARTS:
            self._go_on_with([])
            shares = self.shares
        evaluated = self._leases.evaluated(shares)
        now = max(now, self.now, *(each.moment for each in evaluated.values()))
        up_to = self.position if self._parts else None
        before = evaluated_before(evaluated.values())
        built = self._builder.build(self.project, self.definitions, self._database, now, shares, before, up_to)
        part, further = built.part, built.further(evaluated)
        if up_to is None:
            self.position, self.mentions = part.past.position, part.past.mentions
        part.past.mentions = self.mentions
        part.past.position, self.now = self.position, now
        self._parts.append(part)
        try:
            if late := self.record.recorded_late(built.since, further):
                tell(part, built.standing, Arrivals.of([]), now, late)  # or it stands, though nobody is told again
            with self._recording(shares):
                return self._record_built(built, further, now)
        except LeaseLostError as error:
            _LOGGER.warning("%s", error)
            self._let_go(error.shares)
        except Outdated:
            _LOGGER.info("The archive has changed: history is evaluated anew.")
        except BaseException:
            self._go_on_with([])
            raise
        self._go_on_with([])
        return self._add(self.shares, now) if self._terms else News()

    def _record_built(self, built: Built, further: Collection[int], now: int) -> News:
        """
        Parameters
        ----------
        further : shares that had been evaluated further than to where it goes on
        """
        part, standing = built.part, built.standing
        if not built.goes_on:
            return self._record_all(standing, part.names, self.project, part.shares, now, built.basis, built.known)
        verdicts = standing.all()
        ahead = dict.fromkeys(self.record.decided_after(built.since, further), built.since)
        again = {who: min(since, built.since) for who, since in (ahead | standing.since()).items()}
        news = self.record.record(verdicts, again, now, part.names)
        self.announcer.announce(news, verdicts, self.traits, now, self)
        return news

    @contextmanager
    def _recording(self, shares: Collection[int]) -> Iterator[None]:
        """A transaction in which verdicts on these shares are recorded. Nobody else records meanwhile.

        Raises
        ------
        LeaseLostError
            If some are evaluated by another process, or by other definitions (`SupersededError`).
        """
        with self._database.transaction():
            self._database.in_order("transitions")
            self._note({share: self._terms.get(share, -1) for share in shares})
            yield

    def _note(self, terms: Terms) -> None:
        """Note, inside of a transaction, up to where shares have been evaluated.

        Raises
        ------
        LeaseLostError
            If some are evaluated by another process, or by other definitions (`SupersededError`).
        """
        if self._is_superseded():
            raise SupersededError({*self.shares, *terms})
        self._leases.write_under(terms, self.position, self.now)

    def _is_superseded(self) -> bool:
        """Whether other definitions are at work by now."""
        return value_of(self._database, AT_WORK) not in (None, *self.editions)

    # --- History ------------------------------------------------------------------------------------------------------

    def _record_all(
        self,
        standing: Standing,
        names: frozenset[str],
        project: Project,
        shares: frozenset[int],
        now: int,
        basis: str,
        known: Collection[Which] = (),
        asked: Sequence[Difference] = (),
    ) -> News:
        """Record the verdicts of these definitions on everybody of these shares, and which definitions there are now,
        inside of the caller's transaction. Of those that are new, or mean something else than before, only what is
        `asked` for is told.

        Parameters
        ----------
        known : transitions that follow from what had been evaluated before; if they are not recorded, they are no news
        """
        meanings = {definition.name: meaning_of(definition, project.settings) for definition in project.definitions}
        verdicts = standing.all()
        news, told = News(), News()
        for past, some in by_what_is_past(self._leases.evaluated(shares), meanings).items():
            theirs = [each for each in verdicts if share_of(each.kind, each.subject) in some]
            recorded = self.record.record_all(theirs, now, names, past, known, some)
            news.add(recorded)
            told.add(recorded.without(past))
        for each in (told, *told_of_the_past(self.record, asked, news)):
            self.announcer.announce(each, verdicts, self.traits, now, self)
        self._leases.mean(shares & self.shares, meanings, basis)
        # More is recorded of those that are evaluated elsewhere than is noted: whoever evaluates them compares all.
        self._leases.mean(shares - self.shares, meanings, "")
        self.record.forget_definitions(meanings.keys())
        before = self.record.meanings()
        self.record.mean({name: (meaning, now) for name, meaning in meanings.items()} | unchanged(before, meanings))
        return news
