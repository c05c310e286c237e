"""The kernel live: rows of any subjects as they come, some of them late, on states that are kept.

A subject's verdicts are what a replay of its rows says. Rows that follow in time are taken in one by one. For those
that come late there is, beside each active subject's state, its *settled* state of a while ago together with the rows
since: it is copied, and these rows are told again, in their order. Subjects for whom something comes later still are
*stale*: whoever feeds the rows has to give all of theirs, which are kept for a while (`pasts`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

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
from fireflower.evaluate.remembered import Coded, Remembered, coded_row, in_order, picked, timeline_of, together
from fireflower.evaluate.results import Subject, Transitions
from fireflower.evaluate.sides import BIT, COLUMN, HEAD, NEVER_BEFORE, Again, Side
from fireflower.language.nodes import Definition, Settings
from fireflower.model.codes import NOBODY, Codes, Numbers
from fireflower.model.moments import MINUTE
from fireflower.model.records import TRAITS, Kind
from fireflower.model.rows import Row, Rows
from fireflower.model.timeline import NOTHING, Timeline, Vocabulary
from fireflower.model.values import value_at

Who = tuple[Subject, str]
"""A subject, by its id."""

LATENESS = 10 * MINUTE
"""How long a subject's rows are remembered, so that one that comes late is no trouble."""

_BEHIND = 32
"""Rows behind a nearer state, and before it, from which on it is worth while."""

_SWEEPS = 4
"""How often within the lateness states are settled."""

_SLEEP = 200
"""Subjects that are put to sleep after a step, for which the next one has to wait two milliseconds, and ten times as
many if nothing has come; and so many are awake together of those whom time alone wakes."""


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
    numbers : by which rows name people, accounts and roles; they may grow meanwhile
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
        numbers: Numbers | None = None,
    ) -> None:
        self.definitions = tuple(definitions)
        self.codebook = Codebook(self.definitions, settings, begun or NOTHING, room, numbers)
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
        self._sides = {kind: Side(kind, self._machine) for kind in Subject}
        self._row = coded_row(len(properties))
        self._remembered = Remembered(self._row)
        self._swept = 0
        self._asked = {kind: np.zeros(1, np.int64) for kind in Subject}
        """Where the copies of states lie that are asked how they stand."""

    def warm(self) -> None:
        """Load, or compile, whatever of the kernel is needed, so that the first rows need not wait for it."""
        nobody = np.zeros(0, np.int64)
        nothing = timeline_of(np.zeros(0, self._row), np.zeros(0, np.uint8), self.codebook.properties)
        self._replay(self._sheets.rows(nothing, self._compiled), 0, self._states(), k.NEVER - 1)
        for kind in Subject:
            self._advance(kind, nobody, nobody)
            self._give_back(kind, nobody, self._sides[kind].settled)
        self._stand(dict.fromkeys(Subject, nobody), 0)

    def reword(self, definitions: Mapping[str, Definition]) -> None:
        """Call the definitions of these names what these do, which mean the same."""
        self.definitions = tuple(definitions.get(each.name, each) for each in self.definitions)
        self._machine.program = self._machine.program.reworded(self.definitions)

    # --- What is asked ------------------------------------------------------------------------------------------------

    @property
    def next_timer(self) -> int | None:
        """The moment at which time alone may next change something; None if it never does."""
        moments = (side.timers.next for side in self._sides.values())
        return min((moment for moment in moments if moment is not None), default=None)

    def last(self, kind: Subject, id: str) -> int:
        """The last instant of the subject that has been decided; -1 if there is none."""
        code, last = self._codes(kind).known(id), self._sides[kind].last
        return int(last[code]) if 0 <= code < len(last) else -1

    def standing(self, whom: Sequence[Who], now: int) -> list[Transitions | None]:
        """How each of these subjects stands at `now` with each definition about its kind, with the evidence as of
        then; None if nothing is known of it. The rows are those of `replay.standing`. Nothing is changed by asking.

        `now` must not lie before the last step.
        """
        known = [(kind, self._codes(kind).known(id) if self.last(kind, id) >= 0 else NOBODY) for kind, id in whom]
        codes = {
            each: np.array([code for kind, code in known if kind == each and code != NOBODY], np.int64)
            for each in Subject
        }
        self._stand(codes, now)
        found = self._transitions(now)
        subject = np.empty(len(found), np.int32)
        for kind, asked in codes.items():
            mine = found.kind == kind
            subject[mine] = asked[found.subject[mine]]
        found = replace(found, subject=subject)
        return [None if code == NOBODY else found.of(kind, code) for kind, code in known]

    def stale(self, rows: Rows) -> set[Who]:
        """The subjects for which rows come too late to be taken in by themselves."""
        self._make_room()
        found: set[Who] = set()
        for kind, column in ((Subject.PERSON, rows.person), (Subject.ACCOUNT, rows.account)):
            mine, side = np.flatnonzero(rows.target & BIT[kind]), self._sides[kind]
            codes = column[mine]
            late = side.too_late(rows.time[mine], codes) & ~side.pasts.among(codes)
            found.update((kind, self._codes(kind).values[code]) for code in codes[late].tolist())
        return found

    # --- What is done -------------------------------------------------------------------------------------------------

    def load(self, timeline: Timeline, until: int) -> None:
        """Take in rows of whole subjects, coded with the vocabulary that this one began with, up to and including
        `until`; before the first step."""
        self._make_room()
        inside = timeline.time <= until
        whose: dict[Subject, NDArray[np.int32]] = {}
        for kind, column in ((Subject.ACCOUNT, timeline.account), (Subject.PERSON, timeline.person)):
            mine = inside & (timeline.target & BIT[kind] > 0)
            np.maximum.at(self._sides[kind].last, column[mine], timeline.time[mine])
            whose[kind] = np.unique(column[mine])
            self._wake(kind, whose[kind])
        self._replay(self._sheets.rows(timeline, self._compiled), len(timeline), self._states(), until)
        for kind, codes in whose.items():
            self._rest(kind, codes, until)

    def _rest(self, kind: Subject, codes: NDArray[np.integer], until: int) -> None:
        """Decide what lies before `until` for those of these subjects to whom nothing has happened for long before it,
        and put them to sleep."""
        side, states = self._sides[kind], self._states()[kind]
        idle = codes[(states[codes] > 0) & (side.last[codes] <= until - self._lateness)].astype(np.int64)
        self._advance(kind, idle, side.last[idle] + 1)
        self._go_on(kind, idle[self._machine.memory[states[idle] + k.WAKE] <= until], until)
        self._plan(kind, idle)
        side.sleepers.put_to_sleep(idle, states)

    def loaded(self, now: int) -> Step:
        """What follows from what was loaded, up to and including `now`."""
        for kind in Subject:
            known = np.flatnonzero(self._states()[kind] > 0)
            self._advance(kind, known, self._sides[kind].last[known] + 1)
            self._plan(kind, known)
        self._let_time_go_on(now)
        return Step(self._transitions(now), {})

    def step(self, rows: Rows, renewed: Mapping[Who, Sequence[Row]], now: int) -> Step:
        """Take in rows that have come, and decide whatever follows up to and including `now`.

        Parameters
        ----------
        rows : up to `now`
        renewed : of stale subjects and others whose past has changed, all rows

        Raises
        ------
        Outgrown
            If values have come for which the program has no room; make a new replay, and begin from the history.
        """
        self._remembered.begin(now)
        again = {kind: Again() for kind in Subject}
        for (kind, id), past in renewed.items():
            again[kind].stands[self._renew(kind, id, past, now)] = -1
        coded, orders = self._code(rows)
        for kind in Subject:
            self._add_to_pasts(kind, coded, orders, again[kind], now)
        self._remembered.add(coded, orders)
        fed = np.zeros(len(coded), np.uint8)
        for kind in Subject:
            fed |= self._arrive(kind, coded, again[kind]) * np.uint8(BIT[kind])
            if again[kind]:
                self._begin_again(kind, again[kind])
        self._patch()
        told, whose = [coded], [fed]
        for kind in Subject:
            if again[kind]:
                told.append(self._told_again(kind, again[kind]))
                whose.append(np.full(len(told[-1]), BIT[kind], np.uint8))
        self._take_in(together(told), np.concatenate(whose))
        for kind in Subject:
            codes = coded[COLUMN[kind]][fed & BIT[kind] > 0]
            self._decide(kind, np.unique(np.concatenate([codes, again[kind].codes()])))
        self._let_time_go_on(now)
        step = Step(
            self._transitions(now),
            {(kind, self._codes(kind).values[code]): at for kind in Subject for code, at in again[kind].stands.items()},
        )
        self._settle(now)
        self._let_sleep(_SLEEP if len(rows) else 10 * _SLEEP)
        for side in self._sides.values():
            side.pasts.forget()
        return step

    # --- Rows ---------------------------------------------------------------------------------------------------------

    def _arrive(self, kind: Subject, coded: Coded, again: Again) -> NDArray[np.bool_]:
        """Put rows with those of their subjects that are remembered. Gives which rows follow in time, and so can be
        taken in as they are; the pasts of the other subjects are told `again`."""
        side = self._sides[kind]
        mine, codes = _of(kind, coded)
        self._wake(kind, codes)
        if again.stands:  # the rows of these are among those of their past
            others = ~np.isin(codes, again.codes())
            self._remembered.leave_out(coded["remembered"][mine[~others]], BIT[kind])
            mine, codes = mine[others], codes[others]
        self._remember(kind, codes)
        side.rows.add(codes, coded["remembered"][mine])
        times = coded["time"][mine]
        late = times <= side.last[codes]
        np.maximum.at(side.come, codes, times)
        for time, code in zip(times[late].tolist(), codes[late].tolist(), strict=True):
            again.late.setdefault(code, time)
        fed = np.zeros(len(coded), bool)
        fed[mine] = [code not in again.late for code in codes.tolist()]
        return fed

    def _remember(self, kind: Subject, codes: NDArray[np.int32]) -> None:
        """From now on, remember the rows of these subjects, and their states as they are now."""
        side = self._sides[kind]
        new = np.unique(codes[side.since[codes] == NEVER_BEFORE])
        self._copy(kind, new, self._states()[kind], side.settled)
        side.since[new] = side.come[new] = side.last[new]

    def _renew(self, kind: Subject, id: str, past: Sequence[Row], now: int) -> int:
        """Tell a subject's whole past again. Gives its code."""
        code: int = self._codes(kind).code(id)
        self._make_room()
        rows, orders = self._code(Rows.of(past, self.codebook.numbers).only(BIT[kind]))
        self._sides[kind].pasts.keep(code, rows, orders)
        self._tell_anew(kind, code, rows, orders, now)
        return code

    def _add_to_pasts(self, kind: Subject, coded: Coded, orders: NDArray[np.object_], again: Again, now: int) -> None:
        """Add rows to the pasts that are kept of their subjects, and tell those again for which one comes too late."""
        side = self._sides[kind]
        mine, codes = _of(kind, coded)
        kept = side.pasts.among(codes)
        if again.stands:  # the rows of these are among those of their past
            kept &= ~np.isin(codes, again.codes())
        if not kept.any():
            return
        mine, codes = mine[kept], codes[kept]
        side.pasts.add(codes, picked(coded, mine), orders[mine])
        late = side.too_late(coded["time"][mine], codes)
        for code in np.unique(codes[late]).tolist():
            self._tell_anew(kind, code, *side.pasts.of(code), now)
            again.stands[code] = -1

    def _tell_anew(self, kind: Subject, code: int, coded: Coded, orders: NDArray[np.object_], now: int) -> None:
        """Tell the rows of a subject's whole past again; what is older than the lateness is settled."""
        side, bit, whose = self._sides[kind], BIT[kind], np.array([code])
        before, _ = side.rows.of(whose, np.full(1, self._remembered.first))
        self._remembered.leave_out(before, bit)
        old = int(np.searchsorted(coded["time"], now - self._lateness, "right"))
        self._wake(kind, whose)
        for states in (side.settled, side.nearer, self._states()[kind]):
            self._give_back(kind, whose, states)
        self._patch()
        self._happen(kind, coded[:old], side.settled)
        side.since[code] = coded["time"][old - 1] if old else -1
        side.come[code] = coded["time"][-1] if len(coded) else -1
        side.near[code] = NEVER_BEFORE
        self._advance(kind, whose, side.since[whose] + 1, side.settled)
        recent = coded[old:]  # what is settled is never told again
        self._remembered.add(recent, orders[old:])
        side.rows.add(np.full(len(recent), code, np.int32), recent["remembered"])

    def _code(self, rows: Rows) -> tuple[Coded, NDArray[np.object_]]:
        """Rows that have come, coded and in canonical order; and the places in history of their records."""
        coded = np.zeros(len(rows), self._row)
        for name in ("time", "received", "number", "kind", "person", "account", "target"):
            coded[name] = getattr(rows, name)
        coded["detail"], coded["values"], coded["texts"] = rows.role, np.nan, NOBODY
        coded["remembered"] = np.arange(len(rows))
        for kind in map(Kind, np.unique(rows.kind).tolist()):
            places = np.flatnonzero(rows.kind == kind)
            self._name(kind, coded, places, rows)
            if kind in TRAITS:
                said = zip(rows.name[places], rows.value[places], strict=True)
                coded["detail"][places] = [self._trait(kind, name, value) for name, value in said]
        self._make_room()
        coded = picked(coded, in_order(coded, rows.order.__getitem__, COLUMN.values()))
        return coded, rows.order[coded["remembered"]]

    def _name(self, kind: Kind, coded: Coded, places: NDArray[np.int64], rows: Rows) -> None:
        """Code the names of rows of one kind, and the properties that definitions read on them."""
        names = rows.name[places].tolist()
        numbers = {name: nth for nth, name in enumerate(set(names))}
        which = np.fromiter(map(numbers.__getitem__, names), np.int64, len(names))
        known = [self.codebook.name(kind, name, self._name_limit) for name in numbers]
        coded["what"][places] = np.array([what for what, _ in known], np.int32)[which]
        for nth, (_, wanted) in enumerate(known):
            its = places[which == nth] if wanted else places[:0]
            for property in wanted:
                self._read(coded, its, property, rows)

    def _read(self, coded: Coded, places: NDArray[np.int64], property: int, rows: Rows) -> None:
        """Code a property on rows."""
        path = self.codebook.properties[property]
        values = [value_at(each, path) for each in rows.properties[places]]
        texts = self.codebook.texts[path]
        coded["values"][places, property] = [value if isinstance(value, float) else np.nan for value in values]
        coded["texts"][places, property] = [
            NOBODY if value is None or isinstance(value, float) else texts.code(value) for value in values
        ]

    def _trait(self, kind: Kind, name: str, value: Any) -> int:
        codes = self.codebook.traits.get((kind, name))
        return NOBODY if codes is None or value is None else codes.code(value)

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
        for kind, side in self._sides.items():
            side.make_room(len(self._codes(kind)))
        self._machine.make_room(len(self._sides[Subject.ACCOUNT].last), len(self._sides[Subject.PERSON].last))

    def _take_in(
        self, coded: Coded, target: NDArray[np.uint8], states: Mapping[Subject, NDArray[np.int64]] | None = None
    ) -> None:
        """Rows happen to whom `target` says."""
        if target.any():
            timeline = timeline_of(coded, target, self.codebook.properties)
            rows = self._sheets.rows(timeline, self._compiled)
            self._replay(rows, len(timeline), states or self._states(), k.NEVER - 1)

    def _happen(self, kind: Subject, rows: Coded, states: NDArray[np.int64] | None = None) -> None:
        """Rows happen to their subjects of this kind, by default to their own states."""
        instead = None if states is None else {**self._states(), kind: states}
        if states is not None:
            self._sides[kind].sleepers.lend(rows[COLUMN[kind]], states)
        self._take_in(rows, np.full(len(rows), BIT[kind], np.uint8), instead)

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
        own = self._states()[kind] if states is None else states
        columns = (own, codes.astype(np.int64), times, np.zeros(PROGRESS_WORDS, np.int64))
        views = [view(column, self._compiled) for column in columns]
        machine = self._machine
        while machine.mend(self._engine.advance_some(*machine.views(), HEAD[kind], *views)):
            pass

    def _give_back(self, kind: Subject, codes: NDArray[np.int64], states: NDArray[np.int64]) -> None:
        memory = view(self._machine.memory, self._compiled)
        columns = (states, codes.astype(np.int64))
        self._engine.give_back_some(memory, HEAD[kind], *(view(column, self._compiled) for column in columns))

    def _copy(
        self, kind: Subject, codes: NDArray[np.int64], sources: NDArray[np.int64], targets: NDArray[np.int64]
    ) -> None:  # fmt: skip
        """Copies of these subjects' states; of those that have none, none."""
        wanted = codes[sources[codes] > 0].astype(np.int64)
        if not len(wanted):
            return
        self._sides[kind].sleepers.lend(wanted, targets)
        self._copy_states(kind, wanted, sources, targets)

    def _copy_states(
        self, kind: Subject, places: NDArray[np.int64], sources: NDArray[np.int64], targets: NDArray[np.int64]
    ) -> None:  # fmt: skip
        """Copies of the states at these places of `sources`, at the same places of `targets`."""
        columns = (sources, targets, places, np.zeros(PROGRESS_WORDS, np.int64))
        views = [view(column, self._compiled) for column in columns]
        machine = self._machine
        while machine.mend(self._engine.copy_some(view(machine.memory, self._compiled), HEAD[kind], *views)):
            pass

    def _stand(self, codes: Mapping[Subject, NDArray[np.int64]], now: int) -> None:
        """Have copies of these subjects' states brought to `now`, and written how they stand there. They are numbered
        in this order."""
        machine = self._machine
        for kind, asked in codes.items():
            self._wake(kind, asked)
            if len(asked) > len(self._asked[kind]):
                self._asked[kind] = np.append(self._asked[kind], np.zeros(len(asked), np.int64))
            states = self._states()[kind][asked]
            self._copy_states(kind, np.flatnonzero(states > 0), states, self._asked[kind])
        batch = [
            each
            for kind in (Subject.ACCOUNT, Subject.PERSON)
            for each in (view(self._asked[kind], self._compiled), len(codes[kind]))
        ]
        machine.memory[k.STANDING] = 2
        try:
            while machine.mend(self._engine.advance_batch(*machine.views(), *batch, now + 1)):
                pass
        finally:
            machine.memory[k.STANDING] = 0
            for kind, asked in codes.items():
                self._give_back(kind, np.arange(len(asked)), self._asked[kind])

    def _begin_again(self, kind: Subject, again: Again) -> None:
        """Put states of a while ago in the place of these subjects' own: the nearer ones, if nothing has come before
        these."""
        side, states = self._sides[kind], self._states()[kind]
        late = np.fromiter(again.late, np.int64, len(again.late))
        useless = late[np.fromiter(again.late.values(), np.int64, len(late)) <= side.near[late]]
        self._give_back(kind, useless, side.nearer)
        side.near[useless] = NEVER_BEFORE
        near = late[side.near[late] != NEVER_BEFORE]
        far = np.concatenate([late[side.near[late] == NEVER_BEFORE], again.codes()])
        self._give_back(kind, late, states)
        self._copy(kind, near, side.nearer, states)
        self._copy(kind, far, side.settled, states)
        again.since |= dict(zip(near.tolist(), side.near[near].tolist(), strict=True))
        again.since |= dict(zip(far.tolist(), side.since[far].tolist(), strict=True))
        again.stands |= {code: again.since[code] for code in again.late}

    def _told_again(self, kind: Subject, again: Again) -> Coded:
        """The rows of these subjects that are not in their states, after what belongs into a nearer one has
        happened."""
        side = self._sides[kind]
        codes = np.fromiter(again.since, np.int64, len(again.since))
        since = np.fromiter(again.since.values(), np.int64, len(codes))
        remembered = self._remembered
        numbers, whose = side.rows.of(codes, np.maximum(remembered.first_after(since), remembered.first))
        later = np.flatnonzero(remembered.times(numbers) > since[whose])
        numbers, whose = numbers[later], whose[later]
        rows = remembered.at(numbers)
        own = np.flatnonzero(rows["target"] & BIT[kind])  # but for those that turned out to be others'
        own = own[remembered.in_order(numbers[own], whose[own], rows["time"][own])]
        rows, whose = picked(rows, own), whose[own]
        nearer, times = np.zeros(len(rows), bool), rows["time"]
        starts = np.flatnonzero(np.diff(whose, prepend=-1)).tolist()
        for start, end in pairwise([*starts, len(rows)]):
            code = int(codes[whose[start]])
            if code in again.late:
                nearer[start : start + _split(times[start:end], again.late[code])] = True
        if not nearer.any():
            return rows
        self._come_nearer(kind, picked(rows, np.flatnonzero(nearer)))
        return picked(rows, np.flatnonzero(~nearer))

    def _come_nearer(self, kind: Subject, rows: Coded) -> None:
        """Have rows happen, and keep the states of their subjects as they are then."""
        self._happen(kind, rows)
        side, codes = self._sides[kind], np.unique(rows[COLUMN[kind]])
        side.near[rows[COLUMN[kind]]] = rows["time"]  # of each subject the last one stays
        self._advance(kind, codes, side.near[codes] + 1)
        self._give_back(kind, codes, side.nearer)
        self._copy(kind, codes, self._states()[kind], side.nearer)

    # --- Time ---------------------------------------------------------------------------------------------------------

    def _decide(self, kind: Subject, codes: NDArray[np.int64]) -> None:
        """Decide the instants of the rows that have been taken in, up to the last of each of these subjects."""
        if len(codes):
            side = self._sides[kind]
            self._advance(kind, codes, side.come[codes] + 1)
            side.last[codes] = side.come[codes]
            self._plan(kind, codes)

    def _plan(self, kind: Subject, codes: NDArray[np.int64]) -> None:
        """Find out when time alone changes these subjects next."""
        states = self._states()[kind][codes]
        wakes = np.full(len(codes), k.NEVER)
        wakes[states > 0] = self._machine.memory[states[states > 0] + k.WAKE]
        self._sides[kind].timers.plan(codes, wakes)

    def _let_time_go_on(self, now: int) -> None:
        """Decide what time alone changes up to and including `now`."""
        for kind, side in self._sides.items():
            codes = side.timers.due(now)
            asleep, states = side.sleepers.among(codes), self._states()[kind]
            self._go_on(kind, codes[~np.isin(codes, asleep)], now)
            for first in range(0, len(asleep), _SLEEP):
                some = asleep[first : first + _SLEEP]
                side.sleepers.wake(some, states)
                self._go_on(kind, some, now)
                side.sleepers.put_to_sleep(some, states)

    def _go_on(self, kind: Subject, codes: NDArray[np.int64], now: int) -> None:
        """Decide for these subjects what time alone changes up to and including `now`."""
        if len(codes):
            last = self._sides[kind].last
            self._advance(kind, codes, np.full(len(codes), now + 1))
            last[codes] = np.maximum(last[codes], now)
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
        for kind, side in self._sides.items():
            idle = np.flatnonzero((side.since != NEVER_BEFORE) & (side.come <= border))
            for states in (side.settled, side.nearer):
                self._give_back(kind, idle, states)
                side.sleepers.free(idle, states)
            side.since[idle] = side.near[idle] = NEVER_BEFORE
            self._follow(kind, border)
            side.tired = np.flatnonzero((self._states()[kind] > 0) & (side.since == NEVER_BEFORE))
        self._remembered.forget(border)
        for side in self._sides.values():
            side.rows.forget(self._remembered.first)
        self._machine.take()

    def _let_sleep(self, most: int) -> None:
        """Put some of those to sleep to whom nothing has happened for long."""
        for kind, side in self._sides.items():
            some, side.tired, states = side.tired[:most], side.tired[most:], self._states()[kind]
            side.sleepers.put_to_sleep(some[(states[some] > 0) & (side.since[some] == NEVER_BEFORE)], states)

    def _wake(self, kind: Subject, codes: NDArray[np.integer]) -> None:
        """Let these subjects have their states, if they are asleep, and those that have none places to begin at."""
        sleepers, states = self._sides[kind].sleepers, self._states()[kind]
        sleepers.wake(sleepers.among(codes), states)
        sleepers.lend(codes, states)

    def _follow(self, kind: Subject, border: int) -> None:
        """Have the rows up to the border happen to the settled states, too."""
        side, name, some = self._sides[kind], COLUMN[kind], [np.zeros(0, self._row)]
        for rows in self._remembered.until(border):
            mine, codes = _of(kind, rows)
            since = side.since[codes]
            some.append(picked(rows, mine[(since != NEVER_BEFORE) & (rows["time"][mine] > since)]))
        rows = together(some)
        rows = picked(rows, self._remembered.in_order(rows["remembered"], rows[name], rows["time"]))
        self._happen(kind, rows, side.settled)
        side.since[rows[name]] = rows["time"]  # of each subject the last one stays
        known = np.unique(rows[name]).astype(np.int64)
        self._advance(kind, known, side.since[known] + 1, side.settled)
        passed = known[(side.near[known] != NEVER_BEFORE) & (side.near[known] <= side.since[known])]
        self._give_back(kind, passed, side.nearer)
        side.near[passed] = NEVER_BEFORE


def _of(kind: Subject, coded: Coded) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The rows that belong to the history of a subject of this kind, and which subject that is."""
    mine = np.flatnonzero(coded["target"] & BIT[kind])
    return mine, coded[COLUMN[kind]][mine]


def _split(times: NDArray[np.int64], late: int) -> int:
    """How many of a subject's rows a state should have that is nearer, but so far back that what is twice as late as
    the row of this time still comes behind it; 0 if none is worth it."""
    place = int(np.searchsorted(times, late))
    place -= max(_BEHIND, len(times) - place)
    while place > 0 and times[place - 1] == times[place]:
        place -= 1
    return place if place >= _BEHIND else 0
