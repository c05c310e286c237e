"""Timers, against a dictionary of moments."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fireflower.evaluate.kernel.layout import NEVER
from fireflower.evaluate.timers import Timers
from fireflower.model.moments import SECOND

_SUBJECTS = 6

moments = st.one_of(st.integers(0, 3 * SECOND), st.sampled_from((0, 1 << 20, (1 << 20) - 1, 900 * SECOND, NEVER)))
plans = st.dictionaries(st.integers(0, _SUBJECTS - 1), moments)
steps = st.lists(st.one_of(plans, st.integers(0, 2 * SECOND)), max_size=12)


@given(steps)
def test_what_is_due_wakes_once(taken: list[dict[int, int] | int]) -> None:
    """A plan puts moments in the place of those of before; a number lets so much time go by."""
    timers, planned, now = Timers(), dict[int, int](), 0
    timers.make_room(_SUBJECTS)
    for step in taken:
        if isinstance(step, int):
            now += step
            due = [code for code, wake in sorted(planned.items()) if wake <= now]
            assert timers.due(now).tolist() == due
            planned = {code: wake for code, wake in planned.items() if code not in due}
        else:
            timers.plan(np.array(list(step), np.int64), np.array(list(step.values()), np.int64))
            planned = {code: wake for code, wake in (planned | step).items() if wake < NEVER}
        assert timers.next == min(planned.values(), default=None)


def test_room_is_made_for_more() -> None:
    timers = Timers()
    timers.make_room(1)
    timers.plan(np.array([0]), np.array([5]))
    timers.make_room(3)
    timers.plan(np.array([2]), np.array([4]))
    assert timers.next == 4 and timers.due(9).tolist() == [0, 2] and timers.next is None
