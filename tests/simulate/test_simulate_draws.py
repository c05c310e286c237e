"""Chance is the same on every machine, and has the shape that it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fireflower.simulate.draws import Draws, moments, spread_out
from fireflower.simulate.usage import running_total


def test_the_stream_is_pinned():
    assert Draws(7, "accounts").unit(3).tolist() == [0.012083305275501166, 0.8504262968923677, 0.26827327495333086]


def test_purposes_have_streams_of_their_own():
    assert Draws(1, "a").unit(4).tolist() != Draws(1, "b").unit(4).tolist()


def test_shapes_follow_the_arguments():
    draws = Draws(1, "shapes")
    assert draws.unit(2, 3).shape == (2, 3)
    assert draws.chance(np.zeros((4, 2))).shape == (4, 2)
    assert draws.between(0, np.ones(5)).shape == (5,)
    assert draws.unit(0).shape == (0,)


def test_pick_follows_its_weights():
    counts = np.bincount(Draws(1, "pick").pick((1, 0, 3), 20_000), minlength=3)
    assert counts[1] == 0
    assert counts[2] / counts[0] == pytest.approx(3, rel=0.1)


def test_quantiles_are_the_quantiles():
    drawn = Draws(1, "quantiles").quantiles((0, 1, 10), 20_000)
    assert np.quantile(drawn, [0.25, 0.5, 0.75]) == pytest.approx([0.5, 1, 5.5], abs=0.2)
    assert drawn.min() >= 0 and drawn.max() <= 10


@given(st.floats(0, 50), st.integers(0, 2**32))
def test_rounding_by_chance_stays_beside_the_value(value, seed):
    rounded = Draws(seed, "rounded").rounded(np.full(20, value))
    assert set(rounded.tolist()) <= {int(value), int(value) + 1}


def test_moments_are_whole_milliseconds():
    assert moments(np.array([1234567.8, 999.0])).tolist() == [1234000, 0]


@given(st.lists(st.integers(0, 5)))
def test_spread_out_gives_each_owner_their_items(counts):
    owner, place = spread_out(np.array(counts, np.int64))
    expected = [(i, j) for i, n in enumerate(counts) for j in range(n)]
    assert list(zip(owner.tolist(), place.tolist(), strict=True)) == expected


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 100))))
def test_running_totals_restart_with_each_group(items):
    items.sort(key=lambda item: item[0])
    groups, amounts = [group for group, _ in items], [amount for _, amount in items]
    found = running_total(np.array(amounts, np.int64), np.array(groups, np.int64)).tolist()
    totals: dict[int, int] = {}
    for group, amount, total in zip(groups, amounts, found, strict=True):
        totals[group] = totals.get(group, 0) + amount
        assert total == totals[group]
