"""A project that is served while its files are edited, and what batch replays of its log say."""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fireflower.app.live.service import Service, now
from fireflower.app.project import Project
from fireflower.evaluate.replay import replay
from fireflower.evaluate.results import Change, Reason, Subject, Transitions
from fireflower.history.assembly import assemble
from fireflower.history.log.reading import MessageReader, record_of
from fireflower.model.messages import Message
from fireflower.model.moments import DAY, iso

SETTINGS = """\
project: Shop
goal: Subscription Started
"""

TEAM = """\
definition: team
subject: account
value: count(Report Run, last 5 days) >= {least}
fit: actors(Report Run) >= 2
"""

ACTIVE = """\
definition: {name}
subject: person
qualified: distinct_days(Report Run, last 7 days) >= {days}
goal: none
"""

RECORD = """\
destination: record
file: {path: deliveries.jsonl}
when: {change: [entered, left]}
"""

Told = tuple[str, str, str, str, str, int]
"""(kind, subject, definition, change, reason, at)."""


def project(folder: Path) -> Path:
    """A project without history, and where it tells."""
    write(folder, "fireflower.yaml", SETTINGS)
    write(folder, "definitions/team.yaml", TEAM.format(least=3))
    write(folder, "definitions/active.yaml", ACTIVE.format(name="active", days=2))
    write(folder, "destinations/record.yaml", RECORD)
    return folder


def write(folder: Path, file: str, text: str) -> None:
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@dataclass
class Live:
    """A running service."""

    service: Service
    folder: Path
    random: random.Random = field(default_factory=lambda: random.Random(7))
    messages: list[Message] = field(default_factory=list)

    def send(self, *bodies: dict[str, Any]) -> None:
        messages = [self._message(body) for body in bodies]
        self.messages += messages
        self.service.submit(messages).result(10)

    def did(self, person: str, account: str, *ago: int, event: str = "Report Run") -> None:
        """Something that somebody did, so long ago."""
        self.send(
            *(
                {"type": "track", "event": event, "userId": person, "context": {"groupId": account}, "ago": each}
                for each in ago
            )
        )

    def anything(self) -> dict[str, Any]:
        """Something that may happen, some of it late."""
        person = self.random.randrange(40)
        event = self.random.choice(["Report Run"] * 50 + ["Invited"] * 9 + ["Subscription Started"])
        ago = self.random.choice([0, 0, self.random.randrange(10 * DAY)])
        if self.random.random() < 0.03:
            traits = {"internal": self.random.random() < 0.3}
            return {"type": "identify", "userId": f"p{person}", "traits": traits, "ago": ago}
        if self.random.random() < 0.02:
            return {"type": "alias", "userId": f"p{person}", "previousId": f"a{person}", "ago": ago}
        who = f"a{person}" if self.random.random() < 0.05 else f"p{person}"
        return {
            "type": "track", "event": event, "userId": who, "context": {"groupId": f"c{person % 12}"}, "ago": ago
        }  # fmt: skip

    def settle(self) -> None:
        """Wait until everything is evaluated, up to now."""
        until = time.monotonic() + 20
        while self.service.waiting():
            assert time.monotonic() < until
            time.sleep(0.005)
        self.service.ask(lambda evaluator: None).result(20)

    def recorded(self, names: Iterable[str]) -> set[Told]:
        """The transitions that stand in the record."""
        return {
            (kind, subject, definition, change, reason, at)
            for kind, subject, definition, change, reason, at in self.rows(
                "SELECT kind, subject, definition, change, reason, at FROM transitions WHERE retracted IS NULL"
            )
            if definition in set(names)
        }

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        database = self.service.connect()
        try:
            return database.rows(sql)
        finally:
            database.close()

    def replayed(self, as_of: int | None = None) -> set[Told]:
        """What a batch replay of everything that was sent says, with the definitions that are in the files now."""
        as_of = self.service.evaluator.now if as_of is None else as_of
        reader, project = MessageReader(), Project(self.folder)
        records = [record_of(told) for message in self.messages for told in reader.told(message)]
        timeline = assemble(records, attribution=project.settings.attribution)
        found = replay(project.definitions, project.settings, [timeline], as_of=as_of, evidence=False, compiled=False)
        return {_told(found, i) for i in range(len(found))}

    def qualified(self) -> set[tuple[str, str, str]]:
        """Who is qualified, by the record: (definition, kind, subject)."""
        return set(self.rows("SELECT definition, kind, subject FROM standing"))

    def _message(self, body: dict[str, Any]) -> Message:
        received = now()
        body = {**body, "messageId": str(uuid.uuid4())}
        body |= {"timestamp": iso(received - body.pop("ago", 0)), "receivedAt": iso(received)}
        return Message("segment", body["messageId"], json.dumps(body).encode(), received, "web")


def _told(found: Transitions, i: int) -> Told:
    return (
        Subject(found.kind[i]).name.lower(),
        found.subject_id(i),
        found.definitions[found.definition[i]].name,
        Change(found.change[i]).name.lower(),
        Reason(int(found.reason[i])).label,
        int(found.at[i]),
    )


def standing(told: Iterable[Told]) -> set[tuple[str, str, str]]:
    """Who is qualified at the end: (definition, kind, subject)."""
    latest: dict[tuple[str, str, str], str] = {}
    for kind, subject, definition, change, _, _ in sorted(told, key=lambda each: each[5]):
        latest[definition, kind, subject] = change
    return {key for key, change in latest.items() if change == "entered"}


@contextmanager
def live(folder: Path, **how: Any) -> Iterator[Live]:
    """The project while it is served."""
    service = Service(Project(folder), compiled=False, **how)
    service.start()
    try:
        until = time.monotonic() + 60
        while not service.state.ready:
            assert time.monotonic() < until and not service.state.trouble, service.state.trouble
            time.sleep(0.005)
        yield Live(service, folder)
    finally:
        service.stop()


@contextmanager
def load(live: Live, pause: float = 0.01) -> Iterator[None]:
    """Events come all the time."""
    ended, failed = threading.Event(), []

    def run() -> None:
        try:
            while not ended.wait(pause):
                live.send(*(live.anything() for _ in range(5)))
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    assert not failed, failed
