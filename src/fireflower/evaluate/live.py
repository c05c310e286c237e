"""The kernel live: rows of any subjects as they come, some of them late, on states that are kept.

A subject's verdicts are what a replay of its rows says. Rows that follow in time are taken in one by one. For those
that come late there is, beside each active subject's state, its *settled* state of a while ago together with the rows
since: it is copied, and these rows are told again, in their order. Subjects for whom something comes later still are
*stale*: whoever feeds the rows has to give all of theirs.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.codebook import Codebook
from fireflower.evaluate.collecting import collect
from fireflower.evaluate.engines import engine, view
from fireflower.evaluate.image import Outgrown
from fireflower.evaluate.kernel import layout as k
from fireflower.evaluate.kernel.rows import PROGRESS_WORDS
from fireflower.evaluate.machine import Machine, Sheets
from fireflower.evaluate.program import compile_program
from fireflower.evaluate.results import Subject, Transitions
from fireflower.language.nodes import Definition, Settings
from fireflower.model.moments import MINUTE
from fireflower.model.records import Kind
from fireflower.model.rows import Row
from fireflower.model.timeline import TO_ACCOUNT, TO_PERSON, Timeline, Vocabulary

Who = tuple[Subject, str]
"""A subject, by its id."""

LATENESS = 10 * MINUTE
"""How long a subject's rows are remembered, so that one that comes late is no trouble."""

_SETTLE_AT = 32
"""Rows of one subject from which on it is tried to settle the oldest of them."""

_NOBODY = -1
_time = attrgetter("time")


class _Coded(NamedTuple):
    """A row of one subject's history. It compares by its place in that history."""

    time: int
    kind: int
    order: tuple[Any, ...]
    what: int
    person: int
    account: int
    target: int
    detail: int
    received: int
    values: tuple[tuple[float, int], ...]
    number: int


@dataclass(slots=True)
class _Recent:
    """A subject's rows since its settled state. That had been decided up to `since`."""

    since: int
    rows: list[_Coded] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Step:
    """What a step has brought about.

    Attributes
    ----------
    transitions : what was decided
    told_again : of subjects whose past was told again, the moment after which: earlier transitions stand, later ones
        are those of `transitions`, and no others
    """

    transitions: Transitions
    told_again: Mapping[Who, int]


class LiveReplay:
    """Definitions at work on all subjects at once.

    Parameters
    ----------
    begun : a vocabulary to begin with
    room : values that may come before the program has to be compiled again (`Outgrown`)
    """

    def __init__(
        self,
        definitions: Sequence[Definition],
        settings: Settings,
        begun: Vocabulary | None = None,
        *,
        compiled: bool = False,
        room: int = 4096,
        lateness: int = LATENESS,
    ) -> None:
        self.definitions = tuple(definitions)
        self.codebook = Codebook(self.definitions, settings, begun or Vocabulary((), (), ()), room)
        self._compiled = compiled
        self._engine = engine(compiled)
        self._lateness = lateness
        properties = tuple(self.codebook.properties)
        self._sheets = Sheets(properties, properties)
        roomy = self.codebook.roomy()
        program = compile_program(self.definitions, settings, roomy, self._sheets.columns())
        self._machine = Machine(program, with_evidence=True, compiled=compiled)
        self._zones = len(program.zones)
        self._name_limit = len(roomy.names)
        self._done = {table: len(self.codebook.dictionary(table.dictionary)) for table in program.tables}
        self._limits = {
            table.dictionary: len(self.codebook.dictionary(table.dictionary)) + room for table in program.tables
        }
        self._settled: dict[Subject, NDArray[np.int64]] = {kind: np.zeros(0, np.int64) for kind in Subject}
        self._last: dict[Subject, list[int]] = {kind: [] for kind in Subject}
        self._recent: dict[tuple[Subject, int], _Recent] = {}
        self._timers: list[tuple[int, Subject, int]] = []
        self._planned: dict[tuple[Subject, int], int] = {}
        self._asked = {kind: np.zeros(1, np.int64) for kind in Subject}
        """Where the copy of a state lies that is asked how it stands."""

    # --- What is asked ------------------------------------------------------------------------------------------------

    @property
    def next_timer(self) -> int | None:
        """The moment at which time alone may next change something; None if it never does."""
        return self._timers[0][0] if self._timers else None

    def last(self, kind: Subject, id: str) -> int:
        """The last instant of the subject that has been decided; -1 if there is none."""
        code = self._codes(kind).known(id)
        return self._last[kind][code] if 0 <= code < len(self._last[kind]) else -1

    def standing(self, kind: Subject, id: str, now: int) -> Transitions | None:
        """How a subject stands at `now` with each definition about its kind, with the evidence as of then; None if
        nothing is known of it. The rows are those of `replay.standing`. Nothing is changed by asking.

        `now` must not lie before the last step.
        """
        code = self._codes(kind).known(id)
        if not 0 <= code < len(self._last[kind]) or self._last[kind][code] < 0:
            return None
        state = int(self._states()[kind][code])
        if state > 0:
            self._stand(kind, state, now)
        found = self._transitions(now)
        return replace(found, subject=np.full(len(found), code, np.int32))

    def stale(self, rows: Iterable[Row]) -> set[Who]:
        """The subjects for which rows come too late to be taken in by themselves."""
        return {
            (kind, id)
            for row in rows
            for kind, id in _subjects(row)
            if row.time <= self.last(kind, id) and not self._is_recent(kind, id, row.time)
        }

    def _is_recent(self, kind: Subject, id: str, time: int) -> bool:
        recent = self._recent.get((kind, self._codes(kind).known(id)))
        return recent is not None and time > recent.since

    # --- What is done -------------------------------------------------------------------------------------------------

    def load(self, timeline: Timeline, until: int) -> None:
        """Take in rows of whole subjects, coded with the vocabulary that this one began with, up to and including
        `until`."""
        self._make_room()
        self._replay(self._sheets.rows(timeline, self._compiled), len(timeline), self._states(), until)
        inside = timeline.time <= until
        for kind, column, bit in (
            (Subject.ACCOUNT, timeline.account, TO_ACCOUNT), (Subject.PERSON, timeline.person, TO_PERSON)
        ):  # fmt: skip
            mine = inside & (timeline.target & bit > 0)
            last = np.array(self._last[kind], np.int64)
            np.maximum.at(last, column[mine], timeline.time[mine])
            self._last[kind] = last.tolist()

    def loaded(self, now: int) -> Step:
        """What follows from what was loaded, up to and including `now`."""
        for kind in Subject:
            known = np.flatnonzero(self._states()[kind] > 0)
            self._advance(kind, known, np.array(self._last[kind], np.int64)[known] + 1)
            self._plan(kind, known)
        self._let_time_go_on(now)
        return Step(self._transitions(now), {})

    def step(self, rows: Iterable[Row], renewed: Mapping[Who, Sequence[Row]], now: int) -> Step:
        """Take in rows up to `now`, and decide whatever follows up to and including `now`.

        Parameters
        ----------
        rows : what has come, in canonical order, without what is stale
        renewed : of stale subjects and others whose past has changed, all rows, in canonical order

        Raises
        ------
        Outgrown
            If values have come for which the program has no room; make a new replay, and begin from the history.
        """
        again: dict[tuple[Subject, int], int] = {}
        feed: list[_Coded] = []
        for who, past in renewed.items():
            self._renew(who, past, now, again, feed)
        for row in rows:
            for kind, id in _subjects(row):
                if (kind, id) not in renewed:
                    self._arrive(kind, id, row, again, feed)
        self._begin_again(again)
        for subject in again:
            feed += self._recent[subject].rows
        self._patch()
        touched = {who: self._recent[who].since for who in again} | self._take_in(feed)
        self._decide_instants(touched)
        for kind, codes in self._by_kind(touched).items():
            self._plan(kind, codes)
        self._let_time_go_on(now)
        ids = {(kind, self._codes(kind).values[code]): since for (kind, code), since in again.items()}
        step = Step(self._transitions(now), ids)
        self._settle(touched, now)
        return step

    # --- Rows ---------------------------------------------------------------------------------------------------------

    def _arrive(
        self, kind: Subject, id: str, row: Row, again: dict[tuple[Subject, int], int], feed: list[_Coded]
    ) -> None:  # fmt: skip
        """A row of a subject: behind all others, or among the recent ones, which are then told again."""
        code = self._code(kind, id)
        coded = self._coded(row, kind)
        recent = self._recent.get((kind, code))
        if recent is None:
            recent = self._recent[kind, code] = _Recent(self._last[kind][code])
            self._copy(kind, [code], self._states()[kind], self._settled[kind])
        if recent.rows and coded < recent.rows[-1]:
            insort(recent.rows, coded)
        else:
            recent.rows.append(coded)
        if (kind, code) in again:
            return
        if row.time <= self._last[kind][code]:
            again[kind, code] = recent.since
        else:
            feed.append(coded)

    def _renew(
        self,
        who: Who,
        past: Sequence[Row],
        now: int,
        again: dict[tuple[Subject, int], int],
        feed: list[_Coded],
    ) -> None:
        """Tell a subject's whole past again; what is older than the lateness is settled."""
        kind, id = who
        code = self._code(kind, id)
        coded = [self._coded(row, kind) for row in past]
        border = now - self._lateness
        old = coded[: bisect_right(coded, border, key=_time)]
        self._give_back(kind, [code], self._settled[kind])
        self._give_back(kind, [code], self._states()[kind])
        self._patch()
        self._take_in(old, self._settled)
        since = old[-1].time if old else -1
        self._advance(kind, np.array([code]), np.array([since + 1]), self._settled[kind])
        self._recent[kind, code] = _Recent(since, coded[len(old) :])
        again[kind, code] = -1

    def _coded(self, row: Row, kind: Subject) -> _Coded:
        book = self.codebook
        person = _NOBODY if row.person is None else self._code(Subject.PERSON, row.person)
        account = _NOBODY if row.account is None else self._code(Subject.ACCOUNT, row.account)
        values = tuple(self._value(path, row.properties.get(path)) for path in book.properties)
        detail = _NOBODY
        if row.kind in (Kind.ACCOUNT_TRAIT, Kind.PERSON_TRAIT):
            codes = book.traits.get((row.kind, row.name))
            detail = _NOBODY if codes is None or row.value is None else codes.code(row.value)
        elif row.value is not None:
            detail = book.roles.code(row.value)
        return _Coded(
            row.time, row.kind, row.order, book.what(row.kind, row.name, self._name_limit), person, account,
            TO_PERSON if kind == Subject.PERSON else row.target & ~TO_PERSON, detail,
            row.time if row.received is None else row.received, values, row.number,
        )  # fmt: skip

    def _value(self, path: str, value: Any) -> tuple[float, int]:
        if value is None:
            return np.nan, _NOBODY
        if isinstance(value, float):
            return value, _NOBODY
        return np.nan, self.codebook.texts[path].code(value)

    def _code(self, kind: Subject, id: str) -> int:
        code = self._codes(kind).code(id)
        if code >= len(self._last[kind]):
            self._make_room()
        return code

    def _codes(self, kind: Subject) -> Any:
        return self.codebook.people if kind == Subject.PERSON else self.codebook.accounts

    def _patch(self) -> None:
        """Write into the program's tables what they say of values that have come since."""
        for table, done in self._done.items():
            values = self.codebook.dictionary(table.dictionary).values
            if len(values) == done:
                continue
            if len(values) > self._limits[table.dictionary]:
                raise Outgrown(f"the values of {table.dictionary}")
            words = [table.word(value) for value in values[done:]]
            self._machine.memory[table.at + done : table.at + len(values)] = words
            self._done[table] = len(values)
        self._zones = self._machine.add_zones(self._zones)

    # --- The kernel ---------------------------------------------------------------------------------------------------

    def _states(self) -> dict[Subject, NDArray[np.int64]]:
        return {Subject.ACCOUNT: self._machine.accounts, Subject.PERSON: self._machine.people}

    def _make_room(self) -> None:
        """Room for all subjects that are known by now."""
        for kind in Subject:
            wanted = len(self._codes(kind))
            if wanted > len(self._last[kind]):
                room = max(wanted, 2 * len(self._last[kind]), 64)
                self._last[kind] += [-1] * (room - len(self._last[kind]))
                self._settled[kind] = np.append(
                    self._settled[kind], np.zeros(room - len(self._settled[kind]), np.int64)
                )
        self._machine.make_room(len(self._last[Subject.ACCOUNT]), len(self._last[Subject.PERSON]))

    def _take_in(
        self, feed: Sequence[_Coded], states: Mapping[Subject, NDArray[np.int64]] | None = None
    ) -> dict[tuple[Subject, int], int]:
        """Rows happen; gives the last instant of each subject that they happened to."""
        if not feed:
            return {}
        columns = list(zip(*feed, strict=True))
        numbers = np.array(columns[9], np.float64).reshape(len(feed), 2 * len(self.codebook.properties))
        values = {path: numbers[:, 2 * i] for i, path in enumerate(self.codebook.properties)}
        codes = {path: numbers[:, 2 * i + 1].astype(np.int32) for i, path in enumerate(self.codebook.properties)}
        timeline = Timeline(
            vocabulary=Vocabulary((), (), ()),
            time=np.array(columns[0], np.int64),
            what=np.array(columns[3], np.int32),
            person=np.array(columns[4], np.int32),
            account=np.array(columns[5], np.int32),
            target=np.array(columns[6], np.uint8),
            detail=np.array(columns[7], np.int32),
            starts=np.zeros(1, np.int64),
            first_person=np.zeros(1, np.int32),
            first_account=np.zeros(1, np.int32),
            received=np.array(columns[8], np.int64),
            numbers=values,
            codes=codes,
            row=np.array(columns[10], np.int64),
        )
        rows = self._sheets.rows(timeline, self._compiled)
        self._replay(rows, len(feed), states or self._states(), k.NEVER - 1)
        touched: dict[tuple[Subject, int], int] = {}
        for each in feed:
            kind = Subject.PERSON if each.target & TO_PERSON else Subject.ACCOUNT
            touched[kind, each.person if kind == Subject.PERSON else each.account] = each.time
        return touched

    def _replay(self, rows: Any, count: int, states: Mapping[Subject, NDArray[np.int64]], until: int) -> None:
        progress = view(np.zeros(PROGRESS_WORDS, np.int64), self._compiled)
        accounts = view(states[Subject.ACCOUNT], self._compiled)
        people = view(states[Subject.PERSON], self._compiled)
        machine = self._machine
        while machine.mend(self._engine.replay_batch(*machine.views(), rows, accounts, people, count, progress, until)):
            pass

    def _advance(
        self,
        kind: Subject,
        codes: NDArray[np.int64],
        times: NDArray[np.int64],
        states: NDArray[np.int64] | None = None,
    ) -> None:
        """Decide whatever lies before these times, for these subjects."""
        head = k.PEOPLE if kind == Subject.PERSON else k.ACCOUNTS
        columns = (self._states()[kind] if states is None else states, codes, times, np.zeros(PROGRESS_WORDS, np.int64))
        views = [view(column, self._compiled) for column in columns]
        machine = self._machine
        while machine.mend(self._engine.advance_some(*machine.views(), head, *views)):
            pass

    def _give_back(self, kind: Subject, codes: Sequence[int], states: NDArray[np.int64]) -> None:
        head = k.PEOPLE if kind == Subject.PERSON else k.ACCOUNTS
        memory = view(self._machine.memory, self._compiled)
        columns = (states, np.array(codes, np.int64))
        self._engine.give_back_some(memory, head, *(view(column, self._compiled) for column in columns))

    def _copy(
        self, kind: Subject, codes: Sequence[int], sources: NDArray[np.int64], targets: NDArray[np.int64]
    ) -> None:  # fmt: skip
        """Copies of these subjects' states; of those that have none, none."""
        with_state = np.array([code for code in codes if sources[code] > 0], np.int64)
        if not len(with_state):
            return
        head = k.PEOPLE if kind == Subject.PERSON else k.ACCOUNTS
        columns = (sources, targets, with_state, np.zeros(PROGRESS_WORDS, np.int64))
        views = [view(column, self._compiled) for column in columns]
        machine = self._machine
        while machine.mend(self._engine.copy_some(view(machine.memory, self._compiled), head, *views)):
            pass

    def _stand(self, kind: Subject, state: int, now: int) -> None:
        """Have a copy of a state brought to `now`, and written how it stands there."""
        machine, nobody, place = self._machine, np.zeros(1, np.int64), self._asked[kind]
        columns = (np.array([state]), place, np.zeros(1, np.int64), np.zeros(PROGRESS_WORDS, np.int64))
        views = [view(column, self._compiled) for column in columns]
        head = k.PEOPLE if kind == Subject.PERSON else k.ACCOUNTS
        while machine.mend(self._engine.copy_some(view(machine.memory, self._compiled), head, *views)):
            pass
        accounts, people = (nobody, place) if kind == Subject.PERSON else (place, nobody)
        batch = (view(accounts, self._compiled), 1, view(people, self._compiled), 1, now + 1)
        machine.memory[k.STANDING] = 2
        try:
            while machine.mend(self._engine.advance_batch(*machine.views(), *batch)):
                pass
        finally:
            machine.memory[k.STANDING] = 0
            self._give_back(kind, [0], place)

    def _begin_again(self, again: Mapping[tuple[Subject, int], int]) -> None:
        """Put the settled states in the place of these subjects' own."""
        for kind, codes in self._by_kind(again).items():
            states = self._states()[kind]
            self._give_back(kind, codes.tolist(), states)
            self._copy(kind, codes.tolist(), self._settled[kind], states)

    # --- Time ---------------------------------------------------------------------------------------------------------

    def _by_kind(self, subjects: Iterable[tuple[Subject, int]]) -> dict[Subject, NDArray[np.int64]]:
        found: dict[Subject, list[int]] = {}
        for kind, code in subjects:
            found.setdefault(kind, []).append(code)
        return {kind: np.array(codes, np.int64) for kind, codes in found.items()}

    def _decide_instants(self, touched: Mapping[tuple[Subject, int], int]) -> None:
        """Decide the instants of the rows that have been taken in."""
        for kind, codes in self._by_kind(touched).items():
            times = np.array([touched[kind, code] for code in codes.tolist()], np.int64)
            self._advance(kind, codes, times + 1)
            for code, time in zip(codes.tolist(), times.tolist(), strict=True):
                self._last[kind][code] = time

    def _plan(self, kind: Subject, codes: NDArray[np.int64]) -> None:
        """Find out when time alone changes these subjects next."""
        states = self._states()[kind][codes]
        wakes = self._machine.memory[states + k.WAKE]
        for code, wake in zip(codes.tolist(), wakes.tolist(), strict=True):
            if self._planned.get((kind, code)) != wake:
                self._planned.pop((kind, code), None)
                if wake < k.NEVER:
                    self._planned[kind, code] = wake
                    heapq.heappush(self._timers, (wake, kind, code))

    def _let_time_go_on(self, now: int) -> None:
        """Decide what time alone changes up to and including `now`."""
        due: dict[tuple[Subject, int], None] = {}
        while self._timers and self._timers[0][0] <= now:
            wake, kind, code = heapq.heappop(self._timers)
            if self._planned.get((kind, code)) == wake:
                del self._planned[kind, code]
                due[kind, code] = None
        for kind, codes in self._by_kind(due).items():
            self._advance(kind, codes, np.full(len(codes), now + 1))
            for code in codes.tolist():
                self._last[kind][code] = max(self._last[kind][code], now)
            self._plan(kind, codes)

    def _transitions(self, now: int) -> Transitions:
        return collect([self._machine], self.definitions, self.codebook.vocabulary(), now)

    # --- Settling -----------------------------------------------------------------------------------------------------

    def _settle(self, touched: Mapping[tuple[Subject, int], int], now: int) -> None:
        """Let the settled states of subjects with many recent rows follow."""
        for kind, code in touched:
            recent = self._recent.get((kind, code))
            if recent is not None and len(recent.rows) >= _SETTLE_AT:
                self._settle_one(kind, code, recent, now - self._lateness)

    def settle_idle(self, now: int) -> None:
        """Forget the recent rows of subjects to whom nothing has happened for a while: their states are settled."""
        border = now - self._lateness
        idle = [who for who, recent in self._recent.items() if not recent.rows or recent.rows[-1].time <= border]
        for kind, code in idle:
            self._give_back(kind, [code], self._settled[kind])
            del self._recent[kind, code]

    def _settle_one(self, kind: Subject, code: int, recent: _Recent, border: int) -> None:
        old = recent.rows[: bisect_right(recent.rows, border, key=_time)]
        if len(old) < len(recent.rows) // 2:
            return
        self._take_in(old, self._settled)
        since = old[-1].time
        self._advance(kind, np.array([code]), np.array([since + 1]), self._settled[kind])
        self._machine.empty()
        for column in self._machine.written.values():
            column.clear()
        self._recent[kind, code] = _Recent(since, recent.rows[len(old) :])


def _subjects(row: Row) -> list[Who]:
    """Whose history the row belongs to."""
    found: list[Who] = []
    if row.target & TO_PERSON and row.person is not None:
        found.append((Subject.PERSON, row.person))
    if row.target & TO_ACCOUNT and row.account is not None:
        found.append((Subject.ACCOUNT, row.account))
    return found
