"""Medians, histograms, Kaplan-Meier: against scipy, against published figures, and by simulation."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fireflower.review import survival
from fireflower.review.intervals import wilson
from fireflower.review.survival import kaplan_meier, median, spans

# Remission of leukaemia under 6-MP, weeks (Freireich et al. 1963; the textbook example, e.g. Kalbfleisch & Prentice)
RELAPSED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
CENSORED = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
PUBLISHED = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}


def freireich() -> tuple[np.ndarray, np.ndarray]:
    days = np.array(RELAPSED + CENSORED, dtype=float)
    return days, np.arange(len(days)) < len(RELAPSED)


def test_examples_in_the_docstrings() -> None:
    results = doctest.testmod(survival)
    assert results.attempted >= 1
    assert results.failed == 0


def test_kaplan_meier_gives_the_published_figures() -> None:
    grid = np.array(sorted(PUBLISHED), dtype=float)
    curve = kaplan_meier(*freireich(), grid)
    assert np.round(1 - curve.share, 3).tolist() == list(PUBLISHED.values())
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert curve.median.value == 23
    assert curve.happened == 9


@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40))
def test_kaplan_meier_is_scipys(subjects: list[tuple[int, bool]]) -> None:
    days = np.array([day for day, _ in subjects], dtype=float)
    happened = np.array([did for _, did in subjects])
    grid = np.arange(0.0, days.max() + 1)
    curve = kaplan_meier(days, happened, grid)
    theirs = stats.ecdf(stats.CensoredData(uncensored=days[happened], right=days[~happened]))
    assert curve.share == pytest.approx(theirs.cdf.evaluate(grid), abs=1e-12)
    assert (curve.low <= curve.share + 1e-12).all()
    assert (curve.share <= curve.high + 1e-12).all()


@given(st.lists(st.integers(0, 20), min_size=1, max_size=40))
def test_with_everybody_followed_to_the_end_the_interval_is_wilsons(days: list[int]) -> None:
    followed = np.minimum(np.array(days, dtype=float), 10.0)
    happened = np.array(days) < 10
    curve = kaplan_meier(followed, happened, np.array([10.0]))
    expected = wilson(int(happened.sum()), len(days))
    assert (curve.low[0], curve.high[0]) == pytest.approx((expected.low, expected.high))


def test_beyond_the_longest_follow_up_nothing_is_known() -> None:
    curve = kaplan_meier(np.array([1.0, 5.0]), np.array([True, False]), np.array([0.0, 5.0, 6.0]))
    assert curve.share.tolist()[:2] == [0.0, 0.5]
    assert math.isnan(curve.share[2])
    everybody = kaplan_meier(np.array([1.0, 2.0]), np.array([True, True]), np.array([6.0]))
    assert everybody.share[0] == 1
    nobody = kaplan_meier(np.empty(0), np.empty(0, dtype=bool), np.array([0.0]))
    assert math.isnan(nobody.share[0])
    assert not nobody.median.known


def test_kaplan_meier_interval_covers_the_truth_under_censoring() -> None:
    rng = np.random.default_rng(3)
    covered = []
    for _ in range(1000):
        event, lost = rng.exponential(20.0, 100), rng.uniform(0, 60, 100)
        curve = kaplan_meier(np.minimum(event, lost), event <= lost, np.array([10.0]))
        covered.append(curve.low[0] <= 1 - math.exp(-0.5) <= curve.high[0])
    assert 0.93 < np.mean(covered) < 0.97


@given(st.integers(1, 300))
def test_ranks_of_the_median_are_the_binomials(n: int) -> None:
    rank = survival._lower_rank(n)
    below = stats.binom(n, 0.5).cdf
    assert below(rank - 1) <= 0.025 < below(rank)


def test_a_median_of_few_has_no_bounds_and_of_none_is_not_known() -> None:
    few = median(np.array([1.0, 2.0, 3.0]))
    assert (few.value, few.low, few.high) == (2.0, -math.inf, math.inf)
    assert not median(np.empty(0)).known


def test_median_interval_covers_the_truth() -> None:
    rng = np.random.default_rng(11)
    estimates = [median(rng.lognormal(1.0, 1.0, 25)) for _ in range(1000)]
    assert 0.94 < np.mean([e.low <= math.e <= e.high for e in estimates]) < 0.99


@given(st.lists(st.floats(0, 5000), max_size=50))
def test_a_histogram_holds_every_span(days: list[float]) -> None:
    described = spans(np.array(days))
    assert described.counts.sum() == described.n == len(days)
    assert 1 <= len(described.counts) <= 16
