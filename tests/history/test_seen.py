"""What people see of their accounts and of which they are members: told for all records at once, and one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fireflower.history.archive.dictionaries import Dictionary
from fireflower.history.archive.moves import moves
from fireflower.history.archive.seen import Seen
from fireflower.history.archive.segments import Dictionaries
from fireflower.history.memberships import Memberships
from fireflower.model.records import Kind, Record

PEOPLE, ACCOUNTS, WORDS = ["ann", "bob", "cyd"], ["y", "x", "z"], ["plan", "", "seats", "owner"]
KINDS = [Kind.LEAVE, Kind.JOIN, Kind.JOIN, Kind.ACCOUNT_TRAIT, Kind.ACCOUNT_TRAIT, Kind.IDENTITY]


@st.composite
def records(draw: st.DrawFn) -> list[dict[str, int]]:
    """Codes of records, in the order of time; a value or a time of receipt of -1 is none."""
    found = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "time": st.integers(0, 4),
                    "kind": st.sampled_from(KINDS),
                    "name": st.integers(0, 3),
                    "person": st.integers(0, 2),
                    "account": st.integers(0, 2),
                    "value": st.integers(-1, 2),
                    "received": st.integers(-1, 4),
                }
            ),
            max_size=30,
        )
    )
    for record in found:
        if record["kind"] in (Kind.LEAVE, Kind.IDENTITY):
            record["name"] = WORDS.index("")
    return sorted(found, key=lambda record: record["time"])


@settings(max_examples=200, deadline=None)
@given(records())
def test_all_at_once_is_as_one_by_one(found: list[dict[str, int]]) -> None:
    memberships, seen, states = Memberships(), [], []
    for cause, record in enumerate(found):
        person, account = PEOPLE[record["person"]], ACCOUNTS[record["account"]]
        kind = Kind(record["kind"])
        if kind == Kind.IDENTITY:
            continue
        value, received = (None if record[name] < 0 else record[name] for name in ("value", "received"))
        told = Record(record["time"], kind, WORDS[record["name"]], person, account, value, received=received)
        seen += [(cause, *map(str, change)) for change in memberships.apply(told)]
        if kind != Kind.ACCOUNT_TRAIT:
            role, is_member = memberships.role(person, account), memberships.is_member(person, account)
            states.append(
                (cause, person, account, role, is_member, memberships.count(person), memberships.current(person))
            )
    assert (sorted(seen), states) == all_at_once(found)


def all_at_once(found: list[dict[str, int]]) -> tuple[list[Any], list[Any]]:
    names = ("time", "kind", "name", "person", "account", "value", "received")
    told = {name: np.array([record[name] for record in found], np.int64) for name in names}
    moved = moves(told, Dictionaries(*map(Dictionary, (WORDS, PEOPLE, ACCOUNTS))))  # type: ignore[arg-type]
    seen = []
    for part in (Seen(told, moved).by_moves(), Seen(told, moved).by_traits()):
        order = ("cause", "person", "account", "name", "value", "received")
        for cause, person, account, name, value, received in zip(*(part[each].tolist() for each in order), strict=True):
            value, received = (None if code < 0 else float(code) for code in (value, received))
            told_time = None if received is None else int(received)
            seen.append((cause, PEOPLE[person], ACCOUNTS[account], WORDS[name], str(value), str(told_time)))
    columns = ("cause", "person", "account", "role", "member", "count", "current")
    states = [
        (
            cause,
            PEOPLE[person],
            ACCOUNTS[account],
            WORDS[role] if role >= 0 else "",
            member > 0,
            count,
            ACCOUNTS[current] if current >= 0 else None,
        )
        for cause, person, account, role, member, count, current in zip(
            *(moved[each].tolist() for each in columns), strict=True
        )
    ]
    return sorted(seen), states
