"""Of which accounts people are members at any moment, for many people and moments at a time."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class States:
    """Of which accounts each person is a member, in which role, from when on.

    Attributes
    ----------
    first, last : per state, its entries [first, last) in the next three
    account, role, current : code of the account; code of the role in words, -1 for none; whether the account is the
        current one. At -1, the first two hold -1
    """

    def __init__(self, states: Sequence[array[int]], entries: Sequence[array[int]], people: int) -> None:
        persons, since, stops = (np.array(column, np.int64) for column in states)
        order = np.argsort(persons, kind="stable")
        self._begin = np.append(np.searchsorted(persons[order], np.arange(people + 1)), 0)
        self._since = since[order]
        self.first = np.concatenate([[0], stops[:-1]]).astype(np.int64)[order]
        self.last = stops[order]
        self.account, self.role = (np.append(np.array(column, np.int32), np.int32(-1)) for column in entries[:2])
        self.current = np.array(entries[2], np.bool_)

    def __len__(self) -> int:
        return len(self._since)

    def at(self, person: NDArray[np.int32], time: NDArray[np.int64]) -> NDArray[np.int64]:
        """The state of each person at each moment, -1 for none."""
        begin = np.where(person < 0, 0, self._begin[person])
        low, high = begin.copy(), np.where(person < 0, 0, self._begin[person + 1])
        while (open_ := low < high).any():
            middle = np.where(open_, (low + high) // 2, 0)
            passed = open_ & (self._since[middle] <= time)
            low = np.where(passed, middle + 1, low)
            high = np.where(open_ & ~passed, middle, high)
        return np.where(low > begin, low - 1, -1)

    def role_in(self, state: NDArray[np.int64], account: NDArray[np.int32]) -> NDArray[np.int32]:
        """The role that a person in this state has in this account, -1 for none."""
        role = np.full(len(state), -1, np.int32)
        asked = np.flatnonzero((state >= 0) & (account >= 0))
        entry = self.first[state[asked]]
        last = self.last[state[asked]]
        while len(asked):
            inside = entry < last
            asked, entry, last = asked[inside], entry[inside], last[inside]
            found = self.account[entry] == account[asked]
            role[asked[found]] = self.role[entry[found]]
            asked, entry, last = asked[~found], entry[~found] + 1, last[~found]
        return role
