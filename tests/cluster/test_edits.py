"""Definitions that change while evaluators take shares from each other, lag behind, fail and are gone: the record is
what a replay by the last ones says."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from live.projects import expected, moment, recorded, standing, standing_after, written

from cluster.test_shares import HOOK, Machine, World
from fireflower.app.live.changing import Changing
from fireflower.app.live.compacting import Compactor
from fireflower.app.live.editions import AT_WORK, Prepared, edition_of
from fireflower.app.live.past import Outdated
from fireflower.app.live.sharing import evaluate_anew
from fireflower.app.live.storage import value_of
from fireflower.app.live.telling import meaning_of
from fireflower.app.project import Project
from fireflower.destinations import Destination, load_destinations
from fireflower.history.log.connecting import connect
from fireflower.history.log.database import StorageError
from fireflower.history.log.leases import ALL_SHARES, share_of
from fireflower.history.log.reading import PLAIN
from fireflower.model.errors import FireflowerError
from fireflower.model.messages import Message
from fireflower.model.moments import DAY, MINUTE

DEFINITIONS = {
    "opened": "definition: opened\nsubject: person\nqualified: count(Opened) >= {least}\n",
    "busy": "definition: busy\nsubject: person\nqualified: count(any, last 20 seconds) >= {least}\n",
    "team": "definition: team\nsubject: account\nqualified: count(Run) >= {least} and actors(any) >= 2\n",
}
COUNT, SECONDS = 120, 300
"""So much happens in so short a time that most of what comes late is no trouble: nobody's past is read again."""


def write(folder: Path, name: str, least: int) -> Project:
    file = folder / "definitions" / f"{name}.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(DEFINITIONS[name].format(least=least))
    return Project(folder)


def destinations(acme: Project) -> tuple[Destination, ...]:
    return load_destinations(acme.folder, [each.name for each in acme.definitions])


def message(key: str, second: float, late: float = 0.0, **said: object) -> Message:
    body = {
        "messageId": key,
        "timestamp": written(max(0.0, second - late) / 60),
        "receivedAt": written(second / 60),
        **said,
    }
    return Message("segment", key, json.dumps(body).encode(), moment(second / 60), "web")


def anything(chance: random.Random, key: str, second: float) -> Message:
    """Somebody does something, in an account or not, of which at times is heard late; or two are found to be one."""
    late = chance.choice((0,) * 9 + (6, 60))
    if chance.random() < 0.05:
        return message(key, second, late, type="identify", userId="u0", anonymousId="u1")
    account = {"context": {"groupId": chance.choice(("acme", "beta"))}} if chance.random() < 0.5 else {}
    event, person = chance.choice(("Opened", "Run")), f"u{chance.randint(0, 7)}"
    return message(key, second, late, type="track", event=event, userId=person, **account)


class Edited(World):
    """A world in which definitions are edited, too."""

    def __init__(self, folder: Path, seed: int) -> None:
        (folder / "destinations").mkdir()
        (folder / "destinations" / "notes.yaml").write_text(HOOK)
        (folder / "fireflower.yaml").write_text("project: acme\nleave_out:\n  people: count(Run) >= 12\n")
        acme = [write(folder, name, 3) for name in DEFINITIONS][-1]
        self._pending: tuple[Machine, Prepared] | None = None
        super().__init__(acme, f"sqlite:///{folder}/log.sqlite", seed)
        self._beside = connect(self.url)

    def disturb(self) -> None:
        match self.chance.choice(("edit", "follow", "follow", "follow", "else", "else")):
            case "edit" if self._pending is None:
                machine = self.chance.choice(self.machines)
                name, least = self.chance.choice(sorted(DEFINITIONS)), self.chance.randint(2, 9)
                self._pending = machine, self.prepare(machine, name, least)
            case "edit":
                self._try_to_adopt(*self._pending)
            case "follow":
                some = self.chance.choice(self.machines)
                some.persist(lambda: some.follow(self.now), self.now)
            case _:
                super().disturb()
        self.turn()

    def prepare(self, machine: Machine, name: str, least: int) -> Prepared:
        changed = write(self.acme.folder, name, least)
        return machine.evaluator.prepare(changed, self._beside, self.now + machine.skew)

    def adopt(self, machine: Machine, prepared: Prepared) -> None:
        machine.evaluator.adopt(prepared, destinations(prepared.project), self.now + machine.skew)
        self.acme = prepared.project

    def adopt_without_answer(self, machine: Machine, name: str, least: int) -> None:
        """It takes effect, but the machine is told that it failed."""
        prepared = self.prepare(machine, name, least)
        machine.database.loses_answer = True
        with pytest.raises(StorageError, match="the answer was lost"):
            self.adopt(machine, prepared)
        self.acme = prepared.project
        assert value_of(self.database, AT_WORK) == edition_of(self.acme, destinations(self.acme))

    def changing(self, machine: Machine) -> Changing:
        """By the clock of the machine."""
        return Changing(
            machine.evaluator,
            lambda: connect(self.url),
            lambda: self.now + machine.skew,
            lambda question: question(machine.evaluator),
            lambda changed, work: work(machine.evaluator),
        )

    def turn(self) -> None:
        """Whoever evaluates by other files than those that are at work reads them, and takes shares, as the service
        sees to it."""
        at_work = value_of(self.database, AT_WORK)
        for machine in self.machines:
            if at_work is not None and at_work not in machine.evaluator.editions:
                machine.database.mend()
                with machine.database.transaction():
                    machine.leases.leave()
                machine.evaluator.turn_to(self.acme, destinations(self.acme))
                machine.take(30)
                machine.hold(self.now)

    def assert_as_replayed(self) -> None:
        end = self.finish()
        told = expected(self.acme, self.database, end)
        assert recorded(self.database, self.acme) == told != []
        assert standing(self.database) == standing_after(told)

    def _try_to_adopt(self, machine: Machine, prepared: Prepared) -> None:
        self._pending = None
        if machine not in self.machines:
            return
        if self.chance.random() < 0.2:
            machine.database.left = self.chance.randint(1, 60)
        machine.database.loses_answer = self.chance.random() < 0.1
        with suppress(FireflowerError):
            self.adopt(machine, prepared)
        machine.database.mend()
        if value_of(self.database, AT_WORK) == edition_of(prepared.project, destinations(prepared.project)):
            self.acme = prepared.project  # even if it was not told so


@pytest.mark.parametrize("seed", [*range(11), 44])
def test_definitions_that_change_at_any_moment(tmp_path: Path, seed: int) -> None:
    world, chance = Edited(tmp_path, seed), random.Random(seed)
    some = [anything(chance, f"{seed}-{nth}", nth * SECONDS / COUNT) for nth in range(COUNT)]
    world.happen(some, world.disturb)
    world.assert_as_replayed()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Edited]:
    """One in which all clocks agree."""
    found = Edited(tmp_path, 1)
    for machine in found.machines:
        machine.skew = 0
    yield found
    found.writer.stop()
    found.database.close()


def opened(start: int, end: int, person: str = "u1") -> list[Message]:
    """Once in a second."""
    said = {"type": "track", "event": "Opened", "userId": person}
    return [message(f"{person} {second}", second, **said) for second in range(start, end)]


def test_what_was_prepared_has_read_more_of_the_log_than_who_evaluates(world: Edited) -> None:
    """No message counts twice."""
    machine = world.machines[0]
    world.write(opened(0, 10))
    machine.follow(world.now)
    world.write(opened(10, 20))
    world.adopt(machine, world.prepare(machine, "opened", 25))
    world.write(opened(20, 30))
    machine.follow(world.now)
    world.assert_as_replayed()


@pytest.mark.parametrize("how", ["let go", "turn to others", "drop"])
def test_what_was_removed_stays_on_disk_for_nobody_who_reads_it_no_longer(world: Edited, how: str) -> None:
    evaluator, changing = world.machines[0].evaluator, world.changing(world.machines[0])
    world.write(opened(0, 10))
    world.machines[0].follow(world.now)
    Compactor(world.acme, world.database, PLAIN).compact()
    world.machines[0].follow(world.now)
    parts = list(evaluator._parts)  # as a cycle of references would keep them
    if how == "drop":
        write(world.acme.folder, "opened", 5)
        changing.preview()
        assert changing._shadow is not None and changing._shadow._prepared.part is not None
        parts.append(changing._shadow._prepared.part)
        changing.drop()
    if how == "turn to others":
        evaluator.turn_to(world.acme, destinations(world.acme))
    else:
        evaluator.release(ALL_SHARES)
    archive = world.acme.open_archive()
    archive.forget_events(world.now)
    archive.release()
    assert archive.clean() and parts


def test_who_evaluates_nobody_has_definitions_take_effect(world: Edited) -> None:
    """All that has come since they were prepared counts, though nobody here has followed it."""
    machine, idle = world.machines[0], world.machines[1]
    world.write(opened(0, 10))
    machine.follow(world.now)
    prepared = world.prepare(idle, "opened", 15)
    world.write(opened(10, 20))
    machine.follow(world.now)
    machine.evaluator.keep()
    assert not idle.evaluator.shares
    world.adopt(idle, prepared)
    world.turn()
    world.assert_as_replayed()
    assert world.database.rows("SELECT past FROM transitions WHERE retracted IS NULL AND definition = 'opened'") == [
        (1,)
    ]


def test_who_was_recorded_by_a_change_and_is_somebody_else_by_now(world: Edited) -> None:
    """What a change of definitions has recorded of those who are evaluated elsewhere, and further than they are there,
    is compared by whoever evaluates them next."""
    adopting, other = world.machines[:2]
    share = share_of("person", "u1")
    adopting.evaluator.release(ALL_SHARES - {share_of("person", "u0")})
    other.take(64)
    other.hold(world.now)
    world.write(opened(0, 2, "u0"))
    for machine in (adopting, other):
        machine.follow(world.now)
        machine.evaluator.keep()
    assert share in other.evaluator.shares
    world.write(opened(10, 16))
    world.adopt(adopting, world.prepare(adopting, "opened", 5))
    assert {subject for _, _, _, subject, *_ in recorded(world.database)} == {"u1"}
    world.write([message("joined", 20, type="identify", userId="u0", anonymousId="u1")])
    world.turn()
    world.assert_as_replayed()
    assert {subject for _, _, _, subject, *_ in recorded(world.database, world.acme)} == {"u0"}


def test_whose_clock_is_behind_takes_nothing_back(world: Edited) -> None:
    """Who takes subjects over from a change that another machine has recorded has come as far as that one."""
    ahead, behind = world.machines[:2]
    behind.skew = -5_000_000
    ahead.evaluator.release(ALL_SHARES - {share_of("person", "u0")})
    behind.take(64)
    behind.hold(world.now)
    world.write(opened(0, 10))
    behind.follow(world.now)
    world.adopt(ahead, world.prepare(ahead, "opened", 8))
    before = world.database.rows("SELECT id, retracted, past FROM transitions WHERE definition = 'opened'")
    world.turn()
    behind.take(64)
    behind.hold(world.now)
    assert share_of("person", "u1") in behind.evaluator.shares
    assert world.database.rows("SELECT id, retracted, past FROM transitions WHERE definition = 'opened'") == before
    world.assert_as_replayed()


def test_what_was_prepared_in_the_place_of_others_is_prepared_again(world: Edited) -> None:
    other, machine = world.machines[:2]
    world.write(opened(0, 2))
    other.follow(world.now)
    changing = world.changing(machine)
    before = write(world.acme.folder, "busy", 9)
    assert [each.definition for each in changing.preview().differences] == ["busy"]
    write(world.acme.folder, "busy", 3)
    world.write(opened(2, 10))
    other.follow(world.now)
    world.adopt(other, world.prepare(other, "opened", 5))
    world.turn()
    write(world.acme.folder, "busy", 9)
    world.acme = write(world.acme.folder, "opened", 3)
    assert meanings(world.acme) == meanings(before)
    assert [each.definition for each in changing.apply().differences] == ["busy", "opened"]
    changing.end()
    world.turn()
    world.write(opened(14, 18, "u6"))
    world.assert_as_replayed()


def meanings(acme: Project) -> list[str]:
    return [meaning_of(each, acme.settings) for each in acme.definitions]


def test_nothing_is_recorded_by_former_definitions_if_the_answer_was_lost(world: Edited) -> None:
    """Until the process is told by others what is at work."""
    machine = world.machines[0]
    world.write(opened(0, 2))
    machine.follow(world.now)
    world.adopt_without_answer(machine, "opened", 6)
    world.write(opened(2, 4))
    machine.follow(world.now)
    assert not recorded(world.database)
    world.turn()
    world.write(opened(4, 8))
    world.assert_as_replayed()


def test_what_was_prepared_by_a_clock_that_was_ahead_is_prepared_again(world: Edited) -> None:
    machine = world.machines[0]
    world.write(opened(0, 5))
    machine.follow(world.now)
    machine.skew = 366 * DAY
    prepared = world.prepare(machine, "opened", 9)
    machine.skew = 0
    with pytest.raises(Outdated):
        world.adopt(machine, prepared)
    assert machine.evaluator.now == world.now


def test_definitions_that_took_effect_by_a_clock_that_was_ahead(world: Edited) -> None:
    """All is evaluated as of now, if that is asked for."""
    machine, right = world.machines[0], int(time.time() * 1e6)
    world.write(opened(0, 5))
    machine.skew = 366 * DAY + right - world.now
    world.adopt(machine, world.prepare(machine, "opened", 4))
    with machine.database.transaction():
        machine.leases.leave()
    evaluate_anew(world.database)
    again = Machine.at(world.acme, world.url, "again", random.Random(1))
    again.skew = right + MINUTE - world.now
    again.take(64)
    again.hold(world.now)
    assert again.evaluator.now == right + MINUTE


@pytest.mark.parametrize("how", ["keep", "release", "begin"])
def test_nothing_is_noted_by_former_definitions_if_the_answer_was_lost(world: Edited, how: str) -> None:
    """Else whoever goes on from there would leave out what has come since."""
    machine = world.machines[0]
    world.write(opened(0, 4))
    machine.follow(world.now)
    world.adopt_without_answer(machine, "opened", 6)
    world.write(opened(4, 8))
    machine.follow(world.now)
    match how:
        case "keep":
            machine.evaluator.keep()
        case "release":
            machine.release(64)
        case _:
            machine.evaluator.begin(world.now)
    world.turn()
    world.assert_as_replayed()


def test_other_definitions_take_effect_after_an_answer_was_lost(world: Edited) -> None:
    """They take the place of those that are at work, and not of those by which this process evaluates."""
    machine = world.machines[0]
    world.write(opened(0, 5))
    machine.follow(world.now)
    world.adopt_without_answer(machine, "busy", 9)
    write(world.acme.folder, "busy", 3)
    world.adopt(machine, world.prepare(machine, "opened", 5))
    world.turn()
    world.write(opened(5, 9))
    machine.follow(world.now)
    world.assert_as_replayed()


def test_an_edition_that_nobody_else_has_takes_effect(world: Edited) -> None:
    """By a process whose files are neither those at work nor those by which it has evaluated."""
    one, other = world.machines[:2]
    world.write(opened(0, 5))
    one.follow(world.now)
    world.adopt(one, world.prepare(one, "busy", 9))
    with other.database.transaction():
        other.leases.leave()
    write(world.acme.folder, "busy", 3)
    prepared = world.prepare(other, "opened", 4)
    assert prepared.changed == {"busy", "opened"}
    world.adopt(other, prepared)
    world.turn()
    world.write(opened(5, 9))
    world.assert_as_replayed()


def test_a_preview_by_a_clock_that_was_ahead_is_of_now_when_it_is_right(world: Edited) -> None:
    machine = world.machines[0]
    world.write(opened(0, 5))
    machine.follow(world.now)
    changing = world.changing(machine)
    write(world.acme.folder, "opened", 9)
    machine.skew = 366 * DAY
    assert changing.preview().as_of == world.now + 366 * DAY
    machine.skew = 0
    assert changing.preview().as_of == world.now
    changing.end()
