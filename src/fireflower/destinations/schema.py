"""JSON Schema of destinations' files, so that editors complete keys and check their values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fireflower.destinations import keys
from fireflower.destinations.channels import KINDS

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_SECRET: Schema = {"type": "string", "pattern": r"^\s*(env|file):\s*\S", "examples": ["env:HOOK_SECRET"]}
_SPAN: Schema = {
    "type": "string",
    "pattern": r"^\s*\d+(\.\d+)?\s*(seconds?|secs?|s|minutes?|mins?|m|hours?|h|days?|d|weeks?|w)\s*$",
    "examples": ["15 seconds", "7 days"],
}
_CLOCK: Schema = {"type": "string", "pattern": r"^([01]?\d|2[0-3]):[0-5]\d$", "examples": ["20:00"]}
_TRAIT: Schema = {"type": "string", "pattern": r"^(person|account)\.", "examples": ["account.timezone"]}


def destination_schema() -> Schema:
    """The schema of one file in the folder `destinations`."""
    values: Schema = {
        "destination": {"type": "string", "pattern": r"^[A-Za-z0-9][\w.-]{0,99}$", "examples": ["sales-slack"]},
        "webhook": _webhook(),
        "slack": _slack(),
        "email": _email(),
        "file": _object(keys.FILE, {"path": _TEXT}, ("path",)),
        "when": _when(),
        "message": _TEXT,
        "cap": _one_or_more(_cap()),
        "quiet_hours": _quiet_hours(),
        "retractions": {"enum": ["tell", "silent"]},
    }
    schema = _object(keys.DESTINATION, values, ("destination",))
    schema["oneOf"] = [{"required": [kind]} for kind in KINDS]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A destination of fireflower",
        **schema,
    }


def _webhook() -> Schema:
    values: Schema = {
        "url": {"type": "string", "pattern": r"^(https?://|\s*(env|file):)"},
        "secret": _one_or_more(_SECRET),
        "headers": {"type": "object", "additionalProperties": _SECRET},
        "timeout": _SPAN,
        "allow_private": {"type": "boolean"},
    }
    return _object(keys.WEBHOOK, values, ("url", "secret"))


def _slack() -> Schema:
    values: Schema = {
        "webhook": _SECRET,
        "token": _SECRET,
        "channel": _TEXT,
        "api": {"type": "string", "pattern": "^https?://"},
        "timeout": _SPAN,
        "allow_private": {"type": "boolean"},
    }
    return {**_object(keys.SLACK, values), "oneOf": [{"required": ["webhook"]}, {"required": ["token", "channel"]}]}


def _email() -> Schema:
    smtp: Schema = {
        "host": _TEXT,
        "port": {"type": "integer", "minimum": 1, "maximum": 65535},
        "encryption": {"enum": ["starttls", "tls", "none"]},
        "user": _TEXT,
        "password": _SECRET,
        "timeout": _SPAN,
    }
    values: Schema = {
        "to": _one_or_more(_TEXT),
        "from": _TEXT,
        "subject": _TEXT,
        "smtp": _object(keys.SMTP, smtp, ("host",)),
    }
    return _object(keys.EMAIL, values, ("to", "from", "smtp"))


def _when() -> Schema:
    values: Schema = {
        "definitions": _one_or_more(_TEXT),
        "change": _one_or_more({"enum": ["entered", "left"]}),
        "subject": _one_or_more({"enum": ["person", "account"]}),
    }
    return _object(keys.WHEN, values)


def _cap() -> Schema:
    values: Schema = {
        "at_most": {"type": "integer", "minimum": 1, "maximum": 10_000},
        "per": _SPAN,
        "each": {"enum": ["subject", "destination"]},
    }
    return _object(keys.CAP, values, ("at_most", "per"))


def _quiet_hours() -> Schema:
    values: Schema = {"from": _CLOCK, "until": _CLOCK, "timezone": _TEXT, "timezone_trait": _TRAIT}
    return _object(keys.QUIET_HOURS, values, ("from", "until"))


def _one_or_more(each: Schema) -> Schema:
    return {"anyOf": [each, {"type": "array", "items": each, "minItems": 1}]}


def _object(described: keys.Keys, values: Schema, required: Iterable[str] = ()) -> Schema:
    """An object with these keys and no others."""
    properties = {key: {**values[key], "description": described[key]} for key in described}
    schema: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**schema, "required": list(required)} if required else schema
