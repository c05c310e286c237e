"""The service, on each database: what is submitted is durable, and the record is what a replay of the log says."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from log.databases import Opener
from log.server import Server
from msgspec.structs import replace
from waiting import eventually

from fireflower.app.live import service as service_module
from fireflower.app.live import writing as writing_module
from fireflower.app.live.evaluating import Evaluator
from fireflower.app.live.inbox import NotReady
from fireflower.app.live.service import ROLES, Service
from fireflower.app.live.sharing import LEASE, evaluate_anew
from fireflower.app.live.writing import Writer
from fireflower.app.project import Project
from fireflower.history.log.connecting import connect
from fireflower.history.log.database import Database, StorageError
from fireflower.history.log.durable import Durable
from fireflower.history.log.leases import SHARES
from fireflower.history.log.messages import Kept, MessageLog
from fireflower.history.log.outbox import Outbox
from fireflower.history.log.postings import Posting
from fireflower.history.log.reading import PLAIN, LogReader
from fireflower.history.log.verdicts import VerdictLog
from fireflower.model.errors import ProjectError
from fireflower.model.messages import Message, Reject
from fireflower.model.moments import DAY, MINUTE
from fireflower.model.records import Kind, Record
from live.projects import MINUTES, expected, messages, moment, project, recorded, standing, standing_after


@dataclass
class Clock:
    now: int = 0

    def __call__(self) -> int:
        return self.now


@contextmanager
def running(
    project: Project, url: str, clock: Clock, lease: float = LEASE, roles: Sequence[str] = ROLES
) -> Iterator[Service]:
    service = Service(project, connect=lambda: connect(url), compiled=False, clock=clock, lease=lease, roles=roles)
    service.start()
    try:
        eventually(lambda: service.state.ready)
        yield service
    finally:
        service.stop()


def feed(service: Service, clock: Clock, some: Sequence[Message], at_once: int) -> None:
    """Have messages come as time goes on, and wait until they are evaluated."""
    for start in range(0, len(some), at_once):
        part = some[start : start + at_once]
        clock.now = part[-1].received
        evaluated = service.state.evaluated
        assert service.submit(part).result(30) == len(part)
        eventually(lambda evaluated=evaluated, part=part: service.state.evaluated == evaluated + len(part))


def test_a_long_history_waits_until_the_kernel_is_compiled(
    tmp_path: Path, url: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme, clock, compiled = project(tmp_path), Clock(), threading.Event()

    class Compiling:
        is_done = staticmethod(compiled.is_set)

        def stop(self) -> None:
            pass

    used: list[bool] = []
    monkeypatch.setattr(service_module, "is_compiled", lambda live: False)
    monkeypatch.setattr(service_module, "Compiling", Compiling)
    monkeypatch.setattr(service_module, "_LONG", 100)
    monkeypatch.setattr(Evaluator, "compiled", property(lambda self: False, lambda self, value: used.append(value)))
    some = messages(7, 150)
    with running(acme, url, clock) as service:
        feed(service, clock, some[:120], 60)
    service = Service(acme, connect=lambda: connect(url), clock=clock)
    service.start()
    try:
        assert service.submit(some[120:]).result(30) == 30
        time.sleep(0.5)
        assert not service.state.ready and used == []
        compiled.set()
        eventually(lambda: service.state.ready)
        clock.now = moment(MINUTES)
        eventually(lambda: service.state.evaluated == 30)
    finally:
        service.stop()
    assert used == [True]
    assert recorded(database) == expected(acme, database, clock.now)


def test_a_fault_is_told_by_its_kind_and_place_alone_and_once(
    tmp_path: Path, url: str, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*given: Any) -> Any:
        raise KeyError(personal)

    acme, clock, personal = project(tmp_path), Clock(), "ann@acme.example"

    with running(acme, url, clock) as service:
        # Of this service alone: others may be at work in this process. First `begin`, as something may be taken in now.
        monkeypatch.setattr(service.evaluator, "begin", fails)
        monkeypatch.setattr(service.evaluator, "take", fails)
        assert service.submit(messages(7, 10)).result(30) == 10
        eventually(lambda: service.state.trouble)
        assert re.fullmatch(
            r"evaluation has stopped by a fault \(KeyError at test_service.py, line \d+\); the log tells more\.",
            service.state.trouble,
        )
        time.sleep(1.2)  # it has been tried again
        told = [each.getMessage() for each in caplog.records if "Evaluation has stopped" in each.getMessage()]
        assert len(told) == 1 and "in fails" in told[0] and personal not in caplog.text
        monkeypatch.undo()
        eventually(lambda: service.state.ready and not service.state.trouble)
        clock.now = moment(MINUTES)
        eventually(lambda: service.state.evaluated == 10)
    assert recorded(database) == expected(acme, database, clock.now)


@pytest.mark.parametrize("at_once", [7, 60])
def test_the_record_is_what_a_replay_says(tmp_path: Path, url: str, database: Database, at_once: int) -> None:
    acme, clock = project(tmp_path), Clock()
    with running(acme, url, clock) as service:
        feed(service, clock, messages(at_once, 300), at_once)
        clock.now = moment(MINUTES)
    told = expected(acme, database, clock.now)
    assert len(told) >= 30
    assert recorded(database) == told
    assert standing(database) == standing_after(told)


def test_after_a_restart_it_is_the_same_and_goes_on(tmp_path: Path, url: str, database: Database) -> None:
    acme, clock, some = project(tmp_path), Clock(), messages(3, 200)
    with running(acme, url, clock) as service:
        feed(service, clock, some[:120], 40)
    before, end = recorded(database), VerdictLog(database).end()
    with running(acme, url, clock) as service:
        assert recorded(database) == before and VerdictLog(database).end() == end
        assert service.submit(some[:120]).result(30) == 0
        feed(service, clock, some[120:], 40)
    assert recorded(database) == expected(acme, database, clock.now) != before
    assert standing(database) == standing_after(recorded(database))


def test_rejects_and_resends(tmp_path: Path, url: str, database: Database) -> None:
    clock = Clock(moment(MINUTES))
    good, bad = messages(1, 1)[0], Message("segment", "bad", b'{"type": "track"}', 1, "web")
    with running(project(tmp_path), url, clock) as service:
        assert service.submit([good, bad, good], [Reject("no JSON", b"\0", 1, "web")]).result(30) == 1
        assert service.submit([good]).result(30) == 0
    assert database.rows("SELECT COUNT(*) FROM messages") == [(1,)]
    assert [body for (body,) in database.rows("SELECT body FROM rejects ORDER BY id")] == [b"\0", bad.body]


def test_of_two_messages_with_one_key_the_first_counts(tmp_path: Path, url: str, database: Database) -> None:
    acme, clock = project(tmp_path), Clock(moment(MINUTES))
    some = [replace(each, key=f"k{number % 40}") for number, each in enumerate(messages(2, 80))]
    with running(acme, url, clock) as service:
        assert service.submit(some).result(30) == 40
    assert recorded(database) == expected(acme, database, clock.now)


def test_what_nobody_waits_for_any_longer_harms_nothing(tmp_path: Path, url: str, database: Database) -> None:
    """Whoever asks may go before the answer: a client that hangs up."""
    some = messages(1, 3)
    service = Service(project(tmp_path), connect=lambda: connect(url), compiled=False, clock=Clock(moment(MINUTES)))
    gone: Future[int] = service.submit(some[:1])
    assert gone.cancel()
    service.start()
    assert service.submit(some[1:]).result(30) == 2
    service.stop()


def test_accounts_follow_from_addresses(tmp_path: Path, url: str, database: Database) -> None:
    acme, clock = project(tmp_path), Clock(moment(MINUTES))
    (acme.folder / "fireflower.yaml").write_text("project: acme\naccount_email: email\n")

    def said(number: int, **body: object) -> Message:
        text = json.dumps({"messageId": f"m{number}", "timestamp": "2026-01-02T00:00:00Z", **body})
        return Message("segment", f"m{number}", text.encode(), clock.now, "web")

    runs = [said(n, type="track", event="Run", userId=("ann", "bob")[n % 2]) for n in range(4)]
    address = {"ann": "ann@acme.com", "bob": "bob@Acme.com"}
    known = [said(10 + n, type="identify", userId=id, traits={"email": address[id]}) for n, id in enumerate(address)]
    with running(Project(acme.folder), url, clock) as service:
        assert service.submit(known[:1] + runs).result(30) == 5
        assert service.submit(known[1:]).result(30) == 1
    with running(Project(acme.folder), url, clock):
        assert {each[:3] for each in standing(database)} >= {("team", "account", "acme.com")}


def test_a_clock_that_was_ahead_is_said_and_undone(
    tmp_path: Path, url: str, opened: Opener, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    acme, clock = project(tmp_path), Clock()
    with running(acme, url, clock) as service:
        feed(service, clock, messages(5, 150), 50)
        right = clock.now
        assert not service.clock_trouble()
        with pytest.raises(ProjectError, match="other processes evaluate this project: stop all of them first"):
            evaluate_anew(opened())
        clock.now += 366 * DAY
        assert service.submit([replace(messages(5, 1)[0], key="ahead")]).result(30) == 1
        eventually(lambda: service.state.evaluated == 151)
        clock.now = right
        assert "is 366 days behind" in service.clock_trouble()
        for number in range(2):
            assert service.submit([replace(messages(5, 1)[0], key=f"late {number}")]).result(30) == 1
            eventually(lambda number=number: service.state.evaluated == 152 + number)
    assert len([each for each in caplog.records if "is 366 days behind" in each.getMessage()]) == 1
    assert recorded(database) != expected(acme, database, right)
    evaluate_anew(database)
    with running(acme, url, clock) as service:
        assert recorded(database) == expected(acme, database, right)
        assert not service.clock_trouble()


# --- Several processes --------------------------------------------------------------------------------------


def test_what_others_write_is_evaluated_too(tmp_path: Path, url: str, opened: Opener, database: Database) -> None:
    acme, clock, some = project(tmp_path), Clock(moment(MINUTES)), messages(6, 90)
    other = Writer(opened(), PLAIN, lambda durable: None)
    other.start()
    with running(acme, url, clock) as service:
        for start in range(0, 90, 15):
            part = some[start : start + 15]
            (other if start // 15 % 2 else service).submit(part).result(30)
        eventually(lambda: service.state.evaluated == 90)
    other.stop()
    assert recorded(database) == expected(acme, database, clock.now)


def test_services_share_the_work(tmp_path: Path, postgresql: str) -> None:
    acme, clock, some = project(tmp_path), Clock(moment(MINUTES)), messages(7, 120)
    with running(acme, postgresql, clock) as first:
        first.submit(some[:40]).result(30)
        with running(acme, postgresql, clock) as second:
            assert first.submit(some[40:80]).result(30) == 40
            eventually(lambda: len(second.evaluator.shares) == len(first.evaluator.shares) == SHARES // 2)
            assert second.submit(some[80:]).result(30) == 40
            eventually(lambda: first.evaluator.position == second.evaluator.position == 120)
            assert not first.state.trouble and not second.state.trouble
        assert first.submit([replace(some[0], key="more")]).result(30) == 1
        eventually(lambda: len(first.evaluator.shares) == SHARES)
    database = connect(postgresql)
    everything = database.rows("SELECT retracted FROM transitions")
    assert recorded(database) == expected(acme, database, clock.now)
    assert len(everything) >= 10
    database.close()


@pytest.fixture
def pair(tmp_path: Path, postgresql: str) -> Iterator[tuple[Service, Service, Clock]]:
    """Two services that share the work, each with files of its own."""
    clock, folders = Clock(moment(MINUTES)), (tmp_path / "one", tmp_path / "other")
    with (
        running(project(folders[0]), postgresql, clock) as one,
        running(project(folders[1]), postgresql, clock) as other,
    ):
        assert one.submit(messages(9, 150)).result(30) == 150
        eventually(lambda: are_shared(one, other) and one.evaluator.position == other.evaluator.position == 150)
        yield one, other, clock


def settle(*services: Service) -> None:
    """Wait until they have evaluated what there is."""
    for each in services:
        eventually(lambda each=each: each.evaluator.position == 210)
        each.ask(lambda evaluator: None).result(30)


def are_shared(*services: Service) -> bool:
    return all(len(each.evaluator.shares) == SHARES // len(services) for each in services)


Pair = tuple[Service, Service, Clock]


def test_edited_files_take_effect_in_all_processes(pair: Pair, postgresql: str) -> None:
    one, other, clock = pair
    for service in pair[:2]:
        edit(service.project)
    changes = one.changing.apply()
    assert {each.definition for each in changes.differences} == {"active", "keen", "quiet"}
    some = messages(10, 60)
    assert other.submit(some[:30]).result(30) == 30
    eventually(lambda: [each.name for each in other.evaluator.definitions] == ["active", "keen", "team"])
    eventually(lambda: are_shared(one, other))
    assert one.submit(some[30:]).result(30) == 30
    settle(one, other)
    assert not one.state.trouble and not other.state.trouble
    database = connect(postgresql)
    assert recorded(database, other.project) == expected(Project(one.project.folder), database, clock.now) != []
    assert standing(database) == standing_after(recorded(database, other.project))
    database.close()


def test_who_does_not_have_the_files_leaves_the_work_to_others(
    pair: tuple[Service, Service, Clock], postgresql: str
) -> None:
    one, other, clock = pair
    edit(one.project)
    one.changing.apply()
    eventually(lambda: len(one.evaluator.shares) == SHARES and not other.evaluator.shares)
    eventually(lambda: "Put the same files into" in other.state.trouble)
    assert other.submit(messages(10, 60)).result(30) == 60
    settle(one)
    edit(other.project)
    eventually(lambda: are_shared(one, other) and not other.state.trouble)
    settle(one, other)
    database = connect(postgresql)
    assert recorded(database, other.project) == expected(Project(one.project.folder), database, clock.now) != []
    database.close()


def test_who_starts_with_other_files_waits(
    pair: tuple[Service, Service, Clock], tmp_path: Path, postgresql: str
) -> None:
    """Its files take effect when nobody is at work by the former ones any more."""
    one, other, clock = pair
    edit(project(tmp_path / "third"))
    third = Service(Project(tmp_path / "third"), connect=lambda: connect(postgresql), compiled=False, clock=clock)
    third.start()
    eventually(lambda: "Put the same files into" in third.state.trouble)
    assert are_shared(one, other) and not third.evaluator.shares
    one.stop()
    eventually(lambda: len(other.evaluator.shares) == SHARES)
    other.stop()
    eventually(lambda: len(third.evaluator.shares) == SHARES and third.state.ready)
    third.stop()
    database = connect(postgresql)
    assert recorded(database, third.project) == expected(third.project, database, clock.now) != []
    database.close()


def edit(project: Project) -> None:
    """One definition means something else, one is new, and one is gone."""
    folder = project.folder / "definitions"
    active = (folder / "active.yaml").read_text()
    (folder / "active.yaml").write_text(active.replace(">= 2", ">= 3"))
    (folder / "keen.yaml").write_text(active.replace(">= 2", ">= 1").replace("active", "keen"))
    (folder / "quiet.yaml").unlink()


def sending(now: int) -> Posting:
    until = now + 5 * MINUTE
    return Posting("k", 1, "crm", "person", "ann", now, "sending", until, 0, "", b"{}", '{"change": "entered"}')


def test_a_second_evaluating_process_on_sqlite_is_refused(tmp_path: Path) -> None:
    acme, clock = project(tmp_path), Clock(moment(MINUTES))
    url = f"sqlite:///{tmp_path}/log.sqlite"
    refused: list[str] = []
    with running(acme, url, clock) as first:
        own = connect(url)  # the first is sending something
        with own.transaction():
            Outbox(own).put([sending(clock.now)])
        second = Service(acme, connect=lambda: connect(url), compiled=False, clock=clock)
        second.when_refused(lambda: refused.append(str(second.state.refused)))
        second.start()
        assert second.submit(messages(8, 20)).result(30) == 20
        eventually(lambda: refused)
        second.stop()
        assert Outbox(own).counts() == {"sending": 1}
        own.close()
        assert "another process evaluates this project already" in refused[0] and str(os.getpid()) in refused[0]
        eventually(lambda: first.evaluator.position == 20)
    with running(acme, url, clock) as third:
        assert not third.state.trouble


# --- Trouble ------------------------------------------------------------------------------------------------


class Breaking:
    """A database that fails at certain moments.

    Attributes
    ----------
    before, after : how often a transaction fails before its commit, and with the answer lost after it
    """

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.before = self.after = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._inner.transaction():
            yield
            if self.before:
                self.before -= 1
                raise StorageError("the connection was lost")
        if self.after:
            self.after -= 1
            raise StorageError("the connection was lost")


def test_a_commit_whose_answer_was_lost_is_followed_all_the_same(opened: Opener) -> None:
    followed: list[int] = []
    breaking = Breaking(opened())
    writer = Writer(breaking, PLAIN, lambda some: followed.extend(some.places.tolist()))
    some = messages(1, 12)
    writer.start()
    assert writer.submit(some[:3]).result(30) == 3
    breaking.after = 1
    with pytest.raises(StorageError):
        writer.submit(some[3:6]).result(30)
    eventually(lambda: len(followed) == 6)
    breaking.after = 1
    with pytest.raises(StorageError):
        writer.submit(some[6:9]).result(30)
    assert writer.submit(some[6:]).result(30) == 3
    writer.stop()
    assert followed == [kept.position for kept in MessageLog(opened()).after(0)] and len(followed) == 12


def test_what_others_write_is_followed_in_parts_and_while_there_is_room(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing_module, "_READ", 5)
    monkeypatch.setattr(writing_module, "_PARTS", 2)
    followed: list[int] = []
    parts: list[int] = []
    room = threading.Event()

    def follow(some: Durable) -> None:
        followed.extend(some.places.tolist())
        parts.append(len(some))

    here = Writer(opened(), PLAIN, follow, has_room=room.is_set, is_idle=room.is_set)
    elsewhere = Writer(opened(), PLAIN, None)
    some = messages(1, 40)
    here.start()
    elsewhere.start()
    elsewhere.submit(some[:30]).result(30)
    time.sleep(0.3)
    assert not followed
    room.set()
    eventually(lambda: len(followed) == 30)
    assert max(parts) == 10
    elsewhere.submit(some[30:35]).result(30)
    here.submit(some[35:38]).result(30)  # whoever is answered here is answered with all that came before
    assert len(followed) == 38
    room.clear()
    elsewhere.submit(some[38:39]).result(30)
    here.submit(some[39:]).result(30)  # unless much waits
    assert len(followed) == 38
    room.set()
    eventually(lambda: len(followed) == 40)
    here.stop()
    elsewhere.stop()
    assert followed == [kept.position for kept in MessageLog(opened()).after(0)]


class Away:
    """A database that may be away, and counts how often it is asked then."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.is_away = False
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        if self.is_away:
            self.asked += 1
            raise StorageError("the connection was lost")
        return self._inner.rows(sql, values)


def test_a_database_that_is_away_is_not_asked_without_a_pause(opened: Opener) -> None:
    away, followed = Away(opened()), []
    writer = Writer(away, PLAIN, lambda some: followed.extend(some.places.tolist()))
    some = messages(1, 6)
    writer.start()
    away.is_away = True
    with pytest.raises(StorageError):
        writer.submit(some[:3]).result(30)
    time.sleep(0.5)
    away.is_away = False
    assert writer.submit(some).result(30) == 6
    writer.stop()
    assert 0 < away.asked < 20
    assert len(followed) == 6


def test_who_evaluates_nobody_compiles_and_prepares_nothing(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "is_compiled", lambda live: False)
    monkeypatch.setattr(service_module, "Compiling", None)
    service = Service(project(tmp_path), connect=lambda: connect(url), roles=("ingest", "deliver"))
    service.start()
    try:
        for change in (service.changing.preview, service.changing.apply):
            with pytest.raises(NotReady, match="evaluates nobody"):
                change()
            assert not service.changing.drop()
    finally:
        service.stop()


@contextmanager
def writing(opened: Opener) -> Iterator[Writer]:
    """Another process that writes."""
    writer = Writer(opened(), PLAIN, None)
    writer.start()
    try:
        yield writer
    finally:
        writer.stop()


def following(project: Project, url: str) -> AbstractContextManager[Service]:
    """A service that only evaluates."""
    return running(project, url, Clock(moment(MINUTES)), roles=("evaluate",))


def test_who_only_evaluates_follows_on_as_soon_as_there_is_nothing_else_to_do(
    tmp_path: Path, url: str, opened: Opener, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Part after part, without waiting for the next look at the log."""
    monkeypatch.setattr(writing_module, "_READ", 5)
    monkeypatch.setattr(writing_module, "_PARTS", 1)
    original = Writer._look

    def look_and_wait_long(self: Writer) -> None:
        original(self)
        if self._doubtful:
            monkeypatch.setattr(writing_module, "_SOON", 600)

    acme = project(tmp_path)
    with writing(opened) as elsewhere, following(acme, url) as service:
        monkeypatch.setattr(Writer, "_look", look_and_wait_long)
        elsewhere.submit(messages(6, 90)).result(30)
        eventually(lambda: service.state.evaluated == 90)
    assert recorded(database) == expected(acme, database, moment(MINUTES)) != []


def test_what_others_write_is_read_while_the_evaluator_waits_for_the_database(
    tmp_path: Path, url: str, opened: Opener, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme, some = project(tmp_path), messages(6, 90)
    original = Evaluator._recorded
    read: list[int] = []

    def record_after_more_has_come(self: Evaluator, *what: Any) -> Any:
        if not read and self.position:
            elsewhere.submit(some[30:]).result(30)
            read.append(0)
            eventually(service.waiting)
            read[0] = service.waiting()
        return original(self, *what)

    with writing(opened) as elsewhere, following(acme, url) as service:
        monkeypatch.setattr(Evaluator, "_recorded", record_after_more_has_come)
        elsewhere.submit(some[:30]).result(30)
        eventually(lambda: service.state.evaluated == 90)
    assert read == [60]
    assert recorded(database) == expected(acme, database, moment(MINUTES)) != []


def test_what_others_write_is_followed_by_who_is_asked_all_the_time(tmp_path: Path, url: str, opened: Opener) -> None:
    some = messages(6, 2)
    with writing(opened) as elsewhere, following(project(tmp_path), url) as service:

        def until_more_has_come(number: int) -> int:
            elsewhere.submit([some[number]]).result(30)
            eventually(service.waiting)
            return number

        def the_next_waiting(_: Evaluator) -> Future[int]:
            later = service.ask(lambda _: until_more_has_come(1))  # it is busy: in its own thread
            until_more_has_come(0)
            return later

        assert service.ask(the_next_waiting).result(30).result(30) == 1


@pytest.mark.parametrize("together", [False, True])
def test_who_is_who_is_not_told_by_what_was_there_already(opened: Opener, together: bool) -> None:
    """Whoever gives one id to two messages loses the second; but not what a third one says again."""
    said = [("m1", "ann", "x1"), ("m1", "ben", "x2"), ("m2", "ben", "x2"), ("m3", "ben", "x2")]
    some = [
        Message("segment", key, json.dumps(body).encode(), 0, "web")
        for key, person, other in said
        for body in [{"type": "identify", "userId": person, "anonymousId": other, "timestamp": "2026-01-01T00:00:00Z"}]
    ]
    followed: list[Record] = []
    writer = Writer(opened(), PLAIN, lambda some: followed.extend(each.record for each in some.arrivals.numbered()))
    writer.start()
    for batch in [some] if together else [[each] for each in some]:
        writer.submit(batch).result(30)
    writer.stop()
    assert [(each.person, each.value) for each in followed] == [("ann", "x1"), ("ben", "x2")]
    log = LogReader(opened(), PLAIN).told(MessageLog(opened()).all())
    assert [(each.person, each.other) for told in log for each in told] == [("ann", "x1"), ("ben", "x2")]


def test_what_others_said_while_one_waited_for_them_is_not_said_again(opened: Opener) -> None:
    """Two processes, the second of which has read its message before the first has written one that says the same."""
    told: list[Record] = []
    writers = [
        Writer(opened(), PLAIN, lambda some: told.extend(each.record for each in some.arrivals.numbered()))
        for _ in range(2)
    ]
    for writer in writers:
        writer.start()
    between = opened()
    with between.transaction():
        between.in_order("messages")
        waiting = []
        for number, writer in enumerate(writers):
            body = {
                "uuid": str(number),
                "event": "login",
                "distinct_id": "ann",
                "timestamp": f"2026-01-01T00:00:0{number}Z",
            }
            said = json.dumps(body | {"properties": {"$set_once": {"source": f"ad {number}"}}}).encode()
            waiting.append(writer.submit([Message("posthog", str(number), said, 1, "web")]))
            time.sleep(0.2)
    assert [each.result(30) for each in waiting] == [1, 1]
    for writer in writers:
        writer.stop()
    assert between.rows("SELECT COUNT(*) FROM firsts") == [(1,)]
    log = LogReader(between, PLAIN).told(MessageLog(between).all())
    assert len([each for said in log for each in said if each.name == "source"]) == 1
    assert len({each.value for each in told if each.name == "source"}) == 1


def test_who_is_who_is_told_by_what_has_been_kept(opened: Opener) -> None:
    """A message that says so and could not be written says it again when it comes again."""
    body = b'{"type": "identify", "userId": "ann", "anonymousId": "x1", "timestamp": "2026-01-01T00:00:00Z"}'
    followed: list[Record] = []
    breaking = Breaking(opened())
    writer = Writer(breaking, PLAIN, lambda some: followed.extend(each.record for each in some.arrivals.numbered()))
    writer.start()
    breaking.before = 1
    with pytest.raises(StorageError):
        writer.submit([Message("segment", "a", body, 1, "web")]).result(30)
    assert writer.submit([Message("segment", "a", body, 1, "web")]).result(30) == 1
    writer.stop()
    assert any(each.kind == Kind.IDENTITY and each.value == "x1" for each in followed)
    assert len(MessageLog(opened()).after(0)) == 1


def test_after_trouble_the_record_is_what_a_replay_says(tmp_path: Path, url: str, database: Database) -> None:
    acme, clock, some = project(tmp_path), Clock(), messages(5, 240)
    connections: list[Breaking] = []

    def breaking() -> Database:
        connections.append(Breaking(connect(url)))
        return connections[-1]  # type: ignore[return-value]

    service = Service(acme, connect=breaking, compiled=False, clock=clock)
    service.start()
    for start in range(0, 240, 20):
        part = some[start : start + 20]
        clock.now = part[-1].received
        setattr(connections[start // 20 % 2], "before" if start // 40 % 2 else "after", 1)
        try:
            service.submit(part).result(30)
        except StorageError:
            service.submit(part).result(30)
    eventually(lambda: not any(each.before or each.after for each in connections) and service.state.ready)
    service.stop()
    assert database.rows("SELECT COUNT(*) FROM messages") == [(240,)]
    assert recorded(database) == expected(acme, database, clock.now)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_server_that_is_restarted_under_load(tmp_path: Path, own: Server, mode: str) -> None:
    """Nothing that was acknowledged is lost, and the service goes on by itself."""
    acme, clock, some = project(tmp_path), Clock(), messages(8, 20_000)
    acknowledged, refused = list[str](), list[str]()
    enough = threading.Event()

    def submit(service: Service) -> None:
        for start in range(0, len(some), 5):
            part = some[start : start + 5]
            clock.now = part[-1].received
            while not _is_kept(service, part, refused):
                time.sleep(0.02)
            acknowledged.extend(message.key for message in part)
            if enough.is_set():
                break

    with running(acme, own.url("postgres"), clock) as service:
        thread = threading.Thread(target=submit, args=(service,))
        thread.start()
        for _ in range(2):
            count = len(acknowledged)
            eventually(lambda count=count: len(acknowledged) >= count + 50)
            own.stop(mode)
            eventually(lambda: refused)
            own.start()
            refused.clear()
        enough.set()
        thread.join()
        eventually(lambda: service.state.ready and not service.waiting())
    database = connect(own.url("postgres"))
    assert enough.is_set() and database.rows("SELECT COUNT(*) FROM messages") == [(len(acknowledged),)]
    assert recorded(database) == expected(acme, database, clock.now) != []
    assert standing(database) == standing_after(recorded(database))
    database.close()


def _is_kept(service: Service, part: list[Message], refused: list[str]) -> bool:
    try:
        service.submit(part).result(30)
    except StorageError as error:
        refused.append(str(error))
        return False
    return True


def test_what_comes_while_history_is_evaluated_is_not_lost(
    tmp_path: Path, opened: Opener, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme, some = project(tmp_path), messages(4, 60)
    original = MessageLog.all

    def all_and_then_more(self: MessageLog, *how: int) -> Iterator[Kept]:
        yield from original(self, *how)
        writer = Writer(opened(), PLAIN, taken.append)
        writer.start()
        writer.submit(some).result(30)
        writer.stop()

    taken: list[Durable] = []
    monkeypatch.setattr(MessageLog, "all", all_and_then_more)
    evaluator = Evaluator(acme, opened(), PLAIN, compiled=False)
    evaluator.begin(0)
    monkeypatch.undo()
    came = Durable.together(taken)
    evaluator.take(came, moment(MINUTES))
    assert len(came) == 60
    assert recorded(database) == expected(acme, database, moment(MINUTES)) != []
