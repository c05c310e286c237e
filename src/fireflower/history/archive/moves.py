"""People who join and leave accounts: what they are a member of after each time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.segments import Dictionaries
from fireflower.history.memberships import Memberships
from fireflower.model.records import Kind

Columns = dict[str, NDArray[Any]]


def moves(told: Columns, dictionaries: Dictionaries) -> Columns:
    """The state of a person after each joining and leaving.

    Parameters
    ----------
    told : records in canonical order: `kind`, `name`, `person`, `account`, `time`, `received`

    Returns
    -------
    The columns that `States` wants; `cause`, a position in `told`; and `received`
    """
    cause = np.flatnonzero((told["kind"] == Kind.JOIN) | (told["kind"] == Kind.LEAVE))
    moved: Columns = {name: told[name][cause].astype(np.int64) for name in ("person", "account", "time", "received")}
    joins, name = told["kind"][cause] == Kind.JOIN, told["name"][cause]
    has_role = joins & (name != dictionaries.words.code(""))
    moved |= {
        "cause": cause,
        "role": np.where(has_role, name, -1).astype(np.int64),
        "member": joins.astype(np.int64),
        "count": joins.astype(np.int64),
        "current": np.where(joins, moved["account"], -1),
    }
    if len(cause):
        _follow(moved, np.flatnonzero(np.bincount(moved["person"])[moved["person"]] > 1), dictionaries)
    return moved


def _follow(moved: Columns, picked: NDArray[np.int64], dictionaries: Dictionaries) -> None:
    """Put right what depends on earlier moves, for people who move more than once."""
    people, accounts = dictionaries.people.texts, dictionaries.accounts.texts
    codes: dict[str, int] = {}
    memberships = Memberships()
    names = ("person", "account", "time", "member")
    for i, *row in zip(picked.tolist(), *(moved[name][picked].tolist() for name in names), strict=True):
        person, account, time, joins = row
        id, company = people[person], accounts[account]
        codes[company] = account
        if joins:
            memberships.join(id, company, time, "", None)
        else:
            memberships.leave(id, company, None)
        current = memberships.current(id)
        moved["count"][i] = memberships.count(id)
        moved["current"][i] = -1 if current is None else codes[current]
