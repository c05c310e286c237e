"""What a review hands over: plain numbers with their intervals, and how to say them.

Conventions, everywhere in this file: moments are int microseconds (UTC), lengths of time that people read
are float days, shares are between 0 and 1. Weeks begin on Monday 00:00 UTC. What cannot be known is an
`Estimate` whose value is NaN, never a 0 and never a guess. Every interval is at 95 %. Every result has
`sentences()`: the same in honest English.

The unit of every share is a *subject at their first entry*: who qualifies five times is counted once, at
the first time, so that subjects are independent of each other and ordinary intervals hold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fireflower.language.nodes import Condition
from fireflower.model.records import SubjectKind
from fireflower.review import wording
from fireflower.review.intervals import Estimate
from fireflower.review.survival import Curve, Spans

__all__ = [
    "Backtest", "Comparison", "Coverage", "Curve", "Diff", "DiffNow", "Estimate", "Funnel", "FunnelCohort",
    "FunnelStage", "LeadTimes", "Spans", "ThresholdCurve", "TimeToValue", "WeeklyCohort", "WeeklyVolume",
]  # fmt: skip


FEW_GOALS = 5
"""Below so many goals on both sides together, two groups are not compared."""


@dataclass(frozen=True, slots=True)
class WeeklyCohort:
    """The subjects whose first entry became known in one week, and what became of them within the horizon.

    Attributes
    ----------
    week : the Monday on which it begins, a moment
    entered : first entries in this week: `followed + pending + too_late`
    followed : those whose whole horizon lies before `as_of`
    converted : those of `followed` who reached the goal within the horizon
    share : converted / followed
    pending : those whose horizon is not over yet. They are in no share
    pending_converted : those of `pending` who have reached the goal already. In no share either: only the
        quick ones can be among them
    too_late : those who had reached the goal by the time when anyone could have known that they qualified.
        In no share
    """

    week: int
    entered: int
    followed: int
    converted: int
    share: Estimate
    pending: int
    pending_converted: int
    too_late: int = 0


@dataclass(frozen=True, slots=True)
class LeadTimes:
    """How long before the goal the qualification was known, among those who had one.

    Attributes
    ----------
    spans : median with interval, quartiles and a histogram, in days
    at_least : (days, share of all who had been qualified before the goal whose lead time was at least that
        long)
    """

    spans: Spans
    at_least: tuple[tuple[int, Estimate], ...]

    def sentences(self) -> list[str]:
        return wording.lead_times(self)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of those who reached the goal, how many were known to be qualified before it.

    Attributes
    ----------
    reached : subjects who reached the goal by `as_of` (and were not left out then)
    before : those whose first qualification was known before the goal
    share : before / reached
    still : those of `before` who were still qualified just before the goal; the others' qualification had
        lapsed
    lead_times : from the first known qualification to the goal
    subjects : the kind of subject
    """

    reached: int
    before: int
    share: Estimate
    still: int
    lead_times: LeadTimes
    subjects: SubjectKind

    def sentences(self) -> list[str]:
        return wording.coverage(self)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Those who qualified against others of the same age who were not qualified and had not reached the goal.

    For each first entry, at age a (time since the subject's start): its controls are the subjects of the
    same starting cohort that, at their own moment of age a, existed, were not known to be qualified, had not
    reached the goal, were not left out, and can be followed for the whole horizon from there. The cohort is
    the week of the start; where that holds too few controls, four weeks; then thirteen. See `review.matching`.

    Attributes
    ----------
    matched : first entries with enough controls. Both shares are over these alone
    unmatched : entries that were followed but have too few controls, even in the widest cohort
    ageless : entries that were followed but whose start is not known, or came later
    qualified : share of the matched that reached the goal within the horizon
    controls : the mean over the matched entries of their controls' share
    lift : qualified / controls. `high` is inf where the data set no upper bound; all NaN where no control
        converted
    difference : qualified - controls
    control_subjects : how many different subjects served as controls
    pool : median number of controls of an entry (NaN where nothing is matched)
    widths : (weeks of the starting cohort, how many entries were matched within it)
    horizon_days : length of the follow-up
    subjects : the kind of subject
    """

    matched: int
    unmatched: int
    ageless: int
    qualified: Estimate
    controls: Estimate
    lift: Estimate
    difference: Estimate
    control_subjects: int
    pool: float
    widths: tuple[tuple[int, int], ...]
    horizon_days: float
    subjects: SubjectKind

    def sentences(self) -> list[str]:
        return wording.comparison(self)

    @property
    def is_enough(self) -> bool:
        """Whether there are goals enough on both sides together to compare the two."""
        goals = self.qualified.value * self.qualified.n + self.controls.value * self.controls.n
        return self.matched > 0 and goals >= FEW_GOALS


@dataclass(frozen=True, slots=True)
class Backtest:
    """How a definition would have done over all of history, knowing at each moment only what was known then.

    Attributes
    ----------
    definition, subjects, goal : the definition's name, its kind of subject, the goal in words
    horizon_days, as_of : length of the follow-up; the moment up to which everything is known
    population : subjects that existed by `as_of` and were not left out from the beginning
    left_out : those of `population` who were left out later on; they count until then
    entries : all entries known by `as_of`, repeated ones too
    entered : subjects who entered at least once: `followed + pending + too_late`
    followed, converted, precision : first entries with the whole horizon behind them; those of them who
        reached the goal within it; and the share (Wilson)
    pending, pending_converted, too_late : see WeeklyCohort
    known_later : subjects whose first entry was known only after `as_of` (their records arrived later).
        They are in no other number
    followed_partly : share that reaches the goal within the horizon, by Kaplan-Meier, the pending ones
        included for as long as they have been followed. Not the headline: it leans on the assumption that
        recent entries are like older ones
    time_to_goal : from the first entry to the goal, among `converted`
    curve : cumulative share that has reached the goal, by days since the first entry (Kaplan-Meier)
    weeks : one cohort for each week from the first entry to `as_of`, empty weeks included
    coverage : see Coverage
    comparison : see Comparison
    """

    definition: str
    subjects: SubjectKind
    goal: str
    horizon_days: float
    as_of: int
    population: int
    left_out: int
    entries: int
    entered: int
    followed: int
    converted: int
    precision: Estimate
    pending: int
    pending_converted: int
    too_late: int
    known_later: int
    followed_partly: Estimate
    time_to_goal: Spans
    curve: Curve
    weeks: tuple[WeeklyCohort, ...]
    coverage: Coverage
    comparison: Comparison

    def sentences(self) -> list[str]:
        """What was found, most important first, the limits of it last."""
        return wording.backtest(self)


@dataclass(frozen=True, slots=True, eq=False)
class WeeklyVolume:
    """How much a definition gives a sales team to do, week by week.

    Attributes
    ----------
    weeks : int64 moments, Mondays, without gaps
    first, again : entries that are a subject's first / a later one, in the week in which they became known
    left : how many left in the week, for whatever reason
    qualified : how many were qualified at the end of the week (for the last: as of `as_of`)
    complete : whether the whole week lies before `as_of`
    per_week : first entries per complete week, mean with a score interval for a Poisson rate
    known_later : subjects whose first entry was known only after `as_of` (their records arrived later); they are in no
        week
    subjects : the kind of subject
    """

    weeks: NDArray[np.int64]
    first: NDArray[np.int64]
    again: NDArray[np.int64]
    left: NDArray[np.int64]
    qualified: NDArray[np.int64]
    complete: NDArray[np.bool_]
    per_week: Estimate
    known_later: int
    subjects: SubjectKind

    def sentences(self) -> list[str]:
        return wording.weekly_volume(self)


@dataclass(frozen=True, slots=True)
class FunnelStage:
    """One stage.

    Attributes
    ----------
    name : "signed up" ("first appeared", if no event says when a subject starts), "activated", "qualified" or "reached
        the goal"
    reached : subjects who reached it at all, by whatever way
    through : those who reached it after all stages before it, in order. What a drawn funnel shows
    of_previous, of_first : through, as a share of the previous stage's and of the first stage's `through`
    days : from the previous stage to this one, among `through`
    """

    name: str
    reached: int
    through: int
    of_previous: Estimate
    of_first: Estimate
    days: Spans


@dataclass(frozen=True, slots=True)
class FunnelCohort:
    """The same for those who started in one month.

    `month` is the moment at which the month begins (UTC); `through` has one number a stage; `youngest_days`
    is how long the cohort's youngest possible member has been followed: recent months are low because they
    are young.
    """

    month: int
    through: tuple[int, ...]
    youngest_days: float


@dataclass(frozen=True, slots=True)
class Funnel:
    """Start -> activated -> qualified -> goal. Stages that the project does not define are not in it.

    `absent_start` is the project's start event, where it never happened: then the first record was taken for it.
    """

    stages: tuple[FunnelStage, ...]
    cohorts: tuple[FunnelCohort, ...]
    subjects: SubjectKind
    absent_start: str = ""

    def sentences(self) -> list[str]:
        return wording.funnel(self)


@dataclass(frozen=True, slots=True)
class TimeToValue:
    """How long it takes from the start: (stage name, curve) for activation, qualification and goal, as far
    as defined.

    The curves are Kaplan-Meier: subjects who have not got there yet count for as long as they have been
    followed.
    """

    curves: tuple[tuple[str, Curve], ...]
    subjects: SubjectKind

    def sentences(self) -> list[str]:
        return wording.time_to_value(self)


@dataclass(frozen=True, slots=True)
class ThresholdCurve:
    """What would come of one condition's bound being lower or higher, everything else as it is.

    Attributes
    ----------
    condition : the condition as it stands in the definition
    label : its text, short
    bound : "" for a comparison; "low" or "high" for the end of a `between` that is moved
    thresholds : the bounds tried, ascending, in the condition's own unit (`unit`)
    current : position in `thresholds` of the bound that the definition has
    unit : "" for counts and plain numbers, "days" for recency and elapsed, "hours" for time spent
    per_week : first entries per complete week at each bound
    entered, followed : first entries at each bound; those with the whole horizon behind them
    precision, coverage : at each bound
    """

    condition: Condition
    label: str
    bound: str
    thresholds: tuple[float, ...]
    current: int
    unit: str
    per_week: tuple[float, ...]
    entered: tuple[int, ...]
    followed: tuple[int, ...]
    precision: tuple[Estimate, ...]
    coverage: tuple[Estimate, ...]

    def sentences(self) -> list[str]:
        return wording.threshold_curve(self)


@dataclass(frozen=True, slots=True)
class DiffNow:
    """Who is qualified as of `as_of`: ids of those who would enter and leave, and how many stay."""

    enter: tuple[str, ...]
    leave: tuple[str, ...]
    stay: int


@dataclass(frozen=True, slots=True)
class Diff:
    """What would change if the new definition took the place of the old one.

    Attributes
    ----------
    old, new : names
    subjects, goal, horizon_days, as_of : as in Backtest
    now : who would enter and leave as of `as_of`
    both, only_old, only_new : subjects who ever entered under both, under the old one alone, under the new
        one alone
    earlier, later : of `both`, those whose first entry would have been known earlier / later
    known_later : under the old and under the new one, subjects whose first entry was known only after `as_of`
        (their records arrived later); they are counted nowhere else
    precision, coverage, per_week : (old, new, change). The change is new - old with an interval that knows
        that they are the same subjects. Without a goal the first two are unknown
    """

    old: str
    new: str
    subjects: SubjectKind
    goal: str
    horizon_days: float
    as_of: int
    now: DiffNow
    both: int
    only_old: int
    only_new: int
    earlier: int
    later: int
    known_later: tuple[int, int]
    precision: tuple[Estimate, Estimate, Estimate]
    coverage: tuple[Estimate, Estimate, Estimate]
    per_week: tuple[Estimate, Estimate, Estimate]

    def sentences(self) -> list[str]:
        return wording.diff(self)
