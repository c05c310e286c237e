"""Values of properties and traits, as the language knows them: text, float, bool, list, or None for missing."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from numbers import Real
from typing import Any

_FLAT = frozenset((str, float, int, bool, type(None)))
"""Types of nearly all values, of which it need not be found out whether they are mappings: that takes long."""


@dataclass(frozen=True, slots=True)
class SeenValues:
    """What values a trait has in the data, or a property on the events of one name.

    Attributes
    ----------
    numbers : whether numbers are among them
    others : the different ones that are no numbers; of very many, some
    complete : whether these are all
    """

    numbers: bool
    others: Sequence[Any]
    complete: bool = True


def normal(value: Any) -> Any:
    """The value as the language knows it: numbers are floats, NaN is missing, times are ISO 8601 text.

    >>> normal(3), normal(float("nan")), normal((1, "a", None))
    (3.0, None, [1.0, 'a', None])
    """
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int | float | Decimal):
        return _number(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [normal(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): normal(item) for key, item in value.items()}
    if isinstance(value, date):
        return _iso(value)
    return _foreign(value)


def key_of(value: Any) -> Hashable:
    """What a value that `normal` gives has in common with those that are the same, and no others: True is not 1.0.

    >>> key_of("a") == key_of("a"), key_of(1.0) == key_of(True), key_of(0.0) == key_of(-0.0)
    (True, False, False)
    """
    return value if isinstance(value, str) else (type(value), repr(value))


def _number(value: int | float | Decimal) -> float | None:
    try:
        number = float(value)
    except OverflowError:
        number = float("inf") if value > 0 else float("-inf")
    return None if number != number else number


def _iso(value: date) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC)
    return value.isoformat()


def _foreign(value: Any) -> Any:
    """Values of other libraries: a numpy scalar knows its plain value, a number is a number, the rest is its text."""
    if hasattr(value, "item"):
        return normal(value.item())
    return _number(float(value)) if isinstance(value, Real) else str(value)


def flatten(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties by dotted path, without missing ones. Of two that come to one path, the less nested wins.

    >>> flatten({"plan": {"name": "free", "seats": 5}, "note": None})
    {'plan.name': 'free', 'plan.seats': 5.0}
    """
    if not any(type(value) not in _FLAT and isinstance(value, Mapping) for value in properties.values()):
        plain = ((str(key), normal(value)) for key, value in properties.items())
        return {key: value for key, value in plain if value is not None}
    flat: dict[str, Any] = {}
    for path, value in sorted(_leaves(properties, ()), key=lambda leaf: (len(leaf[0]), leaf[0])):
        flat.setdefault(".".join(path), value)
    return flat


def value_at(properties: Mapping[str, Any], path: str) -> Any:
    """What `flatten` has at a path; None if it is missing.

    >>> value_at({"plan": {"name": "free"}, "seats": 5}, "seats"), value_at({"plan": {"name": "free"}}, "plan.name")
    (5.0, 'free')
    """
    if "." in path:
        return flatten(properties).get(path)
    value = properties.get(path)
    if isinstance(value, str | int | float):  # nearly always, while it takes long to find out what is a mapping
        return normal(value)
    return None if isinstance(value, Mapping) else normal(value)


def _leaves(properties: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in properties.items():
        path = (*above, str(key))
        if isinstance(value, Mapping):
            yield from _leaves(value, path)
        elif (plain := normal(value)) is not None:
            yield path, plain


def spellings(path: str) -> list[tuple[str, ...]]:
    """The ways in which a dotted path may be nested, in the order in which `flatten` prefers them.

    >>> spellings("a.b.c")
    [('a.b.c',), ('a', 'b.c'), ('a.b', 'c'), ('a', 'b', 'c')]
    """
    head, *rest = path.split(".")
    ways: list[tuple[str, ...]] = [(head,)]
    for piece in rest:
        ways = [way for short in ways for way in ((*short, piece), (*short[:-1], f"{short[-1]}.{piece}"))]
    return sorted(ways, key=lambda way: (len(way), way))
