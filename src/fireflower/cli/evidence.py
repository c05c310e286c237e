"""Conditions as people read them in a table."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from typing import TYPE_CHECKING

from fireflower.app.explained import asked, there_is
from fireflower.language.nodes import Trait

if TYPE_CHECKING:
    from fireflower.evaluate.results import Evidence


_COMPARISON = re.compile(r"(?P<what>.+) (?P<bound>(>=|<=|!=|=|<|>) [^()]+)")


def in_brief(evidence: Iterable[Evidence], unwanted: Container[str]) -> str:
    """What speaks for a lead, in a table's cell: conditions that hold, or do not where that is asked for. What there is
    comes before what was asked for, and once if these are several bounds: "reports 37 (>= 10); visits 5 (>= 4, >= 2)".
    """
    from fireflower.language.fingerprints import canonical

    said: dict[str, dict[str, None]] = {}
    for state in evidence:
        is_unwanted = canonical(state.condition) in unwanted
        if state.holds != is_unwanted:
            what, bound = _short(state)
            said.setdefault(f"not {what}" if is_unwanted else what, {}).update({bound: None} if bound else {})
    return "; ".join(what + (f" ({', '.join(bounds)})" if bounds else "") for what, bounds in said.items())


def _short(state: Evidence) -> tuple[str, str]:
    """What there is, and the bound: "reports 37", ">= 10"; no bound where it would say nothing more."""
    quantity, value = state.condition.quantity, there_is(state).strip("'")
    if isinstance(quantity, Trait):
        return f"{quantity.name} {value}", ""
    compared = _COMPARISON.fullmatch(asked(state))
    if compared is None:
        return f"{asked(state)} {value}", ""
    return f"{compared['what']} {value}", compared["bound"]
