"""What the search would have seen: so that "nothing" can be told from "too little to see anything"."""

from __future__ import annotations

import math

from fireflower.discover.results import Power

SHARES = (0.1, 0.25, 0.5)
_EIGHTY = 0.8416212335729143
"""The 80 % point of the normal distribution."""

_LARGEST = 50.0


def power(rows: int, hits: int, needed: float) -> tuple[Power, ...]:
    """The lift that is found four times out of five, for conditions that some shares of the subjects pass.

    Parameters
    ----------
    needed : the gain that chance exceeds in 5 % of searches

    Notes
    -----
    sqrt(2 gain) is about normal with spread 1 around the root of twice the gain to be expected.
    """
    wanted = (math.sqrt(2 * max(needed, 0.0)) + _EIGHTY) ** 2 / 2
    return tuple(Power(share, smallest_lift(rows, hits, share, wanted)) for share in SHARES)


def smallest_lift(rows: int, hits: int, share: float, gain: float) -> float:
    """The smallest lift whose expected gain reaches a value, to a hundredth; inf where none up to 50 does."""
    low, high = 1.0, _LARGEST
    if expected_gain(rows, hits, share, high) < gain:
        return math.inf
    while high - low > 0.005:
        middle = (low + high) / 2
        low, high = (low, middle) if expected_gain(rows, hits, share, middle) >= gain else (middle, high)
    return high


def expected_gain(rows: int, hits: int, share: float, lift: float) -> float:
    """The gain in log-likelihood of a condition that `share` of the rows pass, whose rate is `lift` times "
    "the others'."""
    if not rows or not hits:
        return 0.0
    rate = hits / rows
    outside = rate / (1 + share * (lift - 1))
    inside = min(lift * outside, 1.0)
    return rows * (share * _divergence(inside, rate) + (1 - share) * _divergence(outside, rate))


def _divergence(p: float, q: float) -> float:
    """Kullback-Leibler divergence of two shares."""
    first = p * math.log(p / q) if p > 0 else 0.0
    second = (1 - p) * math.log((1 - p) / (1 - q)) if p < 1 and q < 1 else 0.0
    return first + second
