"""Segment messages that need no closer look: what clients send, all but always."""

from __future__ import annotations

from typing import Any

import msgspec

from fireflower.history.readers.times import Span, TimeReader
from fireflower.history.readers.told import is_id
from fireflower.model.messages import SaidEvent
from fireflower.model.records import EVENT, Record

UNSET = msgspec.UNSET


class PlainContext(msgspec.Struct, gc=False):
    """What the reader reads of a context."""

    groupId: str | None = None
    traits: dict[str, Any] | None = None


class Plain(msgspec.Struct, gc=False):
    """A message whose parts are of the usual types. Whatever is not, is left to the reader itself."""

    type: str | None = None
    event: str | None = None
    userId: str | None = None
    anonymousId: str | None = None
    groupId: str | None = None
    messageId: str | None = None
    timestamp: str | None = None
    originalTimestamp: str | None = None
    sentAt: str | msgspec.UnsetType | None = UNSET
    receivedAt: Any = UNSET
    writeKey: Any = UNSET
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    context: PlainContext | None = None


_decode = msgspec.json.Decoder(Plain).decode


def plain(text: bytes | msgspec.Raw) -> Plain | None:
    """The message, if all of its parts are of the usual types."""
    try:
        return _decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def sent_of(said: Plain) -> str | None:
    """When a message says that it was sent."""
    return said.sentAt if isinstance(said.sentAt, str) else None


class PlainChecks:
    """Whether the reader will certainly read a message, known for a fraction of what it costs to ask it."""

    def __init__(self, times: TimeReader, received: int, ahead: int) -> None:
        self._times, self._received, self._ahead = times, received, ahead
        self._uncorrected = Span(0, received, ahead)
        self._spans: dict[Any, Span | None] = {None: self._uncorrected}

    def pass_(self, said: Plain, sent: str | None) -> bool:
        """Whether it will. `sent` is when the message was sent, be it that itself or its batch says so."""
        return self.time(said, sent) is not None

    def time(self, said: Plain, sent: str | None) -> int | None:
        """When it happened by a right clock, as the reader will say; None where it may not read the message."""
        if not (is_id(said.userId) or is_id(said.anonymousId)):
            return None
        type = said.type
        if type == "track":
            named = is_id(said.event)
        elif type == "group":
            named = is_id(said.groupId)
        else:
            named = type in ("identify", "page", "screen")
        span = (self._spans[sent] if sent in self._spans else self._span(sent)) if named else None
        if span is None:
            return None
        if said.originalTimestamp is None:
            return span.moment(said.timestamp)
        if said.timestamp is None:
            return span.moment(said.originalTimestamp)
        return self._uncorrected.moment(said.timestamp)

    def _span(self, sent: str | None) -> Span | None:
        """The times of messages that were sent then. A request has one such moment, mostly."""
        try:
            span = Span(self._received - self._times.moment(sent), self._received, self._ahead)
        except ValueError:
            span = None
        self._spans[sent] = span
        return span


def said_by(said: Plain, time: int, received: int) -> SaidEvent | None:
    """What a message says that passes, if it is an event."""
    if said.type != "track":
        return None
    user, anonymous, account, context = said.userId, said.anonymousId, said.groupId, said.context
    user = user.strip() or None if user else None
    anonymous = anonymous.strip() or None if anonymous else None
    account = account.strip() or None if account else None
    if account is None and context is not None and context.groupId:
        account = context.groupId.strip() or None
    record = Record(
        time, EVENT, (said.event or "").strip(), user or anonymous, account, None, said.properties or {},
        (said.messageId or "").strip(), received,
    )  # fmt: skip
    return SaidEvent(record, anonymous if user and anonymous != user else None)
