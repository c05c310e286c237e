"""Section 2: is a test true of a value?"""

from __future__ import annotations

import math
import operator
from collections import Counter
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fireflower.language.nodes import (
    All,
    AnyOf,
    Between,
    Compare,
    Date,
    Events,
    Every,
    Known,
    Members,
    No,
    Not,
    OneOf,
    Score,
    Some,
    Test,
    Text,
)

COMPARE = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip


def type_of(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "missing"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "list"


def identity(value: Any) -> Any:
    """A form in which two values are equal exactly if the language takes them for equal."""
    if type_of(value) == "list":
        return ("list", tuple(identity(item) for item in value))
    return (type_of(value), None if type_of(value) == "missing" else value)


def meaning(node: Any) -> Any:
    """A form in which two nodes are equal exactly if they mean the same: 1 is 1.0, but true is not 1; what is listed
    has no order, and brackets around what one word joins say nothing."""
    match node:
        case OneOf():
            return ("OneOf", frozenset(map(identity, node.values)), node.negated)
        case Events():
            return ("Events", frozenset(node.names), meaning(node.where))
        case Members():
            return ("Members", frozenset(node.roles))
        case Score():
            items = Counter(map(meaning, node.items))
            return ("Score", frozenset(items.items()), node.half_life, meaning(node.cap))
        case All() | AnyOf() | Every() | Some():
            return _joined(node)
        case Not(part) | No(part):
            form = meaning(part)
            return form[1] if form[0] == type(node).__name__ else (type(node).__name__, form)
    if is_dataclass(node):
        return (type(node).__name__, *(meaning(getattr(node, f.name)) for f in fields(node) if f.compare))
    return tuple(map(meaning, node)) if isinstance(node, tuple) else identity(node)


def _joined(node: All | AnyOf | Every | Some) -> Any:
    name = type(node).__name__
    parts: set[Any] = set()
    for form in map(meaning, node.parts):
        parts |= form[1] if form[0] == name else {form}
    return (name, frozenset(parts)) if len(parts) != 1 else parts.pop()


def same(a: Any, b: Any) -> bool:
    return identity(a) == identity(b)


def passes(test: Test, value: Any) -> bool:
    if isinstance(test, Known):
        return test.known == (type_of(value) != "missing")
    if type_of(value) == "missing":
        return False
    match test:
        case Compare():
            return _compares(test, value)
        case Date():
            moment = _moment(value)
            return moment is not None and COMPARE[test.op](moment, test.moment)
        case Between():
            return type_of(value) == "number" and test.low <= value <= test.high
        case OneOf():
            items = value if type_of(value) == "list" else [value]
            found = any(same(item, wanted) for item in items for wanted in test.values)
            return found != test.negated
        case Text():
            return _text_passes(test, value)
    raise TypeError(test)


def _compares(test: Compare, value: Any) -> bool:
    if type_of(value) == "list":
        found = any(same(item, test.bound) for item in value)
        return {"=": found, "!=": not found}.get(test.op, False)
    if type_of(value) != type_of(test.bound):
        return False
    if type_of(value) != "number" and test.op not in ("=", "!="):
        return False
    return COMPARE[test.op](value, test.bound)


def _text_passes(test: Text, value: Any) -> bool:
    part = test.part.casefold()
    if type_of(value) == "list":
        found = any(type_of(item) == "text" and item.casefold() == part for item in value)
        return test.how == "contains" and found != test.negated
    if type_of(value) != "text":
        return False
    folded = value.casefold()
    found = {
        "contains": part in folded,
        "starts with": folded.startswith(part),
        "ends with": folded.endswith(part),
    }[test.how]
    return found != test.negated


def _moment(value: Any) -> int | None:
    if type_of(value) != "text":
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
