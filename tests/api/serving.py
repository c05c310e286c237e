"""A project that is served: by a live server on a free port, with an evaluator that runs uncompiled."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from fireflower.app.live.database import log_file
from fireflower.app.live.service import Service, now
from fireflower.app.project import open_project
from fireflower.history.log.database import SQLite
from fireflower.history.log.schema import prepare
from fireflower.history.log.tokens import Scope, Tokens
from fireflower.model.messages import Message
from fireflower.model.moments import DAY, HOUR, iso
from fireflower.web.api import api
from fireflower.web.api.stream import Streams

SETTINGS = """\
project: Shop
goal: Subscription Started
leave_out:
  people: person.internal = true
"""

TEAM = """\
definition: team
subject: account
description: Accounts that report as a team.
owner: growth
value: count(Report Run) >= 3
fit: members() >= 2
"""

ACTIVE = """\
definition: active
subject: person
qualified: distinct_days(Report Run, last 7 days) >= 2 and person.plan = pro
goal: none
"""


def shop(folder: Path) -> Path:
    """A project without history."""
    (folder / "definitions").mkdir(parents=True)
    (folder / "fireflower.yaml").write_text(SETTINGS)
    (folder / "definitions" / "team.yaml").write_text(TEAM)
    (folder / "definitions" / "active.yaml").write_text(ACTIVE)
    return folder


def token(folder: Path, name: str, scope: Scope) -> str:
    """A new token of a project."""
    path = log_file(open_project(folder))
    path.parent.mkdir(exist_ok=True)
    database = SQLite(path)
    prepare(database)
    made = Tokens(database).make(name, scope, now())
    database.close()
    return made


@dataclass
class Served:
    """A served project and a client with its token."""

    service: Service
    streams: Streams
    url: str
    client: httpx.Client
    sent: int = 0
    stopping: list[Callable[[], None]] = field(default_factory=list)

    def get(self, path: str, status: int = 200, **query: Any) -> Any:
        answer = self.client.get(path, params=query)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        answer = self.client.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def send(self, *bodies: dict[str, Any]) -> int:
        """Have messages made durable."""
        messages = [self._message(body) for body in bodies]
        return self.service.submit(messages).result(10)

    def did(self, event: str, person: str, account: str | None = None, ago: int = 0, **more: Any) -> int:
        """Something that somebody did a while ago."""
        context = {"context": {"groupId": account}} if account else {}
        return self.send({"type": "track", "event": event, "userId": person, "ago": ago, **context, **more})

    def settle(self) -> None:
        """Wait until everything is evaluated."""
        until = time.monotonic() + 20
        while self.service.waiting() and time.monotonic() < until:
            time.sleep(0.005)
        self.service.ask(lambda evaluator: None).result(20)

    def _message(self, body: dict[str, Any]) -> Message:
        self.sent += 1
        body = dict(body)
        received = now()
        time_ = received - body.pop("ago", 0)
        key = body.setdefault("messageId", f"m{self.sent}")
        body |= {"timestamp": iso(time_), "receivedAt": iso(received)}
        return Message("segment", key, json.dumps(body).encode(), received, "web")


@contextmanager
def served(
    folder: Path, *, bearer: str = "", streams: Streams | None = None, compiled: bool = False, **how: Any
) -> Iterator[Served]:
    """A project while it is served."""
    service = Service(open_project(folder), compiled=compiled)
    streams = Streams(heartbeat=0.5) if streams is None else streams
    app = api(service, streams=streams, **how)
    with listening(app, streams) as url:
        service.start()
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        with httpx.Client(base_url=url, headers=headers, timeout=20) as client:
            try:
                ready(service)
                yield Served(service, streams, url, client)
            finally:
                service.stop()


def ready(service: Service) -> None:
    """Wait until history is evaluated."""
    until = time.monotonic() + 60
    while not service.state.ready:
        assert time.monotonic() < until and not service.state.trouble, service.state.trouble
        time.sleep(0.005)


@contextmanager
def listening(app: Any, streams: Streams) -> Iterator[str]:
    """A server in a thread; gives its address."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)  # so that slow readers are soon felt
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=2))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            until = time.monotonic() + 20
            while not server.started:
                assert time.monotonic() < until
                time.sleep(0.005)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            streams.ended = True
            server.should_exit = True
            thread.join()


def seed(served: Served) -> None:
    """Two accounts: acme, whose team is qualified, and birch, which is on its way."""
    for ago, person in ((5 * DAY, "ann"), (2 * DAY, "ann"), (DAY, "ben")):
        served.did("Report Run", person, "acme", ago)
    served.send(
        {"type": "group", "userId": "ann", "groupId": "acme", "traits": {"name": "Acme"}, "ago": 6 * DAY},
        {"type": "group", "userId": "ben", "groupId": "acme", "ago": 3 * DAY},
        {"type": "group", "userId": "cleo", "groupId": "birch", "ago": 3 * DAY},
        {"type": "identify", "userId": "ann", "traits": {"plan": "pro"}, "ago": 6 * DAY},
        {"type": "identify", "userId": "ann", "anonymousId": "anon-1", "ago": 6 * DAY},
    )
    served.did("Report Run", "cleo", "birch", HOUR)
    served.settle()
