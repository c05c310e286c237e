"""Segment messages that need no closer look: what clients send, all but always."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Protocol

import msgspec

from fireflower.history.readers.times import TimeReader
from fireflower.history.readers.told import is_id, object_text
from fireflower.model.events import Events, Row
from fireflower.model.messages import AHEAD, LONGEST_ID
from fireflower.model.moments import EARLIEST, LATEST

UNSET = msgspec.UNSET

VIEWS = {"page": "Page Viewed", "screen": "Screen Viewed"}
"""Types of messages that are events without saying so, with the names of these."""

_EVENTS = frozenset(("track", *VIEWS))

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
    name: Any = None
    category: Any = None
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


_decode, _decode_all = msgspec.json.Decoder(Plain).decode, msgspec.json.Decoder(list[Plain]).decode


def plain(text: bytes | msgspec.Raw) -> Plain | None:
    """The message, if all of its parts are of the usual types."""
    try:
        return _decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def plains(texts: Sequence[bytes | msgspec.Raw]) -> list[Plain | None]:
    """The messages, None for those of which a part is of no usual type."""
    try:
        return [*_decode_all(b"[%b]" % b",".join(texts))]
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return [plain(text) for text in texts]


class _Said(msgspec.Struct, gc=False):
    type: str | None = None
    name: Any = None
    category: Any = None
    properties: msgspec.Raw = msgspec.Raw()


_decode_said = msgspec.json.Decoder(list[_Said]).decode


def texts_of_properties(texts: Sequence[bytes | msgspec.Raw]) -> list[bytes | None]:
    """The properties of messages, as they stand there; None where there are none."""
    return [
        with_view(text, said) if said.type in VIEWS else text
        for said in _decode_said(b"[%b]" % b",".join(texts))
        for text in [object_text(said.properties)]
    ]


class _Named(Protocol):
    """What is said of a view beside its properties."""

    name: Any
    category: Any


def with_view(properties: bytes | None, said: _Named) -> bytes | None:
    """The properties of a view, as JSON: its name and category are among them."""
    named = _view(said)
    if not named:
        return properties
    return msgspec.json.encode({**named, **(msgspec.json.decode(properties) if properties else {})})


def _view(said: _Named) -> dict[str, Any]:
    return {key: value for key, value in (("name", said.name), ("category", said.category)) if value is not None}


class PlainReader:
    """Reads what clients send all but always, for a fraction of what it costs to ask the reader of the form.

    Parameters
    ----------
    ahead : span by which what it reads may lie after its receipt
    """

    def __init__(self, times: TimeReader, ahead: int = AHEAD) -> None:
        self._moment, self._ahead = times.moment, ahead
        self._received_at: Any = None
        self._sent_at: Any = None
        self._received = self._shift = self._end = 0

    def events(self, messages: Sequence[Plain | None]) -> tuple[Events, list[int]]:
        """The events that messages are, as the reader of the form will read them, and which of them these are; the
        others are none, or it may not read them."""
        rows, of = self.rows(messages)
        return Events.of_rows(rows), of

    def rows(self, messages: Sequence[Plain | None]) -> tuple[list[Row], list[int]]:
        """The same, each by itself."""
        rows: list[Row] = []
        of: list[int] = []
        for place, said in enumerate(messages):
            if said is None or said.type not in _EVENTS:
                continue
            user, name, account, key = said.userId, said.event, said.groupId, said.messageId
            properties = said.properties or {}
            if said.type != "track":
                name, properties = VIEWS[said.type], {**_view(said), **properties}
            person = (user.strip() if user else "") or _stripped(said.anonymousId)
            name = name.strip() if name else ""
            time = self._time(said) if person and name else None
            if time is None:
                continue
            account = account.strip() if account else ""
            if not account and said.context is not None:
                account = _stripped(said.context.groupId)
            key = key.strip() if key else ""
            rows.append((time, self._received, name, person, account or None, properties, key))
            of.append(place)
        return rows, of

    def will_read(self, said: Plain) -> bool:
        """Whether the reader of the form will certainly read a message."""
        if said.type in _EVENTS:
            return bool(self.events([said])[1])
        is_named = is_id(said.groupId) if said.type == "group" else said.type == "identify"
        return is_named and (is_id(said.userId) or is_id(said.anonymousId)) and self._time(said) is not None

    def _time(self, said: Plain) -> int | None:
        """When it happened by a right clock, as the reader will say; None where it may not read it."""
        if said.receivedAt != self._received_at or said.sentAt != self._sent_at:  # those of one request have the same
            self._look_at(said)
        original, stamp = said.originalTimestamp, said.timestamp
        try:
            if original is None or stamp is None:
                time = self._moment(stamp if original is None else original) + self._shift
            else:
                time = self._moment(stamp)
        except ValueError:
            return None
        return time if EARLIEST <= time < self._end else None

    def _look_at(self, said: Plain) -> None:
        """See when a request was received, how far its sender's clock was behind, and before when it can tell of."""
        self._received_at, self._sent_at, self._end = said.receivedAt, said.sentAt, EARLIEST
        if not isinstance(said.receivedAt, str):
            return
        try:
            self._received = self._moment(said.receivedAt)
            self._shift = self._received - self._moment(said.sentAt) if isinstance(said.sentAt, str) else 0
            self._end = min(LATEST, self._received + self._ahead)
        except ValueError:
            return


def other_of(said: Plain | None) -> str | None:
    """Another id of its person that a message names; None if it names one alone."""
    if said is None or said.anonymousId is None:
        return None
    user, anonymous = _stripped(said.userId), _stripped(said.anonymousId)
    return anonymous if user and anonymous and anonymous != user else None


def _stripped(text: str | None) -> str:
    return text.strip() if text else ""
