"""Deliveries as they are kept, and which of them are meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["waiting", "sending", "sent", "unsure", "parked", "dead", "withheld"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try to deliver something.

    Attributes
    ----------
    outcome : what kind of outcome it had
    detail : in words
    """

    at: int
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class Posting:
    """One thing for one destination, as it is kept.

    Attributes
    ----------
    key : by which receivers recognise a repetition
    transition : the record's number of the transition
    planned, due : when it was planned, and when it is to be tried next; of one that is being sent, when whoever sends
        it is given up
    reason : why it is in its state
    notice : what there was to tell, as JSON
    tries : what came of each, where that was asked for
    """

    key: str
    transition: int
    destination: str
    kind: str
    subject: str
    planned: int
    state: State
    due: int
    attempts: int
    reason: str
    payload: bytes
    notice: str
    tries: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Which:
    """Which deliveries are meant; None: whichever.

    Attributes
    ----------
    states : in one of these
    since, until : planned in [since, until)
    """

    states: Sequence[str] | None = None
    destination: str | None = None
    subject: str | None = None
    since: int | None = None
    until: int | None = None

    def where(self) -> tuple[str, list[Any]]:
        """As SQL, with values."""
        asked = {
            "destination = ?": self.destination, "subject = ?": self.subject,
            "planned >= ?": self.since, "planned < ?": self.until,
        }  # fmt: skip
        given = {text: value for text, value in asked.items() if value is not None}
        texts, values = list(given), [*given.values()]
        if self.states is not None:
            texts.append(f"state IN ({', '.join('?' * len(self.states))})")
            values += self.states
        return " AND ".join(texts) or "1 = 1", values
