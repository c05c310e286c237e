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
    path: Path, format: FileFormat, compression: Compression, *, camel: bool
) -> Iterator[tuple[int, bytes]]:
    """(line, JSON) of every row. `camel`: columns such as message_id become the keys of Segment's form, messageId."""
    connection = connect_to_read("UTC", None)
    file = TableFile(connection, path, format, compression)
    names = {name.partition(".")[0] for name in (column.path for column in file.columns)}
    selected = ", ".join(f"{_value_sql(file, name)} AS {quoted(name)}" for name in sorted(names))
    line = 1 if format == "csv" else 0
    for rows in connection.sql(f"SELECT {selected} FROM {file.relation}").to_arrow_reader(_ROWS):
        for row in rows.to_pylist():
            line += 1
            yield line, msgspec.json.encode(_as_message(row, camel))


def _value_sql(file: TableFile, name: str) -> str:
    whole = any(column.path == name and not column.type.startswith(("MAP", "JSON")) for column in file.columns)
    return f"{quoted(name)}::VARCHAR" if whole else f"to_json({quoted(name)})::VARCHAR"


def _as_message(row: dict[str, str | None], camel: bool) -> dict[str, Any]:
    message: dict[str, Any] = {}
    for name, text in row.items():
        if text is None or text == "":
            continue
        key = _camel(name) if camel else name
        if key == "contextGroupId":
            message.setdefault("context", {"groupId": text})
            continue
        is_object = key in _OBJECTS and text.lstrip().startswith("{")
        message[key] = msgspec.Raw(text.encode()) if is_object else text
    return message


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)
