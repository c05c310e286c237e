"""Tables whose rows are messages of Segment's or PostHog's form: each row is put as the object that it was."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from fireflower.history.readers.columns import TableFile
from fireflower.history.readers.database import connect_to_read, quoted
from fireflower.history.readers.files import Compression, FileFormat

_OBJECTS = ("properties", "traits", "context", "$set", "$set_once")
_ROWS = 10_000


def rows_as_objects(
    path: Path,
    format: FileFormat,
    compression: Compression,
    scratch: Path | None = None,
    *,
    camel: bool = False,
    whole: bool = False,
) -> Iterator[tuple[int, bytes]]:
    """(line, JSON) of every row.

    Parameters
    ----------
    scratch : a folder for what does not fit into memory, and for a copy that can be read where the file cannot
    camel : columns such as message_id become the keys of Segment's form, messageId
    whole : columns such as properties.plan become fields of the object that the message had
    """
    file = TableFile(connect_to_read("UTC", scratch), path, format, compression, scratch)
    types = {column.path: column.type for column in file.columns}
    fields = {name for name in file.names if whole and format != "csv" and _object_of(name)}
    values = {name: _value_sql(quoted(name), types.get(name), name in fields) for name in sorted(file.names)}
    selected = ", ".join(f"{value} AS {quoted(name)}" for name, value in values.items())
    line = file.before
    for rows in file.batches(selected, _ROWS):
        for row in rows.to_pylist():
            line += 1
            yield line, msgspec.json.encode(_as_message(row, format, camel, whole))


def _value_sql(column: str, type: str | None, is_field: bool) -> str:
    """A column as text, or as JSON: if it holds objects (those of structs have no type of their own), or is one field
    of an object."""
    if is_field and type in ("FLOAT", "DOUBLE"):
        return f"CASE WHEN isfinite({column}) THEN to_json({column})::VARCHAR END"
    if is_field or type is None or type.startswith(("MAP", "JSON")):
        return f"to_json({column})::VARCHAR"
    return f"{column}::VARCHAR"


def _object_of(name: str) -> str:
    """The object of which a column such as properties.plan is one field; "" if of none."""
    head, dot, _ = name.partition(".")
    return head if dot and head in _OBJECTS else ""


def _as_message(row: dict[str, str | None], format: FileFormat, camel: bool, whole: bool) -> dict[str, Any]:
    message: dict[str, Any] = {}
    for name, text in row.items():
        if text is None or text == "":
            continue
        head = _object_of(name) if whole else ""
        key = _camel(name) if camel and head in ("", "context") else name
        if key == "contextGroupId":
            _put(message, ["context", "groupId"], text)
        elif head:  # ids look like numbers at times, and what stands under context is ids and texts
            _put(message, key.split("."), text if format == "csv" and head == "context" else _scalar(text))
        else:
            is_object = key in _OBJECTS and text.lstrip().startswith("{")
            message[key] = msgspec.Raw(text.encode()) if is_object else text
    return message


def _put(message: dict[str, Any], path: list[str], value: Any) -> None:
    """Put one field of an object where it belongs, beside what another column says of the object; if that is no object
    that can be read, it is left as it is, and refused with the row."""
    inner = message
    for key in path[:-1]:
        there = inner.get(key, {})
        if isinstance(there, msgspec.Raw):
            try:
                there = msgspec.json.decode(there)
            except (msgspec.DecodeError, RecursionError):
                return
        if not isinstance(there, dict):
            return
        inner[key] = there
        inner = there
    inner.setdefault(path[-1], value)


def _scalar(text: str) -> Any:
    """A number, a truth or whatever else JSON has, if it is written so; else a text."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)
