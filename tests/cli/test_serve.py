"""fireflower serve, as a process: events by HTTP, verdicts to a destination, and nothing lost when it is ended."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from serving.process import is_alive, serving
from waiting import soon

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


def write_key(project: Path) -> str:
    """The key that the first start shows."""
    found = re.search(r"ff_write_\S+", (project / "serve.log").read_text())
    assert found is not None
    return found[0]


@pytest.mark.parametrize("processes", [1, 2])
def test_from_an_event_to_a_message_and_nothing_twice_after_a_restart(project: Path, processes: int) -> None:
    options = ["--processes", str(processes)]
    with serving(project, options=options) as server:
        key = write_key(project)
        answers = [server.track(key, number) for number in (1, 2, 2, 3)]
        assert [answer["accepted"] for answer in answers] == [1, 1, 0, 1]
        soon(lambda: len(told(project)) == 1)
        assert told(project)[0]["data"]["subject"]["id"] == "acme"
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=20) == 0
    with serving(project, options=options) as server:
        assert server.track(key, 3)["duplicates"] == 1
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


# --- Two processes ----------------------------------------------------------------------------------------------------


def test_who_asks_hears_of_what_was_acknowledged(project: Path, run) -> None:
    made = re.search(r"ff_read_\S+", run("token", "make", "app", "--scope", "read", project=project).output)
    assert made is not None
    with serving(project, options=["--processes", "2"]) as server:
        key = write_key(project)
        for number in range(60):
            assert server.track(key, number)["accepted"] == 1
            found = server.call("GET", "/api/v1/now?account=acme", made[0], None)
            (verdict,) = found["subjects"][0]["verdicts"]
            assert [each["value"] for each in (*verdict["done"], *verdict["not_done"])] == [number + 1]
        figures = server.text("/metrics")
    assert "fireflower_events_received_total 60.0" in figures
    assert "fireflower_log_position 60.0" in figures


def test_if_the_one_process_is_killed_both_end_and_nothing_is_lost(project: Path) -> None:
    with serving(project, options=["--processes", "2"]) as server:
        key = write_key(project)
        server.track(key, 1)
        os.kill(server.intake(), signal.SIGKILL)
        assert server.process.wait(timeout=20) == 1
    assert "The process that takes events in has ended (by signal 9)" in (project / "serve.log").read_text()
    with serving(project, options=["--processes", "2"]) as server:
        assert server.track(key, 1)["duplicates"] == 1
        intake = server.intake()
        server.process.kill()
        soon(lambda: not is_alive(intake))
        assert server.get("/readyz") == 0
    with serving(project, options=["--processes", "2"]) as server:
        assert [server.track(key, number)["accepted"] for number in (1, 2, 3)] == [0, 1, 1]
        soon(lambda: len(told(project)) == 1)


def test_if_the_one_that_evaluates_is_killed_while_it_stands_still_the_other_ends_too(project: Path) -> None:
    with serving(project, options=["--processes", "2"]) as server:
        key, intake = write_key(project), server.intake()
        server.process.send_signal(signal.SIGSTOP)
        assert server.track(key, 1)["accepted"] == 1  # and is handed on, and not read
        server.process.kill()
        soon(lambda: not is_alive(intake))
    with serving(project, options=["--processes", "2"]) as server:
        assert server.track(key, 1)["duplicates"] == 1


def test_a_terminal_that_interrupts_all_of_its_processes_ends_both_as_they_should(project: Path) -> None:
    with serving(project, options=["--processes", "2"]) as server:
        key, intake = write_key(project), server.intake()
        server.track(key, 1)
        os.kill(intake, signal.SIGTERM)  # as a supervisor of services may send to each
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(timeout=20) == 0
        soon(lambda: not is_alive(intake))
    logged = (project / "serve.log").read_text()
    assert "Traceback" not in logged and "has ended" not in logged


def test_two_processes_are_for_a_server_that_does_all(project: Path, run) -> None:
    said = run("serve", "--processes", 2, "--role", "evaluate", project=project, fails=2).output
    assert "Leave --role out" in said
