"""Processes that serve one project together, and are killed at any moment: events are there once, the record is what a
replay says, and whoever is told is told of everything, by the same key if it is told twice."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from live.projects import expected, recorded, standing, standing_after
from serving.process import Receiver
from waiting import soon

from cluster.machines import SECONDS, Cluster, Events, Process, Sender, cluster
from fireflower.app.live.access import first_write_key
from fireflower.app.project import Project
from fireflower.history.log.connecting import connect
from fireflower.history.log.database import Database
from fireflower.history.log.leases import ALL_SHARES, SHARES, Leases
from fireflower.history.log.messages import MessageLog
from fireflower.history.log.outbox import WRONG
from fireflower.history.log.tokens import Tokens

DEFINITIONS = {
    "busy": "definition: busy\nsubject: person\nqualified: count(any, last 2 seconds) >= 4\n",
    "opened": "definition: opened\nsubject: person\nqualified: count(Open) >= 3\n",
    "team": "definition: team\nsubject: account\nqualified: count(Run) >= 5 and actors(any) >= 2\n",
    "lively": "definition: lively\nsubject: account\nqualified: count(any, last 3 seconds) >= 5\n",
}


def project(folder: Path, hook: str) -> Project:
    files = {
        "fireflower.yaml": "project: acme\nleave_out:\n  people: count(Run) >= 40\n",
        "destinations/hook.yaml": f"destination: hook\nwebhook: {{url: '{hook}', secret: env:HOOK_SECRET, "
        "allow_private: true}\nwhen: {change: [entered, left]}\n",
        **{f"definitions/{name}.yaml": text for name, text in DEFINITIONS.items()},
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return Project(folder)


@dataclass
class Served:
    """A project that processes serve, with clients that send to them, and one who is told."""

    project: Project
    database: Database
    cluster: Cluster
    key: str
    receiver: Receiver
    senders: list[Sender]

    def holders(self) -> list[int]:
        """How many shares each evaluating process has."""
        return sorted(Leases(self.database, "", 0).holders().values())

    def are_shared(self) -> bool:
        """Whether the processes that evaluate have all shares, and each as many as every other."""
        held, count = self.holders(), len(self.cluster.of("evaluate"))
        return len(held) == count and sum(held) == SHARES and held[-1] - held[0] <= 1

    def have_begun(self) -> bool:
        """Whether everybody has been evaluated once: what has happened before is no news."""
        found = Leases(self.database, "", 0).evaluated(ALL_SHARES).values()
        return len(found) == SHARES and all(each.meanings is not None for each in found)

    def stop_sending(self) -> None:
        begun = [sender for sender in self.senders if sender.is_alive()]
        for sender in begun:
            sender.stopped = True
        for sender in begun:
            sender.join(30)

    def finish(self) -> int:
        """Let everything come to rest. Gives the moment up to which all has been evaluated."""
        self.stop_sending()
        end = MessageLog(self.database).end()
        time.sleep(3.5)  # so that whoever was busy is no longer
        moment = int(time.time() * 1e6)
        soon(lambda: self.evaluated() >= end and not self.waiting(), 60)
        return moment

    def evaluated(self) -> int:
        return Leases(self.database, "", 0).position()

    def waiting(self) -> bool:
        return bool(self.database.rows("SELECT 1 FROM deliveries WHERE state IN ('waiting', 'sending')"))

    def check(self, moment: int) -> None:
        """Nothing has been lost, and nothing repeated."""
        keys = [json.loads(kept.body)["messageId"] for kept in MessageLog(self.database).all()]
        acknowledged = {key for sender in self.senders for key in sender.acknowledged}
        assert len(keys) == len(set(keys)) and set(keys) >= acknowledged and len(acknowledged) > 100
        assert recorded(self.database) == expected(self.project, self.database, moment)
        assert standing(self.database) == standing_after(recorded(self.database))
        was_told(self.database, self.receiver)


@pytest.fixture
def served(postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    receiver = Receiver((200, 200, 503, 200))
    acme = project(tmp_path / "acme", receiver.address)
    monkeypatch.setenv("FIREFLOWER_DATABASE", postgresql)
    key = first_write_key(acme)
    assert key is not None
    database = connect(postgresql)
    with cluster(acme.folder, {"HOOK_SECRET": "whsec_" + "c2VjcmV0" * 4}) as processes:
        senders = [Sender(n, key, processes, Events(n)) for n in range(2)]
        served = Served(acme, database, processes, key, receiver, senders)
        yield served
        served.stop_sending()
    database.close()
    receiver.close()


def test_processes_that_come_and_are_killed(served: Served) -> None:
    processes, chance = served.cluster, random.Random(1)
    processes.start("ingest", "ingest", "evaluate", "evaluate", "deliver", "deliver")
    soon(served.have_begun, 60)
    for sender in served.senders:
        sender.start()
    until = time.monotonic() + 20
    while time.monotonic() < until:
        _disturb(processes, chance)
        time.sleep(chance.uniform(0.2, 1.5))
    soon(served.are_shared, 30)
    served.check(served.finish())


def _disturb(processes: Cluster, chance: random.Random) -> None:
    """Something happens to one of the processes."""
    some = chance.choice(processes.processes)
    match chance.choice(("kill", "kill", "join", "pause")):
        case "kill":
            processes.kill(some)
            processes.start(some.role)
        case "join" if len(processes.of("evaluate")) < 4:
            processes.start("evaluate")
        case "pause":
            with some.asleep():
                time.sleep(chance.choice((0.3, SECONDS + 1)))
        case _:
            pass


def test_shares_are_balanced(served: Served) -> None:
    processes = served.cluster
    processes.start("ingest", "deliver", "evaluate")
    soon(served.have_begun, 60)
    for sender in served.senders:
        sender.start()
    soon(lambda: served.holders() == [SHARES], 60)
    second, third = processes.start("evaluate", "evaluate")
    soon(lambda: served.holders() == [21, 21, 22], 60)
    processes.kill(second)
    soon(lambda: served.holders() == [32, 32], 30)
    third.end()
    processes.processes.remove(third)
    soon(lambda: served.holders() == [SHARES], 30)
    served.check(served.finish())


def test_a_process_that_slept_writes_nothing_wrong(served: Served) -> None:
    processes = served.cluster
    processes.start("ingest", "deliver", "evaluate", "evaluate")
    soon(served.have_begun, 60)
    for sender in served.senders:
        sender.start()
    time.sleep(1)
    for sleeper in processes.of("evaluate"):
        _sleeps(sleeper, served)
    served.check(served.finish())


def test_every_process_answers_about_everybody(served: Served) -> None:
    """Whoever evaluates a person, any process says how they and their accounts stand, also one that evaluates
    nobody."""
    processes, ids = served.cluster, [f"answered-{number}" for number in range(6)]
    with served.database.transaction():
        token = Tokens(served.database).make("pages", "read", 1)
    ingesting, *_ = processes.start("ingest", "evaluate", "evaluate")
    soon(served.have_begun, 60)
    soon(served.are_shared, 30)
    for number, id in enumerate(ids):
        told = [{"type": "track", "event": name, "userId": id, "messageId": f"{id}-{name}"} for name in ("Run", "Open")]
        joins = {"type": "group", "userId": id, "groupId": f"account-{number % 3}", "messageId": f"{id}-joins"}
        ingesting.post("/v1/batch", served.key, {"batch": [joins, *told]})
    soon(lambda: served.evaluated() >= MessageLog(served.database).end(), 30)
    for number, id in enumerate(ids):
        expected = {("person", id, "opened"): [1], ("account", f"account-{number % 3}", "team"): [2]}
        assert [_open(each, token, id) for each in processes.processes] == [expected] * 3


def _open(process: Process, token: str, id: str) -> dict[tuple[str, str, str], list[float]]:
    """(kind, subject, definition) -> the quantities of the conditions that do not hold, but for what holds for seconds
    only."""
    answer = process.call("GET", f"/api/v1/now?person={id}", token, None)
    return {
        (each["subject_kind"], each["subject"], verdict["definition"]): [
            open_["value"] for open_ in verdict["not_done"]
        ]
        for each in answer["subjects"]
        for verdict in each["verdicts"]
        if verdict["definition"] in ("opened", "team")
    }


def test_definitions_that_change_while_processes_are_killed(served: Served) -> None:
    processes, chance = served.cluster, random.Random(3)
    with served.database.transaction():
        token = Tokens(served.database).make("editor", "admin", 1)
    processes.start("ingest", "evaluate", "evaluate", "evaluate", "deliver")
    soon(served.have_begun, 60)
    for sender in served.senders:
        sender.start()
    for least in (3, 5, 2):
        for name, text in DEFINITIONS.items():
            changed = text.replace(">= 3", f">= {least}").replace(">= 5", f">= {least + 2}")
            (served.project.folder / "definitions" / f"{name}.yaml").write_text(changed)
        soon(lambda: _applied(chance.choice(processes.of("evaluate")), token), 60)
        time.sleep(chance.uniform(0, 1.5))
        _killed_and_replaced(processes, chance.choice(processes.of("evaluate")))
    soon(served.are_shared, 60)
    moment = served.finish()
    acme = Project(served.project.folder)
    assert recorded(served.database) == expected(acme, served.database, moment) != []
    assert standing(served.database) == standing_after(recorded(served.database))
    assert set(served.database.rows("SELECT state FROM deliveries WHERE reason <> ?", (WRONG,))) == {("sent",)}


def _applied(process: Process, token: str) -> bool:
    try:
        process.call("POST", "/api/v1/definitions/apply", token, {})
    except OSError:
        return False
    return True


def _killed_and_replaced(processes: Cluster, process: Process) -> None:
    processes.kill(process)
    processes.start(process.role)


def _sleeps(sleeper: Process, served: Served) -> None:
    """Until the other one has taken its shares, of which it gives half back later. What it has locked, if it fell
    asleep in a transaction, PostgreSQL gives up after half a minute."""
    soon(served.are_shared, 30)
    with sleeper.asleep():
        soon(lambda: served.holders() == [SHARES], 90)


def was_told(database: Database, receiver: Receiver) -> None:
    """Each key came, always with the same body; and who applies what came, knows who is qualified."""
    planned = dict(database.rows("SELECT key, state FROM deliveries WHERE reason <> ?", (WRONG,)))
    assert set(planned.values()) == {"sent"} and receiver.got.keys() == planned.keys()
    told = [[json.loads(body)["data"] for body in bodies] for bodies in receiver.got.values()]
    assert all(data == bodies[0] for bodies in told for data in bodies)
    taken_back = {each["retracts"] for each, *_ in told}
    latest: dict[tuple[str, str], tuple[str, int, str]] = {}
    for each, *_ in told:
        if each["change"] != "retracted" and each["id"] not in taken_back:
            who = each["subject"]["id"], each["definition"]["name"]
            change = each["at"], int(each["id"].rpartition("/")[2]), each["change"]
            latest[who] = max(latest.get(who, change), change)
    qualified = {who for who, (*_, change) in latest.items() if change == "entered"}
    assert len(latest) > 20 and qualified == {(subject, name) for name, _, subject, _ in standing(database)}
