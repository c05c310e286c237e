"""Who begins goes on from where the record ends, if all that it rests on is as it was; else everything is compared."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from log.databases import Opener

from fireflower.app.live.evaluating import Evaluator
from fireflower.app.live.forgetting import Forgetter
from fireflower.app.live.retaining import Retainer
from fireflower.app.live.writing import Writer
from fireflower.app.project import Project
from fireflower.history.log.durable import Durable
from fireflower.history.log.reading import PLAIN
from fireflower.history.log.verdicts import VerdictLog
from fireflower.model.messages import Message
from fireflower.model.moments import DAY
from live.messaging import Side, at, make_project, track
from live.projects import MINUTES, expected, messages, moment, project, recorded, standing, standing_after, written
from live.test_one_history import everything, import_file, live, replayed


@pytest.fixture
def side(tmp_path: Path) -> Iterator[Side]:
    found = Side(make_project(tmp_path / "project"))
    found.take(*everything()[:20], now=at(1.5))
    yield found
    found.close()


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often the whole record has been compared."""
    found: list[int] = []
    whole = VerdictLog.record_all

    def record_all(self: VerdictLog, *what: object, **how: object) -> object:
        found.append(1)
        return whole(self, *what, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(VerdictLog, "record_all", record_all)
    return found


@pytest.mark.parametrize("compacted", [False, True])
def test_it_goes_on(side: Side, compared: list[int], compacted: bool) -> None:
    before = side.transitions()
    if compacted:
        side.compactor().compact()
        side.take(now=at(1.5))
        compared.clear()
    side.restart(at(1.6))
    assert not compared and live(side) == replayed(side.project, at(1.6))
    side.stop()
    news = side.restart(at(9))
    assert not compared and news.new and not news.retracted
    assert all(not each.past for each in news.new)
    assert live(side) == replayed(side.project, at(9)) and len(side.transitions()) >= len(before)


def test_what_has_come_meanwhile_is_news(side: Side, compared: list[int]) -> None:
    """Some of it late, so that something is told again; and some of it was recorded, but not noted to be."""
    side.stop()
    leases = side.database.rows("SELECT share, position, moment FROM leases")
    side.restart(at(1.5))
    side.take(*everything()[20:], track("z1", 0.9, "zoe", "export"), track("z2", 1.45, "zoe", "export"), now=at(1.7))
    for half in (leases[::2], leases):
        side.evaluator.keep = lambda: None  # type: ignore[method-assign]  # it is killed
        side.database.many(
            "UPDATE leases SET position = ?, moment = ? WHERE share = ?", [(p, m, s) for s, p, m in half]
        )
        before = side.transitions()
        news = side.restart(at(1.7))
        assert not compared and not news.new and not news.retracted
        assert side.transitions() == before
    with side.database.transaction():
        side.database.rows("DELETE FROM transitions WHERE subject = 'zoe'")
        side.database.rows("DELETE FROM standing WHERE subject = 'zoe'")
    put_back(side, leases)
    side.evaluator.keep = lambda: None  # type: ignore[method-assign]
    news = side.restart(at(1.7))
    assert {(each.subject, each.past) for each in news.new} == {("zoe", False)} and not compared
    assert live(side) == replayed(side.project, at(1.7))


def put_back(side: Side, leases: list[tuple[int, int, int]]) -> None:
    """Less has been noted to be evaluated than has been."""
    how = [(position, moment, share) for share, position, moment in leases]
    side.database.many("UPDATE leases SET position = ?, moment = ? WHERE share = ?", how)


@pytest.mark.parametrize("seed", [3, 20, 48, 59])
def test_killed_at_any_moment(tmp_path: Path, opened: Opener, seed: int, compared: list[int]) -> None:
    """Then some subjects have been evaluated further than others, and less is noted than is recorded."""
    database, chance, acme, some = opened(), random.Random(seed), project(tmp_path), messages(seed, 240)
    waiting: list[Durable] = []
    writer = Writer(opened(), PLAIN, waiting.append)
    writer.start()
    evaluator = Evaluator(acme, database, PLAIN, compiled=False)
    evaluator.begin(0)
    start = 0
    while start < len(some):
        size = chance.choice((1, 3, 10))
        part, start = some[start : start + size], start + size
        writer.submit(part).result(30)
        if chance.random() < 0.3:
            evaluator = Evaluator(acme, database, PLAIN, compiled=False)
            evaluator.begin(part[-1].received)
            waiting.clear()
        elif chance.random() < 0.8:
            evaluator.take(Durable.together(waiting), part[-1].received)
            waiting.clear()
    evaluator.take(Durable.together(waiting), moment(MINUTES))
    writer.stop()
    assert len(compared) == 1
    assert recorded(database) == expected(acme, database, moment(MINUTES)) != []
    assert standing(database) == standing_after(recorded(database))


@pytest.mark.parametrize("merged", [True, False])
def test_who_was_further_and_is_somebody_else_by_now(
    tmp_path: Path, opened: Opener, merged: bool, compared: list[int]
) -> None:
    """A transition of somebody who came late, and further than was noted for others, goes if the events turn out to be
    somebody else's: nobody tells those who have no events of their own."""
    database, acme = opened(), project(tmp_path)
    waiting: list[Durable] = []
    writer = Writer(opened(), PLAIN, waiting.append)
    writer.start()
    evaluator = Evaluator(acme, database, PLAIN, compiled=False)
    evaluator.begin(0)

    def come(received: int, happened: int, **body: str) -> None:
        key = f"{received} {happened}"
        said = body | {"messageId": key, "timestamp": written(happened), "receivedAt": written(received)}
        writer.submit([Message("segment", key, json.dumps(said).encode(), moment(received), "web")]).result(30)

    come(100, 100, type="track", event="Run", userId="ann")
    evaluator.take(Durable.together(waiting), moment(100))
    evaluator.keep()
    waiting.clear()
    come(200, 60, type="track", event="Opened", anonymousId="x1")
    come(200, 61, type="track", event="Opened", anonymousId="x1")
    evaluator.take(Durable.together(waiting), moment(200))
    assert {each[3] for each in recorded(database)} == {"x1"}
    if merged:
        come(210, 210, type="identify", userId="ann", anonymousId="x1")
    writer.stop()
    evaluator = Evaluator(acme, database, PLAIN, compiled=False)
    evaluator.begin(moment(220))
    assert len(compared) == 1
    assert recorded(database) == expected(acme, database, moment(220)) != []
    assert {each[3] for each in recorded(database)} == {"ann" if merged else "x1"}
    assert standing(database) == standing_after(recorded(database))


@pytest.mark.parametrize("what", ["import", "definition", "program", "forget", "retain"])
def test_if_anything_else_has_changed_it_compares(
    side: Side, compared: list[int], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    side.stop()
    match what:
        case "import":
            import_file(
                side.project, "a.jsonl", [track("f1", 0.05, "ann", "export"), track("f2", 0.06, "ann", "export")]
            )
        case "definition":
            file = side.project.folder / "definitions" / "active-people.yaml"
            file.write_text(file.read_text().replace(">= 2", ">= 1"))
            side.project = Project(side.project.folder)
        case "program":
            monkeypatch.setattr("fireflower.app.live.building.source", lambda: "another")
        case "forget":
            with Forgetter(side.project, patience=0.1) as forgetter:
                forgetter.forget("ben", at(1.6))
        case "retain":
            Retainer(lambda: side.project, DAY // 2, compiled=False).retain(at(1.6))
    side.restart(at(1.7))
    assert compared
    compared.clear()
    if what in ("definition", "program"):
        assert live(side) == replayed(side.project, at(1.7))
    side.restart(at(1.7))
    assert not compared
