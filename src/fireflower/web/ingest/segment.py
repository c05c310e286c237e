"""Messages of Segment's clients and of those who speak its language: RudderStack, Customer.io, Jitsu."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from fireflower.history.mapping import Mapping
from fireflower.history.readers.plain_segment import UNSET, Plain, PlainReader, both_ids, plain, plains
from fireflower.history.readers.segment import SegmentShape
from fireflower.history.readers.times import TimeReader
from fireflower.history.readers.told import id_text, is_id
from fireflower.model.messages import Said
from fireflower.model.records import Record
from fireflower.web.ingest.envelopes import Envelope, content_key
from fireflower.web.ingest.judging import TEXT_OR_NONE, Judge, iso
from fireflower.web.ingest.limits import Limits
from fireflower.web.ingest.parsing import encode, is_deep, may_be_deep, object_of, too_deep

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
        self._judge, self._reader = judge, PlainReader(times, ahead)
        self._received, self._stamp = received, iso(received)
        self._type, self._sent, self._context = envelope.type, envelope.sent, envelope.context
        self._is_complete = not self._type and self._context is None and type(self._sent) in TEXT_OR_NONE
        self._is_flat = envelope.is_flat
        self._end = b',"receivedAt":%b}' % encode(self._stamp)
        self._end_with_sent = self._end if self._sent is None else b',"sentAt":%b%b' % (encode(self._sent), self._end)

    def plain(self, events: Sequence[Any]) -> tuple[list[tuple[str, bytes] | None], Said]:
        """(key, body) of the message of each event that needs no closer look, and what these say, by their places
        among the events. To the text of an event mostly nothing is added but two times."""
        if not self._is_complete or not events or type(events[0]) is not msgspec.Raw:
            return [None] * len(events), Said()
        found = plains(events)
        messages = self._with_times(list(map(bytes, events)), found)
        some = [said if message else None for said, message in zip(found, messages, strict=True)]
        read, of = self._reader.events(some)
        records: dict[int, list[Record]] = {}
        if len(of) < len(some):
            for place in set(range(len(some))).difference(of):
                said = some[place]
                if said is None or (read_of := self._reader.traits(said)) is None:
                    messages[place] = None
                else:
                    records[place] = read_of
        both = {place: ids for place in (*of, *records) if (ids := both_ids(some[place]))}
        return messages, Said(read, of, records, both)

    def _with_times(self, texts: Sequence[bytes], found: Sequence[Plain | None]) -> list[tuple[str, bytes] | None]:
        """(key, body) of the message that each event is from its text, if nothing stands in its way; what was found in
        it then says what the body does."""
        sent, stamp, end, end_with_sent = self._sent, self._stamp, self._end, self._end_with_sent
        is_flat = self._is_flat
        messages: list[tuple[str, bytes] | None] = []
        for text, said in zip(texts, found, strict=True):
            if (
                said is None
                or said.receivedAt is not UNSET
                or said.writeKey is not UNSET
                or said.sentAt is None
                or not (key := said.messageId)
                or key.isspace()
                or may_be_deep(text, lists=not is_flat)
                or (not is_flat and b"\n" in text)
            ):
                messages.append(None)
            elif said.sentAt is UNSET:
                said.sentAt, said.receivedAt = sent, stamp
                messages.append((key, text[:-1] + end_with_sent))
            else:
                said.receivedAt = stamp
                messages.append((key, text[:-1] + end))
        return messages

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
        if said is None or not self._reader.will_read(said):
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
