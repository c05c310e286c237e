"""Tests as the kernel wants them: intervals of numbers, and the truth for every text that occurs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from fireflower.language.nodes import Between, Compare, Date, Known, OneOf, Test, Text
from fireflower.model.moments import parse_moment

Interval = tuple[float, float]
INFINITY = math.inf


def intervals(test: Test) -> tuple[list[Interval], bool]:
    """The numbers for which a test holds, as closed intervals, and whether it holds outside of them instead."""
    match test:
        case Compare(op, bound) if _is_number(bound):
            return _comparison(op, float(bound))
        case Between(low, high):
            return [(float(low), float(high))], False
        case OneOf(values, negated):
            return [(float(value), float(value)) for value in values if _is_number(value)], negated
        case Known(known):
            return ([(-INFINITY, INFINITY)] if known else []), False
    return [], False


def _comparison(op: str, bound: float) -> tuple[list[Interval], bool]:
    match op:
        case ">=":
            return [(bound, INFINITY)], False
        case ">":
            return [(math.nextafter(bound, INFINITY), INFINITY)], False
        case "<=":
            return [(-INFINITY, bound)], False
        case "<":
            return [(-INFINITY, math.nextafter(bound, -INFINITY))], False
    return [(bound, bound)], op == "!="


def cells(tests: Sequence[Test]) -> tuple[list[float], list[bool]]:
    """Where a rising number changes the truth of one of the tests, and from each cut to the next, the truth of each."""
    answers = [intervals(test) for test in tests]
    cuts = {-INFINITY, INFINITY}
    for ranges, _ in answers:
        for low, high in ranges:
            cuts |= {low, math.nextafter(high, INFINITY)}
    rising = sorted(cuts)
    return rising, [
        any(low <= cut <= high for low, high in ranges) != negated for cut in rising for ranges, negated in answers
    ]


def text_holds(test: Test, value: Any) -> bool:
    """Whether a test holds for a value that is not a number: text, a truth value or a list."""
    match test:
        case Compare(op, bound):
            return _equality(op, bound, value)
        case Date(op, moment):
            return _dated(op, moment, value)
        case OneOf(values, negated):
            return any(_equals(bound, item) for bound in values for item in _items(value)) != negated
        case Text(how, part, negated):
            return _contains(how, part.casefold(), value, negated)
        case Known(known):
            return known
    return False


def _equality(op: str, bound: Any, value: Any) -> bool:
    if op == "=":
        return any(_equals(bound, item) for item in _items(value))
    if op == "!=":
        return (isinstance(value, list) or type(bound) is type(value)) and not _equality("=", bound, value)
    return False


def _dated(op: str, moment: int, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        difference = parse_moment(value) - moment
    except ValueError:
        return False
    return any(low <= difference <= high for low, high in _comparison(op, 0.0)[0]) != (op == "!=")


def _contains(how: str, part: str, value: Any, negated: bool) -> bool:
    if isinstance(value, list):
        items = [item.casefold() for item in value if isinstance(item, str)]
        return how == "contains" and (part in items) != negated
    if not isinstance(value, str):
        return False
    text = value.casefold()
    found = {"contains": part in text, "starts with": text.startswith(part), "ends with": text.endswith(part)}[how]
    return found != negated


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else (value,)


def _equals(bound: Any, value: Any) -> bool:
    if _is_number(bound) or _is_number(value):
        return _is_number(bound) and _is_number(value) and float(bound) == float(value)
    return type(bound) is type(value) and bool(bound == value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
