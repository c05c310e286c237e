"""The log of messages, on each database."""

from __future__ import annotations

import threading

import pytest
from msgspec.structs import replace

from fireflower.history.log.database import Database
from fireflower.history.log.messages import Kept, MessageLog
from fireflower.model.messages import Message, Reject
from log.databases import Opener
from log.messages import append, track


def bodies(kept: list[Kept]) -> list[bytes]:
    return [each.body for each in kept]


def test_what_is_new_is_kept_in_order(database: Database) -> None:
    log = MessageLog(database)
    assert append(log, track("a"), track("b"), track("c")) == ["a", "b", "c"]
    assert append(log, track("d"), track("b"), track("e")) == ["d", "e"]
    kept = log.after(0)
    assert bodies(kept) == [track(key).body for key in "abcde"]
    assert [each.position for each in kept] == sorted({each.position for each in kept})
    assert log.end() == kept[-1].position


def test_a_message_twice_in_one_append_is_kept_once(database: Database) -> None:
    log = MessageLog(database)
    assert append(log, track("a"), track("a", event="Other"), track("b")) == ["a", "b"]
    assert bodies(log.after(0)) == [track("a").body, track("b").body]


def test_what_is_known_is_known_however_long_ago_it_came(database: Database) -> None:
    append(MessageLog(database), track("a"), track("b"))
    log = MessageLog(database)  # another one, which has seen none of them
    assert append(log, track("c"), track("b"), track("d"), track("c"), track("a")) == ["c", "d"]
    assert append(log, track("b"), track("e"), track("d")) == ["e"]
    assert [each.position for each in log.after(0)] == sorted({each.position for each in log.after(0)})
    assert bodies(log.after(0)) == [track(key).body for key in "abcde"]


def test_nothing_to_append(database: Database) -> None:
    log = MessageLog(database)
    assert append(log) == []
    assert log.end() == 0 and log.after(0) == []


def test_many_in_one_append(database: Database) -> None:
    log = MessageLog(database)
    messages = [track(f"m{number}") for number in range(2500)]
    assert append(log, *messages) == [message.key for message in messages]
    assert append(log, *reversed(messages)) == []
    assert bodies(list(log.all(limit=700))) == [message.body for message in messages]


@pytest.mark.parametrize("text", ["", "O'Neil ? $1 %s", "日本 🌻", "a\0b", "\x1a0", "\x1a", "\0\x1a1\0"])
def test_any_text_and_any_bytes(database: Database, text: str) -> None:
    log = MessageLog(database)
    body = text.encode() + bytes(range(256))
    message = Message("posthog", text, body, (1 << 62) + 1, f"{text} source")
    append(log, message)
    (kept,) = log.after(0)
    assert (kept.form, kept.body) == (message.form, message.body)
    assert log.whole(0) == [(kept.position, replace(message, key=""))]
    assert log.at([kept.position]) == [kept]
    assert append(log, message) == []


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    log = MessageLog(database)
    append(log, track("a"))

    def fail() -> None:
        with database.transaction():
            log.append([track("b")])
            log.reject([Reject("bad", b"{", 1, "web")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert bodies(log.after(0)) == [track("a").body]
    assert database.rows("SELECT COUNT(*) FROM rejects") == [(0,)]
    assert append(log, track("b")) == ["b"]


def test_after_and_at(database: Database) -> None:
    log = MessageLog(database)
    append(log, *(track(str(number)) for number in range(10)))
    places = [each.position for each in log.after(0)]
    assert [each.position for each in log.after(places[3], limit=4)] == places[4:8]
    assert [each.position for each in log.at([places[7], places[2], places[9] + 1000])] == [places[2], places[7]]
    assert log.after(places[-1]) == []


def test_what_the_archive_has_is_passed_over_and_still_known(database: Database) -> None:
    log = MessageLog(database)
    append(log, track("a"), track("b"), track("c"))
    a, b, c = log.after(0)
    database.rows("UPDATE messages SET body = NULL WHERE position = ?", (b.position,))
    assert [each.position for each in log.after(0)] == [a.position, c.position]
    assert log.at([b.position]) == []
    assert append(log, track("b")) == []


@pytest.mark.parametrize("length", [1, 62, 63, 64, 65, 200])
def test_keys_that_differ_anywhere_are_two(database: Database, length: int) -> None:
    log = MessageLog(database)
    keys_ = [*dict.fromkeys(("a" * length, "b" + "a" * (length - 1), "a" * (length - 1) + "b", "a" * (length + 1)))]
    assert append(log, *map(track, keys_)) == keys_
    assert append(log, *map(track, keys_)) == []


def test_rejects(database: Database) -> None:
    log = MessageLog(database)
    with database.transaction():
        log.reject([Reject("no \0 person", b"\x00{", 5, "web"), Reject("bad", b"", 6, "app")])
        log.reject([])
    rows = database.rows("SELECT received, source, reason, body FROM rejects ORDER BY id")
    assert rows == [(5, "web", "no \0 person", b"\x00{"), (6, "app", "bad", b"")]


def test_two_writers_of_the_same_messages(opened: Opener) -> None:
    messages = [track(f"m{number}") for number in range(300)]
    kept: list[list[str]] = []

    def write(order: int) -> None:
        log, mine = MessageLog(opened()), []
        for start in range(0, 300, 20):
            some = messages[start : start + 20]
            mine += append(log, *(some if order else reversed(some)))
        kept.append(mine)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(kept[0] + kept[1]) == sorted(message.key for message in messages)
    assert sorted(bodies(MessageLog(opened()).after(0))) == sorted(message.body for message in messages)


def test_a_follower_misses_nothing_of_several_writers(opened: Opener) -> None:
    """Rows become visible in the order of their numbers, so that reading on from the last one is enough."""
    writers, each_writes = 4, 60

    def write(number: int) -> None:
        log = MessageLog(opened())
        for nth in range(each_writes):
            append(log, *(track(f"{number}-{nth}-{part}") for part in range(1 + nth % 3)))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    log, position, followed = MessageLog(opened()), 0, []
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        for kept in log.after(position):
            followed.append(kept.position)
            position = kept.position
    followed += [kept.position for kept in log.after(position)]
    assert len(followed) == writers * each_writes * 2
    assert followed == [kept.position for kept in log.after(0)]
