"""Messages that come of people who were forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from fireflower.history.forgotten import Forgotten
from fireflower.history.readers.told import id_text
from fireflower.model.messages import Form, Message, Reject
from fireflower.model.records import Kind, Record


class _Segment(msgspec.Struct):
    userId: Any = None
    anonymousId: Any = None
    previousId: Any = None


class _Said(msgspec.Struct):
    distinct_id: Any = None
    alias: Any = None
    anon_distinct_id: Any = msgspec.field(default=None, name="$anon_distinct_id")
    user_id: Any = msgspec.field(default=None, name="$user_id")
    device_id: Any = msgspec.field(default=None, name="$device_id")


class _PostHog(msgspec.Struct):
    distinct_id: Any = None
    properties: _Said | None = None


_DECODERS: dict[Form, msgspec.json.Decoder[Any]] = {
    "segment": msgspec.json.Decoder(_Segment),
    "posthog": msgspec.json.Decoder(_PostHog),
}


def names(people: Forgotten, told: Iterable[Record]) -> bool:
    """Whether any of the people is named in what a message says."""
    return any(each.person in people or _other(each) in people for each in told)


def rid_of(people: Forgotten, message: Message, told: Sequence[Record]) -> Message | None:
    """A message of which nothing about the people is left: itself if nothing is; None if it is about one of them;
    else, where it only has an id of theirs beside another's, the message without that."""
    if any(each.person in people for each in told):
        return None
    if not any(id in people for id in _ids(message, told)):
        return message
    body = msgspec.json.decode(message.body)
    return replace(message, body=msgspec.json.encode(_without(people, body)))


def without_rejects(people: Forgotten, rejects: Iterable[Reject]) -> list[Reject]:
    """Those in which no id of theirs stands."""
    return [each for each in rejects if not people.is_named_in(each.body.decode("utf-8", "replace"))]


def _ids(message: Message, told: Sequence[Record]) -> Iterator[str | None]:
    """The ids of people in a message, also such as it has said before."""
    for each in told:
        yield _other(each)
    found = _DECODERS[message.form].decode(message.body)
    values = [getattr(found, field) for field in found.__struct_fields__]
    if isinstance(found, _PostHog) and found.properties is not None:
        values += [getattr(found.properties, field) for field in found.properties.__struct_fields__]
    for value in values:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            yield id_text(value, "id")


def _other(record: Record) -> str | None:
    """The other id of an identity."""
    return str(record.value) if record.kind == Kind.IDENTITY else None


def _without(people: Forgotten, value: Any) -> Any:
    """JSON without what is an id of theirs."""
    if isinstance(value, dict):
        return {key: _without(people, inner) for key, inner in value.items() if not _is_theirs(people, inner)}
    if isinstance(value, list):
        return [_without(people, inner) for inner in value if not _is_theirs(people, inner)]
    return value


def _is_theirs(people: Forgotten, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    try:
        return id_text(value, "id") in people
    except ValueError:
        return False
