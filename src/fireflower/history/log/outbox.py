"""The outbox: what is to be sent, planned in the transaction of the transition that it follows from; and a ledger of
every try."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from fireflower.history.log.database import Database
from fireflower.model.records import SubjectKind

State = Literal["waiting", "sending", "sent", "unsure", "parked", "dead", "withheld"]
STATES: tuple[State, ...] = ("waiting", "sending", "sent", "unsure", "parked", "dead", "withheld")

_COLUMNS = "key, transition, destination, kind, subject, planned, state, due, attempts, reason, payload, notice"


@dataclass(frozen=True, slots=True)
class Posting:
    """A delivery, as it is kept.

    Attributes
    ----------
    key : by which receivers recognise a repetition
    transition : the record's number of the transition
    planned, due : when it was planned, and when it is to be tried next; of one that is being sent, when whoever sends
        it is given up
    reason : why it is in its state
    notice : what there was to tell, as JSON
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


class Outbox:
    """The outbox, on one connection. What changes it is done inside of the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, postings: Iterable[Posting]) -> None:
        """Plan deliveries. One that was planned before, by its key, stays as it is."""
        for each in postings:
            self._database.rows(
                f"INSERT INTO deliveries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (key) DO NOTHING",
                (each.key, each.transition, each.destination, each.kind, each.subject, each.planned, each.state,
                 each.due, each.attempts, each.reason, each.payload, each.notice),
            )  # fmt: skip

    # --- What planning asks (destinations.Ledger) ---------------------------------------------------------------------

    def dues(self, destination: str, subject: tuple[SubjectKind, str] | None, after: int, before: int) -> list[int]:
        """When the destination's deliveries were or are due, strictly between two moments: of one subject, or of all.
        Without those that are dead or retract something, and without what was withheld."""
        whose, values = ("", ()) if subject is None else ("AND kind = ? AND subject = ?", subject)
        rows = self._database.rows(
            f"SELECT due FROM deliveries WHERE destination = ? AND due > ? AND due < ? {whose} "
            "AND state NOT IN ('dead', 'withheld') AND reason <> ?",
            (destination, after, before, *values, RETRACTION),
        )
        return [due for (due,) in rows]

    def has(self, key: str) -> bool:
        """Whether a delivery of this key was planned, and not withheld."""
        return bool(self._database.rows("SELECT 1 FROM deliveries WHERE key = ? AND state <> 'withheld'", (key,)))

    # --- What sending does --------------------------------------------------------------------------------------------

    def claim(self, now: int, until: int, limit: int, but: Sequence[str] = ()) -> list[Posting]:
        """Deliveries that are due, the longest due first. They are being sent from now on; unless their outcome is told
        `until` then, whoever took them is given up.

        Parameters
        ----------
        but : destinations that are to be left out
        """
        others = f"AND destination NOT IN ({', '.join('?' * len(but))})" if but else ""
        found = self._select(
            f"state = 'waiting' AND due <= ? {others} ORDER BY due, key LIMIT ? {self._database.skip_locked}",
            (now, *but, limit),
        )
        claimed: list[Posting] = []
        for each in found:
            taken = self._database.rows(
                "UPDATE deliveries SET state = 'sending', due = ? WHERE key = ? AND state = 'waiting' RETURNING key",
                (until, each.key),
            )
            claimed += [replace(each, state="sending", due=until)] if taken else []
        return claimed

    def given_up(self, now: int) -> list[Posting]:
        """Deliveries whose outcome has not been told in time: whoever sent them has ended meanwhile."""
        return self._select(f"state = 'sending' AND due <= ? ORDER BY key {self._database.skip_locked}", (now,))

    def holds(self, posting: Posting) -> bool:
        """Whether a delivery is still being sent by whoever claimed it, and has not been given up meanwhile: then it
        stays so until the caller's transaction ends."""
        return bool(
            self._database.rows(
                "UPDATE deliveries SET state = 'sending' WHERE key = ? AND state = 'sending' AND due = ? RETURNING key",
                (posting.key, posting.due),
            )
        )

    def tell(self, key: str, state: State, due: int, now: int, outcome: str, detail: str) -> None:
        """Write down what came of a try.

        Parameters
        ----------
        due : when it is tried again, where it is
        outcome : what kind of outcome it was
        detail : in words
        """
        self._database.rows(
            "UPDATE deliveries SET state = ?, due = ?, attempts = attempts + 1, reason = ? WHERE key = ?",
            (state, due, detail, key),
        )
        self.note(key, now, outcome, detail)

    def note(self, key: str, now: int, outcome: str, detail: str) -> None:
        """Write a try down whose outcome changes nothing any more."""
        self._database.rows(
            "INSERT INTO attempts (delivery, at, outcome, detail) VALUES (?, ?, ?, ?)", (key, now, outcome, detail)
        )

    def park(self, destination: str, reason: str) -> None:
        """Everything that waits for this destination waits for a person to mend it."""
        self._database.rows(
            "UPDATE deliveries SET state = 'parked', reason = ? WHERE destination = ? AND state = 'waiting'",
            (reason, destination),
        )

    def replay(
        self,
        now: int,
        *,
        states: Sequence[State] = ("dead", "parked"),
        destination: str | None = None,
        subject: str | None = None,
        since: int = 0,
        until: int = 2**62,
        keys: Sequence[str] = (),
    ) -> int:
        """Have deliveries tried again. Gives how many.

        Parameters
        ----------
        states : of which only those
        destination, subject, since, until, keys : which; those that were planned in [since, until)
        """
        where, values = _chosen(states, destination, subject, since, until, keys)
        rows = self._database.rows(
            f"UPDATE deliveries SET state = 'waiting', due = ?, attempts = 0, reason = 'to be tried again' "
            f"WHERE {where} RETURNING key",
            (now, *values),
        )
        return len(rows)

    # --- What is asked ------------------------------------------------------------------------------------------------

    def find(
        self,
        *,
        states: Sequence[State] = STATES,
        destination: str | None = None,
        subject: str | None = None,
        since: int = 0,
        until: int = 2**62,
        before: tuple[int, str] | None = None,
        limit: int = 100,
    ) -> list[Posting]:
        """Deliveries, the most recently planned first.

        Parameters
        ----------
        before : only those behind this place: (planned, key)
        """
        where, values = _chosen(states, destination, subject, since, until, ())
        behind, place = ("", ()) if before is None else ("AND (planned, key) < (?, ?)", before)
        return self._select(f"{where} {behind} ORDER BY planned DESC, key DESC LIMIT ?", (*values, *place, limit))

    def attempts(self, key: str) -> list[tuple[int, str, str]]:
        """Every try of a delivery: when, its outcome, and in words."""
        rows = self._database.rows(
            "SELECT at, outcome, detail FROM attempts WHERE delivery = ? ORDER BY id", (key,)
        )  # fmt: skip
        return [(at, outcome, detail) for at, outcome, detail in rows]

    def next_due(self) -> int | None:
        """When something is to be sent next; None if nothing is."""
        found = self._database.rows("SELECT MIN(due) FROM deliveries WHERE state IN ('waiting', 'sending')")
        return found[0][0]

    def counts(self) -> dict[str, int]:
        """How many there are, by state."""
        return dict(self._database.rows("SELECT state, COUNT(*) FROM deliveries GROUP BY state"))

    def _select(self, where: str, values: Sequence[Any]) -> list[Posting]:
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM deliveries WHERE {where}", values)
        return [Posting(*(*row[:10], bytes(row[10]), row[11])) for row in rows]


RETRACTION = "takes an earlier one back"
"""The reason of a delivery that waits and retracts something."""


def _chosen(
    states: Sequence[State],
    destination: str | None,
    subject: str | None,
    since: int,
    until: int,
    keys: Sequence[str],
) -> tuple[str, list[Any]]:
    where, values = [f"state IN ({', '.join('?' * len(states))})", "planned >= ?", "planned < ?"], [*states]
    parts: list[Any] = [*values, since, until]
    for column, value in (("destination", destination), ("subject", subject)):
        if value is not None:
            where.append(f"{column} = ?")
            parts.append(value)
    if keys:
        where.append(f"key IN ({', '.join('?' * len(keys))})")
        parts += keys
    return " AND ".join(where), parts
