"""Looking on: what comes in and what changes, read from the database beside a running server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fireflower.app.live.database import opener
from fireflower.app.project import Project
from fireflower.app.records import in_words
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.reading import PLAIN, Mappings, MessageReader, record_of
from fireflower.history.log.schema import prepare
from fireflower.history.log.verdicts import Recorded, VerdictLog
from fireflower.model.messages import Message
from fireflower.model.records import Kind, Record

_LOOK = 0.25
"""Seconds between two looks."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Something that has come or changed.

    Attributes
    ----------
    at : when it was received, or recorded
    source : by which write key it came; "" for a transition
    says : what happened, in words, one line each
    transition : what was recorded; None for what came in
    """

    at: int
    source: str
    says: tuple[str, ...]
    transition: Recorded | None = None


def watch(
    project: Project, *, events: bool = True, mappings: Mappings = PLAIN, go_on: Callable[[], bool] = lambda: True
) -> Iterator[Seen]:
    """What comes in and what changes from now on, until `go_on` says no."""
    database = opener(project)()
    prepare(database)
    log, record = MessageLog(database), VerdictLog(database)
    position, id = log.end(), record.end()
    try:
        while go_on():
            for place, message in log.whole(position, 1000):
                position = place
                if events:
                    yield _came(message, MessageReader(mappings))
            for recorded in record.after(id):
                id = recorded.id
                if not recorded.past:
                    yield Seen(recorded.recorded, "", tuple(_evidence(recorded)), recorded)
            time.sleep(_LOOK)
    finally:
        database.close()


def _came(message: Message, reader: MessageReader) -> Seen:
    says = tuple(_whole(record_of(told)) for told in reader.told(message))
    return Seen(message.received, message.source, says)


def _whole(record: Record) -> str:
    """What happened, and whose it is."""
    if record.kind == Kind.PERSON_TRAIT:
        return f"person {record.person}: {in_words(record)}"
    if record.kind == Kind.ACCOUNT_TRAIT:
        return f"account {record.account}: {in_words(record)}"
    return in_words(record) + (f" in {record.account}" if record.account and record.person else "")


def _evidence(recorded: Recorded) -> Iterator[str]:
    for state in json.loads(recorded.evidence):
        by = f", by {state['tipped_by']}" if state["tipped_by"] else ""
        yield f"{'✓' if state['holds'] else '·'} {state['condition']}: {_shown(state['value'])}{by}"


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else "missing" if value is None else str(value)
