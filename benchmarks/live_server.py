"""The server of the live benchmark: fireflower's own, with definitions of the benchmark, and figures for who asks.

    python -m benchmarks.live_server PROJECT PORT WORK COMPILED PROCESSES [MESSAGES]

WORK is "store" (no definitions, nothing is evaluated), "pings", or how many definitions of `benchmarks.many`. As soon
as the log has so many MESSAGES, they move into the archive; by default as in any server. Lines on standard input ask:
"status", "delays" and "states" are answered by a line of JSON. A signal ends it.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.live_report import OTHER
from benchmarks.live_traffic import PING
from benchmarks.many import definitions
from fireflower.app.live.database import opener
from fireflower.app.live.housekeeping import Compaction
from fireflower.app.live.service import ROLES, Service, State, now
from fireflower.app.live.writing import Writer
from fireflower.app.project import Project
from fireflower.evaluate.kernel import layout as k
from fireflower.evaluate.results import Subject
from fireflower.history.log.durable import Durable
from fireflower.history.log.reading import PLAIN
from fireflower.history.log.schema import prepare
from fireflower.history.log.verdicts import News
from fireflower.language.nodes import Compare, Condition, Count, Definition, Events, Last
from fireflower.model.messages import Message, Reject, Said
from fireflower.web.apart import Apart
from fireflower.web.ingest import DurableSink, Limits, ingest
from fireflower.web.keys import WriteKeys
from fireflower.web.listening import listen
from fireflower.web.running import lifespan
from fireflower.web.serving import Site, serve

_SHOWN = ("MainThread", "fireflower-writer", "fireflower-evaluator", "fireflower-handed-on")

WINDOW = 40
"""Seconds for which a ping counts."""


@dataclass(frozen=True)
class Chosen(Project):
    """A project with these definitions instead of its own."""

    chosen: tuple[Definition, ...] = ()

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        return self.chosen


def chosen(folder: Path, work: str) -> Chosen:
    """The project with the definitions that a run is about."""
    if work == "pings":
        count = Count(Events((PING,)), Last(WINDOW * 1_000_000))
        return Chosen(folder, (Definition("pinged", "person", Condition(count, Compare(">=", 1.0))),))
    return Chosen(folder, definitions(0 if work == "store" else int(work)))


class Watch:
    """What the record's changes were, and how long they took."""

    def __init__(self) -> None:
        self.recorded = self.left = self.last = 0
        self.delays: list[int] = []

    def __call__(self, news: News) -> None:
        at = now()
        self.recorded += len(news.new)
        self.left += sum(each.change == "left" for each in news.new)
        self.last = at
        self.delays += [at - each.known_at for each in news.new if not each.past and each.known_at > each.at]

    def taken(self) -> list[int]:
        """The delays since this was asked last."""
        delays, self.delays = self.delays, []
        return sorted(delays)


class Storing:
    """Writes what comes, and leaves it at that."""

    def __init__(self, project: Project) -> None:
        self.connect = opener(project)
        first = self.connect()
        prepare(first)
        self.stored = 0
        self.state = State()
        self._writer = Writer(first, PLAIN, self._followed)

    def submit(
        self, messages: Sequence[Message], rejects: Sequence[Reject] = (), said: Said | None = None
    ) -> Future[int]:
        return self._writer.submit(messages, rejects, said)

    def waiting(self) -> int:
        return 0

    def start(self) -> None:
        self._writer.start()

    def stop(self) -> None:
        self._writer.stop()

    def when_refused(self, act: Callable[[], None]) -> None:
        """It never is."""

    def _followed(self, durable: Durable) -> None:
        self.stored += len(durable)


class Store:
    """A site that stores."""

    def __init__(self, service: Storing) -> None:
        self.service = service
        self._keys = WriteKeys(service)
        self._ingest = ingest(DurableSink(service), self._keys)  # type: ignore[arg-type]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await self._keys.look_up()
            return await self._ingest(scope, receive, send)
        return await lifespan(receive, send, self._life())

    @asynccontextmanager
    async def _life(self) -> AsyncIterator[None]:
        self.service.start()
        yield
        await asyncio.to_thread(self.service.stop)

    def prepare_to_end(self) -> None:
        """There is nothing to prepare."""

    def cut_off(self) -> None:
        """Nobody else is there."""


def status(service: Service | Storing, watch: Watch, apart: Apart | None) -> dict[str, Any]:
    threads = {thread.name: _cpu(thread) for thread in threading.enumerate() if thread.name in _SHOWN}
    own, others = time.process_time(), 0.0
    if apart is not None and apart.process is not None:
        others = threads[OTHER] = _cpu_of(apart.process.pid)
    common = {"cpu": own + others, "threads": threads, "memory": _resident(), "peak": _peak()}
    if isinstance(service, Storing):
        return {**common, "ready": True, "done": service.stored}
    return {
        **common,
        "ready": service.state.ready,
        "trouble": service.state.trouble,
        "done": service.state.evaluated,
        "steps": service.evaluator.steps,
        "told_again": service.evaluator.told_again,
        "recorded": watch.recorded,
        "left": watch.left,
        "last": watch.last,
    }


def states(service: Service) -> dict[str, Any]:
    """How much the kernel keeps: bytes, subjects, and conditions that each of them has."""
    replay = service.evaluator._parts[0].qualifying.replay
    machine = replay._machine
    memory = machine.memory
    heads = {Subject.PERSON: k.PEOPLE, Subject.ACCOUNT: k.ACCOUNTS}
    kept = {Subject.PERSON: machine.people, Subject.ACCOUNT: machine.accounts}
    asleep = {kind: replay._sides[kind].sleepers for kind in Subject}
    subjects = {kind: int(np.count_nonzero(kept[kind] > 0)) + len(asleep[kind]) for kind in Subject}
    conditions = {kind: int(memory[memory[heads[kind]] + k.CONDITION_COUNT]) for kind in Subject}
    return {
        "bytes": int(memory[k.TOP] - memory[k.HEAP]) * 8 + sum(each.size for each in asleep.values()),
        "people": subjects[Subject.PERSON],
        "accounts": subjects[Subject.ACCOUNT],
        "conditions": {kind.name.lower(): count for kind, count in conditions.items()},
        "each": sum(subjects[kind] * conditions[kind] for kind in Subject),
    }


def _cpu(thread: threading.Thread) -> float:
    """Seconds of the processor; 0 for a thread that has just begun, or has ended."""
    try:
        return time.clock_gettime(time.pthread_getcpuclockid(thread.ident or 0))
    except OSError:
        return 0.0


def _cpu_of(process: int) -> float:
    """Seconds of the processor that another process has had."""
    return time.clock_gettime(~process << 3 | 2)  # as clock_getcpuclockid makes it on Linux


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def answer(service: Service | Storing, watch: Watch, apart: Apart | None) -> None:
    """Answer what is asked on standard input, until it ends."""
    for line in sys.stdin:
        if line.strip() == "status":
            found: Any = status(service, watch, apart)
        elif line.strip() == "delays":
            found = watch.taken()
        elif line.strip() == "states" and isinstance(service, Service):
            found = service.ask(lambda _: states(service)).result()
        else:
            break
        print(json.dumps(found), flush=True)


def main(folder: str, port: str, work: str, compiled: str, processes: str, messages: str = "") -> None:
    project, watch, apart = chosen(Path(folder), work), Watch(), None
    sockets: Sequence[socket.socket] = listen("127.0.0.1", int(port))
    service: Service | Storing
    if work == "store":
        service = Storing(project)
        site: Any = Store(service)
    else:
        moves = Compaction(messages=int(messages), every=1.0) if messages else None
        roles = ROLES if processes == "1" else ROLES[1:]
        service = Service(project, compiled=compiled == "yes", roles=roles, compaction=moves)
        service.listen(watch)
        if processes == "2":
            apart = Apart(service, sockets, Limits())
            sockets = []
        site = Site(service, apart=apart)
    threading.Thread(target=answer, args=(service, watch, apart), daemon=True, name="answers").start()
    serve(site, sockets)


if __name__ == "__main__":
    main(*sys.argv[1:])
