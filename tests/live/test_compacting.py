"""What the log has received moves into the archive, and no verdict changes: at any moment, killed at any step."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from waiting import eventually

from fireflower.app.live import compacting
from fireflower.app.live.compacting import Compactor
from fireflower.app.live.compacting_apart import CompactorApart
from fireflower.app.live.housekeeping import Compaction
from fireflower.app.live.mentions import Mentions
from fireflower.app.live.past import Past
from fireflower.app.live.service import Service
from fireflower.app.live.storage import keep_value
from fireflower.app.project import HISTORY_FOLDER
from fireflower.history.archive.importing import Importer
from fireflower.history.archive.manifest import Manifest
from fireflower.history.log.database import StorageError
from fireflower.history.log.forgotten import Settled
from fireflower.history.log.messages import Kept, MessageLog
from fireflower.history.mapping import Mapping
from fireflower.model.errors import ProjectError
from fireflower.model.messages import Message
from fireflower.model.moments import DAY, iso
from live.messaging import JOINING, START, Side, at, make_project, posthog, segment, track


@contextmanager
def sides(count: int) -> Iterator[list[Side]]:
    with tempfile.TemporaryDirectory() as folder:
        found = [Side(make_project(Path(folder) / str(number)), JOINING) for number in range(count)]
        try:
            yield found
        finally:
            for side in found:
                side.close()


def everything() -> list[Message]:
    """Messages of all kinds, in order of time; what they say depends on what was said before."""
    return [
        segment("g1", 0.0, type="group", userId="ann", groupId="acme", traits={"plan": "free"}),
        track("e1", 0.1, "ann", "export", "acme"),
        track("e2", 0.2, "ben", "export", "acme"),
        segment("i1", 0.3, type="track", event="export", anonymousId="a-1"),
        segment("i2", 0.4, type="track", event="login", userId="cem", anonymousId="a-1"),
        posthog("p1", 0.5, "dan", {"$set_once": {"source": "ads"}}),
        posthog("p2", 0.6, "dan", {"$set_once": {"source": "friend"}}),
        posthog("p3", 0.7, "eve", {"$groups": {"company": "beta"}, "$set_once": {"source": "x"}}, "export"),
        posthog("p4", 0.8, "eve", {"$groups": {"company": "beta"}, "$set_once": {"source": "ads"}}, "export"),
        track("l1", 0.9, "ann", "login"),
        segment("g2", 1.0, type="group", groupId="acme", traits={"plan": "pro"}),
        track("l2", 1.1, "ben", "login", "beta"),
        segment("i3", 1.2, type="track", event="export", userId="cem", anonymousId="a-1"),
        track("e3", 1.3, "ben", "export", "acme"),
        track("soon", 2.5, "ann", "export", received=1.35),
        segment("n1", 1.4, type="identify", userId="eve", traits={"source": "ads"}),
    ]


@settings(max_examples=7, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    st.randoms(use_true_random=False),
    st.lists(st.integers(0, 16), max_size=4),
    st.lists(st.integers(0, 16), max_size=2),
)
def test_a_compaction_at_any_moment_changes_nothing(
    dice: random.Random, moments: list[int], restarts: list[int]
) -> None:
    messages = everything()
    for _ in range(3):  # some come late
        messages.insert(dice.randrange(16), messages.pop(dice.randrange(16)))
    with sides(2) as (plain, compacted):
        for number, message in enumerate(messages):
            now = at(1.5 + number / 100)
            plain.take(message, now=now)
            if number in restarts:
                compacted.restart(now)
            for _ in range(moments.count(number)):
                compacted.compactor().compact(compacted.evaluator.position)
            compacted.take(message, now=now)
            assert compacted.transitions() == plain.transitions()
        for now in (at(3), at(9)):
            assert bool(plain.take(now=now).new) == bool(compacted.take(now=now).new)
            assert compacted.transitions() == plain.transitions()
        before = compacted.transitions()
        news = compacted.restart(at(9))
        assert not news.new and not news.retracted and compacted.transitions() == before


def never(*_: Any, **__: Any) -> None:
    raise AssertionError("history is evaluated anew")


def test_evaluation_goes_on_with_what_has_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was evaluated stays; the past of who is late is told from the archive, and evidence names what is there."""
    messages = everything()
    with sides(2) as (plain, compacted):
        monkeypatch.setattr(compacted.evaluator, "begin", never)
        for number, message in enumerate(messages):
            compacted.compactor().compact()
            for side in (plain, compacted):
                side.take(message, now=at(1.5 + number / 100))
            assert compacted.transitions() == plain.transitions()
        late = [
            track("late", 0.05, "ann", "export", "acme", received=2.0),
            segment("late-group", 0.15, type="group", userId="fay", groupId="acme"),
            segment("late-who", 0.05, type="identify", userId="ann", anonymousId="a-9"),
            *(segment(f"late-{n}", 0.06 + n / 100, type="track", event="export", anonymousId="a-9") for n in range(3)),
        ]
        for number, message in enumerate(late):
            for side in (plain, compacted):
                side.take(message, now=at(2.6 + number / 10))
            assert compacted.transitions() == plain.transitions()
            compacted.compactor().compact()
        assert any(row[7] and "ann" in row[7] for row in compacted.transitions())
        for side in (plain, compacted):
            side.take(now=at(12))
        assert compacted.transitions() == plain.transitions()
        assert not compacted.evaluator.mentions.of(["ann", "ben"], ["acme"])


@pytest.mark.parametrize("reading", range(2))
def test_a_step_goes_on_though_messages_move_while_it_reads_them(
    reading: int, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    late = [track("late", 0.05, "ann", "export", "acme", received=2.0), track("now", 1.9, "ben", "export", "acme")]
    assert_that_moving_within_a_step_changes_nothing(everything(), late, reading, monkeypatch)


def test_what_has_moved_behind_the_evaluator_is_evaluated_anew() -> None:
    messages = everything()
    with sides(2) as (plain, compacted):
        for side in (plain, compacted):
            side.take(*messages[:8], now=at(1.6))
        written = compacted.write(*messages[8:])
        compacted.compactor().compact()
        compacted.evaluator.take(written, at(1.7))
        plain.take(*messages[8:], now=at(1.7))
        assert compacted.transitions() == plain.transitions()


def without_id(days: float, received: float | None = None, **said: Any) -> Message:
    """A message that a client gave no id."""
    moment = at(days if received is None else received)
    body = {"timestamp": iso(at(days)), "receivedAt": iso(moment), **said}
    return Message("segment", f"content:{days}{said}", json.dumps(body).encode(), moment, "test")


@pytest.mark.parametrize("reading", range(2))
def test_what_has_no_id_counts_once_though_it_moves_while_a_step_reads_it(
    reading: int, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    acme: dict[str, Any] = {"context": {"groupId": "acme"}}
    first = [
        without_id(0.0, type="group", userId="ann", groupId="acme"),
        without_id(0.02, type="group", userId="ben", groupId="acme"),
        without_id(0.1, type="track", event="login", userId="ann", **acme),
        without_id(0.15, type="track", event="export", userId="ben", **acme),
        without_id(0.2, type="track", event="login", userId="ann", **acme),
    ]
    late = [
        without_id(0.01, received=1.9, type="group", userId="ann", groupId="acme"),
        without_id(0.05, received=1.9, type="track", event="export", userId="ann", **acme),
    ]
    assert_that_moving_within_a_step_changes_nothing(first, late, reading, monkeypatch)


def assert_that_moving_within_a_step_changes_nothing(
    first: Sequence[Message], late: Sequence[Message], reading: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the first messages, the log moves when the step that takes the late ones reads it for the nth time."""
    with sides(2) as (plain, compacted):
        monkeypatch.setattr(compacted.evaluator, "begin", never)
        for side in (plain, compacted):
            side.take(*first, now=at(1.6))
        moving_at(reading, compacted, monkeypatch)
        written = compacted.write(*late)
        compacted.evaluator.take(written, at(2.0))
        assert compacting.covered(compacted.project.open_archive()) > 0
        plain.take(*late, now=at(2.0))
        assert compacted.transitions() == plain.transitions()


def moving_at(reading: int, side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the log move just before it is read for the nth time from now on."""
    real, calls = MessageLog.at, 0

    def interrupted(log: MessageLog, positions: Iterable[int]) -> list[Kept]:
        nonlocal calls
        found = list(positions)
        calls += 1
        if calls == reading + 1:
            side.compactor().compact(side.evaluator.position)
        return real(log, found)

    monkeypatch.setattr(MessageLog, "at", interrupted)


def test_readers_find_all_that_moves_while_they_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with sides(1) as (side,):
        for number in range(9):
            side.take(track(f"e{number}", 0.1 * number, "ann", "export", "acme"), now=at(0.1 * number + 0.2))
        reader = Past(side.project, side.compactor()._database, side.mappings)
        reader.position, reader.mentions = side.evaluator.position, side.evaluator.mentions
        before = len(list(reader.find(["ann"], [])))
        real = Mentions.of

        def late(mentions: Mentions, *asked: Any) -> list[int]:
            monkeypatch.setattr(Mentions, "of", real)
            side.take(now=at(1.2))
            return real(mentions, *asked)

        with monkeypatch.context() as patched:  # the manifest is there, and the database does not say so yet
            patched.setattr(
                compacting, "keep_value", lambda *said: never() if said[1] == "archived" else keep_value(*said)
            )
            with suppress(AssertionError):
                side.compactor().compact()
        monkeypatch.setattr(Mentions, "of", late)
        assert len(list(reader.find(["ann"], []))) == before
        assert side.evaluator.mentions.behind == 9


def test_an_archive_that_stays_behind_what_the_log_has_given_away_is_named() -> None:
    with sides(1) as (side,):
        side.take(*everything(), now=at(1.5))
        with side.database.transaction():
            keep_value(side.database, "archived", "2")
        with pytest.raises(ProjectError, match="lacks what the log has moved there"):
            side.take(track("late", 0.01, "ann", "export", "acme", received=1.6), now=at(1.6))


@pytest.mark.parametrize("name", ["2023-2024.parquet", "000000000000-000000000003.parquet"])
def test_files_of_users_are_no_parts_of_the_log(name: str, tmp_path: Path) -> None:
    with sides(1) as (side,):
        side.take(track("e1", 0.1, "ann", "export", "acme"), now=at(0.2))
        path = tmp_path / "live" / name
        path.parent.mkdir()
        pq.write_table(
            pa.table({"time": [iso(at(0.05)), iso(at(0.06))], "name": ["export"] * 2, "person": ["zoe"] * 2}), path
        )
        mapping = Mapping(table="events", time="time", event="name", person="person")
        side.project.open_archive().ingest(path, mapping)
        side.take(track("e2", 0.3, "ann", "export", "acme"), now=at(0.4))
        assert compacting.covered(side.project.open_archive()) == 0
        assert {row[1] for row in side.transitions() if row[2] == "active-people"} >= {"ann", "zoe"}


def test_nothing_is_left_of_what_an_earlier_version_began() -> None:
    with sides(1) as (side,):
        side.take(*everything(), now=at(1.5))
        folder = side.project.folder / HISTORY_FOLDER / compacting.FOLDER
        folder.mkdir(parents=True)
        begun = "000000000000-000000000005.jsonl"
        (folder / begun).write_text('{"person": "ann"}\n')
        with side.database.transaction():
            keep_value(side.database, "compacting", begun)
        assert side.compactor().compact() > 0
        assert not list(folder.glob("0*"))


def test_after_an_import_history_is_evaluated_anew_though_the_log_has_moved_too(tmp_path: Path) -> None:
    messages = everything()
    with sides(2) as (plain, compacted):
        for side in (plain, compacted):
            side.take(*messages[:8], now=at(1.5))
        path = tmp_path / "more.jsonl"
        said = ({"time": at(days), "kind": "event", "name": "export", "person": "zoe"} for days in (0.3, 0.4))
        path.write_text("".join(json.dumps(each) + "\n" for each in said))
        for side in (plain, compacted):
            side.project.open_archive().ingest(path, compacting.RECORDS)
        compacted.compactor().compact(compacted.evaluator.position)
        for side in (plain, compacted):
            side.take(*messages[8:], now=at(1.7))
        assert compacted.transitions() == plain.transitions()
        assert any(row[1] == "zoe" for row in plain.transitions())


@pytest.mark.parametrize("removed", [False, True])
def test_where_something_was_removed_history_does_not_go_on(removed: bool) -> None:
    with sides(1) as (side,):
        side.take(*everything(), now=at(1.5))
        past = Past(side.project, side.database, side.mappings)
        past.take_in(past.messages())
        if removed:
            with side.database.transaction():
                Settled(side.database).settle([("account", "acme")], at(1.4))
        side.compactor().compact()
        assert [past.goes_on(), past.goes_on()] == [not removed] * 2


def test_another_process_moves_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the settings that were read before, whatever the files say by now."""
    with sides(1) as (side,):
        side.take(*everything(), now=at(1.5))
        before = side.transitions()
        _ = side.project.settings
        (side.project.folder / "fireflower.yaml").write_text("project: [edited")
        monkeypatch.setattr(Compactor, "_move", never)
        apart = CompactorApart(side.project, side.database, side.mappings)
        assert apart.compact(side.evaluator.position) > 0 and apart.compact(side.evaluator.position) == 0
        assert {body for (body,) in side.database.rows("SELECT body FROM messages")} == {None}
        side.take(now=at(1.6))
        assert side.transitions() == before


def test_a_service_has_them_moved_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(tmp_path / "project")
    service = Service(
        project, mappings=JOINING, compiled=False, compaction=Compaction(messages=3, every=0.1), lease=0.5
    )  # fmt: skip
    service.start()
    try:
        eventually(lambda: service.state.ready)
        monkeypatch.setattr(service.evaluator, "begin", never)
        moment = service.clock() - START
        for number in range(6):
            days = moment / DAY - 0.01 + number / 1e4
            service.submit([track(f"e{number}", days, "ann", "export", "acme")]).result(30)
            eventually(lambda number=number: service.state.evaluated > number)  # type: ignore[misc]
        eventually(lambda: compacting.covered(project.open_archive()) == 6)
        service.submit([track("late", moment / DAY - 1, "ben", "export", "acme")]).result(30)
        eventually(lambda: service.state.evaluated == 7 and not service.state.trouble)
        rows = service.connect().rows("SELECT subject, definition FROM transitions WHERE retracted IS NULL")
        assert sorted(rows) == [("acme", "active-accounts"), ("acme", "teams"), ("ann", "active-people")]
    finally:
        service.stop()


def test_another_process_is_ended_by_who_does_not_wait_for_it() -> None:
    with sides(1) as (side,):
        side.take(*everything(), now=at(1.5))
        before = side.transitions()
        apart = CompactorApart(side.project, side.database, side.mappings)
        folder = side.project.folder / HISTORY_FOLDER / compacting.FOLDER
        with compacting.alone(folder), ThreadPoolExecutor(1) as beside:  # it waits for this
            moving = beside.submit(apart.compact)
            eventually(lambda: apart._process)
            apart.stop()
            with pytest.raises(ProjectError, match="has ended before"):
                moving.result(30)
        assert apart.compact() > 0
        side.take(now=at(1.6))
        assert side.transitions() == before


def test_what_keeps_another_process_from_it_is_said() -> None:
    with sides(1) as (side,):
        side.take(*everything(), now=at(1.5))
        side.compactor().compact(5)
        (side.project.folder / HISTORY_FOLDER / "manifest.json").unlink()
        with pytest.raises(ProjectError, match="lacks what the log has moved there: messages 1 to 5"):
            CompactorApart(side.project, side.database, side.mappings).compact()


def test_resends_are_known_though_the_archive_has_the_message() -> None:
    with sides(1) as (side,):
        messages = everything()
        side.take(*messages, now=at(1.5))
        before = side.transitions()
        side.compactor().compact()
        assert not side.write(*messages)
        side.take(now=at(1.5))
        assert side.transitions() == before
        assert {body for (body,) in side.database.rows("SELECT body FROM messages")} == {None}


def test_ids_and_times_of_receipt_stay() -> None:
    with sides(1) as (side,):
        side.take(track("late", 1.0, "ann", "export", "acme", received=1.25), now=at(1.5))
        side.compactor().compact()
        event = side.project.open_archive().history("person", "ann")[-1]
        assert (event.message_id, event.time, event.received) == ("late", at(1.0), at(1.25))


def test_who_has_been_set_apart_stays_apart_though_later_messages_name_both_ids() -> None:
    both: dict[str, Any] = {"type": "track", "event": "export", "userId": "cem", "anonymousId": "a-1"}
    apart = {"time": at(0.5), "kind": "identity", "name": "apart", "person": "cem", "value": "a-1", "message_id": "x"}
    with sides(3) as found:
        for number, side in enumerate(found):
            side.take(segment("m1", 0.1, **both), now=at(0.2))
            path = side.project.folder / "apart.jsonl"
            path.write_text(json.dumps(apart) + "\n")
            side.project.open_archive().ingest(path, compacting.RECORDS)
            if number == 1:
                side.compactor().compact()
            if number > 0:
                side.restart(at(0.55))
            alone: dict[str, Any] = {"type": "track", "event": "export", "anonymousId": "a-1"}
            side.take(segment("m2", 0.6, **both), segment("m3", 0.61, **alone), now=at(0.7))
            side.compactor().compact()
            side.take(segment("m4", 0.8, **both), segment("m5", 0.81, **alone), now=at(0.9))
        first, *others = (side.transitions() for side in found)
        assert {row[1] for row in first if row[2] == "active-people"} == {"cem", "a-1"}
        assert [each == first for each in others] == [True, True]


def test_what_was_not_kept_is_told_by_who_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with sides(1) as (side,):
        messages = [
            segment("m1", 0.1, type="track", event="export", userId="cem", anonymousId="a-1"),
            posthog("m2", 0.2, "dan", {"$set_once": {"source": "ads"}}),
        ]
        with monkeypatch.context() as patched:

            def full(*_: Any) -> None:
                raise StorageError("the disk is full")

            patched.setattr(MessageLog, "reject", full)
            with pytest.raises(StorageError):
                side.write(*messages)
        kinds = [each.record.kind.name for each in side.write(*messages).arrivals.numbered()]
        assert kinds == ["EVENT", "IDENTITY", "PERSON_TRAIT", "EVENT"]


def counted(side: Side) -> tuple[Any, ...]:
    """What its archive has, but for how often it says that two ids are one person."""
    summary = side.project.open_archive().summary()
    return summary.events, summary.traits, summary.people, summary.accounts


class Killed(BaseException):
    """The process ends here."""


STEPS: list[tuple[Any, str, int]] = [
    (Compactor, "_write", 1),
    (Compactor, "_import", 1),
    (Importer, "rebuild", 1),
    (Manifest, "write", 1),
    (Compactor, "_empty", 1),
    (compacting, "keep_value", 1),
    (compacting, "keep_value", 2),
    (compacting, "keep_value", 3),
    (compacting, "keep_value", 4),
]
"""The function in which the process ends, the nth time that it is called."""


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(("owner", "step", "nth"), STEPS, ids=[f"{step}-{nth}" for _, step, nth in STEPS])
def test_killed_at_any_step(owner: Any, step: str, nth: int, before: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with sides(2) as (plain, killed):
        messages = everything()
        for side in (plain, killed):
            side.take(*messages[:10], now=at(1.5))
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
                killed.compactor().compact()
        for side in (plain, killed):
            side.take(*messages[10:13], now=at(1.6))
        assert killed.transitions() == plain.transitions()
        killed.restart(at(1.6))
        assert killed.transitions() == plain.transitions()
        killed.compactor().compact()
        assert {body for (body,) in killed.database.rows("SELECT body FROM messages")} == {None}
        for side in (plain, killed):
            side.take(*messages[13:], now=at(1.7))
        assert killed.transitions() == plain.transitions()
        plain.compactor().compact()
        killed.compactor().compact()
        assert counted(killed) == counted(plain)
