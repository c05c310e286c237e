"""The records that decide whose history others belong to, replayed once: identities, memberships, account traits. They
are few; the rest of a history is only looked up in what comes out of them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.moments import Moments, pick
from fireflower.history.archive.ordering import canonical_order
from fireflower.history.archive.rows import Rows
from fireflower.history.archive.states import States
from fireflower.history.memberships import Memberships, Seen
from fireflower.model.records import Kind
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

_SEEN = ("cause", "name", "person", "account", "value", "received")
_STATE = ("person", "time", "account", "role", "member", "count", "current")

Columns = dict[str, NDArray[Any]]


class Replay:
    """Replays the memberships and account traits of an archive."""

    def __init__(self, rows: Rows, who: NDArray[np.int32]) -> None:
        self._rows, self._who = rows, who
        self._memberships = Memberships()
        self._words = rows.dictionaries.words
        self._blank = self._words.code("")
        self._names: dict[str, int] = {}
        self._people: dict[str, int] = {}
        self._accounts: dict[str, int] = {}
        self._seen, self._states = array("q"), array("q")  # rows of numbers, one behind the other

    def run(self, keep: NDArray[np.bool_], moments: Moments) -> Replayed:
        """Replay everything."""
        picked = pick(self._rows, keep, Kind.IDENTITY, Kind.LEAVE, Kind.JOIN, Kind.ACCOUNT_TRAIT)
        time = moments.of_rows(picked)
        order = canonical_order(self._rows, picked, time)
        names = ("kind", "name", "person", "account", "value", "received")
        told: Columns = {name: self._rows.take(name, picked[order]) for name in names}
        told = {**told, "person": self._who[told["person"]], "time": time[order], "row": picked[order]}
        self._tell(told)
        columns = _merged(self._own(told), self._seen_rows(told))
        return Replayed(columns, States(_columns(self._states, _STATE), len(self._rows.dictionaries.people)))

    def _tell(self, told: Columns) -> None:
        """Take in each membership and account trait. Codes stand for values: none is looked into."""
        words, known, memberships = self._words.texts, self._rows.dictionaries, self._memberships
        people, accounts = known.people.texts, known.accounts.texts
        causes = np.flatnonzero(told["kind"] != Kind.IDENTITY)
        names = ("time", "kind", "name", "person", "account", "value", "received")
        join, trait = int(Kind.JOIN), int(Kind.ACCOUNT_TRAIT)
        for cause, *row in zip(causes.tolist(), *(told[name][causes].tolist() for name in names), strict=True):
            time, kind, name, person, account, value, at = row
            word, id, company = words[name], people[person] if person >= 0 else "", accounts[account]
            received = None if at < 0 else at
            self._names[word], self._people[id], self._accounts[company] = name, person, account
            if kind == trait:
                self._note_seen(cause, memberships.change(company, word, None if value < 0 else value, received))
                continue
            if kind == join:
                self._note_seen(cause, memberships.join(id, company, time, word, received))
            else:
                self._note_seen(cause, memberships.leave(id, company, received))
            self._note_state(id, company, time)

    def _note_seen(self, cause: int, seen: list[Seen]) -> None:
        people, accounts, names = self._people, self._accounts, self._names
        for person, account, trait, value, received in seen:
            self._seen.extend(
                (
                    cause,
                    names[trait],
                    people[person],
                    accounts[account],
                    -1 if value is None else value,
                    -1 if received is None else received,
                )
            )

    def _note_state(self, person: str, account: str, time: int) -> None:
        known, current = self._memberships, self._memberships.current(person)
        role = known.role(person, account)
        self._states.extend(
            (
                self._people[person],
                time,
                self._accounts[account],
                self._names[role] if role else -1,
                known.is_member(person, account),
                known.count(person),
                -1 if current is None else self._accounts[current],
            )
        )

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
        seen = _columns(self._seen, _SEEN)
        cause = seen["cause"]
        return {
            **seen,
            "kind": np.full(len(cause), Kind.ACCOUNT_TRAIT, np.uint8),
            "target": np.full(len(cause), TO_PERSON, np.uint8),
            "time": told["time"][cause],
            "row": told["row"][cause],
        }


def _columns(rows: array[int], names: Sequence[str]) -> Columns:
    """Rows of numbers, which are one behind the other, as columns."""
    table = np.frombuffer(rows, np.int64).reshape(-1, len(names))
    return {name: table[:, position].copy() for position, name in enumerate(names)}


def _merged(own: Columns, seen: Columns) -> Columns:
    """What people see comes right after what brought it about."""
    order = np.argsort(np.concatenate([2 * own["cause"], 2 * seen["cause"] + 1]), kind="stable")
    return {name: np.concatenate([own[name], seen[name]])[order] for name in own}
