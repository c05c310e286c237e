"""The small pieces of plain English: numbers, spans, values, tests, events, windows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from fireflower.language.nodes import (
    AnySpan,
    Between,
    Compare,
    Condition,
    Date,
    Events,
    Ever,
    Every,
    Field,
    FieldTest,
    Known,
    Last,
    LocalTime,
    No,
    OneOf,
    Property,
    Ratio,
    Role,
    Some,
    Test,
    Text,
    Where,
    Window,
    Within,
)
from fireflower.language.rounding import numbers_of, rounded, rounded_for_people, rounded_up
from fireflower.language.rules import Unit, unit_of
from fireflower.model.moments import DAY, HOUR, format_moment, format_span, unit_of_span

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHARE_LIMIT = 2.0
_NOTHING_AND_ALL = (0.0, 1.0)
"""To these no share is rounded, whatever the bounds are."""
_SEVERAL = re.compile(r"[^siu]s$|(^|[._ -])(stack|list|set)$", re.IGNORECASE)
_AMOUNTS = {
    "<": "less than {}", "<=": "at most {}", ">": "more than {}", ">=": "at least {}", "=": "exactly {}",
    "!=": "not {}",
}  # fmt: skip
_IS = {
    "<": "is below {}", "<=": "is at most {}", ">": "is above {}", ">=": "is at least {}", "=": "is {}",
    "!=": "is known and not {}",
}  # fmt: skip
_DATES = {
    "<": "is before {}", "<=": "is {} or before", ">": "is after {}", ">=": "is {} or after", "=": "is {}",
    "!=": "is known and not {}",
}  # fmt: skip


def number(value: float) -> str:
    """3, 2,000, 0.9, 12,345.6."""
    if not abs(value) < 1e15:
        return f"{value:.10g}"
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{Decimal(repr(round(float(value), 9)) if abs(value) >= 1 else f'{value:.10g}'):,f}"


def listed(words: Sequence[str], last: str = "and") -> str:
    """'a, b and c'."""
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


def value(bound: Any, unit: Unit) -> str:
    """A bound or a quantity's value as a person would say it."""
    if isinstance(bound, bool):
        return "true" if bound else "false"
    if isinstance(bound, str):
        return f"'{bound}'"
    if isinstance(bound, list | tuple):
        return listed([value(item, unit) for item in bound])
    if unit == "span":
        return format_span(round(bound))
    if unit == "hours":
        if 0 < bound < 1:
            return format_span(round(bound * HOUR))
        return f"{number(bound)} {'hour' if bound == 1 else 'hours'}"
    if unit == "weekday" and bound in range(1, 8):
        return WEEKDAYS[int(bound) - 1]
    return number(bound)


def is_share(condition: Condition) -> bool:
    """Whether a ratio is meant as a share of something, as its bound tells: 0.92 is "92%" then."""
    test = condition.test
    bound = test.bound if isinstance(test, Compare) else test.high if isinstance(test, Between) else None
    if bound is None or isinstance(bound, str | bool):
        return False
    return isinstance(condition.quantity, Ratio) and bound < _SHARE_LIMIT


def percent(share: float) -> str:
    """A share as a definition has it: "90%"."""
    return f"{number(round(share * 100, 10))}%"


def there_is(current: Any, condition: Condition, *, in_percent: bool = False) -> str:
    """The value that a condition's quantity has: rounded, but never so far that it seems to be on the other side of the
    condition's bound, or at it.

    Parameters
    ----------
    current : as it is; microseconds for spans
    in_percent : whether a share is said so

    Examples
    --------
    >>> from fireflower.language.expressions import parse_formula
    >>> there_is(0.8996, parse_formula("count(A) / 100 >= 90%"), in_percent=True)
    '89.96%'
    >>> there_is(4.81 * HOUR, parse_formula("no A for 9 days"))
    '4.8 hours'
    """
    unit = unit_of(condition.quantity)
    if not isinstance(current, int | float) or isinstance(current, bool):
        return value(current, unit)
    bounds = numbers_of(condition.test)
    if unit in ("span", "hours"):
        if current in bounds or (unit == "hours" and not current):
            return value(current, unit)
        scale = HOUR if unit == "hours" else 1
        size, name = unit_of_span(current * scale, _greatest(unit))
        return counted(rounded(current, bounds, 1, size / scale), name)
    if in_percent and is_share(condition):
        return f"{number(rounded(current, [*bounds, *_NOTHING_AND_ALL], 1, 0.01))}%"
    return number(rounded_for_people(current, bounds))


def at_least(length: float, unit: Unit) -> str:
    """A span or a number of hours in the unit in which one would say it, never less than it is."""
    span = round(length * HOUR) if unit == "hours" else round(length)
    size, name = unit_of_span(span, _greatest(unit))
    return counted(rounded_up(span / size, 1), name)


def counted(amount: float, name: str) -> str:
    """An amount of a unit: "1 day", "1.5 days"."""
    return f"{number(amount)} {name}" + ("" if amount == 1 else "s")


def _greatest(unit: Unit) -> int:
    """Hours spent are said in hours, however many they are."""
    return HOUR if unit == "hours" else DAY


def amount(test: Test, unit: Unit) -> str:
    """'at least 3', 'between 2 and 5': a test of how many."""
    match test:
        case Compare(op, bound):
            return _AMOUNTS[op].format(value(bound, unit))
        case Between(low, high):
            return f"between {value(low, unit)} and {value(high, unit)}"
        case OneOf(values, negated):
            return ("not " if negated else "") + listed([value(bound, unit) for bound in values], "or")
    return predicate(test, unit)


def holds_several(name: str) -> bool:
    """Whether a property or trait is a list, as far as its name tells: "features", "tech_stack", but not "status"."""
    return _SEVERAL.search(name) is not None


def singular(name: str) -> str:
    """One of what a name speaks of several of; of a list, the name as it is.

    >>> [singular(name) for name in ("reports", "companies", "searches", "wish list")]
    ['report', 'company', 'search', 'wish list']
    """
    if len(name) > 4 and name.endswith("ies"):
        return f"{name[:-3]}y"
    if name.endswith(("sses", "xes", "ches", "shes")):
        return name[:-2]
    return name[:-1] if name.endswith("s") and holds_several(name) else name


def predicate(test: Test, unit: Unit, several: bool = False) -> str:
    """'is at least 3', 'is missing', 'ends with x': a test as a verb; 'has one of ..' of what holds several values."""
    match test:
        case OneOf(values, negated) if several:
            one_of = "is known and has none" if negated else "has one"
            return f"{one_of} of {listed([value(bound, unit) for bound in values], 'or')}"
        case Compare(op, bound):
            return _IS[op].format(value(bound, unit))
        case Date(op, moment):
            return _DATES[op].format(format_moment(moment).removesuffix(" 00:00"))
        case Between(low, high):
            return f"is between {value(low, unit)} and {value(high, unit)}"
        case OneOf(values, negated):
            return f"is {'known and not ' if negated else ''}{listed([value(bound, unit) for bound in values], 'or')}"
        case Text(how, part, negated):
            plain = {"contains": "contain", "starts with": "start with", "ends with": "end with"}[how]
            return f"is known and does not {plain} '{part}'" if negated else f"{how} '{part}'"
        case Known(known):
            return "is known" if known else "is missing"
    raise TypeError(f"not a test: {test!r}")


# --- Events and windows -----------------------------------------------------------------------------------------------


def events(selection: Events) -> str:
    """'Report Run', 'Report Run or Report Shared whose rows is above 0', 'any event'."""
    names = listed(selection.names, "or") or "any event"
    return names if selection.where is None else f"{names} where {where(selection.where)}"


def event(selection: Events) -> str:
    """One of them, after 'no' or 'the latest': 'Report Run', 'event', 'event where rows is above 0'."""
    return events(selection) if selection.names else events(selection).removeprefix("any ")


def several_events(selection: Events) -> str:
    """So many of them, after a number: 'Report Run', 'events', 'events where rows is above 0'."""
    return events(selection) if selection.names else f"events{events(selection).removeprefix('any event')}"


def different(selection: Events) -> str:
    """'different events', 'different events of Report Run or Report Shared'."""
    return "different events" + (
        f" of {events(selection)}" if selection.names else events(selection)[len("any event") :]
    )


def where(node: Where) -> str:
    match node:
        case FieldTest():
            several = isinstance(node.field, Property) and holds_several(node.field.path)
            return f"{_field(node.field)} {predicate(node.test, unit_of(node.field), several)}"
        case No():
            return f"not ({where(node.part)})"
        case Every(parts) | Some(parts):
            word = "and" if isinstance(node, Every) else "or"
            inner = [f"({where(part)})" if isinstance(part, Every | Some) else where(part) for part in parts]
            return f" {word} ".join(inner) or ("it happened" if word == "and" else "it did not happen")
    raise TypeError(f"not a where: {node!r}")


def _field(field: Field) -> str:
    match field:
        case Property(path):
            return path
        case LocalTime(part):
            return "the local hour" if part == "hour" else "the local weekday"
        case Role():
            return "the person's role"
    raise TypeError(f"not a field: {field!r}")


def window(node: Window) -> str:
    """' in the last 7 days', with a leading blank; '' for ever."""
    match node:
        case Ever():
            return ""
        case Last(span):
            return f" in the last {span_of_time(span)}"
        case AnySpan(span):
            return f" within some {span_of_time(span)}"
        case Within(anchor, None):
            return f" since the first {events(anchor)}"
        case Within(anchor, span):
            return f" within {format_span(span or 0)} of the first {events(anchor)}"
    raise TypeError(f"not a window: {node!r}")


def span_of_time(span: int) -> str:
    """'7 days', 'day', 'hour': a span after 'the last'."""
    text = format_span(span)
    return text.removeprefix("1 ") if text.startswith("1 ") else text
