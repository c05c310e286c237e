"""What clients send in the live benchmark: requests with events of Segment's form, prepared beforehand.

Every event says when it happened relative to `sentAt`, as clients' clocks do; the server takes the request's receipt
for that moment. So bodies that were prepared a while ago are of now.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from benchmarks.events import SHARES
from benchmarks.generate import SOURCE_SHARES, SOURCES
from benchmarks.world import INDUSTRIES, ROLES

SENT = datetime(2026, 1, 1, tzinfo=UTC)
PEOPLE_AN_ACCOUNT = 10
LATE, LATE_BY = 0.02, 8_000
"""Which part of the events comes late, and by how many milliseconds at most."""

AT_ONCE = 50
"""Milliseconds within which all others have come."""

AGAIN = 0.01
"""Which part of the events is sent twice."""

PING = "Ping"


@dataclass(frozen=True)
class Crowd:
    """The people of the benchmark, ten to an account."""

    people: int

    @property
    def accounts(self) -> int:
        return max(1, self.people // PEOPLE_AN_ACCOUNT)

    def account(self, person: int) -> str:
        return f"acct_{person % self.accounts:07}"


def sign_ups(crowd: Crowd, seed: int = 1) -> Iterator[bytes]:
    """Everybody joins their account and signs up; whoever is first says what the account is like."""
    rng = np.random.default_rng(seed)
    for person in range(crowd.people):
        traits: dict[str, Any] = {}
        if person < crowd.accounts:
            employees, industry = int(rng.lognormal(3.5, 1.3)) + 1, INDUSTRIES[rng.integers(len(INDUSTRIES))]
            traits = {"employees": employees, "industry": industry, "plan_gb": 50}
        traits["role"] = ROLES[person % len(ROLES)]
        yield _encoded({"type": "group", "groupId": crowd.account(person), "traits": traits, **_who(person, "g", 9000)})
        yield _encoded({"type": "track", "event": "Signed Up", "properties": {}, **_who(person, "s", 8999)})


def traffic(crowd: Crowd, count: int, seed: int = 2, *, timed_ids: bool = True) -> Iterator[bytes]:
    """`count` events of people who are at work, as they come: some late, some twice. Their ids begin with the time, as
    those of Segment's clients for browsers and Node do, or are random, as those of its client for Python are."""
    rng = np.random.default_rng(seed)
    weights = np.cumsum(rng.lognormal(0, 0.9, crowd.people))
    events, sent = _events(), _stamps()
    before: list[bytes] = []
    for start in range(0, count, 10_000):
        size = min(10_000, count - start)
        people, which, lag = _at_work(rng, weights, len(events), size)
        again = (rng.random(size) < AGAIN).tolist()
        ids = _ids(rng, start, size, timed_ids)
        for number, (person, event, late) in enumerate(zip(people, which, lag, strict=True), start):
            if again[number - start] and before:
                yield before[number % len(before)]
                continue
            name, properties = events[event]
            text = (
                f'{{"type":"track","event":"{name}","userId":"u_{person:07}","messageId":"{ids[number - start]}",'
                f'"timestamp":"{sent[late]}","properties":{properties},"context":{{"groupId":"{crowd.account(person)}",'
                '"library":{"name":"analytics-node","version":"2.2.0"}}}'
            ).encode()
            before.append(text)
            yield text
        before = before[-10_000:]


def _at_work(rng: np.random.Generator, weights: Any, events: int, count: int) -> tuple[list[int], list[int], list[int]]:
    """Who does something so many times, by how much each does; which event it is; and how many milliseconds late."""
    people = np.searchsorted(weights, rng.random(count) * weights[-1], side="right")
    which = rng.choice(events, count, p=_shares(events))
    lag = np.where(rng.random(count) < LATE, rng.integers(1000, LATE_BY, count), rng.integers(1, AT_ONCE, count))
    return people.tolist(), which.tolist(), lag.tolist()


BROWSER = {"page": 45, "track": 35, "identify": 10, "group": 10}
"""Of a hundred messages of a client in a browser, so many of each type."""

PAGE = {
    "path": "/workspace",
    "referrer": "",
    "search": "",
    "title": "Workspace",
    "url": "https://app.example/workspace",
}
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"


def browser(crowd: Crowd, count: int, types: Mapping[str, int], seed: int = 5) -> Iterator[bytes]:
    """`count` messages of a client in a browser: with two ids and all that it says of its page each time, and again and
    again with the same traits."""
    rng = np.random.default_rng(seed)
    weights, events, name = np.cumsum(rng.lognormal(0, 0.9, crowd.people)), _events(), "-".join(types)
    people, which, lag = _at_work(rng, weights, len(events), count)
    shares = np.array([*types.values()])
    kinds = rng.choice([*types], count, p=shares / shares.sum()).tolist()
    rows = zip(people, which, kinds, lag, _ids(rng, 0, count, timed=True), strict=True)
    for person, event, kind, late, id in rows:
        yield _in_browser(crowd, person, kind, events[event], f"ajs-{name}-{id}", late)


def met(crowd: Crowd) -> Iterator[bytes]:
    """Everybody's browser says who they are and what their account is like."""
    for person in range(crowd.people):
        for kind in ("identify", "group"):
            yield _in_browser(crowd, person, kind, ("", ""), f"met-{kind}-{person}", 1)


def _in_browser(crowd: Crowd, person: int, kind: str, event: tuple[str, str], id: str, lag: int) -> bytes:
    account = person % crowd.accounts
    said: dict[str, dict[str, Any]] = {
        "page": {"name": "Workspace", "properties": PAGE},
        "track": {"event": event[0], "properties": json.loads(event[1] or "{}")},
        "identify": {
            "traits": {
                "email": f"u{person}@c{account}.example", "name": f"User {person}", "title": "Engineer", "plan": "pro",
                "created_at": "2025-03-01T10:00:00Z", "logins": person % 50,
            }
        },
        "group": {
            "groupId": crowd.account(person),
            "traits": {
                "name": f"Company {account}", "plan": "business", "employees": account % 300 + 1,
                "industry": "software", "plan_gb": 50,
            },
        },
    }  # fmt: skip
    context = {
        "groupId": crowd.account(person), "page": PAGE, "userAgent": AGENT, "locale": "en-US",
        "timezone": "Europe/Berlin", "library": {"name": "analytics.js", "version": "next-1.64.0"},
    }  # fmt: skip
    who = {**_who(person, "", lag), "messageId": id, "anonymousId": f"a-{person:07}"}
    return _encoded({"type": kind, **said[kind], **who, "context": context})


def pings(people: int, begin: int) -> Iterator[bytes]:
    """One event of each person, all of them within the second that begins at a moment."""
    for person in range(people):
        at = _iso(datetime.fromtimestamp((begin + person * 1_000_000 // people) / 1e6, UTC))
        said = {"type": "track", "event": PING, "userId": f"u_{person:07}", "messageId": f"p-{begin}-{person}"}
        yield _encoded(said | {"timestamp": at, "originalTimestamp": at})


def write(path: Path, events: Iterable[bytes], together: int) -> Path:
    """Write request bodies with so many events each, every one behind its length. Gives the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    end = b'],"sentAt":"%b"}' % _iso(SENT).encode()
    with path.open("wb") as file:
        for some in _parts(events, together):
            body = b'{"batch":[' + b",".join(some) + end
            file.write(len(body).to_bytes(4, "big") + len(some).to_bytes(4, "big") + body)
    return path


def read(path: Path) -> list[tuple[int, bytes]]:
    """The bodies that were written, each with its number of events."""
    content, bodies, at = path.read_bytes(), [], 0
    while at < len(content):
        size, events = int.from_bytes(content[at : at + 4], "big"), int.from_bytes(content[at + 4 : at + 8], "big")
        bodies.append((events, content[at + 8 : at + 8 + size]))
        at += 8 + size
    return bodies


def _parts(events: Iterable[bytes], size: int) -> Iterator[Sequence[bytes]]:
    some: list[bytes] = []
    for event in events:
        some.append(event)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some


def _ids(rng: np.random.Generator, first: int, count: int, timed: bool) -> list[str]:
    """Random UUIDs, behind the time in milliseconds as Segment's client for Node puts it, or by themselves."""
    begin = int(SENT.timestamp() * 1000)
    drawn = rng.bytes(16 * count)
    uuids = (UUID(bytes=drawn[at : at + 16], version=4) for at in range(0, len(drawn), 16))
    return [
        f"node-next-{begin + number // 40}-{uuid}" if timed else str(uuid) for number, uuid in enumerate(uuids, first)
    ]


def _who(person: int, key: str, lag: int) -> dict[str, Any]:
    sent = _iso(SENT - timedelta(milliseconds=lag))
    return {"userId": f"u_{person:07}", "messageId": f"{key}-{person}", "timestamp": sent}


def _encoded(event: dict[str, Any]) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode()


def _events() -> list[tuple[str, str]]:
    """Events with properties of about 100 bytes, as JSON."""
    rng = np.random.default_rng(3)
    found: list[tuple[str, str]] = []
    for number in range(20):
        for name in SHARES:
            said: dict[str, Any] = {"path": f"/workspace/{number:02}/{name.split()[0].lower()}", "plan": "business"}
            if name == "Flow Edited":
                said["minutes"] = round(float(rng.exponential(6)), 2)
            elif name == "Report Run":
                said |= {"rows": int(rng.lognormal(4.5, 1.6)), "source": str(rng.choice(SOURCES, p=SOURCE_SHARES))}
            elif name == "Storage Reported":
                said["used_gb"] = round(float(rng.lognormal(2, 0.8)), 2)
            said |= {"title": "Weekly numbers of the team", "ms": int(rng.integers(10, 2000))}
            found.append((name, json.dumps(said, separators=(",", ":"))))
    return found


def _shares(count: int) -> Any:
    shares = np.array([*SHARES.values()] * (count // len(SHARES)))
    return shares / shares.sum()


def _stamps() -> list[str]:
    """Times so many milliseconds before events are sent."""
    return [_iso(SENT - timedelta(milliseconds=lag)) for lag in range(LATE_BY + 1)]


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
