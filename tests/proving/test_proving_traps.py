"""Traps are traps: they go along with buying, each in its own way, and say nothing at the landmark that would help."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.proving import World, build, kind
from benchmarks.proving.features import at_landmark
from benchmarks.proving.history import DAY, MINUTE, NEVER


@pytest.fixture(scope="module")
def world() -> World:
    return build(kind("leaks", conversions=100, events=24, traps=("after", "alias", "spike", "status", "reminders")), 2)


def trap(world: World, why: str) -> str:
    return next(name for name, reason in world.truth.traps.items() if reason == why)


def lag(world: World, why: str) -> tuple[np.ndarray, np.ndarray]:
    """Of each event of a trap: whose, and how long after the goal (microseconds)."""
    mine = world.history.event == world.history.names.index(trap(world, why))
    subject = world.history.subject[mine]
    return subject, world.history.time[mine] - world.truth.bought[subject]


def test_a_world_names_its_traps_and_no_rule_names_one(world: World) -> None:
    assert sorted(world.truth.traps.values()) == ["after", "alias", "reminders", "spike", "status"]
    rule = world.truth.eras[0].rule
    assert rule is not None and not set(rule.events) & {*world.truth.traps, *world.truth.decoys}
    assert not build(kind("and", conversions=50), 2).truth.traps


def test_after_is_of_buyers_only_and_after_the_goal(world: World) -> None:
    _, late = lag(world, "after")
    assert len(late) and (late > 0).all()


def test_alias_is_the_goal_within_a_minute(world: World) -> None:
    subject, late = lag(world, "alias")
    assert (np.abs(late) <= MINUTE).all() and (late < 0).any()
    assert len(subject) > 0.9 * (world.truth.bought < NEVER).sum()


def test_spike_comes_just_before_the_goal(world: World) -> None:
    subject, late = lag(world, "spike")
    buyer = world.truth.bought[subject] < NEVER
    assert (late[buyer] < 0).all()
    assert np.median(late[buyer]) > -2 * 60 * MINUTE
    assert (late[buyer] >= -12 * 60 * MINUTE).all()
    assert 0.01 < (~buyer).sum() / (world.truth.bought == NEVER).sum() < 0.05


def test_status_is_filled_in_around_the_goal(world: World) -> None:
    trait = next(each for each in world.history.traits if each.name == trap(world, "status"))
    late = trait.time - world.truth.bought[trait.subject]
    working, won = trait.value == trait.values.index("b"), trait.value == trait.values.index("c")
    assert ((late[working] <= 0) & (late[working] >= -2 * DAY)).all()
    assert (late[won] >= 0).all()
    assert (world.truth.bought[trait.subject[~(working | won)]] == NEVER).all()
    assert (np.diff(trait.time) >= 0).all()


def test_reminders_stop_at_the_goal(world: World) -> None:
    subject, late = lag(world, "reminders")
    assert (late < 0).all()
    often = np.bincount(subject, minlength=len(world.ids))
    buyer = world.truth.bought < NEVER
    assert often[buyer].mean() < often[~buyer].mean() - 0.5


def test_at_the_landmark_traps_say_next_to_nothing(world: World) -> None:
    table = at_landmark(world, world.kind.landmark)
    for why in ("after", "alias"):
        assert not table.values[:, table.names.index(trap(world, why))].any()
    spike = table.values[:, table.names.index(trap(world, "spike"))] > 0
    assert spike[table.outcome].mean() < 0.1
    reminders = table.values[:, table.names.index(trap(world, "reminders"))]
    assert np.ptp(reminders) == 0


def test_buyers_do_more_of_some_ordinary_things_after_buying(world: World) -> None:
    buyers = np.flatnonzero(world.truth.bought < NEVER)
    for name in world.truth.decoys:
        mine = world.history.event == world.history.names.index(name)
        late = world.history.time[mine] - world.truth.bought[world.history.subject[mine]]
        assert (late > 0).sum() > len(buyers)
