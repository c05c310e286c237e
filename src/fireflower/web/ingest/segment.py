"""Messages of Segment's clients and of those who speak its language: RudderStack, Customer.io, Jitsu."""

from __future__ import annotations

from typing import Any

import msgspec

from fireflower.history.mapping import Mapping
from fireflower.history.readers.plain_segment import UNSET, PlainChecks, other_of, plain, sent_of
from fireflower.history.readers.segment import SegmentShape
from fireflower.history.readers.times import TimeReader
from fireflower.history.readers.told import id_text, is_id
from fireflower.model.records import Record
from fireflower.web.ingest.envelopes import Envelope, content_key
from fireflower.web.ingest.judging import TEXT_OR_NONE, Judge, iso
from fireflower.web.ingest.limits import Limits
from fireflower.web.ingest.parsing import encode, is_deep, may_be_deep, object_of, parsed_event, too_deep

TYPES = ("identify", "track", "page", "screen", "group", "alias")

_OBJECTS = ("properties", "traits", "context")


class SegmentForm:
    """Makes messages of what clients send."""

    name = "segment"

    def __init__(self, mapping: Mapping, limits: Limits) -> None:
        self._times = TimeReader(mapping)
        self._ahead = limits.ahead
        self._judge = Judge(lambda: SegmentShape(mapping), limits.ahead)

    def opened(self, envelope: Envelope, received: int) -> SegmentDelivery:
        """What takes the events of one request."""
        return SegmentDelivery(self._times, self._judge, self._ahead, envelope, received)


class SegmentDelivery:
    """One request's events, which share when they were sent and received, and perhaps a context."""

    def __init__(self, times: TimeReader, judge: Judge, ahead: int, envelope: Envelope, received: int) -> None:
        self._judge, self._checks = judge, PlainChecks(times, received, ahead)
        self._received, self._stamp = received, iso(received)
        self._type, self._sent, self._context = envelope.type, envelope.sent, envelope.context
        self._is_complete = not self._type and self._context is None and type(self._sent) in TEXT_OR_NONE
        self._is_flat = envelope.is_flat
        self._end = b',"receivedAt":%b}' % encode(self._stamp)
        self._end_with_sent = self._end if self._sent is None else b',"sentAt":%b%b' % (encode(self._sent), self._end)

    def take_text(self, text: msgspec.Raw, position: int) -> tuple[str, bytes, Record | None, str | None]:
        """(key, body, the event that it says and another id of its person, if known already) of the message that an
        event is, from its text, to which mostly nothing is added but two times.

        Raises
        ------
        ValueError
            With the reason, if its reader could not read it.
        """
        body, said = bytes(text), plain(text) if self._is_complete else None
        if said is None or said.receivedAt is not UNSET or said.writeKey is not UNSET or said.sentAt is None:
            return *self.take(parsed_event(body), position), None, None
        own, key = said.sentAt, said.messageId
        sent, end = (own, self._end) if isinstance(own, str) else (self._sent, self._end_with_sent)
        event = self._checks.event(said, sent)
        if (
            not key
            or key.isspace()
            or (event is None and not self._checks.pass_(said, sent))
            or may_be_deep(body, lists=not self._is_flat)
            or (not self._is_flat and b"\n" in body)
        ):
            return *self.take(parsed_event(body), position), None, None
        other = None if event is None or said.anonymousId is None else other_of(said)
        return key, body[:-1] + end, event, other

    def take(self, event: Any, position: int) -> tuple[str, bytes]:
        """(key, body) of the message that an event is, whatever it looks like. The event is changed.

        Raises
        ------
        ValueError
            With the reason, if its reader could not read it.
        """
        event = self._typed(object_of(event))
        key = event.get("messageId")
        if not is_id(key):
            is_timed = event.get("timestamp") is not None or event.get("originalTimestamp") is not None
            key = id_text(key, "messageId") or content_key(event, is_timed, self._received, position)
        body = self.marked(event)
        if is_deep(body, event):
            raise ValueError(too_deep())
        said = plain(body)
        if said is None or not self._checks.pass_(said, sent_of(said)):
            self._judge.check(body, self._received)
        return str(key), body

    def marked(self, event: dict[str, Any]) -> bytes:
        """An event with what only the request knows, and without the write key. It may be marked twice."""
        self._mark(self._typed(event))
        return encode(_without_empty_lists(event))

    def _typed(self, event: dict[str, Any]) -> dict[str, Any]:
        event.pop("writeKey", None)
        if self._type:
            event["type"] = self._type
        return event

    def _mark(self, event: dict[str, Any]) -> None:
        if self._context is not None:
            context = event.get("context")
            if not context:
                event["context"] = self._context
            elif isinstance(context, dict):
                event["context"] = _merged(self._context, context)
        if self._sent is not None and event.get("sentAt") is None:
            event["sentAt"] = self._sent
        event["receivedAt"] = self._stamp


def _merged(outer: dict[str, Any], inner: dict[str, Any]) -> dict[str, Any]:
    """The event's context over the batch's, object by object."""
    merged = {**outer, **inner}
    for name in outer.keys() & inner.keys():
        if isinstance(outer[name], dict) and isinstance(inner[name], dict):
            merged[name] = _merged(outer[name], inner[name])
        elif inner[name] is None:
            merged[name] = outer[name]
    return merged


def _without_empty_lists(event: dict[str, Any]) -> dict[str, Any]:
    """PHP writes an object without members as an empty list."""
    if not any(event.get(name) == [] for name in _OBJECTS) and not _has_empty_traits(event.get("context")):
        return event
    kept = {name: value for name, value in event.items() if not (name in _OBJECTS and value == [])}
    if _has_empty_traits(kept.get("context")):
        kept["context"] = {name: value for name, value in kept["context"].items() if name != "traits"}
    return kept


def _has_empty_traits(context: Any) -> bool:
    return isinstance(context, dict) and context.get("traits") == []
