"""Evaluators that take shares from each other at any moment, fail at any statement and are gone at any moment: the
record is what a replay says, and what is new is news once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from live.projects import (
    MINUTES,
    Told,
    expected,
    messages,
    moment,
    project,
    recorded,
    standing,
    standing_after,
    transitions,
)

from fireflower.app.live.announcing import Announcer
from fireflower.app.live.evaluating import Evaluator
from fireflower.app.live.writing import Writer
from fireflower.app.project import Project
from fireflower.destinations import load_destinations
from fireflower.history.log.connecting import connect
from fireflower.history.log.database import Database, StorageError
from fireflower.history.log.leases import ALL_SHARES, Leases, share_of
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.reading import PLAIN, LogReader, MessageReader
from fireflower.history.log.schema import prepare
from fireflower.history.log.verdicts import VerdictLog
from fireflower.model.messages import Message

HOOK = "destination: notes\nfile: {path: notes.jsonl}\nwhen: {change: [entered, left]}\n"


SUBJECTS = [("person", id) for id in ("ann", "bob", "cy", "dan\0", "eva", "x1", "x2")] + [
    ("account", id) for id in ("acme", "beta", "acme", "beta", "acme", "beta")
]


class Breaking:
    """A connection that fails at some statement, or after a commit, when it is told to."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.left = -1
        self.loses_answer = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    def rows(self, sql: str, values: Any = ()) -> list[tuple[Any, ...]]:
        self._count()
        return self._database.rows(sql, values)

    def many(self, sql: str, rows: Any) -> None:
        self._count()
        self._database.many(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._database.transaction():
            yield
        if self.loses_answer:
            self.loses_answer = False
            raise StorageError("the answer was lost")

    def mend(self) -> None:
        self.left, self.loses_answer = -1, False

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise StorageError("it failed")


@dataclass
class Machine:
    """A process that evaluates, by hand."""

    database: Breaking
    evaluator: Evaluator
    leases: Leases
    skew: int

    @classmethod
    def at(cls, acme: Project, url: str, name: str, chance: random.Random) -> Machine:
        database = Breaking(connect(url))
        leases = Leases(database, name, 3600)
        with database.transaction():
            leases.enter()
        names = [definition.name for definition in acme.definitions]
        announcer = Announcer(database, load_destinations(acme.folder, names))
        evaluator = Evaluator(acme, database, PLAIN, announcer, leases=leases, compiled=False)
        return cls(database, evaluator, leases, chance.randint(-5_000_000, 5_000_000))

    def follow(self, now: int) -> None:
        reader = LogReader(self.database, PLAIN)
        some = MessageLog(self.database).after(self.evaluator.position)
        self.evaluator.take(reader.read(some), now + self.skew)

    def hold(self, now: int) -> None:
        with self.database.transaction():
            terms = self.leases.renew()
        self.evaluator.hold(terms, now + self.skew)

    def take(self, most: int) -> None:
        with self.database.transaction():
            self.leases.take(most)

    def release(self, some: int) -> None:
        self.evaluator.release(frozenset(sorted(self.evaluator.shares)[:some]))

    def persist(self, work: Any, now: int) -> None:
        """Do something as the service does it: what failed is begun again from history."""
        try:
            work()
        except StorageError:
            self.database.mend()
            self.evaluator.begin(now + self.skew)
        self.database.mend()


class World:
    """All machines, a log that grows, and what happens to them."""

    def __init__(self, acme: Project, url: str, seed: int) -> None:
        self.acme, self.url, self.chance = acme, url, random.Random(seed)
        self.database = connect(url)
        prepare(self.database)
        self.writer = Writer(connect(url), PLAIN, lambda durable: None)
        self.writer.start()
        self.names = 0
        self.machines = [self._new() for _ in range(3)]
        self.now = moment(0)
        self.machines[0].take(64)  # what had been evaluated before there was anything is told of all that follows
        self.machines[0].hold(self.now)

    def _new(self) -> Machine:
        self.names += 1
        return Machine.at(self.acme, self.url, f"p{self.names}", self.chance)

    def write(self, some: list[Message]) -> None:
        self.writer.submit(some).result(30)
        self.now = max(self.now, some[-1].received)

    def disturb(self) -> None:
        chance = self.chance
        some = chance.choice(self.machines)
        if chance.random() < 0.2:
            some.database.left = chance.randint(1, 40)
        if chance.random() < 0.1:
            some.database.loses_answer = True
        match chance.choice(("follow", "follow", "follow", "take", "hold", "lose", "release", "crash", "keep")):
            case "follow":
                some.persist(lambda: some.follow(self.now), self.now)
            case "take":
                some.persist(lambda: some.take(chance.randint(1, 40)), self.now)
                some.persist(lambda: some.hold(self.now), self.now)
            case "hold":
                some.persist(lambda: some.hold(self.now), self.now)
            case "lose":
                self.expire(chance.sample(sorted(ALL_SHARES), 20))
            case "release":
                some.persist(lambda: some.release(chance.randint(1, 30)), self.now)
            case "keep":
                some.persist(some.evaluator.keep, self.now)
            case _:
                self.machines[self.machines.index(some)] = self._new()

    def happen(self, some: list[Message], between: Callable[[], None]) -> None:
        """All of this comes bit by bit, and something happens in between."""
        while some:
            count = self.chance.randint(1, 12)
            self.write(some[:count])
            some = some[count:]
            for _ in range(self.chance.randint(1, 4)):
                between()

    def expire(self, shares: Any) -> None:
        self.database.many("UPDATE leases SET until = 1 WHERE share = ?", [(share,) for share in shares])

    def check(self) -> None:
        """Of somebody, the record is what a replay says, of the log up to where their share has been evaluated."""
        kind, id = self.chance.choice(SUBJECTS)
        share = share_of(kind, id)
        found = self.machines[0].leases.evaluated([share])[share]
        told = expected_up_to(self.acme, self.database, found.position, found.moment)
        assert _of(recorded(self.database), kind, id) == _of(told, kind, id), (kind, id, found)

    def finish(self) -> int:
        """Those who are there evaluate the rest. Gives the moment up to which they have."""
        end = moment(MINUTES) + 10_000_000
        self.writer.stop()
        there = {each.leases.holder for each in self.machines}
        rows = self.database.rows("SELECT share, holder FROM leases")
        self.expire(share for share, holder in rows if holder not in there)
        for each in self.machines:
            each.database.mend()
            each.take(64)
            each.hold(end - each.skew)
            each.follow(end - each.skew)
            each.evaluator.keep()
        return end


def expected_up_to(acme: Project, database: Database, position: int, moment: int) -> list[Told]:
    """What a replay of the log says, up to a place there and a moment."""
    kept = [each for each in MessageLog(database).all() if each.position <= position]
    return transitions(acme, MessageReader().records(kept), moment)


def _of(told: list[Told], kind: str, id: str) -> list[Told]:
    return [each for each in told if each[2:4] == (kind, id)]


@pytest.mark.parametrize("seed", range(12))
def test_shares_that_change_hands_at_any_moment(tmp_path: Path, seed: int) -> None:
    acme = project(tmp_path)
    (tmp_path / "destinations").mkdir()
    (tmp_path / "destinations" / "notes.yaml").write_text(HOOK)
    world = World(acme, f"sqlite:///{tmp_path}/log.sqlite", seed)

    def disturb_and_check() -> None:
        world.disturb()
        world.check()

    world.happen(messages(seed, 160), disturb_and_check)
    end = world.finish()
    told = expected(acme, world.database, end)
    assert len(told) >= 10
    assert recorded(world.database) == told
    assert standing(world.database) == standing_after(told)
    _was_announced(world.database)


def test_shares_that_are_taken_just_before_definitions_change(tmp_path: Path) -> None:
    """The thread that takes shares does not wait for the one that evaluates: nobody is evaluated twice."""
    acme = project(tmp_path)
    world = World(acme, f"sqlite:///{tmp_path}/log.sqlite", 1)
    machine, some = world.machines[0], messages(1, 160)
    world.write(some[:80])
    machine.release(30)
    machine.follow(world.now)
    machine.take(30)
    file = tmp_path / "definitions" / "active.yaml"
    file.write_text(file.read_text().replace(">= 2", ">= 3"))
    changed = Project(tmp_path)
    evaluator = machine.evaluator
    now = world.now + machine.skew
    evaluator.adopt(evaluator.prepare(changed, world.database, now), (), now)
    machine.hold(world.now)
    world.write(some[80:])
    world.writer.stop()
    machine.follow(world.now)
    told = expected(changed, world.database, world.now + machine.skew)
    assert evaluator.shares == ALL_SHARES
    assert recorded(world.database) == told != []


def _was_announced(database: Database) -> None:
    """Of each account of which no transition has been taken back, the last one has been told. People may be found to be
    others, and then it is told of one of them."""
    everything = VerdictLog(database).after(0, 100_000)
    planned = {each for (each,) in database.rows("SELECT transition FROM deliveries WHERE reason NOT LIKE 'takes%'")}
    last = {(each.kind, each.subject, each.definition): each for each in sorted(everything, key=lambda each: each.at)}
    doubtful = {(each.kind, each.subject, each.definition) for each in everything if each.retracted is not None}
    sure = [each for who, each in last.items() if who not in doubtful and each.kind == "account"]
    assert all(not each.past for each in everything)
    assert all(each.id in planned for each in sure)
