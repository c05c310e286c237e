"""JSON for machines: what a use case returned, moments as ISO 8601 in UTC, numbers that are not known as null."""

from __future__ import annotations

import json
import math
import re
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import click

from fireflower.model.moments import iso

MOMENTS = frozenset({"as_of", "at", "known_at", "since", "week", "weeks", "month"})
"""Fields of results that hold moments; others say so in their metadata."""

_UNESCAPED = re.compile("[\x7f-\x9f]")


def print_json(value: object) -> None:
    click.echo(escaped(json.dumps(jsonable(value), ensure_ascii=False, indent=2)))


def escaped(text: str) -> str:
    """JSON in which those control characters are escaped too that JSON leaves as they are, and terminals do not."""
    return _UNESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _key(key: Any) -> str:
    """A key of several parts, such as ("person", "plan"), with dots between them."""
    return ".".join(map(str, key)) if isinstance(key, tuple) else str(key)


def jsonable(value: Any, moment: bool = False) -> Any:
    """The value in what JSON knows. Results that are data objects become mappings of their fields."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, Path):
        return str(value)
    if is_dataclass(value):
        return {
            field.name: jsonable(getattr(value, field.name), field.name in MOMENTS or "moment" in field.metadata)
            for field in fields(value)
        }
    if isinstance(value, dict):
        return {_key(key): jsonable(item, key in MOMENTS) for key, item in value.items()}
    if hasattr(value, "_asdict"):
        return jsonable(value._asdict())
    if hasattr(value, "tolist"):
        return jsonable(value.tolist(), moment)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [jsonable(item, moment) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return iso(value) if moment and isinstance(value, int) else value
