"""How often chance alone would do as well: the whole search, done again on outcomes that were dealt out anew.

The best of thousands of rules looks good on pure noise. So outcomes are shuffled among the rows of one stretch of the
calendar, everything is searched again, and the best that was found is compared with the best that chance finds
(Westfall & Young 1993, the max statistic). Rules of different kinds and at different landmarks are made comparable by
the mean and spread of what chance finds of that kind there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fireflower.discover.boards import Board
from fireflower.discover.search import KINDS, Searcher, search

PERMUTATIONS = 200
FIRST = 40
HOPELESS = 0.25
"""Where chance does as well as often as this in the first few searches, no more are made: nothing would be declared."""

Floats = NDArray[np.float64]
Advance = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Chance:
    """What searches on shuffled outcomes found.

    Attributes
    ----------
    best : [permutations, kinds], the greatest gain of each kind; NaN for kinds that were not searched
    alone : [permutations, columns], the greatest gain of a single condition on each column
    """

    best: Floats
    alone: Floats

    def and_(self, more: Chance) -> Chance:
        """Both together."""
        return Chance(np.concatenate([self.best, more.best]), np.concatenate([self.alone, more.alone]))

    def standard(self, gains: Floats) -> Floats:
        """Gains of each kind in spreads above what chance finds on average."""
        spread = np.maximum(self.best.std(axis=0), 0.5)
        return np.asarray((gains - self.best.mean(axis=0)) / spread)

    def share(self, gain: float, kind: str) -> float:
        """How often chance finds a rule of this kind with as great a gain."""
        column = self.best[:, KINDS.index(kind)]
        return float((1 + (column >= gain).sum()) / (1 + len(column)))

    def typical(self, kind: str) -> float:
        """The gain that chance finds on average."""
        return float(self.best[:, KINDS.index(kind)].mean())

    def needed(self, kind: str) -> float:
        """The gain that chance exceeds in 5 % of searches."""
        return float(np.quantile(self.best[:, KINDS.index(kind)], 0.95))

    def of_columns(self, gains: Floats) -> Floats:
        """p-values of the columns, each against its own best threshold under chance.

        Beyond the best that chance has found, p falls by e with each nat: twice a gain is about chi-square (Wilks
        1938), and so far out its tail is exponential.
        """
        tries = len(self.alone)
        share = (1 + (self.alone >= gains[None, :]).sum(axis=0)) / (1 + tries)
        beyond = np.maximum(gains - self.alone.max(axis=0), 0.0)
        return np.asarray(share * np.exp(-beyond))


def shuffled(board: Board, cluster: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Rows that reach the goal when outcomes are dealt out anew inside each stratum.

    Where clusters have several rows, outcomes stay together: the clusters' outcomes are laid end to end in another
    order, so that how alike they are inside a cluster stays as it is.
    """
    rows = len(board.frame)
    ends = np.minimum(board.edges * 64, rows)
    found = [np.zeros(0, np.int64)]
    for first, last in pairwise(ends.tolist()):
        own = cluster[first:last]
        outcome = board.reached[first:last]
        _, inverse, counts = np.unique(own, return_inverse=True, return_counts=True)
        together = np.argsort(inverse, kind="stable")
        dealt = np.empty(len(own), np.bool_)
        dealt[together] = outcome[_reordered(inverse, together, counts, rng)]
        found.append(first + np.flatnonzero(dealt))
    return np.concatenate(found)


def _reordered(
    inverse: NDArray[np.int64], together: NDArray[np.int64], counts: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """The rows, cluster after cluster, the clusters in a random order."""
    if counts.max(initial=1) == 1:
        return rng.permutation(len(inverse))
    rank = rng.permutation(len(counts))
    return together[np.argsort(rank[inverse[together]], kind="stable")]


def by_chance(
    board: Board,
    least: int,
    most: int | None,
    depth: int,
    *,
    seed: int,
    numbers: range = range(PERMUTATIONS),
    threads: int = 2,
    advance: Callable[[], None] | None = None,
) -> Chance:
    """Search on shuffled outcomes.

    Parameters
    ----------
    numbers : of the shuffles; each is another, and always the same with one seed
    """

    def once(number: int) -> tuple[Floats, Floats]:
        converters = shuffled(board, board.frame.cluster, np.random.default_rng((seed, number)))
        rules = search(board, converters, least, most, depth)
        best = np.array([rules[kind][0].gain if rules[kind] else 0.0 for kind in KINDS])
        if advance:
            advance()
        return best, alone(board, converters, least, most)

    with ThreadPoolExecutor(threads) as pool:
        tries = list(pool.map(once, numbers))
    return Chance(np.array([best for best, _ in tries]), np.array([columns for _, columns in tries]))


def alone(board: Board, converters: NDArray[np.int64], least: int, most: int | None) -> Floats:
    """The greatest gain of a single condition on each column."""
    searcher = Searcher(board, converters, least, len(board.frame) if most is None else most)
    gains = searcher.gains(searcher.alone())
    best = np.zeros(len(board.frame.columns))
    np.maximum.at(best, board.column, gains)
    return best


def overall(observed: Sequence[Floats], chances: Sequence[Chance]) -> float:
    """How often chance finds, anywhere in the whole search, what stands out as far as the best that was found.

    Parameters
    ----------
    observed : for each landmark, the gains found of each kind
    """
    stat = max(float(chance.standard(gains).max()) for gains, chance in zip(observed, chances, strict=True))
    tries = min(len(chance.best) for chance in chances)
    null = np.max([chance.standard(chance.best[:tries]).max(axis=1) for chance in chances], axis=0)
    return float((1 + (null >= stat).sum()) / (1 + tries))


def false_discovery(p: Floats) -> Floats:
    """q-values: of those with a q up to 10 %, on average no more than 10 % are false (Benjamini & Hochberg 1995).

    >>> false_discovery(np.array([0.01, 0.04, 0.03, 0.5])).round(3).tolist()
    [0.04, 0.053, 0.053, 0.5]
    """
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty(len(p))
    q[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return np.minimum(q, 1.0)
