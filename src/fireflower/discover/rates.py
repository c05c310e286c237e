"""Shares of rows that reached the goal, with intervals that know of clusters and weights, and how two shares differ."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fireflower.review.intervals import Estimate, Z, ratio, unknown, wilson_limits

Floats = NDArray[np.float64]


def share(reached: NDArray[np.bool_], cluster: NDArray[np.int64], weight: Floats | None = None) -> Estimate:
    """The weighted share, with Wilson's interval for the effective number of rows.

    The variance is that of a ratio of cluster sums (Cochran 1977, section 2.11, with clusters as units), and the
    effective number of rows the one whose binomial variance it is; never more than there are rows.
    """
    method = "Wilson score interval with the effective number of rows, by cluster"
    w = np.ones(len(reached)) if weight is None else weight
    total = float(w.sum())
    if total <= 0:
        return unknown(method)
    value = float((w * reached).sum() / total)
    rows = int((w > 0).sum())
    effective = effective_rows(reached, value, cluster, w)
    low, high = wilson_limits(value, effective)
    return Estimate(value, 0.0 if value == 0 else low, 1.0 if value == 1 else high, rows, method)


def effective_rows(reached: NDArray[np.bool_], value: float, cluster: NDArray[np.int64], weight: Floats) -> float:
    """How many independent rows would know the share as well."""
    kish = float(weight.sum() ** 2 / (weight**2).sum())
    _, inverse = np.unique(cluster, return_inverse=True)
    sums = np.bincount(inverse, weight)
    if not 0 < value < 1 or (sums > 0).sum() == 1:  # one cluster tells nothing of how much clusters differ
        return min(kish, float(sums.sum() ** 2 / (sums**2).sum()))
    variance = cluster_variance(weight * (reached - value) / weight.sum(), cluster)
    return min(kish, value * (1 - value) / variance) if variance > 0 else kish


def cluster_variance(influence: Floats, cluster: NDArray[np.int64]) -> float:
    """The variance of a sum of influences, independent between clusters only."""
    _, inverse = np.unique(cluster, return_inverse=True)
    sums = np.bincount(inverse, influence)
    return float((sums**2).sum() * len(sums) / max(len(sums) - 1, 1))


def lift(inside: Estimate, outside: Estimate) -> Estimate:
    """How many times the share inside is that outside."""
    return ratio(inside, outside)


def above(reached: NDArray[np.bool_], inside: NDArray[np.bool_], cluster: NDArray[np.int64]) -> float:
    """The one-sided p-value that the share inside is no higher than outside: a score test, by cluster.

    Its statistic is the sum over rows of (x - mean x)(y - mean y) over its spread (cluster-robust; Liang & Zeger 1986).
    """
    if not inside.any() or inside.all():
        return 1.0
    influence = (inside - inside.mean()) * (reached - reached.mean())
    variance = cluster_variance(influence, cluster)
    if variance <= 0:
        return 1.0
    return 0.5 * math.erfc(float(influence.sum()) / math.sqrt(2 * variance))


def auc(score: Floats, reached: NDArray[np.bool_]) -> float:
    """The probability that one who reached the goal has the higher score than one who did not; ties count half
    (Mann & Whitney 1947). NaN where one of the two is missing. Numbers alone are sorted in a fraction of the time that
    their order takes.

    >>> auc(np.array([1.0, 2.0, 2.0, 3.0]), np.array([False, False, True, True]))
    0.875
    """
    positive = int(reached.sum())
    negative = len(reached) - positive
    if not positive or not negative:
        return math.nan
    ordered, own = np.sort(score), np.sort(score[reached])
    ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]) + 1, len(ordered))  # of runs of equal scores
    hits = np.diff(np.searchsorted(own, ordered[ends - 1], side="right"), prepend=0)
    rank = ends - (np.diff(ends, prepend=0) - 1) / 2
    return float((hits @ rank - positive * (positive + 1) / 2) / (positive * negative))


def auc_estimate(score: Floats, reached: NDArray[np.bool_], cluster: NDArray[np.int64]) -> Estimate:
    """The same with its interval, by cluster: a row counts by the share of others that it is ordered rightly with
    (DeLong et al. 1988, Biometrics 44, 837-845; for clusters Obuchowski 1997, Biometrics 53, 567-578)."""
    method = "DeLong, by cluster"
    value = auc(score, reached)
    if math.isnan(value):
        return unknown(method)
    above = _placed(score[reached], score[~reached])
    below = 1 - _placed(score[~reached], score[reached])
    influence = np.empty(len(score))
    influence[reached], influence[~reached] = (above - value) / len(above), (below - value) / len(below)
    half = Z * math.sqrt(cluster_variance(influence, cluster))
    return Estimate(value, max(0.0, value - half), min(1.0, value + half), len(score), method)


def _placed(scores: Floats, among: Floats) -> Floats:
    """For each score the share of others that lie below it; equal ones count half."""
    ordered = np.sort(among)
    sides = np.searchsorted(ordered, scores, "left") + np.searchsorted(ordered, scores, "right")
    return np.asarray(sides / (2 * len(ordered)))


def log_odds_ratio(
    reached: NDArray[np.bool_], inside: NDArray[np.bool_], cluster: NDArray[np.int64]
) -> tuple[float, float]:
    """The logarithm of the odds ratio and its variance, with a half added to each cell (Woolf 1955); the variance by
    cluster where that is greater."""
    a, b = (reached & inside).sum() + 0.5, (~reached & inside).sum() + 0.5
    c, d = (reached & ~inside).sum() + 0.5, (~reached & ~inside).sum() + 0.5
    own, other = a * b / (a + b), c * d / (c + d)
    influence = np.where(inside, (reached - a / (a + b)) / own, (c / (c + d) - reached) / other)
    alone = 1 / a + 1 / b + 1 / c + 1 / d
    return math.log(a * d / (b * c)), max(float(alone), cluster_variance(influence, cluster))


def log_loss(probability: Floats, reached: NDArray[np.bool_]) -> float:
    """Mean surprise in nats; probabilities are kept a millionth away from 0 and 1."""
    p = np.clip(probability, 1e-6, 1 - 1e-6)
    return float(-(np.where(reached, np.log(p), np.log1p(-p))).mean())
