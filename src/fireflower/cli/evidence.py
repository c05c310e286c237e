"""Conditions as people read them: what was asked for, and what there is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from fireflower.cli.jsons import iso
from fireflower.language.nodes import Trait

if TYPE_CHECKING:
    from fireflower.evaluate.results import Evidence


_COMPARISON = re.compile(r"(?P<what>.+) (?P<bound>(>=|<=|!=|=|<|>) [^()]+)")


def asked(state: Evidence) -> str:
    """The condition as its author wrote it; in plain English where it was built in Python."""
    from fireflower.language.describing import describe_condition

    return state.condition.text or describe_condition(state.condition)


def there_is(state: Evidence) -> str:
    """The quantity's value, in its own unit."""
    from fireflower.language.phrases import value
    from fireflower.language.rules import unit_of

    if state.value is None:
        return "missing"
    unit = unit_of(state.condition.quantity)
    broken = isinstance(state.value, float) and unit == "number" and not state.value.is_integer()
    return value(float(f"{state.value:.4g}") if broken else state.value, unit)


def short(state: Evidence) -> str:
    """A condition in a table's cell, what there is before what was asked for: "reports 37 (>= 10)"."""
    quantity, value = state.condition.quantity, there_is(state).strip("'")
    if isinstance(quantity, Trait):
        return f"{quantity.name} {value}"
    compared = _COMPARISON.fullmatch(asked(state))
    if compared is None:
        return f"{asked(state)} {value}"
    return f"{compared['what']} {value} ({compared['bound']})"


def as_json(state: Evidence, tipped: Mapping[int, str]) -> dict[str, object]:
    """One condition for machines."""
    return {
        "condition": asked(state),
        "holds": state.holds,
        "value": state.value,
        "since": iso(state.since),
        "tipped_by": tipped.get(state.row) if state.row is not None else None,
    }
