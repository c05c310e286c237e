"""The records that decide whose history others belong to, replayed once: identities, memberships, account traits. They
are few; the rest of a history is only looked up in what comes out of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.moments import Moments, pick
from fireflower.history.archive.moves import moves
from fireflower.history.archive.ordering import canonical_order
from fireflower.history.archive.rows import Rows
from fireflower.history.archive.seen import Seen
from fireflower.history.archive.states import States
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

Columns = dict[str, NDArray[Any]]


class Replay:
    """Replays the memberships and account traits of an archive."""

    def __init__(self, rows: Rows, who: NDArray[np.int32]) -> None:
        self._rows, self._who = rows, who
        self._blank = rows.dictionaries.words.code("")

    def run(self, keep: NDArray[np.bool_], moments: Moments) -> Replayed:
        """Replay everything."""
        picked = pick(self._rows, keep, Kind.IDENTITY, Kind.LEAVE, Kind.JOIN, Kind.ACCOUNT_TRAIT)
        time = moments.of_rows(picked)
        order = canonical_order(self._rows, picked, time)
        names = ("kind", "name", "person", "account", "value", "received")
        told: Columns = {name: self._rows.take(name, picked[order]) for name in names}
        told = {**told, "person": self._who[told["person"]], "time": time[order], "row": picked[order]}
        moved = moves(told, self._rows.dictionaries)
        columns = _merged(self._own(told), self._seen_rows(told, moved))
        return Replayed(columns, States(moved, len(self._rows.dictionaries.people)))

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

    def _seen_rows(self, told: Columns, moved: Columns) -> Columns:
        """What people see of their accounts: by a move, in the order of traits; by a trait, in that of people."""
        seen = Seen(told, moved)
        by_moves, by_traits = seen.by_moves(), seen.by_traits()
        rows = {name: np.concatenate([by_moves[name], by_traits[name]]) for name in by_moves}
        ranks = self._rows.word_ranks[by_moves["name"]], self._rows.person_ranks[by_traits["person"]]
        rank = np.concatenate(ranks).astype(np.int64)
        order = np.argsort(rows["cause"] * (rank.max(initial=0) + 1) + rank)
        rows = {name: column[order] for name, column in rows.items()}
        cause = rows["cause"]
        return {
            **rows,
            "kind": np.full(len(cause), Kind.ACCOUNT_TRAIT, np.uint8),
            "target": np.full(len(cause), TO_PERSON, np.uint8),
            "time": told["time"][cause],
            "row": told["row"][cause],
        }


def _merged(own: Columns, seen: Columns) -> Columns:
    """What people see comes right after what brought it about."""
    order = np.argsort(np.concatenate([2 * own["cause"], 2 * seen["cause"] + 1]), kind="stable")
    return {name: np.concatenate([own[name], seen[name]])[order] for name in own}
