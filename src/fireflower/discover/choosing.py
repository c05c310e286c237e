"""Which of the rules found to believe in: the simplest that is as good as any, and what does nearly as well."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fireflower.discover.boards import Board
from fireflower.discover.chance import Chance
from fireflower.discover.measuring import jaccard
from fireflower.discover.rates import cluster_variance
from fireflower.discover.search import Rule, mask_of
from fireflower.discover.tallies import unpacked

SAME = 0.95
"""Rules whose rows are so alike (Jaccard) are one rule said twice."""

Bools = NDArray[np.bool_]


def rows_of(board: Board, rule: Rule) -> Bools:
    """Which rows of the board pass a rule."""
    return unpacked(mask_of(board, rule.terms, rule.any), len(board.frame))


def price(chance: Chance) -> float:
    """What one more condition must gain: as much as the best single condition does by chance."""
    return chance.typical("1")


def chosen(board: Board, found: dict[str, list[Rule]], chance: Chance) -> Rule | None:
    """The rule that gains most when every condition beyond the first has its price; or a shorter one, if the longer is
    not better by more than one standard error of the difference between them (Breiman et al. 1984, section 3.4.3)."""
    bests = [rules[0] for rules in found.values() if rules]
    if not bests:
        return None
    cost = price(chance)
    best = max(bests, key=lambda rule: rule.gain - cost * (len(rule.terms) - 1) - 0.5 * rule.any)
    shorter = sorted((r for r in bests if len(r.terms) < len(best.terms)), key=lambda r: (len(r.terms), -r.gain))
    for rule in shorter:
        if best.gain - rule.gain <= standard_error(board, best, rule):
            return rule
    return best


def standard_error(board: Board, one: Rule, other: Rule) -> float:
    """Of the difference between the log-likelihoods of two rules, by cluster (Vuong 1989)."""
    difference = _contributions(board, one) - _contributions(board, other)
    return math.sqrt(cluster_variance(difference - difference.mean(), board.frame.cluster))


def _contributions(board: Board, rule: Rule) -> NDArray[np.float64]:
    inside, reached = rows_of(board, rule), board.reached
    p = np.where(
        inside, reached[inside].mean() if inside.any() else 0, reached[~inside].mean() if not inside.all() else 0
    )
    p = np.clip(p, 1e-9, 1 - 1e-9)
    return np.where(reached, np.log(p), np.log1p(-p))


def near_ties(board: Board, found: dict[str, list[Rule]], best: Rule, count: int) -> list[Rule]:
    """Others that are within one standard error of the best and select other rows, simpler ones first."""
    others = sorted(
        (rule for rules in found.values() for rule in rules[:12] if rule.terms != best.terms),
        key=lambda rule: (-round(rule.gain), len(rule.terms)),
    )
    kept: list[tuple[Rule, Bools]] = [(best, rows_of(board, best))]
    for rule in others:
        if len(kept) > count or rule.gain < 0.5 * best.gain:
            break
        rows = rows_of(board, rule)
        if all(jaccard(rows, other) < SAME for _, other in kept) and (
            rule.gain >= best.gain or best.gain - rule.gain <= standard_error(board, best, rule)
        ):
            kept.append((rule, rows))
    return [rule for rule, _ in kept[1:]]


def best_of_columns(board: Board, singles: Sequence[Rule]) -> list[Rule]:
    """The best single condition of each column, best first, of those made of one thing only the best two."""
    taken: dict[str, int] = {}
    seen: set[int] = set()
    kept = []
    for rule in singles:
        column = int(board.column[rule.terms[0]])
        of = board.frame.columns[column].candidate.of
        if column not in seen and taken.get(of, 0) < 2:
            seen.add(column)
            taken[of] = taken.get(of, 0) + 1
            kept.append(rule)
    return kept
