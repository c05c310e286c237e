"""Reading the values of a YAML tree: each function notes a fault where another kind of value was expected."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from fireflower.language.cursor import checked_span, listed
from fireflower.language.documents import ListNode, MapNode, Node, ScalarNode, is_nothing
from fireflower.language.places import Notes
from fireflower.model.errors import did_you_mean

V = TypeVar("V", bound=str)


def mapping_of(node: Node, known: Collection[str], what: str, notes: Notes) -> MapNode | None:
    """The node as a mapping with known keys only; None, and a fault noted, if it is something else."""
    if not isinstance(node, MapNode):
        notes.fault(node.place, f"expected {what} as keys and values ({listed(known)}), got {shown(node)}.")
        return None
    check_keys(node, known, what, notes)
    return node


def check_keys(node: MapNode, known: Collection[str], what: str, notes: Notes) -> None:
    for before, (key, _) in zip((None, *node.entries), node.entries, strict=False):
        if key.text not in known:
            hint = did_you_mean(key.text, known) or _indentation_hint(before) or f" Expected {listed(known)}."
            notes.fault(key.place, f"{key.text!r} is no key of {what}.{hint}")


def _indentation_hint(before: tuple[ScalarNode, Node] | None) -> str:
    """For a key after one that has no value: it may be what belongs there."""
    return f" Indent it, so that it stands under `{before[0].text}`." if before and is_nothing(before[1]) else ""


def text_of(node: Node, what: str, notes: Notes) -> str:
    """A text that is not empty; "" and a fault noted, if there is none. Numbers are taken as they are written."""
    if isinstance(node, ScalarNode) and node.value is not None and node.text.strip():
        return node.text.strip()
    notes.fault(node.place, f"expected {what}, got {shown(node)}.")
    return ""


def choice_of(node: Node, choices: tuple[V, ...], what: str, notes: Notes) -> V | None:
    """One of the choices; None, and a fault noted, if it is something else."""
    text = text_of(node, what, notes)
    for choice in choices:
        if choice == text:
            return choice
    if text:
        notes.fault(node.place, f"expected {what}: {listed(choices)}, got {text!r}.{did_you_mean(text, choices)}")
    return None


def number_of(node: Node, what: str, notes: Notes) -> float | None:
    value = node.value if isinstance(node, ScalarNode) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    notes.fault(node.place, f"expected {what} as a number, got {shown(node)}.")
    return None


def truth_of(node: Node, what: str, notes: Notes) -> bool:
    if isinstance(node, ScalarNode) and isinstance(node.value, bool):
        return node.value
    notes.fault(node.place, f"expected true or false for {what}, got {shown(node)}.")
    return False


def span_of(node: Node, what: str, notes: Notes) -> int | None:
    if isinstance(node, ScalarNode):
        return checked_span(node.text, notes, node.place)
    notes.fault(node.place, f"expected {what} such as '7 days', got {shown(node)}.")
    return None


def shown(node: Node) -> str:
    if isinstance(node, ListNode):
        return "a list"
    if isinstance(node, MapNode):
        return "a mapping with the keys " + listed(node.names(), "and") if node.entries else "an empty mapping"
    return "nothing" if node.value is None else repr(node.text)
