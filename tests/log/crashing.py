"""What runs in processes that are killed: it goes on until it is."""

from __future__ import annotations

import os
import random
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import sleep
from typing import Any

KILLS = int(os.environ.get("FIREFLOWER_KILLS", "10"))
"""How often each kind of process is killed; `make crash` does it more often."""

KILLS_OF_ONE_LOG = 10
LEASE = 0.5
"""Seconds after which others take over what a killed process has evaluated."""

_PRELOADED = ["fireflower.app.live.service", "fireflower.history.log.postgresql", "psycopg", "log.crashing"]


class Victim:
    """A process that says what has been acknowledged, until it is killed."""

    def __init__(self, run: Any, *arguments: Any) -> None:
        context = get_context("forkserver")  # a new process is there at once, with all that is imported
        context.set_forkserver_preload(_PRELOADED)
        self._said, saying = context.Pipe(duplex=False)
        self._process: BaseProcess = context.Process(target=run, args=(*arguments, saying))
        self._process.start()
        saying.close()
        self.acknowledged: list[Any] = []

    def kill_after(self, acknowledgements: int, seconds: float) -> None:
        """Kill it so long after it has said this much."""
        assert self._said.poll(60), "it said nothing"
        while len(self.acknowledged) < acknowledgements and self._hear():
            pass
        sleep(seconds)
        self._process.kill()
        self._process.join()
        while self._hear():
            pass
        self._said.close()
        self._process.close()

    def _hear(self) -> bool:
        try:
            self.acknowledged.append(self._said.recv())
        except (EOFError, OSError):
            return False
        return True


def write(url: str, run: int, saying: Connection) -> None:
    """Append to a log, and say each time what has been acknowledged."""
    from fireflower.history.log.connecting import connect
    from fireflower.history.log.messages import MessageLog
    from log.messages import append, track

    log, chance, number = MessageLog(connect(url)), random.Random(run), 0
    before: list[str] = []
    while True:
        keys = [f"{run}-{number + nth}" for nth in range(chance.randint(1, 40))]
        number += len(keys)
        append(log, *(track(key) for key in (*keys, *chance.sample(before, min(3, len(before))))))
        saying.send(keys)
        before += keys


def serve(url: str, folder: Path, seed: int, first: int, count: int, saying: Connection) -> None:
    """Serve a project, submit what happens in it from one message on, and say each time how much has been
    acknowledged."""
    from live.projects import messages, project

    from fireflower.app.live.service import Service
    from fireflower.history.log.connecting import connect

    some, moment = messages(seed, count), [0]
    moment[0] = some[max(0, first - 1)].received
    service = Service(
        project(folder), connect=lambda: connect(url), compiled=False, clock=lambda: moment[0], lease=LEASE
    )
    service.start()
    chance = random.Random(first)
    if first % 3:  # else they come while history is still being evaluated
        while not service.state.ready:
            sleep(0.002)
    while first < count:
        part = some[max(0, first - 2) : first + chance.randint(1, 12)]
        moment[0] = part[-1].received
        service.submit(part).result()
        first = min(count, some.index(part[-1]) + 1)
        saying.send(first)
        sleep(chance.choice((0, 0, 0.002, 0.02)))
    sleep(600)
