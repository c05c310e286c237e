"""From the start to the goal: how many get how far, and how long it takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fireflower.model.moments import DAY, NEVER
from fireflower.review.intervals import wilson
from fireflower.review.moments import Moments, Spells
from fireflower.review.results import Funnel, FunnelCohort, FunnelStage, TimeToValue
from fireflower.review.survival import Curve, kaplan_meier, spans
from fireflower.review.weeks import month_after, months

SIGNED_UP, APPEARED = "signed up", "first appeared"
"""The first stage: where the project has an event for it, and where a subject's first record is all there is."""
ACTIVATED, QUALIFIED, REACHED = "activated", "qualified", "reached the goal"

Int1D = NDArray[np.int64]
_GRID_DAYS = 90


def funnel(moments: Moments, spells: Spells) -> Funnel:
    """Start -> activated -> qualified -> goal, as far as the project defines them, by event time.

    Each stage counts those who came to it at or after the stage before; of several qualifications the first
    such one.
    """
    reached = _stages(moments, spells)
    through = _in_order(reached, spells)
    names = list(reached)
    stages = []
    for i, name in enumerate(names):
        here, before = through[name] < NEVER, through[names[max(i - 1, 0)]]
        n = int(here.sum())
        stages.append(
            FunnelStage(
                name=name,
                reached=int((reached[name] < NEVER).sum()),
                through=n,
                of_previous=wilson(n, int((before < NEVER).sum())),
                of_first=wilson(n, int((through[names[0]] < NEVER).sum())),
                days=spans((through[name] - before)[here] / DAY),
            )
        )
    return Funnel(tuple(stages), _cohorts(through, moments.as_of), moments.subjects, moments.absent_start)


def _stages(moments: Moments, spells: Spells) -> dict[str, Int1D]:
    """Per stage, the start first, when each subject first reached it, by whatever way; NEVER for not by `as_of`."""
    stages = {SIGNED_UP if moments.has_start and not moments.absent_start else APPEARED: moments.start}
    if moments.has_activation:
        stages[ACTIVATED] = moments.activation
    stages[QUALIFIED] = spells.first_entered(len(moments))
    if moments.goal_words:
        stages[REACHED] = moments.goal
    return {name: np.where(moments.exists & (at <= moments.as_of), at, NEVER) for name, at in stages.items()}


def _in_order(reached: dict[str, Int1D], spells: Spells) -> dict[str, Int1D]:
    """Per stage, when each subject reached it after the stage before."""
    through: dict[str, Int1D] = {}
    before = np.zeros(len(reached[QUALIFIED]), dtype=np.int64)
    for name, at in reached.items():
        at = _first_spell_from(before, spells) if name == QUALIFIED else at
        before = np.where((before < NEVER) & (at >= before), at, NEVER)
        through[name] = before
    return through


def _first_spell_from(earliest: Int1D, spells: Spells) -> Int1D:
    """Per subject, its first entry at or after a moment."""
    later = spells.entered >= earliest[spells.subject]
    first = np.full(len(earliest), NEVER, dtype=np.int64)
    np.minimum.at(first, spells.subject[later], spells.entered[later])
    return first


def _cohorts(through: dict[str, Int1D], as_of: int) -> tuple[FunnelCohort, ...]:
    month = months(next(iter(through.values())))
    rows = []
    for start in np.unique(month[month < NEVER]).tolist():
        members = month == start
        counts = tuple(int((at[members] < NEVER).sum()) for at in through.values())
        rows.append(FunnelCohort(start, counts, max(0, as_of - month_after(start)) / DAY))
    return tuple(rows)


def time_to_value(moments: Moments, spells: Spells) -> TimeToValue:
    """From the start to activation, qualification and goal; those who are not there yet count as followed
    so far.

    Subjects that were left out at some time count until then.
    """
    reached = _stages(moments, spells)
    start = reached.pop(next(iter(reached)))
    known = start < NEVER
    end = np.minimum(moments.left_out_from, moments.as_of)
    curves = ((name, _curve(start[known], at[known], end[known])) for name, at in reached.items())
    return TimeToValue(tuple(curves), moments.subjects)


def _curve(start: Int1D, at: Int1D, end: Int1D) -> Curve:
    """What came before the start happened at the start."""
    days = np.maximum(np.minimum(at, end) - start, 0) / DAY
    longest = float(days.max()) if len(days) else 0.0
    grid = np.arange(min(_GRID_DAYS, int(longest)) + 1, dtype=np.float64)
    return kaplan_meier(days, at <= end, grid)
