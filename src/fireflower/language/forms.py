"""Reading formulas, events and windows in their YAML form. Wherever one of them is expected, the inline form of
`expressions` may stand instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fireflower.language import keys
from fireflower.language.cursor import Cursor, Scope, read_span, read_whole
from fireflower.language.documents import ListNode, MapNode, Node, ScalarNode, is_nothing
from fireflower.language.expressions import NOTHING, read_formula
from fireflower.language.nodes import (
    All,
    AnyOf,
    AnySpan,
    Events,
    Ever,
    Every,
    Formula,
    Last,
    No,
    Not,
    Some,
    Where,
    Window,
    Within,
)
from fireflower.language.places import Notes
from fireflower.language.rules import complaints
from fireflower.language.selections import NO_EVENTS, read_anchor, read_events, read_where
from fireflower.language.trees import check_keys, shown, span_of

T = TypeVar("T")

WINDOWS = ("last", "any", "within", "since")


@dataclass(frozen=True, slots=True)
class Reading:
    """The reading of one file: what names stand for, and where faults are noted."""

    scope: Scope
    notes: Notes

    def fault(self, node: Node, message: str) -> None:
        self.notes.fault(node.place, message)

    def whole(self, node: ScalarNode, read: Callable[[Cursor], T]) -> T | None:
        """What `read` finds in a text that holds nothing else; None, and the fault noted, if it cannot be read."""
        return read_whole(node, self.scope, self.notes, read)

    def obey(self, made: Any, node: Node) -> None:
        """Note what the rules of the language have against what was made of the node."""
        for complaint in complaints(made, self.scope.subject):
            self.fault(node, complaint + ".")


# --- Formulas and where -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Logic(Generic[T]):
    """What `all`, `any`, `not` and a text make; `nothing` stands in for what could not be read."""

    text: Callable[[Cursor], T]
    every: Callable[[tuple[T, ...]], T]
    some: Callable[[tuple[T, ...]], T]
    no: Callable[[T], T]
    nothing: T


_FORMULAS: Logic[Formula] = Logic(read_formula, All, AnyOf, Not, NOTHING)
_WHERES: Logic[Where] = Logic(read_where, Every, Some, No, Every(()))


def formula_from(node: Node, reading: Reading) -> Formula:
    """`value >= 2 and ..`, or a mapping with `all`, `any`, `not`."""
    return _logic_from(node, _FORMULAS, reading)


def where_from(node: Node, reading: Reading) -> Where:
    """`properties.rows > 0`, or a mapping with `all`, `any`, `not`."""
    return _logic_from(node, _WHERES, reading)


def _logic_from(node: Node, logic: Logic[T], reading: Reading) -> T:
    if isinstance(node, ScalarNode):
        return reading.whole(node, logic.text) or logic.nothing
    if isinstance(node, ListNode):
        reading.fault(node, "expected `all:` or `any:` above this list, to say whether all or one must hold.")
        return logic.nothing
    check_keys(node, keys.FORMULA, "a formula", reading.notes)
    if not node.entries:
        reading.fault(node, "expected `all`, `any` or `not`, got an empty mapping.")
    parts = [_part_from(key.text, value, logic, reading) for key, value in node.entries if key.text in keys.FORMULA]
    return parts[0] if len(parts) == 1 else logic.every(tuple(parts))


def _part_from(key: str, node: Node, logic: Logic[T], reading: Reading) -> T:
    if key == "not":
        return logic.no(_logic_from(node, logic, reading))
    if not isinstance(node, ListNode) or not node.items:
        got = "an empty list" if isinstance(node, ListNode) else shown(node)
        reading.fault(node, f"expected a list of formulas under `{key}:`, got {got}.")
        return logic.nothing
    parts = tuple(_logic_from(item, logic, reading) for item in node.items)
    return (logic.every if key == "all" else logic.some)(parts)


# --- Events and windows -----------------------------------------------------------------------------------------------


def events_from(node: Node, reading: Reading) -> Events:
    """`Report Run or Report Shared where ..`, a list of names, or a mapping with `event` and `where`."""
    if is_nothing(node):
        reading.fault(node, "expected the name of an event, or 'any', got nothing.")
        return NO_EVENTS
    if isinstance(node, ScalarNode):
        return reading.whole(node, read_events) or NO_EVENTS
    if isinstance(node, ListNode):
        return _any_of(node, reading)
    check_keys(node, keys.EVENTS, "an event", reading.notes)
    name = node.get("event")
    if name is None:
        reading.fault(node, "expected the key 'event' with an event's name.")
        return NO_EVENTS
    return selected(name, node, reading)


def selected(node: Node, form: MapNode, reading: Reading) -> Events:
    """The events under one key of a mapping, narrowed by the `where` beside it."""
    events, where = events_from(node, reading), form.get("where")
    if where is None:
        return events
    narrower = where_from(where, reading)
    return Events(events.names, narrower if events.where is None else Every((events.where, narrower)))


def _any_of(node: ListNode, reading: Reading) -> Events:
    found = [events_from(item, reading) for item in node.items]
    if not found or any(events.where or not events.names for events in found):
        reading.fault(node, "expected the names of events in this list; `where` stands beside it.")
        return NO_EVENTS
    return Events(tuple(name for events in found for name in events.names))


def goal_from(node: Node, reading: Reading) -> Events | None:
    """Events; None for `none` and for nothing."""
    no_goal = is_nothing(node) or (isinstance(node, ScalarNode) and node.text == "none")
    return None if no_goal else events_from(node, reading)


def anchor_from(node: Node, reading: Reading) -> Events:
    """An anchor's name, or events."""
    if isinstance(node, ScalarNode):
        return reading.whole(node, read_anchor) or NO_EVENTS
    return events_from(node, reading)


def window_from(form: MapNode, reading: Reading) -> Window:
    """The window among the keys of a quantity; `Ever` if there is none."""
    given = [(key, value) for key, value in form.entries if key.text in WINDOWS]
    for key, _ in given[1:]:
        reading.fault(key, f"a quantity has one window, and `{given[0][0].text}` stands here already.")
    return _window_from(given[0][0].text, given[0][1], reading) if given else Ever()


def _window_from(key: str, node: Node, reading: Reading) -> Window:
    if key == "since":
        return Within(anchor_from(node, reading), None)
    if key == "within":
        return _within_from(node, reading)
    span = span_of(node, "a span", reading.notes)
    return Ever() if span is None else Last(span) if key == "last" else AnySpan(span)


def _within_from(node: Node, reading: Reading) -> Window:
    if isinstance(node, ScalarNode):
        return reading.whole(node, _read_within) or Ever()
    reading.fault(node, f"expected SPAN of ANCHOR, as in '14 days of trial', got {shown(node)}.")
    return Ever()


def _read_within(cursor: Cursor) -> Window:
    span = read_span(cursor)
    cursor.expect("of", "and an anchor, as in '14 days of trial'")
    return Within(read_anchor(cursor), span)
