"""What is to be sent, what is withheld, and what came of a try."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from fireflower.model.records import SubjectKind


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing to send to one destination.

    Attributes
    ----------
    key : the same for each try, and for whoever plans this notice again: receivers de-duplicate by it
    due : the moment from which on it may be sent
    payload : JSON of what will be sent, made once when planned, so that each try says the same. Holds no secrets
    attempts : how many tries have been made
    """

    key: str
    destination: str
    notice_id: str
    subject_kind: SubjectKind
    subject: str
    due: int
    payload: bytes
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Withheld:
    """What a destination is not told, and why. To be recorded like a delivery."""

    key: str
    destination: str
    notice_id: str
    subject_kind: SubjectKind
    subject: str
    reason: str


def key_of(notice_id: str, destination: str) -> str:
    """The idempotency key of a notice at a destination: letters, digits and "_" only.

    >>> key_of("t1", "sales-slack")
    'msg_0860763512fd2b0b3297ec7a96677a4f'
    """
    return "msg_" + sha256(f"{destination}\0{notice_id}".encode()).hexdigest()[:32]


# --- What came of a try -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sent:
    """The destination has taken it."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """It was not taken, and may be the next time. `after`: how many seconds the destination asks to wait."""

    reason: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Unsure:
    """It may have been taken, and the destination cannot recognise a repetition: a person decides."""

    reason: str


@dataclass(frozen=True, slots=True)
class Parked:
    """Nothing can be delivered there until a person mends the destination; then this and all that wait are sent."""

    reason: str


@dataclass(frozen=True, slots=True)
class Dead:
    """It will never be taken as it is. Kept, with the reason, until a person replays or forgets it."""

    reason: str


Outcome = Sent | Retry | Unsure | Parked | Dead
