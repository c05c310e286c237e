"""Shares, areas, regressions and adjustments, held to scipy and to worlds whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import chi2, mannwhitneyu

from discover.frames import column, frame
from fireflower.discover import logistic, rates
from fireflower.discover.adjusting import adjusted
from fireflower.discover.boards import board
from fireflower.discover.ceiling import ceilings
from fireflower.discover.frames import Frame, split, weights
from fireflower.discover.power import expected_gain, power
from fireflower.discover.scores import pool, scored, sums
from fireflower.discover.segments import chi_square_tail
from fireflower.model.moments import DAY, NEVER
from fireflower.review.intervals import wilson


def test_area_under_the_curve_is_mann_and_whitneys() -> None:
    rng = np.random.default_rng(0)
    score, reached = rng.integers(0, 9, 300).astype(float), rng.random(300) < 0.3
    u = mannwhitneyu(score[reached], score[~reached]).statistic
    assert rates.auc(score, reached) == pytest.approx(u / (reached.sum() * (~reached).sum()))


def test_the_interval_of_an_area_covers_it_with_clusters_and_without() -> None:
    """Clusters of five that are alike in score and outcome: the interval of rows alone would be too narrow by far."""
    rng = np.random.default_rng(3)
    true = rates.auc(*_scored(rng, 200_000))
    held = {1: 0, 5: 0}
    for _ in range(200):
        for size in held:
            score, reached = (np.repeat(part, size) for part in _scored(rng, 300))
            found = rates.auc_estimate(score, reached, np.repeat(np.arange(300), size))
            held[size] += found.low <= true <= found.high
    assert min(held.values()) >= 180
    score, reached = _scored(rng, 400)
    alone = rates.auc_estimate(score, reached, np.arange(400))
    a, n, m = alone.value, int(reached.sum()), int((~reached).sum())
    q1, q2 = a / (2 - a), 2 * a**2 / (1 + a)  # Hanley & McNeil 1982
    theirs = ((a * (1 - a) + (n - 1) * (q1 - a**2) + (m - 1) * (q2 - a**2)) / (n * m)) ** 0.5
    assert alone.high - alone.low == pytest.approx(2 * 1.96 * theirs, rel=0.1)


def _scored(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    reached = rng.random(n) < 0.3
    return np.round(rng.normal(reached * 0.8, 1), 1), reached


def test_one_cluster_is_one_row() -> None:
    found = rates.share(np.arange(60) < 30, np.zeros(60, np.int64))
    assert (found.low, found.high) == pytest.approx((wilson(1, 2).low, wilson(1, 2).high), abs=0.1)


def test_an_odds_ratio_varies_as_woolf_has_it_and_more_in_clusters() -> None:
    rng = np.random.default_rng(5)
    inside, reached = rng.random(4000) < 0.3, rng.random(4000) < 0.2
    value, variance = rates.log_odds_ratio(reached, inside, np.arange(4000))
    a, b = (reached & inside).sum() + 0.5, (~reached & inside).sum() + 0.5
    c, d = (reached & ~inside).sum() + 0.5, (~reached & ~inside).sum() + 0.5
    assert value == pytest.approx(np.log(a * d / (b * c)))
    assert variance == pytest.approx(1 / a + 1 / b + 1 / c + 1 / d, rel=0.02)
    four = [np.repeat(each, 4) for each in (reached, inside, np.arange(4000))]
    assert rates.log_odds_ratio(four[0], four[1], four[2])[1] == pytest.approx(variance, rel=0.02)
    assert rates.log_odds_ratio(four[0], four[1], np.arange(16000))[1] == pytest.approx(variance / 4, rel=0.02)


def test_a_share_without_clusters_is_wilsons_and_clusters_widen_it() -> None:
    reached = np.arange(200) < 30
    plain = rates.share(reached, np.arange(200))
    expected = wilson(30, 200)
    assert (plain.value, plain.low, plain.high) == pytest.approx((0.15, expected.low, expected.high), abs=2e-3)
    alike = rates.share(np.repeat(reached[::4], 4), np.repeat(np.arange(50), 4))
    assert alike.high - alike.low > 1.5 * (plain.high - plain.low)


def test_logistic_regression_is_the_optimum() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 3))
    y = (rng.random(400) < logistic.sigmoid(x @ [1.0, -0.5, 0.0] - 1)).astype(float)

    def loss(b: np.ndarray) -> float:
        z = b[0] + x @ b[1:]
        return float(-(y * z - np.logaddexp(0, z)).sum() + 0.5 * 2.0 * (b[1:] ** 2).sum())

    assert logistic.fit(x, y, ridge=2.0) == pytest.approx(minimize(loss, np.zeros(4)).x, abs=1e-3)


@pytest.mark.parametrize("degrees", [1, 2, 3, 6, 7])
def test_tail_of_chi_square(degrees: int) -> None:
    assert chi_square_tail(5.5, degrees) == pytest.approx(chi2.sf(5.5, degrees))


def world(seed: int, effect: float) -> tuple[Frame, np.ndarray]:
    """A hidden need makes people active, and buy; having the rule raises buying by `effect`."""
    rng = np.random.default_rng(seed)
    need = rng.normal(size=6000)
    activity = [column(f"a{i}", rng.poisson(np.exp(0.8 + 0.7 * need))) for i in range(8)]
    rule = rng.random(6000) < logistic.sigmoid(1.2 * need - 1)
    reached = rng.random(6000) < np.clip(0.04 * np.exp(0.6 * need) * (1 + effect * rule), 0, 1)
    return frame([*activity, column("rule", rule.astype(float))], reached), rule


def test_a_common_cause_is_adjusted_away_and_an_effect_is_not() -> None:
    both, rule = world(0, 0.0)
    later = np.arange(len(both)) >= 2000
    found = adjusted(both, rule, later, {"rule"}, 30 * DAY)
    reached = both.reached(30 * DAY)
    assert found is not None
    assert reached[rule].mean() / reached[~rule].mean() > 1.6
    assert found.ratio.value < 1.35 and found.difference.low < 0
    found = adjusted(*world(1, 2.0), later, {"rule"}, 30 * DAY)
    assert found is not None and found.difference.low > 0 and 1.8 < found.ratio.value < 4.5 and found.e_value > 1.5


def test_a_score_finds_its_points() -> None:
    rng = np.random.default_rng(5)
    columns = [column(f"e{i}", rng.integers(0, 4, 8000)) for i in range(10)]
    z = 1.0 * (columns[0].numbers >= 2) + 2.0 * (columns[3].numbers >= 1) + 1.0 * (columns[5].numbers >= 3) - 4
    reached = rng.random(8000) < logistic.sigmoid(z)
    on = board(frame(columns, reached), reached, 40)
    card = scored(on, *pool(on, 40))
    assert card is not None
    points = {(on.terms[k].column, on.terms[k].test.bound): p for k, p in zip(card.terms, card.points, strict=True)}
    assert set(points) == {(0, 2.0), (3, 1.0), (5, 3.0)}
    assert points[3, 1.0] == pytest.approx(2 * points[0, 2.0], rel=0.35)
    total = sums([columns[c].numbers >= bound for c, bound in points], list(points.values()))
    p = logistic.sigmoid(card.base + card.scale * total)
    assert p.mean() == pytest.approx(reached.mean(), rel=0.02)


def test_power_is_that_of_the_gain() -> None:
    assert expected_gain(1000, 100, 0.3, 1.0) == pytest.approx(0)
    lifts = [each.lift for each in power(2000, 100, 6.0)]
    assert all(lift > 1.3 for lift in lifts)
    assert all(more.lift < less.lift for more, less in zip(power(20000, 1000, 6.0), power(2000, 100, 6.0), strict=True))


def test_weights_are_one_where_everybody_is_followed_and_make_good_what_is_not() -> None:
    rng = np.random.default_rng(7)
    n = 40_000
    wait = np.where(rng.random(n) < 0.3, rng.uniform(0, 30, n) * DAY, NEVER).astype(np.int64)
    every = Frame(
        7 * DAY, np.arange(n), np.arange(n), wait, np.full(n, 99 * DAY), np.full(n, NEVER), np.arange(n), ()
    )  # fmt: skip
    assert weights(every, 30 * DAY).tolist() == [1.0] * n
    followed = (rng.uniform(0, 60, n) * DAY).astype(np.int64)
    some = Frame(7 * DAY, every.subject, every.moment, wait, followed, every.left, every.cluster, ())
    weight = weights(some, 30 * DAY)
    seen = wait <= np.minimum(30 * DAY, followed)
    assert (weight * seen).sum() / weight.sum() == pytest.approx(0.3, abs=0.01)
    assert seen.mean() < 0.27
    at_once = np.where(np.arange(1000) < 500, 10 * DAY, 99 * DAY)  # half of all can be followed for ten days only
    cohort = Frame(7 * DAY, *(np.arange(1000),) * 2, np.full(1000, NEVER), at_once, *(np.arange(1000),) * 2, ())
    assert set(weights(cohort, 30 * DAY).tolist()) == {0.0, 2.0}


def test_the_earlier_rows_are_as_they_were_known_at_the_cut() -> None:
    rng = np.random.default_rng(8)
    made = frame([column("e", rng.poisson(1, 3000))], rng.random(3000) < 0.2)
    both = replace(made, wait=np.where(made.wait < NEVER, rng.integers(0, 25 * DAY, 3000), NEVER))
    parts = split(both, 30 * DAY)
    earlier = parts.earlier
    assert earlier.moment.max() < parts.cut <= parts.test.moment.min()
    assert (earlier.moment + earlier.followed).max() <= parts.cut
    seen = earlier.wait < NEVER
    assert (earlier.moment + earlier.wait)[seen].max() < parts.cut
    assert (both.moment + both.wait)[: len(earlier)][~seen & (both.wait[: len(earlier)] < NEVER)].min() >= parts.cut
    assert parts.test.reached(30 * DAY).sum() == pytest.approx(0.3 * both.reached(30 * DAY).sum(), abs=2)
    assert len(parts.train) + len(parts.test) == len(both)


def test_the_ceiling_is_at_least_as_high_as_one_signal() -> None:
    rng = np.random.default_rng(9)
    columns = [column(f"e{i}", rng.poisson(2, 3000)) for i in range(6)]
    z = 0.6 * columns[0].numbers + 0.6 * columns[1].numbers - 4.5
    made = split(frame(columns, rng.random(3000) < logistic.sigmoid(z)), 30 * DAY)
    alone = rates.auc(made.test.columns[0].numbers, made.test.reached(30 * DAY))
    found = ceilings(made.train, made.test, 30 * DAY)
    assert found[0].method.endswith("logistic regression")
    assert all(each.auc.value > alone for each in found)


def test_boosted_trees_stand_beside_it_where_they_are_installed() -> None:
    pytest.importorskip("sklearn", reason="needs scikit-learn: pip install 'fireflower[discovery]'")
    rng = np.random.default_rng(10)
    columns = [column(f"e{i}", rng.poisson(2, 2000)) for i in range(3)]
    both = (columns[0].numbers >= 2) & (columns[1].numbers >= 2)
    made = split(frame(columns, rng.random(2000) < np.where(both, 0.5, 0.1)), 30 * DAY)
    assert [each.method for each in ceilings(made.train, made.test, 30 * DAY)][1].endswith("boosted trees")
