"""What one process takes in is handed on to another: it follows the log, whatever is lost on the way."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from log.databases import Opener
from waiting import soon

from fireflower.app.live import writing as writing_module
from fireflower.app.live.handing_on import HandingOn, handed_on, packed, unpacked
from fireflower.app.live.intake import Intake
from fireflower.app.live.writing import Writer
from fireflower.history.arrivals import Numbered
from fireflower.history.log.durable import Durable
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.reading import PLAIN, LogReader
from fireflower.model.errors import Overloaded
from fireflower.model.messages import Message
from fireflower.model.records import Kind, Record
from fireflower.web.ingest import DurableSink
from live.messaging import posthog
from live.projects import messages, project


def mixed(seed: int, count: int) -> list[Message]:
    """Messages of every kind."""
    others = [posthog(f"p{seed}-{nth}", nth, f"v{nth % 5}", {"n": nth, "$lib": "web"}) for nth in range(count // 10)]
    some = [*messages(seed, count - len(others)), *others]
    random.Random(seed).shuffle(some)
    return some


def said(durable: Sequence[Durable]) -> tuple[list[int], list[Numbered]]:
    """Places, and the records with their numbers."""
    whole = Durable.together(durable)
    return whole.places.tolist(), whole.arrivals.numbered()


def in_log(opened: Opener) -> tuple[list[int], list[Numbered]]:
    database = opened()
    return said([LogReader(database, PLAIN).read(MessageLog(database).after(0))])


class Pair:
    """A writer that takes in, and one that follows; what goes from the one to the other may be lost."""

    def __init__(
        self, opened: Opener, is_lost: Callable[[], bool], has_room: Callable[[], bool] = lambda: True
    ) -> None:
        ours, theirs = socket.socketpair()
        self.followed: list[Durable] = []
        self.here = Writer(opened(), PLAIN, self.followed.append, has_room=has_room, is_idle=has_room)
        self.taking = Writer(opened(), PLAIN, lambda durable: self._handing_on(durable))
        self._handing_on, self._is_lost, self._ends = HandingOn(theirs, self.taking.followed), is_lost, (ours, theirs)
        self._thread = threading.Thread(target=self._hand_over, args=(ours,))
        for each in (self._thread, self.here, self.taking):
            each.start()

    def _hand_over(self, ours: socket.socket) -> None:
        for data in handed_on(ours):
            if not self._is_lost():
                self.here.hand_over(data)

    def end(self) -> None:
        self.taking.stop()
        self._ends[1].close()
        self._thread.join()
        self.here.stop()
        self._ends[0].close()


@pytest.mark.parametrize("lost", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_followed_is_what_the_log_has(opened: Opener, seed: int, lost: float) -> None:
    chance = random.Random(seed)
    pair, some = Pair(opened, lambda: chance.random() < lost), mixed(seed, 200)
    while some:
        count = chance.randint(1, 20)
        part, some = some[:count], some[count:]
        writer = pair.here if chance.random() < 0.2 else pair.taking
        answer = writer.submit([*part, *part[:2]])  # some come twice
        if chance.random() < 0.5:
            assert answer.result(30) == len(part)
        if chance.random() < 0.1:
            time.sleep(0.1)
    end = MessageLog(opened()).end
    soon(lambda: pair.taking.waiting() == pair.here.waiting() == 0 and pair.here.followed == end(), seconds=30)
    pair.end()
    assert said(pair.followed) == in_log(opened)
    assert len(pair.followed) > 1


def test_what_nobody_has_room_for_is_read_later(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing_module, "_MOST_HANDED_OVER", 20_000)
    room = threading.Event()
    pair, some = Pair(opened, lambda: False, room.is_set), mixed(3, 300)
    for first in range(0, 300, 10):
        pair.taking.submit(some[first : first + 10]).result(30)
    time.sleep(0.2)
    assert not pair.followed
    room.set()
    pair.here.wake()
    soon(lambda: pair.here.followed == MessageLog(opened()).end(), seconds=30)
    pair.end()
    assert said(pair.followed) == in_log(opened)


def test_all_that_was_handed_over_is_followed_before_the_end(opened: Opener) -> None:
    pair, some = Pair(opened, lambda: False, lambda: False), mixed(5, 60)
    for first in range(0, 60, 10):
        pair.taking.submit(some[first : first + 10]).result(30)
    assert not pair.followed
    pair.end()
    assert said(pair.followed) == in_log(opened)


def test_nothing_is_read_again_while_all_is_handed_over(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    def after(log: MessageLog, place: int, most: int = 0) -> Iterator[object]:
        raise AssertionError("the log has been read")

    pair, some = Pair(opened, lambda: False), mixed(4, 100)
    pair.taking.submit(some[:10]).result(30)
    soon(lambda: len(pair.followed) == 1, seconds=30)
    monkeypatch.setattr(MessageLog, "after", after)
    for first in range(10, 100, 10):
        pair.taking.submit(some[first : first + 10]).result(30)
        soon(lambda first=first: len(said(pair.followed)[0]) == first + 10, seconds=30)  # type: ignore[misc]
    pair.end()


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from((2**64, 2**70, -(2**63) - 1, -(2**63), 2**64 - 1))
    | st.floats(allow_nan=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.tuples(st.integers(0, 2**50), st.text(max_size=3), st.dictionaries(st.text(max_size=3), VALUES))))
def test_what_is_unpacked_is_what_was_packed(some: list[tuple[int, str, dict[str, Any]]]) -> None:
    records = [
        Record(time, Kind.EVENT if time % 3 else Kind.JOIN, id, id, id, None, properties, id, time % 7 or None)
        for time, id, properties in some
    ]
    durable = Durable.of((place, [record]) for place, record in enumerate(records, 1))
    behind, found = unpacked(packed(5, durable))
    assert (behind, said([found])) == (5, said([durable]))
    assert repr(found.arrivals.events.properties) == repr(durable.arrivals.events.properties)


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, "half \ud83d", 2**64 - 1, -(2**63), [{"n": -0.0}]])
def test_values_of_any_size_are_handed_on(value: object) -> None:
    record = Record(1, Kind.EVENT, "paid", "ann", None, None, {"n": value}, "m-1")
    _, found = unpacked(packed(0, Durable.of([(1, [record])])))
    assert repr(found.arrivals.events.properties) == repr([{"n": value}])


def test_half_of_what_was_to_be_handed_on_is_nothing() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            handing_on = HandingOn(theirs, 3)
            handing_on(Durable.of([]))
            handing_on(Durable.of([(5, ()), (8, ())]))
            theirs.sendall(struct.pack("!q", 100) + b"half")
        found = [unpacked(data) for data in handed_on(ours)]
    assert [(behind, durable.places.tolist()) for behind, durable in found] == [(3, [5, 8])]
    assert handing_on.place == 8


def test_whoever_is_gone_is_handed_nothing() -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs:
        HandingOn(theirs, 0)(Durable.of([(1, ())]))


def test_what_waits_to_be_evaluated_waits_here_too(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        intake = Intake(project(tmp_path), PLAIN, theirs)
        intake.start()
        intake.submit(messages(1, 5)).result(30)
        assert (intake.waiting(), intake.progress.place, intake.progress.tally.received) == (5, 5, 5)
        with pytest.raises(Overloaded):
            DurableSink(intake, most_waiting=4).expect_room()
        intake.reached = 5
        assert intake.waiting() == 0
        intake.stop()
