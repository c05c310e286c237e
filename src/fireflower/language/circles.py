"""Reading `circles:` in fireflower.yaml: of which circle events and traits speak."""

from __future__ import annotations

from collections.abc import Iterator

from fireflower.language import keys
from fireflower.language.cursor import NoNames
from fireflower.language.documents import ListNode, Node, ScalarNode
from fireflower.language.expressions import UNKNOWN, quantity_of
from fireflower.language.forms import Reading, events_from
from fireflower.language.nodes import CIRCLES, Circle, Events, Members, Trait
from fireflower.language.places import Notes
from fireflower.language.selections import NO_EVENTS
from fireflower.language.trees import mapping_of, shown

Signal = Events | Trait | Members
_EXAMPLE = "[Report Run, account.employees]"


def speaking_for(node: Node | None, notes: Notes) -> Iterator[tuple[Circle, Signal]]:
    """Each signal with its circle; a fault is noted where one stands in two."""
    form = mapping_of(node, keys.CIRCLES, "circles", notes) if node is not None else None
    circle_of: dict[str | Signal, Circle] = {}
    for circle in CIRCLES:
        under = form.get(circle) if form else None
        if under is not None and not isinstance(under, ListNode):
            notes.fault(under.place, f"expected a list of events and traits such as {_EXAMPLE}, got {shown(under)}.")
            continue
        for item in under.items if under else ():
            signal = _signal(item, notes)
            for one in () if signal is None else _ones(signal):
                other = circle_of.setdefault(one, circle)
                if other != circle:
                    name = one if isinstance(one, str) else shown(item).strip("'")
                    notes.fault(item.place, f"{name!r} stands under `{other}` already; each speaks for one circle.")
            if signal is not None:
                yield circle, signal


def _ones(signal: Signal) -> tuple[str | Signal, ...]:
    return signal.names if isinstance(signal, Events) else (signal,)


def _signal(item: Node, notes: Notes) -> Signal | None:
    """A trait with its owner, `members`, or the name of an event; one that looks like a trait stands under `event:`."""
    text = item.text.strip() if isinstance(item, ScalarNode) else ""
    if text == "members":
        return Members()
    if isinstance(item, ScalarNode) and text.startswith(("account.", "person.")):
        trait = quantity_of(item, NoNames(), notes)
        if isinstance(trait, Trait):
            return None if trait is UNKNOWN else trait
        notes.fault(item.place, f"expected an event or a trait, got {shown(item)}.")
        return None
    events = events_from(item, Reading(NoNames(), notes))
    if events is not NO_EVENTS and (events.where is not None or not events.names):
        notes.fault(item.place, f"expected the name of an event or a trait, as in {_EXAMPLE}, got {shown(item)}.")
        return None
    return None if events is NO_EVENTS else events
