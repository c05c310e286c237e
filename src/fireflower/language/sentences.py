"""Nodes written in the inline form, so that reading gives the same nodes again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import NoReturn

from fireflower.language.fingerprints import canonical
from fireflower.language.lexing import quoted
from fireflower.language.nodes import (
    Actors,
    All,
    AnyOf,
    AnySpan,
    Between,
    Compare,
    Condition,
    Count,
    Date,
    Difference,
    Distinct,
    DistinctDays,
    Elapsed,
    EventName,
    Events,
    Ever,
    Every,
    Extreme,
    Field,
    FieldTest,
    Formula,
    Known,
    Last,
    Latest,
    LocalTime,
    Members,
    No,
    Not,
    Number,
    OneOf,
    Property,
    Quantity,
    Ratio,
    Recency,
    Role,
    Scalar,
    Score,
    Sequence,
    Sessions,
    Skill,
    Some,
    Streak,
    Sum,
    Test,
    Text,
    TimeSpent,
    Trait,
    Where,
    Window,
    Within,
)
from fireflower.language.rules import Unit, unit_of
from fireflower.model.errors import NotSupportedError
from fireflower.model.moments import DAY, HOUR, MINUTE, SECOND, to_datetime

Names = Mapping[str, str]
"""Canonical form of a formula or score -> the name by which it can be called."""

_PLAIN_PATH = re.compile(r"[A-Za-z_$][\w$]*([.-][\w$]+)*")
_PLAIN_NAME = re.compile(r"[A-Za-z_$][\w$.:-]*( [\w$.:-]+)*")
_KEYWORDS = {"or", "where", "for", "and", "within", "last", "any", "since", "gap", "ever", "of"}
_NAMED = {Count: "count", DistinctDays: "distinct_days", Actors: "actors", Recency: "recency"}
_MEASURED = {Distinct: "distinct", Sum: "sum", Latest: "latest"}


def write_formula(formula: Formula, names: Names | None = None) -> str:
    """The formula as text.

    >>> from fireflower.language.expressions import parse_formula
    >>> write_formula(parse_formula("count(A or B, last 7 days)>=3 and not did(C)"))
    'count(A or B, last 7 days) >= 3 and not did(C)'
    """
    names = names or {}
    name = names.get(canonical(formula))
    if name is not None and not isinstance(formula, Condition):
        return name
    match formula:
        case Condition():
            return _condition(formula, names)
        case Not(part):
            return f"not {_bracketed(part, names)}"
        case All(()):
            return "always"
        case AnyOf(()):
            return "never"
        case All(parts) | AnyOf(parts):
            word = " and " if isinstance(formula, All) else " or "
            return word.join(_bracketed(part, names) for part in parts)
    raise TypeError(f"not a formula: {formula!r}")


def _bracketed(formula: Formula, names: Names) -> str:
    text = write_formula(formula, names)
    return f"({text})" if isinstance(formula, All | AnyOf) and formula.parts and text not in names.values() else text


def _condition(condition: Condition, names: Names) -> str:
    quantity, test = condition.quantity, condition.test
    if isinstance(quantity, Count) and test == Compare(">=", 1):
        return write_quantity(quantity, names).replace("count(", "did(", 1)
    return f"{write_quantity(quantity, names)} {write_test(test, unit_of(quantity))}"


# --- Quantities -------------------------------------------------------------------------------------------------------


def write_quantity(quantity: Quantity, names: Names | None = None) -> str:
    """The quantity as text.

    Raises
    ------
    NotSupportedError
        For a score without a name in `names`, and for skills.
    """
    match quantity:
        case Count() | DistinctDays() | Actors():
            return f"{_NAMED[type(quantity)]}({write_events(quantity.events)}{_window(quantity.window)})"
        case Distinct() | Sum() | Latest():
            return _measured(_MEASURED[type(quantity)], quantity.of, quantity.events, quantity.window)
        case Extreme():
            return _measured(quantity.which, quantity.of, quantity.events, quantity.window)
        case Recency():
            return f"recency({write_events(quantity.events)})"
        case Streak():
            return f"{'longest_streak' if quantity.longest else 'streak'}({write_events(quantity.events)})"
        case Elapsed():
            return f"elapsed({_anchor(quantity.since)})"
        case Members(roles):
            return f"members({', '.join(quoted(role) for role in roles)})" if roles else "members"
        case Sequence(steps, span):
            within = "" if span is None else f" within {write_span(span)}"
            return f"sequence({', '.join(write_events(step) for step in steps)}{within})"
        case Sessions() | TimeSpent():
            name = "sessions" if isinstance(quantity, Sessions) else "hours_spent"
            gap = f", gap {write_span(quantity.gap)}"
            return f"{name}({write_events(quantity.events)}{gap}{_window(quantity.window)})"
        case Trait(owner, name):
            return f"{owner}.{_path(name)}"
        case Number(value):
            return write_number(value)
        case Ratio(numerator, denominator):
            return f"{write_quantity(numerator, names)} / {_second(denominator, names)}"
        case Difference(minuend, subtrahend):
            return f"{write_quantity(minuend, names)} - {_second(subtrahend, names)}"
        case Score():
            return (names or {}).get(canonical(quantity)) or _unsayable("a score that has no name")
        case Skill():
            _unsayable("a skill")
    raise TypeError(f"not a quantity: {quantity!r}")


def _second(quantity: Quantity, names: Names | None) -> str:
    """What stands behind `/` or `-`, which are read from the left to the right."""
    text = write_quantity(quantity, names)
    return f"({text})" if isinstance(quantity, Ratio | Difference) else text


def _measured(word: str, of: Property | EventName, events: Events, window: Window) -> str:
    measured = "event" if isinstance(of, EventName) else f"properties.{_path(of.path)}"
    return f"{word}({measured} of {write_events(events)}{_window(window)})"


def _unsayable(what: str) -> NoReturn:
    raise NotSupportedError(f"{what} cannot be written as text.")


# --- Tests ------------------------------------------------------------------------------------------------------------


def write_test(test: Test, unit: Unit) -> str:
    match test:
        case Compare(op, bound):
            return f"{op} {_value(bound, unit)}"
        case Date(op, moment):
            return f"{op} {to_datetime(moment).isoformat()}"
        case Between(low, high):
            return f"between {_value(low, unit)} and {_value(high, unit)}"
        case OneOf(values, negated):
            return f"{'not ' if negated else ''}in [{', '.join(_value(value, unit) for value in values)}]"
        case Text(how, part, negated):
            plain = {"contains": "contain", "starts with": "start with", "ends with": "end with"}[how]
            return f"does not {plain} {quoted(part)}" if negated else f"{how} {quoted(part)}"
        case Known(known):
            return "is known" if known else "is missing"
    raise TypeError(f"not a test: {test!r}")


def _value(bound: Scalar, unit: Unit) -> str:
    if isinstance(bound, bool):
        return "true" if bound else "false"
    if isinstance(bound, str):
        return quoted(bound)
    return write_span(bound) if unit == "span" else write_number(bound)


def write_number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() and abs(value) < 2**53 else repr(float(value))


def write_span(span: float) -> str:
    """The span exactly, in its greatest whole unit, else in decimal seconds."""
    if span != int(span) or span <= 0:
        raise NotSupportedError(f"a span of {span:g} microseconds cannot be written as text.")
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second")):
        if span % unit == 0:
            count = int(span) // unit
            return f"{count} {name}" + ("" if count == 1 else "s")
    return f"{Decimal(int(span)) / SECOND:f} seconds"


# --- Events and windows -----------------------------------------------------------------------------------------------


def write_events(events: Events) -> str:
    names = " or ".join(_name(name) for name in events.names) or "any"
    return names if events.where is None else f"{names} where {write_where(events.where)}"


def _name(name: str) -> str:
    plain = _PLAIN_NAME.fullmatch(name) and not _KEYWORDS & set(name.split(" "))
    return name if plain else quoted(name)


def write_where(where: Where) -> str:
    match where:
        case FieldTest(field, test):
            return f"{write_field(field)} {write_test(test, unit_of(field))}"
        case No(part):
            return f"not {_where_bracketed(part)}"
        case Every(()):
            return "always"
        case Some(()):
            return "never"
        case Every(parts) | Some(parts):
            word = " and " if isinstance(where, Every) else " or "
            return word.join(_where_bracketed(part) for part in parts)
    raise TypeError(f"not a where: {where!r}")


def _where_bracketed(where: Where) -> str:
    text = write_where(where)
    return f"({text})" if isinstance(where, Every | Some) and where.parts else text


def write_field(field: Field) -> str:
    """The field as text."""
    match field:
        case Property(path):
            return f"properties.{_path(path)}"
        case LocalTime(part):
            return f"time.{part}"
        case Role():
            return "role"
    raise TypeError(f"not a field: {field!r}")


def _path(path: str) -> str:
    return path if _PLAIN_PATH.fullmatch(path) else quoted(path)


def _window(window: Window) -> str:
    match window:
        case Ever():
            return ""
        case Last(span):
            return f", last {write_span(span)}"
        case AnySpan(span):
            return f", any {write_span(span)}"
        case Within(anchor, None):
            return f", since {_anchor(anchor)}"
        case Within(anchor, span):
            return f", within {write_span(span or 0)} of {_anchor(anchor)}"
    raise TypeError(f"not a window: {window!r}")


def _anchor(events: Events) -> str:
    if len(events.names) == 1 and events.where is None:
        return quoted(events.names[0])
    return f"({write_events(events)})"
