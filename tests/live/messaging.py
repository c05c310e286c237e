"""Messages, and a project that receives them, for tests of the live side."""

from __future__ import annotations

import json
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from fireflower.app.live.compacting import Compactor
from fireflower.app.live.database import opener
from fireflower.app.live.evaluating import Evaluator
from fireflower.app.live.writing import Writer
from fireflower.app.project import HISTORY_FOLDER, Project
from fireflower.history.log.database import Database
from fireflower.history.log.durable import Durable
from fireflower.history.log.forgotten import ForgottenPeople
from fireflower.history.log.reading import PLAIN, Mappings
from fireflower.history.log.schema import prepare
from fireflower.history.log.verdicts import News
from fireflower.history.mapping import Mapping
from fireflower.model.messages import Message
from fireflower.model.moments import DAY, to_datetime

START = 1_767_225_600_000_000
"""2026-01-01"""

JOINING: Mappings = {
    "segment": Mapping(form="segment", joins=True),
    "posthog": Mapping(form="posthog", joins=True),
}

DEFINITIONS = {
    "active-people": ("person", "count(export, last 7 days) >= 2"),
    "active-accounts": ("account", "count(export, last 14 days) >= 3"),
    "paying-people": ("person", "account.plan = pro and count(login) >= 1"),
    "from-ads": ("person", "person.source = ads"),
    "teams": ("account", "members >= 2"),
}
"""Name -> who, and when."""


def at(days: float) -> int:
    return START + round(days * DAY)


def iso(moment: int) -> str:
    return to_datetime(moment).isoformat()


def segment(id: str, days: float, *, received: float | None = None, **said: Any) -> Message:
    """A message of Segment's form that happened so many days after the start."""
    moment = at(days if received is None else received)
    body = {"messageId": id, "timestamp": iso(at(days)), "receivedAt": iso(moment), **said}
    return Message("segment", id, json.dumps(body).encode(), moment, "test")


def track(id: str, days: float, person: str, event: str, account: str = "", **said: Any) -> Message:
    if account:
        said["context"] = {"groupId": account}
    return segment(id, days, type="track", event=event, userId=person, **said)


def posthog(id: str, days: float, person: str, properties: dict[str, Any], event: str = "login") -> Message:
    body = {
        "uuid": id, "event": event, "distinct_id": person, "timestamp": iso(at(days)), "created_at": iso(at(days)),
        "properties": properties,
    }  # fmt: skip
    return Message("posthog", id, json.dumps(body).encode(), at(days), "test")


def make_project(folder: Path) -> Project:
    (folder / "definitions").mkdir(parents=True)
    (folder / "fireflower.yaml").write_text("project: test\n")
    for name, (subject, formula) in DEFINITIONS.items():
        text = f"definition: {name}\nsubject: {subject}\nvalue: {formula}\n"
        (folder / "definitions" / f"{name}.yaml").write_text(text)
    return Project(folder)


class Side:
    """The live side of a project: what is given is written and evaluated at once, in the caller's thread."""

    def __init__(self, project: Project, mappings: Mappings = PLAIN, now: int = START) -> None:
        self.project, self.mappings = project, mappings
        self._connections: list[Database] = []
        self.database = self._connect()
        prepare(self.database)
        self._durable: SimpleQueue[Durable] = SimpleQueue()
        self._begin(now)

    def _begin(self, now: int) -> News:
        writes, history = self._connect(), self.project.folder / HISTORY_FOLDER
        self._writer = Writer(writes, self.mappings, self._durable.put, ForgottenPeople(writes, history))
        self._writer.start()
        self.evaluator = Evaluator(self.project, self.database, self.mappings, compiled=False)
        return self.evaluator.begin(now)

    def restart(self, now: int) -> News:
        self.stop()
        return self._begin(now)

    def _connect(self) -> Database:
        self._connections.append(opener(self.project)())
        return self._connections[-1]

    def close(self) -> None:
        self.stop()
        for database in self._connections:
            database.close()

    def stop(self) -> None:
        self._writer.stop()
        self.evaluator.keep()

    def compactor(self) -> Compactor:
        return Compactor(self.project, self._connect(), self.mappings)

    def write(self, *messages: Message) -> Durable:
        """Make messages durable, and evaluate none of them."""
        return self._durable.get() if self._writer.submit(messages).result() else Durable.of([])

    def take(self, *messages: Message, now: int) -> News:
        return self.evaluator.take(self.write(*messages), now)

    def transitions(self) -> list[tuple[Any, ...]]:
        """What stands in the record, with its evidence."""
        rows = self.database.rows(
            "SELECT kind, subject, definition, change, reason, at, known_at, evidence FROM transitions "
            "WHERE retracted IS NULL"
        )
        return sorted(rows, key=lambda row: (row[5], *row[:5]))
