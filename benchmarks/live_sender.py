"""The load of the live benchmark: requests that were prepared, over several connections, as quickly as asked.

    python -m benchmarks.live_sender PORT KEY BODIES CONNECTIONS RATE SECONDS

sends until all bodies are sent or the time is over, RATE events a second (0: as many as are taken), and prints as JSON
what has become of them and what the sending itself took of the processor.
"""

from __future__ import annotations

import base64
import json
import selectors
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.live_traffic import read

AGAIN_AFTER = 0.1
"""Seconds after which a connection sends again what was refused for want of room; it sends nothing else until then, as
a client that comes again. Clients wait longer."""


@dataclass(eq=False)
class Connection:
    """One request at a time.

    Attributes
    ----------
    body : what is on its way; None if nothing is
    since : when it was sent
    """

    socket: socket.socket
    body: tuple[int, bytes] | None = None
    since: float = 0.0
    answer: bytearray = field(default_factory=bytearray)

    def send(self, head: bytes, body: tuple[int, bytes], now: float) -> None:
        self.body, self.since = body, now
        self.answer.clear()
        self.socket.sendall(head + b"content-length: %d\r\n\r\n" % len(body[1]) + body[1])

    def received(self) -> tuple[int, dict[str, Any]] | None:
        """The status and content of the answer, once it has come."""
        self.answer += self.socket.recv(1 << 16)
        head, found, content = bytes(self.answer).partition(b"\r\n\r\n")
        if not found:
            return None
        size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        return (int(head[9:12]), json.loads(content)) if len(content) >= size else None


class Sender:
    """Sends bodies, and counts what becomes of them."""

    def __init__(self, port: int, key: str, connections: int, rate: float) -> None:
        authorization = base64.b64encode(f"{key}:".encode())
        self._head = (
            b"POST /v1/batch HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            b"authorization: Basic %b\r\n" % authorization
        )
        self._rate = rate
        self._selector = selectors.DefaultSelector()
        self._idle = [Connection(socket.create_connection(("127.0.0.1", port))) for _ in range(connections)]
        for each in self._idle:
            self._selector.register(each.socket, selectors.EVENT_READ, each)
        self._busy = 0
        self._again: list[tuple[float, Connection]] = []
        self.counts: Counter[str] = Counter()
        self.waits: list[float] = []

    def run(self, bodies: Iterator[tuple[int, bytes]], seconds: float) -> None:
        """Send for so many seconds, and wait for the answers."""
        begin, sent = time.perf_counter(), 0
        following = next(bodies, None)
        while following is not None or self._busy:
            now = time.perf_counter()
            if now - begin > seconds:
                following = None
            while self._again and self._again[0][0] <= now:
                connection = self._again.pop(0)[1]
                assert connection.body is not None
                connection.send(self._head, connection.body, now)
            while following is not None and self._idle and (not self._rate or sent <= (now - begin) * self._rate):
                self._send(following, now)
                sent += following[0]
                following = next(bodies, None)
            for key, _ in self._selector.select(0.001 if self._rate or self._again else 0.02):
                self._read(key.data)

    def _send(self, body: tuple[int, bytes], now: float) -> None:
        self._idle.pop(0).send(self._head, body, now)  # in turn, as the server closes what is idle for long
        self._busy += 1

    def _read(self, connection: Connection) -> None:
        answer = connection.received()
        if answer is None:
            return
        status, content = answer
        assert connection.body is not None
        now = time.perf_counter()
        self.counts[f"status {status}"] += 1
        if status == 200:
            for name in ("accepted", "duplicates", "rejected"):
                self.counts[name] += content[name]
            self.waits.append(now - connection.since)
        elif status == 503:
            self._again.append((now + AGAIN_AFTER, connection))
            return
        else:
            raise SystemExit(f"the server answered {status}: {content}")
        self._idle.append(connection)
        self._busy -= 1


def main(port: str, key: str, bodies: str, connections: str, rate: str, seconds: str) -> None:
    prepared = read(Path(bodies))
    sender = Sender(int(port), key, int(connections), float(rate))
    began, cpu = time.time(), time.process_time()
    sender.run(iter(prepared), float(seconds))
    waits = sorted(sender.waits)
    print(
        json.dumps(
            {
                **sender.counts,
                "began": began,
                "wall": time.time() - began,
                "cpu": time.process_time() - cpu,
                "answered_p50": waits[len(waits) // 2],
                "answered_p99": waits[len(waits) * 99 // 100],
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
