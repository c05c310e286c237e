"""Messages of the Segment specification: track, page, screen, identify, group, alias; and unalias, which takes an alias
back."""

from __future__ import annotations

from typing import Any

import msgspec

from fireflower.history.mapping import Mapping
from fireflower.history.readers.addresses import Addresses
from fireflower.history.readers.batches import Told
from fireflower.history.readers.plain_segment import VIEWS, with_view
from fireflower.history.readers.times import TimeReader
from fireflower.history.readers.told import FirstTimes, Once, id_text, object_text, subject_id, trait_values
from fireflower.model.records import APART, Kind


class _Context(msgspec.Struct):
    groupId: Any = None
    traits: Any = None


class _Message(msgspec.Struct):
    type: str | None = None
    event: Any = None
    name: Any = None
    category: Any = None
    userId: Any = None
    anonymousId: Any = None
    previousId: Any = None
    groupId: Any = None
    messageId: Any = None
    timestamp: Any = None
    originalTimestamp: Any = None
    sentAt: Any = None
    receivedAt: Any = None
    properties: msgspec.Raw = msgspec.Raw()
    traits: Any = None
    context: _Context | None = None


class SegmentShape:
    """Reads messages as clients send them and as warehouses and files keep them."""

    def __init__(self, mapping: Mapping, once: Once | None = None) -> None:
        self._times = TimeReader(mapping)
        self._decode = msgspec.json.Decoder(_Message).decode
        self._first = FirstTimes(once)
        self._joins = mapping.joins
        self._addresses = Addresses(mapping)

    def read(self, raw: bytes) -> list[Told]:
        message = self._decode(raw)
        context = message.context or _Context()
        received = self._times.moment(message.receivedAt) if message.receivedAt is not None else None
        user, anonymous = subject_id(message.userId, "userId"), subject_id(message.anonymousId, "anonymousId")
        base = Told(
            time=self._time(message, received),
            kind=Kind.EVENT,
            person=user or anonymous,
            account=subject_id(message.groupId, "groupId") or subject_id(context.groupId, "context.groupId"),
            message_id=id_text(message.messageId, "messageId"),
            received=received,
        )
        told = self._addresses.follow(self._told(base, message, context), self._first)
        if user and anonymous and user != anonymous:
            self._first.saw(Kind.IDENTITY, user, anonymous, base.time, received)
        return told

    def finish(self) -> list[Told]:
        return self._first.told()

    def _time(self, message: _Message, received: int | None) -> int:
        """The moment by a right clock: `timestamp` where it has been corrected already, else the sender's time, moved
        by as much as its clock was off when it was sent."""
        if message.timestamp is not None and message.originalTimestamp is not None:
            return self._times.moment(message.timestamp)
        stamp = message.timestamp if message.originalTimestamp is None else message.originalTimestamp
        if stamp is None and received is not None:
            return received
        sent = self._times.moment(message.sentAt) if message.sentAt is not None and received is not None else None
        time = self._times.moment(stamp)
        return time if sent is None or received is None else self._times.corrected(time, received - sent)

    def _told(self, base: Told, message: _Message, context: _Context) -> list[Told]:
        type = message.type or ("track" if message.event is not None else "")
        if type == "track" or type in VIEWS:
            return [self._event(base, type, message)]
        if type == "identify":
            return self._identify(base, message, context)
        if type == "group":
            return self._group(base, message)
        if type == "alias":
            return [self._alias(base, message)]
        if type == "unalias":
            return [self._alias(base, message)._replace(name=APART)]
        wanted = "track, page, screen, identify, group, alias or unalias"
        raise ValueError(f"expected type to be {wanted}, got {message.type!r}")

    def _event(self, base: Told, type: str, message: _Message) -> Told:
        if not (base.person or base.account):
            raise ValueError("names no person and no account: no userId, no anonymousId, no context.groupId")
        name = VIEWS.get(type) or id_text(message.event, "event")
        if not name:
            raise ValueError("names no event")
        if self._joins and base.person and base.account:
            self._first.saw(Kind.JOIN, base.person, base.account, base.time, base.received)
        properties = object_text(message.properties)
        return base._replace(name=name, properties=with_view(properties, message) if type in VIEWS else properties)

    def _identify(self, base: Told, message: _Message, context: _Context) -> list[Told]:
        if not base.person:
            raise ValueError("identify names no userId and no anonymousId")
        base = base._replace(kind=Kind.PERSON_TRAIT, account=None)
        traits = {**dict(trait_values(context.traits)), **dict(trait_values(message.traits))}
        return [base._replace(name=name, value=value) for name, value in traits.items()]

    def _group(self, base: Told, message: _Message) -> list[Told]:
        if not base.account:
            raise ValueError("group names no groupId")
        joined = [base._replace(kind=Kind.JOIN)] if base.person else []
        base = base._replace(kind=Kind.ACCOUNT_TRAIT, person=None)
        return joined + [base._replace(name=name, value=value) for name, value in trait_values(message.traits)]

    def _alias(self, base: Told, message: _Message) -> Told:
        user, previous = subject_id(message.userId, "userId"), subject_id(message.previousId, "previousId")
        if not (user and previous):
            raise ValueError(f"{message.type} needs a userId and a previousId")
        return base._replace(kind=Kind.IDENTITY, account=None, other=previous)
