"""JSON Schemas of definition files and fireflower.yaml, so that editors complete keys and check their values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fireflower.language import keys
from fireflower.language.nodes import KINDS
from fireflower.language.quantities import FORMS
from fireflower.language.settings import ATTRIBUTIONS

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SPAN: Schema = {
    "type": "string",
    "pattern": r"^\s*\d+(\.\d+)?\s*(seconds?|secs?|s|minutes?|mins?|m|hours?|h|days?|d|weeks?|w)\s*$",
    "examples": ["7 days", "12 hours", "30 minutes"],
}
_TEXT: Schema = {"type": ["string", "number"]}
_NUMBER: Schema = {"type": "number"}


def definition_schema() -> Schema:
    """The schema of one definition file."""
    values = {
        "definition": _TEXT,
        "subject": {"enum": ["person", "account"]},
        "kind": {"enum": list(KINDS)},
        "description": _TEXT,
        "owner": _TEXT,
        "anchors": _names(_ref("events")),
        "quantities": _names(_ref("quantity")),
        **dict.fromkeys(("value", "fit", "intent", "ability", "qualified"), _ref("formula")),
        "score": _ref("score"),
        "goal": {"anyOf": [_ref("events"), {"type": "null"}]},
        "keep_after_goal": {"type": "boolean"},
        "cooldown": _SPAN,
        "tests": {"type": "array", "items": _ref("test")},
    }
    schema = _object(keys.DEFINITION, values, ("definition", "subject"))
    schema["anyOf"] = [{"required": [key]} for key in ("qualified", "value", "fit", "intent")]
    return {"$schema": DIALECT, "title": "A fireflower definition", **schema, "$defs": _parts()}


def project_schema() -> Schema:
    """The schema of fireflower.yaml."""
    values = {
        "project": _TEXT,
        **dict.fromkeys(("start", "activation"), _ref("events")),
        "goal": {"anyOf": [_ref("events"), {"type": "null"}]},
        "leave_out": _object(keys.LEAVE_OUT, dict.fromkeys(keys.LEAVE_OUT, _ref("formula"))),
        "timezone": {"type": "string"},
        "timezone_traits": _object(keys.TIMEZONE_TRAITS, dict.fromkeys(keys.TIMEZONE_TRAITS, _TEXT)),
        "timeless": {"type": "array", "items": {"type": "string", "pattern": r"^(person|account)\."}},
        "attribution": {"enum": list(ATTRIBUTIONS)},
        "account_email": _TEXT,
        "shared_domains": {"type": "array", "items": {"type": "string", "examples": ["partner.com"]}},
        "circles": _object(keys.CIRCLES, {key: {"type": "array", "items": _ref("events")} for key in keys.CIRCLES}),
        "links": _object(keys.LINKS, dict.fromkeys(keys.LINKS, _TEXT)),
        "retention": _SPAN,
        "database": {"type": "string", "examples": ["env:DATABASE_URL", "postgresql://fireflower@localhost/leads"]},
        "imports": {"type": "object"},
    }
    parts = {name: part for name, part in _parts().items() if name in ("events", "formula", "where")}
    return {"$schema": DIALECT, "title": "fireflower.yaml", **_object(keys.SETTINGS, values), "$defs": parts}


def _parts() -> Schema:
    return {
        "formula": _logic("formula", "such as: count(Report Run, last 7 days) >= 3"),
        "where": _logic("where", "such as: properties.rows > 0"),
        "events": {
            "anyOf": [
                _TEXT,
                {"type": "array", "items": _TEXT, "minItems": 1},
                _object(keys.EVENTS, {"event": _ref("events"), "where": _ref("where")}, ("event",)),
            ]
        },
        "quantity": {"anyOf": [_TEXT, *(_quantity(name) for name in FORMS), _ref("score")]},
        "score": _score(),
        "test": _test(),
    }


def _logic(name: str, example: str) -> Schema:
    several = {"type": "array", "items": _ref(name), "minItems": 1}
    values = {"all": several, "any": several, "not": _ref(name)}
    text = {"type": "string", "description": example}
    return {"anyOf": [text, {**_object(keys.FORMULA, values), "minProperties": 1}]}


def _quantity(name: str) -> Schema:
    form = FORMS[name]
    described = {name: keys.QUANTITY[name], **{key: keys.MODIFIERS[key] for key in form.modifiers}}
    values = {name: _head(name), **{key: _modifier(name, key) for key in form.modifiers}}
    return _object(described, values, (name, *form.required))


def _head(name: str) -> Schema:
    if name == "distinct":
        return {"type": "string", "pattern": r"^(properties\.|event$)"}
    if name in ("sum", "min", "max", "latest"):
        return {"type": "string", "pattern": r"^properties\."}
    if name == "sequence":
        return {"type": "array", "items": _ref("events"), "minItems": 2}
    if name == "members":
        return {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
    if name in ("share", "ratio", "difference"):
        return _ref("quantity")
    if name == "trait":
        return {"type": "string", "pattern": r"^(person|account)\."}
    return {"type": "string"} if name == "skill" else _ref("events")


def _modifier(name: str, key: str) -> Schema:
    if key in ("last", "any", "gap") or (key == "within" and name == "sequence"):
        return _SPAN
    if key == "within":
        return {"type": "string", "description": "SPAN of ANCHOR, such as: 14 days of trial"}
    return {"of": _ref("events"), "since": _ref("events"), "where": _ref("where")}.get(key, _ref("quantity"))


def _score() -> Schema:
    each = _object(keys.EACH, {"points": _NUMBER, "cap": _NUMBER}, ("points",))
    values = {
        "points": {"type": "object", "additionalProperties": _NUMBER},
        "each": {"type": "object", "additionalProperties": {"anyOf": [_NUMBER, each]}},
        "half_life": _SPAN,
        "cap": _NUMBER,
    }
    return {**_object(keys.SCORE, values), "anyOf": [{"required": ["points"]}, {"required": ["each"]}]}


def _test() -> Schema:
    moment = {"type": "string", "examples": ["day 3", "day 3 14:00", "2026-01-04 14:00"]}
    named = {"type": "object"}
    record = {
        "at": moment,
        **dict.fromkeys(("event", "person", "account", "join", "role", "leave"), _TEXT),
        **dict.fromkeys(("properties", "traits"), named),
        "times": {"type": "integer", "minimum": 1},
        "every": _SPAN,
    }
    expected = _object(keys.EXPECTED, dict.fromkeys(keys.EXPECTED, moment))
    values = {
        "name": _TEXT,
        "subject": _TEXT,
        "history": {"type": "array", "minItems": 1, "items": _object(keys.RECORD, record, ("at",))},
        "expect": {"anyOf": [{"const": "never"}, {"type": "array", "minItems": 1, "items": expected}]},
        "as_of": moment,
    }
    return _object(keys.TEST, values, ("history", "expect"))


def _object(described: keys.Keys, values: Schema, required: Iterable[str] = ()) -> Schema:
    """An object with these keys and no others."""
    properties = {key: {**values[key], "description": described[key]} for key in described}
    schema: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**schema, "required": list(required)} if required else schema


def _names(value: Schema) -> Schema:
    return {"type": "object", "propertyNames": {"pattern": r"^[^\W\d][\w-]*$"}, "additionalProperties": value}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}
