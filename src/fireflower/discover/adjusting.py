"""The same comparison with everything else that was measured held equal: is the rule more than a sign of activity?

Cross-fitted augmented inverse-probability weighting (Robins, Rotnitzky & Zhao 1994; Chernozhukov et al. 2018): the
chance of having the rule and the chance of the goal are each predicted from all other columns, on other rows than those
they are used on; the estimate is right if either of the two models is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence, Set

import numpy as np
from numpy.typing import NDArray

from fireflower.discover import covariates, logistic, rates
from fireflower.discover.frames import Column, Frame
from fireflower.discover.results import Adjusted
from fireflower.review.intervals import Estimate, Z

FOLDS = 4
MOST_COVARIATES = 60
MOST_ROWS = 60_000
"""More rows than these, chosen at random, would tell no more."""

_CLIP = 0.02
_OVERLAP = 0.05
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def adjusted(frame: Frame, inside: Bools, later: Bools, used: Set[str], horizon: int, seed: int = 0) -> Adjusted | None:
    """The adjusted difference on the later rows; None where nothing was measured beside the rule, or hardly anybody has
    it.

    Parameters
    ----------
    later : rows that the rule was not chosen on. What became of the others is not looked at, as the rule was chosen
        for it; they serve to tell who has the rule
    used : what the rule is made of (events, traits): columns made of the same are no covariates
    """
    rows = frame.some(MOST_ROWS, seed)
    frame, inside, later = frame.at(rows), inside[rows], later[rows]
    others = [column for column in frame.columns if not column.candidate.made_of & used]
    own = inside[later]
    if not others or min(int(own.sum()), int((~own).sum())) < 40:
        return None
    reached = frame.reached(horizon).astype(np.float64)
    x, measures = _chosen(others, inside, reached)
    if not measures:
        return None
    e = _crossed(x, inside.astype(np.float64), np.ones(len(frame), np.bool_), _folds(frame.cluster, seed), 2.0)
    frame, x, reached = frame.at(np.flatnonzero(later)), x[later], reached[later]
    fold = _folds(frame.cluster, seed + 1)
    had, had_not = _crossed(x, reached, own, fold, 5.0), _crossed(x, reached, ~own, fold, 5.0)
    if e is None or had is None or had_not is None:
        return None
    e = e[later]
    overlap = float(((e > _OVERLAP) & (e < 1 - _OVERLAP)).mean())
    e = np.clip(e, _CLIP, 1 - _CLIP)
    had = had + own * (reached - had) / e
    had_not = had_not + ~own * (reached - had_not) / (1 - e)
    return _result(had, had_not, frame, measures, overlap)


def _crossed(x: Floats, y: Floats, among: Bools, fold: NDArray[np.int64], ridge: float) -> Floats | None:
    """For every row the probability that y = 1, by a regression on rows of the other folds that are in `among`."""
    predicted = np.zeros(len(x))
    for number in range(FOLDS):
        known = among & (fold != number)
        if not known.any():
            return None
        predicted[fold == number] = logistic.predict(x[fold == number], logistic.fit(x[known], y[known], ridge))
    return predicted


def _result(had: Floats, had_not: Floats, frame: Frame, measures: int, overlap: float) -> Adjusted:
    method = "cross-fitted AIPW, by cluster"
    n = len(frame)
    p1, p0 = float(had.mean()), float(had_not.mean())
    spread = math.sqrt(rates.cluster_variance((had - had_not - (p1 - p0)) / n, frame.cluster))
    difference = Estimate(p1 - p0, p1 - p0 - Z * spread, p1 - p0 + Z * spread, n, method)
    low_rate = 0.5 / n
    p1, p0 = max(p1, low_rate), max(p0, low_rate)
    log_spread = math.sqrt(rates.cluster_variance(((had - p1) / p1 - (had_not - p0) / p0) / n, frame.cluster))
    ratio = Estimate(p1 / p0, p1 / p0 * math.exp(-Z * log_spread), p1 / p0 * math.exp(Z * log_spread), n, method)
    return Adjusted(difference, ratio, e_value(ratio.low), measures, overlap)


def e_value(ratio: float) -> float:
    """How strongly an unmeasured cause of both would have to be related to each to explain a risk ratio away; 1 where
    there is nothing to explain (VanderWeele & Ding 2017, Annals of Internal Medicine 167, 268-274).

    >>> round(e_value(3.9), 2)  # their example of breast-feeding: 7.26
    7.26
    """
    return ratio + math.sqrt(ratio * (ratio - 1)) if ratio > 1 else 1.0


def _chosen(columns: Sequence[Column], inside: Bools, reached: Floats) -> tuple[Floats, int]:
    """The covariates that go along most with the rule or the goal, and how many columns they are of; the square of the
    strongest as well, so that what rises steeply is not taken for straight."""
    made = [covariates.design([column]) for column in columns]
    of = np.repeat(np.arange(len(columns)), [part.shape[1] for part in made])
    x = np.column_stack(made)
    x = covariates.standardized(x, x)
    varied = x.std(axis=0) > 0
    x, of = x[:, varied], of[varied]
    if not x.shape[1]:
        return x, 0
    n = len(x)
    with_rule = np.abs(x.T @ (inside - inside.mean())) / (np.sqrt(n) * max(inside.std(), 1e-12))
    with_goal = np.abs(x.T @ (reached - reached.mean())) / (np.sqrt(n) * max(reached.std(), 1e-12))
    order = np.argsort(-np.maximum(with_rule, 2 * with_goal), kind="stable")[:MOST_COVARIATES]
    kept = x[:, order]
    return np.column_stack([kept, kept[:, :10] ** 2]), len(np.unique(of[order]))


def _folds(cluster: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Rows of one cluster are in one fold."""
    _, inverse = np.unique(cluster, return_inverse=True)
    return np.random.default_rng(seed).integers(0, FOLDS, inverse.max(initial=0) + 1)[inverse]
