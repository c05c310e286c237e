"""What could not be taken when it came, read again: after a reader or a mapping has been mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import msgspec

from fireflower.history.log.messages import FORMS
from fireflower.history.log.reading import Mappings, MessageReader
from fireflower.history.log.rejects import Rejected
from fireflower.model.messages import AHEAD, Form, Message, key_for, too_far_ahead
from fireflower.model.moments import iso

_ID: dict[Form, str] = {"segment": "messageId", "posthog": "uuid"}
_TIMES: dict[Form, tuple[str, ...]] = {"segment": ("receivedAt",), "posthog": ("created_at", "timestamp")}
"""What was received is marked with when; what does not say when it happened, happened then."""

_KEYS = ("writeKey", "api_key", "token")
"""Where clients put their write keys, which are not kept."""


@dataclass(slots=True)
class Reread:
    """What has become of rejects.

    Attributes
    ----------
    taken : ids of those that can be read now
    messages : as which
    still : the others, each with the reason
    """

    taken: list[int] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    still: list[tuple[int, str]] = field(default_factory=list)


def read_again(rejects: Sequence[Rejected], mappings: Mappings) -> Reread:
    """Read rejects with the readers of today, as the form in which they can be read. What was refused as too far ahead
    of its receipt still is: it was received when it came first."""
    reader, found = MessageReader(mappings), Reread()
    for reject in rejects:
        try:
            found.messages.append(_message(reject, reader))
            found.taken.append(reject.id)
        except ValueError as error:
            found.still.append((reject.id, str(error)))
    return found


def _message(reject: Rejected, reader: MessageReader) -> Message:
    try:
        event = msgspec.json.decode(reject.body)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise ValueError(f"it is no JSON: {error}") from None
    if not isinstance(event, dict):
        raise ValueError(f"expected one event, a JSON object, got {type(event).__name__}")
    reasons: list[str] = []
    for form in FORMS if "type" in event or "distinct_id" not in event else FORMS[::-1]:
        times = dict.fromkeys(_TIMES[form], iso(reject.received))
        body = msgspec.json.encode(times | {name: value for name, value in event.items() if name not in _KEYS})
        message = Message(form, _key(event, form, reject), body, reject.received, reject.source)
        try:
            told = reader.told(message)
            if told and (latest := max(each.time for each in told)) >= reject.received + AHEAD:
                reasons.append(too_far_ahead(latest, reject.received))
            elif told:
                return message
            else:
                reasons.append("it says nothing")
        except (ValueError, TypeError, RecursionError) as error:
            reasons.append(str(error))
    raise ValueError(reasons[0])


def _key(event: dict[str, Any], form: Form, reject: Rejected) -> str:
    """Its own id, or what it says: so that it is one message however often it is read again."""
    own = event.get(_ID[form])
    if isinstance(own, str) and own:
        return key_for(own)
    return f"reject:{reject.id}:{blake2b(reject.body, digest_size=16).hexdigest()}"
