"""Definitions are edited while events come: what takes effect is what a batch replay says, and nobody is told of the
past."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from fireflower.app.live import changing, parts
from fireflower.app.live.building import Builder
from fireflower.app.live.compacting import Compactor
from fireflower.app.live.evaluating import Evaluator
from fireflower.app.live.parts import Part, Standing
from fireflower.app.project import Project
from fireflower.history.arrivals import Arrivals
from fireflower.history.log.connecting import connect
from fireflower.history.log.database import StorageError
from fireflower.model.errors import DefinitionError
from fireflower.model.moments import DAY, HOUR
from live.editing import ACTIVE, RECORD, SETTINGS, TEAM, Live, live, load, project, standing, write

LEFT_OUT = f"{SETTINGS}leave_out:\n  people: person.internal = true\ntimezone: Asia/Tokyo\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path / "shop")


def told_of(live: Live) -> list[tuple[Any, ...]]:
    """Every delivery, with whether its transition was found when a definition was put to history."""
    return live.rows(
        "SELECT d.subject, t.definition, t.change, t.past, d.state FROM deliveries d "
        "JOIN transitions t ON t.id = d.transition ORDER BY d.subject"
    )


def assert_as_replayed(live: Live) -> None:
    live.settle()
    names = [definition.name for definition in Project(live.folder).definitions]
    expected = live.replayed()
    assert live.recorded(names) == expected
    assert live.qualified() == standing(expected)


def test_edits_under_load(folder: Path, url: str) -> None:
    with live(folder, connect=lambda: connect(url)) as running:
        running.send(*(running.anything() for _ in range(600)))
        apply = running.service.changing.apply
        with load(running):
            write(folder, "definitions/team.yaml", TEAM.format(least=2))
            running.service.changing.preview()
            time.sleep(0.1)
            assert [each.what for each in apply().differences] == ["changed"]

            write(folder, "definitions/active.yaml", ACTIVE.format(name="busy", days=2))
            renamed = {each.definition: each for each in apply().differences}
            assert {name: each.what for name, each in renamed.items()} == {"active": "gone", "busy": "new"}

            (folder / "definitions/team.yaml").unlink()
            assert [each.what for each in apply().differences] == ["gone"]
            time.sleep(0.1)
            write(folder, "definitions/team.yaml", TEAM.format(least=2))
            assert [each.what for each in apply().differences] == ["new"]

            write(folder, "fireflower.yaml", LEFT_OUT)
            assert {each.what for each in apply().differences} == {"changed"}
            for days in (3, 1, 4, 2, 3):  # more editions than there may be parts
                write(folder, "definitions/active.yaml", ACTIVE.format(name="busy", days=days))
                apply()
            time.sleep(0.1)
        assert_as_replayed(running)
        told = told_of(running)
        assert told and not [each for each in told if each[3]]


def test_a_preview_names_the_difference_of_two_replays(folder: Path) -> None:
    with live(folder) as running:
        running.send(*(running.anything() for _ in range(500)))
        running.settle()
        before = running.replayed()
        write(folder, "definitions/team.yaml", TEAM.format(least=40))
        write(folder, "definitions/active.yaml", ACTIVE.format(name="active", days=1))
        found = running.service.changing.preview()
        after = running.replayed(found.as_of)
        entering = {(each.definition, *who) for each in found.differences for who in each.entering}
        leaving = {(each.definition, *who) for each in found.differences for who in each.leaving}
        assert entering == standing(after) - standing(before)
        assert leaving == standing(before) - standing(after)
        assert entering and leaving
        assert sum(each.staying for each in found.differences) == len(standing(before) & standing(after))
        assert running.recorded(["team", "active"]) == before, "a preview changes nothing"


def test_what_is_prepared_follows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with live(folder) as running:
        running.did("ann", "acme", DAY, HOUR)
        write(folder, "definitions/team.yaml", TEAM.format(least=4))
        (first,) = running.service.changing.preview().differences
        assert not first.entering
        monkeypatch.setattr(Evaluator, "prepare", None)  # nothing is evaluated over history again
        running.did("ben", "acme", HOUR // 2, HOUR // 3)
        running.settle()
        (then,) = running.service.changing.preview().differences
        assert (then.entering, then.leaving, then.staying) == (frozenset(), frozenset(), 1)
        running.service.changing.apply()
        assert_as_replayed(running)


def test_only_another_meaning_is_evaluated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with live(folder) as running:
        running.did("ann", "acme", DAY, HOUR)
        since = running.rows("SELECT name, since FROM definitions ORDER BY name")
        monkeypatch.setattr(Builder, "build", None)
        described = "description: People who come back.\nowner: growth\nquantities: {days: distinct_days(Report Run)}\n"
        write(folder, "definitions/active.yaml", ACTIVE.format(name="active", days=2) + described)
        found = running.service.changing.apply()
        assert found.differences == () and set(found.same) == {"active", "team"}
        assert running.rows("SELECT name, since FROM definitions ORDER BY name") == since
        (active,) = [each for each in running.service.project.definitions if each.name == "active"]
        assert active.owner == "growth"
        found = running.service.ask(lambda evaluator: evaluator.standing([("person", "ann")], evaluator.now)[0]).result(
            5
        )
        assert [each.owner for stands, _ in found for each in stands.definitions if each.name == "active"] == ["growth"]


def test_who_enters_and_leaves_by_the_change_is_told_on_request(folder: Path, url: str) -> None:
    with live(folder, connect=lambda: connect(url)) as running:
        for person, days in (("ann", 2), ("ben", 1), ("cleo", 3)):
            running.did(person, "acme", *(day * DAY + HOUR for day in range(days)))
        running.settle()
        assert running.qualified() == {("active", "person", "ann"), ("active", "person", "cleo")} | {
            ("team", "account", "acme")
        }
        write(folder, "definitions/active.yaml", ACTIVE.format(name="active", days=3))
        write(folder, "definitions/keen.yaml", ACTIVE.format(name="keen", days=1))
        found = {each.definition: each for each in running.service.changing.apply(tell_past=True).differences}
        assert {id for _, id in found["active"].leaving} == {"ann"}
        assert {id for _, id in found["keen"].entering} == {"ann", "ben", "cleo"}
        told = [json.loads(notice) for (notice,) in running.rows("SELECT notice FROM deliveries")]
        keen = {(each["subject"], each["change"]) for each in told if each["definition"] == "keen"}
        assert keen == {("ann", "entered"), ("ben", "entered"), ("cleo", "entered")}
        active = [each["subject"] for each in told if each["definition"] == "active" and each["change"] == "retracted"]
        assert active == ["ann"]
        assert_as_replayed(running)


def test_nobody_is_told_that_what_they_were_told_is_taken_back(folder: Path) -> None:
    """A change of meaning is no correction: unless asked for, it is silent; also if it is made while the server is not
    running."""
    with live(folder) as running:
        running.did("ann", "acme", HOUR, DAY + HOUR)
        running.settle()
        assert [each[:3] for each in told_of(running)] == [("ann", "active", "entered")]
        write(folder, "definitions/active.yaml", ACTIVE.format(name="active", days=3))
        running.service.changing.apply()
        assert len(told_of(running)) == 1
    write(folder, "definitions/active.yaml", ACTIVE.format(name="active", days=2))
    with live(folder) as running:
        assert ("active", "person", "ann") in running.qualified()
        assert len(told_of(running)) == 1


def test_faults_change_nothing(folder: Path) -> None:
    with live(folder) as running:
        running.did("ann", "acme", HOUR, DAY + HOUR)
        running.settle()
        before = running.qualified()
        write(folder, "definitions/team.yaml", "definition: team\nsubject: account\nvalue: count(Report Run) >= \n")
        write(folder, "destinations/record.yaml", RECORD.replace("left", "gone"))
        for each in (running.service.changing.preview, running.service.changing.apply):
            with pytest.raises(DefinitionError) as raised:
                each()
            files = {Path(fault.file).name for fault in raised.value.faults}
            assert files == {"team.yaml", "record.yaml"}
        assert running.qualified() == before


def test_a_failing_test_of_a_definition_keeps_it_from_taking_effect(folder: Path) -> None:
    example = """\
tests:
  - name: one day
    subject: ann
    history: [{at: day 0, event: Report Run, person: ann}]
    expect: [{entered: day 0}]
"""
    with live(folder) as running:
        write(folder, "definitions/active.yaml", ACTIVE.format(name="active", days=2) + example)
        with pytest.raises(DefinitionError, match="one day"):
            running.service.changing.apply()


def test_a_failure_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with live(folder) as running:
        running.send(*(running.anything() for _ in range(100)))
        running.settle()
        before = running.qualified()
        write(folder, "definitions/active.yaml", ACTIVE.format(name="active", days=1))
        with monkeypatch.context() as broken:
            broken.setattr(Builder, "build", lambda *what: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                running.service.changing.apply()
        running.service.changing.preview()
        with monkeypatch.context() as broken:
            broken.setattr("fireflower.history.log.verdicts.VerdictLog.mean", lambda *what: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                running.service.changing.apply()
        assert running.qualified() == before
        running.send(*(running.anything() for _ in range(100)))
        running.settle()
        assert running.service.state.ready
        running.service.changing.apply()
        assert_as_replayed(running)


def test_what_the_archive_has_taken_over_is_evaluated_again(folder: Path) -> None:
    with live(folder) as running:
        running.send(*(running.anything() for _ in range(50)))
        running.settle()
        write(folder, "definitions/active.yaml", ACTIVE.format(name="active", days=1))
        running.service.changing.preview()
        running.send(*(running.anything() for _ in range(50)))
        running.settle()
        database = running.service.connect()
        assert Compactor(Project(folder), database, running.service.mappings).compact()
        database.close()
        running.send(*(running.anything() for _ in range(50)))
        running.service.changing.apply()
        assert_as_replayed(running)


def test_more_editions_than_there_may_be_parts(folder: Path) -> None:
    for number in range(8):
        write(folder, f"definitions/d{number}.yaml", ACTIVE.format(name=f"d{number}", days=2))
    with live(folder) as running:
        running.send(*(running.anything() for _ in range(50)))
        for number in range(8):
            write(folder, f"definitions/d{number}.yaml", ACTIVE.format(name=f"d{number}", days=1))
            assert [each.definition for each in running.service.changing.apply().differences] == [f"d{number}"]
            running.send(*(running.anything() for _ in range(20)))
        assert_as_replayed(running)


def test_the_end_waits_for_no_evaluation(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changing, "_PATIENCE", 0.05)
    begun, ended = threading.Event(), threading.Event()

    def prepare(*what: object) -> None:
        begun.set()
        ended.wait(20)
        raise ValueError("too late")

    def preview() -> None:
        with suppress(ValueError):
            running.service.changing.preview()

    with live(folder) as running:
        monkeypatch.setattr(Evaluator, "prepare", prepare)
        thread = threading.Thread(target=preview)
        thread.start()
        assert begun.wait(10)
    ended.set()
    thread.join()


def test_dropping(folder: Path) -> None:
    with live(folder) as running:
        assert not running.service.changing.drop()
        write(folder, "definitions/active.yaml", ACTIVE.format(name="active", days=1))
        running.service.changing.preview()
        assert running.service.changing.drop()
        assert not running.service.changing.drop()


def test_destinations_are_read_again(folder: Path) -> None:
    with live(folder) as running:
        write(folder, "destinations/other.yaml", "destination: other\nfile: {path: other.jsonl}\n")
        assert running.service.changing.apply().destinations == ("other", "record")
        running.did("ann", "acme", HOUR, DAY + HOUR)
        running.settle()
        until = time.monotonic() + 10
        told = folder / "other.jsonl"
        while not (told.exists() and told.read_text().endswith("\n")) and time.monotonic() < until:
            time.sleep(0.01)
        assert json.loads(told.read_text().splitlines()[0])["data"]["subject"]["id"] == "ann"


def test_the_thread_that_follows_survives_trouble(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changing, "_EVERY", 0.01)
    with live(folder) as running:
        write(folder, "definitions/active.yaml", ACTIVE.format(name="active", days=1))
        running.service.changing.preview()
        with monkeypatch.context() as broken:
            broken.setattr(Evaluator, "follow", lambda *what: 1 / 0)
            time.sleep(0.1)
        running.did("ann", "acme", HOUR)
        running.service.changing.apply()
        assert_as_replayed(running)


def test_what_has_followed_halfway_is_prepared_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left out that it had read when something failed."""
    monkeypatch.setattr(changing, "_EVERY", 0.01)
    failed = threading.Event()

    def fail(part: Part, standing: Standing, arrivals: Arrivals, now: int) -> None:
        if len(arrivals):
            failed.set()
            raise StorageError("it failed")

    with live(folder) as running:
        write(folder, "definitions/active.yaml", ACTIVE.format(name="active", days=1))
        running.service.changing.preview()
        with monkeypatch.context() as broken:
            broken.setattr(parts, "tell", fail)
            running.did("ann", "acme", HOUR)
            assert failed.wait(10)
        running.service.changing.apply()
        assert ("ann", "active") in {each[1:3] for each in running.recorded(["active"])}
        assert_as_replayed(running)
