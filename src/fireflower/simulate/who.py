"""Addressing calls: the person who acts, and the account in which they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fireflower.simulate.behaviour import Actions
from fireflower.simulate.calls import Calls, CallType, Coded, Column
from fireflower.simulate.draws import Ints
from fireflower.simulate.people import ROLES, Memberships, People


@dataclass(frozen=True, eq=False)
class Who:
    """The ids of people and accounts, and the memberships under which they act."""

    people: list[str]
    accounts: list[str]
    memberships: Memberships

    @classmethod
    def of(cls, people: People, accounts: list[str]) -> Who:
        return cls(people.ids(), accounts, people.memberships)

    def call(
        self, kind: CallType, name: str, row: Ints, time: Ints, fields: Mapping[str, Column] | None = None
    ) -> Calls:
        """Calls made under memberships `row`, naming person and account; group calls name the role too."""
        account = self.memberships.account[row]
        group = "groupId" if kind == "group" else "context.groupId"
        address: dict[str, Column] = {
            "userId": Coded(self.memberships.person[row], self.people),
            group: Coded(account, self.accounts),
        }
        if kind == "group":
            address["traits.role"] = Coded(self.memberships.role[row], ROLES)
        return Calls(kind, name, time, account, {**address, **(fields or {})})

    def track(
        self, name: str, actions: Actions, which: NDArray[np.generic], fields: Mapping[str, Column] | None = None
    ) -> Calls:
        """Track calls for some of the actions."""
        return self.call("track", name, actions.row[which], actions.time[which], fields)

    def paywall(self, feature: str, actions: Actions, which: Ints) -> Calls:
        """Attempts at something that the plan does not include."""
        return self.track("Paywall Hit", actions, which, {"properties.feature": constant(feature, len(which))})


def constant(value: object, count: int) -> Coded:
    """A column that has the same value in every row."""
    return Coded(np.zeros(count, np.int64), (value,))
