"""Remembering what has been worked out of parts of definitions, which stay as they are while a process runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

Node = TypeVar("Node")
Result = TypeVar("Result")

_MOST = 10_000
"""Objects that are remembered at most, so that a process that reads definitions again and again does not grow."""


def remembered(function: Callable[[Node], Result]) -> Callable[[Node], Result]:
    """The function, which works out once what it says of an object.

    Objects are told apart by identity: equal ones may differ in what is no part of their meaning (1 is equal to True).
    """
    known: dict[int, tuple[Any, Result]] = {}

    @wraps(function)
    def remembering(node: Node) -> Result:
        found = known.get(id(node))
        if found is not None and found[0] is node:
            return found[1]
        return _kept(known, id(node), node, function(node))

    return remembering


def remembered_with_value(function: Callable[[Node, Any], Result]) -> Callable[[Node, Any], Result]:
    """The same of a function that says something of an object and a number or truth value, of which all users share a
    few. Of texts and lists, which may be somebody's own and are not to be kept, it is worked out each time."""
    known: dict[tuple[int, type, Any], tuple[Any, Result]] = {}

    @wraps(function)
    def remembering(node: Node, value: Any) -> Result:
        if isinstance(value, str | list):
            return function(node, value)
        key = id(node), type(value), value
        found = known.get(key)
        if found is not None and found[0] is node:
            return found[1]
        return _kept(known, key, node, function(node, value))

    return remembering


def _kept(known: dict[Any, tuple[Any, Result]], key: Any, node: Any, result: Result) -> Result:
    """What was worked out of an object, from now on known. The object is kept with it, so that no other has its id."""
    if len(known) >= _MOST:
        known.clear()
    known[key] = node, result
    return result
