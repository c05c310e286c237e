"""Whose history each record belongs to, for many records at a time. `assembly` says the same for one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.names import Names
from fireflower.history.archive.places import Places
from fireflower.history.archive.states import States
from fireflower.history.memberships import Attribution
from fireflower.model.records import Kind
from fireflower.model.timeline import TO_ACCOUNT, TO_PERSON

Columns = dict[str, NDArray[Any]]

ROW = {
    "block": np.int32,
    "time": np.int64,
    "what": np.int32,
    "person": np.int32,
    "account": np.int32,
    "target": np.uint8,
    "detail": np.int32,
    "row": np.int64,
    "received": np.int64,
}
"""A row of the timeline before it is sorted."""


class Assignment:
    """Makes rows of a timeline out of records."""

    def __init__(
        self, who: NDArray[np.int32], states: States, places: Places, names: Names, attribution: Attribution
    ) -> None:  # fmt: skip
        self._who, self._states, self._places, self._names = who, states, places, names
        self._attribution = attribution

    def replayed(self, columns: Columns) -> Columns:
        """The rows that a replay has told."""
        kind = columns["kind"]
        detail = np.full(len(kind), -1, np.int32)
        is_trait = kind == Kind.ACCOUNT_TRAIT
        detail[is_trait] = self._names.value(Kind.ACCOUNT_TRAIT, columns["name"][is_trait], columns["value"][is_trait])
        detail[~is_trait] = self._names.role(columns["value"][~is_trait])
        return self._spread({**columns, "what": self._names.what(kind, columns["name"]), "detail": detail})

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
        )

    def events(self, columns: Columns) -> Iterator[Columns]:
        """The rows of events; a second time those that belong to further accounts, too."""
        person = self._who[columns["person"]]
        account = columns["account"]
        role = np.full(len(account), -1, np.int32)
        state = np.full(len(account), -1, np.int64)
        if len(self._states):
            state = self._states.at(person, columns["time"])
            account = self._attributed(account, state)
            role = self._states.role_in(state, account)
        named = {**columns, "what": self._names.what(Kind.EVENT, columns["name"]), "person": person}
        target = np.where(person >= 0, TO_PERSON, 0) | np.where(account >= 0, TO_ACCOUNT, 0)
        yield self._spread({**named, "account": account, "target": target, "detail": self._names.role(role)})
        if self._attribution == "all" and len(self._states):
            yield from self._further(named, columns["account"], state)

    def _attributed(self, account: NDArray[np.int32], state: NDArray[np.int64]) -> NDArray[np.int32]:
        """The account of each event; of those that name none, the one to which they are attributed, -1 for none."""
        asked = np.flatnonzero((account < 0) & (state >= 0))
        of = state[asked]
        account = account.copy()
        account[asked] = self._states.current[of]
        if self._attribution == "only":
            account[asked[self._states.count[of] != 1]] = -1
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
        )

    def _spread(self, columns: Columns) -> Columns:
        """Put rows into blocks; one that concerns subjects of two blocks comes twice, once for each."""
        target, places = columns["target"], self._places
        person, account = places.person[columns["person"]], places.account[columns["account"]]
        home = np.where(target & TO_PERSON, places.home[columns["person"]], -1)
        away = np.where(target & TO_ACCOUNT, account, -1)
        rows = {**columns, "block": np.where(home >= 0, home, away), "person": person, "account": account}
        twice = np.flatnonzero((home >= 0) & (away >= 0) & (home != away))
        if not len(twice):
            return {name: rows[name] for name in ROW}
        order = np.sort(np.concatenate([np.arange(len(home)), twice]))
        copied = np.concatenate([[False], order[1:] == order[:-1]])
        spread = {name: rows[name][order] for name in ROW}
        split = np.isin(order, twice)
        spread["block"] = np.where(copied, away[order], spread["block"])
        spread["target"] = np.where(split, np.where(copied, TO_ACCOUNT, TO_PERSON), spread["target"])
        return spread
