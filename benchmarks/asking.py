"""How long a product's page waits for `GET /api/v1/now`, with a warm server, at rest and while events come.

python -m benchmarks.asking --people 20000 --seconds 10

A server runs in a process of its own; this one asks it over connections that are kept, in plain sockets, so that little
of the time is the client's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import random
import socket
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

EVENTS = ("Report Run", "Report Shared", "Pricing Viewed", "Data Imported", "Member Invited")
NOW = "/api/v1/now?person=p{}"
DAY = 86_400_000_000


def project(folder: Path, definitions: int) -> Path:
    """A project with so many definitions about people, and as many about accounts."""
    (folder / "definitions").mkdir(parents=True)
    (folder / "fireflower.yaml").write_text("project: Load\ngoal: Subscription Started\n")
    for number in range(definitions):
        event, other = EVENTS[number % 5], EVENTS[(number + 1) % 5]
        for subject in ("person", "account"):
            (folder / "definitions" / f"{subject}-{number}.yaml").write_text(
                f"definition: {subject}-{number}\nsubject: {subject}\n"
                f"qualified: count({event}, last 30 days) >= {3 + number} and distinct_days({other}) >= 2\n"
            )
    return folder


def messages(count: int, people: int, first: int, now: int, span: int) -> list[object]:
    """Events of the time before now, five people to an account."""
    from fireflower.app.explained import iso
    from fireflower.model.messages import Message

    draw = random.Random(first)
    times = sorted(now - draw.randrange(span) for _ in range(count)) if span else [now] * count
    made: list[object] = []
    for number, moment in enumerate(times, first):
        person = draw.randrange(people)
        body = {
            "type": "track", "event": draw.choice(EVENTS), "userId": f"p{person}", "messageId": f"m{number}",
            "context": {"groupId": f"a{person // 5}"}, "timestamp": iso(moment), "receivedAt": iso(moment),
        }  # fmt: skip
        made.append(Message("segment", f"m{number}", json.dumps(body).encode(), moment, "load"))
    return made


def join(person: int, moment: int) -> object:
    """A person becomes a member of their account."""
    from fireflower.app.explained import iso
    from fireflower.model.messages import Message

    stamp = iso(moment)
    body = {"type": "group", "userId": f"p{person}", "groupId": f"a{person // 5}", "messageId": f"g{person}"}
    text = json.dumps(body | {"timestamp": stamp, "receivedAt": stamp})
    return Message("segment", f"g{person}", text.encode(), moment, "load")


def serve(folder: str, people: int, events: int, rate: int, switch: float, pipe: Connection) -> None:
    """Serve a project that has a history; events come at `rate` a second when the other end says so."""
    import threading

    import uvicorn

    from fireflower.app.live.database import log_file
    from fireflower.app.live.service import Service, now
    from fireflower.app.project import open_project
    from fireflower.history.log.database import SQLite
    from fireflower.history.log.tokens import Tokens
    from fireflower.web.api import api

    sys.setswitchinterval(switch)
    service = Service(open_project(folder))
    token = Tokens(SQLite(log_file(service.project))).make("load", "read", now())
    app = api(service)
    service.start()
    begun = now()
    joins = [join(person, begun - 40 * DAY) for person in range(people)]
    service.submit(joins).result()  # type: ignore[arg-type]
    service.submit(messages(events, people, 0, now(), 35 * DAY)).result()  # type: ignore[arg-type]
    while service.waiting() or not service.state.ready:
        time.sleep(0.1)
    service.ask(lambda evaluator: None).result()
    listener = socket.create_server(("127.0.0.1", 0))
    coming = threading.Event()

    def feed() -> None:
        first = events
        while True:
            coming.wait()
            service.submit(messages(max(1, rate // 50), people, first, now(), 0))  # type: ignore[arg-type]
            first += max(1, rate // 50)
            time.sleep(0.02)

    def obey() -> None:
        while True:
            coming.set() if pipe.recv() == "feed" else coming.clear()

    threading.Thread(target=feed, daemon=True).start()
    threading.Thread(target=obey, daemon=True).start()
    pipe.send((listener.getsockname()[1], token, (now() - begun) / 1e6))
    uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off")).run([listener])


async def ask(
    port: int, token: str, people: int, path: str, until: float, pause: float, took: list[float], seed: int
) -> None:
    """Ask on one connection until then."""
    draw = random.Random(seed)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < until:
        asked = path.format(draw.randrange(people))
        begun = time.perf_counter()
        writer.write(f"GET {asked} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        took.append(time.perf_counter() - begun)
        await asyncio.sleep(draw.random() * 2 * pause)
    writer.close()


async def measure(
    port: int, token: str, people: int, seconds: float, connections: int, pause: float, path: str = NOW
) -> str:
    """How long requests take."""
    took: list[float] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(ask(port, token, people, path, until, pause, took, seed) for seed in range(connections)))
    took.sort()
    parts = [
        f"p{share:g} {1000 * took[min(len(took) - 1, int(len(took) * share / 100))]:.1f} ms"
        for share in (50, 95, 99, 99.9)
    ]
    return f"{len(took) / seconds:,.0f} requests/s, {', '.join(parts)}"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--people", type=int, default=20_000)
    options.add_argument("--events", type=int, default=200_000)
    options.add_argument("--definitions", type=int, default=5, help="about people, and as many about accounts")
    options.add_argument("--rate", type=int, default=500, help="events a second while events come")
    options.add_argument("--switch", type=float, default=0.001, help="seconds that a thread keeps the interpreter")
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--connections", type=int, default=8)
    options.add_argument("--pause", type=float, default=0.04, help="seconds between the requests of one connection")
    how = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = str(project(Path(scratch) / "load", how.definitions))
        ours, theirs = multiprocessing.Pipe()
        what = (folder, how.people, how.events, how.rate, how.switch, theirs)
        server = multiprocessing.get_context("spawn").Process(target=serve, args=what, daemon=True)
        server.start()
        port, token, seconds = ours.recv()
        print(
            f"{how.people:,} people, {how.events:,} events, 2 x {how.definitions} definitions; "
            f"ready after {seconds:.0f} s"
        )
        one = (port, token, how.people, how.seconds)
        asyncio.run(measure(port, token, how.people, 2, how.connections, how.pause))
        floor = asyncio.run(measure(*one, how.connections, how.pause, "/healthz"))
        print("/healthz, for the floor:", floor)
        print("at rest:               ", asyncio.run(measure(*one, how.connections, how.pause)))
        print("as fast as they can:   ", asyncio.run(measure(*one, how.connections, 0)))
        ours.send("feed")
        time.sleep(1)
        print(f"with {how.rate:,} events/s:    ", asyncio.run(measure(*one, how.connections, how.pause)))
        server.kill()


if __name__ == "__main__":
    main()
