"""What happened: one record at a time, as text and numbers. The columnar form of many records is a Timeline."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Literal

from msgspec import Struct, field

from fireflower.model.values import flatten, normal

SubjectKind = Literal["person", "account"]


class Kind(IntEnum):
    """What a record changes. The numbers are the order in which records of one instant apply (docs/semantics.md)."""

    IDENTITY = 0  # two ids are one person
    LEAVE = 1  # a person stops being a member of an account
    JOIN = 2  # a person is a member of an account from now on, in a role; also a change of role
    ACCOUNT_TRAIT = 3
    PERSON_TRAIT = 4
    EVENT = 5


IDENTITY, LEAVE, JOIN, ACCOUNT_TRAIT, PERSON_TRAIT, EVENT = Kind
"""The kinds, for what is done to every event: up to Python 3.11, to look one up in its class costs ten comparisons."""

TRAITS = (ACCOUNT_TRAIT, PERSON_TRAIT)
"""The kinds that say what somebody is like."""

APART = "apart"
"""The name of an identity record that says of two ids that they are not one person."""


class Record(Struct, frozen=True, gc=False, array_like=True):
    """One thing that happened. There are millions of them: a Struct is made in a tenth of a dataclass's time, and what
    is in it never leads back to it, so that Python need not look for that. It is encoded without the names of its
    parts.

    Attributes
    ----------
    time : event time, a moment
    kind : what it changes
    name : the event's or trait's name; for JOIN the role ("" for none); for IDENTITY, APART takes back what joined the
        two ids before; "" otherwise
    person : the person's id, or None. For IDENTITY the id that is known from now on
    account : the account's id, or None where the record names none
    value : a trait's new value (str, float, bool, list or None for removed); for IDENTITY the other id
    properties : an event's properties
    message_id : the sender's id of this record, "" where there is none
    received : when it was received, a moment, or None where nobody recorded it
    """

    time: int
    kind: Kind
    name: str = ""
    person: str | None = None
    account: str | None = None
    value: Any = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    message_id: str = ""
    received: int | None = None

    def order(self) -> tuple[int, int, str, str, str, str, str, str]:
        """The canonical order of records: time, kind, message id, and for records without one their content."""
        return (
            self.time,
            int(self.kind),
            self.message_id,
            self.name,
            self.person or "",
            self.account or "",
            repr(normal(self.value)),
            repr(sorted(flatten(self.properties).items())) if self.properties else "[]",
        )

    def identity(self) -> tuple[str, ...]:
        """What makes two records with a message id one record. A message can say several things: all of them count."""
        told = {
            Kind.IDENTITY: str(self.value),
            Kind.ACCOUNT_TRAIT: self.name,
            Kind.PERSON_TRAIT: self.name,
        }.get(self.kind, "")
        return (self.message_id, self.kind.name, told)
