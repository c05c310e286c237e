"""A world with an intervention is the same world, but for what the intervention changes."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.proving import Condition, Everyone, Nobody, World, build, effect, kind
from benchmarks.proving.chance import Bools, Ints
from benchmarks.proving.history import DAY, GOAL, NEVER, History


def same_but(one: History, other: History, *names: str) -> bool:
    """Whether the events of all other names are the same."""
    return bool(np.array_equal(*(_rows(each, ~_named(each, *names)) for each in (one, other))))


def rows(history: History, name: str) -> set[tuple[int, int]]:
    """The events of that name: whose, when."""
    return set(map(tuple, _rows(history, _named(history, name))[:, ::2].tolist()))


def _named(history: History, *names: str) -> Bools:
    return np.isin(history.event, [history.names.index(name) for name in names])


def _rows(history: History, chosen: Bools) -> Ints:
    columns = [column[chosen] for column in (history.subject, history.event, history.time)]
    return np.stack(columns, axis=1)[np.lexsort(columns)]


@pytest.fixture(scope="module")
def world() -> World:
    return build(kind("and", conversions=60, events=24), 5)


def rule_of(world: World) -> tuple[Condition, ...]:
    rule = world.truth.eras[0].rule
    assert rule is not None
    return rule.conditions


def test_making_everyone_do_something_adds_only_that_and_what_follows(world: World) -> None:
    conditions = rule_of(world)
    again = build(world.kind, world.seed, [Everyone(each) for each in conditions])
    follows = (*(each.event for each in conditions), GOAL, *world.truth.decoys)
    assert same_but(world.history, again.history, *follows)
    for condition in conditions:
        assert rows(world.history, condition.event) <= rows(again.history, condition.event)
        stays = world.truth.leaves > world.truth.signed_up + 7 * DAY
        assert (condition.met_at(again.history) < NEVER)[stays].all()
    assert (again.truth.bought <= world.truth.bought).all()
    same = world.truth.holds_from == again.truth.holds_from
    assert 0 < same.sum() < len(same)
    assert (world.truth.bought == again.truth.bought)[same].all()


def test_forbidding_something_takes_away_only_that_and_what_follows(world: World) -> None:
    event = rule_of(world)[0].event
    again = build(world.kind, world.seed, [Nobody(event)])
    follows = (event, GOAL, *world.truth.decoys)
    assert same_but(world.history, again.history, *follows)
    assert not rows(again.history, event)
    assert (again.truth.bought >= world.truth.bought).all()
    for one, other in zip(world.history.traits, again.history.traits, strict=True):
        assert (one.value == other.value).all() and (one.time == other.time).all()


def test_doing_what_does_not_matter_changes_nothing_else(world: World) -> None:
    free = next(name for name in world.history.names if name not in {each.event for each in rule_of(world)})
    again = build(world.kind, world.seed, [Everyone(Condition(free, 3))])
    assert same_but(world.history, again.history, free)
    assert (again.truth.bought == world.truth.bought).all()


def test_the_effect_of_the_rule_is_its_lift(world: World) -> None:
    assert effect(world).ratio == pytest.approx(3, rel=0.02)
    assert effect(build(kind("or", conversions=60, events=24), 5)).ratio == pytest.approx(3, rel=0.02)
    one = effect(world, rule_of(world)[:1])
    assert one.nobody == pytest.approx(effect(world).nobody)
    assert 1 < one.ratio < 3


@pytest.mark.parametrize("name", ["null", "confounded", "viral"])
def test_where_nothing_matters_the_effect_is_none(name: str) -> None:
    world = build(kind(name, conversions=60, events=24), 5)
    assert effect(world, [Condition(world.history.names[0], 2)]).difference == 0


def test_a_window_without_room_for_the_days_is_refused(world: World) -> None:
    with pytest.raises(ValueError, match="no room for so many days"):
        build(world.kind, 1, [Everyone(Condition(world.history.names[0], 7, "days"))])
    often = Condition(world.history.names[0], 12)
    again = build(world.kind, 1, [Everyone(often)])
    assert (often.met_at(again.history) < NEVER)[again.truth.at_risk(7)].all()
