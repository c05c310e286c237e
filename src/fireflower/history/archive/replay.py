"""The records that decide whose history others belong to, replayed once: identities, memberships, account traits. They
are few; the rest of a history is only looked up in what comes out of them."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.moments import Moments, pick
from fireflower.history.archive.ordering import canonical_order
from fireflower.history.archive.rows import Rows
from fireflower.history.archive.states import States
from fireflower.history.memberships import Memberships
from fireflower.model.records import Kind, Record
from fireflower.model.timeline import TO_ACCOUNT, TO_PERSON


@dataclass(frozen=True)
class Replayed:
    """What comes out of a replay.

    Attributes
    ----------
    columns : rows of the timeline, in canonical order: `time`, `kind`, `name`, `person`, `account` (codes), `target`,
        `value` (code of the new value, or of the role), `received`, `row`
    states : the memberships
    """

    columns: dict[str, NDArray[Any]]
    states: States


_TARGETS = np.zeros(len(Kind), np.uint8)
_TARGETS[[Kind.IDENTITY, Kind.LEAVE, Kind.JOIN]] = TO_PERSON
_TARGETS[[Kind.LEAVE, Kind.JOIN, Kind.ACCOUNT_TRAIT]] |= TO_ACCOUNT

_STATE = ("person", "time", "account", "role", "member", "count", "current")

Columns = dict[str, NDArray[Any]]


class Replay:
    """Replays the memberships and account traits of an archive."""

    def __init__(self, rows: Rows, who: NDArray[np.int32]) -> None:
        self._rows, self._who = rows, who
        self._memberships = Memberships()
        self._words = rows.dictionaries.words
        self._blank = self._words.code("")
        self._people: dict[str, int] = {}
        self._accounts: dict[str, int] = {}
        self._seen = {name: array("q") for name in ("cause", "name", "person", "account", "value", "received")}
        self._states = {name: array("q") for name in _STATE}

    def run(self, keep: NDArray[np.bool_], moments: Moments) -> Replayed:
        """Replay everything."""
        picked = pick(self._rows, keep, Kind.IDENTITY, Kind.LEAVE, Kind.JOIN, Kind.ACCOUNT_TRAIT)
        time = moments.of_rows(picked)
        order = canonical_order(self._rows, picked, time)
        names = ("kind", "name", "person", "account", "value", "received")
        told: Columns = {name: self._rows.take(name, picked[order]) for name in names}
        told = {**told, "person": self._who[told["person"]], "time": time[order], "row": picked[order]}
        for cause, record in self._records(told):
            self._apply(cause, record)
        columns = _merged(self._own(told), self._seen_rows(told))
        return Replayed(columns, States(self._states, len(self._rows.dictionaries.people)))

    def _records(self, told: Columns) -> Iterator[tuple[int, Record]]:
        """Position and record of each membership and account trait. Codes stand for values: none is looked into."""
        words, known = self._words.texts, self._rows.dictionaries
        people, accounts = known.people.texts, known.accounts.texts
        causes = np.flatnonzero(told["kind"] != Kind.IDENTITY)
        names = ("time", "kind", "name", "person", "account", "value", "received")
        for cause, *row in zip(causes.tolist(), *(told[name][causes].tolist() for name in names), strict=True):
            time, kind, name, person, account, value, received = row
            id, company = people[person] if person >= 0 else "", accounts[account]
            self._people[id], self._accounts[company] = person, account
            received = None if received < 0 else received
            yield cause, Record(
                time, Kind(kind), words[name], id, company, None if value < 0 else value, received=received
            )  # fmt: skip

    def _apply(self, cause: int, record: Record) -> None:
        seen = self._seen
        for change in self._memberships.apply(record):
            seen["cause"].append(cause)
            seen["name"].append(self._words.code(change.trait))
            seen["person"].append(self._people[change.person])
            seen["account"].append(self._accounts[change.account])
            seen["value"].append(-1 if change.value is None else int(change.value))
            seen["received"].append(-1 if change.received is None else change.received)
        if record.kind != Kind.ACCOUNT_TRAIT:
            self._note_state(record.person or "", record.account or "", record.time)

    def _note_state(self, person: str, account: str, time: int) -> None:
        known, current = self._memberships, self._memberships.current(person)
        role = known.role(person, account)
        state = {
            "person": self._people[person],
            "time": time,
            "account": self._accounts[account],
            "role": self._words.code(role) if role else -1,
            "member": known.is_member(person, account),
            "count": known.count(person),
            "current": -1 if current is None else self._accounts[current],
        }
        for name, value in state.items():
            self._states[name].append(value)

    def _own(self, told: Columns) -> Columns:
        """The rows of the records themselves."""
        kind, name = told["kind"], told["name"]
        is_trait = kind == Kind.ACCOUNT_TRAIT
        role = np.where((kind == Kind.JOIN) & (name != self._blank), name, -1)
        return {
            **told,
            "cause": np.arange(len(kind)),
            "name": np.where(is_trait, name, self._blank),
            "person": np.where(is_trait, -1, told["person"]),
            "account": np.where(kind == Kind.IDENTITY, -1, told["account"]),
            "target": _TARGETS[kind],
            "value": np.where(is_trait, told["value"], role),
        }

    def _seen_rows(self, told: Columns) -> Columns:
        """The rows of what people see of their accounts."""
        seen: Columns = {name: np.array(column, np.int64) for name, column in self._seen.items()}
        cause = seen["cause"]
        return {
            **seen,
            "kind": np.full(len(cause), Kind.ACCOUNT_TRAIT, np.uint8),
            "target": np.full(len(cause), TO_PERSON, np.uint8),
            "time": told["time"][cause],
            "row": told["row"][cause],
        }


def _merged(own: Columns, seen: Columns) -> Columns:
    """What people see comes right after what brought it about."""
    order = np.argsort(np.concatenate([2 * own["cause"], 2 * seen["cause"] + 1]), kind="stable")
    return {name: np.concatenate([own[name], seen[name]])[order] for name in own}
