"""The nearest thing that a qualified subject has not done yet: what to talk with it about."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fireflower.destinations.doing import to_do
from fireflower.language.fingerprints import canonical
from fireflower.language.nodes import (
    Actors,
    AnySpan,
    Compare,
    Condition,
    Count,
    Definition,
    Distinct,
    DistinctDays,
    Members,
    Sequence,
    Sessions,
)
from fireflower.language.phrases import window
from fireflower.language.steps import next_step
from fireflower.language.walking import signed, unwanted

if TYPE_CHECKING:
    from fireflower.evaluate.results import Evidence

_DOABLE = Count | Distinct | DistinctDays | Actors | Members | Sequence | Sessions


def next_step_of(definition: Definition, evidence: Iterable[Evidence]) -> str:
    """What would make the nearest condition hold that the definition names, wants, and has not got: 'connect the CRM'.

    Only what can be done counts, and only in the direction that the definition asks for: `not did(Crm Disconnected)`
    makes no step of disconnecting. Signs of intent are none, as nobody is to be sent to a price list. "" if there is
    nothing.
    """
    wanted = _wanted(definition)
    open_ = [
        each
        for each in evidence
        if not each.holds and canonical(each.condition) in wanted and _gap(each.condition, each.value) is not None
    ]
    nearest = min(open_, key=lambda each: _gap(each.condition, each.value) or 0.0, default=None)
    return step(nearest.condition, nearest.value) if nearest is not None else ""


def step(condition: Condition, value: Any) -> str:
    """One step in words.

    >>> from fireflower.language.expressions import parse_formula
    >>> step(parse_formula("did(Crm Connected)"), 0.0), step(parse_formula("count(Report Run) >= 3"), 1.0)
    ('connect the CRM', 'run a report 2 more times')
    """
    quantity, test = condition.quantity, condition.test
    plain = isinstance(quantity, Count) and len(quantity.events.names) == 1 and quantity.events.where is None
    if not plain or not isinstance(test, Compare) or test.op not in (">=", ">"):
        return next_step(condition, value)
    assert isinstance(quantity, Count)
    if isinstance(quantity.window, AnySpan):
        value = 0.0  # what has been done may lie too far back to count with what is still to be done
    words = to_do(quantity.events.names[0])
    return next_step(condition, value) if words is None else words + _times(test, value) + window(quantity.window)


def _times(test: Compare, value: float) -> str:
    missing = _least(test) - int(value or 0)
    if missing == 1:
        return " once more" if value else ""
    return f" {missing:,}{' more' if value else ''} times"


def _least(test: Compare) -> int:
    bound = float(test.bound)
    return math.floor(bound) + 1 if test.op == ">" else math.ceil(bound)


def _gap(condition: Condition, value: Any) -> float | None:
    """The share that is missing; None for what nobody can do."""
    test = condition.test
    if not isinstance(condition.quantity, _DOABLE) or not isinstance(test, Compare) or test.op not in (">=", ">"):
        return None
    if not isinstance(test.bound, int | float) or isinstance(value, str | list):
        return None
    least = max(_least(test), 1)
    return (least - float(value or 0)) / least


def _wanted(definition: Definition) -> frozenset[str]:
    """The conditions that the definition asks to hold, and nowhere not to."""
    wanted = {canonical(condition) for condition, negated in signed(definition.qualified) if not negated}
    intent = (formula for circle, formula in definition.circles if circle == "intent")
    signs = {canonical(condition) for formula in intent for condition, _ in signed(formula)}
    return frozenset(wanted - unwanted(definition) - signs)
