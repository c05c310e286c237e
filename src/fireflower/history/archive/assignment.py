"""Whose history each record belongs to, for many records at a time. `assembly` says the same for one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.names import Names
from fireflower.history.archive.places import Places
from fireflower.history.archive.states import States
from fireflower.history.archive.store import narrowest
from fireflower.history.memberships import Attribution
from fireflower.model.records import Kind
from fireflower.model.timeline import TO_ACCOUNT, TO_PERSON

Columns = dict[str, NDArray[Any]]


def row_types(places: Places, names: Names, records: int, *, has_received: bool) -> dict[str, Any]:
    """The columns of a row of the timeline, in the narrowest types that fit, and its block."""
    types = {
        "block": narrowest(-1, places.blocks),
        "time": np.int64,
        "what": narrowest(-1, len(names.names)),
        "person": narrowest(-1, len(places.people)),
        "account": narrowest(-1, len(places.accounts)),
        "target": np.uint8,
        "detail": narrowest(-1, names.widest()),
        "row": narrowest(-1, records),
    }
    return {**types, "received": np.int64} if has_received else types


class Assignment:
    """Makes rows of a timeline out of records."""

    def __init__(
        self, who: NDArray[np.int32], states: States, places: Places, names: Names, attribution: Attribution
    ) -> None:  # fmt: skip
        self._who, self._states, self._places, self._names = who, states, places, names
        self._attribution = attribution

    def replayed(self, columns: Columns) -> Columns:
        """The rows that a replay has told, in its order."""
        kind = columns["kind"]
        detail = np.full(len(kind), -1, np.int32)
        is_trait = kind == Kind.ACCOUNT_TRAIT
        detail[is_trait] = self._names.value(Kind.ACCOUNT_TRAIT, columns["name"][is_trait], columns["value"][is_trait])
        detail[~is_trait] = self._names.role(columns["value"][~is_trait])
        told = {**columns, "what": self._names.what(kind, columns["name"]), "detail": detail}
        once, twice = self._spread({**told, "position": np.arange(len(kind))})
        order = np.argsort(np.concatenate([once["position"], twice["position"]]), kind="stable")
        return {name: np.concatenate([once[name], twice[name]])[order] for name in once}

    def traits(self, columns: Columns) -> Columns:
        """The rows of people's traits."""
        count = len(columns["row"])
        return self._spread(
            {
                **columns,
                "what": self._names.what(Kind.PERSON_TRAIT, columns["name"]),
                "person": self._who[columns["person"]],
                "account": np.full(count, -1, np.int32),
                "target": np.full(count, TO_PERSON, np.uint8),
                "detail": self._names.value(Kind.PERSON_TRAIT, columns["name"], columns["value"]),
            }
        )[0]

    def events(self, columns: Columns) -> Iterator[Columns]:
        """The rows of events, in no order; a second time those that belong to further accounts, too."""
        person = self._who.take(columns["person"])
        account = columns["account"]
        detail = np.asarray(-1, np.int32)
        state = np.asarray(-1, np.int64)
        if len(self._states):
            state = self._states.at(person, columns["time"])
            account = self._attributed(account, state)
            detail = self._names.role(self._states.role_in(state, account))
        named = {**columns, "what": self._names.what(Kind.EVENT, columns["name"]), "person": person}
        target = (person >= 0) * np.uint8(TO_PERSON) | (account >= 0) * np.uint8(TO_ACCOUNT)
        yield from self._spread(
            {**named, "account": account, "target": target, "detail": np.broadcast_to(detail, person.shape)}
        )
        if self._attribution == "all" and len(self._states):
            yield from self._further(named, columns["account"], state)

    def _attributed(self, account: NDArray[np.int32], state: NDArray[np.int64]) -> NDArray[np.int32]:
        """The account of each event; of those that name none, the one to which they are attributed, -1 for none."""
        asked = np.flatnonzero((account < 0) & (state >= 0))
        of = state[asked]
        account = account.copy()
        account[asked] = self._states.current.take(of)
        if self._attribution == "only":
            account[asked[self._states.count.take(of) != 1]] = -1
        return account

    def _further(self, named: Columns, account: NDArray[np.int32], state: NDArray[np.int64]) -> Iterator[Columns]:
        """Events that name no account, for each account of their person but the current one."""
        asked = np.flatnonzero((account < 0) & (state >= 0))
        which, further = self._states.accounts(state[asked])
        event = asked[which]
        other = further != self._states.current[state[event]]
        event, further = event[other], further[other]
        yield self._spread(
            {
                **{name: column[event] for name, column in named.items()},
                "account": further,
                "target": np.full(len(event), TO_ACCOUNT, np.uint8),
                "detail": self._names.role(self._states.role_in(state[event], further)),
            }
        )[0]

    def _spread(self, columns: Columns) -> tuple[Columns, Columns]:
        """Put rows into blocks. One that concerns subjects of two blocks comes twice: once for the person, and, in the
        second part, once for the account."""
        target, places = columns["target"], self._places
        account = places.account.take(columns["account"])
        home = np.where(target & TO_PERSON, places.home.take(columns["person"]), np.int32(-1))
        away = np.where(target & TO_ACCOUNT, account, np.int32(-1))
        rows = {**columns, "person": places.person.take(columns["person"]), "account": account}
        twice = np.flatnonzero((home >= 0) & (away >= 0) & (home != away))
        target = target.copy()
        target[twice] = TO_PERSON
        copies = {name: column[twice] for name, column in rows.items()}
        return (
            {**rows, "block": np.where(home >= 0, home, away), "target": target},
            {**copies, "block": away[twice], "target": np.full(len(twice), TO_ACCOUNT, np.uint8)},
        )
