"""From records, as they come, to changes of verdicts: whose records they are, who is left out, what follows."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np

from fireflower.app.live.sieving import Concerns, Sieve
from fireflower.evaluate.kernel.layout import MUTED
from fireflower.evaluate.leaving_out import without_left_out
from fireflower.evaluate.live import LATENESS, LiveReplay, Step
from fireflower.evaluate.live import Who as Known
from fireflower.evaluate.results import Change, Subject, Transitions
from fireflower.history.arrivals import Arrivals, Numbered, by_number
from fireflower.history.assembly import canonical
from fireflower.history.ongoing import Find, OngoingHistory, Who, place
from fireflower.language.nodes import AnyOf, Definition, Settings
from fireflower.language.walking import needs
from fireflower.model.codes import NOBODY, Codes, Numbers
from fireflower.model.records import EVENT, IDENTITY, JOIN, PERSON_TRAIT, Record, SubjectKind
from fireflower.model.rows import Row, Rows
from fireflower.model.timeline import NOTHING, TO_ACCOUNT, TO_PERSON, Timeline, Vocabulary

_MUTABLE = (EVENT, JOIN)
"""The kinds of rows of an account that do not count while their person is left out."""

_SUBJECTS: dict[SubjectKind, Subject] = {"person": Subject.PERSON, "account": Subject.ACCOUNT}


class Qualifying:
    """Definitions over a history that goes on.

    Records whose time is yet to come wait until it has.

    Parameters
    ----------
    find : looks up records that have been taken
    begun : the vocabulary of the history that is to be loaded
    room : see `LiveReplay`
    concerns : whom these definitions are put to; None for everybody. Who is who, who is a member of what and who is
        left out is followed for all, as everybody's history may depend on it
    """

    def __init__(
        self,
        definitions: Sequence[Definition],
        settings: Settings,
        find: Find,
        begun: Vocabulary | None = None,
        *,
        compiled: bool = False,
        room: int = 4096,
        lateness: int = LATENESS,
        concerns: Concerns | None = None,
    ) -> None:
        numbers = self._numbers = Numbers.of(begun or NOTHING)
        how: dict[str, Any] = {"compiled": compiled, "room": room, "lateness": lateness, "numbers": numbers}
        self._settings = settings
        self._read = {name for owner, name in needs(definitions, settings).traits if owner == "person"}
        self.replay = LiveReplay(definitions, settings, begun, **how)
        self.history = OngoingHistory(settings.attribution, find, self._last, numbers)
        self._leaving = _LeavingOut.of(settings, begun, **how)
        self._sieve = Sieve(concerns, numbers) if concerns is not None else None
        self._waiting: list[tuple[tuple[object, ...], int, int, Numbered]] = []
        self._come = count()
        self._doubtful: set[int] = set()
        self._now = -1
        if compiled:
            self.replay.warm()

    def know(self, relations: Iterable[Record], last: int) -> None:
        """Begin with a history that is there. It may be done in another thread while that is loaded.

        Parameters
        ----------
        relations : its records that say who is who and who was a member of what, and the traits of accounts
        """
        begun = (each for each in relations if each.time <= last or each.kind == IDENTITY)
        self.history.begin(canonical(begun))

    def load(self, timelines: Iterable[Timeline], last: int) -> Step:
        """Take in a history that is there: what follows from it up to and including its last record.

        Parameters
        ----------
        timelines : all of it, coded with the vocabulary that this one began with
        """
        self._now = last
        if self._leaving is not None:
            timelines = list(timelines)
            self._leaving.load(timelines, last)
            timelines = without_left_out(self._settings, timelines, last, compiled=True, threads=1)
        for timeline in timelines:
            own = timeline if self._sieve is None else self._sieve.timeline(timeline, last)
            self.replay.load(own, last)
        return self.replay.loaded(last)

    def take(
        self, arrivals: Arrivals, now: int, doubtful: Collection[int] = (), again: Collection[Who] = ()
    ) -> Step:  # fmt: skip
        """Take in what has come, and decide whatever follows up to and including `now`; if that is before what has
        been decided already, up to there again: a clock may be set back, and what was decided stays.

        Parameters
        ----------
        doubtful : numbers of records whose messages may be in the history already
        again : subjects whose past is told again, whatever has come

        Raises
        ------
        Outgrown
            If values have come for which the program has no room: begin again, from the history.
        """
        now = self._now = max(now, self._now)
        arrivals = self._without_unread(arrivals)
        if doubtful:
            self._doubtful |= arrivals.all_numbers().intersection(doubtful)
        changed = self.history.identify(each.record for each in arrivals.others if each.record.kind == IDENTITY)
        due = self._due(arrivals, now)
        arrived = self.history.take(due, self._doubtful)
        if self._doubtful:
            self._doubtful -= due.all_numbers()
        rows = arrived.rows if self._sieve is None else self._sieve.rows(arrived.rows)
        stale = changed | arrived.changed | {_who(who) for who in self.replay.stale(rows)} | set(again)
        past = self.history.past(stale, now) if stale else {}
        if self._leaving is not None:
            self._leave_out(self._leaving, arrived.rows, rows, past, now)
        if self._sieve is not None:
            past = self._sieve.past(past)
        return self.replay.step(rows, {_known(who): rows for who, rows in past.items()}, now)

    def concern(self, concerns: Concerns) -> None:
        """From now on, put the definitions to these only, who are fewer than before."""
        if self._sieve is None:
            self._sieve = Sieve(concerns, self._numbers)
        else:
            self._sieve.concern(concerns)

    def reword(self, definitions: Mapping[str, Definition]) -> None:
        """Take over what does not change a definition's meaning: what its author calls things."""
        self.replay.reword(definitions)

    def standing(self, whom: Sequence[tuple[SubjectKind, str]], now: int) -> list[Transitions | None]:
        """How each subject stands with each definition about its kind; None if nothing is known of it."""
        return self.replay.standing([(_SUBJECTS[kind], id) for kind, id in whom], now)

    @property
    def decided(self) -> int:
        """The moment up to which verdicts have been decided; -1 before the first."""
        return self._now

    @property
    def next_due(self) -> int | None:
        """The moment at which something changes next, if nothing comes; None if nothing ever does."""
        timers = [self.replay.next_timer, self._leaving.replay.next_timer if self._leaving else None]
        waiting = self._waiting[0][-1].record.time if self._waiting else None
        return min((moment for moment in (*timers, waiting) if moment is not None), default=None)

    def _last(self, kind: SubjectKind, id: str) -> int:
        here = self.replay.last(_SUBJECTS[kind], id)
        elsewhere = self._sieve.last(kind, id) if self._sieve is not None else None
        return here if elsewhere is None else max(here, elsewhere)  # they may have been evaluated here before

    def _without_unread(self, arrivals: Arrivals) -> Arrivals:
        """Without traits of people that no definition reads: clients say them again and again. Of those that are said
        of somebody at one moment one stays, as it says that they are there. All traits of accounts stay: whoever is
        told of an account is told what it is like."""
        others: list[Numbered] = []
        seen: set[tuple[str | None, int, int | None]] = set()
        for each in arrivals.others:
            record = each.record
            if record.kind == PERSON_TRAIT:
                said = (record.person, record.time, record.received)
                if said in seen and record.name not in self._read:
                    continue
                seen.add(said)
            others.append(each)
        return Arrivals(arrivals.events, arrivals.numbers, others)

    def _due(self, arrivals: Arrivals, now: int) -> Arrivals:
        """The records whose time has come, of those that have been waiting and of these. The others wait."""
        due: list[Numbered] = []
        while self._waiting and self._waiting[0][-1].record.time <= now:
            due.append(heapq.heappop(self._waiting)[-1])
        if not due and arrivals.latest() <= now:
            return arrivals
        for each in arrivals.numbered():
            if each.record.time <= now:
                due.append(each)
            else:
                # What a message says beyond its last number shares that, and records have no order of their own
                heapq.heappush(self._waiting, (place(each.record), each.number, next(self._come), each))
        return Arrivals.of(sorted(due, key=by_number))

    def _leave_out(
        self, leaving: _LeavingOut, rows: Rows, own: Rows, past: dict[Who, list[Row]], now: int
    ) -> None:  # fmt: skip
        """Mute what left-out people do, for their accounts; if it turns out that somebody was left out at another
        time than it had seemed, their accounts' past is told again.

        Parameters
        ----------
        rows, own : everybody's, and those of the subjects who are evaluated here
        """
        theirs = rows.only(TO_PERSON)
        people = {_who(who) for who in leaving.replay.stale(theirs)} | {who for who in past if who[0] == "person"}
        renewed = {who: past[who] for who in people if who in past} | self.history.past(
            [who for who in people if who not in past], now
        )
        others = leaving.step(theirs, renewed, now)
        accounts = {who for who in self.history.around(others) if who[0] == "account"} - past.keys()
        if self._sieve is not None:
            accounts = {who for who in accounts if self._sieve.concerns(*who)}
        if accounts:
            past |= self.history.past(accounts, now)
        leaving.mute_columns(own, self._numbers.people)
        for each in past.values():
            leaving.mute(each)


class _LeavingOut:
    """Which people are left out when."""

    def __init__(self, replay: LiveReplay) -> None:
        self.replay = replay
        self._changes: dict[str, list[tuple[int, bool]]] = defaultdict(list)

    @classmethod
    def of(cls, settings: Settings, begun: Vocabulary | None, **how: Any) -> _LeavingOut | None:
        """None if the settings leave nobody out."""
        formulas = tuple(formula for kind, formula in settings.leave_out if kind == "person")
        if not formulas:
            return None
        definition = Definition("left out", "person", AnyOf(formulas), keep_after_goal=True)
        alone = replace(settings, leave_out=())
        return cls(LiveReplay([definition], alone, begun, **how))

    def load(self, timelines: Iterable[Timeline], last: int) -> None:
        """Begin with a history that is there."""
        for timeline in timelines:
            self.replay.load(timeline, last)
        self._remember(self.replay.loaded(last).transitions)

    def step(self, rows: Rows, past: Mapping[Who, Sequence[Row]], now: int) -> set[str]:
        """Take in the rows of people. Gives those who were left out at other times than it had seemed."""
        step = self.replay.step(rows, {_known(who): each for who, each in past.items()}, now)
        before = {id: list(self._changes[id]) for _, id in step.told_again}
        for (_, id), since in step.told_again.items():
            changes = self._changes[id]
            del changes[bisect_right(changes, since, key=lambda change: change[0]) :]
        self._remember(step.transitions)
        return {id for id, changes in before.items() if changes != self._changes[id]}

    def _remember(self, found: Transitions) -> None:
        for i in range(len(found)):
            entered = bool(found.change[i] == Change.ENTERED)
            self._changes[found.subject_id(i)].append((int(found.at[i]), entered))

    def mute(self, rows: Iterable[Row]) -> None:
        """Mark the rows of accounts that do not count."""
        for row in rows:
            if row.kind in _MUTABLE and row.target & TO_ACCOUNT and self._is_out(row.person, row.time):
                row.target |= MUTED

    def mute_columns(self, rows: Rows, numbers: Codes) -> None:
        """The same, of rows whose people go by their numbers."""
        is_of_account = (rows.target & TO_ACCOUNT > 0) & np.isin(rows.kind, _MUTABLE) & (rows.person != NOBODY)
        for row in np.flatnonzero(is_of_account).tolist() if self._changes else ():
            if self._is_out(numbers.values[rows.person[row]], int(rows.time[row])):
                rows.target[row] |= MUTED

    def _is_out(self, person: str | None, time: int) -> bool:
        changes = self._changes.get(person or "", ())
        place = bisect_right(changes, time, key=lambda change: change[0])
        return place > 0 and changes[place - 1][1]


def _who(known: Known) -> Who:
    kind, id = known
    return ("person" if kind == Subject.PERSON else "account"), id


def _known(who: Who) -> Known:
    return _SUBJECTS[who[0]], who[1]
