"""What may be asked: the parameters of the endpoints."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from fireflower.history.log.postings import State
from fireflower.model.messages import LONGEST_ID
from fireflower.model.moments import parse_moment
from fireflower.web.api.refusals import Refused

Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_ID)]
Cursor = Annotated[str, Meta(min_length=1, max_length=4_500, description="`next` of the page before, as it is.")]
Place = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Limit = Annotated[int, Meta(ge=1, le=500)]
When = Annotated[
    str, Meta(min_length=1, max_length=60, description="A moment in ISO 8601, such as 2026-03-01T10:00:00Z.")
]
Kind = Literal["person", "account"]
Ended = Literal["sent", "unsure", "parked", "dead"]


class _Asked(Struct, forbid_unknown_fields=True, kw_only=True):
    pass


class Nothing(_Asked):
    """No parameters."""


class Now(_Asked):
    person: Annotated[Name, Meta(description="Any id that they have had.")] | None = None
    account: Annotated[Name, Meta(description="By default, those of which they are a member.")] | None = None


class Qualified(_Asked):
    definition: Name
    limit: Limit = 100
    cursor: Cursor | None = None


class Subject(_Asked):
    kind: Kind
    id: Name


class Transitions(_Asked):
    after: Annotated[
        int, Meta(ge=0, le=2**63 - 1, description="`next` of the answer before; 0: from the beginning.")
    ] = 0
    limit: Limit = 100


class Stream(_Asked):
    after: (
        Annotated[
            int,
            Meta(
                ge=0,
                le=2**63 - 1,
                description="Where to begin; by default, with what comes now. The header Last-Event-ID wins.",
            ),
        ]
        | None
    ) = None


class Definition(_Asked):
    name: Name


class Preview(_Asked):
    limit: Annotated[int, Meta(ge=0, le=100_000, description="How many of those who enter and leave are named.")] = 20


class Apply(_Asked):
    tell_past: Annotated[
        bool, Meta(description="Whether destinations are told of those who enter or leave by the change itself.")
    ] = False
    limit: Annotated[int, Meta(ge=0, le=100_000, description="How many of those who enter and leave are named.")] = 20


class Identities(_Asked):
    """Two ids of people."""

    id: Name
    other: Name


class Deliveries(_Asked):
    state: State | None = None
    destination: Name | None = None
    subject: Name | None = None
    since: When | None = None
    until: When | None = None
    limit: Limit = 100
    cursor: Cursor | None = None


class ReplayDeliveries(_Asked):
    """Which deliveries, planned in [since, until): at least one of these is said beside the states."""

    states: Annotated[list[Ended], Meta(min_length=1, max_length=4)] = msgspec.field(
        default_factory=lambda: ["dead", "parked"]
    )
    destination: Name | None = None
    subject: Name | None = None
    since: When | None = None
    until: When | None = None


class Rejects(_Asked):
    source: Annotated[str, Meta(min_length=1, max_length=500, description="The name of a write key.")] | None = None
    limit: Limit = 100
    cursor: Cursor | None = None


class ReplayRejects(_Asked):
    """Which rejects, received in [since, until): at least one of these is said."""

    source: Name | None = None
    since: When | None = None
    until: When | None = None


def moment_of(text: str | None, name: str) -> int | None:
    """The moment that a parameter names.

    Raises
    ------
    Refused
        If it is none.
    """
    if text is None:
        return None
    try:
        return parse_moment(text)
    except ValueError as error:
        raise Refused(422, "invalid", f"{name!r} is no moment: {error}.") from None
