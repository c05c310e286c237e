"""Reading quantities in their YAML form, such as `{count: Report Run, last: 7 days}`. One `Form` says how one key is
read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fireflower.language import keys
from fireflower.language.calls import DEFAULT_GAP
from fireflower.language.cursor import Cursor, listed
from fireflower.language.documents import ListNode, MapNode, Node, ScalarNode
from fireflower.language.expressions import UNKNOWN, quantity_of
from fireflower.language.forms import WINDOWS, Reading, anchor_from, events_from, selected, window_from
from fireflower.language.nodes import (
    Actors,
    Count,
    Difference,
    Distinct,
    DistinctDays,
    Elapsed,
    EventName,
    Events,
    Extreme,
    Latest,
    Members,
    Property,
    Quantity,
    Ratio,
    Recency,
    Sequence,
    Sessions,
    Skill,
    Streak,
    Sum,
    TimeSpent,
    Trait,
    Window,
)
from fireflower.language.scores import score_from
from fireflower.language.selections import NO_EVENTS, read_property, read_property_or_event
from fireflower.language.trees import check_keys, shown, span_of, text_of
from fireflower.model.errors import did_you_mean

_COUNTING = ("where", *WINDOWS)


def quantity_from(node: Node, reading: Reading) -> Quantity:
    """`count(Report Run)`, or a mapping such as `{count: Report Run, last: 7 days}`; `UNKNOWN` if it cannot be read."""
    if isinstance(node, ScalarNode):
        return quantity_of(node, reading.scope, reading.notes)
    if isinstance(node, ListNode):
        reading.fault(node, "expected a quantity such as count(Report Run), got a list.")
        return UNKNOWN
    heads = [key for key in node.names() if key in keys.QUANTITY]
    if not heads:
        return _headless(node, reading)
    if heads[0] in ("points", "each"):
        return score_from(node, reading)
    return _read_form(heads[0], node, reading)


def _headless(node: MapNode, reading: Reading) -> Quantity:
    near = "".join(did_you_mean(key, keys.QUANTITY) for key in node.names()[:1])
    reading.fault(node, f"expected one of the keys {listed(keys.QUANTITY)}, got {shown(node)}.{near}")
    return UNKNOWN


def _read_form(name: str, node: MapNode, reading: Reading) -> Quantity:
    form, head = FORMS[name], node.get(name)
    assert head is not None
    check_keys(node, (name, *form.modifiers), f"`{name}`", reading.notes)
    missing = [key for key in form.required if node.get(key) is None]
    if missing:
        reading.fault(node, f"`{name}` needs the key `{missing[0]}`, as in {form.example}.")
        return UNKNOWN
    quantity = form.read(head, node, reading)
    if quantity is not UNKNOWN:
        reading.obey(quantity, node)
    return quantity


# --- Parts ------------------------------------------------------------------------------------------------------------


def _property(
    node: Node, reading: Reading, read: Callable[[Cursor, str], Property | EventName] = read_property
) -> Property | EventName:
    if isinstance(node, ScalarNode):
        return reading.whole(node, lambda cursor: read(cursor, "the key")) or Property("?")
    reading.fault(node, f"expected a property such as properties.rows, got {shown(node)}.")
    return Property("?")


def _gap(form: MapNode, reading: Reading) -> int:
    node = form.get("gap")
    return DEFAULT_GAP if node is None else span_of(node, "a gap", reading.notes) or DEFAULT_GAP


def _roles(node: Node, reading: Reading) -> tuple[str, ...]:
    items = node.items if isinstance(node, ListNode) else (node,)
    roles = [text_of(item, "a role, or 'any'", reading.notes) for item in items]
    if roles == ["any"]:
        return ()
    for role, item in zip(roles, items, strict=True):
        reading.notes.mention("role", role, item.place)
    return tuple(roles)


def _steps(node: Node, reading: Reading) -> tuple[Events, ...]:
    if isinstance(node, ListNode):
        return tuple(events_from(item, reading) for item in node.items)
    reading.fault(node, f"expected a list of events, got {shown(node)}.")
    return (NO_EVENTS, NO_EVENTS)


# --- Forms ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Form:
    """How a quantity is read from a mapping.

    Attributes
    ----------
    modifiers : the keys that may stand beside the head
    read : (value of the head, whole mapping, reading) -> quantity
    required : the modifiers that must stand there
    example : shown where one of them does not
    """

    modifiers: tuple[str, ...]
    read: Callable[[Node, MapNode, Reading], Quantity]
    required: tuple[str, ...] = ()
    example: str = ""


def _counting(node: Callable[[Events, Window], Quantity]) -> Form:
    return Form(_COUNTING, lambda head, form, reading: node(selected(head, form, reading), window_from(form, reading)))


def _measuring(
    node: Callable[..., Quantity],
    word: str,
    *leading: str,
    measured: Callable[[Cursor, str], Property | EventName] = read_property,
) -> Form:
    def read(head: Node, form: MapNode, reading: Reading) -> Quantity:
        of = form.get("of")
        assert of is not None
        return node(
            *leading, _property(head, reading, measured), selected(of, form, reading), window_from(form, reading)
        )

    return Form(("of", *_COUNTING), read, ("of",), f"{{{word}: properties.minutes, of: Flow Edited}}")


def _spending(node: Callable[[Events, int, Window], Quantity]) -> Form:
    def read(head: Node, form: MapNode, reading: Reading) -> Quantity:
        return node(selected(head, form, reading), _gap(form, reading), window_from(form, reading))

    return Form(("gap", *_COUNTING), read)


def _plain(node: Callable[[Events], Quantity]) -> Form:
    return Form(("where",), lambda head, form, reading: node(selected(head, form, reading)))


def _computing(node: Callable[[Quantity, Quantity], Quantity], other: str, example: str) -> Form:
    def read(head: Node, form: MapNode, reading: Reading) -> Quantity:
        second = form.get(other)
        assert second is not None
        parts = quantity_from(head, reading), quantity_from(second, reading)
        return UNKNOWN if UNKNOWN in parts else node(*parts)

    return Form((other,), read, (other,), example)


def _sequence(head: Node, form: MapNode, reading: Reading) -> Quantity:
    within = form.get("within")
    return Sequence(_steps(head, reading), None if within is None else span_of(within, "a span", reading.notes))


def _trait(head: Node, form: MapNode, reading: Reading) -> Quantity:
    quantity = quantity_from(head, reading)
    if quantity is not UNKNOWN and not isinstance(quantity, Trait):
        reading.fault(head, "expected account.NAME or person.NAME.")
    return quantity


FORMS: dict[str, Form] = {
    "count": _counting(Count),
    "distinct": _measuring(Distinct, "distinct", measured=read_property_or_event),
    "distinct_days": _counting(DistinctDays),
    "sum": _measuring(Sum, "sum"),
    "min": _measuring(Extreme, "min", "min"),
    "max": _measuring(Extreme, "max", "max"),
    "latest": _measuring(Latest, "latest"),
    "members": Form((), lambda head, form, reading: Members(_roles(head, reading))),
    "actors": _counting(Actors),
    "recency": _plain(Recency),
    "elapsed": Form((), lambda head, form, reading: Elapsed(anchor_from(head, reading))),
    "streak": _plain(Streak),
    "longest_streak": _plain(lambda events: Streak(events, longest=True)),
    "sequence": Form(("within",), _sequence),
    "sessions": _spending(Sessions),
    "hours_spent": _spending(TimeSpent),
    "share": _computing(Ratio, "limit", "{share: latest(properties.used of Storage Reported), limit: account.plan_gb}"),
    "ratio": _computing(Ratio, "to", "{ratio: count(Report Run), to: members}"),
    "difference": _computing(Difference, "minus", "{difference: count(Friend Added), minus: count(Friend Removed)}"),
    "trait": Form((), _trait),
    "skill": Form((), lambda head, form, reading: Skill(text_of(head, "a skill", reading.notes))),
}
"""How each key of `keys.QUANTITY` is read; `points` and `each` make a score, which has a reader of its own."""
