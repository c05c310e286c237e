"""The events of one request, as messages and rejects."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, cast

from msgspec import Raw

from fireflower.model.messages import Message, Reject, Said, key_for
from fireflower.web.ingest.envelopes import Envelope
from fireflower.web.ingest.keys import without_keys
from fireflower.web.ingest.parsing import parsed_event, pieces, too_deep

_SLICE = 500
"""After how many events others get their turn."""

_LONGEST = 64 << 10

_Taken = list[tuple[str, bytes]]


class Delivery(Protocol):
    """Makes messages of one request's events."""

    def take(self, event: Any, position: int) -> tuple[str, bytes]:
        """(key, body) of a message. Raises ValueError with the reason if its reader could not read it."""
        ...

    def plain(self, events: Sequence[Any]) -> tuple[list[tuple[str, bytes] | None], Said]:
        """The same of those events, or their texts, that need no closer look; and what these say, where that is known
        already, by their places among the events."""
        ...

    def marked(self, event: dict[str, Any]) -> bytes:
        """What is kept of an event that cannot be taken: as much as is needed to read it again, without its request."""
        ...


class Form(Protocol):
    """What clients of one kind send."""

    name: Any

    def opened(self, envelope: Envelope, received: int) -> Delivery:
        """What takes the events of one request."""
        ...


async def taken(
    form: Form, envelope: Envelope, text: bytes, key: str, received: int, source: str
) -> tuple[list[Message], Said, list[tuple[int, str]], list[Reject]]:
    """(messages, what they say, (position, reason) of each rejected event, rejects).

    Parameters
    ----------
    text : of the body that the envelope was
    key : the write key, which is not kept
    """
    delivery, name = form.opened(envelope, received), form.name
    messages: list[Message] = []
    known: list[Said] = []
    reasons: list[tuple[int, str]] = []
    for start in range(0, len(envelope.events), _SLICE):
        if start:
            await asyncio.sleep(0)
        events = envelope.events[start : start + _SLICE]
        plain, said = delivery.plain(events)
        if None not in plain:  # as in nearly all
            first = len(messages)
            messages += [Message(name, key_for(id), body, received, source) for id, body in cast("_Taken", plain)]
            known.append(said.at(range(first, len(messages))) if first else said)
            continue
        places: list[int] = []
        for position, message in enumerate(plain, start):
            places.append(len(messages))
            try:
                id, body = message or delivery.take(_parsed(envelope.events[position]), position)
            except ValueError as error:
                reasons.append((position, _reason(error)))
            except RecursionError:
                reasons.append((position, too_deep()))
            else:
                messages.append(Message(name, key_for(id), body, received, source))
        known.append(said.at(places))
    rejects = list(_rejects(reasons, delivery, envelope, text, key, received, source)) if reasons else []
    return messages, Said.together(known), reasons, rejects


def reject_whole(reason: str, text: bytes, key: str, received: int, source: str) -> Reject:
    """A body that cannot be taken apart."""
    return Reject(reason, without_keys(text, key)[:_LONGEST], received, source)


def _rejects(
    reasons: list[tuple[int, str]],
    delivery: Delivery,
    envelope: Envelope,
    text: bytes,
    key: str,
    received: int,
    source: str,
) -> Iterator[Reject]:
    """Each event that cannot be taken; of what is no object that can be marked the text, or where that cannot be cut
    out, once the body."""
    marked = [_marked(delivery, envelope.events[position]) for position, _ in reasons]
    texts: list[bytes] | None = []
    if None in marked:
        text = without_keys(text, key)
        texts = [text] if envelope.single else pieces(text, len(envelope.events))
    for body, (position, reason) in zip(marked, reasons, strict=True):
        if body is not None:
            yield Reject(reason, body, received, source)
        elif texts is not None:
            yield Reject(reason, texts[position], received, source)
        elif text:
            yield reject_whole(reason, text, key, received, source)
            text = b""


def _marked(delivery: Delivery, event: Any) -> bytes | None:
    """What is kept of an event; None if it is no object, or nested too deep to be written."""
    try:
        event = _parsed(event)
        return delivery.marked(event) if type(event) is dict else None
    except RecursionError:
        return None


def _parsed(event: Any) -> Any:
    return parsed_event(bytes(event)) if type(event) is Raw else event


def _reason(error: ValueError) -> str:
    return str(error).encode("utf-8", "replace").decode()
