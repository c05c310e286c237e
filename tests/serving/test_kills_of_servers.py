"""Servers that are killed under load: events are there once, the record is what a replay says, and whoever is told is
told of everything, by the same key if it is told twice."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest
from live.projects import expected, recorded, standing, standing_after
from log.crashing import KILLS
from log.databases import database, opened, own, postgresql, server, url
from waiting import soon

from fireflower.app.live.access import first_write_key
from fireflower.app.live.database import is_embedded
from fireflower.app.project import Project
from fireflower.history.log.connecting import connect
from fireflower.history.log.database import Database, SQLite
from fireflower.history.log.leases import SHARES, Leases
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.outbox import OVER, WRONG
from fireflower.model.moments import parse_moment
from serving.process import Receiver, Server, is_alive, serving

__all__ = ["database", "opened", "own", "postgresql", "server", "url"]

DEFINITIONS = {
    "busy": "definition: busy\nsubject: person\nqualified: count(any, last 2 seconds) >= 4\n",
    "team": "definition: team\nsubject: account\nqualified: count(Run) >= 5 and actors(any) >= 2\n",
}
SENDERS = 2


def project(folder: Path, hook: str) -> Project:
    files = {
        "fireflower.yaml": "project: acme\n",
        "destinations/hook.yaml": "destination: hook\nwhen: {change: [entered, left]}\n"
        f"webhook: {{url: '{hook}', secret: env:HOOK_SECRET, allow_private: true}}\n",
        **{f"definitions/{name}.yaml": text for name, text in DEFINITIONS.items()},
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return Project(folder)


class Sender(threading.Thread):
    """A client that sends until it is told to stop, and what was not acknowledged again."""

    def __init__(self, number: int, key: str) -> None:
        super().__init__()
        self.server: Server | None = None
        self.acknowledged: list[str] = []
        self.stopped = False
        self._number, self._key, self._chance = number, key, random.Random(number)

    def run(self) -> None:
        count = 0
        while not self.stopped:
            batch = [self._event(f"{self._number}-{count + nth}") for nth in range(self._chance.randint(1, 20))]
            count += len(batch)
            while not self._is_sent(batch) and not self.stopped:
                time.sleep(0.02)
            time.sleep(self._chance.choice((0.0, 0.01, 0.05)))

    def _is_sent(self, batch: list[dict[str, object]]) -> bool:
        try:
            assert self.server is not None
            self.server.post("/v1/batch", self._key, {"batch": batch})
        except OSError:
            return False
        self.acknowledged += [str(event["messageId"]) for event in batch]
        return True

    def _event(self, key: str) -> dict[str, object]:
        person, account = self._chance.randint(0, 20), self._chance.randint(0, 6)
        return {
            "type": "track", "event": self._chance.choice(("Run", "Open")), "userId": f"u{person}", "messageId": key,
            "context": {"groupId": f"a{account}"},
        }  # fmt: skip


def test_nothing_is_lost_and_everybody_is_told(url: str, tmp_path: Path) -> None:
    receiver = Receiver((200, 200, 503, 200))
    acme = project(tmp_path / "acme", receiver.address)
    environment = {"FIREFLOWER_DATABASE": url, "HOOK_SECRET": "whsec_" + "c2VjcmV0" * 4}
    options = ["--processes", "2"] if is_embedded(acme, environment) else []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIREFLOWER_DATABASE", url)
        key = first_write_key(acme)
    assert key is not None
    senders = [Sender(number, key) for number in range(SENDERS)]
    chance = random.Random(1)
    for nth in range(max(3, KILLS // 3)):
        with serving(acme.folder, environment, options) as running:
            for sender in senders:
                sender.server = running
                if not nth:
                    sender.start()
            time.sleep(chance.uniform(0.05, 0.8))  # and then it is killed
            intake = running.intake() if options else None
            if intake is not None and nth % 2:  # beginning with the other of its processes
                os.kill(intake, signal.SIGKILL)
                time.sleep(chance.uniform(0, 0.2))
        if intake is not None:
            soon(lambda intake=intake: not is_alive(intake))  # type: ignore[misc]
    for sender in senders:
        sender.stopped = True
    with serving(acme.folder, environment, options) as running:
        for sender in senders:
            sender.server = running
            sender.join()
        database = connect(url)
        soon(lambda: is_evaluated(database), 60)
        soon(lambda: all(definition != "busy" for definition, *_ in standing(database)), 60)  # nobody is any longer
        give_up(database)
        soon(lambda: not waiting(database), 300)  # what was being sent at several kills is tried again after minutes
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=30) == 0
    keys = [json.loads(kept.body)["messageId"] for kept in MessageLog(database).all()]
    acknowledged = {key for sender in senders for key in sender.acknowledged}
    assert len(keys) == len(set(keys)) and set(keys) >= acknowledged and len(acknowledged) > 100
    assert recorded(database) == expected(acme, database, int(time.time() * 1e6))
    assert standing(database) == standing_after(recorded(database))
    was_told(database, receiver)
    database.close()
    receiver.close()


def is_evaluated(database: Database) -> bool:
    """Whether somebody is at work on every share, and has evaluated everything; on PostgreSQL the leases of those who
    were killed must have run out."""
    leases, end = Leases(database, "", 0), MessageLog(database).end()
    return sum(leases.holders().values()) == SHARES and leases.position() >= end


def give_up(database: Database) -> None:
    """What another process was sending when it was killed waits for its lease to end, on PostgreSQL; the test need
    not."""
    if not isinstance(database, SQLite):
        with database.transaction():
            database.rows("UPDATE deliveries SET due = 0 WHERE state = 'sending'")


def waiting(database: Database) -> bool:
    """Whether anything is to be sent yet."""
    return bool(database.rows("SELECT 1 FROM deliveries WHERE state IN ('waiting', 'sending')"))


def was_told(database: Database, receiver: Receiver) -> None:
    """Each key came, always with the same body, but for what was over, or taken back, before it could be told; and
    whoever applies what came knows how everybody stands."""
    states = database.rows("SELECT key, state, reason FROM deliveries")
    assert all(state == "sent" or (state == "withheld" and reason in (OVER, WRONG)) for _, state, reason in states)
    assert receiver.got.keys() == {key for key, state, _ in states if state == "sent"}
    assert all(len({json.dumps(json.loads(body)["data"]) for body in bodies}) == 1 for bodies in receiver.got.values())
    told = [json.loads(bodies[0])["data"] for bodies in receiver.got.values()]
    known = {
        (data["subject"]["id"], data["definition"]["name"]): data["change"]
        for data in sorted(told, key=lambda data: parse_moment(data["at"]))
    }
    latest = {(subject, definition): change for _, _, _, subject, definition, change, _ in recorded(database)}
    assert len(known) > 5
    assert all(known.get(whose, "left") == change for whose, change in latest.items())
