"""Of which accounts people are members at any moment, for many people and moments at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


class States:
    """Of which accounts each person is a member, in which role, from when on. A state begins with each joining and
    leaving, and says only what changed: who joins thousands of accounts has no more of them to remember each time.

    Parameters
    ----------
    told : a column each, in canonical order: `person`, `time`, `account` that was joined or left, `role` in it from
        then on, -1 for none, `member` whether they then are one of it, `count` of their accounts, `current` account
    people : how many people there are

    Attributes
    ----------
    count, current : per state; of how many accounts the person is a member, and the current one, -1 for none
    """

    def __init__(self, told: Mapping[str, Any], people: int) -> None:
        columns = {name: np.array(column, np.int64) for name, column in told.items()}
        order = np.argsort(columns["person"], kind="stable")
        columns = {name: column[order] for name, column in columns.items()}
        self._person, self._since = columns["person"], columns["time"]
        self._begin = np.append(np.searchsorted(self._person, np.arange(people + 1)), 0)
        self._last = np.append(np.where(np.diff(self._begin[:-1]) > 0, self._begin[1:-1] - 1, -1), -1)
        self._last_since = np.append(self._since, np.iinfo(np.int64).max)[self._last]
        self.count = columns["count"]
        self.current = columns["current"].astype(np.int32)
        by_key = np.lexsort((np.arange(len(order)), columns["account"]))
        self._told, self._role = columns["account"], columns["role"].astype(np.int32)
        self._keys = columns["account"][by_key] * max(len(order), 1) + by_key
        self._roles = columns["role"][by_key].astype(np.int32)
        self._note_spans(columns["account"], columns["member"] > 0)

    def _note_spans(self, account: NDArray[np.int64], member: NDArray[np.bool_]) -> None:
        """From which state on and before which one somebody is a member of an account, by person and beginning."""
        state = np.lexsort((np.arange(len(account)), account, self._person))
        account, person, member = account[state], self._person[state], member[state]
        is_new = np.ones(len(state), np.bool_)
        is_new[1:] = (account[1:] != account[:-1]) | (person[1:] != person[:-1])
        was_member = np.append(False, member[:-1])[: len(state)] & ~is_new
        is_open = member & np.append(is_new[1:], True)[: len(state)]
        begins, ends = np.flatnonzero(member & ~was_member), np.flatnonzero((was_member & ~member) | is_open)
        order = np.argsort(state[begins])
        self._from, self._account = state[begins][order], account[begins][order].astype(np.int32)
        self._until = np.where(is_open[ends], len(state), state[ends])[order]
        self._spans = np.searchsorted(self._from, self._begin[:-1])

    def __len__(self) -> int:
        return len(self._since)

    def at(self, person: NDArray[np.int32], time: NDArray[np.int64]) -> NDArray[np.int64]:
        """The state of each person at each moment, -1 for none."""
        last = self._last.take(person)
        state = np.where(self._last_since.take(person) <= time, last, -1)
        early = np.flatnonzero(state < 0)
        early = early[last[early] > self._begin.take(person[early])]
        state[early] = self._searched(person[early], time[early])
        return state

    def _searched(self, person: NDArray[np.int32], time: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same for people with several states."""
        begin = self._begin[person]
        low, high = begin.copy(), self._begin[person + 1]
        while (open_ := low < high).any():
            middle = np.where(open_, (low + high) // 2, 0)
            passed = open_ & (self._since[middle] <= time)
            low = np.where(passed, middle + 1, low)
            high = np.where(open_ & ~passed, middle, high)
        return np.where(low > begin, low - 1, -1)

    def role_in(self, state: NDArray[np.int64], account: NDArray[np.int32]) -> NDArray[np.int32]:
        """The role that a person in this state has in this account, -1 for none."""
        known = (state >= 0) & (account >= 0)
        told = known & (self._told.take(state) == account)
        role = np.where(told, self._role.take(state), np.int32(-1))
        asked = np.flatnonzero(known & ~told)
        role[asked] = self._role_since(state[asked], account[asked])
        return role

    def _role_since(self, state: NDArray[np.int64], account: NDArray[np.int32]) -> NDArray[np.int32]:
        """The same for states in which another account was joined or left."""
        key = account.astype(np.int64) * len(self) + state
        last = np.searchsorted(self._keys, key, side="right") - 1
        told = self._keys[last]
        known = (last >= 0) & (told // len(self) == account)
        known &= self._person[told % len(self)] == self._person[state]
        return np.where(known, self._roles[last], np.int32(-1))

    def accounts(self, state: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """All accounts of these states: positions in `state`, and for each the account, in the order of joining."""
        person = self._person[state]
        first = self._spans[person]
        counts = self._spans[person + 1] - first
        which = np.repeat(np.arange(len(state)), counts)
        span = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts - first, counts)
        inside = (self._from[span] <= state[which]) & (state[which] < self._until[span])
        return which[inside], self._account[span[inside]]
