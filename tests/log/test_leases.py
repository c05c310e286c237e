"""Leases of shares, on each database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from fireflower.history.log.database import Database
from fireflower.history.log.leases import ALL_SHARES, SHARES, Evaluated, LeaseLostError, Leases, Terms, quota, share_of
from log.databases import Opener


@dataclass
class Process:
    """A process that evaluates."""

    leases: Leases
    database: Database

    def enter(self) -> list[str]:
        with self.database.transaction():
            return self.leases.enter()

    def take(self, most: int = SHARES) -> Terms:
        with self.database.transaction():
            return self.leases.take(most)

    def renew(self) -> Terms:
        with self.database.transaction():
            return self.leases.renew()

    def write(self, terms: Terms, position: int = 1, moment: int = 1) -> None:
        with self.database.transaction():
            self.leases.write_under(terms, position, moment)


def process(opened: Opener, name: str, seconds: float = 60) -> Process:
    database = opened()
    found = Process(Leases(database, name, seconds), database)
    found.enter()
    return found


def expire(database: Database, shares: Iterable[int]) -> None:
    database.many("UPDATE leases SET until = 1 WHERE share = ?", [(share,) for share in shares])


def test_subjects_fall_into_all_shares() -> None:
    found = [share_of("person", f"user-{number}") for number in range(20_000)]
    counts = [found.count(share) for share in ALL_SHARES]
    assert min(counts) > 200 and max(counts) < 430
    assert share_of("person", "ann") == share_of("person", "ann") and share_of("account", "ann") in ALL_SHARES


@pytest.mark.parametrize("count", [1, 2, 3, 5, 63, 64, 65, 100])
def test_quotas_are_even(count: int) -> None:
    names = [f"p{number}" for number in range(count)]
    found = [quota(name, names) for name in reversed(names)]
    assert sum(found) == SHARES and max(found) - min(found) <= 1


def test_a_share_has_one_holder(opened: Opener) -> None:
    one, other = process(opened, "one"), process(opened, "other")
    assert set(other.enter()) == {"one", "other"}
    taken = one.take(40)
    assert len(taken) == 40 and one.renew() == taken
    assert other.take().keys() == ALL_SHARES - taken.keys() and one.take() == {}
    assert other.leases.holders() == {"one": 40, "other": 24}


def test_what_has_run_out_is_taken_and_no_longer_written_under(opened: Opener, database: Database) -> None:
    one, other = process(opened, "one"), process(opened, "other")
    terms = one.take()
    one.write(terms, 7, 70)
    expire(database, [3, 4])
    assert other.take() == {3: terms[3] + 1, 4: terms[4] + 1}
    with pytest.raises(LeaseLostError, match="another process has taken 2 of 64 shares") as lost:
        one.write({share: terms[share] for share in (2, 3, 4)}, 8, 80)
    assert lost.value.shares == {3, 4}
    evaluated = one.leases.evaluated(ALL_SHARES)
    assert {(each.position, each.moment) for each in evaluated.values()} == {(7, 70)}
    one.write({2: terms[2]}, 9, 90)
    assert one.leases.position() == 7


def test_who_has_it_again_must_begin_again(opened: Opener, database: Database) -> None:
    one, other = process(opened, "one"), process(opened, "other")
    before = one.take()
    expire(database, [5])
    other.take()
    expire(database, [5])
    again = one.take()
    assert again == {5: before[5] + 2}
    with pytest.raises(LeaseLostError):
        one.write({5: before[5]})
    one.write(again)


def test_nobody_else_took_what_had_run_out(opened: Opener, database: Database) -> None:
    one = process(opened, "one")
    terms = one.take()
    expire(database, ALL_SHARES)
    one.write(terms)
    assert one.renew() == terms and process(opened, "other").take() == {}


def test_what_is_released_or_left_is_free_at_once(opened: Opener) -> None:
    one, other = process(opened, "one"), process(opened, "other")
    one.take()
    one.leases.release([1, 2])
    assert other.take().keys() == {1, 2}
    one.leases.leave()
    assert len(other.take()) == SHARES - 2 and other.leases.others() == {}


def test_how_far_shares_have_been_evaluated(opened: Opener) -> None:
    one = process(opened, "one")
    terms = one.take()
    assert one.leases.evaluated([1]) == {1: Evaluated()} and not Evaluated().knows("ready", "m1")
    one.leases.mean([1, 2], {"ready": "m1"}, "b")
    one.write({1: terms[1]}, 5, 50)
    found = one.leases.evaluated([1, 2])
    assert found == {1: Evaluated(5, 50, {"ready": "m1"}, "b"), 2: Evaluated(-1, -1, {"ready": "m1"}, "b")}
    assert found[1].knows("ready", "m1") and not found[1].knows("ready", "m2") and one.leases.position() == 0


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)  # whoever writes to SQLite has the file for himself
def test_what_is_being_written_under_is_not_taken(opened: Opener, database: Database) -> None:
    one, other = process(opened, "one"), process(opened, "other")
    terms = one.take()
    expire(database, ALL_SHARES)
    with one.database.transaction():
        one.leases.write_under({7: terms[7]}, 1, 1)
        assert other.take().keys() == ALL_SHARES - {7}
        assert other.renew().keys() == ALL_SHARES - {7}
