"""Who sleeps goes on as if awake, and takes little memory; where states lie in the kernel's memory is used again."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from oracle.engine import told_by_engine

import fireflower.evaluate.live
from fireflower.app.live.qualifying import Qualifying
from fireflower.evaluate.kernel import layout as k
from fireflower.evaluate.live import LATENESS, LiveReplay
from fireflower.evaluate.results import Subject
from fireflower.evaluate.sleeping import Sleepers
from fireflower.history.arrivals import Arrivals, Numbered
from fireflower.history.assembly import assemble
from fireflower.language.expressions import parse_formula
from fireflower.language.nodes import Definition, Settings
from fireflower.model.moments import DAY, HOUR
from fireflower.model.records import Kind, Record
from live.test_qualifying import Memory, Verdicts, in_order

CONDITIONS = [
    "count(A, last 7 days) >= 2",
    "recency(A) >= 3 days",
    "distinct(properties.x of A, last 2 days) >= 2",
    "distinct_days(A) >= 2 and streak(A) < 2",
    "not did(B)",
]
DEFINITIONS = [
    Definition(f"{number} {subject}", subject, parse_formula(text, subject))
    for number, text in enumerate(CONDITIONS)
    for subject in ("person", "account")
]


class Stream:
    """Events one after the other, and what is said of them."""

    def __init__(self, lateness: int = LATENESS) -> None:
        self.memory, self.verdicts = Memory(), Verdicts()
        self.qualifying = Qualifying(DEFINITIONS, Settings(), self.memory.find, lateness=lateness)
        self.now = 0

    def take(self, now: int, events: Iterable[tuple[int, str, str]] = ()) -> None:
        """At a moment, these have come: when, of whom, and how it is called."""
        fresh = [
            Numbered(
                Record(at, Kind.EVENT, name, person=person, account="acme", properties={"x": str(at % 7)}),
                len(self.memory.records) + nth,
            )
            for nth, (at, person, name) in enumerate(events)
        ]
        self.memory.records += fresh
        self.verdicts.add(self.qualifying.take(Arrivals.of(fresh), now))
        self.now = now

    def check(self) -> None:
        """What has been told is what a replay tells."""
        case = DEFINITIONS, Settings(), [each.record for each in self.memory.records], self.now
        assert self.verdicts.all() == in_order(told_by_engine(case))

    @property
    def people(self) -> Sleepers:
        return self.qualifying.replay._sides[Subject.PERSON].sleepers

    @property
    def places(self) -> int:
        """Where the states of people lie, or have lain; no two of them in one place."""
        replay = self.qualifying.replay
        side = replay._sides[Subject.PERSON]
        found = np.abs(np.concatenate([replay._machine.people, side.settled, side.nearer, side.sleepers._places]))
        found = found[found != 0]
        assert len(np.unique(found)) == len(found)
        return len(found)

    @property
    def heap(self) -> int:
        """Words of the kernel's memory that have been given to somebody."""
        memory = self.qualifying.replay._machine.memory
        return int(memory[k.TOP] - memory[k.HEAP])


def test_who_sleeps_goes_on_as_if_awake() -> None:
    stream = Stream()
    stream.take(DAY, [(DAY, "ann", "A"), (DAY, "bob", "A"), (DAY, "zoe", "B")])
    stream.take(DAY + 3 * LATENESS)
    assert len(stream.people) == 3
    stream.take(2 * DAY, [(2 * DAY, "ann", "A")])  # something happens
    assert len(stream.people) == 2
    stream.check()
    stream.take(5 * DAY)  # time alone changes something
    stream.check()
    stream.take(6 * DAY)
    assert len(stream.people) == 3
    stream.take(7 * DAY, [(3 * DAY, "bob", "A"), (7 * DAY - HOUR, "zoe", "A")])  # late by days, and by an hour
    stream.check()
    stream.take(40 * DAY)
    stream.check()


def test_who_sleeps_may_be_asked_for() -> None:
    stream = Stream()
    stream.take(DAY, [(DAY - 1, "ann", "A"), (DAY, "ann", "B")])
    before = stream.qualifying.standing([("person", "ann")], DAY)[0]
    stream.take(DAY + 3 * LATENESS)
    assert len(stream.people) == 1
    after = stream.qualifying.standing([("person", "ann")], DAY + 3 * LATENESS)[0]
    assert before is not None and after is not None
    assert np.array_equal(before.change, after.change) and np.array_equal(before.at, after.at)
    stream.take(3 * DAY)
    stream.check()


def test_visitors_who_never_come_back_take_little() -> None:
    stream, heaps, each = Stream(), [], 40
    for wave in range(12):
        now = DAY + wave * 3 * LATENESS
        stream.take(now, [(now - each + nth, f"visitor {wave} {nth}", "A") for nth in range(each)])
        stream.take(now + 2 * LATENESS)
        heaps.append(stream.heap)
    memory = stream.qualifying.replay._machine.memory
    words = int(memory[memory[k.PEOPLE] + k.ROW_WORDS])
    assert len(stream.people) == 12 * each
    assert max(np.diff(heaps[2:])) < each * words  # what lies in windows: nobody's state has a new place
    assert stream.people.size < 12 * each * words * 8 / 3
    stream.check()


def test_not_all_are_put_to_sleep_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fireflower.evaluate.live, "_SLEEP", 2)
    stream = Stream()
    stream.take(DAY, [(DAY + nth, f"person {nth}", "A") for nth in range(-50, 0)])
    asleep = []
    for nth in range(4):
        stream.take(DAY + 3 * LATENESS + nth)
        asleep.append(len(stream.people))
    assert asleep == [20, 40, 50, 50]
    stream.take(DAY + 3 * LATENESS + 4, [(DAY + 3 * LATENESS, "person -1", "A"), (DAY + 3 * LATENESS, "new", "A")])
    assert len(stream.people) == 49
    stream.check()


@pytest.mark.parametrize("seed", range(5))
def test_a_state_that_is_kept_otherwise_is_the_same(seed: int) -> None:
    stream, rng = Stream(100 * DAY), np.random.default_rng(seed)
    people = [f"person {nth}" for nth in range(9)]
    times = np.sort(rng.integers(DAY, 9 * DAY, 60)).tolist()
    stream.take(9 * DAY, [(at, people[rng.integers(9)], "AB"[rng.integers(2)]) for at in times])
    replay: LiveReplay = stream.qualifying.replay
    sleepers, states, memory = stream.people, replay._machine.people, replay._machine.memory
    words = int(memory[memory[k.PEOPLE] + k.ROW_WORDS])
    codes = np.flatnonzero(states > 0)
    before = memory[states[codes][:, None] + np.arange(words)]
    sleepers.put_to_sleep(codes, states)
    assert not states[codes].any() and np.array_equal(sleepers.among(codes), codes)
    some = rng.permutation(codes)
    sleepers.wake(some[:3], states)
    sleepers.wake(some[3:], states)
    memory = replay._machine.memory
    assert np.array_equal(memory[states[codes][:, None] + np.arange(words)], before)
    assert len(set(states[codes].tolist())) == len(codes) and not len(sleepers)


def test_a_history_that_is_there_sleeps_from_the_beginning() -> None:
    records = [
        Record(DAY + nth * HOUR, Kind.EVENT, "A", person=f"person {nth}", account="acme", properties={"x": str(nth)})
        for nth in range(100)
    ]
    last = records[-1].time
    memory, verdicts = Memory(), Verdicts()
    memory.records = [Numbered(record, nth) for nth, record in enumerate(records)]
    timeline = assemble(records, attribution="only")
    qualifying = Qualifying(DEFINITIONS, Settings(), memory.find, timeline.vocabulary)
    qualifying.know([], last)
    verdicts.add(qualifying.load([timeline], last))
    sleepers = qualifying.replay._sides[Subject.PERSON].sleepers
    assert len(sleepers) == 99  # the last one has just been there
    fresh = [Record(last + DAY, Kind.EVENT, "A", person=f"person {nth}", account="acme") for nth in (3, 50)]
    memory.records += [Numbered(record, 100 + nth) for nth, record in enumerate(fresh)]
    verdicts.add(qualifying.take(Arrivals.of(memory.records[100:]), last + 9 * DAY))
    case = DEFINITIONS, Settings(), [*records, *fresh], last + 9 * DAY
    assert verdicts.all() == in_order(told_by_engine(case))


def test_people_who_come_and_go_take_no_new_places() -> None:
    stream, places = Stream(), []
    for wave in range(14):
        now = DAY + wave * 3 * LATENESS
        stream.take(now, [(now - 40 + nth, f"person {nth}", "A") for nth in range(40)])
        late = [(now - 90 + nth, f"person {nth}", "B") for nth in range(10)]
        stream.take(now + LATENESS // 2, [*late, (now + LATENESS // 2, "person 30", "A")])
        stream.take(now + 2 * LATENESS)
        places.append(stream.places)
    assert len(set(places[3:])) == 1
    stream.check()
