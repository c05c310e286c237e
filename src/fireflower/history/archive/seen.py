"""What people see of their accounts' traits: those of the current account, which change when it does and when they do.
`memberships.Memberships` says the same for one record at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.model.records import Kind

Columns = dict[str, NDArray[Any]]


class Seen:
    """Finds what people see.

    Parameters
    ----------
    told : records in canonical order: `kind`, `name`, `account`, `value`, `received`
    moved : what `moves` makes of them
    """

    def __init__(self, told: Columns, moved: Columns) -> None:
        self._size = len(told["kind"])
        cause = np.flatnonzero(told["kind"] == Kind.ACCOUNT_TRAIT)
        cause = cause[_are_new(*(told[name][cause] for name in ("account", "name", "value")))]
        self._told = {name: told[name][cause].astype(np.int64) for name in ("account", "name", "value", "received")}
        self._told["cause"] = cause
        self._traits = _Traits(self._told, self._size)
        self._changes = _changes(moved)

    def by_moves(self) -> Columns:
        """Who has another current account sees its traits, and no longer those of the one before."""
        by_account = np.argsort(self._changes["current"], kind="stable")  # what is looked up lies close together then
        changes = {name: column[by_account] for name, column in self._changes.items()}
        change, name = self._traits.known(changes)
        cause, new = changes["cause"][change], changes["current"][change]
        return {
            "cause": cause,
            "name": name,
            "person": changes["person"][change],
            "account": changes["account"][change],
            "value": self._traits.values(new, name, cause),
            "received": np.maximum(changes["received"][change], self._traits.received(new, cause)),
        }

    def by_traits(self) -> Columns:
        """A trait changes for those whose current account it is."""
        account, person, since = _viewers(self._changes)
        trait, viewer = _pairs(self._told["account"], account)
        cause, person = self._told["cause"][trait], person[viewer]
        current = _current(self._changes, person, cause, self._size)
        seen = (since[viewer] < cause) & (current == self._told["account"][trait])
        told = {name: self._told[name][trait[seen]] for name in ("cause", "name", "account", "value", "received")}
        return {**told, "person": person[seen]}


def _are_new(account: NDArray[np.int64], name: NDArray[np.int64], value: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each trait, in canonical order, is another than it was; before the first, it was missing."""
    order = np.lexsort((name, account))  # which keeps the order of equal ones
    account, name, value = account[order], name[order], value[order]
    before = np.append(-1, value)[: len(value)]
    before[_differs(account) | _differs(name)] = -1
    new = np.empty(len(order), np.bool_)
    new[order] = value != before
    return new


class _Traits:
    """What is known of accounts at any moment."""

    def __init__(self, told: Columns, size: int) -> None:
        self._size = size
        account, name, cause = told["account"], told["name"], told["cause"]
        order = np.lexsort((cause, name, account))
        account, name, cause = account[order], name[order], cause[order]
        is_new = _differs(account) | _differs(name)
        trait = np.cumsum(is_new) - 1
        self._keys = trait * size + cause
        self._value = told["value"][order]
        self._account, self._name, self._first = account[is_new], name[is_new], cause[is_new]
        self._names = int(name.max(initial=0)) + 1
        self._pairs = self._account * self._names + self._name
        self._note_received(told)

    def _note_received(self, told: Columns) -> None:
        """The latest time of receipt of any trait of an account so far."""
        order = np.lexsort((told["cause"], told["account"]))
        account = told["account"][order]
        values, rank = np.unique(told["received"][order], return_inverse=True)
        self._received_keys = account * self._size + told["cause"][order]
        self._received = values[np.maximum.accumulate(account * len(values) + rank) % max(len(values), 1)]
        self._received_account = account

    def known(self, changes: Columns) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Each change of a current account, with each trait of the old one and of the new one."""
        found = []
        for account in (changes["before"], changes["current"]):
            change, trait = _pairs(account, self._account)
            there = self._first[trait] < changes["cause"][change]
            found.append(change[there] * self._names + self._name[trait[there]])
        both = np.sort(np.concatenate(found))  # quicker than numpy's own way to different values
        both = both[_differs(both)]
        return both // self._names, both % self._names

    def values(
        self, account: NDArray[np.int64], name: NDArray[np.int64], before: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """The value of a trait before a record, -1 for none."""
        pair = account * self._names + name
        trait = np.searchsorted(self._pairs, pair)
        last = np.searchsorted(self._keys, trait * self._size + before) - 1
        known = (account >= 0) & (np.append(self._pairs, -1)[trait] == pair)
        known &= last >= np.searchsorted(self._keys, trait * self._size)
        return np.where(known, np.append(self._value, -1)[last], -1)

    def received(self, account: NDArray[np.int64], before: NDArray[np.int64]) -> NDArray[np.int64]:
        """The latest time of receipt of any of its traits before a record, -1 for none."""
        last = np.searchsorted(self._received_keys, account * self._size + before) - 1
        known = (account >= 0) & (last >= 0) & (np.append(self._received_account, -1)[last] == account)
        return np.where(known, np.append(self._received, -1)[last], -1)


def _changes(moved: Columns) -> Columns:
    """The moves that give a person another current account, by person, and which they had `before`."""
    order = np.argsort(moved["person"], kind="stable")
    by_person = {name: moved[name][order] for name in ("cause", "person", "account", "current", "received")}
    before = np.append(-1, by_person["current"])[: len(order)]
    before = np.where(_differs(by_person["person"]), -1, before)
    changed = np.flatnonzero(before != by_person["current"])
    return {name: column[changed] for name, column in {**by_person, "before": before}.items()}


def _viewers(changes: Columns) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Accounts, in ascending order; each person whose current account it ever was; and since when."""
    order = np.lexsort((changes["cause"], changes["person"], changes["current"]))
    account, person, since = (changes[name][order] for name in ("current", "person", "cause"))
    first = (_differs(account) | _differs(person)) & (account >= 0)
    return account[first], person[first], since[first]


def _current(changes: Columns, person: NDArray[np.int64], cause: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """The account that is current for a person at a record; for somebody who has had one before."""
    last = np.searchsorted(changes["person"] * size + changes["cause"], person * size + cause) - 1
    return changes["current"][last]


def _pairs(wanted: NDArray[np.int64], given: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All positions in `wanted` and in `given`, which ascends, that hold the same."""
    first, stop = np.searchsorted(given, wanted), np.searchsorted(given, wanted, side="right")
    counts = stop - first
    one = np.repeat(np.arange(len(wanted)), counts)
    return one, np.arange(len(one)) - np.repeat(np.cumsum(counts) - counts - first, counts)


def _differs(column: NDArray[np.int64]) -> NDArray[np.bool_]:
    """For each value, whether it is another than the one before."""
    differs = np.ones(len(column), np.bool_)
    differs[1:] = column[1:] != column[:-1]
    return differs
