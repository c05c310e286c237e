"""Rules of up to three conditions: a beam over bits, by gain in log-likelihood.

All conditions hold ("and"), or one of them does ("or"). A beam keeps the best rules of each length, the next length
extends them by every condition; then each condition of the best is changed for any other, as long as that gains. The
whole of it takes milliseconds on tens of thousands of rows, so that chance can be measured by doing all of it again on
shuffled outcomes (`chance`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from fireflower.discover.boards import Board
from fireflower.discover.tallies import Words, packed, tally
from fireflower.language.nodes import Compare, Test

DEPTH = 3
BEAM = 12
_POLISHED = 3
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions by their number on a board, all of which (`any`: one of which) must hold, and its gain in nats."""

    terms: tuple[int, ...]
    any: bool
    gain: float

    @property
    def kind(self) -> str:
        """Rules of one kind compete with each other: "1", "2 and", "3 or"..."""
        return "1" if len(self.terms) == 1 else f"{len(self.terms)} {'or' if self.any else 'and'}"


KINDS = ("1", "2 and", "3 and", "2 or", "3 or")


@dataclass(frozen=True, eq=False)
class Counts:
    """Of sets of rows: how many in each stratum, and how many reached the goal."""

    rows: NDArray[np.int64]
    hits: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Searcher:
    """One outcome on a board.

    Attributes
    ----------
    converters : the rows that reached the goal, ascending
    least, most : rows that a rule must, and may at most, pass
    enough : how many converters would have to be expected among the rows of a rule by chance
    """

    board: Board
    converters: NDArray[np.int64]
    least: int
    most: int
    enough: float = 2.0

    rate: Floats = field(init=False)
    """Share of converters in each stratum."""
    labels: Words = field(init=False)
    """Converters as bits."""
    pairs: dict[int, Counts] = field(init=False, default_factory=dict)
    """Counts of single conditions together with each condition, which "and" and "or" both need."""

    def __post_init__(self) -> None:
        ends = np.minimum(self.board.edges * 64, len(self.board.frame))
        hits = np.diff(np.searchsorted(self.converters, ends))
        reached = np.zeros((1, len(self.board.frame)), np.bool_)
        reached[0, self.converters] = True
        object.__setattr__(self, "labels", packed(reached)[0])
        object.__setattr__(self, "rate", hits / np.maximum(np.diff(ends), 1))

    def inside(self, masks: Words) -> Counts:
        """Counts of each subset together with each condition."""
        return Counts(*tally(self.board.bits, masks, self.board.edges, self.labels))

    def alone(self) -> Counts:
        """Counts of each condition by itself."""
        found = self.inside(self.board.everyone[None, :])
        return Counts(found.rows[0], found.hits[0])

    def of(self, masks: Words) -> Counts:
        """Counts of each subset by itself."""
        found = tally(masks, self.board.everyone[None, :], self.board.edges, self.labels)
        return Counts(found[0][0], found[1][0])

    def gains(self, found: Counts) -> Floats:
        """The gain in log-likelihood of giving a set of rows a rate of its own; 0 where it has too few rows, or no
        higher a rate than its stretches of the calendar would let expect.

        The binomial likelihood-ratio of Kulldorff's scan statistic (1997, Communications in Statistics 26, 1481-1496),
        with the expectation taken within strata.
        """
        n = found.rows.sum(axis=-1).astype(np.float64)
        expected = found.rows @ self.rate
        total, hits = float(len(self.board.frame)), float(len(self.converters))
        gain = _split_gain(found.hits, n, expected, hits, total)
        fits = (n >= self.least) & (n <= self.most) & (total - n >= self.least) & (expected >= self.enough)
        return np.where(fits & (found.hits > expected), gain, 0.0)


def _split_gain(d: NDArray[np.int64], n: Floats, expected: Floats, hits: float, total: float) -> Floats:
    inside = _divergence(d, n, expected)
    outside = _divergence(hits - d, total - n, hits - expected)
    return np.asarray(inside + outside)


def _divergence(d: NDArray[Any], n: Floats, expected: Floats) -> Floats:
    """n times the Kullback-Leibler divergence of the rate d / n from expected / n."""
    return np.asarray(_weighed(d, expected) + _weighed(n - d, n - expected))


def _weighed(seen: NDArray[Any], expected: Floats) -> Floats:
    """seen x log(seen / expected), 0 where nothing was seen."""
    some = (seen > 0) & (expected > 0)
    return np.asarray(seen * np.log(np.where(some, seen, 1.0) / np.where(some, expected, 1.0)))


def search(
    board: Board, converters: NDArray[np.int64], least: int, most: int | None = None, depth: int = DEPTH
) -> dict[str, list[Rule]]:
    """The best rules of each kind, best first.

    Parameters
    ----------
    converters : rows that reached the goal, ascending
    least, most : how many rows a rule must pass and leave over, and may pass
    """
    searcher = Searcher(board, converters, least, len(board.frame) if most is None else most)
    singles = searcher.alone()
    found: dict[str, list[Rule]] = {kind: [] for kind in KINDS}
    found["1"] = _singles(searcher, singles, 4 * BEAM)
    # Where rules may not pass many rows, conditions that are too wide by themselves are extended nevertheless.
    first = found["1"][:BEAM] if most is None else _singles(replace(searcher, most=len(board.frame)), singles, BEAM)
    for any_ in (False, True):
        beam = [Rule(rule.terms, any_, rule.gain) for rule in first]
        for length in range(2, depth + 1):
            beam = _extended(searcher, singles, beam, any_)
            best = _polished(searcher, singles, beam[:_POLISHED]) + beam[_POLISHED:]
            found[f"{length} {'or' if any_ else 'and'}"] = _different(best)
    return found


def _singles(searcher: Searcher, singles: Counts, count: int) -> list[Rule]:
    gains = searcher.gains(singles)
    return [Rule((k,), False, float(gains[k])) for k in _best(gains, searcher.board.column, count, 2) if gains[k] > 0]


def _best(gains: Floats, column: NDArray[np.int64], count: int, each: int) -> list[int]:
    """The best by gain, at most `each` of one column."""
    taken: dict[int, int] = {}
    chosen: list[int] = []
    for k in np.argsort(-gains, kind="stable")[: 40 * count].tolist():
        of = int(column[k])
        if taken.get(of, 0) < each:
            taken[of] = taken.get(of, 0) + 1
            chosen.append(k)
            if len(chosen) == count:
                break
    return chosen


def mask_of(board: Board, terms: Sequence[int], any_: bool) -> Words:
    if not len(terms):
        return np.zeros(board.bits.shape[1], np.uint64) if any_ else board.everyone
    operation = np.bitwise_or if any_ else np.bitwise_and
    return np.asarray(operation.reduce(board.bits[list(terms)], axis=0))


def gain_of(searcher: Searcher, terms: Sequence[int], any_: bool) -> float:
    return float(searcher.gains(searcher.of(mask_of(searcher.board, terms, any_)[None, :]))[0])


def _with_each(searcher: Searcher, singles: Counts, sets: Sequence[Sequence[int]], any_: bool) -> Floats:
    """[sets, conditions], the gain of each set of terms together with each condition on another column."""
    masks = np.stack([mask_of(searcher.board, terms, any_) for terms in sets])
    both = _pairs(searcher, [terms[0] for terms in sets]) if len(sets[0]) == 1 else searcher.inside(masks)
    if any_:  # what is in either, less what is in both
        own = searcher.of(masks)
        both = Counts(
            singles.rows[None] + own.rows[:, None, :] - both.rows, singles.hits[None] + own.hits[:, None] - both.hits
        )
    gains = searcher.gains(both)
    column = searcher.board.column
    for row, terms in enumerate(sets):
        for term in terms:
            gains[row, column == column[term]] = 0.0
    return gains


def _pairs(searcher: Searcher, terms: Sequence[int]) -> Counts:
    """Counts of each of these conditions together with each condition, counted once for all."""
    missing = sorted(set(terms) - searcher.pairs.keys())
    if missing:
        found = searcher.inside(searcher.board.bits[missing])
        for place, term in enumerate(missing):
            searcher.pairs[term] = Counts(found.rows[place], found.hits[place])
    kept = [searcher.pairs[term] for term in terms]
    return Counts(np.stack([each.rows for each in kept]), np.stack([each.hits for each in kept]))


def _extended(searcher: Searcher, singles: Counts, beam: Sequence[Rule], any_: bool) -> list[Rule]:
    found: dict[tuple[int, ...], Rule] = {}
    if not beam:
        return []
    gains = _with_each(searcher, singles, [rule.terms for rule in beam], any_)
    for row, rule in enumerate(beam):
        for k in _best(gains[row], searcher.board.column, BEAM, 1):
            if gains[row, k] > 0:
                terms = tuple(sorted((*rule.terms, k)))
                found[terms] = Rule(terms, any_, float(gains[row, k]))
    return sorted(found.values(), key=lambda rule: -rule.gain)[:BEAM]


def _polished(searcher: Searcher, singles: Counts, rules: Sequence[Rule]) -> list[Rule]:
    """Of each rule the condition changed whose change gains most, as long as one does."""
    done, open_ = [], list(rules)
    while open_:
        places = [(i, place) for i, rule in enumerate(open_) for place in range(len(rule.terms))]
        sets = [open_[i].terms[:place] + open_[i].terms[place + 1 :] for i, place in places]
        gains = _with_each(searcher, singles, sets, open_[0].any)
        best = gains.argmax(axis=1)
        changed = list(open_)
        for row, (i, _) in enumerate(places):
            gain = float(gains[row, best[row]])
            if gain > changed[i].gain + 1e-9:
                changed[i] = Rule(tuple(sorted((*sets[row], int(best[row])))), changed[i].any, gain)
        done += [old for old, new in zip(open_, changed, strict=True) if old is new]
        open_ = [new for old, new in zip(open_, changed, strict=True) if old is not new]
    return done


def refitted(searcher: Searcher, columns: Sequence[int], tests: Sequence[Test], any_: bool) -> Rule | None:
    """A rule of the same columns with the bounds that gain most on the searcher's rows; None where one of them has no
    condition there.

    Parameters
    ----------
    tests : of each column, by which its nearest condition is chosen to begin with
    """
    board = searcher.board
    terms = [_nearest(board, column, test) for column, test in zip(columns, tests, strict=True)]
    if -1 in terms:
        return None
    singles = searcher.alone()
    rule = Rule(tuple(terms), any_, gain_of(searcher, terms, any_))
    for place in [*range(len(terms))] * 2:
        others = rule.terms[:place] + rule.terms[place + 1 :]
        gains = _with_each(searcher, singles, [others], any_)[0] if others else searcher.gains(singles)
        gains = np.where(board.column == columns[place], gains, 0.0)
        best = int(gains.argmax())
        if gains[best] > rule.gain:
            rule = Rule((*rule.terms[:place], best, *rule.terms[place + 1 :]), any_, float(gains[best]))
    return rule


def _nearest(board: Board, column: int, test: Test) -> int:
    """The column's condition that is most like a test; -1 where none is of its kind."""
    own = np.flatnonzero(board.column == column).tolist()
    same = [k for k in own if board.terms[k].test == test]
    if same or not isinstance(test, Compare) or isinstance(test.bound, str | bool):
        return int(same[0]) if same else -1
    bound = float(test.bound)
    near = [(abs(float(other.bound) - bound), k) for k in own if _alike(other := board.terms[k].test, test)]
    return int(min(near)[1]) if near else -1


def _alike(other: Test, test: Compare) -> TypeGuard[Compare]:
    return isinstance(other, Compare) and other.op == test.op and not isinstance(other.bound, str | bool)


def _different(rules: Sequence[Rule]) -> list[Rule]:
    best = {rule.terms: rule for rule in rules}
    return sorted(best.values(), key=lambda rule: -rule.gain)
