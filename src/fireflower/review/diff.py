"""What would change if one definition took the place of another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fireflower.model.moments import DAY, NEVER, WEEK
from fireflower.review.backtest import HORIZON, FirstEntries, first_entries, qualified_before, reached_goal
from fireflower.review.intervals import Estimate, correlation, difference, rate, unknown, wilson
from fireflower.review.moments import Moments, Spells
from fireflower.review.results import Diff, DiffNow
from fireflower.review.volume import complete_weeks

Change = tuple[Estimate, Estimate, Estimate]
"""(old, new, new - old)."""

_NO_GOAL: Change = (unknown("there is no goal"),) * 3


def diff(
    moments: Moments,
    old: Spells,
    new: Spells,
    *,
    names: tuple[str, str] = ("the old definition", "the new definition"),
    horizon: int = HORIZON,
) -> Diff:
    """Compare two definitions on the same subjects, the same history and the same goal (that of `moments`). Without a
    goal, precision and coverage are unknown.
    """
    known_later = old.first_known_after(moments.as_of), new.first_known_after(moments.as_of)
    old, new = old.known_by(moments.as_of), new.known_by(moments.as_of)
    was, will = old.first_known(len(moments)), new.first_known(len(moments))
    both = (was < NEVER) & (will < NEVER)
    return Diff(
        old=names[0],
        new=names[1],
        subjects=moments.subjects,
        goal=moments.goal_words,
        horizon_days=horizon / DAY,
        as_of=moments.as_of,
        now=_now(moments, old, new),
        both=int(both.sum()),
        only_old=int(((was < NEVER) & ~both).sum()),
        only_new=int(((will < NEVER) & ~both).sum()),
        earlier=int((both & (will < was)).sum()),
        later=int((both & (will > was)).sum()),
        known_later=known_later,
        precision=_precision(moments, first_entries(moments, old, horizon), first_entries(moments, new, horizon)),
        coverage=_coverage(moments, old, new),
        per_week=_per_week(moments, was, will),
    )


def _now(moments: Moments, old: Spells, new: Spells) -> DiffNow:
    was, will = (set(spells.subject[spells.left == NEVER].tolist()) for spells in (old, new))
    enter, leave = (tuple(sorted(moments.ids[code] for code in codes)) for codes in (will - was, was - will))
    return DiffNow(enter, leave, len(was & will))


def _precision(moments: Moments, old: FirstEntries, new: FirstEntries) -> Change:
    """Two shares over sets of subjects that overlap: each subject's influence on both gives their
    correlation.
    """
    if not moments.goal_words:
        return _NO_GOAL
    a, b = _influence(moments, old), _influence(moments, new)
    together = correlation(float(a @ b), float(a @ a), float(b @ b))
    same = np.array_equal(old.subject, new.subject) and np.array_equal(old.entered, new.entered)
    return _change(old.precision, new.precision, together, same)


def _influence(moments: Moments, firsts: FirstEntries) -> NDArray[np.float64]:
    """By how much each subject moves the share: (y - p) / n where it is followed."""
    pull = np.zeros(len(moments))
    if firsts.followed.any():
        share = firsts.precision.value
        moved = (firsts.converted[firsts.followed] - share) / firsts.followed.sum()
        pull[firsts.subject[firsts.followed]] = moved
    return pull


def _coverage(moments: Moments, old: Spells, new: Spells) -> Change:
    """Two shares over the same subjects: those who reached the goal."""
    if not moments.goal_words:
        return _NO_GOAL
    reached = reached_goal(moments)
    a, b = qualified_before(moments, old)[reached], qualified_before(moments, new)[reached]
    n = len(a)
    covariance = float((a & b).mean() - a.mean() * b.mean()) if n else 0.0
    together = correlation(covariance, float(a.var()), float(b.var())) if n else 0.0
    return _change(wilson(int(a.sum()), n), wilson(int(b.sum()), n), together, np.array_equal(a, b))


def _change(old: Estimate, new: Estimate, together: float, same: bool) -> Change:
    if same and old.known:
        return old, new, Estimate(0.0, 0.0, 0.0, old.n, "both have the same subjects")
    return old, new, difference(new, old, together)


def _per_week(moments: Moments, was: NDArray[np.int64], will: NDArray[np.int64]) -> Change:
    """First entries per complete week. Only those that one of the two has alone make a difference."""
    weeks = complete_weeks(moments)
    if not len(weeks):
        nothing = unknown("no week of history is complete")
        return nothing, nothing, nothing
    end = int(weeks[-1]) + WEEK
    a, b = was < end, will < end
    old, new = (rate(int(entered.sum()), len(weeks)) for entered in (a, b))
    if np.array_equal(a, b):
        return old, new, Estimate(0.0, 0.0, 0.0, old.n, "both have the same subjects")
    gained, lost = (rate(int(alone.sum()), len(weeks)) for alone in (b & ~a, a & ~b))
    return old, new, difference(gained, lost)
