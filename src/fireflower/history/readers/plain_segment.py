"""Segment messages that need no closer look: what clients send, all but always."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from math import isfinite
from typing import Annotated, Any, Protocol

import msgspec
import numpy as np

from fireflower.history.readers.times import TimeReader
from fireflower.history.readers.told import object_text, traits_of
from fireflower.model.events import Events
from fireflower.model.messages import AHEAD, LONGEST_ID
from fireflower.model.moments import EARLIEST, LATEST
from fireflower.model.records import ACCOUNT_TRAIT, JOIN, PERSON_TRAIT, Record

UNSET = msgspec.UNSET

VIEWS = {"page": "Page Viewed", "screen": "Screen Viewed"}
"""Types of messages that are events without saying so, with the names of these."""

_EVENTS = frozenset(("track", *VIEWS))

_UNKNOWN = EARLIEST - 1
"""The time of what may not be read."""

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
        pairs = [(nth, said) for nth, said in enumerate(messages) if said is not None and said.type in _EVENTS]
        of, some = [nth for nth, _ in pairs], [said for _, said in pairs]
        time: list[int] = []
        received: list[int] = []
        for said in some:
            time.append(self._time(said))
            received.append(self._received)
        events = Events(
            np.array(time, np.int64),
            np.array(received, np.int64),
            [said.event.strip() if said.type == "track" and said.event else _viewed(said) for said in some],
            [(said.userId.strip() if said.userId else "") or _stripped(said.anonymousId) for said in some],
            [_account(said) for said in some],
            [said.properties or {} if said.type == "track" else _of_view(said) for said in some],
            [said.messageId.strip() if said.messageId else "" for said in some],
        )
        if _UNKNOWN not in time and all(events.name) and all(events.person):  # as nearly all
            return events, of
        columns = zip(time, events.name, events.person, strict=True)
        is_read = [bool(moment != _UNKNOWN and name and person) for moment, name, person in columns]
        return events.only(is_read), list(compress(of, is_read))

    def traits(self, said: Plain) -> list[Record] | None:
        """What a message says of a person, or of an account whose member a person is, as the reader of the form will
        read it; None if it says nothing of this kind, or may not be read."""
        person = _stripped(said.userId) or _stripped(said.anonymousId)
        if said.type not in ("identify", "group") or not person or (time := self._time(said)) == _UNKNOWN:
            return None
        id, received = _stripped(said.messageId), self._received
        if said.type == "identify":
            within = said.context.traits if said.context is not None else None
            traits = {**traits_of(within), **traits_of(said.traits)} if within else traits_of(said.traits)
            return [
                Record(time, PERSON_TRAIT, name, person, None, _as_read(value), {}, id, received)
                for name, value in traits.items()
            ]
        if not (account := _account(said)):
            return None
        return [
            Record(time, JOIN, "", person, account, None, {}, id, received),
            *(
                Record(time, ACCOUNT_TRAIT, name, None, account, _as_read(value), {}, id, received)
                for name, value in traits_of(said.traits).items()
            ),
        ]

    def will_read(self, said: Plain) -> bool:
        """Whether the reader of the form will certainly read a message."""
        if said.type in _EVENTS:
            return bool(self.events([said])[1])
        return self.traits(said) is not None

    def _time(self, said: Plain) -> int:
        """When it happened by a right clock, as the reader will say; _UNKNOWN where it may not read it."""
        if said.receivedAt != self._received_at or said.sentAt != self._sent_at:  # those of one request have the same
            self._look_at(said)
        original, stamp = said.originalTimestamp, said.timestamp
        try:
            if original is None or stamp is None:
                time = self._moment(stamp if original is None else original) + self._shift
            else:
                time = self._moment(stamp)
        except ValueError:
            return _UNKNOWN
        return time if EARLIEST <= time < self._end else _UNKNOWN

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


def both_ids(said: Plain | None) -> tuple[str, str] | None:
    """The two ids of its person that a message names; None if it names one alone."""
    if said is None or said.anonymousId is None:
        return None
    user, anonymous = _stripped(said.userId), _stripped(said.anonymousId)
    return (user, anonymous) if user and anonymous and anonymous != user else None


def _as_read(value: Any) -> Any:
    """A value of a trait as it is once it has been written as JSON, which has no infinity, and read again."""
    if value is None or type(value) is str or type(value) is bool or (type(value) is float and isfinite(value)):
        return value
    return msgspec.json.decode(msgspec.json.encode(value))


def _viewed(said: Plain) -> str:
    """The name of the event that a message is, if it is a view; else ""."""
    return VIEWS.get(said.type or "", "")


def _of_view(said: Plain) -> dict[str, Any]:
    return {**_view(said), **(said.properties or {})}


def _account(said: Plain) -> str | None:
    account = said.groupId.strip() if said.groupId else ""
    if not account and said.context is not None:
        account = _stripped(said.context.groupId)
    return account or None


def _stripped(text: str | None) -> str:
    return text.strip() if text else ""
