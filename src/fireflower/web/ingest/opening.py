"""From the body of a request to its envelope, form by form."""

from __future__ import annotations

from typing import Any

from fireflower.web.ingest.bodies import decompressed
from fireflower.web.ingest.envelopes import Envelope, opened, opened_texts
from fireflower.web.ingest.parsing import Broken, parsed
from fireflower.web.ingest.paths import Route
from fireflower.web.ingest.posthog import KEY_NAMES, said_in_query, unwrapped
from fireflower.web.ingest.refusals import Refusal, malformed


def envelope_of(route: Route, body: bytes, query: bytes, limit: int, *, is_known: bool) -> tuple[Envelope, bytes]:
    """The envelope, and the JSON text that it was.

    Parameters
    ----------
    limit : bytes that the text may have
    is_known : whether the sender has named its write key already, so that none has to be looked for in the events

    Raises
    ------
    Refusal
        If the body is no envelope.
    """
    if not body.strip():
        raise malformed("The body is empty. Expected a JSON object with an event, or a list of events under 'batch'.")
    if route.form == "segment":
        return _segment(body, route.type, is_known), body
    text = _unwrapped(body, query, limit)
    envelope = opened(_whole(parsed(text)), key_names=KEY_NAMES, sent_name="sent_at")
    envelope.sent = envelope.sent or said_in_query(query).sent
    return envelope, text


def text_of(route: Route, body: bytes, query: bytes, limit: int) -> bytes:
    """The text of a body that is no envelope, without its wrapping where that can be taken off, for people to read."""
    if route.form == "segment":
        return body
    try:
        return _unwrapped(body, query, limit)
    except Refusal:
        return body


def _unwrapped(body: bytes, query: bytes, limit: int) -> bytes:
    return decompressed(unwrapped(body, said_in_query(query).compression), {}, limit)


def is_wrapped(body: bytes) -> bool:
    """Whether a body is no JSON as it stands: what is in it may be a thousand times as large."""
    return body.lstrip()[:1] not in (b"{", b"[", b"")


def _segment(body: bytes, type: str, is_known: bool) -> Envelope:
    texts = None if type else opened_texts(body)
    if texts is not None and (is_known or texts.key):
        return texts
    return opened(_whole(parsed(body)), key_names=("writeKey",), sent_name="sentAt", type=type)


def _whole(body: Any) -> Any:
    if isinstance(body, Broken):
        raise malformed(f"The event {body.reason}.")
    return body
