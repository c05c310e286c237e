"""The whole of it on frames: search, chance, choice, rehearsal on the past, grade.

The rules are chosen on all rows. Whether such a choice can be trusted is rehearsed: the same search is done with what
was known at an earlier moment, and what it would have chosen then is measured on the rows that came after.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fireflower.discover import chance, choosing, rates
from fireflower.discover.adjusting import MOST_ROWS, adjusted
from fireflower.discover.boards import Board, board, passes
from fireflower.discover.chance import Chance
from fireflower.discover.curves import curve
from fireflower.discover.drafts import part_of
from fireflower.discover.frames import Column, Frame, Split, some_of, split
from fireflower.discover.measuring import coverage, jaccard, lead_days, measured, weeks
from fireflower.discover.results import Adjusted, LandmarkSummary, Measured, Part, Rehearsal, RuleFound, Single, Stayed
from fireflower.discover.search import DEPTH, KINDS, Rule, Searcher, refitted, search
from fireflower.discover.tallies import packed
from fireflower.language.nodes import Count
from fireflower.model.moments import DAY
from fireflower.review.intervals import Estimate

SIGNIFICANT = 0.05
CONFIRMED = 0.1
"""One-sided, on later rows, which are few. A rule is declared only if it is significant and its rehearsal confirmed."""

BEYOND_DOUBT = 0.01
"""What is as far beyond chance need not have been found by the rehearsal, which has much less to learn from: it is
enough if the rule itself, with bounds by the earlier rows, is confirmed on the later ones."""

REACH = 2
"""Goals are searched up to so many horizons after the landmark, as far as subjects were followed: what goes before a
goal on day 40 tells of what goes before one on day 30, too, and with half as many goals again rules are found that
would be missed. All figures are of the one horizon that was asked for."""

LEAST_HITS = 20
"""Goals within the horizon of a landmark below which nothing is searched."""

LEAST_ROWS = 4 * LEAST_HITS

SHORT_BELOW = 50
"""With fewer, single conditions only."""

FEW_BELOW = 125
"""With fewer, rules of three conditions are found whole in about half of all cases, and that is said."""

ANYTHING = "any"
"""What candidates are made of that count events of any kind."""

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
class Searched:
    """Rows that were searched.

    Attributes
    ----------
    least, most : how many rows a rule must and may pass
    depth : how many conditions it may have
    found : the best rules of each kind
    """

    board: Board
    least: int
    most: int | None
    depth: int
    found: dict[str, list[Rule]]

    @property
    def converters(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.board.reached)

    def gain(self, inside: Bools) -> float:
        """The gain of telling these rows apart, however few they are."""
        searcher = Searcher(self.board, self.converters, 1, len(inside), enough=0)
        return float(searcher.gains(searcher.of(packed(inside[None, :])))[0])


@dataclass(frozen=True, eq=False)
class Ground:
    """One landmark, searched.

    Attributes
    ----------
    frame : everybody at risk, with all columns; the searched rows have only those columns that rules are made of
    whole : all rows, each as long as it was followed
    early : the rehearsal, on what was known at the cut of `split`
    gains : the greatest of each kind on the whole; `alone`: the greatest of a single condition on each column
    chance : what the search of the whole finds by chance
    """

    frame: Frame
    horizon: int
    split: Split
    whole: Searched
    early: Searched
    gains: NDArray[np.float64]
    chance: Chance
    alone: NDArray[np.float64]

    @property
    def standing(self) -> float:
        """How far the best stands over chance, in spreads."""
        return float(self.chance.standard(self.gains).max())

    @cached_property
    def followed(self) -> Frame:
        """All that were followed for the whole horizon, with the columns that rules are made of."""
        return self.whole.board.frame.closed(self.horizon)


def can_be_searched(frame: Frame, horizon: int) -> bool:
    return frame.hits(horizon) >= LEAST_HITS and int((frame.followed >= horizon).sum()) >= LEAST_ROWS


def searched(
    frames: Sequence[Frame], question: Question, advance: Callable[[], None] | None = None
) -> tuple[list[Ground], float]:
    """Search landmarks, and as often again on shuffled outcomes; and how often chance does as well, at all of them
    together. Where the first few searches on shuffled outcomes show that nothing will be declared, no more are made,
    at any landmark."""
    grounds = [_searched(frame, question, range(min(chance.FIRST, question.permutations)), advance) for frame in frames]
    p = _p_of(grounds)
    if question.permutations > chance.FIRST and p < chance.HOPELESS:
        rest = range(chance.FIRST, question.permutations)
        more = [_chance(each.whole, question, rest, advance) for each in grounds]
        grounds = [replace(each, chance=each.chance.and_(tries)) for each, tries in zip(grounds, more, strict=True)]
        p = _p_of(grounds)
    return grounds, p


def _p_of(grounds: Sequence[Ground]) -> float:
    return chance.overall([each.gains for each in grounds], [each.chance for each in grounds]) if grounds else math.nan


def _searched(frame: Frame, question: Question, shuffles: range, advance: Callable[[], None] | None) -> Ground:
    used = frame.keeping([c for c in frame.columns if c.candidate.vocabulary != "stayed"])
    parts = split(used, question.horizon)
    depth = DEPTH if frame.hits(question.horizon) >= SHORT_BELOW else 1
    whole, early = _search(used, question, depth), _search(parts.earlier, question, depth)
    gains = np.array([whole.found[kind][0].gain if whole.found[kind] else 0.0 for kind in KINDS])
    alone = chance.alone(whole.board, whole.converters, whole.least, whole.most)
    tries = _chance(whole, question, shuffles, advance)
    return Ground(frame, question.horizon, parts, whole, early, gains, tries, alone)


def _chance(whole: Searched, question: Question, shuffles: range, advance: Callable[[], None] | None) -> Chance:
    return chance.by_chance(
        whole.board, whole.least, whole.most, whole.depth, seed=question.seed, numbers=shuffles,
        threads=question.threads, advance=advance,
    )  # fmt: skip


def _search(frame: Frame, question: Question, depth: int) -> Searched:
    reached = frame.reached(REACH * question.horizon)
    least = max(15, len(frame) // 200)
    most = None
    if question.per_week is not None and not math.isnan(weeks(frame)):
        most = max(2 * least, int(question.per_week * weeks(frame)))
    conditions = board(frame, reached, least)
    return Searched(conditions, least, most, depth, search(conditions, np.flatnonzero(reached), least, most, depth))


@dataclass(frozen=True, eq=False)
class Findings:
    """What one landmark's best rules are, measured; and on all rows that were followed, which the first selects. `best`
    is the first by its conditions on the board."""

    best: Rule | None
    rules: tuple[RuleFound, ...]
    rehearsal: Rehearsal | None
    singles: tuple[Single, ...]
    stayed: Stayed | None
    followed: Frame
    selected: Bools


def findings(ground: Ground, question: Question, p: float) -> Findings:
    """Choose, rehearse, measure, grade.

    Parameters
    ----------
    p : how often the whole search, at all landmarks, does as well by chance
    """
    whole = ground.whole
    best = choosing.chosen(whole.board, whole.found, ground.chance)
    both = ground.followed
    if best is None:
        return Findings(None, (), None, (), None, both, np.zeros(len(both), np.bool_))
    selected = _inside(whole.board, best, both)
    first, rehearsal = _rehearsed(ground, best, _rule(ground, best, question, selected), p)
    ties = choosing.near_ties(whole.board, whole.found, best, ALTERNATIVES)
    others = [_rule(ground, rule, question, selected) for rule in ties]
    singles, stayed = _singles(ground, question, selected), _stayed(ground, question)
    return Findings(best, (first, *others), rehearsal, singles, stayed, both, selected)


def _rehearsed(ground: Ground, best: Rule, rule: RuleFound, p: float) -> tuple[RuleFound, Rehearsal | None]:
    """The first rule with its grade, by its rehearsal in the first place: rows that a rule was chosen on say little of
    it. Where the rehearsal chose another rule, that tells of the search: the rule itself, with bounds by the earlier
    rows, must hold on the later ones as well, and what the other is worth with all else equal is not told of it."""
    early = ground.early
    then = choosing.chosen(early.board, early.found, ground.chance)
    rehearsal = None if then is None else _rehearsal(ground, best, then)
    itself = rule.later is not None and rule.later.p <= CONFIRMED
    if then is None or rehearsal is None or not rehearsal.later.p <= CONFIRMED:
        return replace(rule, grade="predictive" if p <= BEYOND_DOUBT and itself else "unconfirmed"), rehearsal
    is_same = rehearsal.like >= choosing.SAME
    if p > SIGNIFICANT or not (is_same or itself):
        return replace(rule, grade="unconfirmed"), rehearsal
    equal = _held_equal(ground, then) if is_same else None
    holds = equal is not None and equal.holds
    return replace(rule, grade="adjusted" if holds else "predictive", adjusted=equal), rehearsal


def _rehearsal(ground: Ground, best: Rule, then: Rule) -> Rehearsal:
    """What the search would have chosen at the cut, and what became of those who came later."""
    on, test = ground.early.board, ground.split.test
    inside, parts = _inside(on, then, test), parts_of(on, then)
    at = None if ground.frame.landmark is None else ground.split.cut
    like = jaccard(inside, _inside(ground.whole.board, best, test))
    return Rehearsal(at, parts, then.any, _text(parts, then.any), like, measured(test, inside, ground.horizon))


def _held_equal(ground: Ground, then: Rule) -> Adjusted | None:
    """What the search would have chosen at the cut, with all else that was measured held equal, on the later rows: also
    on which days and when somebody was there at all, but not how often, as that counts what the rule is made of."""
    on, both = ground.early.board, ground.followed
    columns = [on.frame.columns[on.terms[k].column] for k in then.terms]
    used = frozenset[str]().union(*(column.candidate.made_of for column in columns))
    beside = ground.frame.keeping([c for c in ground.frame.columns if not (c.candidate.of == ANYTHING and _counts(c))])
    some = both.some(MOST_ROWS)
    frame = beside.at(np.flatnonzero(beside.followed >= ground.horizon)[some])
    inside, later = _inside(on, then, both)[some], both.moment[some] >= ground.split.cut
    return adjusted(frame, inside, later, used, ground.horizon)


def _counts(column: Column) -> bool:
    return isinstance(column.candidate.quantity, Count)


def _singles(ground: Ground, question: Question, first: Bools) -> tuple[Single, ...]:
    p_values = ground.chance.of_columns(ground.alone)
    q_values = chance.false_discovery(p_values)
    on = ground.whole.board
    found = []
    told: dict[bytes, str] = {}
    for rule in choosing.best_of_columns(on, ground.whole.found["1"])[:SINGLES]:
        column = int(on.column[rule.terms[0]])
        drawn = curve(ground.frame, on.frame.columns[column], question.horizon)
        of = _rule(ground, rule, question, first)
        if q_values[column] > SIGNIFICANT:
            of = replace(of, grade="unconfirmed")
        first_told = told.setdefault(choosing.rows_of(on, rule).tobytes(), of.text)
        same_as = first_told if first_told != of.text else ""
        found.append(Single(of, float(p_values[column]), float(q_values[column]), drawn, same_as))
    return tuple(found)


def _stayed(ground: Ground, question: Question) -> Stayed | None:
    """The best of what only says that one was there, whatever one did, to be looked at beside the rest. The days of
    one event are left out: they may be those of the rule's own event, which says more than that one was there."""
    columns = [c for c in ground.frame.columns if c.candidate.vocabulary == "stayed" and c.candidate.of == ANYTHING]
    frame = ground.frame.keeping(columns)
    whole = _search(frame, question, 1)
    if not whole.found["1"]:
        return None
    best, closed = whole.found["1"][0], frame.closed(ground.horizon)
    inside = _inside(whole.board, best, closed)
    return Stayed(_text(parts_of(whole.board, best), best.any), measured(closed, inside, ground.horizon))


def _inside(on: Board, rule: Rule, frame: Frame) -> Bools:
    """Which rows of a frame with the board's columns pass a rule."""
    parts = [passes(frame.columns[term.column], term.test) for term in (on.terms[k] for k in rule.terms)]
    return np.asarray(np.logical_or.reduce(parts) if rule.any else np.logical_and.reduce(parts))


def parts_of(on: Board, rule: Rule) -> tuple[Part, ...]:
    """The conditions of a rule on a board."""
    terms = [on.terms[k] for k in rule.terms]
    return tuple(part_of(on.frame.columns[term.column].candidate, term.test) for term in terms)


def _text(parts: Sequence[Part], any_: bool) -> str:
    return (" or " if any_ else " and ").join(part.text for part in parts)


def _rule(ground: Ground, rule: Rule, question: Question, first: Bools) -> RuleFound:
    horizon, both, on = ground.horizon, ground.followed, ground.whole.board
    parts = parts_of(on, rule)
    inside = _inside(on, rule, both)
    seen, later = measured(both, inside, horizon), _later(ground, rule)
    p_chance = ground.chance.share(rule.gain, rule.kind)
    holds = p_chance <= SIGNIFICANT and later is not None and later.p <= CONFIRMED
    return RuleFound(
        name="",
        parts=parts,
        any=rule.any,
        text=_text(parts, rule.any),
        kind=rule.kind,
        gain=rule.gain,
        p_chance=p_chance,
        seen=seen,
        later=later,
        expected=shrunk(seen, rule.gain, ground.chance.typical(rule.kind)),
        coverage=coverage(both, inside, horizon),
        per_week=float(_inside(on, rule, on.frame).sum()) / weeks(ground.frame),
        lead_days=lead_days(both, inside, horizon),
        like=jaccard(inside, first),
        grade="predictive" if holds else "unconfirmed",
    )


def _later(ground: Ground, rule: Rule) -> Measured | None:
    """On the later rows, the rule with the bounds that would have been chosen on the earlier ones."""
    terms = [ground.whole.board.terms[k] for k in rule.terms]
    early = ground.early
    most = len(early.board.frame) if early.most is None else early.most
    searcher = Searcher(early.board, early.converters, early.least, most)
    then = refitted(searcher, [term.column for term in terms], [term.test for term in terms], rule.any)
    if then is None:
        return None
    return measured(ground.split.test, _inside(early.board, then, ground.split.test), ground.horizon)


def shrunk(seen: Measured, gain: float, by_chance: float) -> Estimate:
    """What share to expect: that of the searched rows, with the part of its distance from all rows' share taken off
    that the best of as many rules gains by chance (the positive-part estimator of James & Stein 1961, with gains, which
    are half squared distances)."""
    factor = math.sqrt(max(0.0, 1 - by_chance / gain)) if gain > 0 else 0.0
    inside, base = seen.inside, seen.hits / max(seen.rows, 1)
    moved = (1 - factor) * (inside.value - base)
    low, high = max(0.0, inside.low - moved), min(1.0, inside.high)
    return Estimate(inside.value - moved, low, high, inside.n, "shrunk by what chance finds")


def summary(
    frame: Frame, ground: Ground | None, horizon: int, naive: float, before: tuple[int, int], silence: float
) -> LandmarkSummary:
    """A landmark in numbers; `before` is how many had reached the goal, and had left; `silence` is in days."""
    closed = frame.closed(horizon)
    reached = closed.reached(horizon)
    return LandmarkSummary(
        age_days=math.nan if frame.landmark is None else frame.landmark / DAY,
        reached_before=before[0],
        left_before=before[1],
        at_risk=len(frame),
        followed=len(closed),
        hits=int(reached.sum()),
        left_within=int(((closed.left <= horizon) & ~reached).sum()),
        searched_hits=0 if ground is None else int(ground.whole.board.reached.sum()),
        later_hits=0 if ground is None else int(ground.split.test.reached(horizon).sum()),
        conditions=0 if ground is None else len(ground.whole.board.terms),
        naive_auc=naive,
        auc=best_of(aucs(frame, horizon)),
        best=math.nan if ground is None else ground.standing,
        silence_days=silence,
    )


def aucs(frame: Frame, horizon: int) -> list[float]:
    """The AUC of each column with numbers on rows that were followed for the horizon, some of them where there are very
    many; NaN of others."""
    rows = some_of(np.flatnonzero(frame.followed >= horizon), MOST_ROWS)
    reached = frame.reached(horizon)[rows]
    return [rates.auc(np.where(np.isnan(own := column.numbers[rows]), -1.0, own), reached) for column in frame.columns]


def best_of(found: Sequence[float]) -> float:
    """The greatest that is known; NaN if none is."""
    return max((value for value in found if not math.isnan(value)), default=math.nan)
