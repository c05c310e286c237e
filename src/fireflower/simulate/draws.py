"""Chance that is the same on every machine.

The bits come from PCG64, whose stream numpy guarantees, and not from the distributions of `numpy.random.Generator`,
which may change between versions. All that is done to them is IEEE arithmetic one operation at a time (no exp, log or
fused operations, whose last bit depends on the processor), comparison, and table look-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SKEWED = (0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 1.05, 1.3, 1.7, 2.4, 4.5)
"""Quantiles of a positive quantity of mean about 1.2 with a long tail, like a person's activity beside their peers'."""


class Draws:
    """A stream of chance of its own for one purpose, so that a change of one purpose leaves the others as they were."""

    def __init__(self, seed: int, purpose: str) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence([seed, crc32(purpose.encode())]))

    def unit(self, *shape: int) -> Floats:
        """Uniform numbers in [0, 1)."""
        raw = self._bits.random_raw(int(np.prod(shape)))
        unit: Floats = (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return unit.reshape(shape)

    def chance(self, probability: ArrayLike, *shape: int) -> Bools:
        """True with this probability; one draw for each probability, or as many as `shape` says."""
        wanted = np.asarray(probability, np.float64)
        return self.unit(*(shape or wanted.shape)) < wanted

    def between(self, low: ArrayLike, high: ArrayLike, *shape: int) -> Floats:
        """Uniform in [low, high)."""
        bottom, top = np.broadcast_arrays(np.asarray(low, np.float64), np.asarray(high, np.float64))
        return bottom + self.unit(*(shape or bottom.shape)) * (top - bottom)

    def below(self, bound: ArrayLike, *shape: int) -> Ints:
        """Integers in [0, bound)."""
        return np.floor(self.between(0.0, bound, *shape)).astype(np.int64)

    def pick(self, weights: Sequence[float] | Floats, *shape: int) -> Ints:
        """Positions in `weights`, each as often as it weighs."""
        edges = np.cumsum(np.asarray(weights, np.float64))
        drawn = np.searchsorted(edges, self.unit(*shape) * edges[-1], side="right")
        return np.minimum(drawn, len(edges) - 1).astype(np.int64)

    def quantiles(self, table: Sequence[float], *shape: int) -> Floats:
        """Numbers whose evenly spaced quantiles are `table`, linear in between."""
        values = np.asarray(table, np.float64)
        place = self.unit(*shape) * (len(values) - 1)
        step = np.floor(place).astype(np.int64)
        rise = (values[step + 1] - values[step]) * (place - step)
        return values[step] + rise

    def rounded(self, values: ArrayLike) -> Ints:
        """Whole numbers whose mean is `values`: rounded down or up by chance."""
        wanted = np.asarray(values, np.float64)
        return np.floor(wanted + self.unit(*wanted.shape)).astype(np.int64)


def moments(values: Floats) -> Ints:
    """Whole microseconds on a millisecond's grid, as exports write them."""
    return np.floor(values / 1000.0).astype(np.int64) * 1000


def spread_out(counts: Ints) -> tuple[Ints, Ints]:
    """For each of `counts` repeated items: whose it is, and its place among its owner's.

    >>> owner, place = spread_out(np.array([2, 0, 3]))
    >>> owner.tolist(), place.tolist()
    ([0, 0, 2, 2, 2], [0, 1, 0, 1, 2])
    """
    owner = np.repeat(np.arange(len(counts)), counts)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    return owner, place
