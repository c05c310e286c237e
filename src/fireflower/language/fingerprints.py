"""A definition's meaning as a short text: equal for equal meanings, whatever names and remarks are around them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from typing import Any

from fireflower.language.nodes import (
    All,
    AnyOf,
    Definition,
    Events,
    Every,
    Members,
    No,
    Not,
    OneOf,
    Score,
    Settings,
    Some,
)
from fireflower.model.remembering import remembered

VERSION = "fireflower-1"
"""Part of every fingerprint; to be raised when the meaning of a node changes."""

_JOINING = (All, AnyOf, Every, Some)
_SETS = {Events: "names", Members: "roles", OneOf: "values"}
_NO_MEANING = {
    Definition: frozenset({"name", "kind"}),
    Settings: frozenset({"name"}),
}


def fingerprint(node: Definition | Settings) -> str:
    """16 hexadecimal digits of SHA-256 over the meaning.

    What decides who is qualified, when, and with what evidence is in it. Names of the definition and of quantities, the
    kind, the description, the owner, tests and the wording of conditions are not. The order of what is joined by `and`
    or `or`, brackets around it, and the order of names and values in lists do not matter.
    """
    return hashlib.sha256(f"{VERSION} {canonical(node)}".encode()).hexdigest()[:16]


def canonical(node: Any) -> str:
    """The meaning of any node as JSON: equal texts, and only they, mean the same."""
    return json.dumps(_form(node), separators=(",", ":"), ensure_ascii=True)


meaning = remembered(canonical)
"""The same, worked out once for a node of a definition, which comes again and again."""


def _form(value: Any) -> Any:
    if isinstance(value, _JOINING):
        return _joined(value)
    if isinstance(value, Not | No):
        return _negated(value)
    if is_dataclass(value):
        return [type(value).__name__, *_fields(value)]
    if isinstance(value, tuple):
        return [_form(item) for item in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    return _number(value)


def _fields(node: Any) -> list[Any]:
    left_out = _NO_MEANING.get(type(node), frozenset())
    parts = [part.name for part in fields(node) if part.compare and part.name not in left_out]
    return [_in_order(node, name, _form(getattr(node, name))) for name in parts]


def _in_order(node: Any, name: str, form: Any) -> Any:
    if _SETS.get(type(node)) == name:
        return _as_set(form)
    return sorted(form, key=json.dumps) if isinstance(node, Score) and name == "items" else form


def _joined(node: Any) -> Any:
    """Parts of the same kind are taken out of their brackets; one part alone stands for itself."""
    name = type(node).__name__
    parts: list[Any] = []
    for part in node.parts:
        form = _form(part)
        parts.extend(form[1:] if form[0] == name else [form])
    different = _as_set(parts)
    return different[0] if len(different) == 1 else [name, *different]


def _negated(node: Any) -> Any:
    name, form = type(node).__name__, _form(node.part)
    return form[1] if form[0] == name else [name, form]


def _as_set(forms: list[Any]) -> list[Any]:
    return [json.loads(text) for text in sorted({json.dumps(form) for form in forms})]


def _number(value: float) -> float:
    """3 and 3.0 are one, 0 and -0 too; a long span stays exact."""
    return float(value) + 0.0 if abs(value) < 2**53 else value
