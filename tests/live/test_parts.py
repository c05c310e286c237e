"""What a step has decided, and of which shares."""

from __future__ import annotations

from typing import Any

from fireflower.app.live.parts import Decided, Part
from fireflower.history.log.leases import ALL_SHARES, share_of
from fireflower.history.log.verdicts import Verdict

NOBODY: Any = None


def decided(people: int) -> Decided:
    verdicts = [
        Verdict("person", f"u{number}", "ready", "m1", "entered", "met", 1, 1, lambda: "[]")
        for number in range(people)
    ]  # fmt: skip
    return Decided(Part({}, frozenset(), NOBODY, NOBODY), verdicts, {("account", "a1"): 0})


def test_few_are_of_their_own_shares() -> None:
    found = decided(3)
    assert found.shares() == {share_of("person", f"u{number}") for number in range(3)} | {share_of("account", "a1")}


def test_many_are_taken_for_all_of_the_parts_shares() -> None:
    assert decided(2_000).shares() == ALL_SHARES


def test_of_shares_that_are_lost_nothing_is_left() -> None:
    """Neither their verdicts nor their names: else whoever records would find them lost again and again."""
    lost = set(range(0, 64, 2))
    for people in (3, 500, 5_000):
        left = decided(people).without(lost)
        assert not left.shares() & lost
        assert all(share_of(each.kind, each.subject) not in lost for each in left.verdicts)
