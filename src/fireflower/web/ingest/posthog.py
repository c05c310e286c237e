"""Messages of PostHog's clients, in all the wrappings in which they come."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from fireflower.history.mapping import Mapping
from fireflower.history.readers.posthog import PostHogShape
from fireflower.history.readers.times import TimeReader
from fireflower.history.readers.told import id_text, is_id
from fireflower.model.messages import LONGEST_ID, Said, too_far_ahead
from fireflower.model.moments import EARLIEST, LATEST, to_datetime
from fireflower.web.ingest.envelopes import Envelope, content_key
from fireflower.web.ingest.judging import OBJECT_OR_NONE, TEXT_OR_NONE, Judge, iso
from fireflower.web.ingest.limits import Limits
from fireflower.web.ingest.parsing import encode, is_deep, object_of, too_deep
from fireflower.web.ingest.refusals import malformed

KEY_NAMES = ("api_key", "token", "$token")

_SPECIAL = ("$identify", "$create_alias", "$merge_dangerously", "$groupidentify", "$unset")
_MILLISECOND = 1_000
_KEYS = frozenset(KEY_NAMES)
_TRAITS = frozenset(("$set", "$set_once"))


class PostHogForm:
    """Makes messages of what clients send."""

    name = "posthog"

    def __init__(self, mapping: Mapping, limits: Limits) -> None:
        self._times = TimeReader(mapping)
        self._ahead = limits.ahead
        self._judge = Judge(lambda: PostHogShape(mapping), limits.ahead)

    def opened(self, envelope: Envelope, received: int) -> PostHogDelivery:
        """What takes the events of one request."""
        return PostHogDelivery(self._times, self._judge, self._ahead, envelope, received)


class PostHogDelivery:
    """One request's events, which share when they were sent and received."""

    def __init__(self, times: TimeReader, judge: Judge, ahead: int, envelope: Envelope, received: int) -> None:
        self._times, self._judge, self._ahead = times, judge, ahead
        self._received, self._stamp = received, iso(received)
        self._shift = self._skew(envelope.sent)

    def plain(self, events: Sequence[Any]) -> tuple[list[tuple[str, bytes] | None], Said]:
        """(key, body) of the message of each event that needs no closer look: of none."""
        return [None] * len(events), Said()

    def take(self, event: Any, position: int) -> tuple[str, bytes]:
        """(key, body) of the message that an event is. The event is changed.

        Raises
        ------
        ValueError
            With the reason, if its reader could not read it.
        """
        event = object_of(event)
        properties = _without_keys(event)
        key = event.get("uuid")
        if not is_id(key):
            is_timed = event.get("timestamp") is not None
            key = id_text(key, "uuid") or content_key(event, is_timed, self._received, position)
        event["timestamp"] = self._corrected(event, properties)
        event.pop("offset", None)
        event.pop("sent_at", None)
        event["created_at"] = self._stamp
        body = encode(event)
        if is_deep(body, event):
            raise ValueError(too_deep())
        if not _is_plain(event, properties):
            self._judge.check(body, self._received)
        return str(key), body

    def marked(self, event: dict[str, Any]) -> bytes:
        """An event that cannot be taken, with what only the request knows, and without write keys."""
        properties = _without_keys(event)
        if not isinstance(event.get("timestamp"), datetime):
            with suppress(ValueError):
                event["timestamp"] = to_datetime(self._moment(event, properties))
        event["created_at"] = self._stamp
        return encode(event)

    def _skew(self, sent: Any) -> int:
        """How far the client's clock was behind when it sent; 0 where it does not say when."""
        if sent is None or sent == "":
            return 0
        try:
            return self._received - self._times.moment(sent)
        except ValueError:
            return 0

    def _corrected(self, event: dict[str, Any], properties: dict[str, Any]) -> datetime:
        """When it happened, by our clock: PostHog's clients say how long ago, or when by a clock that also says when
        they sent it. (A datetime, because msgspec writes one faster than Python makes a text of it.)"""
        time = self._moment(event, properties)
        if time >= self._received + self._ahead:
            raise ValueError(too_far_ahead(time, self._received, self._ahead))
        return to_datetime(time)

    def _moment(self, event: dict[str, Any], properties: dict[str, Any]) -> int:
        timestamp, offset, sent = event.get("timestamp"), event.get("offset"), event.get("sent_at")
        if isinstance(offset, int | float) and not isinstance(offset, bool) and abs(offset) < LATEST:
            time = self._received - round(offset * _MILLISECOND)
        elif timestamp is None or timestamp == "":
            time = self._received
        else:
            shift = 0 if _ignores_clock(properties) else self._shift if sent is None else self._skew(sent)
            time = self._times.corrected(self._times.moment(timestamp), shift)
        if not EARLIEST <= time < LATEST:
            raise ValueError(f"the offset of {offset!r:.60} ms leads to no time between 1970 and 2100")
        return time


def _ignores_clock(properties: dict[str, Any]) -> bool:
    return properties.get("$ignore_sent_at") is True


def _without_keys(event: dict[str, Any]) -> dict[str, Any]:
    """The event's properties, after write keys were taken out and all was put where the reader looks."""
    if not _KEYS.isdisjoint(event):
        for name in KEY_NAMES:
            event.pop(name, None)
    if event.get("distinct_id") is None and event.get("$distinct_id") is not None:
        event["distinct_id"] = event.pop("$distinct_id")
    properties = event.get("properties")
    if properties == []:  # PHP writes an object without members as an empty list
        del event["properties"]
    if not isinstance(properties, dict):
        return {}
    if "token" in properties:
        del properties["token"]
    if not _TRAITS.isdisjoint(event):
        _gather_traits(event, properties)
    return properties


def _gather_traits(event: dict[str, Any], properties: dict[str, Any]) -> None:
    """Traits may stand in either place, and the reader looks into one of them."""
    for name in _TRAITS:
        if isinstance(event.get(name), dict) and isinstance(properties.get(name), dict):
            event[name] = {**properties[name], **event[name]}


def _is_plain(event: dict[str, Any], properties: dict[str, Any]) -> bool:
    """Whether the reader will certainly read the event: what clients send, all but always."""
    name, said, groups = event.get("event"), properties.get, properties.get("$groups")
    return (
        is_id(name)
        and name not in _SPECIAL
        and is_id(event.get("distinct_id"))
        and len(event["distinct_id"]) <= LONGEST_ID
        and type(event.get("uuid")) in TEXT_OR_NONE
        and (properties is event.get("properties") or "properties" not in event)
        and (groups is None or (type(groups) is dict and all(map(_is_plain_id, groups.values()))))
        and said("$unset") is None
        and (said("$anon_distinct_id") is None or _is_plain_id(said("$anon_distinct_id")))
        and type(said("$set")) in OBJECT_OR_NONE
        and type(said("$set_once")) in OBJECT_OR_NONE
        and type(event.get("$set")) in OBJECT_OR_NONE
        and type(event.get("$set_once")) in OBJECT_OR_NONE
    )


def _is_plain_id(id: Any) -> bool:
    return type(id) is str and len(id) <= LONGEST_ID


def unwrapped(body: bytes, compression: str) -> bytes:
    """JSON, out of what browsers wrap it in: a form with `data=`, base 64, or both. Gzip is taken off elsewhere.

    Raises
    ------
    Refusal
        If it is wrapped in a way that is not read here.
    """
    text = body.strip()
    if text.startswith(b"data=") or (b"&data=" in text[:2000] and text[:1] not in (b"{", b"[")):
        try:
            form = parse_qs(text.decode("ascii"), max_num_fields=20)
        except (ValueError, UnicodeError):
            raise malformed("The form cannot be read. Expected data=... and perhaps compression=....") from None
        compression = compression or form.get("compression", [""])[0]
        text = form.get("data", [""])[0].encode("utf-8", "replace").strip()
    if compression == "lz64":
        raise malformed("compression=lz64 is not read. Let the client send gzip-js, base64, or plain JSON.")
    return text if text[:1] in (b"{", b"[") else _from_base64(text)


def _from_base64(text: bytes) -> bytes:
    """What base 64 holds; the text itself if it is none. A form turns '+' into a space."""
    try:
        plain = text.replace(b" ", b"+").replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return text


class InQuery(NamedTuple):
    """What a browser says in the query."""

    compression: str
    sent: str


def said_in_query(query: bytes) -> InQuery:
    """How the body is wrapped, and when it was sent."""
    if not query:
        return InQuery("", "")
    try:
        said = parse_qs(query.decode("latin-1"), max_num_fields=50)
    except ValueError:
        return InQuery("", "")
    return InQuery(said.get("compression", [""])[0], said.get("_", [""])[0])
