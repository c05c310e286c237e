"""Whether two nodes mean the same. Unlike ==, it tells 1 from True, which Python holds to be equal."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import fields, is_dataclass
from typing import Any

from fireflower.language.nodes import Events


def meaning(node: Any) -> Hashable:
    """A key that is equal for nodes of the same meaning."""
    if isinstance(node, Events):
        return ("Events", frozenset(node.names), meaning(node.where))
    if is_dataclass(node):
        parts = (meaning(getattr(node, field.name)) for field in fields(node) if field.compare)
        return (type(node).__name__, *parts)
    if isinstance(node, tuple):
        return ("tuple", *map(meaning, node))
    if isinstance(node, int | float) and not isinstance(node, bool):
        return ("number", float(node))
    return (type(node).__name__, node)
