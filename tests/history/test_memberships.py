"""Which account is a person's current one, whatever they joined and left before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fireflower.history.memberships import Memberships
from fireflower.model.records import Kind, Record

MOVES = st.lists(st.tuples(st.sampled_from([Kind.JOIN, Kind.LEAVE]), st.sampled_from("abcd"), st.integers(0, 2)))


@given(MOVES)
def test_the_current_account_is_the_one_joined_last(moves: list[tuple[Kind, str, int]]) -> None:
    memberships, joined, time = Memberships(), dict[str, int](), 0
    for kind, account, later in moves:
        time += later
        memberships.apply(Record(time, kind, "", "ann", account))
        if kind == Kind.JOIN:
            joined.setdefault(account, time)
        else:
            joined.pop(account, None)
        wanted = max(joined, key=lambda account: (joined[account], account), default=None)
        assert memberships.current("ann") == wanted
