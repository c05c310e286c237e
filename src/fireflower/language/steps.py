"""What is still to be done for a condition to hold: one phrase, from the condition and the value that it has now."""

from __future__ import annotations

import math
from typing import Any

from fireflower.language.describing import describe_condition, describe_quantity, said_in_percent, whole_of
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
    Extreme,
    Last,
    Members,
    Quantity,
    Ratio,
    Recency,
    Sequence,
    Sessions,
    Streak,
    TimeSpent,
    Trait,
    Window,
)
from fireflower.language.phrases import (
    at_least,
    different,
    events,
    listed,
    number,
    percent,
    there_is,
    window,
)
from fireflower.language.rounding import decimals, rounded_up
from fireflower.language.rules import COUNTS
from fireflower.language.sentences import write_quantity
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
    quantity, least = condition.quantity, _least(condition, current)
    if least is None or isinstance(quantity, Trait) or (isinstance(quantity, Extreme) and quantity.which == "min"):
        return _in_general(condition, current)
    is_missing = current is None or current != current
    so_far = 0.0 if _starts_anew(quantity) else _number(current)
    missing, more = least - so_far, " more" if so_far else ""
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
            return f"spend {at_least(missing, 'hours')}{more} on {events(quantity.events)}{_in_time(quantity.window)}"
        case Recency():
            return f"wait {at_least(missing, 'span')} more without {events(quantity.events)}"
        case Elapsed():
            return f"wait {at_least(missing, 'span')} more"
        case Streak():
            return f"do {events(quantity.events)} on {_amount(missing, more, 'day')} in a row"
        case Sequence(steps, span):
            todo = listed([events(step) for step in steps[int(so_far) : math.ceil(least)]], "then")
            return f"do {todo}{f' within {format_span(span)}' if span else ''}"
        case Ratio(part, whole) if said_in_percent(condition):
            start = f" from {there_is(current, condition, in_percent=True)}" if so_far else ""
            above = "more than " if _is_strict(condition) else ""
            return f"raise {describe_quantity(part)}{start} to {above}{percent(least)} of {whole_of(least, whole)}"
    anew = is_missing or _starts_anew(quantity)
    return f"raise {describe_quantity(quantity)} {_raised(condition, missing, anew=anew)}"


def _starts_anew(quantity: Quantity) -> bool:
    """Whether what has been done so far may be too long ago to count with what is still to be done: then the whole is
    to be done."""
    match quantity:
        case Streak(longest=True) | Sequence(span=int()):
            return True
    return isinstance(getattr(quantity, "window", None), AnySpan)


def _raised(condition: Condition, missing: float, *, anew: bool) -> str:
    """ "by 3", "by more than 0.4"; "to 5" of what starts anew, or has not begun."""
    way = "to" if anew else "by"
    return f"{way} {'more than ' if _is_strict(condition) else ''}{number(rounded_up(missing, decimals(missing, 3)))}"


def _is_strict(condition: Condition) -> bool:
    """Whether to come to the bound is not enough, and no next whole number is."""
    return isinstance(condition.test, Compare) and condition.test.op == ">" and not _is_whole(condition.quantity)


def _in_time(node: Window) -> str:
    return f" within {format_span(node.span)}" if isinstance(node, Last | AnySpan) else window(node)


def _in_general(condition: Condition, current: Any) -> str:
    """For what cannot be reached by doing more of something."""
    quantity: Quantity = condition.quantity
    shown = "missing" if current is None or current != current else there_is(current, condition, in_percent=True)
    if isinstance(quantity, Recency) and isinstance(condition.test, Compare) and condition.test.op in ("<", "<="):
        return f"do {events(quantity.events)} again"
    if isinstance(quantity, Trait):
        return f"wait for a change of {write_quantity(quantity)}: it is {shown}"
    return f"{describe_condition(condition)} (now {shown})"


def _least(condition: Condition, current: Any) -> float | None:
    """What the value must come to; None where more of it does not help, or is not known to."""
    if isinstance(current, str | bool | list | tuple) or current == -math.inf:
        return None
    now = _number(current)
    match condition.test:
        case Compare(op, float() | int() as bound):
            least = math.floor(bound) + 1 if op == ">" and _is_whole(condition.quantity) else bound
            return least if op in (">", ">=", "=") and least > now else None
        case Between(low, _) if low > now:
            return low
    return None


def _number(current: Any) -> float:
    """0 for what is missing."""
    return 0.0 if current is None or current != current else float(current)


def _is_whole(quantity: Quantity) -> bool:
    return isinstance(quantity, COUNTS)


def _times(count: float, more: str) -> str:
    """ "once more"; without anything so far "once"."""
    whole = math.ceil(count)
    return f"once{more}" if whole == 1 else f"{number(whole)}{more} times"


def _amount(count: float, more: str, what: str) -> str:
    whole = math.ceil(count)
    plural = {"person": "people"}.get(what, what + "s") if whole != 1 else what
    return f"{number(whole)}{more} {plural}"
