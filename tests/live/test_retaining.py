"""Events that are too old go; what was decided by means of them stays, and nobody is told anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fireflower.app.live.housekeeping import Compaction, Housekeeper
from fireflower.app.live.retaining import Retainer
from fireflower.app.project import Project
from fireflower.cli.program import program
from fireflower.history.log.durable import Durable
from fireflower.history.log.messages import MessageLog
from fireflower.model.errors import ProjectError
from fireflower.model.messages import Message, Reject
from fireflower.model.moments import DAY
from live.messaging import JOINING, Side, at, make_project, segment, track

KEPT = 30 * DAY


def said() -> list[Message]:
    return [
        *(track(f"a{n}", n, "ann", "export", "acme") for n in range(4)),
        segment("i", 1, type="identify", userId="ann", traits={"plan": "pro"}),
        *(track(f"b{n}", 20 + 8 * n, "ann", "export", "acme") for n in range(3)),
        *(track(f"c{n}", 38 + n, "ben", "export", "beta") for n in range(3)),
    ]


@pytest.fixture
def side(tmp_path: Path) -> Iterator[Side]:
    project = make_project(tmp_path / "project")
    (project.folder / "definitions" / "busy.yaml").write_text(
        "definition: busy\nsubject: account\nvalue: count(export) >= 6\n"
    )
    found = Side(Project(project.folder), JOINING)
    found.take(*said(), now=at(41))
    yield found
    found.close()


def test_what_is_old_goes_and_what_was_decided_stays(side: Side) -> None:
    before = [row[:6] for row in side.transitions()]
    assert ("account", "acme", "busy", "entered") in {row[:4] for row in before}
    with side.database.transaction():
        MessageLog(side.database).reject([Reject("no", b"old", at(1), "web"), Reject("no", b"new", at(40), "web")])
    side.evaluator.keep()
    gone = Retainer(lambda: side.project, KEPT, compiled=False).retain(at(42))
    assert (gone.before, gone.events, gone.rejects, gone.settled) == (at(12), 4, 1, 2)
    assert [row[0] for row in side.database.rows("SELECT body FROM rejects")] == [b"new"]
    archive = side.project.open_archive()
    assert archive.first_event() == at(20)
    assert [record.name for record in archive.history("person", "ann") if record.time < at(12)] == ["plan"]
    news = side.evaluator.take(Durable.of([]), at(41.1))
    assert not news.retracted and all(each.past and each.reason == "history removed" for each in news.new)
    after = [row[:6] for row in side.transitions()]
    assert after[: len(before)] == before
    assert {row[1:5] for row in after[len(before) :]} == {("acme", "busy", "left", "history removed")}
    late = track("late", 40.5, "ben", "export", "gamma"), track("n", 41.2, "ben", "export", "beta")
    news = side.take(*late, now=at(41.3))
    assert not news.retracted
    assert not side.restart(at(41.4)).new


def test_of_whom_nothing_depends_on_it_is_told_as_ever(side: Side) -> None:
    """A late event from before the removal still counts, for all whose past would have been the same."""
    Retainer(lambda: side.project, KEPT, compiled=False).retain(at(41))
    side.evaluator.take(Durable.of([]), at(41.1))
    some = [track(f"g{n}", 40.1 + n / 10, "dan", "export", "gamma") for n in range(3)]
    news = side.take(*some, now=at(41.2))
    told = {(each.subject, each.definition, each.change, each.past) for each in news.new}
    assert ("gamma", "active-accounts", "entered", False) in told


def test_again_it_does_nothing(side: Side) -> None:
    retainer = Retainer(lambda: side.project, KEPT, compiled=False)
    assert retainer.retain(at(41)).events == 4
    assert not retainer.is_due(at(41)) and retainer.is_due(at(51))
    gone = retainer.retain(at(41))
    assert (gone.events, gone.settled) == (0, 0)


def test_the_service_does_it_once_a_day(side: Side) -> None:
    now = [at(41)]
    retainer = Retainer(lambda: side.project, KEPT, compiled=False)
    side.compactor().compact()
    keeper = Housekeeper(side.compactor(), Compaction(), lambda: side.evaluator.position, lambda: now[0], retainer)
    keeper.retain()
    assert side.project.open_archive().first_event() == at(20)
    now[0] = at(41.9)
    assert retainer.retain(at(51)).events == 1
    keeper.retain()
    now[0] = at(62)
    keeper.retain()
    assert side.project.open_archive().first_event() == at(36)


def test_it_goes_by_what_has_taken_effect(side: Side) -> None:
    file = side.project.folder / "definitions" / "busy.yaml"
    busy = file.read_text()
    file.write_text(busy.replace(">= 6", ">= 600"))
    former, edited = side.project, Project(side.project.folder)
    with pytest.raises(ProjectError, match=r"say something else than is at work, of busy\. .*`fireflower apply`"):
        Retainer(lambda: edited, KEPT, compiled=False).retain(at(42))
    file.write_text(busy)

    works = [edited]
    retainer = Retainer(lambda: works[0], KEPT, compiled=False)
    works[0] = former
    before = {row[:6] for row in side.transitions()}
    assert retainer.retain(at(42)).events == 4
    side.evaluator.take(Durable.of([]), at(42.1))
    assert before <= {row[:6] for row in side.transitions()}


def test_the_command(side: Side) -> None:
    side.stop()

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(program, ["retain", "-p", str(side.project.folder), *arguments])

    assert "retention: 400 days" in run("--yes").output
    refused = run("--older-than", "1 day")
    assert "Events from before" in refused.output and "--yes" in refused.output and refused.exit_code
    done = run("--older-than", "1 day", "--yes")
    assert done.exit_code == 0 and "Removed: 10 events" in done.output, done.output
