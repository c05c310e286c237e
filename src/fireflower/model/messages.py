"""What clients send, as it will be remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

from msgspec import Struct

from fireflower.model.events import Events
from fireflower.model.moments import DAY, format_moment, format_roughly, format_span
from fireflower.model.records import Record

Form = Literal["segment", "posthog"]

AHEAD = DAY
"""Span by which what a message says may lie after its receipt, once its sender's clock has been corrected."""

LONGEST_ID = 500
"""Characters of an id of a person or an account: no more than the API can be asked for, and indexes hold."""

_LONGEST_KEY = 200


def key_for(id: str) -> str:
    """By what a message of this id is known: by the id, if it is not too long to be kept in an index."""
    return id if len(id) <= _LONGEST_KEY else f"long:{blake2b(id.encode(), digest_size=16).hexdigest()}"


class Message(Struct, frozen=True, gc=False):
    """One thing that a client has sent, as it will be remembered.

    Attributes
    ----------
    form : the reader that understands `body`
    key : by which resends are known: the client's own id of the message, or where it has none, a digest of the content
    body : one JSON object in that form, with the time of receipt in it
    received : when it was received, a moment
    source : the name of the write key by which it came (never the key itself)
    """

    form: Form
    key: str
    body: bytes
    received: int
    source: str


@dataclass(slots=True)
class Said:
    """What messages that come together say, as far as it is known already; their bodies say the same. Most are one
    event each.

    Attributes
    ----------
    events : the events
    of : the place of the message of each, among the messages
    records : what other messages say, by their places
    both : of these messages the two ids, by their places, of which they say that both are one person's
    """

    events: Events = field(default_factory=lambda: Events.of(()))
    of: list[int] = field(default_factory=list)
    records: dict[int, list[Record]] = field(default_factory=dict)
    both: dict[int, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def together(cls, some: Sequence[Said]) -> Said:
        """What all of these say of the same messages."""
        if len(some) == 1:
            return some[0]
        return cls(
            Events.together([each.events for each in some]),
            [place for each in some for place in each.of],
            {place: records for each in some for place, records in each.records.items()},
            {place: ids for each in some for place, ids in each.both.items()},
        )

    def at(self, places: Sequence[int]) -> Said:
        """The same of messages that have these places now."""
        return Said(
            self.events,
            [places[place] for place in self.of],
            {places[place]: records for place, records in self.records.items()},
            {places[place]: ids for place, ids in self.both.items()},
        )


@dataclass(frozen=True, slots=True)
class Reject:
    """Something that came and could not be taken.

    Attributes
    ----------
    reason : what, where, what was expected, and what to do
    body : what came: an event with what its request said of it, or as it came where it is none; without write keys
    received : when, a moment
    source : the name of the write key by which it came
    """

    reason: str
    body: bytes
    received: int
    source: str


def too_long(characters: object) -> str:
    """Why what has an id of so many characters is kept aside."""
    return f"an id has {characters} characters, and ids of people and accounts have at most {LONGEST_ID}: shorten it"


def too_far_ahead(time: int, received: int, ahead: int = AHEAD) -> str:
    """Why a message of the future is kept aside."""
    return (
        f"the time {format_moment(time)} is {format_roughly(time - received)} after its receipt, and at most "
        f"{format_span(ahead)} is believed: send sentAt (PostHog: sent_at) by the same clock, so that it is corrected"
    )
