"""Numbers by codes, against a dictionary."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fireflower.model.runs import Runs


@given(
    st.lists(st.lists(st.integers(0, 5), max_size=40), max_size=30),
    st.lists(st.integers(0, 6), max_size=7, unique=True),
    st.integers(0, 100),
)
def test_each_code_has_its_numbers(batches: list[list[int]], asked: list[int], first: int) -> None:
    runs, count = Runs(), 0
    known: dict[int, list[int]] = defaultdict(list)
    for codes in batches:
        numbers = np.arange(count, count + len(codes))
        runs.add(np.array(codes, np.int32), numbers)
        count += len(codes)
        for code, number in zip(codes, numbers.tolist(), strict=True):
            known[code].append(number)
    for bound in (first, 0):  # the second time, the others are forgotten
        found, whose = runs.of(np.array(asked, np.int32), np.full(len(asked), bound))
        for place, code in enumerate(asked):
            assert sorted(found[whose == place].tolist()) == [each for each in known[code] if each >= first]
        runs.forget(first)
