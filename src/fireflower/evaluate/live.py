"""The kernel live: rows of any subjects as they come, some of them late, on states that are kept.

A subject's verdicts are what a replay of its rows says. Rows that follow in time are taken in one by one. For those
that come late there is, beside each active subject's state, its *settled* state of a while ago together with the rows
since: it is copied, and these rows are told again, in their order. Subjects for whom something comes later still are
*stale*: whoever feeds the rows has to give all of theirs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.codebook import Codebook, Codes
from fireflower.evaluate.collecting import collect
from fireflower.evaluate.engines import engine, view
from fireflower.evaluate.image import Outgrown
from fireflower.evaluate.kernel import layout as k
from fireflower.evaluate.kernel.rows import PROGRESS_WORDS
from fireflower.evaluate.machine import Machine, Sheets
from fireflower.evaluate.program import compile_program
from fireflower.evaluate.results import Subject, Transitions
from fireflower.evaluate.timers import Timers
from fireflower.language.nodes import Definition, Settings
from fireflower.model.moments import MINUTE
from fireflower.model.records import ACCOUNT_TRAIT, PERSON_TRAIT
from fireflower.model.rows import Row
from fireflower.model.timeline import TO_ACCOUNT, TO_PERSON, Timeline, Vocabulary
from fireflower.model.values import value_at

Who = tuple[Subject, str]
"""A subject, by its id."""

LATENESS = 10 * MINUTE
"""How long a subject's rows are remembered, so that one that comes late is no trouble."""

_BEHIND = 32
"""Rows behind a nearer state, and before it, from which on it is worth while."""

_SWEEPS = 4
"""How often within the lateness states are settled."""

_NOBODY = -1


_Coded = tuple[Any, ...]
"""A row: time, kind, order, what, person, account, target, detail, received, values, number. It compares by its place
in a history. Values are (property, number, code) each; None if there are none."""
_TIME, _WHAT, _PERSON, _ACCOUNT, _TARGET, _DETAIL, _RECEIVED, _VALUES, _NUMBER = 0, 3, 4, 5, 6, 7, 8, 9, 10
_MOMENTS, _CODES = (_TIME, _RECEIVED, _NUMBER), (_WHAT, _PERSON, _ACCOUNT, _DETAIL)
_NOTHING = Vocabulary((), (), ())
_time = itemgetter(_TIME)
_place = itemgetter(slice(3))
_BIT = {Subject.ACCOUNT: TO_ACCOUNT, Subject.PERSON: TO_PERSON}
_HEAD = {Subject.ACCOUNT: k.ACCOUNTS, Subject.PERSON: k.PEOPLE}


@dataclass(slots=True)
class _Recent:
    """A subject's rows since its settled state. That had been decided up to `since`.

    Attributes
    ----------
    taken, nearer : how many of the rows its *nearer* state has, and up to when that has been decided; 0 if it has none.
        What comes late is mostly late by seconds: then only the rows behind the nearer state are told again
    late : the place among the rows of the first that has come late just now
    """

    since: int
    rows: list[_Coded] = field(default_factory=list)
    taken: int = 0
    nearer: int = -1
    late: int = 0

    def insert(self, row: _Coded, begun: bool) -> None:
        """Put in a row that has come late; `begun`: it is not the first of these."""
        place = bisect_right(self.rows, _place(row), key=_place)
        self.rows.insert(place, row)
        self.late = min(place, self.late) if begun else place

    def split(self) -> int:
        """How many rows a state should have that is nearer, but so far back that what is twice as late still comes
        behind it; `taken` if none is worth it."""
        behind = len(self.rows) - self.late
        place = self.late - max(_BEHIND, behind)
        while place > self.taken and self.rows[place - 1][_TIME] == self.rows[place][_TIME]:
            place -= 1
        return place if place - self.taken >= _BEHIND else self.taken


class Coded:
    """Coded rows, also as columns. Those that have come are in canonical order."""

    def __init__(self, rows: Sequence[_Coded]) -> None:
        self.rows = rows
        columns = list(zip(*rows, strict=True)) or [()] * (_NUMBER + 1)
        self.time, self.received, self.number = (np.array(columns[each], np.int64) for each in _MOMENTS)
        self.what, self.person, self.account, self.detail = (np.array(columns[each], np.int32) for each in _CODES)
        self.target = np.array(columns[_TARGET], np.uint8)
        self.values: Sequence[Any] = columns[_VALUES]

    def of(self, kind: Subject) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The rows that belong to the history of a subject of this kind, and which subject that is."""
        mine = np.flatnonzero(self.target & _BIT[kind])
        return mine, (self.person if kind == Subject.PERSON else self.account)[mine]

    def mute(self, rows: Sequence[Row]) -> None:
        """Take over from the rows which of them are muted."""
        self.target = np.array([row.target for row in rows], np.uint8)
        self.rows = [
            (*coded[:_TARGET], row.target, *coded[_TARGET + 1 :]) if row.target & k.MUTED else coded
            for coded, row in zip(self.rows, rows, strict=True)
        ]

    def timeline(self, target: NDArray[np.uint8], properties: Sequence[str]) -> Timeline:
        """The rows that happen to somebody, by `target`."""
        inside: Any = slice(None) if target.all() else np.flatnonzero(target)
        numbers, codes = self._value_columns(properties)
        return Timeline(
            vocabulary=_NOTHING,
            time=self.time[inside],
            what=self.what[inside],
            person=self.person[inside],
            account=self.account[inside],
            target=(target | self.target & np.uint8(k.MUTED))[inside],
            detail=self.detail[inside],
            starts=np.zeros(1, np.int64),
            first_person=np.zeros(1, np.int32),
            first_account=np.zeros(1, np.int32),
            received=self.received[inside],
            numbers={path: column[inside] for path, column in numbers.items()},
            codes={path: column[inside] for path, column in codes.items()},
            row=self.number[inside],
        )

    def _value_columns(self, properties: Sequence[str]) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
        """The properties of rows, as columns; without those that no row has."""
        numbers: dict[str, NDArray[Any]] = {}
        codes: dict[str, NDArray[Any]] = {}
        for i, found in enumerate(self.values):
            for place, number, code in found or ():
                path = properties[place]
                if path not in numbers:
                    numbers[path] = np.full(len(self.values), np.nan)
                    codes[path] = np.full(len(self.values), _NOBODY, np.int32)
                numbers[path][i], codes[path][i] = number, code
        return numbers, codes


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
        self._settled = {kind: np.zeros(0, np.int64) for kind in Subject}
        self._nearer = {kind: np.zeros(0, np.int64) for kind in Subject}
        self._last = {kind: np.zeros(0, np.int64) for kind in Subject}
        self._recent: dict[Subject, dict[int, _Recent]] = {kind: {} for kind in Subject}
        self._timers = {kind: Timers() for kind in Subject}
        self._swept = 0
        self._asked = {kind: np.zeros(1, np.int64) for kind in Subject}
        """Where the copy of a state lies that is asked how it stands."""

    def warm(self) -> None:
        """Load, or compile, whatever of the kernel is needed, so that the first rows need not wait for it."""
        nobody = np.zeros(0, np.int64)
        nothing = Coded([]).timeline(np.zeros(0, np.uint8), self.codebook.properties)
        self._replay(self._sheets.rows(nothing, self._compiled), 0, self._states(), k.NEVER - 1)
        for kind in Subject:
            self._advance(kind, nobody, nobody)
            self._give_back(kind, [], self._settled[kind])
            self._stand(kind, 0, 0)

    def reword(self, definitions: Mapping[str, Definition]) -> None:
        """Call the definitions of these names what these do, which mean the same."""
        self.definitions = tuple(definitions.get(each.name, each) for each in self.definitions)

    # --- What is asked ------------------------------------------------------------------------------------------------

    @property
    def next_timer(self) -> int | None:
        """The moment at which time alone may next change something; None if it never does."""
        moments = (timers.next for timers in self._timers.values())
        return min((moment for moment in moments if moment is not None), default=None)

    def last(self, kind: Subject, id: str) -> int:
        """The last instant of the subject that has been decided; -1 if there is none."""
        code = self._codes(kind).known(id)
        return int(self._last[kind][code]) if 0 <= code < len(self._last[kind]) else -1

    def standing(self, kind: Subject, id: str, now: int) -> Transitions | None:
        """How a subject stands at `now` with each definition about its kind, with the evidence as of then; None if
        nothing is known of it. The rows are those of `replay.standing`. Nothing is changed by asking.

        `now` must not lie before the last step.
        """
        code = self._codes(kind).known(id)
        if not 0 <= code < len(self._last[kind]) or self._last[kind][code] < 0:
            return None
        self._stand(kind, int(self._states()[kind][code]), now)
        found = self._transitions(now)
        return replace(found, subject=np.full(len(found), code, np.int32))

    def stale(self, coded: Coded) -> set[Who]:
        """The subjects for which rows come too late to be taken in by themselves."""
        found: set[Who] = set()
        for kind in Subject:
            mine, codes = coded.of(kind)
            late = np.flatnonzero(coded.time[mine] <= self._last[kind][codes])
            for time, code in zip(coded.time[mine[late]].tolist(), codes[late].tolist(), strict=True):
                recent = self._recent[kind].get(code)
                if recent is None or time <= recent.since:
                    found.add((kind, self._codes(kind).values[code]))
        return found

    # --- What is done -------------------------------------------------------------------------------------------------

    def code(self, rows: Iterable[Row]) -> Coded:
        """Code rows that have come, which are in canonical order.

        Raises
        ------
        Outgrown
            If values have come for which the program has no room; make a new replay, and begin from the history.
        """
        coded = Coded(self._coded(rows))
        self._make_room()
        return coded

    def load(self, timeline: Timeline, until: int) -> None:
        """Take in rows of whole subjects, coded with the vocabulary that this one began with, up to and including
        `until`."""
        self._make_room()
        self._replay(self._sheets.rows(timeline, self._compiled), len(timeline), self._states(), until)
        inside = timeline.time <= until
        for kind, column in ((Subject.ACCOUNT, timeline.account), (Subject.PERSON, timeline.person)):
            mine = inside & (timeline.target & _BIT[kind] > 0)
            np.maximum.at(self._last[kind], column[mine], timeline.time[mine])

    def loaded(self, now: int) -> Step:
        """What follows from what was loaded, up to and including `now`."""
        for kind in Subject:
            known = np.flatnonzero(self._states()[kind] > 0)
            self._advance(kind, known, self._last[kind][known] + 1)
            self._plan(kind, known)
        self._let_time_go_on(now)
        return Step(self._transitions(now), {})

    def step(self, coded: Coded, renewed: Mapping[Who, Sequence[Row]], now: int) -> Step:
        """Take in rows up to `now`, and decide whatever follows up to and including `now`.

        Parameters
        ----------
        renewed : of stale subjects and others whose past has changed, all rows, in canonical order

        Raises
        ------
        Outgrown
            As `code` does.
        """
        again: dict[Subject, dict[int, int]] = {kind: {} for kind in Subject}
        for (kind, id), past in renewed.items():
            again[kind][self._renew(kind, id, past, now)] = -1
        fed = np.zeros(len(coded.rows), np.uint8)
        for kind in Subject:
            fed |= self._arrive(kind, coded, again[kind]) * np.uint8(_BIT[kind])
        self._begin_again(again)
        self._patch()
        self._take_in(coded, fed)
        for kind in Subject:
            self._feed_again(kind, again[kind])
            self._decide(kind, *self._touched(kind, again[kind], coded, fed))
        self._let_time_go_on(now)
        ids = {(kind, self._codes(kind).values[code]): since for kind in Subject for code, since in again[kind].items()}
        step = Step(self._transitions(now), ids)
        self._settle(now)
        return step

    # --- Rows ---------------------------------------------------------------------------------------------------------

    def _arrive(self, kind: Subject, coded: Coded, again: dict[int, int]) -> NDArray[np.bool_]:
        """Put rows with the recent ones of their subjects. Gives which rows follow in time, and so can be taken in as
        they are; the pasts of the other subjects are told `again`."""
        recent = self._recent[kind]
        mine, codes = coded.of(kind)
        if again:
            others = ~np.isin(codes, list(again))
            mine, codes = mine[others], codes[others]
        rows = coded.rows
        self._remember(kind, set(codes.tolist()).difference(recent))
        in_time = coded.time[mine] > self._last[kind][codes]
        for row, code in zip(mine[~in_time].tolist(), codes[~in_time].tolist(), strict=True):
            recent[code].insert(rows[row], code in again)
            again[code] = recent[code].since
        for row, code in zip(mine[in_time].tolist(), codes[in_time].tolist(), strict=True):
            recent[code].rows.append(rows[row])
        if not in_time.all():
            in_time &= ~np.isin(codes, list(again))
        fed = np.zeros(len(rows), bool)
        fed[mine[in_time]] = True
        return fed

    def _remember(self, kind: Subject, codes: Collection[int]) -> None:
        """From now on, keep the rows of these subjects, and their states as they are now."""
        if codes:
            self._copy(kind, list(codes), self._states()[kind], self._settled[kind])
            last = self._last[kind]
            self._recent[kind].update((code, _Recent(int(last[code]))) for code in codes)

    def _renew(self, kind: Subject, id: str, past: Sequence[Row], now: int) -> int:
        """Tell a subject's whole past again; what is older than the lateness is settled. Gives its code."""
        coded = self._coded(past)
        code: int = self._codes(kind).code(id)
        self._make_room()
        old = coded[: bisect_right(coded, now - self._lateness, key=_time)]
        for states in (self._settled[kind], self._nearer[kind], self._states()[kind]):
            self._give_back(kind, [code], states)
        self._patch()
        self._happen(kind, old, self._settled)
        since = old[-1][_TIME] if old else -1
        self._advance(kind, np.array([code]), np.array([since + 1]), self._settled[kind])
        self._recent[kind][code] = _Recent(since, coded[len(old) :])
        return code

    def _coded(self, rows: Iterable[Row]) -> list[_Coded]:
        book, limit = self.codebook, self._name_limit
        people, accounts = book.people.of_texts, book.accounts.of_texts
        return [
            (
                row.time, row.kind, row.order, (name := book.name(row.kind, row.name, limit))[0],
                _NOBODY if row.person is None else people[row.person],
                _NOBODY if row.account is None else accounts[row.account],
                row.target, _NOBODY if row.value is None else self._detail(row),
                row.time if row.received is None else row.received,
                self._values(row.properties, name[1]) if name[1] else None, row.number,
            )
            for row in rows
        ]  # fmt: skip

    def _detail(self, row: Row) -> int:
        """The code of a role, or of a trait's value."""
        if row.kind not in (ACCOUNT_TRAIT, PERSON_TRAIT):
            return self.codebook.roles.code(row.value)
        codes = self.codebook.traits.get((row.kind, row.name))
        return _NOBODY if codes is None else codes.code(row.value)

    def _values(self, properties: Mapping[str, Any], wanted: Sequence[int]) -> tuple[tuple[int, float, int], ...]:
        found: list[tuple[int, float, int]] = []
        for place in wanted:
            path = self.codebook.properties[place]
            value = value_at(properties, path)
            if isinstance(value, float):
                found.append((place, value, _NOBODY))
            elif value is not None:
                found.append((place, np.nan, self.codebook.texts[path].code(value)))
        return tuple(found)

    def _codes(self, kind: Subject) -> Codes:
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
            wanted, room = len(self._codes(kind)), len(self._last[kind])
            if wanted > room:
                room = max(wanted, 2 * room, 64)
                self._settled[kind] = _longer(self._settled[kind], room, 0)
                self._nearer[kind] = _longer(self._nearer[kind], room, 0)
                self._last[kind] = _longer(self._last[kind], room, -1)
                self._timers[kind].make_room(room)
        self._machine.make_room(len(self._last[Subject.ACCOUNT]), len(self._last[Subject.PERSON]))

    def _take_in(
        self, coded: Coded, target: NDArray[np.uint8], states: Mapping[Subject, NDArray[np.int64]] | None = None
    ) -> None:
        """Rows happen to whom `target` says."""
        if target.any():
            timeline = coded.timeline(target, self.codebook.properties)
            rows = self._sheets.rows(timeline, self._compiled)
            self._replay(rows, len(timeline), states or self._states(), k.NEVER - 1)

    def _happen(
        self, kind: Subject, rows: Sequence[_Coded], states: Mapping[Subject, NDArray[np.int64]] | None = None
    ) -> None:
        """Rows happen to their subjects of this kind."""
        self._take_in(Coded(rows), np.full(len(rows), _BIT[kind], np.uint8), states)

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
        columns = (self._states()[kind] if states is None else states, codes, times, np.zeros(PROGRESS_WORDS, np.int64))
        views = [view(column, self._compiled) for column in columns]
        machine = self._machine
        while machine.mend(self._engine.advance_some(*machine.views(), _HEAD[kind], *views)):
            pass

    def _give_back(self, kind: Subject, codes: Sequence[int], states: NDArray[np.int64]) -> None:
        memory = view(self._machine.memory, self._compiled)
        columns = (states, np.array(codes, np.int64))
        self._engine.give_back_some(memory, _HEAD[kind], *(view(column, self._compiled) for column in columns))

    def _copy(
        self, kind: Subject, codes: Sequence[int], sources: NDArray[np.int64], targets: NDArray[np.int64]
    ) -> None:  # fmt: skip
        """Copies of these subjects' states; of those that have none, none."""
        wanted = np.array(codes, np.int64)
        wanted = wanted[sources[wanted] > 0]
        if not len(wanted):
            return
        columns = (sources, targets, wanted, np.zeros(PROGRESS_WORDS, np.int64))
        views = [view(column, self._compiled) for column in columns]
        machine = self._machine
        while machine.mend(self._engine.copy_some(view(machine.memory, self._compiled), _HEAD[kind], *views)):
            pass

    def _stand(self, kind: Subject, state: int, now: int) -> None:
        """Have a copy of a state brought to `now`, and written how it stands there; of none, nothing."""
        machine, nobody, place = self._machine, np.zeros(1, np.int64), self._asked[kind]
        numbers = np.zeros(1 if state > 0 else 0, np.int64)
        columns = (np.array([state], np.int64), place, numbers, np.zeros(PROGRESS_WORDS, np.int64))
        views = [view(column, self._compiled) for column in columns]
        while machine.mend(self._engine.copy_some(view(machine.memory, self._compiled), _HEAD[kind], *views)):
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

    def _begin_again(self, again: Mapping[Subject, dict[int, int]]) -> None:
        """Put states of a while ago in the place of these subjects' own: the nearer ones, if nothing has come before
        these."""
        for kind, codes in again.items():
            if not codes:
                continue
            recent, states = self._recent[kind], self._states()[kind]
            useless = [code for code in codes if recent[code].taken and recent[code].late < recent[code].taken]
            self._give_back(kind, useless, self._nearer[kind])
            for code in useless:
                recent[code].taken, recent[code].nearer = 0, -1
            near = [code for code in codes if recent[code].taken]
            far = [code for code in codes if not recent[code].taken]
            self._give_back(kind, list(codes), states)
            self._copy(kind, near, self._nearer[kind], states)
            self._copy(kind, far, self._settled[kind], states)
            codes.update((code, recent[code].nearer) for code in near)

    def _feed_again(self, kind: Subject, again: Mapping[int, int]) -> None:
        """Have the recent rows of these subjects happen."""
        recent = self._recent[kind]
        begun = {code: recent[code].taken for code in again}
        self._come_nearer(kind, {code: split for code in again if (split := recent[code].split()) > begun[code]})
        self._happen(kind, [row for code in again for row in recent[code].rows[recent[code].taken :]])

    def _come_nearer(self, kind: Subject, splits: Mapping[int, int]) -> None:
        """Have so many of the recent rows of these subjects happen, and keep their states as they are then."""
        if not splits:
            return
        recent, nearer = self._recent[kind], self._nearer[kind]
        self._happen(
            kind, [row for code, split in splits.items() for row in recent[code].rows[recent[code].taken : split]]
        )
        for code, split in splits.items():
            recent[code].taken, recent[code].nearer = split, recent[code].rows[split - 1][_TIME]
        codes = np.fromiter(splits, np.int64, len(splits))
        self._advance(kind, codes, np.array([recent[code].nearer + 1 for code in splits], np.int64))
        self._give_back(kind, list(splits), nearer)
        self._copy(kind, list(splits), self._states()[kind], nearer)

    def _touched(
        self, kind: Subject, again: Collection[int], coded: Coded, fed: NDArray[np.uint8]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The subjects to whom rows have happened, and the last instant of each."""
        recent = self._recent[kind]
        before = [recent[code].rows[-1][_TIME] if recent[code].rows else recent[code].since for code in again]
        mine, codes = coded.of(kind)
        is_fed = fed[mine] & _BIT[kind] > 0
        who = np.concatenate([codes[is_fed].astype(np.int64), np.fromiter(again, np.int64, len(again))])
        times = np.concatenate([coded.time[mine[is_fed]], np.array(before, np.int64)])
        found, places = np.unique(who[::-1], return_index=True)
        return found, times[::-1][places]

    # --- Time ---------------------------------------------------------------------------------------------------------

    def _decide(self, kind: Subject, codes: NDArray[np.int64], times: NDArray[np.int64]) -> None:
        """Decide the instants of the rows that have been taken in, up to these times."""
        if len(codes):
            self._advance(kind, codes, times + 1)
            self._last[kind][codes] = times
            self._plan(kind, codes)

    def _plan(self, kind: Subject, codes: NDArray[np.int64]) -> None:
        """Find out when time alone changes these subjects next."""
        states = self._states()[kind][codes]
        wakes = np.full(len(codes), k.NEVER)
        wakes[states > 0] = self._machine.memory[states[states > 0] + k.WAKE]
        self._timers[kind].plan(codes, wakes)

    def _let_time_go_on(self, now: int) -> None:
        """Decide what time alone changes up to and including `now`."""
        for kind, timers in self._timers.items():
            codes = timers.due(now)
            if len(codes):
                self._advance(kind, codes, np.full(len(codes), now + 1))
                self._last[kind][codes] = np.maximum(self._last[kind][codes], now)
                self._plan(kind, codes)

    def _transitions(self, now: int) -> Transitions:
        return collect(self._machine, self.definitions, self.codebook.vocabulary(), now)

    # --- Settling -----------------------------------------------------------------------------------------------------

    def _settle(self, now: int) -> None:
        """Now and then, let the settled states follow, and forget the recent rows of those to whom nothing happens."""
        if now - self._swept < self._lateness // _SWEEPS:
            return
        self._swept = now
        border = now - self._lateness
        for kind in Subject:
            recent = self._recent[kind]
            idle = [code for code, each in recent.items() if not each.rows or each.rows[-1][_TIME] <= border]
            for states in (self._settled[kind], self._nearer[kind]):
                self._give_back(kind, idle, states)
            for code in idle:
                del recent[code]
            self._follow(kind, border)
        self._machine.take()

    def _follow(self, kind: Subject, border: int) -> None:
        """Have the rows up to the border happen to the settled states, too."""
        feed: list[_Coded] = []
        moved: dict[int, int] = {}
        for code, each in self._recent[kind].items():
            count = bisect_right(each.rows, border, key=_time)
            if count:
                feed += each.rows[:count]
                moved[code] = each.since = each.rows[count - 1][_TIME]
                del each.rows[:count]
                each.taken = max(0, each.taken - count)
                if not each.taken:
                    self._give_back(kind, [code], self._nearer[kind])
                    each.nearer = -1
        if moved:
            self._happen(kind, feed, self._settled)
            codes = np.fromiter(moved.keys(), np.int64, len(moved))
            times = np.fromiter(moved.values(), np.int64, len(moved))
            self._advance(kind, codes, times + 1, self._settled[kind])


def _longer(array: NDArray[np.int64], room: int, filling: int) -> NDArray[np.int64]:
    return np.concatenate([array, np.full(room - len(array), filling, np.int64)])
