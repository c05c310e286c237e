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
    rows = np.arange(len(board.frame))
    if len(rows) > _ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, _ROWS, replace=False))
    return np.array(chosen, np.int64), rows


def scored(board: Board, terms: NDArray[np.int64], rows: NDArray[np.int64], items: int = ITEMS) -> Card | None:
    """The best score of at most so many items; None where no condition is worth a point."""
    if not len(terms):
        return None
    x = np.stack([unpacked(board.bits[k], len(board.frame))[rows] for k in terms]).astype(np.float64)
    card = best_card(x, board.reached[rows].astype(np.float64), items, tried=len(board.terms))
    return replace(card, terms=tuple(int(terms[i]) for i in card.terms)) if card is not None else None


def best_card(x: Floats, y: Floats, items: int = ITEMS, tried: int = 0) -> Card | None:
    """The best score of rows that are given as numbers; None where no condition is worth a point.

    Parameters
    ----------
    x : [conditions, rows], 1 where a row passes a condition, else 0; the card's terms are its places
    y : [rows], 1 where a row reached the goal, else 0
    tried : how many conditions there were before these were chosen for what they do; by default, they are all
    """
    if not 0 < y.mean() < 1:
        return None
    chosen = _forward(x, y, items, tried or len(x))
    if not chosen:
        return None
    chosen = _exchanged(x, y, chosen)
    points, base, scale = _whole(x[chosen], y)
    order = sorted((i for i, point in enumerate(points) if point), key=lambda i: -abs(points[i]))
    if not order:
        return None
    return Card(tuple(chosen[i] for i in order), tuple(points[i] for i in order), base, scale)


def calibrated(card: Card, total: Floats, reached: NDArray[np.bool_]) -> Card:
    """The card with its curve drawn through other rows: their points, and who of them reached the goal."""
    if not 0 < reached.sum() < len(reached) or len(np.unique(total)) < 2:
        return card
    _, base, scale = _curve(total[None, :], reached.astype(np.float64), (1,))
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
        if card is None or any(_alike(board, card, other) for _, other in kept):
            continue
        if _loss(board, rows, best, card) <= 0:
            kept.append((name, card))
    return kept


def _alike(board: Board, one: Card, other: Card) -> bool:
    return {int(board.column[k]) for k in one.terms} == {int(board.column[k]) for k in other.terms}


def _loss(board: Board, rows: NDArray[np.int64], best: Card, other: Card) -> float:
    """How much less likely the other makes what came, beyond one standard error by cluster (Vuong 1989)."""
    difference = _contributions(board, best)[rows] - _contributions(board, other)[rows]
    spread = cluster_variance(difference - difference.mean(), board.frame.cluster[rows]) ** 0.5
    return float(difference.sum()) - spread


def _contributions(board: Board, card: Card) -> Floats:
    """Each row's log-likelihood by a card's curve."""
    total = sums([unpacked(board.bits[k], len(board.frame)) for k in card.terms], card.points)
    p = np.clip(logistic.sigmoid(card.base + card.scale * total), 1e-9, 1 - 1e-9)
    return np.asarray(np.where(board.reached, np.log(p), np.log1p(-p)))


def sums(board_terms: Sequence[NDArray[np.bool_]], points: Sequence[int]) -> Floats:
    """Each row's points."""
    total = np.zeros(len(board_terms[0]) if board_terms else 0)
    for passing, point in zip(board_terms, points, strict=True):
        total += point * passing
    return total


def _forward(x: Floats, y: Floats, items: int, tried: int) -> list[int]:
    """Add what the score test says gains most, until chance among so many might do as well."""
    chosen: list[int] = []
    p = np.full(len(y), y.mean())
    while len(chosen) < items:
        gains = _gains(x, y, p, chosen)
        gains[chosen] = 0.0
        best = int(np.argmax(gains))
        if gains[best] < _bar(len(chosen) + 1, tried, y):
            break
        chosen.append(best)
        p, _ = _fitted(x[chosen], y)
    return chosen


def _bar(nth: int, tried: int, y: Floats) -> float:
    """The gain in log-likelihood that the nth condition has to reach, of so many that were tried. Chance is to account
    for half of them at most (forward selection by the rate of false discoveries; Benjamini & Gavrilov 2009), and
    with very many goals, where the smallest effect is certain, it is to be worth a line (Schwarz 1978, by goals as in
    Volinsky & Raftery 2000)."""
    certain = NormalDist().inv_cdf(1 - _FALSE * nth / tried / 2) ** 2 / 2
    return float(max(certain, np.log(y.sum()) / 2))


def _gains(x: Floats, y: Floats, p: Floats, chosen: Sequence[int]) -> Floats:
    """The gain in log-likelihood, to the second order, of adding each row of x to a model of p (Rao 1948)."""
    v = p * (1 - p)
    inside = np.vstack([np.ones(len(y)), x[list(chosen)]]) if chosen else np.ones((1, len(y)))
    information = (inside * v) @ inside.T + 1e-9 * np.eye(len(inside))
    cross = (x * v) @ inside.T
    own = (x * v).sum(axis=1) - np.einsum("ij,ij->i", cross @ np.linalg.inv(information), cross)
    u = x @ (y - p)
    return np.asarray(np.where(own > 1e-6, u * u / (2 * np.maximum(own, 1e-6)), 0.0))


def _fitted(x: Floats, y: Floats) -> tuple[Floats, float]:
    """Probabilities and log-likelihood, fitted on the different patterns of the conditions: few, however many rows."""
    b = _coefficients(x, y)
    p = logistic.predict(x.T, b)
    return p, float((y * np.log(p) + (1 - y) * np.log1p(-p)).sum())


def _coefficients(x: Floats, y: Floats) -> Floats:
    code = (2 ** np.arange(len(x))) @ x.astype(np.int64)
    different, inverse, counts = np.unique(code, return_inverse=True, return_counts=True)
    patterns = ((different[:, None] >> np.arange(len(x))) & 1).astype(np.float64)
    return logistic.fit(patterns, np.bincount(inverse, y) / counts, ridge=0.5, weight=counts.astype(np.float64))


def _exchanged(x: Floats, y: Floats, chosen: list[int]) -> list[int]:
    """Each item in turn for the best other in its place, once round."""
    best = _fitted(x[chosen], y)[1]
    for place in range(len(chosen)):
        others = chosen[:place] + chosen[place + 1 :]
        p = _fitted(x[others], y)[0] if others else np.full(len(y), y.mean())
        gains = _gains(x, y, p, others)
        gains[others] = 0.0
        changed = [*chosen[:place], int(np.argmax(gains)), *chosen[place + 1 :]]
        value = _fitted(x[changed], y)[1]
        if value > best + 1e-6 and len(set(changed)) == len(changed):
            chosen, best = changed, value
    return chosen


def _whole(x: Floats, y: Floats) -> tuple[list[int], float, float]:
    """Points, and the curve through their sums."""
    b = _coefficients(x, y)[1:]
    largest = float(np.abs(b).max())
    best: tuple[float, list[int], float, float] | None = None
    for top in range(1, LARGEST + 1) if largest > 0 else ():
        points = np.round(b / largest * top).astype(int).tolist()
        value, base, scale = _curve(x, y, points)
        if best is None or value > best[0] + 0.5:
            best = (value, points, base, scale)
    if best is None:
        return [0] * len(x), 0.0, 0.0
    return _bettered(x, y, *best)


def _bettered(
    x: Floats, y: Floats, value: float, points: list[int], base: float, scale: float
) -> tuple[list[int], float, float]:
    """One point more or less, as long as that helps."""
    improved = True
    while improved:
        improved = False
        for place in range(len(points)):
            for step in (-1, 1):
                tried = list(points)
                tried[place] += step
                if abs(tried[place]) > LARGEST:
                    continue
                better, base_, scale_ = _curve(x, y, tried)
                if better > value + 0.05:
                    value, points, base, scale, improved = better, tried, base_, scale_, True
    return points, base, scale


def _curve(x: Floats, y: Floats, points: Sequence[int]) -> tuple[float, float, float]:
    """Log-likelihood, base and scale of a logistic curve through the sums of points."""
    total = np.asarray(points, np.float64) @ x
    different, inverse, counts = np.unique(total, return_inverse=True, return_counts=True)
    if len(different) < 2:
        return -np.inf, 0.0, 0.0
    hits = np.bincount(inverse, y)
    b = logistic.fit(different[:, None], hits / counts, ridge=1e-6, weight=counts.astype(np.float64))
    p = np.clip(logistic.predict(different[:, None], b), 1e-9, 1 - 1e-9)
    value = float((hits * np.log(p) + (counts - hits) * np.log1p(-p)).sum())
    return value, float(b[0]), float(b[1])
