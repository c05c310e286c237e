"""The whole of it on frames: split, search, chance, choice, confirmation, grade."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fireflower.discover import chance, choosing, rates
from fireflower.discover.adjusting import adjusted
from fireflower.discover.boards import Board, board, passes
from fireflower.discover.chance import Chance
from fireflower.discover.curves import curve
from fireflower.discover.drafts import part_of
from fireflower.discover.frames import Column, Frame, Split, split
from fireflower.discover.measuring import coverage, jaccard, lead_days, measured, weeks
from fireflower.discover.results import Grade, LandmarkSummary, Measured, RuleFound, Single
from fireflower.discover.search import DEPTH, KINDS, Rule, search
from fireflower.model.moments import DAY
from fireflower.review.intervals import Estimate

SIGNIFICANT = 0.05
CONFIRMED = 0.1
"""One-sided, on later rows. Both must be passed: on noise that happens in at most 0.5 % of cases, and the later rows
are few."""

LEAST_HITS = 20
"""Goals at a landmark below which nothing is searched."""

SHORT_BELOW = 50
"""With fewer goals to search in, single conditions only."""

FEW_BELOW = 125
"""With fewer, rules of three conditions are found whole in about half of all cases, and that is said."""

SINGLES = 10
ALTERNATIVES = 4
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes
    ----------
    horizon : within which span after the landmark the goal counts
    per_week : how many leads can be worked each week; None for any number
    """

    horizon: int
    per_week: float | None = None
    permutations: int = chance.PERMUTATIONS
    seed: int = 0
    threads: int = 2


@dataclass(frozen=True, eq=False)
class Ground:
    """One landmark, searched.

    Attributes
    ----------
    frame : everybody at risk, with all columns; `split` has only those columns that rules are made of
    found : the best rules of each kind on the earlier rows
    """

    frame: Frame
    horizon: int
    split: Split
    board: Board
    least: int
    most: int | None
    found: dict[str, list[Rule]]
    gains: NDArray[np.float64]
    chance: Chance
    alone: NDArray[np.float64]

    @property
    def standing(self) -> float:
        """How far the best stands over chance, in spreads."""
        return float(self.chance.standard(self.gains).max())

    @cached_property
    def wide(self) -> Frame:
        """Everybody at risk, with the board's columns."""
        wanted = {id(column.candidate) for column in self.split.train.columns}
        return self.frame.keeping([column for column in self.frame.columns if id(column.candidate) in wanted])

    @cached_property
    def followed(self) -> Frame:
        """Of these, all that were followed for the whole horizon."""
        return self.wide.at(np.flatnonzero(self.wide.followed >= self.horizon))


def can_be_searched(frame: Frame, horizon: int) -> bool:
    made = split(frame, horizon)
    return int(made.train.reached(horizon).sum()) >= LEAST_HITS * (1 - 0.3) and len(made.train) >= 4 * LEAST_HITS


def searched(frame: Frame, question: Question, advance: Callable[[], None] | None = None) -> Ground:
    """Search one landmark, and as often again on shuffled outcomes."""
    used = frame.keeping([c for c in frame.columns if c.candidate.vocabulary != "stayed"])
    made = split(used, question.horizon)
    reached = made.train.reached(question.horizon)
    least = max(15, len(made.train) // 200)
    conditions = board(made.train, reached, least)
    depth = DEPTH if int(reached.sum()) >= SHORT_BELOW else 1
    most = None
    if question.per_week is not None and frame.landmark is not None:
        most = max(2 * least, int(question.per_week * weeks(made.train)))
    converters = np.flatnonzero(reached)
    found = search(conditions, converters, least, most, depth)
    gains = np.array([found[kind][0].gain if found[kind] else 0.0 for kind in KINDS])
    tries = chance.by_chance(
        conditions, least, most, depth, seed=question.seed, permutations=question.permutations,
        threads=question.threads, advance=advance, found=gains,
    )  # fmt: skip
    alone = chance.alone(conditions, converters, least, most)
    return Ground(frame, question.horizon, made, conditions, least, most, found, gains, tries, alone)


@dataclass(frozen=True, eq=False)
class Findings:
    """What one landmark's best rules are, measured; and on all rows that were followed, which the first selects."""

    rules: tuple[RuleFound, ...]
    singles: tuple[Single, ...]
    stayed: Single | None
    followed: Frame
    selected: Bools


def findings(ground: Ground, question: Question, p: float) -> Findings:
    """Choose, measure on later rows, grade.

    Parameters
    ----------
    p : how often the whole search, at all landmarks, does as well by chance
    """
    best = choosing.chosen(ground.board, ground.found, ground.chance)
    both = ground.followed
    if best is None:
        return Findings((), (), None, both, np.zeros(len(both), np.bool_))
    rules = [best, *choosing.near_ties(ground.board, ground.found, best, ALTERNATIVES)]
    first = _inside(ground, best, ground.split.test)
    measured_ = [_rule(ground, rule, question, p, first, held_equal=True) for rule in rules]
    singles, stayed = _singles(ground, question, p, first), _stayed(ground, question)
    return Findings(tuple(measured_), singles, stayed, both, _inside(ground, best, both))


def _singles(ground: Ground, question: Question, p: float, first: Bools) -> tuple[Single, ...]:
    p_values = ground.chance.of_columns(ground.alone)
    q_values = chance.false_discovery(p_values)
    found = []
    for rule in choosing.best_of_columns(ground.board, ground.found["1"])[:SINGLES]:
        column = int(ground.board.column[rule.terms[0]])
        drawn = curve(ground.frame, _whole_column(ground, column), question.horizon)
        of = _rule(ground, rule, question, p, first)
        found.append(Single(of, float(p_values[column]), float(q_values[column]), drawn))
    return tuple(found)


def _whole_column(ground: Ground, number: int) -> Column:
    wanted = ground.split.train.columns[number].candidate
    return next(column for column in ground.frame.columns if column.candidate is wanted)


def _stayed(ground: Ground, question: Question) -> Single | None:
    """The best of what only says that one was there, to be looked at beside the rest."""
    columns = [column for column in ground.frame.columns if column.candidate.vocabulary == "stayed"]
    frame = ground.frame.keeping(columns)
    made = split(frame, question.horizon)
    reached = made.train.reached(question.horizon)
    conditions = board(made.train, reached, ground.least)
    rules = search(conditions, np.flatnonzero(reached), ground.least, None, 1)["1"]
    if not rules:
        return None
    apart = replace(ground, frame=frame, split=made, board=conditions)
    column = columns[int(conditions.column[rules[0].terms[0]])]
    first = _inside(apart, rules[0], made.test)
    rule = _rule(apart, rules[0], question, 1.0, first)
    return Single(rule, math.nan, math.nan, curve(frame, column, question.horizon))


def _inside(ground: Ground, rule: Rule, frame: Frame) -> Bools:
    """Which rows of a frame with the board's columns pass a rule."""
    parts = [passes(frame.columns[term.column], term.test) for term in (ground.board.terms[k] for k in rule.terms)]
    return np.asarray(np.logical_or.reduce(parts) if rule.any else np.logical_and.reduce(parts))


def _rule(
    ground: Ground, rule: Rule, question: Question, p: float, first: Bools, held_equal: bool = False
) -> RuleFound:
    train, test, horizon = ground.split.train, ground.split.test, question.horizon
    terms = [ground.board.terms[k] for k in rule.terms]
    columns = [train.columns[term.column] for term in terms]
    earlier = measured(train, _inside(ground, rule, train), horizon)
    inside = _inside(ground, rule, test)
    later = measured(test, inside, horizon)
    parts = tuple(part_of(column.candidate, term.test) for column, term in zip(columns, terms, strict=True))
    both = ground.followed
    everywhere = _inside(ground, rule, both)
    grade: Grade = "predictive" if p <= SIGNIFICANT and later.p <= CONFIRMED else "unconfirmed"
    equal = None
    if held_equal and grade == "predictive":
        used = frozenset[str]().union(*(column.candidate.made_of for column in columns))
        equal = adjusted(both, everywhere, both.moment >= ground.split.cut, used, horizon)
        if equal is not None and equal.difference.low > 0 and equal.ratio.low > ADJUSTED_FLOOR:
            grade = "adjusted"
    return RuleFound(
        name="",
        parts=parts,
        any=rule.any,
        text=(" or " if rule.any else " and ").join(part.text for part in parts),
        kind=rule.kind,
        gain=rule.gain,
        p_chance=ground.chance.share(rule.gain, rule.kind),
        earlier=earlier,
        later=later,
        expected=shrunk(earlier, rule.gain, ground.chance.typical(rule.kind)),
        coverage=coverage(both, everywhere, horizon),
        per_week=float(_inside(ground, rule, ground.wide).sum()) / weeks(ground.frame),
        lead_days=lead_days(both, everywhere, horizon),
        like=jaccard(inside, first) if len(inside) == len(first) else math.nan,
        grade=grade,
        adjusted=equal,
    )


ADJUSTED_FLOOR = 1.1
"""The lower limit of the adjusted ratio must be above this: what adjusting leaves of a common cause is small, not 0."""


def shrunk(earlier: Measured, gain: float, by_chance: float) -> Estimate:
    """What share to expect: that of the searched rows, with the part of its distance from all rows' share taken off
    that the best of as many rules gains by chance (the positive-part estimator of James & Stein 1961, with gains, which
    are half squared distances)."""
    factor = math.sqrt(max(0.0, 1 - by_chance / gain)) if gain > 0 else 0.0
    inside, base = earlier.inside, earlier.hits / max(earlier.rows, 1)
    moved = (1 - factor) * (inside.value - base)
    low, high = max(0.0, inside.low - moved), min(1.0, inside.high)
    return Estimate(inside.value - moved, low, high, inside.n, "shrunk by what chance finds")


def summary(
    frame: Frame, ground: Ground | None, horizon: int, naive: float, before: tuple[int, int]
) -> LandmarkSummary:
    """A landmark in numbers; `before` is how many had reached the goal, and had left."""
    closed = frame.at(np.flatnonzero(frame.followed >= horizon))
    reached = closed.reached(horizon)
    return LandmarkSummary(
        age_days=math.nan if frame.landmark is None else frame.landmark / DAY,
        reached_before=before[0],
        left_before=before[1],
        at_risk=len(frame),
        followed=len(closed),
        hits=int(reached.sum()),
        left_within=int(((closed.left <= horizon) & ~reached).sum()),
        train_hits=0 if ground is None else int(ground.board.reached.sum()),
        test_hits=0 if ground is None else int(ground.split.test.reached(horizon).sum()),
        conditions=0 if ground is None else len(ground.board.terms),
        naive_auc=naive,
        auc=best_auc(closed, reached),
        best=math.nan if ground is None else ground.standing,
    )


def best_auc(frame: Frame, reached: Bools) -> float:
    """The greatest AUC of a single column with numbers, among the first hundred."""
    found = [rates.auc(np.nan_to_num(column.numbers, nan=-1.0), reached) for column in frame.columns[:100]]
    known = [value for value in found if not math.isnan(value)]
    return max(known, default=math.nan)
