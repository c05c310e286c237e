"""What States tells of people who join and leave, against saying it step by step."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fireflower.history.archive.states import States

MOVES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(-1, 2), st.booleans()), max_size=25)


@given(MOVES)
def test_states_say_which_accounts_and_roles(moves: list[tuple[int, int, int, bool]]) -> None:
    held: dict[int, dict[int, int]] = {0: {}, 1: {}, 2: {}}
    told: dict[str, list[int]] = {
        name: [] for name in ("person", "time", "account", "role", "member", "count", "current")
    }
    wanted = []
    for time, (person, account, role, joins) in enumerate(moves):
        if joins:
            held[person][account] = role
        else:
            held[person].pop(account, None)
        mine = held[person]
        row = (person, time, account, mine.get(account, -1), account in mine, len(mine), max(mine, default=-1))
        for column, value in zip(told.values(), row, strict=True):
            column.append(value)
        wanted.append((person, time, dict(mine)))
    states = States(told, 3)
    for person, time, mine in wanted:
        state = states.at(np.array([person], np.int32), np.array([time]))
        _, accounts = states.accounts(state)
        assert sorted(accounts.tolist()) == sorted(mine)
        asked = np.arange(4, dtype=np.int32)
        assert states.role_in(np.repeat(state, 4), asked).tolist() == [mine.get(account, -1) for account in range(4)]
