"""fireflower serve, as a process: events by HTTP, verdicts to a destination, and nothing lost when it is ended."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from serving.process import serving, soon

DEFINITION = "definition: active-team\nsubject: account\nqualified: count(Report Run) >= 3\n"
DESTINATION = "destination: to-file\nfile: {path: told.jsonl}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "fireflower.yaml": "project: Shop\n",
        "definitions/team.yaml": DEFINITION,
        "destinations/file.yaml": DESTINATION,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def told(project: Path) -> list[dict[str, Any]]:
    file = project / "told.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_from_an_event_to_a_message_and_nothing_twice_after_a_restart(project: Path) -> None:
    with serving(project) as server:
        greeting = (project / "serve.log").read_text()
        key = re.search(r"ff_write_\S+", greeting)
        assert key is not None, greeting
        answers = [server.track(key[0], number) for number in (1, 2, 2, 3)]
        assert [answer["accepted"] for answer in answers] == [1, 1, 0, 1]
        soon(lambda: len(told(project)) == 1)
        assert told(project)[0]["data"]["subject"]["id"] == "acme"
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=20) == 0
    with serving(project) as server:
        assert server.track(key[0], 3)["duplicates"] == 1
        time.sleep(0.5)
    assert len(told(project)) == 1
    logged = [line for line in (project / "serve.log").read_text().splitlines() if "curl" not in line]
    assert not [line for line in logged if "ann" in line]


def test_an_address_that_is_taken_is_said(project: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            [sys.executable, "-m", "fireflower", "serve", "--project", str(project), "--port", port],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"error: port {port} is in use: choose another with --port, or stop what uses it.\n"
    assert not (project / ".fireflower").exists(), "no write key has been made that nobody has seen"


def test_the_log_says_when_it_is_ready_and_when_it_stops(project: Path) -> None:
    with serving(project) as server:
        log = project / "serve.log"
        soon(lambda: "INFO Ready: verdicts are up to date.\n" in log.read_text())
        assert "Stopping" not in log.read_text()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=20) == 0
        assert log.read_text().count("INFO Stopping: what has been received is evaluated first.\n") == 1


def test_an_address_of_another_machine_is_said(project: Path, run) -> None:
    said = run("serve", "--host", "192.0.2.1", "--port", 0, project=project, fails=1).output
    assert "192.0.2.1:0 cannot be listened on" in said and "--host" in said
