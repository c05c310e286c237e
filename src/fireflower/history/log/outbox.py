"""The outbox: what is to be sent, planned in the transaction of the transition that it follows from; and a ledger of
every try."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fireflower.history.log.database import Database
from fireflower.history.log.postings import Attempt, Posting, State, Which
from fireflower.model.records import SubjectKind

RETRACTION = "takes an earlier one back"
"""The reason of a delivery that waits and retracts something."""

DRY_RUN = "dry run"
"""The reason of one that is withheld as nothing is sent."""

OVER = "it was over before this could be told"
"""The reason of one that is withheld as the subject had left again. It is released if that turns out to be wrong."""

UNTOLD = "what it takes back could not be told"
"""The reason of a correction that nobody needs."""

WRONG = "it was taken back before it could be told"
"""The reason of one that is withheld as there turned out to be nothing to tell."""

_FOLLOWS = (
    "EXISTS (SELECT 1 FROM deliveries o WHERE o.transition = deliveries.transition AND o.planned < deliveries.planned "
    "AND o.destination = deliveries.destination AND o.state IN ('waiting', 'sending', 'parked'))"
)
"""Whether a delivery takes back another one that is still to be sent: it waits for that."""

_TAKES_BACK = (
    "EXISTS (SELECT 1 FROM deliveries o WHERE o.key = ? AND o.transition = deliveries.transition "
    "AND o.destination = deliveries.destination AND o.planned < deliveries.planned)"
)

_RETRACTS = '%"change": "retracted"%'
"""What the notices of corrections are like."""

_COLUMNS = "key, transition, destination, kind, subject, planned, state, due, attempts, reason, payload, notice"


@dataclass(frozen=True, slots=True)
class Known:
    """What a destination knows of a transition.

    Attributes
    ----------
    key, notice : of the delivery, and of what it tells
    is_held : whether it was not told, as it was over
    """

    key: str
    notice: str
    is_held: bool


class Outbox:
    """The outbox, on one connection. What changes it is done inside of the caller's transaction.

    Parameters
    ----------
    dry_run : nothing is sent; what would have been counts as if it had
    """

    def __init__(self, database: Database, *, dry_run: bool = False) -> None:
        self._database = database
        self._or_tried = f"OR reason = '{DRY_RUN}'" if dry_run else ""

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
            f"AND (state NOT IN ('dead', 'withheld') {self._or_tried}) AND notice NOT LIKE ?",
            (destination, after, before, *values, _RETRACTS),
        )
        return [due for (due,) in rows]

    def has(self, key: str) -> bool:
        """Whether a delivery of this key was planned, and neither withheld nor given up."""
        told = f"state NOT IN ('withheld', 'dead') {self._or_tried}"
        return bool(self._database.rows(f"SELECT 1 FROM deliveries WHERE key = ? AND ({told})", (key,)))

    def known(self, transition: int) -> dict[str, Known]:
        """What destinations know of a transition, by their names: of those that were told or are to be, and of those
        that were not as it was over."""
        told = f"state NOT IN ('withheld', 'dead') {self._or_tried}"
        rows = self._database.rows(
            f"SELECT destination, key, notice, reason FROM deliveries WHERE transition = ? AND ({told} OR "
            "(state = 'withheld' AND reason = ?))",
            (transition, OVER),
        )
        found = [(name, json.loads(notice), key, reason == OVER) for name, key, notice, reason in rows]
        return {
            name: Known(key, notice["id"], is_held)
            for name, notice, key, is_held in sorted(found, key=lambda each: not each[3])
            if notice["change"] != "retracted"
        }

    def move(self, transition: int, instead: int, destination: str) -> None:
        """What a destination was told of a transition stands for another one from now on."""
        self._database.rows(
            "UPDATE deliveries SET transition = ? WHERE transition = ? AND destination = ?",
            (instead, transition, destination),
        )

    def notice(self, key: str) -> dict[str, Any]:
        """What there is to tell in a delivery."""
        found: dict[str, Any] = json.loads(
            self._database.rows("SELECT notice FROM deliveries WHERE key = ?", (key,))[0][0]
        )
        return found

    def release(self, key: str, due: int) -> None:
        """Let a delivery that was withheld wait to be sent; in a dry run it is withheld for that."""
        state, reason = ("withheld", DRY_RUN) if self._or_tried else ("waiting", "")
        self._database.rows(
            "UPDATE deliveries SET state = ?, reason = ?, due = ? WHERE key = ?", (state, reason, due, key)
        )

    def withhold(self, key: str, reason: str) -> None:
        """Let a delivery be withheld for this reason."""
        self._database.rows("UPDATE deliveries SET state = 'withheld', reason = ? WHERE key = ?", (reason, key))

    def cancel(self, key: str) -> bool:
        """Do not send what turned out to be wrong; False if it may have been sent, though it waits to be sent again."""
        return bool(
            self._database.rows(
                "UPDATE deliveries SET state = 'withheld', reason = ? WHERE key = ? AND "
                "state IN ('waiting', 'parked') AND "
                "NOT EXISTS (SELECT 1 FROM attempts WHERE delivery = deliveries.key) RETURNING key",
                (WRONG, key),
            )
        )

    def void(self, transition: int, destination: str) -> None:
        """Have nothing of a transition be told a destination any more that could not be told: it was wrong."""
        self._database.rows(
            "UPDATE deliveries SET state = 'withheld', reason = ? WHERE transition = ? AND destination = ? AND "
            "state = 'dead' AND notice NOT LIKE ?",
            (WRONG, transition, destination, _RETRACTS),
        )

    # --- What sending does --------------------------------------------------------------------------------------------

    def claim(self, now: int, until: int, limit: int, but: Sequence[str] = ()) -> list[Posting]:
        """Deliveries that are due, the longest due first. They are being sent from now on; unless their outcome is told
        `until` then, whoever took them is given up.

        Parameters
        ----------
        but : destinations that are to be left out
        """
        found = self._select(
            f"state = 'waiting' AND due <= ? AND {_others(but)} AND NOT {_FOLLOWS} ORDER BY due, key LIMIT ? "
            f"{self._database.skip_locked}",
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

    def postpone(self, key: str, due: int) -> None:
        """Let a delivery that was claimed wait until then: it was not tried."""
        self._database.rows("UPDATE deliveries SET state = 'waiting', due = ? WHERE key = ?", (due, key))

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
        detail = _clean(detail)
        self._database.rows(
            "UPDATE deliveries SET state = ?, due = ?, attempts = attempts + 1, reason = ? WHERE key = ?",
            (state, due, detail, key),
        )
        if state == "dead":
            self._database.rows(
                f"UPDATE deliveries SET state = 'withheld', reason = ? WHERE state = 'waiting' AND {_TAKES_BACK}",
                (UNTOLD, key),
            )
        self.note(key, now, outcome, detail)

    def note(self, key: str, now: int, outcome: str, detail: str) -> None:
        """Write a try down whose outcome changes nothing any more."""
        detail = _clean(detail)
        self._database.rows(
            "INSERT INTO attempts (delivery, at, outcome, detail) VALUES (?, ?, ?, ?)", (key, now, outcome, detail)
        )

    def park(self, destination: str, reason: str) -> None:
        """Everything that waits for this destination waits for a person to mend it."""
        self._database.rows(
            "UPDATE deliveries SET state = 'parked', reason = ? WHERE destination = ? AND state = 'waiting'",
            (reason, destination),
        )

    def replay(self, which: Which, now: int) -> int:
        """Let these wait to be sent once more, but for those that wait or are being sent already, and those that were
        withheld. Gives how many."""
        where, values = which.where()
        rows = self._database.rows(
            "UPDATE deliveries SET state = 'waiting', due = ?, attempts = 0, reason = 'to be tried again' "
            f"WHERE state NOT IN ('waiting', 'sending', 'withheld') AND {where} RETURNING key",
            (now, *values),
        )
        for (key,) in rows:  # who is told after all has to hear, too, that it was wrong
            self._database.rows(
                "UPDATE deliveries SET state = 'waiting', due = ?, reason = ? "
                f"WHERE state = 'withheld' AND reason = ? AND {_TAKES_BACK}",
                (now, RETRACTION, UNTOLD, key),
            )
        return len(rows)

    # --- What is asked ------------------------------------------------------------------------------------------------

    def page(self, which: Which, behind: tuple[int, str] | None, limit: int) -> list[Posting]:
        """Those that were planned last first, from behind a place (planned, key) on, with what came of each try."""
        where, values = which.where()
        if behind is not None:
            where, values = f"{where} AND (planned, key) < (?, ?)", [*values, *behind]
        found = self._select(f"{where} ORDER BY planned DESC, key DESC LIMIT ?", (*values, limit))
        tries = self._tries([each.key for each in found])
        return [replace(each, tries=tuple(tries.get(each.key, ()))) for each in found]

    def next_due(self, but: Sequence[str] = ()) -> int | None:
        """When something is to be sent next, but for these destinations; None if nothing is."""
        found = self._database.rows(
            "SELECT MIN(due) FROM deliveries "
            f"WHERE state = 'sending' OR (state = 'waiting' AND {_others(but)} AND NOT {_FOLLOWS})",
            but,
        )
        return found[0][0]

    def counts(self) -> dict[str, int]:
        """How many there are, by state."""
        return dict(self._database.rows("SELECT state, COUNT(*) FROM deliveries GROUP BY state"))

    def _tries(self, keys: Sequence[str]) -> dict[str, list[Attempt]]:
        found: dict[str, list[Attempt]] = {}
        if keys:
            places = ", ".join("?" * len(keys))
            for key, *attempt in self._database.rows(
                f"SELECT delivery, at, outcome, detail FROM attempts WHERE delivery IN ({places}) ORDER BY id", keys
            ):
                found.setdefault(key, []).append(Attempt(*attempt))
        return found

    def _select(self, where: str, values: Sequence[Any]) -> list[Posting]:
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM deliveries WHERE {where}", values)
        return [Posting(*(*row[:10], bytes(row[10]), row[11])) for row in rows]


def _others(but: Sequence[str]) -> str:
    """SQL for all destinations but so many."""
    return f"destination NOT IN ({', '.join('?' * len(but))})" if but else "1 = 1"


def _clean(text: str) -> str:
    """What a destination has answered, as any database can keep it."""
    return text.encode("utf-8", "replace").decode()
