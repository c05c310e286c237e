"""What is, was or will be delivered, as people look at it, and what of it is to be sent once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fireflower.history.log.database import Database

_COLUMNS = "key, transition, destination, kind, subject, planned, state, due, attempts, reason"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try to deliver something."""

    at: int
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing for one destination.

    Attributes
    ----------
    planned : when it was decided upon
    due : the moment from which on it may be sent
    reason : why it is in its state
    """

    key: str
    transition: int
    destination: str
    kind: str
    subject: str
    planned: int
    state: str
    due: int
    attempts: int
    reason: str
    tries: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class Which:
    """Which deliveries are meant; None: whichever.

    Attributes
    ----------
    since, until : planned in [since, until)
    """

    state: str | None = None
    destination: str | None = None
    kind: str | None = None
    subject: str | None = None
    since: int | None = None
    until: int | None = None

    def where(self) -> tuple[str, list[Any]]:
        """As SQL, with values."""
        asked = {
            "state = ?": self.state, "destination = ?": self.destination, "kind = ?": self.kind,
            "subject = ?": self.subject, "planned >= ?": self.since, "planned < ?": self.until,
        }  # fmt: skip
        given = {text: value for text, value in asked.items() if value is not None}
        return " AND ".join(given) or "1 = 1", list(given.values())


@dataclass(slots=True)
class Deliveries:
    """The table of deliveries, on one connection."""

    database: Database = field(repr=False)

    def page(self, which: Which, after: tuple[int, str] | None, limit: int) -> list[Delivery]:
        """Those that were planned last first, from behind a place (planned, key) on, with what came of each try."""
        where, values = which.where()
        if after is not None:
            where, values = f"{where} AND (planned, key) < (?, ?)", [*values, *after]
        rows = self.database.rows(
            f"SELECT {_COLUMNS} FROM deliveries WHERE {where} ORDER BY planned DESC, key DESC LIMIT ?",
            (*values, limit),
        )
        tries = self._tries([row[0] for row in rows])
        return [Delivery(*(*row, tuple(tries.get(row[0], ())))) for row in rows]

    def counts(self) -> dict[str, int]:
        """How many there are, by state."""
        return dict(self.database.rows("SELECT state, COUNT(*) FROM deliveries GROUP BY state"))

    def replay(self, which: Which, now: int) -> int:
        """Let these wait to be sent once more, but for those that wait or are being sent already, and those that have
        nothing to send, as they were withheld. Gives how many."""
        where, values = which.where()
        rows = self.database.rows(
            "UPDATE deliveries SET state = 'waiting', due = ?, attempts = 0, reason = '' "
            f"WHERE state NOT IN ('waiting', 'sending') AND LENGTH(payload) > 0 AND {where} RETURNING key",
            (now, *values),
        )
        return len(rows)

    def _tries(self, keys: Sequence[str]) -> dict[str, list[Attempt]]:
        found: dict[str, list[Attempt]] = {}
        if keys:
            places = ", ".join("?" * len(keys))
            for key, *attempt in self.database.rows(
                f"SELECT delivery, at, outcome, detail FROM attempts WHERE delivery IN ({places}) ORDER BY id", keys
            ):
                found.setdefault(key, []).append(Attempt(*attempt))
        return found
