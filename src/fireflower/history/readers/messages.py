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
    path: Path, format: FileFormat, compression: Compression, *, camel: bool = False, whole: bool = False
) -> Iterator[tuple[int, bytes]]:
    """(line, JSON) of every row.

    Parameters
    ----------
    camel : columns such as message_id become the keys of Segment's form, messageId
    whole : columns such as properties.plan become fields of the object that the message had
    """
    connection = connect_to_read("UTC", None)
    file = TableFile(connection, path, format, compression)
    selected = ", ".join(f"{_value_sql(file, name, whole)} AS {quoted(name)}" for name in sorted(file.names))
    line = 1 if format == "csv" else 0
    for rows in connection.sql(f"SELECT {selected} FROM {file.relation}").to_arrow_reader(_ROWS):
        for row in rows.to_pylist():
            line += 1
            yield line, msgspec.json.encode(_as_message(row, camel, whole))


def _value_sql(file: TableFile, name: str, whole: bool) -> str:
    plain = any(column.path == name and not column.type.startswith(("MAP", "JSON")) for column in file.columns)
    is_field = whole and _object_of(name) and file.format != "csv"
    return f"{quoted(name)}::VARCHAR" if plain and not is_field else f"to_json({quoted(name)})::VARCHAR"


def _object_of(name: str) -> str:
    """The object of which a column such as properties.plan is one field; "" if of none."""
    head, dot, _ = name.partition(".")
    return head if dot and head in _OBJECTS else ""


def _as_message(row: dict[str, str | None], camel: bool, whole: bool) -> dict[str, Any]:
    message: dict[str, Any] = {}
    for name, text in row.items():
        if text is None or text == "":
            continue
        if whole and _object_of(name):
            _put(message, name.split("."), text)
            continue
        key = _camel(name) if camel else name
        if key == "contextGroupId":
            message.setdefault("context", {"groupId": text})
            continue
        is_object = key in _OBJECTS and text.lstrip().startswith("{")
        message[key] = msgspec.Raw(text.encode()) if is_object else text
    return message


def _put(message: dict[str, Any], path: list[str], text: str) -> None:
    """Put one field of an object where it belongs, beside what another column says of the object."""
    inner = message
    for key in path[:-1]:
        there = inner.get(key, {})
        if isinstance(there, msgspec.Raw):
            there = msgspec.json.decode(there)
        if not isinstance(there, dict):
            return  # a value has no fields
        inner[key] = there
        inner = there
    inner.setdefault(path[-1], _scalar(text))


def _scalar(text: str) -> Any:
    """A number, a truth or whatever else JSON has, if it is written so; else a text."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)
