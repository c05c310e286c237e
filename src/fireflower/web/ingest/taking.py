"""The events of one request, as messages and rejects."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from msgspec import Raw

from fireflower.model.messages import Message, Reject, SaidEvent, key_for
from fireflower.web.ingest.envelopes import Envelope
from fireflower.web.ingest.parsing import pieces, too_deep

_SLICE = 500
"""After how many events others get their turn."""

_LONGEST = 64 << 10


class Delivery(Protocol):
    """Makes messages of one request's events."""

    def take(self, event: Any, position: int) -> tuple[str, bytes]:
        """(key, body) of a message. Raises ValueError with the reason if its reader could not read it."""
        ...

    def take_text(self, text: Raw, position: int) -> tuple[str, bytes, SaidEvent | None]:
        """The same, from an event's text; and what it says, where that is known already."""
        ...


class Form(Protocol):
    """What clients of one kind send."""

    name: Any

    def opened(self, envelope: Envelope, received: int) -> Delivery:
        """What takes the events of one request."""
        ...


async def taken(
    form: Form, envelope: Envelope, text: bytes, received: int, source: str
) -> tuple[list[Message], list[tuple[int, str]], list[Reject]]:
    """(messages, (position, reason) of each rejected event, rejects)."""
    delivery, name = form.opened(envelope, received), form.name
    take, take_text = delivery.take, delivery.take_text
    messages: list[Message] = []
    reasons: list[tuple[int, str]] = []
    for position, event in enumerate(envelope.events):
        if position % _SLICE == _SLICE - 1:
            await asyncio.sleep(0)
        try:
            key, body, said = take_text(event, position) if type(event) is Raw else (*take(event, position), None)
        except ValueError as error:
            reasons.append((position, _reason(error)))
        except RecursionError:
            reasons.append((position, too_deep()))
        else:
            messages.append(Message(name, key_for(key), body, received, source, said))
    return messages, reasons, _rejects(reasons, envelope, text, received, source) if reasons else []


def reject_whole(reason: str, text: bytes, received: int, source: str) -> Reject:
    """A body that cannot be taken apart."""
    return Reject(reason, text[:_LONGEST], received, source)


def _rejects(
    reasons: list[tuple[int, str]], envelope: Envelope, text: bytes, received: int, source: str
) -> list[Reject]:
    cut = [text] if envelope.single else pieces(text, len(envelope.events))
    if cut is None:
        return [reject_whole(reasons[0][1], text, received, source)]
    return [Reject(reason, cut[position], received, source) for position, reason in reasons]


def _reason(error: ValueError) -> str:
    return str(error).encode("utf-8", "replace").decode()
