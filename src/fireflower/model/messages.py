"""What clients send: a message as it will be remembered, and one that is kept aside with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that a client has sent, as it will be remembered.

    Attributes
    ----------
    form : the reader that understands `body`
    key : by which resends are known: the client's messageId or uuid; where it has none, "content:" and a digest
    body : one JSON object in that form, as the reader of the form reads it without more knowledge
    received : moment of receipt
    source : the name of the write key by which it came, never the key itself
    """

    form: Literal["segment", "posthog"]
    key: str
    body: bytes
    received: int
    source: str


@dataclass(frozen=True, slots=True)
class Reject:
    """What a client has sent and no reader can read, kept for a person to see, mend and send again.

    Attributes
    ----------
    reason : what, where, what was expected, what to do
    body : what came, as it came: the single event of a batch, or the beginning of the request's body
    received : moment of receipt
    source : the name of the write key by which it came, never the key itself
    """

    reason: str
    body: bytes
    received: int
    source: str
