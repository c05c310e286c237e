"""Lengths of time: medians with intervals, histograms, and Kaplan-Meier where not everybody has been
followed to the end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fireflower.review.intervals import Estimate, unknown, wilson_limits

_STEPS = (1 / 144, 1 / 48, 1 / 24, 1 / 8, 1 / 4, 1 / 2, 1, 2, 3, 7, 14, 28, 56, 91, 182, 364)
_BINS = 16


@dataclass(frozen=True, eq=False)
class Spans:
    """How a length of time is distributed, in days.

    Attributes
    ----------
    n : how many spans
    median : with an order-statistic interval
    quarter, three_quarters : the quartiles; NaN for none
    edges, counts : a histogram; `counts[i]` spans lie in [edges[i], edges[i + 1]), the last bin includes
        its end
    """

    n: int
    median: Estimate
    quarter: float
    three_quarters: float
    edges: NDArray[np.float64]
    counts: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Curve:
    """The cumulative share to which something has happened, by days (Kaplan-Meier), on a grid for drawing.

    Attributes
    ----------
    days : the grid
    share, low, high : the estimate at each point and its pointwise interval
    at_risk : how many were still being followed, and had not had it, just before each point
    n, happened : subjects, and those to whom it happened while they were followed
    median : the day by which it has happened to half; NaN where fewer than half got so far
    """

    days: NDArray[np.float64]
    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    at_risk: NDArray[np.int64]
    n: int
    happened: int
    median: Estimate

    def at(self, index: int) -> Estimate:
        """The share at one point of the grid."""
        share, low, high = (float(column[index]) for column in (self.share, self.low, self.high))
        return Estimate(share, low, high, self.n, _KAPLAN_MEIER)


_KAPLAN_MEIER = "Kaplan-Meier with Rothman's interval"


def median(values: NDArray[np.float64]) -> Estimate:
    """The median with the order-statistic interval: no assumption about the distribution.

    The limits are the l-th smallest and l-th greatest value, with l the greatest rank for which P(B < l) <=
    2.5 %, B binomial (n, 1/2). Fewer than 6 values set no bounds.

    >>> median(np.arange(1.0, 11.0))  # n = 10: P(B <= 1) = 11 / 1024, so the 2nd and the 9th value
    Estimate(value=5.5, low=2.0, high=9.0, n=10, method='order statistics')
    """
    method = "order statistics"
    n = len(values)
    if n == 0:
        return unknown(method)
    rank = _lower_rank(n)
    ordered = np.sort(values)
    low, high = (float(ordered[rank - 1]), float(ordered[n - rank])) if rank else (-math.inf, math.inf)
    return Estimate(float(np.median(ordered)), low, high, n, method)


def _lower_rank(n: int) -> int:
    log_factorial = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, n + 1)))))
    log_probability = log_factorial[n] - log_factorial - log_factorial[::-1] - n * math.log(2)
    return int(np.searchsorted(np.cumsum(np.exp(log_probability)), 0.025, side="right"))


def spans(days: NDArray[np.float64]) -> Spans:
    """Describe lengths of time, in days, all of them known to the end."""
    quarter, three_quarters = np.quantile(days, (0.25, 0.75)) if len(days) else (math.nan, math.nan)
    edges = _edges(float(days.max()) if len(days) else 0.0)
    counts, _ = np.histogram(days, edges)
    return Spans(len(days), median(days), float(quarter), float(three_quarters), edges, counts)


def _edges(longest: float) -> NDArray[np.float64]:
    """Bins of a length that people know (10 minutes to a year), few enough to draw."""
    step = next((step for step in _STEPS if step * _BINS >= longest), longest / _BINS)
    return np.arange(max(1, math.ceil(longest / step)) + 1, dtype=np.float64) * step


def kaplan_meier(days: NDArray[np.float64], happened: NDArray[np.bool_], grid: NDArray[np.float64]) -> Curve:
    """The share to which it has happened by each day of `grid`, where some are followed for a shorter time
    than others.

    Parameters
    ----------
    days : how long each subject was followed: until it happened, or until we stopped looking
    happened : whether it happened
    grid : ascending

    Notes
    -----
    1 - S(t), S(t) = product over event times u <= t of (1 - d_u / r_u). The interval is Rothman's (1978,
    Journal of Chronic Diseases 31, 557-560): Wilson's with the effective number n' = S (1 - S) /
    Greenwood's variance, so that with everybody followed to the end it is Wilson's own. Beyond the longest
    follow-up the share is unknown (NaN), unless it is 1.
    """
    ordered = np.sort(days)
    times, deaths = np.unique(days[happened], return_counts=True)
    at_risk = len(days) - np.searchsorted(ordered, times, side="left")
    share = np.concatenate(([0.0], 1 - np.cumprod(1 - deaths / at_risk)))
    spread = np.concatenate(([0.0], np.cumsum(deaths / (at_risk * np.maximum(at_risk - deaths, 1)))))
    low, high = _limits(share, spread, _still_followed(days, happened, times))
    step = np.searchsorted(times, grid, side="right")
    # After the last subject was lost nothing is known, unless it had happened to all.
    seen = (grid <= (ordered[-1] if len(ordered) else -1.0)) | (share[step] >= 1)
    drawn = [np.where(seen, column[step], np.nan) for column in (share, low, high)]
    risk = len(days) - np.searchsorted(ordered, grid, side="left")
    middle = _curve_median(times, share[1:], low[1:], high[1:], len(days))
    return Curve(grid, drawn[0], drawn[1], drawn[2], risk, len(days), int(happened.sum()), middle)


def _still_followed(
    days: NDArray[np.float64], happened: NDArray[np.bool_], times: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Before the first and at each event time: those who were not lost before it."""
    lost = np.sort(days[~happened])
    return len(days) - np.concatenate(([0], np.searchsorted(lost, times, side="left")))


def _limits(
    share: NDArray[np.float64], spread: NDArray[np.float64], followed: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rothman's limits. Greenwood's variance of S is S^2 `spread`, so n' = (1 - S) / (S spread)."""
    inside = (share > 0) & (share < 1)
    effective = followed.astype(np.float64)
    effective[inside] = share[inside] / ((1 - share[inside]) * spread[inside])
    low, high = wilson_limits(share, np.maximum(effective, 1.0))
    return np.where(share <= 0, 0.0, low), np.where(share >= 1, 1.0, high)


def _curve_median(
    times: NDArray[np.float64],
    share: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    n: int,
) -> Estimate:
    """The first day on which the share reaches a half; the limits are those of the curve's limits
    (Brookmeyer & Crowley).
    """

    def reaches_half(column: NDArray[np.float64]) -> float:
        hits = np.flatnonzero(column >= 0.5)
        return float(times[hits[0]]) if len(hits) else math.inf

    method = "Kaplan-Meier median (Brookmeyer & Crowley)"
    value = reaches_half(share)
    if math.isinf(value):
        return unknown(method, n)
    return Estimate(value, reaches_half(high), reaches_half(low), n, method)
