"""Walking over nodes: what is inside a definition, and what a replay must load for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypeVar

from fireflower.language.fingerprints import canonical, meaning
from fireflower.language.nodes import (
    Actors,
    All,
    AnyOf,
    Between,
    Compare,
    Condition,
    Definition,
    DistinctDays,
    Events,
    Formula,
    LocalTime,
    Members,
    Not,
    OneOf,
    Property,
    Quantity,
    Role,
    Settings,
    Streak,
    Test,
    Trait,
)
from fireflower.model.records import SubjectKind

Node = TypeVar("Node")

_NOT_WALKED = frozenset({"quantities", "examples", "mentions", "imports", "speaks_for"})


def walk(node: Any) -> Iterator[Any]:
    """The node and every node inside it, each before its parts; of a definition, only what is part of its meaning."""
    if isinstance(node, tuple):
        for item in node:
            yield from walk(item)
    elif is_dataclass(node):
        yield node
        for part in fields(node):
            if part.name not in _NOT_WALKED:
                yield from walk(getattr(node, part.name))


def conditions_of(node: Formula | Definition) -> tuple[Condition, ...]:
    """The different conditions of a formula or definition, in the order in which they first stand; those inside a score
    are among them."""
    return tuple(by_meaning(inner for inner in walk(node) if isinstance(inner, Condition)).values())


def signed(formula: Formula, negated: bool = False) -> Iterator[tuple[Condition, bool]]:
    """The conditions of a formula in its order, and whether it asks that they do not hold."""
    match formula:
        case Condition():
            yield formula, negated
        case Not(part):
            yield from signed(part, not negated)
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from signed(part, negated)


def unwanted(definition: Definition) -> frozenset[str]:
    """The conditions, in their canonical form, that a definition asks not to hold."""
    return frozenset(canonical(condition) for condition, negated in signed(definition.qualified) if negated)


def quantities_of(node: Formula | Definition) -> tuple[Quantity, ...]:
    """The different quantities that the conditions of a formula or definition test; not the parts of ratios and
    differences."""
    return tuple(by_meaning(condition.quantity for condition in conditions_of(node)).values())


def events_of(node: Any) -> tuple[Events, ...]:
    """The different selections of events that a node reads, goals and anchors among them."""
    return tuple(by_meaning(inner for inner in walk(node) if isinstance(inner, Events)).values())


def properties_of(node: Any) -> frozenset[str]:
    """The paths of the event properties that a node reads."""
    return frozenset(inner.path for inner in walk(node) if isinstance(inner, Property))


def traits_of(node: Any) -> frozenset[tuple[SubjectKind, str]]:
    """The traits that a node reads, as (owner, name)."""
    return _traits(walk(node))


def bounds_of(test: Test) -> tuple[Any, ...]:
    """The values with which a test compares."""
    match test:
        case Compare():
            return (test.bound,)
        case Between():
            return (test.low, test.high)
        case OneOf():
            return test.values
    return ()


def _traits(nodes: Iterable[Any]) -> frozenset[tuple[SubjectKind, str]]:
    return frozenset((node.owner, node.name) for node in nodes if isinstance(node, Trait))


def by_meaning(nodes: Iterable[Node]) -> dict[str, Node]:
    """The different nodes by their meaning; of those that mean the same, the first. Nodes that Python finds equal may
    differ in meaning (`= true`, `= 1`): the canonical form decides."""
    found: dict[str, Node] = {}
    for node in nodes:
        found.setdefault(meaning(node), node)
    return found


# --- What a replay needs to load --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Needs:
    """What of a history definitions read.

    Attributes
    ----------
    properties : paths of event properties
    events : names of events; None if some quantity reads events of any name
    traits : (owner, name), the traits that name time zones among them
    roles : whether the roles on events are read
    members : whether it matters who is a member, or who did something
    local_time : whether time zones matter
    """

    properties: frozenset[str]
    events: frozenset[str] | None
    traits: frozenset[tuple[SubjectKind, str]]
    roles: bool
    members: bool
    local_time: bool


def needs(definitions: Iterable[Definition], settings: Settings) -> Needs:
    """What a replay of these definitions must load, for the settings' own formulas too."""
    nodes = list(walk((*definitions, settings)))
    local_time = any(isinstance(node, LocalTime | DistinctDays | Streak) for node in nodes)
    selections = [node for node in nodes if isinstance(node, Events)]
    return Needs(
        properties=frozenset(node.path for node in nodes if isinstance(node, Property)),
        events=_names(selections),
        traits=_traits(nodes) | (frozenset(settings.timezone_traits) if local_time else frozenset()),
        roles=any(isinstance(node, Role) for node in nodes),
        members=any(isinstance(node, Members | Actors) for node in nodes),
        local_time=local_time,
    )


def _names(selections: Iterable[Events]) -> frozenset[str] | None:
    names: set[str] = set()
    for events in selections:
        if not events.names:
            return None
        names.update(events.names)
    return frozenset(names)
