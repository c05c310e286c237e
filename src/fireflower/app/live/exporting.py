"""Everything that is known about a person, with what it is and where it is from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fireflower.app.live.compacting import moved
from fireflower.app.live.storage import existing_log
from fireflower.app.project import Project
from fireflower.history.archive import Archive
from fireflower.history.forgotten import Naming
from fireflower.history.log.database import Database
from fireflower.model.errors import UnknownSubjectError
from fireflower.model.moments import iso
from fireflower.model.records import Record

Found = dict[str, Any]
"""`what` it is, where it is `from`, and what it says."""

_MOMENTS = frozenset({"at", "known_at", "recorded", "retracted", "received", "replayed", "planned", "due", "since"})
_AT_ONCE = 1_000
_TRANSITION = "kind, subject, definition, change, reason, at, known_at, recorded, past, retracted, evidence"
_DELIVERY = "key, kind, subject, destination, state, planned, due, reason, payload"
_ATTEMPT = "at, outcome, detail"


def export(project: Project, person: str) -> Iterator[Found]:
    """Everything that is known about a person.

    Parameters
    ----------
    person : any of their ids

    Raises
    ------
    UnknownSubjectError
        If nobody is known by that id.
    """
    archive = project.archive
    ids = _ids(archive, person)
    database = existing_log(project)
    try:
        found = [] if database is None else list(_of_the_log(database, ids))
    finally:
        if database is not None:
            database.close()
    known = list(_of_the_archive(archive, ids)) if archive.files else []
    if not known and not found:
        raise UnknownSubjectError(f"nothing is known about {person!r}. Is it the id by which your product knows them?")
    yield {"what": "ids", "from": "history", "ids": ids}
    yield from known
    yield from found


def _ids(archive: Archive, person: str) -> list[str]:
    try:
        return archive.ids(person) if archive.files else [person]
    except UnknownSubjectError:
        return [person]  # it may stand in what could not be read


def _of_the_archive(archive: Archive, ids: Sequence[str]) -> Iterator[Found]:
    try:
        told = archive.told("person", ids[0])
    except UnknownSubjectError:
        told = []
    for (_, record), source in zip(told, archive.sources([number for number, _ in told]), strict=True):
        yield {"what": "record", "from": source.file if moved(source) is None else "live", **_said(record)}
    named = Naming(ids)
    for row in archive.rejects():
        if named.is_in(row.raw):
            yield {"what": "row kept aside", "from": f"{row.file}:{row.line}", "reason": row.reason, "row": row.raw}


def _of_the_log(database: Database, ids: Sequence[str]) -> Iterator[Found]:
    named = Naming(ids)
    for each in _all(database, "rejects", "received, source, reason, body, replayed"):
        body = bytes(each.pop("body")).decode("utf-8", "replace")
        if named.is_in(body):
            yield {"what": "rejected message", "from": "live", **_dated(each), "body": body}
    for each in _all(database, "transitions", _TRANSITION):
        if _is_theirs(each, ids) or named.is_in(each["evidence"]):
            yield {"what": "transition", "from": "verdicts", **_dated(each)}
    for each in map(_readable, _all(database, "deliveries", _DELIVERY, by="key")):
        if _is_theirs(each, ids) or named.is_in(each["payload"]):
            yield {"what": "delivery", "from": each["destination"], **_dated(each)}
            for attempt in _rows(database, "attempts", _ATTEMPT, "delivery = ? ORDER BY id", (each["key"],)):
                yield {"what": "attempt", "from": each["destination"], "delivery": each["key"], **_dated(attempt)}


def _is_theirs(row: Found, ids: Sequence[str]) -> bool:
    return row["kind"] == "person" and row["subject"] in ids


def _said(record: Record) -> Found:
    said: Found = {
        "at": iso(record.time),
        "kind": record.kind.name.lower().replace("_", " "),
        "name": record.name,
        "person": record.person,
        "account": record.account,
        "value": record.value,
        "properties": dict(record.properties),
        "message_id": record.message_id,
        "received": None if record.received is None else iso(record.received),
    }
    return {key: value for key, value in said.items() if value not in (None, "", {})}


def _dated(row: Found) -> Found:
    return {
        key: iso(value) if key in _MOMENTS and isinstance(value, int) else value
        for key, value in row.items()
        if value is not None
    }


def _readable(row: Found) -> Found:
    return {**row, "payload": bytes(row["payload"]).decode("utf-8", "replace")}


def _rows(database: Database, table: str, columns: str, where: str, values: Sequence[Any]) -> list[Found]:
    names = columns.split(", ")
    found = database.rows(f"SELECT {columns} FROM {table} WHERE {where}", values)
    return [dict(zip(names, row, strict=True)) for row in found]


def _all(database: Database, table: str, columns: str, by: str = "id") -> Iterator[Found]:
    """All rows of a table, in the order of its key, read piece by piece."""
    names = columns if by in columns.split(", ") else f"{by}, {columns}"
    last: int | str = "" if by == "key" else 0
    while some := _rows(database, table, names, f"{by} > ? ORDER BY {by} LIMIT ?", (last, _AT_ONCE)):
        last = some[-1][by]
        yield from some
