"""The record of verdicts, on each database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from fireflower.history.log.database import Database
from fireflower.history.log.verdicts import News, Recorded, Verdict, VerdictLog, Who
from log.databases import Opener

ANN: Who = ("person", "ann")
NAMES = ("ready", "other", "old")


def entered(at: int, subject: str = "ann", definition: str = "ready", **other: Any) -> Verdict:
    return verdict("entered", at, subject, definition, **other)


def left(at: int, subject: str = "ann", definition: str = "ready", **other: Any) -> Verdict:
    return verdict("left", at, subject, definition, **other)


def verdict(
    change: str,
    at: int,
    subject: str,
    definition: str,
    known_at: int | None = None,
    evidence: str = "[]",
    meaning: str = "m1",
) -> Verdict:
    known = at if known_at is None else known_at
    return Verdict("person", subject, definition, meaning, change, "met", at, known, lambda: evidence)


def told(recorded: Sequence[Recorded]) -> list[tuple[str, int]]:
    return [(each.change, each.at) for each in recorded]


def record(log: VerdictLog, *verdicts: Verdict, again: dict[Who, int] | None = None, now: int = 99) -> News:
    with log._database.transaction():
        return log.record(verdicts, again or {}, now, NAMES)


def record_all(log: VerdictLog, *verdicts: Verdict, past: tuple[str, ...] = ()) -> News:
    with log._database.transaction():
        return log.record_all(verdicts, 99, NAMES, past)


@pytest.fixture
def log(database: Database) -> VerdictLog:
    return VerdictLog(database)


def test_recorded_as_told(log: VerdictLog) -> None:
    news = record(log, entered(10, known_at=12, evidence='["a\\u0000", "🌻"]'), entered(11, "O'B\0b"), left(20))
    assert told(news.new) == [("entered", 10), ("entered", 11), ("left", 20)] and news.retracted == []
    assert log.after(0) == news.new and log.after(news.new[1].id) == news.new[2:]
    assert log.end() == news.new[-1].id
    first, second, _ = news.new
    assert (first.known_at, first.recorded, first.past, first.meaning) == (12, 99, False, "m1")
    assert first.evidence == '["a\\u0000", "🌻"]' and second.subject == "O'B\0b"
    assert log.of("person", "O'B\0b") == [second]
    assert log.standing("person", "O'B\0b") == {"ready": 11} and log.standing(*ANN) == {}


def test_nothing_to_record(log: VerdictLog) -> None:
    assert record(log) == News() and record(log, again={ANN: 5}) == News()
    assert log.end() == 0 and log.counts() == {}


def test_the_latest_stands(log: VerdictLog) -> None:
    record(log, entered(10), left(20), entered(30))
    assert log.standing(*ANN) == {"ready": 30}
    record(log, left(40))
    assert log.standing(*ANN) == {}
    record(log, entered(40))
    assert log.standing(*ANN) == {"ready": 40}


def test_at_the_same_moment_the_later_told_stands(log: VerdictLog) -> None:
    record(log, entered(10), left(20), entered(20))
    assert log.standing(*ANN) == {"ready": 20}


def test_what_a_new_telling_has_not_is_taken_back(log: VerdictLog) -> None:
    record(log, entered(10), left(20), entered(30), entered(15, "bob"))
    news = record(log, entered(31), again={ANN: 10}, now=100)
    assert told(news.retracted) == [("left", 20), ("entered", 30)] and told(news.new) == [("entered", 31)]
    assert told(log.of(*ANN)) == [("entered", 10), ("entered", 31)]
    assert log.standing(*ANN) == {"ready": 31} and log.counts() == {"ready": 2}
    everything = log.after(0)
    assert [each.retracted for each in everything if each.retracted] == [100, 100] and len(everything) == 5


def test_what_is_told_again_is_not_written_twice(log: VerdictLog) -> None:
    record(log, entered(10), left(20))
    news = record(log, entered(10), left(20, known_at=50, evidence='["late"]'), again={ANN: -1})
    assert news == News()
    assert [(each.known_at, each.evidence) for each in log.of(*ANN)] == [(10, "[]"), (50, '["late"]')]


def test_all_is_taken_back(log: VerdictLog) -> None:
    record(log, entered(10), entered(10, definition="other"))
    record(log, again={ANN: -1})
    assert log.of(*ANN) == [] and log.standing(*ANN) == {} and log.counts() == {}


def test_a_new_telling_may_add_before_what_stands(log: VerdictLog) -> None:
    """An event that comes late lets somebody qualify earlier, too: they are qualified as they were."""
    record(log, entered(30))
    news = record(log, entered(10), left(20), entered(30), again={ANN: -1})
    assert told(news.new) == [("entered", 10), ("left", 20)] and news.retracted == []
    assert log.standing(*ANN) == {"ready": 30}


def test_many_are_told_again_each_from_its_own_moment_on(log: VerdictLog) -> None:
    """More subjects than are looked up at once."""
    people = [f"p{number}" for number in range(2500)]
    record(log, *(each for who in people for each in (entered(10, who), left(20, who))))
    again: dict[Who, int] = {("person", who): (-1, 5, 15, 25)[nth % 4] for nth, who in enumerate(people)}
    news = record(log, again=again, now=100)
    assert sorted((each.subject, each.at) for each in news.retracted) == sorted(
        (who, at) for (_, who), since in again.items() for at in (10, 20) if at > since
    )
    assert log.counts() == {"ready": sum(since == 15 for since in again.values())}


def test_the_same_when_all_is_told_again(log: VerdictLog) -> None:
    record(log, entered(30))
    record_all(log, entered(10), left(20), entered(30))
    assert log.standing(*ANN) == {"ready": 30}


def test_verdicts_on_everybody(log: VerdictLog) -> None:
    record(log, entered(10), entered(20, "bob"), entered(30, "cy"), left(40, "cy"))
    news = record_all(log, entered(10), left(50), entered(30, "cy"), entered(5, "dan"), past=("ready",))
    assert {(each.subject, each.change, each.at, each.past) for each in news.new} == {
        ("ann", "left", 50, True),
        ("dan", "entered", 5, True),
    }
    assert [each.at for each in news.new] == [5, 50]
    assert {(each.subject, each.change) for each in news.retracted} == {("bob", "entered"), ("cy", "left")}
    assert log.counts() == {"ready": 2}
    assert record_all(log, entered(10), left(50), entered(30, "cy"), entered(5, "dan")) == News()


def test_many_at_once(log: VerdictLog) -> None:
    verdicts = [entered(number, f"p{number}") for number in range(2500)]
    assert len(record_all(log, *verdicts).new) == 2500
    news = record_all(log, *verdicts[:-100])
    assert len(news.retracted) == 100 and news.new == []
    assert log.counts() == {"ready": 2400}


def test_who_is_qualified_page_by_page(log: VerdictLog) -> None:
    """The most recent first; of the same moment, by the ids' characters, in the same order on each database."""
    subjects = ["a", "B", "ä", "b", "Z", "é", "10", "9", "-", "_", "🌻", "日"]
    record(log, *(entered(10 + number // 4, subject) for number, subject in enumerate(subjects)))
    record(log, entered(99, "a", "other"), left(100, "9"))
    expected = sorted(zip([10] * 4 + [11] * 4 + [12] * 4, subjects, strict=True), reverse=True)
    expected.remove((11, "9"))
    found: list[tuple[int, str]] = []
    while page := log.qualified("ready", found[-1] if found else None, limit=5):
        assert len(page) == min(5, 11 - len(found))
        found += [(each.at, each.subject) for each in page]
    assert found == expected


def test_definitions_that_are_gone(log: VerdictLog) -> None:
    record(log, entered(10), entered(10, definition="old"), entered(11, "bob", "old"))
    with log._database.transaction():
        log.forget_definitions(["ready"])
    assert log.counts() == {"ready": 1} and log.standing(*ANN) == {"ready": 10}
    assert len(log.after(0)) == 3
    record(log, entered(5), left(6), entered(10), entered(10, definition="old"), again={ANN: -1})
    assert log.counts() == {"ready": 1}, "a new telling does not bring them back"


def test_other_definitions_are_left_alone(log: VerdictLog) -> None:
    record(log, entered(10), entered(10, definition="other"))
    with log._database.transaction():
        log.record([], {ANN: -1}, 99, ["ready"])
    assert log.standing(*ANN) == {"other": 10}
    with log._database.transaction():
        log.record_all([entered(20)], 99, ["ready"])
    assert log.standing(*ANN) == {"other": 10, "ready": 20}


def test_a_transaction_that_fails_leaves_nothing(log: VerdictLog) -> None:
    record(log, entered(10))

    def fail() -> None:
        with log._database.transaction():
            log.record([left(20)], {ANN: 15}, 99, NAMES)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert told(log.after(0)) == [("entered", 10)] and log.standing(*ANN) == {"ready": 10}


def test_another_connection_sees_it(log: VerdictLog, opened: Opener) -> None:
    record(log, entered(10))
    assert told(VerdictLog(opened()).after(0)) == [("entered", 10)]


def test_a_definition_that_comes_back_has_those_who_are_qualified(log: VerdictLog) -> None:
    verdicts = entered(10), left(20), entered(30), entered(12, "ben"), entered(11, "cleo"), left(15, "cleo")
    record(log, *verdicts)
    with log._database.transaction():
        log.forget_definitions(["other"])
    assert log.subjects("ready") == set()
    assert record_all(log, *verdicts, past=("ready",)) == News()
    assert log.subjects("ready") == {ANN, ("person", "ben")}
    assert log.standing(*ANN) == {"ready": 30}


def test_what_stands_by_another_meaning_says_so(log: VerdictLog) -> None:
    record(log, entered(10, evidence="[1]"))
    record_all(log, entered(10, evidence="[2]", meaning="m2"), past=("ready",))
    (found,) = log.of(*ANN)
    assert (found.meaning, found.evidence, found.past) == ("m2", "[2]", False)


def test_since_when_definitions_mean_what_they_mean(log: VerdictLog) -> None:
    with log._database.transaction():
        log.mean({"ready": ("m1", 5), "old": ("m2", 6)})
        log.mean({"ready": ("m3", 7)})
    assert log.meanings() == {"ready": ("m3", 7)} and log.meant_since() == {"ready": 7}


def test_more_than_a_statement_takes(log: VerdictLog) -> None:
    """More than a statement takes: they are numbered as they were told, and followed in that order."""
    people = [f"u{number:04}" for number in range(1_250)]
    first = record(log, *(entered(10 + number, who) for number, who in enumerate(people)))
    assert [each.subject for each in first.new] == people and log.after(0, 5_000) == first.new
    assert [each.transition for each in log.changes(0, 5_000)] == first.new
    second = record(log, *(left(2_000, who) for who in people[:-1]), entered(2_001, people[-1]), now=100)
    assert [each.transition.id for each in log.changes(1_250, 5_000)] == [each.id for each in second.new]
    assert log.subjects("ready") == {("person", people[-1])} and log.standing("person", people[-1]) == {"ready": 2_001}


def test_what_is_taken_back_comes_before_what_is_new(log: VerdictLog) -> None:
    record(log, entered(10))
    record(log, entered(11), again={ANN: -1}, now=100)
    assert [(each.what, each.transition.at, each.at) for each in log.changes(1)] == [
        ("retracted", 10, 100),
        ("recorded", 11, 100),
    ]
