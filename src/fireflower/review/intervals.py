"""Estimates that carry their uncertainty: shares, rates, and the difference and ratio of two of them.

Written out rather than taken from scipy, which costs seconds to import; the tests hold them against scipy
and against published numbers. Every interval is at 95 %. Differences and ratios are made from the limits of
their two parts (MOVER, the method of variance estimates recovery), so one rule serves independent and
paired parts, small samples and shares of 0 or 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = TypeVar("Floats", float, NDArray[np.float64])

Z = 1.959963984540054
"""The 97.5 % point of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval.

    Attributes
    ----------
    value : the estimate; NaN where the data cannot say
    low, high : the interval; NaN where the data cannot say, -inf or inf where they set no bound
    n : on how many independent observations it rests
    method : how the interval was made, in words for a footnote
    """

    value: float
    low: float
    high: float
    n: int
    method: str

    @property
    def known(self) -> bool:
        return not math.isnan(self.value)


def unknown(method: str, n: int = 0) -> Estimate:
    """What the data cannot say."""
    return Estimate(math.nan, math.nan, math.nan, n, method)


def wilson_limits(share: Floats, n: Floats) -> tuple[Floats, Floats]:
    """The score interval of a share seen in `n` observations; `n` may be an effective number, not whole.

    Solves |p - share| = Z sqrt(p (1 - p) / n) for p (Wilson 1927).
    """
    middle = share + Z * Z / (2 * n)
    half = Z * (share * (1 - share) / n + Z * Z / (4 * n * n)) ** 0.5
    scale = 1 + Z * Z / n
    return (middle - half) / scale, (middle + half) / scale


def wilson(successes: int, n: int) -> Estimate:
    """A share with Wilson's score interval.

    >>> e = wilson(81, 263)  # Newcombe (1998), Statistics in Medicine 17, table I: 0.2553 to 0.3662
    >>> round(e.low, 4), round(e.high, 4)
    (0.2553, 0.3662)
    """
    method = "Wilson score interval"
    if n == 0:
        return unknown(method)
    low, high = wilson_limits(successes / n, n)
    # At the ends the limits are 0 and 1 exactly; only rounding says otherwise.
    low, high = (0.0 if successes == 0 else low), (1.0 if successes == n else high)
    return Estimate(successes / n, low, high, n, method)


def poisson_limits(count: int) -> tuple[float, float]:
    """The score interval of a Poisson mean of which `count` was seen: solves |m - count| = Z sqrt(m)."""
    middle, half = count + Z * Z / 2, Z * math.sqrt(count + Z * Z / 4)
    return (0.0 if count == 0 else middle - half), middle + half


def rate(count: int, exposure: float) -> Estimate:
    """`count` things in `exposure` units of time, as a rate per unit with the score interval of a Poisson
    mean.
    """
    method = "score interval of a Poisson rate"
    if exposure <= 0:
        return unknown(method)
    low, high = poisson_limits(count)
    return Estimate(count / exposure, low / exposure, high / exposure, count, method)


def difference(first: Estimate, second: Estimate, correlation: float = 0.0) -> Estimate:
    """first - second, from the limits of both and the correlation of their errors.

    With shares and correlation 0 it is Newcombe's hybrid score interval (1998, Statistics in Medicine 17,
    873-890, method 10); with the phi coefficient of the pairs it is that for paired shares (same volume,
    2635-2650, method 8).

    >>> e = difference(wilson(56, 70), wilson(48, 80))  # Newcombe, table II, case (a): 0.0524 to 0.3339
    >>> round(e.value, 4), round(e.low, 4), round(e.high, 4)
    (0.2, 0.0524, 0.3339)
    """
    method = "difference from the limits of both parts (Newcombe; MOVER)"
    n = min(first.n, second.n)
    if not (first.known and second.known):
        return unknown(method, n)
    change = first.value - second.value
    below = _joined(first.value - first.low, second.high - second.value, correlation)
    above = _joined(first.high - first.value, second.value - second.low, correlation)
    return Estimate(change, change - below, change + above, n, method)


def _joined(a: float, b: float, correlation: float) -> float:
    return math.sqrt(max(0.0, a * a + b * b - 2 * correlation * a * b))


def ratio(first: Estimate, second: Estimate, correlation: float = 0.0) -> Estimate:
    """first / second for two shares or rates, from the limits of both and the correlation of their errors.

    Fieller's argument with recovered variances: the limits are the values t at which the interval of `first
    - t second` touches 0 (Donner & Zou 2012, Statistical Methods in Medical Research 21, 347-359). `high`
    is inf where the second may be 0. Unknown where the second is 0.
    """
    method = "ratio from the limits of both parts (Donner & Zou; MOVER-R)"
    n = min(first.n, second.n)
    if not (first.known and second.known) or second.value == 0:
        return unknown(method, n)
    low = _root(first.value, second.value, first.low, second.high, correlation, upper=False)
    high = _root(first.value, second.value, first.high, second.low, correlation, upper=True)
    return Estimate(first.value / second.value, low, high, n, method)


def _root(p: float, q: float, p_end: float, q_end: float, correlation: float, *, upper: bool) -> float:
    """A root t of (p - t q)^2 = (p - p_end)^2 + t^2 (q - q_end)^2 - 2 t correlation |p - p_end| |q - q_end|."""
    a = q_end * (2 * q - q_end)
    b = p * q - correlation * abs(p - p_end) * abs(q - q_end)
    c = p_end * (2 * p - p_end)
    root = math.sqrt(max(0.0, b * b - a * c))
    if upper:
        return (b + root) / a if a > 0 else math.inf
    # Written so that it also holds where `a` is negative or 0: where the second's upper limit is far above it.
    return c / (b + root) if c > 0 else 0.0


def correlation(covariance: float, variance: float, other: float) -> float:
    """The correlation, 0 where one of the two does not vary."""
    if variance <= 0 or other <= 0:
        return 0.0
    return min(1.0, max(-1.0, covariance / math.sqrt(variance * other)))
