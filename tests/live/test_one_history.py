"""Files that are imported and messages that come live are one history, whichever comes first."""

from __future__ import annotations

import json
import random
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from waiting import soon

from fireflower.app.live.compacting import Compactor
from fireflower.app.live.database import log_file
from fireflower.app.live.housekeeping import Compaction, Housekeeper
from fireflower.app.live.service import Service
from fireflower.app.project import Project
from fireflower.app.replaying import transitions_of
from fireflower.evaluate.results import Change, Subject
from fireflower.history.log.database import SQLite
from fireflower.history.log.verdicts import News
from fireflower.model.messages import Message
from live.messaging import JOINING, START, Side, at, iso, make_project, segment, track

Facts = tuple[str, str, str, str, int]


@contextmanager
def one_side() -> Iterator[Side]:
    with tempfile.TemporaryDirectory() as folder:
        side = Side(make_project(Path(folder) / "project"), JOINING)
        try:
            yield side
        finally:
            side.close()


def everything() -> list[Message]:
    return [
        segment("g1", 0.0, type="group", userId="ann", groupId="acme", traits={"plan": "free"}),
        track("e1", 0.1, "ann", "export", "acme"),
        track("e2", 0.2, "ben", "export", "acme"),
        segment("i1", 0.3, type="track", event="export", anonymousId="a-1"),
        segment("i2", 0.4, type="track", event="login", userId="cem", anonymousId="a-1"),
        track("l1", 0.9, "ann", "login"),
        segment("g2", 1.0, type="group", groupId="acme", traits={"plan": "pro"}),
        track("l2", 1.1, "ben", "login", "beta"),
        segment("i3", 1.2, type="track", event="export", userId="cem", anonymousId="a-1"),
        track("e3", 1.3, "ben", "export", "acme"),
        track("soon", 2.5, "ann", "export", received=1.35),
        segment("n1", 1.4, type="identify", userId="eve", traits={"source": "ads"}),
    ]


def import_file(project: Project, name: str, messages: list[Message]) -> None:
    path = project.folder / name
    path.write_bytes(b"".join(message.body + b"\n" for message in messages))
    project.open_archive().ingest(path, JOINING["segment"])


def moved(message: Message, days: float) -> Message:
    """The same message, but said to have happened at another time."""
    body = json.loads(message.body)
    body["timestamp"] = iso(at(days))
    return Message(message.form, message.key, json.dumps(body).encode(), message.received, message.source)


def live(side: Side) -> list[Facts]:
    return sorted((kind, id, name, change, moment) for kind, id, name, change, _, moment, *_ in side.transitions())


def replayed(project: Project, now: int) -> list[Facts]:
    """What the batch commands say."""
    found = transitions_of(Project(project.folder), project.definitions, as_of=now)
    return sorted(
        (
            Subject(found.kind[i]).name.lower(),
            found.subject_id(i),
            found.definitions[found.definition[i]].name,
            Change(found.change[i]).name.lower(),
            int(found.at[i]),
        )
        for i in range(len(found))
    )


@settings(max_examples=7, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.randoms(use_true_random=False), st.integers(0, 12), st.integers(0, 12), st.booleans())
def test_files_and_messages_overlap(dice: random.Random, first: int, second: int, restarts: bool) -> None:
    messages = everything()
    in_files = [[each for each in messages if dice.random() < 0.5] for _ in range(2)]
    in_files[1] = [moved(each, dice.choice((0.05, 1.0, 1.45))) for each in in_files[1]]
    dice.shuffle(messages)
    with one_side() as side:
        for number in range(len(messages) + 1):
            now = at(1.5 + number / 1000)
            for name, moment, file in (("a.jsonl", first, in_files[0]), ("b.jsonl", second, in_files[1])):
                if number == moment and file:
                    import_file(side.project, name, file)
            if restarts and number == second:
                side.restart(now)
            side.take(*messages[number : number + 1], now=now)
        now = at(1.6)
        side.take(now=now)
        before = live(side)
        side.compactor().compact()
        assert before == replayed(side.project, now)
        side.take(now=now)
        assert live(side) == before


def test_batch_commands_see_what_has_come_live(tmp_path: Path) -> None:
    with one_side() as side:
        side.take(*everything(), now=at(1.5))
        standing = Project(side.project.folder).qualify("active-people", as_of=at(1.5)).standing
        assert {standing.subject_id(i) for i in range(len(standing))} == {"ben", "cem"}
        side.take(track("e9", 1.55, "eve", "export"), track("e10", 1.56, "eve", "export"), now=at(1.6))
        assert Project(side.project.folder).explain("eve", "active-people", as_of=at(1.6))[0].qualified
        assert Project(side.project.folder).doctor().history is not None


def test_what_an_import_brings_about_for_the_past_is_no_news() -> None:
    with one_side() as side:
        side.take(track("e1", 0.1, "ann", "export"), now=at(0.2))
        import_file(side.project, "a.jsonl", [track("f1", 0.05, "ann", "export"), track("f2", 0.06, "ben", "export")])
        waits = side.write(track("e2", 0.15, "ben", "export", received=0.21))
        news = side.evaluator.take(waits, at(0.3))
        assert {(each.subject, each.past) for each in news.new} == {("ann", True), ("ben", False)}
        import_file(side.project, "b.jsonl", [track("f3", 0.07, "cem", "export"), track("f4", 0.08, "cem", "export")])
        news = side.restart(at(0.4))
        assert [(each.subject, each.past) for each in news.new] == [("cem", True)]


def test_the_service_goes_on_while_others_import_and_compact(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    heard: list[News] = []
    service = Service(project, compiled=False, clock=lambda: at(2))
    service.listen(heard.append)
    service.start()
    soon(lambda: service.state.ready)
    stopped = threading.Event()

    def send() -> None:
        number = 0
        while not stopped.is_set():
            service.submit([track(f"m{number}", 1 + number / 10000, f"person {number % 7}", "export")]).result()
            number += 1

    sender = threading.Thread(target=send)
    sender.start()
    try:
        for number in range(3):
            import_file(project, f"{number}.jsonl", [track(f"f{number}", 1.0, "imported", "export")])
            Project(project.folder).qualify(as_of=at(2))
    finally:
        stopped.set()
        sender.join()
    soon(lambda: service.waiting() == 0)
    service.stop()
    entered = [each.subject for news in heard for each in news.new if each.definition == "active-people"]
    assert sorted(entered) == sorted({*(f"person {number}" for number in range(7)), "imported"})
    assert not any(news.retracted for news in heard)
    database = SQLite(log_file(project))
    verdicts = database.rows("SELECT subject FROM transitions WHERE definition = 'active-people'")
    assert sorted(subject for (subject,) in verdicts) == sorted(entered)


@pytest.mark.parametrize(("messages", "after", "moves"), [(3, 10**12, True), (4, 10**12, False), (4, 10, True)])
def test_the_service_compacts_by_itself(messages: int, after: int, moves: bool) -> None:
    with one_side() as side:
        side.take(*everything()[:3], now=START)
        compactor = Compactor(side.project, side.database, JOINING)
        keeper = Housekeeper(compactor, Compaction(after, messages), lambda: side.evaluator.position, lambda: at(2))
        assert bool(keeper.look_around()) == moves
        assert keeper.look_around() == 0
