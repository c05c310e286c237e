"""The least that taking events in durably costs: decode the requests, insert their events. That each is kept once is
not seen to.

python -m benchmarks.live_limit BODIES DATABASE
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from pathlib import Path

import msgspec

from benchmarks.live_traffic import read

TOGETHER = 50
"""Requests in one transaction."""


class _Batch(msgspec.Struct):
    batch: list[msgspec.Raw]


class _Event(msgspec.Struct):
    messageId: str
    event: str
    userId: str
    timestamp: str
    properties: msgspec.Raw


def main(bodies: str, path: str) -> None:
    prepared = [body for _, body in read(Path(bodies))]
    database = sqlite3.connect(path, isolation_level=None)
    for setting in ("journal_mode=WAL", "synchronous=FULL"):
        database.execute(f"PRAGMA {setting}").fetchone()
    database.execute("CREATE TABLE events (position INTEGER PRIMARY KEY, key TEXT NOT NULL, body BLOB)")
    batch, event = msgspec.json.Decoder(_Batch).decode, msgspec.json.Decoder(_Event).decode
    began, cpu, events = time.perf_counter(), time.process_time(), 0
    for start in range(0, len(prepared), TOGETHER):
        raws = [raw for body in prepared[start : start + TOGETHER] for raw in batch(body).batch]
        rows = [(event(raw).messageId, bytes(raw)) for raw in raws]
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO events (key, body) VALUES (?, ?)", rows)
        database.execute("COMMIT")
        events += len(rows)
    wall, used = time.perf_counter() - began, time.process_time() - cpu
    print(json.dumps({"events": events, "seconds": wall, "rate": events / wall, "cpu": used / events * 1e6}))


if __name__ == "__main__":
    main(*sys.argv[1:])
