"""Messages of Segment's clients and of those who speak its language: RudderStack, Customer.io, Jitsu."""

from __future__ import annotations

from typing import Any

from fireflower.history.mapping import Mapping
from fireflower.history.readers.segment import SegmentShape
from fireflower.history.readers.times import TimeReader
from fireflower.history.readers.told import id_text
from fireflower.web.ingest.envelopes import Envelope, content_key
from fireflower.web.ingest.judging import OBJECT_OR_NONE, TEXT_OR_NONE, Judge, Span, is_id, iso
from fireflower.web.ingest.limits import Limits
from fireflower.web.ingest.parsing import encode, is_deep, too_deep

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
        self._times, self._judge, self._ahead = times, judge, ahead
        self._received, self._stamp = received, iso(received)
        self._type, self._sent = envelope.type, envelope.sent
        self._context = envelope.context
        self._spans: dict[Any, Span | None] = {None: Span(0, received, ahead)}

    def take(self, event: dict[str, Any], position: int) -> tuple[str, bytes]:
        """(key, body) of the message that an event is. The event is changed.

        Raises
        ------
        ValueError
            With the reason, if its reader could not read it.
        """
        if "writeKey" in event:
            del event["writeKey"]  # noqa: RUF051 - a call to pop costs more than all that is not there
        if self._type:
            event["type"] = self._type
        key = event.get("messageId")
        if not is_id(key):
            is_timed = event.get("timestamp") is not None or event.get("originalTimestamp") is not None
            key = id_text(key, "messageId") or content_key(event, is_timed, self._received, position)
        self._mark(event)
        body = encode(event)
        if is_deep(body, event):
            raise ValueError(too_deep())
        if not self._is_plain(event):
            body = encode(_without_empty_lists(event))
            self._judge.check(body, self._received)
        return str(key), body

    def _mark(self, event: dict[str, Any]) -> None:
        """What only the request knows."""
        if self._context is not None:
            context = event.get("context")
            if not context:
                event["context"] = self._context
            elif isinstance(context, dict):
                event["context"] = _merged(self._context, context)
        if self._sent is not None and event.get("sentAt") is None:
            event["sentAt"] = self._sent
        event["receivedAt"] = self._stamp

    def _is_plain(self, event: dict[str, Any]) -> bool:
        """Whether the reader will certainly read the event: what clients send, all but always. The reader itself
        decides about the rest, which takes several times as long."""
        get = event.get
        user, anonymous, context = get("userId"), get("anonymousId"), get("context")
        if not (
            (is_id(user) or is_id(anonymous))
            and type(user) in TEXT_OR_NONE
            and type(anonymous) in TEXT_OR_NONE
            and type(get("messageId")) in TEXT_OR_NONE
            and type(get("groupId")) in TEXT_OR_NONE
            and type(context) in OBJECT_OR_NONE
            and (context is None or type(context.get("groupId")) in TEXT_OR_NONE)
            and self._is_plain_time(event)
        ):
            return False
        type_ = get("type")
        if type_ == "track":
            return is_id(get("event")) and type(get("properties")) in OBJECT_OR_NONE
        if type_ == "identify":
            traits = None if context is None else context.get("traits")
            return type(traits) in OBJECT_OR_NONE and type(get("traits")) in OBJECT_OR_NONE
        if type_ == "group":
            return is_id(get("groupId")) and type(get("traits")) in OBJECT_OR_NONE
        return type_ in ("page", "screen") and type(get("properties")) in OBJECT_OR_NONE

    def _is_plain_time(self, event: dict[str, Any]) -> bool:
        time, original, sent = event.get("timestamp"), event.get("originalTimestamp"), event.get("sentAt")
        try:
            span = self._spans[sent]
        except (KeyError, TypeError):
            span = self._span(sent)
        if span is None:
            return False
        if original is None:
            return span.has(time)
        if time is None:
            return span.has(original)
        return self._spans[None].has(time)  # type: ignore[union-attr]

    def _span(self, sent: Any) -> Span | None:
        """The times that events may have which were sent then. There are as many as there are batches, mostly."""
        if type(sent) is not str:
            return None
        try:
            span = Span(self._received - self._times.moment(sent), self._received, self._ahead)
        except ValueError:
            span = None
        self._spans[sent] = span
        return span


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
    kept = {name: value for name, value in event.items() if not (name in _OBJECTS and value == [])}
    context = kept.get("context")
    if isinstance(context, dict) and context.get("traits") == []:
        kept["context"] = {name: value for name, value in context.items() if name != "traits"}
    return kept
