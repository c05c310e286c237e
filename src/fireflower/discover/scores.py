"""Point scores: at most eight conditions with small whole numbers, found on the searched rows.

Conditions are added one by one, each the one that raises the likelihood most beside those that are there; then each is
exchanged while that helps; then coefficients become whole points: of several multipliers the one that loses least,
bettered point by point (the way of FasterRisk, Liu, Zhong, Li, Seltzer & Rudin 2022, with one beam instead of many).
One probability belongs to each sum of points: a logistic curve through them (Platt 1999).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from fireflower.discover import logistic
from fireflower.discover.boards import Board
from fireflower.discover.rates import cluster_variance
from fireflower.discover.search import Searcher
from fireflower.discover.tallies import unpacked

ITEMS = 8
OTHERS = 2
"""Near ties that are looked for."""
LARGEST = 10
"""Points of one condition."""

_FALSE = 0.5
"""Rate of false discoveries among what a score is made of: what is taken is more likely to be something than chance. It
is less than that, as several cuts of one column count as so many tries. A score has to put people in order rather than
to name causes, so it pays to take what a rule would not (docs/proving-ground.md)."""

_POOL = 240
_EACH = 8
_ROWS = 60_000
_RIDGE = 0.5
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Card:
    """A score: conditions by their number on the board, their points, and its curve."""

    terms: tuple[int, ...]
    points: tuple[int, ...]
    base: float
    scale: float


def pool(board: Board, least: int, seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The conditions among which a score is chosen, and the rows that it is chosen on (all, if there are not many)."""
    searcher = Searcher(board, np.flatnonzero(board.reached), least, len(board.frame))
    gains = searcher.gains(searcher.alone())
    taken: dict[int, int] = {}
    chosen: list[int] = []
    for k in np.argsort(-gains, kind="stable").tolist():
        column = int(board.column[k])
        if gains[k] > 1 and taken.get(column, 0) < _EACH and len(chosen) < _POOL:
            taken[column] = taken.get(column, 0) + 1
            chosen.append(k)
    return np.array(chosen, np.int64), board.frame.some(_ROWS, seed)


def scored(board: Board, terms: NDArray[np.int64], rows: NDArray[np.int64], items: int = ITEMS) -> Card | None:
    """The best score of at most so many items; None where no condition is worth a point."""
    if not len(terms):
        return None
    x = np.stack([unpacked(board.bits[k], len(board.frame))[rows] for k in terms]).astype(np.float64)
    y, stratum = board.reached[rows].astype(np.float64), board.stratum[rows]
    card = best_card(x, y, items, tried=len(board.terms), stratum=stratum)
    return replace(card, terms=tuple(int(terms[i]) for i in card.terms)) if card is not None else None


def best_card(
    x: Floats, y: Floats, items: int = ITEMS, tried: int = 0, stratum: NDArray[np.int64] | None = None
) -> Card | None:
    """The best score of rows that are given as numbers; None where no condition is worth a point.

    Parameters
    ----------
    x : [conditions, rows], 1 where a row passes a condition, else 0; the card's terms are its places
    y : [rows], 1 where a row reached the goal, else 0
    tried : how many conditions there were before these were chosen for what they do; by default, they are all
    stratum : [rows], within which rows are compared, numbered from 0; by default, all are
    """
    if not 0 < y.mean() < 1:
        return None
    rows = _Rows(x, y, _alike(len(y)) if stratum is None else stratum)
    chosen = _forward(rows, items, tried or len(x))
    if not chosen:
        return None
    chosen = _exchanged(rows, chosen)
    points = _whole(rows.patterns(chosen))
    order = sorted((i for i, point in enumerate(points) if point), key=lambda i: -abs(points[i]))
    if not order:
        return None
    card = Card(tuple(chosen[i] for i in order), tuple(points[i] for i in order), 0.0, 0.0)
    return calibrated(card, np.array(card.points) @ x[list(card.terms)], y > 0)


def calibrated(card: Card, total: Floats, reached: NDArray[np.bool_]) -> Card:
    """The card with its curve drawn through other rows: their points, and who of them reached the goal."""
    if not 0 < reached.sum() < len(reached) or len(np.unique(total)) < 2:
        return card
    rows = _Rows(total[None, :], reached.astype(np.float64), _alike(len(total)))
    b, _ = _line(rows.patterns([0]), (1,))
    base, scale = float(b[0]), float(b[1])
    return replace(card, base=base, scale=scale)


def without(board: Board, terms: NDArray[np.int64], name: str) -> NDArray[np.int64]:
    """Those conditions that are not made of an event, trait or column."""
    others = [k for k in terms.tolist() if board.frame.columns[board.terms[k].column].candidate.of != name]
    return np.array(others, np.int64)


def near_ties(board: Board, terms: NDArray[np.int64], rows: NDArray[np.int64], best: Card) -> list[tuple[str, Card]]:
    """Scores within one standard error of the best on the rows it was chosen on, each without one of the things that
    matter most in it, which is named: whoever cannot measure that, or does not believe in it, has another."""
    kept: list[tuple[str, Card]] = []
    for left_out in best.terms[: OTHERS + 1]:
        if len(kept) == OTHERS:
            break
        name = board.frame.columns[board.terms[left_out].column].candidate.of
        card = scored(board, without(board, terms, name), rows)
        if card is None or any(_same_columns(board, card, other) for _, other in kept):
            continue
        if _loss(board, rows, best, card) <= 0:
            kept.append((name, card))
    return kept


def _same_columns(board: Board, one: Card, other: Card) -> bool:
    return {int(board.column[k]) for k in one.terms} == {int(board.column[k]) for k in other.terms}


def _loss(board: Board, rows: NDArray[np.int64], best: Card, other: Card) -> float:
    """How much less likely the other makes what came, beyond one standard error by cluster (Vuong 1989)."""
    difference = _contributions(board, best, rows) - _contributions(board, other, rows)
    spread = cluster_variance(difference - difference.mean(), board.frame.cluster[rows]) ** 0.5
    return float(difference.sum()) - spread


def _contributions(board: Board, card: Card, places: NDArray[np.int64]) -> Floats:
    """The log-likelihood of each of these rows by a curve through a card's points, at a height of its own in each
    stratum."""
    total = sums([unpacked(board.bits[k], len(board.frame)) for k in card.terms], card.points)[places]
    rows = _Rows(total[None, :], board.reached[places].astype(np.float64), board.stratum[places])
    p = _fitted(rows, [0])[0]
    return np.asarray(np.where(board.reached[places], np.log(p), np.log1p(-p)))


def sums(board_terms: Sequence[NDArray[np.bool_]], points: Sequence[int]) -> Floats:
    """Each row's points."""
    total = np.zeros(len(board_terms[0]) if board_terms else 0)
    for passing, point in zip(board_terms, points, strict=True):
        total += point * passing
    return total


@dataclass(frozen=True, eq=False)
class _Patterns:
    """The different rows, as few conditions and strata tell them apart: few, however many rows there are.

    Attributes
    ----------
    x, within : [patterns, conditions] and [patterns, strata - 1], the first stratum being the one of all zeros
    rows, hits : how many there are of each, and how many of these reached the goal
    of : [all rows], which pattern each is
    """

    x: Floats
    within: Floats
    rows: Floats
    hits: Floats
    of: NDArray[np.int64]

    def fit(self, columns: Floats, ridge: float) -> tuple[Floats, Floats]:
        """Coefficients of a regression on columns [patterns, k] and the strata, and the probability of each pattern."""
        design = np.column_stack([columns, self.within])
        ridges = np.repeat([ridge, _RIDGE], [columns.shape[1], self.within.shape[1]])
        b = logistic.fit(design, self.hits / self.rows, ridges, weight=self.rows)
        return b, np.clip(logistic.predict(design, b), 1e-9, 1 - 1e-9)

    def likelihood(self, p: Floats) -> float:
        """The log-likelihood of what came, if these are the probabilities."""
        return float((self.hits * np.log(p) + (self.rows - self.hits) * np.log1p(-p)).sum())


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows that a card is made on.

    Attributes
    ----------
    x : [conditions, rows], 0 or 1; or [1, rows], points
    y : [rows], 0 or 1
    stratum : [rows], 0, 1, ..: within which rows are compared
    """

    x: Floats
    y: Floats
    stratum: NDArray[np.int64]

    def patterns(self, chosen: Sequence[int]) -> _Patterns:
        """As these conditions tell them apart."""
        x = self.x[list(chosen)]
        code = np.unique(x[0], return_inverse=True)[1] if len(x) == 1 else (2 ** np.arange(len(x))) @ x.astype(np.int64)
        strata = int(self.stratum.max(initial=0)) + 1
        _, first, of, counts = np.unique(
            code * strata + self.stratum, return_index=True, return_inverse=True, return_counts=True
        )
        within = self.stratum[first][:, None] == np.arange(1, strata)
        hits = np.bincount(of, self.y).astype(np.float64)
        return _Patterns(x[:, first].T, within.astype(np.float64), counts.astype(np.float64), hits, of.astype(np.int64))

    def within(self) -> Floats:
        """[strata, rows], 1 where a row lies in a stratum."""
        return (np.arange(self.stratum.max(initial=0) + 1)[:, None] == self.stratum).astype(np.float64)

    def base(self) -> Floats:
        """Each row's probability by its stratum alone."""
        rates = np.bincount(self.stratum, self.y) / np.maximum(np.bincount(self.stratum), 1)
        return np.asarray(rates[self.stratum])


def _forward(rows: _Rows, items: int, tried: int) -> list[int]:
    """Add what the score test says gains most, until chance among so many might do as well."""
    chosen: list[int] = []
    p = rows.base()
    while len(chosen) < items:
        gains = _gains(rows, p, chosen)
        gains[chosen] = 0.0
        best = int(np.argmax(gains))
        if gains[best] < _bar(len(chosen) + 1, tried, rows.y):
            break
        chosen.append(best)
        p, _ = _fitted(rows, chosen)
    return chosen


def _bar(nth: int, tried: int, y: Floats) -> float:
    """The gain in log-likelihood that the nth condition has to reach, of so many that were tried. Chance is to account
    for half of them at most (forward selection by the rate of false discoveries; Benjamini & Gavrilov 2009), and
    with very many goals, where the smallest effect is certain, it is to be worth a line (Schwarz 1978, by goals as in
    Volinsky & Raftery 2000)."""
    certain = NormalDist().inv_cdf(1 - _FALSE * nth / tried / 2) ** 2 / 2
    return float(max(certain, np.log(y.sum()) / 2))


def _gains(rows: _Rows, p: Floats, chosen: Sequence[int]) -> Floats:
    """The gain in log-likelihood, to the second order, of adding each condition to a model of p (Rao 1948), which has
    these and the strata."""
    x, v = rows.x, p * (1 - p)
    inside = np.vstack([rows.within(), x[list(chosen)]])
    information = (inside * v) @ inside.T + 1e-9 * np.eye(len(inside))
    cross = (x * v) @ inside.T
    own = (x * v).sum(axis=1) - np.einsum("ij,ij->i", cross @ np.linalg.inv(information), cross)
    u = x @ (rows.y - p)
    return np.asarray(np.where(own > 1e-6, u * u / (2 * np.maximum(own, 1e-6)), 0.0))


def _fitted(rows: _Rows, chosen: Sequence[int]) -> tuple[Floats, float]:
    """Probabilities of the rows by these conditions and their strata, and the log-likelihood."""
    patterns = rows.patterns(chosen)
    _, p = patterns.fit(patterns.x, _RIDGE)
    return p[patterns.of], patterns.likelihood(p)


def _exchanged(rows: _Rows, chosen: list[int]) -> list[int]:
    """Each item in turn for the best other in its place, once round."""
    best = _fitted(rows, chosen)[1]
    for place in range(len(chosen)):
        others = chosen[:place] + chosen[place + 1 :]
        p = _fitted(rows, others)[0] if others else rows.base()
        gains = _gains(rows, p, others)
        gains[others] = 0.0
        changed = [*chosen[:place], int(np.argmax(gains)), *chosen[place + 1 :]]
        value = _fitted(rows, changed)[1]
        if value > best + 1e-6 and len(set(changed)) == len(changed):
            chosen, best = changed, value
    return chosen


def _whole(patterns: _Patterns) -> list[int]:
    """The coefficients as points."""
    b = patterns.fit(patterns.x, _RIDGE)[0][1 : patterns.x.shape[1] + 1]
    largest = float(np.abs(b).max())
    points, value = [0] * len(b), -np.inf
    for top in range(1, LARGEST + 1) if largest > 0 else ():
        tried = np.round(b / largest * top).astype(int).tolist()
        better = _line(patterns, tried)[1]
        if better > value + 0.5:
            points, value = tried, better
    return _bettered(patterns, points, value)


def _bettered(patterns: _Patterns, points: list[int], value: float) -> list[int]:
    """One point more or less, as long as that helps."""
    improved = value > -np.inf
    while improved:
        improved = False
        for place in range(len(points)):
            for step in (-1, 1):
                tried = list(points)
                tried[place] += step
                if abs(tried[place]) > LARGEST:
                    continue
                better = _line(patterns, tried)[1]
                if better > value + 0.05:
                    points, value, improved = tried, better, True
    return points


def _line(patterns: _Patterns, points: Sequence[int]) -> tuple[Floats, float]:
    """Coefficients of a logistic curve through the sums of points, and its log-likelihood."""
    total = patterns.x @ np.asarray(points, np.float64)
    if len(np.unique(total)) < 2:
        return np.zeros(2), -np.inf
    b, p = patterns.fit(total[:, None], 1e-6)
    return b, patterns.likelihood(p)


def _alike(rows: int) -> NDArray[np.int64]:
    """One stratum."""
    return np.zeros(rows, np.int64)
