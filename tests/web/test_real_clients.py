"""The real clients, unchanged but for the host, against a live server: what they say arrives, once each."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fireflower.model.moments import HOUR, MINUTE, parse_moment
from fireflower.model.records import Kind
from web.installing import node_clients, python_clients
from web.serving import Live, fault_key, key, serving

pytestmark = pytest.mark.xdist_group("event clients")

HERE = Path(__file__).parent / "clients"
WHEN = parse_moment("2025-03-01T10:00:00.123Z")
ALL = ("503", "", "late", "", "cut", "", "429", "")
"""What goes wrong, each time with one event, and what the client meets when it sends the event again."""


class Client(NamedTuple):
    """One client.

    Attributes
    ----------
    faults : what it meets
    events : how many it sends meanwhile
    says_times : whether its callers can say when an event happened
    corrects : whether such a time is the client's clock's, rather than final
    """

    faults: tuple[str, ...] = ALL
    events: int = 4
    says_times: bool = True
    corrects: bool = True


CLIENTS = {
    "segment-python": Client(),
    "rudder-python": Client(),
    "customerio-python": Client(),
    "posthog-python": Client(),
    "segment-node": Client(),
    "segment-node-6": Client(),
    "rudder-node": Client(("503", "", "cut", "", "429", ""), 3, corrects=False),
    "posthog-node": Client(),
    "jitsu": Client((), 2, says_times=False),  # neither tries again nor tells its caller
    "segment-browser": Client(("503", ""), 1),
    "posthog-browser": Client((), 0),
}


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with serving(list(CLIENTS)) as server:
        yield server


Run = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def ran(live: Live) -> Iterator[Run]:
    """Waits for a client, and returns which errors it reported. All of them run at once, since they mostly sleep."""
    started: dict[str, subprocess.Popen[str]] = {}

    def start(language: str) -> None:
        command = python_command() if language == "python" else node_command()
        for name in CLIENTS:
            if name not in started and name.endswith("-python") == (language == "python"):
                started[name] = run(live, name, *command)

    def wait(name: str) -> list[str]:
        start("python" if name.endswith("-python") else "node")
        out, err = started[name].communicate(timeout=80)
        assert started[name].returncode == 0 and out.strip(), err
        return json.loads(out.splitlines()[-1])

    yield wait
    for process in started.values():
        process.kill()
        process.communicate()


def python_command() -> tuple[list[str], dict[str, str]]:
    return [sys.executable, str(HERE / "python_clients.py")], {"PYTHONPATH": str(python_clients())}


def node_command() -> tuple[list[str], dict[str, str]]:
    node = shutil.which("node") or "node"
    return [node, str(HERE / "node_clients.cjs")], {"NODE_PATH": str(node_clients() / "node_modules")}


def run(live: Live, name: str, command: list[str], paths: dict[str, str]) -> subprocess.Popen[str]:
    client = CLIENTS[name]
    live.faults[name].extend(client.faults)
    right, ahead = (f"http://127.0.0.1:{ports[name]}" for ports in (live.right, live.ahead))
    told = [name, key(name), ahead, fault_key(name), right, str(client.events)]
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **paths}
    return subprocess.Popen(
        [*command, *told], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def only(records: list[dict[str, Any]], kind: Kind, name: str) -> dict[str, Any]:
    (record,) = [record for record in records if record["kind"] == kind and record["name"] == name]
    return record


@pytest.mark.parametrize("name", CLIENTS)
def test_what_a_client_says_arrives_once(ran: Run, live: Live, name: str) -> None:
    ran(name)
    records = live.sink.told(key(name))
    trait = only(records, Kind.PERSON_TRAIT, "plan")
    assert (trait["person"], trait["value"]) == ("u1", '"pro"')
    event = only(records, Kind.EVENT, "Ran")
    assert (event["person"], event["account"]) == ("u1", "acme")
    assert json.loads(event["properties"])["n"] == 1
    seats = only(records, Kind.ACCOUNT_TRAIT, "seats")
    assert (seats["account"], seats["person"], seats["value"]) == ("acme", None, "5.0")
    if not name.startswith("posthog"):
        join = only(records, Kind.JOIN, "")
        assert (join["person"], join["account"]) == ("u1", "acme")
    ids = [message.key for message in live.sink.messages[key(name)].values()]
    assert all(ids) and not any(id.startswith("content:") for id in ids)
    assert {record["person"] for record in records} <= {"u1", None}


@pytest.mark.parametrize("name", CLIENTS)
def test_a_clients_clock_is_corrected(ran: Run, live: Live, name: str) -> None:
    """The server's is an hour ahead of it."""
    ran(name)
    records = live.sink.told(key(name))
    event = only(records, Kind.EVENT, "Ran")
    assert 0 <= event["received"] - event["time"] < MINUTE
    if CLIENTS[name].says_times:
        before = only(records, Kind.EVENT, "Before")
        assert 0 <= before["time"] - (WHEN + HOUR * CLIENTS[name].corrects) < MINUTE


@pytest.mark.parametrize("name", [name for name in CLIENTS if CLIENTS[name].says_times])
def test_a_bad_event_is_kept_aside_alone(ran: Run, live: Live, name: str) -> None:
    ran(name)
    (reject,) = live.sink.rejects[key(name)]
    assert "outside 1970-01-01 .. 2100-01-01" in reject.reason
    assert b"Absurd" in reject.body


@pytest.mark.parametrize("name", [name for name in CLIENTS if CLIENTS[name].events])
def test_whatever_goes_wrong_each_event_arrives_once(ran: Run, live: Live, name: str) -> None:
    errors = ran(name)
    assert "503" not in live.faults[name], (errors, list(live.faults[name]))
    told = [record["name"] for record in live.sink.told(fault_key(name)) if record["kind"] == Kind.EVENT]
    assert sorted(told) == [f"Fault {number}" for number in range(CLIENTS[name].events)], errors
