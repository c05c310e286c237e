"""Qualified subjects beside others of the same age: risk-set matching without a loop over pairs.

Who did X 'ever' has lived long enough to do it, and has done much of it after the goal; who did not has
often just begun. So a plain comparison of the two finds a difference where there is none (immortal time;
Anderson, Cain & Gelber 1983). Here each entry, at age a, is compared with the subjects that at *their* age
a could have entered too: of the same sign-up cohort, existing, not known to be qualified, the goal not
reached, not left out; over the same span of life that follows.

Two clocks matter. Age is matched exactly, because how likely a goal is changes fastest with it. The
calendar (a launch, a price, a season) is matched by the sign-up cohort: at equal ages, two subjects of one
sign-up week are less than a week apart. Where the week holds fewer than `ENOUGH` controls, the cohort
widens to 4 weeks, then to 13; beyond that an entry stays unmatched. Widening looks at how many controls
there are, never at what became of them.

Status is what was known at the time (`known_at`); with one exception: a goal counts from when it happened,
for entries and for controls alike, since no definition lets someone enter who has reached it, known or not.
Both sides need the whole follow-up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fireflower.model.moments import DAY, NEVER
from fireflower.review.intervals import (
    Estimate,
    correlation,
    difference,
    ratio,
    unknown,
    wilson,
    wilson_limits,
)
from fireflower.review.moments import Moments, Spells
from fireflower.review.results import Comparison
from fireflower.review.weeks import week_number

WIDTHS = (1, 4, 13)
"""Weeks of the sign-up cohort, narrowest first."""

ENOUGH = 5
"""How many controls an entry needs."""

Int1D = NDArray[np.int64]
Float1D = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Segments:
    """Stretches of life [low, high), in microseconds of age, each of one subject."""

    subject: Int1D
    low: Int1D
    high: Int1D

    def clipped(self, low: Int1D, high: Int1D) -> Segments:
        """What of each stretch lies in [low, high)."""
        low, high = np.maximum(self.low, low), np.minimum(self.high, high)
        left = low < high
        return Segments(self.subject[left], low[left], high[left])


@dataclass(frozen=True, eq=False)
class Matches:
    """For each entry: how many controls it has, how many of them reached the goal, in a cohort of how many
    weeks.

    `width` is 0 and the counts are 0 where it is unmatched.
    """

    controls: Int1D
    converted: Int1D
    width: Int1D


@dataclass(frozen=True, eq=False)
class Influence:
    """How much each subject, as a control, moves the controls' mean share; and with how much weight it
    enters it.
    """

    of_subject: Float1D
    weight: Float1D


def at_risk(moments: Moments, spells: Spells, horizon: int) -> Segments:
    """Where in its life each subject can be a control, its whole follow-up complete by `as_of`."""
    start = np.where(moments.start <= moments.as_of, moments.start, NEVER)
    known = moments.start_known - start
    end = np.minimum(moments.goal, moments.left_out_from)
    end = np.minimum(end, moments.as_of - horizon + 1) - start
    free = _unqualified(start, spells)
    return free.clipped(known[free.subject], end[free.subject])


def _unqualified(start: Int1D, spells: Spells) -> Segments:
    """The stretches before, between and after the spells of each subject whose start is known."""
    of = spells.subject.astype(np.int64)
    entered = spells.entered_known - start[of]
    # Even a spell that was over when it became known keeps its subject from being its own control.
    left = np.maximum(np.where(spells.left_known == NEVER, NEVER, spells.left_known - start[of]), entered + 1)
    before = np.full(len(start), NEVER, dtype=np.int64)
    before[of[spells.is_first]] = entered[spells.is_first]
    after = np.full(len(of), NEVER, dtype=np.int64)
    again = ~spells.is_first[1:]
    after[:-1][again] = entered[1:][again]
    everyone = np.arange(len(start))
    subject, low = np.concatenate((everyone, of)), np.concatenate((np.zeros_like(start), left))
    high = np.concatenate((before, after))
    known = start[subject] < NEVER
    return Segments(subject[known], low[known], high[known])


def before_goal(risk: Segments, moments: Moments, horizon: int) -> Segments:
    """The part of `risk` from where the goal is reached within the horizon: age in [goal - horizon, goal)."""
    goal = moments.goal[risk.subject] - moments.start[risk.subject]
    happened = moments.goal[risk.subject] <= moments.as_of
    return risk.clipped(np.where(happened, goal - horizon, NEVER), np.where(happened, goal, NEVER))


class Cohorts:
    """Sign-up cohorts of a number of weeks; (cohort, age) as one sortable integer."""

    def __init__(self, start: Int1D, width: int, longest: int) -> None:
        known = start < NEVER
        self._cohort = np.full(len(start), -1, dtype=np.int64)
        block = week_number(start[known]) // width
        # Numbered without gaps, so that cohort x age stays within 64 bits even where a clock is a century off.
        self._cohort[known] = np.unique(block, return_inverse=True)[1]
        self._stride = longest + 2

    def keys(self, subject: Int1D, age: Int1D) -> Int1D:
        return self._cohort[subject] * self._stride + age


def covering(segments: Segments, cohorts: Cohorts, keys: Int1D) -> Int1D:
    """How many segments of the same cohort cover each (cohort, age)."""
    begun = np.sort(cohorts.keys(segments.subject, segments.low))
    ended = np.sort(cohorts.keys(segments.subject, segments.high))
    return np.searchsorted(begun, keys, side="right") - np.searchsorted(ended, keys, side="right")


def match(moments: Moments, risk: Segments, goals: Segments, subject: Int1D, age: Int1D) -> Matches:
    """Count the controls of each entry, in the narrowest cohort that holds enough."""
    found = Matches(*(np.zeros(len(subject), dtype=np.int64) for _ in range(3)))
    for width in WIDTHS:
        cohorts = _cohorts(moments, width)
        keys = cohorts.keys(subject, age)
        controls = covering(risk, cohorts, keys)
        chosen = (found.width == 0) & (controls >= ENOUGH)
        found.width[chosen] = width
        found.controls[chosen] = controls[chosen]
        found.converted[chosen] = covering(goals, cohorts, keys[chosen])
    return found


def _cohorts(moments: Moments, width: int) -> Cohorts:
    start = np.where(moments.start <= moments.as_of, moments.start, NEVER)
    longest = moments.as_of - int(start.min()) if len(start) else 0
    return Cohorts(start, width, longest)


def influence(
    moments: Moments, risk: Segments, goals: Segments, subject: Int1D, age: Int1D, matches: Matches
) -> Influence:
    """Each subject's part in the error of the controls' mean share.

    Subject j's is the sum, over the n matched entries i in whose controls it is, of (y_ij - m_i) / (k_i n),
    where m_i is the share among the k_i controls and y_ij whether j reached the goal from there; times
    sqrt(k_i / (k_i - 1)), since m_i was estimated from them. One subject serves many entries: summing by
    subject keeps count of that.
    """
    of_subject, weight = np.zeros(len(moments)), np.zeros(len(moments))
    entries = int((matches.width > 0).sum())
    for width in WIDTHS:
        rows = np.flatnonzero(matches.width == width)
        if not len(rows):
            continue
        cohorts = _cohorts(moments, width)
        keys = cohorts.keys(subject[rows], age[rows])
        k = matches.controls[rows].astype(np.float64)
        each = 1 / (k * entries)
        scaled = each * np.sqrt(k / (k - 1))
        share = matches.converted[rows] / k
        weight += _summed(risk, cohorts, keys, each, len(moments))
        of_subject += _summed(goals, cohorts, keys, scaled, len(moments))
        of_subject -= _summed(risk, cohorts, keys, scaled * share, len(moments))
    return Influence(of_subject, weight)


def _summed(segments: Segments, cohorts: Cohorts, keys: Int1D, values: Float1D, subjects: int) -> Float1D:
    """Per subject, the sum of the values of the entries that its segments cover."""
    order = np.argsort(keys)
    total = np.concatenate(([0.0], np.cumsum(values[order])))
    low = np.searchsorted(keys[order], cohorts.keys(segments.subject, segments.low), side="left")
    high = np.searchsorted(keys[order], cohorts.keys(segments.subject, segments.high), side="left")
    covered = np.where(high > low, total[high] - total[low], 0.0)
    return np.bincount(segments.subject, covered, minlength=subjects).astype(np.float64)


def compare(moments: Moments, spells: Spells, subject: Int1D, entered: Int1D, horizon: int) -> Comparison:
    """Compare first entries, followed for the whole horizon, with their controls.

    Parameters
    ----------
    subject, entered : code and moment (known) of each first entry; the goal not reached by then
    horizon : length of the follow-up, a span

    Notes
    -----
    Intervals are Wilson's. For the controls its n is an effective number, C (1 - C) / V, where V is the sum
    of the squared influences by subject. Difference and lift take the correlation into account that comes
    from subjects being both control (before) and entry.
    """
    reached = moments.goal[subject] <= np.minimum(entered + horizon, moments.as_of)
    aged = moments.start_known[subject] <= entered
    risk = at_risk(moments, spells, horizon)
    goals = before_goal(risk, moments, horizon)
    who, age = subject[aged], (entered - moments.start[subject])[aged]
    matches = match(moments, risk, goals, who, age)
    good = matches.width > 0
    pull = influence(moments, risk, goals, who, age, matches)
    qualified = wilson(int(reached[aged][good].sum()), int(good.sum()))
    controls, together = _controls(matches, pull, who, reached[aged])
    return Comparison(
        matched=int(good.sum()),
        unmatched=int((~good).sum()),
        ageless=int((~aged).sum()),
        qualified=qualified,
        controls=controls,
        lift=ratio(qualified, controls, together),
        difference=difference(qualified, controls, together),
        control_subjects=int((pull.weight > 0).sum()),
        pool=float(np.median(matches.controls[good])) if good.any() else np.nan,
        widths=tuple((width, int((matches.width == width).sum())) for width in WIDTHS),
        horizon_days=horizon / DAY,
        subjects=moments.subjects,
    )


def _controls(matches: Matches, pull: Influence, who: Int1D, reached: NDArray[np.bool_]) -> tuple[Estimate, float]:
    """The controls' mean share, and the correlation of its error with that of the share of the qualified."""
    method = "Wilson score interval with the effective number of controls, by subject"
    good = matches.width > 0
    entries = int(good.sum())
    if not entries:
        return unknown(method), 0.0
    shares = matches.converted[good] / matches.controls[good]
    mean = float(shares.mean())
    of_controls = pull.of_subject.copy()
    of_controls[who[good]] += (shares - mean) / entries
    of_qualified = (reached[good] - reached[good].mean()) / entries
    variance = float(of_controls @ of_controls)
    together = correlation(float(of_qualified @ of_controls[who[good]]), float(of_qualified @ of_qualified), variance)
    subjects = int((pull.weight > 0).sum())
    effective = mean * (1 - mean) / variance if variance > 0 else 1 / float(pull.weight @ pull.weight)
    low, high = wilson_limits(mean, min(effective, float(subjects)))
    low, high = (0.0 if mean == 0 else low), (1.0 if mean == 1 else high)
    return Estimate(mean, low, high, subjects, method), together
