"""What stands around the events of a request, and how an event without an id is known again."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import msgspec

from fireflower.web.ingest.parsing import encode
from fireflower.web.ingest.refusals import malformed

_DIGEST = 16
_OF_THE_REQUEST = ("sentAt", "sent_at", "offset")
"""What differs when the same event is sent again."""


@dataclass(slots=True)
class Envelope:
    """A request's events and what they share.

    Attributes
    ----------
    events : as they stand in the body, or their texts; what is no object is kept aside later
    key : the write key in the body
    sent : when the client sent them, by its clock
    context : that all of them share
    type : that the path gives them
    single : whether the body is one event, rather than a list of them
    is_flat : whether it is certain that no event has a list or a line break in its text
    """

    events: list[Any]
    key: str = ""
    sent: Any = None
    context: dict[str, Any] | None = None
    type: str = ""
    single: bool = False
    is_flat: bool = False


def opened(body: Any, *, key_names: tuple[str, ...], sent_name: str, type: str = "") -> Envelope:
    """The envelope that a body is: an object around a list of events, a list of events, or one event.

    Raises
    ------
    Refusal
        If it is none of them.
    """
    if isinstance(body, list):
        return Envelope(body, key=_first_key(body[0], key_names) if body else "", type=type)
    if not isinstance(body, dict):
        raise malformed(
            f"Expected a JSON object with an event, or with a list of events under 'batch', got {body!r:.60}."
        )
    key = _first_key(body, key_names)
    if "batch" not in body:
        return Envelope([body], key=key, type=type, single=True)
    events = body["batch"]
    if not isinstance(events, list):
        raise malformed(f"Expected 'batch' to be a list of events, got {events!r:.60}.")
    if not key and events:
        key = _first_key(events[0], key_names)
    context = body.get("context")
    return Envelope(events, key, body.get(sent_name), context if context and isinstance(context, dict) else None, type)


class _Texts(msgspec.Struct):
    batch: list[msgspec.Raw]
    sentAt: Any = None
    writeKey: Any = None
    context: Any = None


_texts = msgspec.json.Decoder(_Texts).decode


def opened_texts(body: bytes) -> Envelope | None:
    """The envelope of a batch of Segment, with the texts of its events; None if it is no proper batch."""
    try:
        body.decode()  # texts are not looked into
        batch = _texts(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    if batch.context or type(batch.writeKey or "") is not str:
        return None
    is_flat = body.find(b"[", body.find(b"[") + 1) < 0 and b"\n" not in body  # the one list is that of the events
    return Envelope(batch.batch, batch.writeKey or "", batch.sentAt, is_flat=is_flat)


def _first_key(event: Any, names: tuple[str, ...]) -> str:
    if not isinstance(event, dict):
        return ""
    for name in names:
        if isinstance(key := event.get(name), str) and key:
            return key
    inner = event.get("properties")
    token = inner.get("token") if isinstance(inner, dict) and "token" in names else None
    return token if isinstance(token, str) else ""


def content_key(event: dict[str, Any], is_timed: bool, received: int, position: int) -> str:
    """By what an event without an id of its own is known again.

    Equal events that say when they happened are one event, sent twice. Those that do not say it happened when they
    were received: two of them are two.
    """
    said = {name: value for name, value in event.items() if name not in _OF_THE_REQUEST}
    digest = blake2b(encode(said), digest_size=_DIGEST)
    if not is_timed:
        digest.update(b"%d %d" % (received, position))
    return f"content:{digest.hexdigest()}"
