"""Deliveries and rejects, as they are kept, on each database."""

from __future__ import annotations

import threading
from typing import Any

from fireflower.history.log.database import Database
from fireflower.history.log.measuring import bytes_of
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.outbox import RETRACTION, Outbox
from fireflower.history.log.postings import Attempt, Posting, Which
from fireflower.history.log.rejects import Rejects
from fireflower.model.messages import Reject
from log.databases import Opener

TAKES_BACK = '{"change": "retracted"}'


def posting(key: str, due: int = 10, **other: Any) -> Posting:
    given: dict[str, Any] = {
        "transition": 1, "destination": "crm", "kind": "person", "subject": "ann\0", "planned": due, "state": "waiting",
        "attempts": 0, "reason": "", "payload": b"{\0}", "notice": '{"a": "\\u0000"}',
    }  # fmt: skip
    return Posting(**{"key": key, "due": due, **given, **other})


def put(database: Database, *postings: Posting) -> Outbox:
    outbox = Outbox(database)
    with database.transaction():
        outbox.put(postings)
    return outbox


def keys(found: list[Posting]) -> list[str]:
    return [each.key for each in found]


def test_planned_once(database: Database) -> None:
    outbox = put(database, posting("a"), posting("b", 5))
    put(database, posting("a", 99))
    assert outbox.page(Which(), None, 9) == [posting("a"), posting("b", 5)]
    assert outbox.has("a") and not outbox.has("c") and outbox.next_due() == 5 and outbox.counts() == {"waiting": 2}


def test_what_is_due_is_claimed_once(database: Database) -> None:
    outbox = put(database, posting("c", 30), posting("b", 10), posting("a", 10), posting("d", 11, destination="slack"))
    with database.transaction():
        assert keys(outbox.claim(20, 100, 2)) == ["a", "b"]
        assert keys(outbox.claim(20, 100, 5, but=["slack"])) == []
        assert keys(outbox.claim(20, 100, 5)) == ["d"]
    assert keys(outbox.given_up(99)) == [] and sorted(keys(outbox.given_up(100))) == ["a", "b", "d"]


def test_several_that_send_share_what_is_due(database: Database, opened: Opener) -> None:
    put(database, *(posting(f"k{number:03}") for number in range(60)))
    claimed: list[str] = []

    def claim(own: Database) -> None:
        while True:
            with own.transaction():
                own.in_order("deliveries")
                some = Outbox(own).claim(20, 100, 7)
            if not some:
                return
            claimed.extend(keys(some))

    threads = [threading.Thread(target=claim, args=(opened(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == [f"k{number:03}" for number in range(60)]


def test_what_came_of_it(database: Database) -> None:
    outbox = put(database, posting("a"), posting("b"))
    with database.transaction():
        outbox.tell("a", "waiting", 50, 12, "retry", "it was\0 busy")
        outbox.tell("a", "sent", 51, 51, "sent", "ok")
        outbox.park("crm", "the token was revoked")
    (sent,), (parked,) = (outbox.page(Which(states=[state]), None, 9) for state in ("sent", "parked"))
    assert sent.tries == (Attempt(12, "retry", "it was\0 busy"), Attempt(51, "sent", "ok"))
    assert (sent.attempts, sent.due, parked.reason) == (2, 51, "the token was revoked")
    with database.transaction():
        assert outbox.replay(Which(states=["dead", "parked"]), 60) == 1
    assert keys(outbox.page(Which(states=["waiting"]), None, 9)) == ["b"]


def test_what_planning_asks(database: Database) -> None:
    outbox = put(
        database,
        posting("a", 10),
        posting("b", 20, subject="bob"),
        posting("c", 30, state="dead"),
        posting("d", 40, reason=RETRACTION, notice=TAKES_BACK),
        posting("g", 45, reason="HTTP 200", state="sent", notice=TAKES_BACK),
        posting("e", 50, destination="slack"),
        posting("f", 60, state="withheld"),
    )
    assert sorted(outbox.dues("crm", None, 0, 100)) == [10, 20]
    assert outbox.dues("crm", ("person", "bob"), 0, 100) == [20] and outbox.dues("crm", None, 10, 20) == []
    assert not outbox.has("f")


def test_what_is_told_after_all_is_taken_back_after_all(database: Database) -> None:
    """A message could not be told, so nobody needed its correction; then somebody has it sent once more."""
    outbox = put(database, posting("a", 1), posting("b", 2, reason=RETRACTION, notice=TAKES_BACK))
    with database.transaction():
        outbox.tell("a", "dead", 5, 5, "dead", "HTTP 400")
    assert outbox.counts() == {"dead": 1, "withheld": 1}
    with database.transaction():
        assert outbox.replay(Which(states=["dead"]), 60) == 1
    assert outbox.counts() == {"waiting": 2}
    with database.transaction():
        assert keys(outbox.claim(70, 99, 9)) == ["a"]  # the correction follows it
        outbox.tell("a", "sent", 70, 70, "sent", "ok")
        assert keys(outbox.claim(71, 99, 9)) == ["b"]


def test_what_was_wrong_and_could_not_be_told_is_not_sent_once_more(database: Database) -> None:
    outbox = put(database, posting("a", state="dead"), posting("b", destination="slack", state="dead"))
    with database.transaction():
        outbox.void(1, "crm")
        assert outbox.replay(Which(states=["dead"]), 60) == 1
    assert keys(outbox.page(Which(states=["waiting"]), None, 9)) == ["b"]


def test_what_is_parked_and_was_never_tried_can_be_called_off(database: Database) -> None:
    outbox = put(database, posting("a"), posting("b"))
    with database.transaction():
        outbox.tell("a", "waiting", 5, 5, "retry", "busy")
        outbox.park("crm", "the token was revoked")
        assert not outbox.cancel("a") and outbox.cancel("b")


def test_page_by_page(database: Database) -> None:
    names = ["a", "B", "ä", "b", "_"]
    outbox = put(database, *(posting(name, 10) for name in names), posting("first", 99))
    expected = ["first", *sorted(names, reverse=True)]
    assert keys(outbox.page(Which(), None, 9)) == expected
    found: list[str] = []
    place: tuple[int, str] | None = None
    while page := outbox.page(Which(destination="crm", since=10, until=100), place, 2):
        found += [each.key for each in page]
        place = page[-1].planned, page[-1].key
    assert found == expected
    assert keys(outbox.page(Which(), (10, "b"), 2)) == ["a", "_"]


def test_what_has_nothing_to_send_is_not_sent_again(database: Database) -> None:
    outbox = put(database, posting("a", state="dead"), posting("b", state="withheld", payload=b""), posting("c"))
    with database.transaction():
        assert outbox.replay(Which(), 70) == 1
    assert outbox.counts() == {"waiting": 2, "withheld": 1}


def test_what_may_have_been_sent_is_not_cancelled(database: Database) -> None:
    """Somebody has let it be sent once more: whoever was told before is to hear that it was wrong."""
    outbox = put(database, posting("a"), posting("b"))
    with database.transaction():
        outbox.tell("a", "sent", 12, 12, "sent", "ok")
        assert outbox.replay(Which(states=["sent"]), 20) == 1
        assert not outbox.cancel("a") and outbox.cancel("b")
    assert outbox.counts() == {"waiting": 1, "withheld": 1}


def test_rejects_are_looked_at_and_taken_after_all(database: Database) -> None:
    rejects = Rejects(database)
    with database.transaction():
        MessageLog(database).reject([Reject(f"r{n}", b"\0", n, "web" if n % 2 else "app") for n in range(6)])
    assert [each.reason for each in rejects.page(None, None, 4)] == ["r5", "r4", "r3", "r2"]
    web = rejects.page("web", None, 10)
    assert [each.reason for each in web] == ["r5", "r3", "r1"]
    assert [each.reason for each in rejects.page("web", web[0].id, 1)] == ["r3"]
    with database.transaction():
        rejects.taken([web[1].id], 77)
    assert [each.reason for each in rejects.waiting(None, 1, 5, 0, 10)] == ["r1", "r2", "r4"]
    assert rejects.page("web", web[0].id, 1)[0].replayed == 77


def test_its_size(database: Database) -> None:
    assert bytes_of(database) > 10_000
