"""Processes that serve one project together, come and go, and are stopped and killed."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from serving.process import Server

TESTS = str(Path(__file__).parents[1])
SECONDS = 1.5
"""How long leases run."""


class Process(Server):
    """One of the processes.

    Attributes
    ----------
    role : what it does
    """

    def __init__(self, folder: Path, role: str, environment: Mapping[str, str]) -> None:
        self.role = role
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "cluster.process", str(folder), str(port), str(SECONDS), role]
        with (folder / "serve.log").open("a") as log:
            process = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                env={**os.environ, "PYTHONPATH": TESTS, **environment},
            )
        super().__init__(process, f"http://127.0.0.1:{port}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """It sleeps meanwhile, as a machine may that is suspended."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Ask it to end."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=30) == 0


class Cluster:
    """All processes of a project."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder, self._environment = folder, environment
        self.processes: list[Process] = []

    def start(self, *roles: str) -> list[Process]:
        started = [Process(self.folder, role, self._environment) for role in roles]
        self.processes += started
        return started

    def of(self, role: str) -> list[Process]:
        return [each for each in self.processes if each.role == role]

    def kill(self, process: Process) -> None:
        process.kill()
        self.processes.remove(process)

    def are_ready(self) -> bool:
        return all(each.get("/readyz") == 200 for each in self.processes)


@contextmanager
def cluster(folder: Path, environment: Mapping[str, str]) -> Iterator[Cluster]:
    """Processes; whichever are left are killed in the end."""
    found = Cluster(folder, environment)
    try:
        yield found
    finally:
        for each in found.processes:
            each.kill()


class Sender(threading.Thread):
    """A client that sends to whichever process takes events in, and what was not acknowledged again, to any.

    Attributes
    ----------
    acknowledged : ids of messages
    """

    def __init__(self, number: int, key: str, of: Cluster, events: Events) -> None:
        super().__init__(daemon=True)
        self.acknowledged: list[str] = []
        self.stopped = False
        self._number, self._key, self._of, self._events = number, key, of, events
        self._chance = random.Random(number)

    def run(self) -> None:
        count = 0
        while not self.stopped:
            batch = [self._events(f"{self._number}-{count + nth}") for nth in range(self._chance.randint(1, 12))]
            count += len(batch)
            while not self._is_sent(batch) and not self.stopped:
                time.sleep(0.05)
            time.sleep(self._chance.choice((0.02, 0.05, 0.1)))

    def _is_sent(self, batch: list[dict[str, object]]) -> bool:
        try:
            to = self._chance.choice(self._of.of("ingest"))
            to.post("/v1/batch", self._key, {"batch": batch})
        except (OSError, IndexError):
            return False
        self.acknowledged += [str(event["messageId"]) for event in batch]
        return True


class Events:
    """What happens: a few dozen people in a few accounts, some of them anonymous at first, some of it told late."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def __call__(self, key: str) -> dict[str, object]:
        chance = self._chance
        event: dict[str, object] = {"messageId": key, **chance.choice((self._did,) * 12 + (self._is, self._joins))()}
        if chance.random() < 0.1:
            late = time.time() - chance.choice((0.5, 2.0, 10.0))
            event["timestamp"] = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(late)) + f".{int(late % 1 * 1000):03d}Z"
        return event

    def _who(self) -> dict[str, object]:
        if self._chance.random() < 0.15:
            return {"anonymousId": f"x{self._chance.randint(0, 8)}"}
        return {"userId": f"u{self._chance.randint(0, 30)}"}

    def _did(self) -> dict[str, object]:
        where: dict[str, object] = {"context": {"groupId": f"a{self._chance.randint(0, 6)}"}}
        event = self._chance.choice(("Run", "Open"))
        return {"type": "track", "event": event, **self._who(), **(where if self._chance.random() < 0.6 else {})}

    def _is(self) -> dict[str, object]:
        number = self._chance.randint(0, 8)
        return {"type": "identify", "userId": f"u{number}", "anonymousId": f"x{number}"}

    def _joins(self) -> dict[str, object]:
        return {"type": "group", **self._who(), "groupId": f"a{self._chance.randint(0, 6)}", "traits": {"plan": "pro"}}
