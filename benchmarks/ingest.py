"""What an event costs on its way in: parse and normalise batches as Segment's and PostHog's clients send them.

    python -m benchmarks.ingest

prints microseconds of CPU an event beside what decoding the same bytes with msgspec costs alone: the ratio is what to
compare, since the same machine is not equally fast at all times.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from fireflower.model.messages import Message, Reject, Said
from fireflower.web.ingest import ingest

EVENTS = 100
ROUNDS, REPEATS = 50, 7


class Nowhere:
    """Takes everything at once, and accepts every key."""

    taken = 0

    def expect_room(self) -> None:
        """There is."""

    async def accept(self, messages: Sequence[Message], rejects: Sequence[Reject], said: Said) -> int:
        assert not rejects, rejects[0].reason
        self.taken += len(messages)
        return len(messages)

    def source(self, key: str) -> str | None:
        return key


def main() -> None:
    """Print one line for each kind of batch."""
    print(f"{EVENTS} events a request, best of {REPEATS} times {ROUNDS} requests; us of CPU an event")
    print(f"{'batch':<28}{'bytes':>8}{'decode':>9}{'request':>9}{'ratio':>7}")
    for name, path, body in (
        ("segment, track", "/v1/batch", segment_batch(track)),
        ("segment, identify", "/v1/batch", segment_batch(identify)),
        ("segment, group", "/v1/batch", segment_batch(group)),
        ("rudderstack, track", "/v1/batch", segment_batch(rudder_track)),
        ("posthog, capture", "/batch/", posthog_batch()),
        ("segment, one a request", "/v1/track", msgspec.json.encode(track(1))),
    ):
        events = 1 if path == "/v1/track" else EVENTS
        decode = best(lambda body=body: msgspec.json.decode(body)) / events
        request = asyncio.run(best_request(path, body, events)) / events
        print(f"{name:<28}{len(body) // events:>8}{decode:>9.2f}{request:>9.2f}{request / decode:>7.1f}")


def best(work: Callable[[], Any]) -> float:
    """Microseconds."""
    times = []
    for _ in range(REPEATS):
        begin = time.process_time_ns()
        for _ in range(ROUNDS):
            work()
        times.append(time.process_time_ns() - begin)
    return min(times) / 1000 / ROUNDS


async def best_request(path: str, body: bytes, events: int) -> float:
    """Microseconds of a whole request, without the server that speaks HTTP."""
    sink = Nowhere()
    app = ingest(sink, sink)
    scope = {"type": "http", "method": "POST", "path": path, "headers": [(b"authorization", b"Basic azo=")]}
    status = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: dict[str, Any]) -> None:
        if "status" in message:
            status.append(message["status"])

    times = []
    for _ in range(REPEATS):
        begin = time.process_time_ns()
        for _ in range(ROUNDS):
            await app(scope, receive, send)
        times.append(time.process_time_ns() - begin)
    assert set(status) == {200} and sink.taken == REPEATS * ROUNDS * events
    return min(times) / 1000 / ROUNDS


def segment_batch(event: Callable[[int], dict[str, Any]]) -> bytes:
    """As @segment/analytics-node sends it."""
    return msgspec.json.encode(
        {"batch": [event(number) for number in range(EVENTS)], "writeKey": "k", "sentAt": "2026-03-01T10:00:01.234Z"}
    )


def posthog_batch() -> bytes:
    """As posthog-node sends it."""
    return msgspec.json.encode(
        {
            "api_key": "phc",
            "batch": [capture(number) for number in range(EVENTS)],
            "sent_at": "2026-03-01T10:00:01.234Z",
        }
    )


def track(number: int) -> dict[str, Any]:
    """An event with a context such as browsers give it."""
    return {
        "type": "track",
        "event": "Report Run",
        "userId": f"user_{number}",
        "anonymousId": f"5dc90a2a-6432-403d-818b-aa95bce9{number:04}",
        "messageId": f"node-next-1795705532892-735a6887-1882-4799-a3d9-f56b6380{number:04}",
        "timestamp": f"2026-03-01T10:00:00.{number:03}Z",
        "properties": {"rows": number, "source": "warehouse", "plan": "pro", "duration_ms": 812.5, "tags": ["a", "b"]},
        "context": {
            "groupId": f"acct_{number % 10}",
            "library": {"name": "@segment/analytics-node", "version": "3.1.0"},
            "page": {"path": "/reports", "url": "https://example.com/reports", "title": "Reports"},
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64)",
            "locale": "en-GB",
        },
        "integrations": {},
    }


def identify(number: int) -> dict[str, Any]:
    """Traits of a person."""
    event = track(number)
    del event["event"], event["properties"]
    return {**event, "type": "identify", "traits": {"plan": "pro", "email": f"u{number}@example.com", "seats": number}}


def group(number: int) -> dict[str, Any]:
    """Traits of an account."""
    return {**identify(number), "type": "group", "groupId": f"acct_{number}"}


def rudder_track(number: int) -> dict[str, Any]:
    """With the time under its other name, and explicit nulls."""
    event = track(number)
    time = event.pop("timestamp")
    return {**event, "originalTimestamp": time, "sentAt": "2026-03-01T10:00:01.234Z", "anonymousId": None}


def capture(number: int) -> dict[str, Any]:
    """An event of a person in a company."""
    return {
        "event": "Report Run",
        "distinct_id": f"user_{number}",
        "uuid": f"01a21863-f2cd-78c9-b034-cb114e24{number:04}",
        "timestamp": f"2026-03-01T10:00:00.{number:03}Z",
        "properties": {
            **track(number)["properties"],
            "$groups": {"company": f"acct_{number % 10}"},
            "$lib": "posthog-node",
            "$lib_version": "5.70.0",
            "$is_server": True,
            "$geoip_disable": True,
        },
    }


if __name__ == "__main__":
    main()
