"""Chance that belongs to a subject and a purpose, so that what is changed in a re-run changes nothing else.

Two counter-based generators, neither of which has a state that one draw could pass on to another:

- Philox 4x64 (Salmon et al. 2011, 'Parallel random numbers: as easy as 1, 2, 3'): its key is the seed and the
  purpose, its
  counter begins at the block of subjects. For what every subject draws equally often.
- SplitMix64 (Steele, Lea & Flood 2014): each subject has a key of its own, the counter is the item. For what some draw
  more often than others, such as the times of their events.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

BLOCK = 1024
"""Subjects that share a counter's beginning. Drawn whole, so that more subjects leave the first as they are."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Chance:
    """The chance of one world: `subjects` rows for any purpose."""

    seed: int
    subjects: int

    def unit(self, purpose: str, width: int = 1) -> Floats:
        """Uniform in (0, 1), of the shape (subjects, width)."""
        drawn = np.concatenate([rng.random((BLOCK, width)) for rng in self._blocks(purpose)])
        return np.clip(drawn[: self.subjects], 2.0**-53, None)

    def normal(self, purpose: str, width: int = 1) -> NDArray[np.float32]:
        """Standard normal, of the shape (subjects, width)."""
        blocks = [rng.standard_normal((BLOCK, width), np.float32) for rng in self._blocks(purpose)]
        return np.concatenate(blocks)[: self.subjects]

    def items(self, purpose: str, subject: Ints, item: ArrayLike) -> Floats:
        """Uniform in [0, 1): one number for each item of a subject, the same whatever else is asked for."""
        keys = np.concatenate([rng.integers(0, 2**64, BLOCK, np.uint64) for rng in self._blocks(purpose)])
        state = keys[subject] + (np.atleast_1d(np.asarray(item)).astype(np.uint64) + np.uint64(1)) * _GOLDEN
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        unit: Floats = ((state ^ (state >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return unit

    def one(self, purpose: str) -> np.random.Generator:
        """A generator for what is drawn once for the whole world, such as its rule."""
        return self._generator(purpose, 0)

    def _blocks(self, purpose: str) -> Iterator[np.random.Generator]:
        for block in range(-(-self.subjects // BLOCK)):
            yield self._generator(purpose, 1 + block)

    def _generator(self, purpose: str, block: int) -> np.random.Generator:
        key: Any = np.array([self.seed, crc32(purpose.encode())], np.uint64)
        counter: Any = np.array([0, 0, 0, block], np.uint64)
        return np.random.Generator(np.random.Philox(counter=counter, key=key))


def spread_out(counts: Ints) -> tuple[Ints, Ints]:
    """For each of `counts` repeated items: whose it is, and its place among its owner's.

    >>> owner, place = spread_out(np.array([2, 0, 3]))
    >>> owner.tolist(), place.tolist()
    ([0, 0, 2, 2, 2], [0, 1, 0, 1, 2])
    """
    owner = np.repeat(np.arange(len(counts)), counts)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    return owner, place
