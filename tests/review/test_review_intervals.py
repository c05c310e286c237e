"""Shares, rates, differences and ratios: against scipy, against published figures, and by simulation."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fireflower.review import intervals
from fireflower.review.intervals import difference, poisson_limits, rate, ratio, wilson


def test_examples_in_the_docstrings() -> None:
    results = doctest.testmod(intervals)
    assert results.attempted >= 4
    assert results.failed == 0


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(pair: tuple[int, int]) -> None:
    successes, n = pair
    theirs = stats.binomtest(successes, n).proportion_ci(method="wilson")
    ours = wilson(successes, n)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert 0 <= ours.low <= ours.value <= ours.high <= 1


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_newcombes_published_figures(successes: int, n: int, low: float, high: float) -> None:
    """Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3."""
    estimate = wilson(successes, n)
    assert (round(estimate.low, 4), round(estimate.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_difference_gives_newcombes_published_figures(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    """Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10."""
    estimate = difference(wilson(*first), wilson(*second))
    assert (round(estimate.low, 4), round(estimate.high, 4)) == (low, high)


def test_nothing_seen_is_not_known() -> None:
    nothing = wilson(0, 0)
    assert not nothing.known
    assert nothing.n == 0
    assert not difference(nothing, wilson(1, 2)).known
    assert not ratio(wilson(1, 2), nothing).known
    assert not rate(3, 0).known


def test_ratio_to_nothing_is_not_known_and_ratio_of_nothing_has_an_upper_bound() -> None:
    assert not ratio(wilson(5, 10), wilson(0, 10)).known
    nothing = ratio(wilson(0, 50), wilson(20, 50))
    assert nothing.value == 0
    assert nothing.low == 0
    assert 0 < nothing.high < 1


def test_ratio_has_no_upper_bound_where_the_second_may_be_almost_nothing() -> None:
    assert ratio(wilson(5, 10), wilson(1, 1000)).high > 100
    assert math.isinf(intervals._root(0.5, 0.1, 0.7, 0.0, 0.0, upper=True))


@given(st.integers(1, 60), st.integers(1, 60), st.floats(0, 0.9))
def test_ratio_limits_are_where_the_interval_of_the_contrast_touches_0(a: int, b: int, r: float) -> None:
    p, q = wilson(a, 60), wilson(b, 60)
    estimate = ratio(p, q, r)
    assert estimate.low <= estimate.value + 1e-12
    assert estimate.value <= estimate.high + 1e-12
    if r == 0:
        for limit, p_end, q_end in ((estimate.low, p.low, q.high), (estimate.high, p.high, q.low)):
            spread = math.hypot(p.value - p_end, limit * (q.value - q_end))
            assert abs(p.value - limit * q.value) == pytest.approx(spread, abs=1e-9)


@given(st.integers(0, 400))
def test_poisson_limits_solve_the_score_equation(count: int) -> None:
    low, high = poisson_limits(count)
    assert high - count == pytest.approx(intervals.Z * math.sqrt(high))
    assert count - low == pytest.approx(intervals.Z * math.sqrt(low), abs=1e-9)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(20260301)
    runs, n, p, q = 2000, 80, 0.2, 0.1
    first, second = rng.binomial(n, p, runs), rng.binomial(n, q, runs)
    seen = [(wilson(int(a), n), wilson(int(b), n)) for a, b in zip(first, second, strict=True)]
    of_difference = [difference(a, b) for a, b in seen]
    of_ratio = [ratio(a, b) for a, b in seen if b.value > 0]
    assert 0.93 < np.mean([e.low <= p - q <= e.high for e in of_difference]) < 0.97
    assert 0.93 < np.mean([e.low <= p / q <= e.high for e in of_ratio]) < 0.98


def test_paired_difference_covers_the_truth_and_is_narrower() -> None:
    """The same subjects under two rules that mostly agree; the correlation is what makes the interval honest."""
    rng = np.random.default_rng(7)
    covered, narrower = [], []
    for _ in range(1000):
        base = rng.random(100) < 0.3
        a, b = base | (rng.random(100) < 0.05), base | (rng.random(100) < 0.15)
        phi = float(np.corrcoef(a, b)[0, 1])
        one, other = wilson(int(a.sum()), 100), wilson(int(b.sum()), 100)
        paired, apart = difference(other, one, phi), difference(other, one)
        covered.append(paired.low <= 0.7 * 0.10 <= paired.high)
        narrower.append(paired.high - paired.low < apart.high - apart.low)
    assert 0.92 < np.mean(covered) < 0.98
    assert np.mean(narrower) > 0.99
