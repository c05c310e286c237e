"""Segment messages that need no closer look: what clients send, all but always."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from fireflower.history.readers.times import Span, TimeReader
from fireflower.history.readers.told import is_id
from fireflower.model.messages import LONGEST_ID
from fireflower.model.records import EVENT, Record

UNSET = msgspec.UNSET


_Id = Annotated[str, msgspec.Meta(max_length=LONGEST_ID)]


class PlainContext(msgspec.Struct, gc=False):
    """What the reader reads of a context."""

    groupId: _Id | None = None
    traits: dict[str, Any] | None = None


class Plain(msgspec.Struct, gc=False):
    """A message whose parts are of the usual types, and whose ids are not too long. Whatever is not, is left to the
    reader itself."""

    type: str | None = None
    event: str | None = None
    userId: _Id | None = None
    anonymousId: _Id | None = None
    groupId: _Id | None = None
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
        self._spans: dict[str | None, Span | None] = {None: self._uncorrected}

    def pass_(self, said: Plain, sent: str | None) -> bool:
        """Whether it will. `sent` is when the message was sent, be it that itself or its batch says so."""
        if said.type == "track":
            return self.event(said, sent) is not None
        is_named = is_id(said.groupId) if said.type == "group" else said.type in ("identify", "page", "screen")
        return is_named and (is_id(said.userId) or is_id(said.anonymousId)) and self._time(said, sent) is not None

    def event(self, said: Plain, sent: str | None) -> Record | None:
        """The event that a message is, as the reader will read it; None if it is none, or may not be read."""
        user, name, account = said.userId, said.event, said.groupId
        person = (user.strip() if user else "") or _stripped(said.anonymousId)
        name = name.strip() if name else ""
        if not person or not name or said.type != "track":
            return None
        time = self._time(said, sent)
        if time is None:
            return None
        account = account.strip() if account else ""
        if not account and said.context is not None:
            account = _stripped(said.context.groupId)
        return Record(
            time, EVENT, name, person, account or None, None, said.properties or {}, _stripped(said.messageId),
            self._received,
        )  # fmt: skip

    def _time(self, said: Plain, sent: str | None) -> int | None:
        """When it happened by a right clock, as the reader will say; None where it may not read it."""
        try:
            span = self._spans[sent]
        except KeyError:
            span = self._span(sent)
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


def other_of(said: Plain) -> str | None:
    """Another id of its person that a message names; None if it names one alone."""
    user, anonymous = _stripped(said.userId), _stripped(said.anonymousId)
    return anonymous if user and anonymous and anonymous != user else None


def _stripped(text: str | None) -> str:
    return text.strip() if text else ""
