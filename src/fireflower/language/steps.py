"""What is still to be done for a condition to hold: one phrase, from the condition and the value that it has now."""

from __future__ import annotations

import math
from typing import Any

from fireflower.language.describing import describe_condition, describe_quantity
from fireflower.language.nodes import (
    Actors,
    AnySpan,
    Between,
    Compare,
    Condition,
    Count,
    Distinct,
    DistinctDays,
    Elapsed,
    EventName,
    Last,
    Members,
    Quantity,
    Recency,
    Sequence,
    Sessions,
    Streak,
    Test,
    TimeSpent,
    Trait,
    Window,
)
from fireflower.language.phrases import different, events, listed, number, value, window
from fireflower.language.rules import unit_of
from fireflower.model.moments import format_span


def next_step(condition: Condition, current: Any) -> str:
    """What would make the condition hold.

    Parameters
    ----------
    current : the quantity's value now: a number (microseconds for spans), a text, or None for missing

    Examples
    --------
    >>> from fireflower.language.expressions import parse_formula
    >>> next_step(parse_formula("count(Report Run) >= 3"), 1)
    'do Report Run 2 more times'
    """
    quantity, missing = condition.quantity, _shortfall(condition.test, current)
    more = " more" if current else ""
    if missing is None or isinstance(quantity, Trait):
        return _in_general(condition, current)
    match quantity:
        case Count():
            return f"do {events(quantity.events)} {_times(missing, more)}{_in_time(quantity.window)}"
        case DistinctDays():
            return f"do {events(quantity.events)} on {_amount(missing, more, 'day')}{_in_time(quantity.window)}"
        case Distinct(of=EventName()):
            return f"do {number(math.ceil(missing))}{more} {different(quantity.events)}{_in_time(quantity.window)}"
        case Actors():
            return f"have {_amount(missing, more, 'person')} do {events(quantity.events)}{_in_time(quantity.window)}"
        case Members(roles):
            whom = listed(roles, "or") if roles else "member"
            return f"add {_amount(missing, more, whom)}"
        case Sessions():
            return f"have {_amount(missing, more, 'session')} of {events(quantity.events)}{_in_time(quantity.window)}"
        case TimeSpent():
            return f"spend {value(missing, 'hours')}{more} on {events(quantity.events)}{_in_time(quantity.window)}"
        case Recency():
            return f"wait {format_span(round(missing))} more without {events(quantity.events)}"
        case Elapsed():
            return f"wait {format_span(round(missing))} more"
        case Streak():
            return f"do {events(quantity.events)} on {_amount(missing, more, 'day')} in a row"
        case Sequence(steps):
            done = int(current or 0)
            return f"do {listed([events(step) for step in steps[done : done + math.ceil(missing)]], 'then')}"
    return f"raise {describe_quantity(quantity)} by {number(missing)}"


def _in_time(node: Window) -> str:
    return f" within {format_span(node.span)}" if isinstance(node, Last | AnySpan) else window(node)


def _in_general(condition: Condition, current: Any) -> str:
    """For what cannot be reached by doing more of something."""
    quantity: Quantity = condition.quantity
    unit = unit_of(quantity)
    shown = "missing" if current is None or current != current else value(current, unit)
    if isinstance(quantity, Recency) and isinstance(condition.test, Compare) and condition.test.op in ("<", "<="):
        return f"do {events(quantity.events)} again"
    if isinstance(quantity, Trait):
        return f"wait for a change of {quantity.owner}.{quantity.name}: it is {shown}"
    return f"{describe_condition(condition)} (now {shown})"


def _shortfall(test: Test, current: Any) -> float | None:
    """How much more the value must be; None where more of it does not help, or is not known to."""
    if isinstance(current, str | bool | list | tuple):
        return None
    now = 0.0 if current is None or current != current else float(current)
    match test:
        case Compare(op, float() | int() as bound):
            least = math.floor(bound) + 1 if op == ">" else bound
            return least - now if op in (">", ">=", "=") and least > now else None
        case Between(low, _) if low > now:
            return low - now
    return None


def _times(count: float, more: str) -> str:
    """ "once more"; without anything so far "once"."""
    whole = math.ceil(count)
    return f"once{more}" if whole == 1 else f"{number(whole)}{more} times"


def _amount(count: float, more: str, what: str) -> str:
    whole = math.ceil(count)
    plural = {"person": "people"}.get(what, what + "s") if whole != 1 else what
    return f"{number(whole)}{more} {plural}"
