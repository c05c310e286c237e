"""A small project, what may happen in it, and what a replay of its log says."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fireflower.app.project import Project
from fireflower.evaluate.replay import replay
from fireflower.evaluate.results import Change, Reason, Subject
from fireflower.history.assembly import assemble
from fireflower.history.log.database import Database
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.reading import MessageReader
from fireflower.model.messages import Message
from fireflower.model.moments import from_datetime
from fireflower.model.records import Record

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTES = 20 * 24 * 60

Told = tuple[int, int, str, str, str, str, str]
"""At, known at, kind, subject, definition, change, reason."""

_SETTINGS = """\
project: acme
leave_out:
  people: person.staff = true
"""
_DEFINITIONS = {
    "active": """\
definition: active
subject: person
value:
  all:
    - count(Opened, last 3 days) >= 2
""",
    "team": """\
definition: team
subject: account
value:
  all:
    - count(Run) >= 3
    - actors(any) >= 2
    - not did(Paid)
""",
    "quiet": """\
definition: quiet
subject: person
value:
  all:
    - count(Run) >= 1
    - not did(any, last 2 days)
""",
}


def project(folder: Path) -> Project:
    """The project, made in a folder."""
    (folder / "definitions").mkdir(parents=True, exist_ok=True)
    (folder / "fireflower.yaml").write_text(_SETTINGS)
    for name, text in _DEFINITIONS.items():
        (folder / "definitions" / f"{name}.yaml").write_text(text)
    return Project(folder)


def moment(minute: int) -> int:
    return from_datetime(START + timedelta(minutes=minute))


def message(chance: random.Random, key: str, minute: int) -> Message:
    """Something that somebody did about this time; at times it comes late."""
    late = chance.choice((0,) * 8 + (3, 200, 4000))
    body: dict[str, Any] = {
        "messageId": key,
        "timestamp": written(max(0, minute - late)),
        "receivedAt": written(minute),
        **chance.choice((_event,) * 8 + (_traits, _account, _identity))(chance),
    }
    return Message("segment", key, json.dumps(body).encode(), moment(minute), "web")


def messages(seed: int, count: int) -> list[Message]:
    """What happens in the project, in the order in which it comes."""
    chance = random.Random(seed)
    return [message(chance, f"{seed}-{number}", number * MINUTES // count) for number in range(count)]


def expected(project: Project, database: Database, as_of: int) -> list[Told]:
    """What a replay of the messages in the log says."""
    return transitions(project, MessageReader().records(MessageLog(database).all()), as_of)


def transitions(project: Project, records: Iterable[Record], as_of: int) -> list[Told]:
    """What a replay of records says."""
    timeline = assemble(records, attribution=project.settings.attribution)
    found = replay(project.definitions, project.settings, [timeline], as_of=as_of, compiled=False)
    return sorted(
        (
            int(found.at[i]),
            int(found.known_at[i]),
            Subject(found.kind[i]).name.lower(),
            found.subject_id(i),
            found.definitions[found.definition[i]].name,
            Change(found.change[i]).name.lower(),
            Reason(int(found.reason[i])).label,
        )
        for i in range(len(found))
    )


def recorded(database: Database, project: Project | None = None) -> list[Told]:
    """What is in the record and stands, of the definitions of a project or of all."""
    columns = "at, known_at, kind, subject, definition, change, reason"
    found: list[Told] = database.rows(f"SELECT {columns} FROM transitions WHERE retracted IS NULL")  # type: ignore[assignment]
    names = None if project is None else {definition.name for definition in project.definitions}
    return sorted(each for each in found if names is None or each[4] in names)


def standing(database: Database) -> set[tuple[str, str, str, int]]:
    """Who stands qualified, by definition and kind, since when."""
    return set(database.rows("SELECT definition, kind, subject, since FROM standing"))  # type: ignore[arg-type]


def standing_after(told: list[Told]) -> set[tuple[str, str, str, int]]:
    """Who is qualified after these transitions."""
    found: dict[tuple[str, str, str], tuple[str, int]] = {}
    for at, _, kind, subject, definition, change, _ in told:
        key = (definition, kind, subject)
        if key not in found or found[key][1] < at:
            found[key] = change, at
    return {(*key, at) for key, (change, at) in found.items() if change == "entered"}


def written(minute: int) -> str:
    return (START + timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")


Body = Callable[[random.Random], dict[str, Any]]


def _person(chance: random.Random) -> dict[str, Any]:
    if chance.random() < 0.1:
        return {"anonymousId": chance.choice(("x1", "x2"))}
    return {"userId": chance.choice(("ann", "bob", "cy", "dan\0", "eva"))}


def _event(chance: random.Random) -> dict[str, Any]:
    event = chance.choice(("Opened", "Opened", "Opened", "Run", "Run", "Paid" if chance.random() < 0.1 else "Run"))
    context = {"context": {"groupId": chance.choice(("acme", "beta"))}} if chance.random() < 0.3 else {}
    return {"type": "track", "event": event, **_person(chance), **context}


def _traits(chance: random.Random) -> dict[str, Any]:
    return {"type": "identify", **_person(chance), "traits": {"staff": chance.random() < 0.3}}


def _account(chance: random.Random) -> dict[str, Any]:
    return {"type": "group", **_person(chance), "groupId": chance.choice(("acme", "beta")), "traits": {"plan": "pro"}}


def _identity(chance: random.Random) -> dict[str, Any]:
    return {"type": "identify", "userId": chance.choice(("ann", "bob")), "anonymousId": chance.choice(("x1", "x2"))}
