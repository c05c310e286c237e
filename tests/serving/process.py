"""A server as a process, events for it, and a receiver of what it tells."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from waiting import soon


class Server:
    """A server on a port of its own."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process, self.address = process, address

    def intake(self) -> int:
        """The number of the process that takes events in for this one."""
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,command="], capture_output=True, text=True, check=True)
        (found,) = (
            int(pid)
            for pid, parent, command in (line.split(None, 2) for line in listed.stdout.splitlines())
            if int(parent) == self.process.pid and "fireflower.web.entrance" in command
        )
        return found

    def get(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"{self.address}{path}", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def track(self, key: str, number: int) -> dict[str, Any]:
        body = {"type": "track", "event": "Report Run", "userId": "ann", "context": {"groupId": "acme"}}
        return self.post("/v1/track", key, {**body, "messageId": f"m{number}"})

    def post(self, path: str, key: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send something; OSError if it is not acknowledged."""
        sent = urllib.request.Request(
            f"{self.address}{path}",
            json.dumps(body).encode(),
            {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()},
        )
        with urllib.request.urlopen(sent, timeout=10) as answer:
            return dict(json.load(answer))

    def text(self, path: str) -> str:
        """What is answered for anybody."""
        with urllib.request.urlopen(f"{self.address}{path}", timeout=10) as answer:
            return str(answer.read().decode())

    def call(self, method: str, path: str, token: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        """Ask the API; OSError if it refuses."""
        sent = urllib.request.Request(
            f"{self.address}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(sent, timeout=30) as answer:
            return dict(json.load(answer))


def is_alive(process: int) -> bool:
    """Whether a process runs, or stands still."""
    listed = subprocess.run(["ps", "-p", str(process), "-o", "stat="], capture_output=True, text=True, check=False)
    return listed.stdout.strip()[:1] not in ("", "Z")


@contextmanager
def serving(
    project: Path, environment: Mapping[str, str] | None = None, options: Sequence[str] = ()
) -> Iterator[Server]:
    """A server of a project, that is ready; it is killed in the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "fireflower", "serve", "--project", str(project), "--port", str(port), *options]
    with (project / "serve.log").open("a") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, text=True, env={**os.environ, **(environment or {})}
        )
    server = Server(process, f"http://127.0.0.1:{port}")
    try:
        soon(lambda: server.get("/readyz") == 200 or process.poll() is not None, 60)
        assert process.poll() is None, (project / "serve.log").read_text()
        yield server
    finally:
        process.kill()
        process.wait()


class Receiver:
    """A webhook's receiver, that fails now and then.

    Attributes
    ----------
    got : key -> the bodies that came with it
    """

    def __init__(self, answers: Sequence[int] = (200,)) -> None:
        self.got: dict[str, list[bytes]] = {}
        self._answers, self._lock, self._count = answers, threading.Lock(), 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:  # who sent it was killed over it
                    self.close_connection = True
                    return
                self.send_response(receiver._take(self.headers["webhook-id"], body))
                self.send_header("Content-Length", "0")
                self.send_header("Retry-After", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _take(self, key: str, body: bytes) -> int:
        with self._lock:
            self._count += 1
            answer = self._answers[self._count % len(self._answers)]
            if answer == 200:
                self.got.setdefault(key, []).append(body)
            return answer

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
