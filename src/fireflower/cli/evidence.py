"""Conditions as people read them in a table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fireflower.app.explained import asked, there_is
from fireflower.language.nodes import Trait

if TYPE_CHECKING:
    from fireflower.evaluate.results import Evidence


_COMPARISON = re.compile(r"(?P<what>.+) (?P<bound>(>=|<=|!=|=|<|>) [^()]+)")


def short(state: Evidence) -> str:
    """A condition in a table's cell, what there is before what was asked for: "reports 37 (>= 10)"."""
    quantity, value = state.condition.quantity, there_is(state).strip("'")
    if isinstance(quantity, Trait):
        return f"{quantity.name} {value}"
    compared = _COMPARISON.fullmatch(asked(state))
    if compared is None:
        return f"{asked(state)} {value}"
    return f"{compared['what']} {value} ({compared['bound']})"
