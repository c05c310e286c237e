"""The ASGI function that takes events: it answers only once they are durable."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from math import ceil
from typing import Any

from fireflower.history.mapping import Mapping
from fireflower.model.errors import InputError, Overloaded, Unavailable
from fireflower.model.messages import Message, Reject, Said
from fireflower.web.ingest import answers
from fireflower.web.ingest.asgi import App, Headers, Receive, Scope, Send
from fireflower.web.ingest.bodies import decompressed, readable, received
from fireflower.web.ingest.envelopes import Envelope
from fireflower.web.ingest.harmless import harmless, settings, settings_key
from fireflower.web.ingest.keys import key_in_headers, key_in_query
from fireflower.web.ingest.limits import Buckets, Held, Limits, Room
from fireflower.web.ingest.opening import envelope_of, is_wrapped, text_of
from fireflower.web.ingest.paths import ROUTES, Route, plain
from fireflower.web.ingest.ports import Keys, Sink
from fireflower.web.ingest.posthog import PostHogForm
from fireflower.web.ingest.refusals import Gone, Refusal, full, too_large
from fireflower.web.ingest.segment import SegmentForm
from fireflower.web.ingest.taking import Form, reject_whole, taken

_log = logging.getLogger(__name__)

_LARGE = 256 << 10
"""Bytes from which a body is taken apart beside the loop that answers everyone."""


def handles(path: str) -> bool:
    """Whether a path belongs to an event client, and so to the function that `ingest` returns."""
    path = plain(path)
    return path in ROUTES or harmless(path) is not None or settings_key(path) is not None


def ingest(
    sink: Sink,
    keys: Keys,
    *,
    segment: Mapping | None = None,
    posthog: Mapping | None = None,
    limits: Limits | None = None,
    clock: Callable[[], int] | None = None,
) -> App:
    """The ASGI function that takes what event clients send.

    Parameters
    ----------
    sink : where messages become durable
    keys : the write keys of the project
    segment, posthog : how messages of each form are read later
    limits : what one request, and one write key, may ask
    clock : the present moment; by default the machine's clock

    Raises
    ------
    InputError
        If a mapping reads times in a way in which messages do not hold them.
    """
    limits = limits or Limits()
    forms: dict[str, Form] = {
        "segment": SegmentForm(_usable(segment or Mapping(form="segment")), limits),
        "posthog": PostHogForm(_usable(posthog or Mapping(form="posthog")), limits),
    }
    return _Endpoint(sink, keys, forms, limits, clock or _now)


def _usable(mapping: Mapping) -> Mapping:
    if mapping.time_format:
        raise InputError(
            f"Messages of clients hold times in ISO 8601, so the mapping of {mapping.form} messages can have no "
            f"time_format. Got {mapping.time_format!r}: leave it out."
        )
    return mapping


def _now() -> int:
    return time.time_ns() // 1_000


class _Endpoint:
    def __init__(
        self, sink: Sink, keys: Keys, forms: dict[str, Form], limits: Limits, clock: Callable[[], int]
    ) -> None:
        self._sink, self._keys, self._forms = sink, keys, forms
        self._limits, self._clock = limits, clock
        self._buckets, self._room = Buckets(limits), Room(limits.held)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(f"events come by HTTP, not by {scope['type']}")
        headers: Headers = dict(scope["headers"])
        if scope["method"] == "OPTIONS":
            return await answers.send_json(send, 204, None, answers.preflight(headers))
        extra: list[tuple[bytes, bytes]] = []
        try:
            status, content = 200, await self._answer(scope, headers, receive)
        except Gone:
            return None
        except Exception as error:
            refusal = error if isinstance(error, Refusal) else _failed(scope)
            status, content, extra = refusal.status, answers.refused(refusal), answers.refused_headers(refusal)
        return await answers.send_json(send, status, content, [*answers.cors(headers), *extra])

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive) -> dict[str, Any]:
        path = plain(scope["path"].removeprefix(scope.get("root_path", "")))
        route = ROUTES.get(path)
        if route is not None:
            _expect(scope, "POST")
            with self._room.held() as held:
                return await self._taken(route, scope, headers, receive, held)
        if (key := settings_key(path)) is not None:
            _expect(scope, "GET")
            return self._settings(key, scope, headers)
        if (content := harmless(path)) is None:
            raise Refusal(
                404, "unknown_path", f"Nothing is taken at {path}. Events go to, for example, /v1/batch or /batch/."
            )
        _expect(scope, "GET", "POST")
        with self._room.held() as held:
            await received(receive, self._limits, held)
        return content

    async def _taken(
        self, route: Route, scope: Scope, headers: Headers, receive: Receive, held: Held
    ) -> dict[str, Any]:  # fmt: skip
        body = await received(receive, self._limits, held)
        now = self._clock()
        query = scope.get("query_string", b"")
        key = key_in_headers(headers) or key_in_query(query)
        source = self._admitted(key, now) if key else None
        try:
            envelope, body = await self._apart(route, body, scope, headers, held, is_known=source is not None)
        except Refusal as refusal:
            if source is not None and refusal.status == 400:
                text = text_of(route, readable(body, headers, self._limits.body), query, self._limits.body)
                rejects = [reject_whole(refusal.message, text, key, now, source)]
                await self._accept([], rejects, Said())
            raise
        if source is None:
            key = envelope.key
            source = self._admitted(key, now)
        if len(envelope.events) > self._limits.events:
            raise too_large(
                f"The request has {len(envelope.events)} events. Send at most {self._limits.events} in one."
            )
        self._buckets.take(source, len(envelope.events), now)
        messages, said, reasons, rejects = await taken(self._forms[route.form], envelope, body, key, now, source)
        new = await self._accept(messages, rejects, said) if messages or rejects else 0
        if envelope.single and reasons:
            raise Refusal(400, "rejected_event", f"The event was kept aside: {reasons[0][1]}.")
        return answers.taken(new, len(messages), reasons)

    async def _apart(
        self, route: Route, body: bytes, scope: Scope, headers: Headers, held: Held, *, is_known: bool
    ) -> tuple[Envelope, bytes]:
        """The envelope, and the JSON text that it was. What is large must not keep others waiting."""
        limit, query, packed = self._limits.body, scope.get("query_string", b""), body
        if len(packed) > _LARGE:
            body = await asyncio.to_thread(decompressed, packed, headers, limit)
        else:
            body = decompressed(packed, headers, limit)
        if body is not packed and not held.take(len(body)):
            raise full()
        if len(body) > _LARGE or is_wrapped(body):
            return await asyncio.to_thread(envelope_of, route, body, query, limit, is_known=is_known)
        return envelope_of(route, body, query, limit, is_known=is_known)

    def _admitted(self, key: str, now: int) -> str:
        """The name of a write key that may send now, if there is room for what it sends."""
        if not key:
            raise Refusal(
                401,
                "no_write_key",
                "The request names no write key. Expected it as the user of Basic authorization, as Bearer token, in "
                "X-Write-Key, or in the body as writeKey (PostHog: api_key).",
            )
        source = self._source(key)
        if source is None:
            raise self._unknown(key)
        if wait := self._buckets.wait(source, now):
            raise Refusal(
                429,
                "too_many_events",
                f"{source} sends more than {self._limits.rate:g} events a second. Come again in {ceil(wait)} seconds.",
                wait,
            )
        try:
            self._sink.expect_room()
        except Overloaded as error:
            raise Refusal(503, "overloaded", str(error), error.retry_after) from None
        return source

    def _unknown(self, key: str) -> Refusal:
        if instead := self._keys.instead(key):
            needed = "this needs a write key: fireflower token make NAME --scope write"
            return Refusal(403, "scope", f"{instead}, and {needed}")
        return Refusal(401, "unknown_write_key", "There is no such write key here. Check the client's key and host.")

    def _source(self, key: str) -> str | None:
        """The name of a write key. Jitsu's clients insist on 'key:secret'; here the key is enough."""
        source = self._keys.source(key)
        if source is None and ":" in key:
            return self._keys.source(key.partition(":")[0])
        return source

    async def _accept(self, messages: Sequence[Message], rejects: Sequence[Reject], said: Said) -> int:
        try:
            return await _sheltered(self._sink.accept(messages, rejects, said))
        except Unavailable as error:
            raise Refusal(503, "unavailable", str(error), 30.0) from None

    def _settings(self, key: str, scope: Scope, headers: Headers) -> dict[str, Any]:
        if self._source(key) is None:
            raise Refusal(404, "unknown_write_key", "There is no such write key here. Check the client's key and host.")
        host = headers.get(b"host", b"localhost").decode("latin-1") + scope.get("root_path", "")
        return settings(key, scope.get("scheme", "http"), host)


def _failed(scope: Scope) -> Refusal:
    """A fault of ours. Clients send it again, so nothing is lost."""
    _log.exception("a request to %s failed", scope["path"])
    return Refusal(500, "internal_error", "The server has failed, and its log says why. Send it again.", 1.0)


def _expect(scope: Scope, *methods: str) -> None:
    if scope["method"] not in methods:
        wanted = " or ".join(methods)
        allow = (b"allow", ", ".join((*methods, "OPTIONS")).encode())
        raise Refusal(
            405, "wrong_method", f"{scope['path']} expects {wanted}, got {scope['method']}.", headers=(allow,)
        )


async def _sheltered(work: Awaitable[int]) -> int:
    """Await work that goes on to its end even if the request is cancelled: half a commit helps nobody."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(_noticed)
    return await asyncio.shield(task)


def _noticed(task: asyncio.Future[int]) -> None:
    """Nobody may be left to hear of a failure, and asyncio complains of those that were not heard of."""
    if not task.cancelled():
        task.exception()
