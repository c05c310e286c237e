"""How a definition would have done: at each moment of history, knowing only what was known then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fireflower.model.moments import DAY, NEVER
from fireflower.review.intervals import Estimate, wilson
from fireflower.review.matching import compare
from fireflower.review.moments import Moments, Spells
from fireflower.review.results import Backtest, Coverage, LeadTimes, WeeklyCohort
from fireflower.review.survival import Curve, kaplan_meier, spans
from fireflower.review.weeks import weeks_between

HORIZON = 30 * DAY
_LEADS = (1, 7, 14, 30)


@dataclass(frozen=True, eq=False)
class FirstEntries:
    """The first entry of each subject that has one known by `as_of`, and how long it could be followed.

    Attributes
    ----------
    subject, entered : code; the moment when it was known
    goal : when its subject reached the goal, NEVER if not
    too_late, followed, pending : which of the three it is; see `WeeklyCohort`
    converted : goal reached within the horizon (whether the follow-up is complete or not)
    """

    subject: NDArray[np.int64]
    entered: NDArray[np.int64]
    goal: NDArray[np.int64]
    too_late: NDArray[np.bool_]
    followed: NDArray[np.bool_]
    pending: NDArray[np.bool_]
    converted: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.subject)

    @property
    def precision(self) -> Estimate:
        """Of those followed, the share that reached the goal within the horizon."""
        return wilson(int((self.followed & self.converted).sum()), int(self.followed.sum()))


def first_entries(moments: Moments, spells: Spells, horizon: int) -> FirstEntries:
    first = spells.is_first & (spells.entered_known <= moments.as_of)
    subject, entered = spells.subject[first].astype(np.int64), spells.entered_known[first]
    goal = np.where(moments.goal[subject] <= moments.as_of, moments.goal[subject], NEVER)
    too_late = goal <= entered
    complete = entered + horizon <= moments.as_of
    return FirstEntries(
        subject=subject,
        entered=entered,
        goal=goal,
        too_late=too_late,
        followed=~too_late & complete,
        pending=~too_late & ~complete,
        converted=~too_late & (goal <= entered + horizon),
    )


def backtest(
    moments: Moments, spells: Spells, *, definition: str = "the definition", horizon: int = HORIZON
) -> Backtest:
    """Review a definition over all of history up to `moments.as_of`.

    Parameters
    ----------
    moments, spells : from one replay, see `review.moments`
    definition : its name, for sentences
    horizon : within which span after an entry the goal counts

    Raises
    ------
    ProjectError
        If there is no goal.
    """
    moments.require_goal("A backtest")
    firsts = first_entries(moments, spells, horizon)
    curve = _curve(firsts, horizon, moments.as_of)
    converted = firsts.followed & firsts.converted
    followed = firsts.followed
    return Backtest(
        definition=definition,
        subjects=moments.subjects,
        goal=moments.goal_words,
        horizon_days=horizon / DAY,
        as_of=moments.as_of,
        population=int(moments.exists.sum()),
        left_out=int((moments.exists & (moments.left_out_from <= moments.as_of)).sum()),
        entries=int((spells.entered_known <= moments.as_of).sum()),
        entered=len(firsts),
        followed=int(followed.sum()),
        converted=int(converted.sum()),
        precision=firsts.precision,
        pending=int(firsts.pending.sum()),
        pending_converted=int((firsts.pending & firsts.converted).sum()),
        too_late=int(firsts.too_late.sum()),
        known_later=spells.first_known_after(moments.as_of),
        followed_partly=curve.at(len(curve.days) - 1),
        time_to_goal=spans((firsts.goal - firsts.entered)[converted] / DAY),
        curve=curve,
        weeks=weekly_cohorts(firsts, moments.as_of),
        coverage=coverage(moments, spells),
        comparison=compare(moments, spells, firsts.subject[followed], firsts.entered[followed], horizon),
    )


def _curve(firsts: FirstEntries, horizon: int, as_of: int) -> Curve:
    """From the first entry to the goal; the grid ends exactly at the horizon."""
    valid = ~firsts.too_late
    goal, entered = firsts.goal[valid], firsts.entered[valid]
    grid = np.append(np.arange(0, horizon, DAY), horizon) / DAY
    return kaplan_meier((np.minimum(goal, as_of) - entered) / DAY, goal < NEVER, grid)


def weekly_cohorts(firsts: FirstEntries, as_of: int) -> tuple[WeeklyCohort, ...]:
    """One cohort for each week from the first entry to `as_of`, empty weeks included."""
    if not len(firsts):
        return ()
    weeks = weeks_between(int(firsts.entered.min()), as_of)
    place = np.searchsorted(weeks, firsts.entered, side="right") - 1

    def per_week(which: NDArray[np.bool_]) -> list[int]:
        return np.bincount(place[which], minlength=len(weeks)).tolist()

    columns = (
        per_week(np.ones(len(firsts), dtype=np.bool_)),
        per_week(firsts.followed),
        per_week(firsts.followed & firsts.converted),
        per_week(firsts.pending),
        per_week(firsts.pending & firsts.converted),
        per_week(firsts.too_late),
    )
    return tuple(_cohort(week, *row) for week, *row in zip(weeks.tolist(), *columns, strict=True))


def _cohort(
    week: int, entered: int, followed: int, converted: int, pending: int, pending_converted: int, late: int
) -> WeeklyCohort:
    share = wilson(converted, followed)
    return WeeklyCohort(week, entered, followed, converted, share, pending, pending_converted, late)


def reached_goal(moments: Moments) -> NDArray[np.bool_]:
    """Which subjects reached the goal by `as_of`: nobody does while left out (`moments.internal_definitions`)."""
    return moments.exists & (moments.goal <= moments.as_of)


def qualified_before(moments: Moments, spells: Spells) -> NDArray[np.bool_]:
    """Which of those who reached the goal were known to be qualified before it."""
    return reached_goal(moments) & (spells.first_known(len(moments)) < moments.goal)


def coverage(moments: Moments, spells: Spells) -> Coverage:
    """Of those who reached the goal, how many were known to be qualified before, and for how long."""
    reached = reached_goal(moments)
    before = qualified_before(moments, spells)
    days = (moments.goal - spells.first_known(len(moments)))[before] / DAY
    n = len(days)
    at_least = tuple((lead, wilson(int((days >= lead).sum()), n)) for lead in _LEADS)
    return Coverage(
        reached=int(reached.sum()),
        before=n,
        share=wilson(n, int(reached.sum())),
        still=int((_qualified_at_goal(moments, spells) & reached).sum()),
        lead_times=LeadTimes(spans(days), at_least),
        subjects=moments.subjects,
    )


def _qualified_at_goal(moments: Moments, spells: Spells) -> NDArray[np.bool_]:
    """Which subjects were in a spell, known before, just before the goal."""
    goal = moments.goal[spells.subject]
    there = (spells.entered_known < goal) & (goal <= spells.left)
    return np.bincount(spells.subject[there], minlength=len(moments)) > 0
