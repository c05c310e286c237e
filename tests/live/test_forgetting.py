"""A person who is forgotten is nowhere any longer, and nothing changes for others."""

from __future__ import annotations

import gzip
import json
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from waiting import soon

from fireflower.app.live.exporting import export
from fireflower.app.live.forgetting import Forgetter
from fireflower.app.live.service import Service
from fireflower.app.project import Project
from fireflower.cli.program import program
from fireflower.history.archive.importing import Importer
from fireflower.history.archive.manifest import Manifest
from fireflower.history.forgotten import Naming
from fireflower.history.log.durable import Durable
from fireflower.history.log.messages import MessageLog, stored_key
from fireflower.history.log.scrubbing import Scrubbing
from fireflower.history.mapping import Mapping
from fireflower.model.errors import UnknownSubjectError
from fireflower.model.messages import Message, Reject, key_for
from live.messaging import JOINING, Side, at, make_project, segment, track
from live.test_one_history import live, replayed

SECRETS = (b"cemil", b"anon-77", b"cemil@example.com", b"topsecret", b"hushed")
"""Ids, a trait and a property of one person that nobody else has."""


def of_cemil() -> list[Message]:
    return [
        segment("c1", 0.1, type="track", event="export", userId="cemil", anonymousId="anon-77"),
        track("c2", 0.2, "cemil", "export", "acme", properties={"note": "hushed"}),
        segment("c3", 0.3, type="identify", userId="cemil",
                traits={"email": "cemil@example.com", "source": "ads", "code": "topsecret"}),
        segment("c4", 0.4, type="group", userId="cemil", groupId="acme", traits={"plan": "pro"}),
        segment("c5", 0.5, type="track", event="login", anonymousId="anon-77"),
    ]  # fmt: skip


OF_ACME = segment("c4", 0.4, type="group", groupId="acme", traits={"plan": "pro"})
"""What Cemil has said of others."""


def of_others() -> list[Message]:
    return [
        track("e1", 0.11, "ann", "export", "acme"),
        track("e2", 0.22, "ann", "export", "acme", properties={"note": "plain"}),
        track("e3", 0.33, "ben", "login", "acme"),
        segment("e4", 0.44, type="identify", userId="ben", traits={"source": "ads", "email": "ben@example.com"}),
        segment("e5", 0.55, type="group", userId="ben", groupId="acme", traits={"plan": "pro"}),
        track("e6", 0.66, "cemilia", "export", "beta"),
    ]


def import_file(project: Project, folder: Path, name: str, messages: list[Message], *bad: bytes) -> Any:
    path = folder / name
    path.write_bytes(b"".join(line + b"\n" for line in (*(each.body for each in messages), *bad)))
    return project.open_archive().ingest(path, JOINING["segment"])


@contextmanager
def a_side(folder: Path, *, with_cemil: bool = True) -> Iterator[Side]:
    side = Side(make_project(folder / "project"), JOINING)
    try:
        theirs = of_cemil() if with_cemil else [OF_ACME]
        bad = [b'{"type": "track", "userId": "cemil", "timestamp": "no time"}'] if with_cemil else []
        import_file(side.project, folder, "a.jsonl", [*(theirs[:3] if with_cemil else []), *of_others()[:3]], *bad)
        side.take(*(theirs[2:] or theirs), *of_others()[2:], now=at(1))
        yield side
    finally:
        side.close()


def deliver(side: Side) -> None:
    with side.database.transaction():
        MessageLog(side.database).reject(
            [Reject("no", b'{"userId":"cemil"}', at(1), "web"), Reject("no", b'{"userId":"cemilia"}', at(1), "web")]
        )
        side.database.rows(
            "INSERT INTO deliveries (key, transition, destination, kind, subject, planned, state, due, attempts, "
            "reason, payload, notice) VALUES ('d1', 1, 'crm', 'person', 'cemil', 5, 'sent', 5, 1, '', ?, '{}'), "
            "('d2', 1, 'crm', 'account', 'acme', 6, 'waiting', 6, 1, '', ?, '{\"by\": \"export of cemil\"}')",
            (b'{"id": "cemil"}', b'{"people": ["cemil", "cemilia"]}'),
        )
        side.database.rows("INSERT INTO attempts (delivery, at, outcome, detail) VALUES ('d1', 6, 'sent', '200')")


def forget(side: Side, person: str = "cemil", days: float = 1.1, patience: float = 5) -> Any:
    with Forgetter(side.project, patience=patience) as forgetter:
        return forgetter.forget(person, at(days))


def found(folder: Path) -> list[str]:
    """Where something of theirs is: in which file, and what."""
    where = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += str(pq.read_table(path).to_pydict()).encode()
        elif path.suffix == ".arrow":
            with suppress(pa.ArrowInvalid):
                content += str(pa.ipc.open_file(path).read_all().to_pydict()).encode()
        content = content.replace(b"cemilia", b"")
        where += [f"{path.name}: {secret!r}" for secret in SECRETS if secret in content]
    return where


def forget_beside(side: Side, days: float = 1.1, person: str = "cemil") -> Any:
    """Forget while the evaluator goes on: it lets the history of before go when it looks again."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(forget(side, person, days)))
    thread.start()
    while thread.is_alive():
        side.evaluator.take(Durable.of([]), at(days))
        time.sleep(0.05)
    thread.join()
    return results[0]


@pytest.mark.parametrize("id", ["cemil", "anon-77"])
def test_nothing_is_left_and_others_stay(tmp_path: Path, id: str) -> None:
    (tmp_path / "other").mkdir()
    with a_side(tmp_path) as side, a_side(tmp_path / "other", with_cemil=False) as without:
        deliver(side)
        assert found(side.project.folder)
        done = forget_beside(side, person=id)
        assert (done.ids, done.whole, done.kept_aside) == (2, True, 1), done
        assert found(side.project.folder) == []
        assert [row[0] for row in side.database.rows("SELECT body FROM rejects")] == [b'{"userId":"cemilia"}']
        payload, notice = side.database.rows("SELECT payload, notice FROM deliveries")[0]
        assert json.loads(payload) == {"people": ["a person who was forgotten", "cemilia"]}
        assert json.loads(notice) == {"by": "export of a person who was forgotten"}
        assert replayed(side.project, at(1.2)) == replayed(without.project, at(1.2))
        with pytest.raises(UnknownSubjectError):
            list(export(Project(side.project.folder), "cemil"))
        side.restart(at(1.3))
        assert {row[1] for row in side.transitions() if row[0] == "person"} == {
            row[1] for row in without.transitions() if row[0] == "person"
        }
        assert found(side.project.folder) == []


def test_the_record_of_accounts_stands_and_what_follows_is_of_what_is_left(tmp_path: Path) -> None:
    with a_side(tmp_path) as side:
        before = [row[:6] for row in side.transitions() if row[0] == "account"]
        assert ("account", "acme", "active-accounts", "entered") in {row[:4] for row in before}
        forget_beside(side)
        after = [row[:6] for row in side.transitions() if row[0] == "account"]
        assert after[: len(before)] == before
        assert [row[2:] for row in after[len(before) :]] == [
            ("active-accounts", "left", "history removed", at(1.1)),
        ]
        assert not any(b"cemil" in str(row).encode() for row in side.transitions() if row[1] != "cemilia")
        side.take(track("e7", 1.2, "ben", "export", "acme"), now=at(1.3))
        again = [row[:6] for row in side.transitions() if row[1] == "acme"]
        assert again[-1][2:] == ("active-accounts", "entered", "qualified", at(1.2))
        news = side.restart(at(1.4))
        assert not news.new and not news.retracted
        assert [row[:6] for row in side.transitions() if row[1] == "acme"] == again


def test_what_comes_again_is_left_out(tmp_path: Path) -> None:
    with a_side(tmp_path) as side:
        forget_beside(side)
        records = len(side.project.open_archive().history("person", "ann"))
        side.restart(at(1.2))
        assert not len(side.write(*of_cemil(), track("new", 1.1, "cemil", "export", "acme")))
        told = side.write(segment("both", 1.15, type="track", event="login", userId="dan", anonymousId="anon-77"))
        assert [each.record.person for each in told.arrivals.numbered()] == ["dan"]
        report = import_file(side.project, tmp_path, "b.jsonl", [*of_cemil(), *of_others()],
                             b'{"type": "track", "userId": "cemil", "timestamp": "no time"}')  # fmt: skip
        assert report.left_out >= 6 and report.kept_aside == 0
        side.compactor().compact()
        assert found(side.project.folder) == []
        assert len(side.project.open_archive().history("person", "ann")) == records


def test_accounts_no_longer_name_them(tmp_path: Path) -> None:
    """A trait of an account that is an id or address of theirs says nothing any longer; but what is a trait of somebody
    else stays. The record of accounts stands."""
    with a_side(tmp_path) as side:
        (side.project.folder / "definitions" / "owned.yaml").write_text(
            "definition: owned\nsubject: account\nvalue: account.owner = cemil or account.by = cemil\n"
        )
        side.project = Project(side.project.folder)
        side.evaluator._parts[0].past.close()
        side.restart(at(1))
        traits = {"owner": "cemil", "contact": "Cemil@example.com", "channel": "ads", "plan": "team"}
        side.take(
            segment("cemil-5", 0.9, type="group", userId="cemil", groupId="acme", traits=traits),
            segment("e8", 0.9, type="group", userId="dan", groupId="gamma", traits={"by": "cemil"}),
            now=at(1.05),
        )
        before = [row[:6] for row in side.transitions() if row[2] == "owned"]
        assert [row[1] for row in before] == ["acme", "gamma"]
        forget_beside(side)
        assert found(side.project.folder / ".fireflower") == []
        archive = side.project.open_archive()
        told = {each.name: each.value for each in archive.history("account", "acme") if each.time == at(0.9)}
        assert (told["channel"], told["plan"]) == ("ads", "team")
        assert str(told["owner"]).startswith("removed ") and str(told["contact"]).startswith("removed ")
        assert not [each for each in archive.history("account", "acme") if each.message_id == "cemil-5"]
        after = [row[:6] for row in side.transitions() if row[2] == "owned"]
        assert after[:2] == before and {row[4] for row in after[2:]} == {"history removed"}
        assert not side.restart(at(1.3)).retracted


def test_events_of_others_no_longer_name_them(tmp_path: Path) -> None:
    """Where a property is just an id or address of theirs; but not where a definition asks for that."""
    said = {"by": "cemil", "mail": "Cemil@Example.com", "to": ["cemil", "cemilia"], "note": "of cemil's", "cemil": 1}
    with a_side(tmp_path) as side:
        table = tmp_path / "b.csv"
        table.write_text(
            "at,who,what,by\n2026-01-01 06:00:00,ann,invite,cemil\n2026-01-01 07:00:00,ann,invite,cemilia\n"
        )
        mapping = Mapping(time="at", person="who", event="what")
        side.project.open_archive().ingest(table, mapping)
        side.take(track("e8", 0.9, "ann", "invite", properties=said), now=at(1))
        before = [(each.time, each.name) for each in side.project.open_archive().history("person", "ann")]
        forget_beside(side)
        events = [each for each in side.project.open_archive().history("person", "ann") if each.name == "invite"]
        by_time = [each.properties for each in sorted(events, key=lambda each: each.time)]
        assert by_time[0]["by"].startswith("removed ") and by_time[1]["by"] == "cemilia"
        told = by_time[2]
        assert told["by"].startswith("removed ") and told["mail"].startswith("removed ")
        assert told["to"][0].startswith("removed ") and told["to"][1] == "cemilia"
        assert (told["note"], told["cemil"]) == ("of cemil's", 1)
        assert set(before) <= {(each.time, each.name) for each in side.project.open_archive().history("person", "ann")}


def test_what_a_definition_asks_for_stays_in_events_of_others(tmp_path: Path) -> None:
    with a_side(tmp_path) as side:
        (side.project.folder / "definitions" / "invited.yaml").write_text(
            "definition: invited\nsubject: person\nvalue: count(invite where properties.by = cemil) >= 1\n"
        )
        side.project = Project(side.project.folder)
        side.restart(at(1))
        side.take(track("e8", 0.9, "ann", "invite", properties={"by": "cemil"}), now=at(1.05))
        assert [row[1] for row in side.transitions() if row[2] == "invited"] == ["ann"]
        forget_beside(side)
        assert [row[1] for row in side.transitions() if row[2] == "invited"] == ["ann"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("wrap", [b"%b", b"data=%b", b"ip=1&data=%b&compression=base64"])
def test_rejects_are_looked_into(tmp_path: Path, wrap: bytes, pack: Callable[[bytes], bytes]) -> None:
    def body(text: bytes) -> bytes:
        packed = b64encode(pack(text))
        return wrap % (quote(packed).encode() if b"data=" in wrap else packed)

    with a_side(tmp_path) as side:
        bodies = body(b'{"distinct_id": "cemil", "event": "x'), body(b'{"distinct_id":"cemilia"}')
        with side.database.transaction():
            MessageLog(side.database).reject([Reject("no", each, at(1), "web") for each in bodies])
        forget_beside(side)
        left = [bytes(row[0]) for row in side.database.rows("SELECT body FROM rejects ORDER BY id")]
        assert left == [bodies[1]]


def test_the_keys_of_their_messages_go(tmp_path: Path) -> None:
    with a_side(tmp_path) as side:
        ids = "cemil-1", "cemil-" + "x" * 300
        said = [track(id, 0.9, "cemil", "export") for id in ids]
        side.take(*(replace(each, key=key_for(each.key)) for each in said), now=at(1))
        kept = {bytes(key) for (key,) in side.database.rows("SELECT key FROM messages")}
        assert {stored_key(key_for(id)) for id in ids} <= kept
        forget_beside(side)
        kept = {bytes(key) for (key,) in side.database.rows("SELECT key FROM messages")}
        assert not {stored_key(key_for(id)) for id in ids} & kept


class Killed(BaseException):
    """The process ends here."""


STEPS: list[tuple[Any, str, int]] = [
    (Scrubbing, "scrub", 1),
    (Scrubbing, "search", 1),
    (Forgetter, "_move_in", 2),
    (Importer, "_put", 1),
    (Importer, "_put", 2),
    (Importer, "rebuild", 1),
    (Manifest, "write", 1),
    (Forgetter, "_is_clean", 1),
    (Scrubbing, "search", 2),
    (Scrubbing, "scrub", 2),
    (Forgetter, "_pack", 1),
]


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(("owner", "step", "nth"), STEPS, ids=[f"{step}-{nth}" for _, step, nth in STEPS])
def test_killed_at_any_step(
    owner: Any, step: str, nth: int, before: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_side(tmp_path) as side:
        side.evaluator._parts[0].past.close()
        real, calls = getattr(owner, step), 0

        def die(*arguments: Any, **more: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == nth and before:
                raise Killed
            result = real(*arguments, **more)
            if calls == nth:
                raise Killed
            return result

        with monkeypatch.context() as patched:
            patched.setattr(owner, step, die)
            with suppress(Killed):
                forget(side)
        Project(side.project.folder).open_archive().history("person", "ann")
        with Forgetter(side.project, patience=5) as forgetter, suppress(UnknownSubjectError):
            forgetter.forget("cemil", at(1.1))
        assert found(side.project.folder) == []
        side.restart(at(1.2))
        side.take(track("e7", 1.2, "ann", "export", "acme"), now=at(1.3))
        batch = [each for each in replayed(side.project, at(1.3)) if each[0] == "person"]
        assert batch == [each for each in live(side) if each[0] == "person"]


def test_while_the_service_runs(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    service = Service(project, compiled=False, clock=lambda: at(2), mappings=JOINING)
    service.start()
    soon(lambda: service.state.ready)
    service.submit([*of_cemil(), *of_others()]).result()
    stopped = threading.Event()

    def send() -> None:
        number = 0
        while not stopped.is_set():
            service.submit([track(f"m{number}", 1.5, "cemil" if number % 3 else "ann", "login", "acme")]).result()
            number += 1
            time.sleep(0.01)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        with Forgetter(project, patience=20) as forgetter:
            assert forgetter.forget("anon-77", at(2)).whole
    finally:
        stopped.set()
        sender.join()
        soon(lambda: service.waiting() == 0)
        service.stop()
    assert service.tally.forgotten > 0
    assert found(project.folder) == []


def test_the_command(tmp_path: Path) -> None:
    with a_side(tmp_path) as side:
        side.stop()
        side.evaluator._parts[0].past.close()
        where = ["-p", str(side.project.folder)]
        asked = CliRunner().invoke(program, ["forget", "cemil", *where])
        assert asked.exit_code == 1 and "records of their history" in asked.output and "--yes" in asked.output
        assert found(side.project.folder)
        done = CliRunner().invoke(program, ["forget", "cemil", *where, "--yes"])
        assert done.exit_code == 0 and done.output.startswith("Forgotten: 2 ids, "), done.output
        listed = CliRunner().invoke(program, ["forget", "--list", *where])
        assert "1 person has been forgotten." in listed.output and "2 ids" in listed.output
        assert "cemil" not in listed.output
        assert CliRunner().invoke(program, ["forget", "cemil", *where, "--yes"]).exit_code == 1
        assert CliRunner().invoke(program, ["forget", *where]).exit_code == 2
        key = side.project.folder / ".fireflower" / "forgotten.key"
        assert key.stat().st_mode & 0o777 == 0o600
        again = CliRunner().invoke(program, ["import", str(tmp_path / "a.jsonl"), "--replace", "--yes", *where])
        assert "left out: " in again.output and "of people who were forgotten" in again.output, again.output
        key.rename(key.with_name("away"))
        refused = CliRunner().invoke(program, ["import", str(tmp_path / "a.jsonl"), "--replace", "--yes", *where])
        assert refused.exit_code == 1 and "forgotten.key" in refused.output


@pytest.mark.parametrize(
    ("text", "is_named"),
    [("by ann.", True), ('{"id":"ann"}', True), ("ann@example.com", False), ("ann-marie", False), ("x.ann", False)],
)
def test_ids_are_found_where_they_stand_by_themselves(text: str, is_named: bool) -> None:
    assert Naming(["ann"]).is_in(text) == is_named


@given(st.lists(st.text("ab.-@ :é", min_size=1, max_size=4), min_size=1, max_size=4), st.text("ab.-@ :é", max_size=12))
def test_ids_are_found_where_they_would_be_replaced(ids: list[str], text: str) -> None:
    naming = Naming(ids)
    assert naming.is_in(text) == (naming.replaced(text, "\0") != text)


def test_a_verdict_by_what_is_left_is_said_to_be(tmp_path: Path) -> None:
    def explained(subject: str, *more: str) -> str:
        words = ["explain", subject, "-d", "active-accounts", "-p", str(side.project.folder), *more]
        result = CliRunner().invoke(program, words)
        assert result.exit_code == 0, result.output
        return result.stdout

    with a_side(tmp_path) as side:
        assert "qualified since" in explained("acme") and "by what is left" not in explained("acme")
        forget_beside(side)
        assert "not qualified, and never was, by what is left of its history\n" in explained("acme")
        assert json.loads(explained("acme", "--json"))[0]["history_removed"] is True
        assert "not qualified, and never was\n" in explained("beta")
        assert json.loads(explained("beta", "--json"))[0]["history_removed"] is False
