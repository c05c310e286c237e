"""What comes of a discovery, as data: the command line prints it, `--json` writes it, the page draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fireflower.discover.circles import Spoken
from fireflower.discover.leaks import Leak
from fireflower.language.nodes import Circle
from fireflower.model.records import SubjectKind
from fireflower.review.intervals import Estimate

SHOWN = 6
"""Of single signals, so many are printed."""

Grade = Literal["unconfirmed", "predictive", "adjusted"]
"""`unconfirmed`: it stood out, but did not hold later, or could not be checked. `predictive`: better than the whole
search does by chance, and held on later data: what the search found in the earlier data or, far beyond chance, the rule
itself with bounds by these. `adjusted`: so too with everything else that was measured held equal. (Nothing here is
`proven`: that needs an experiment.)"""


ADJUSTED_FLOOR = 4 / 3
"""The lower limit of the adjusted ratio must be above this, as adjusting leaves something of a common cause: what was
not measured would have to go along twofold with both the rule and the goal to explain it (an E-value of 2; VanderWeele
& Ding 2017)."""

LEAST_OVERLAP = 0.5
"""For so many of the rows both having and not having the rule must have been plausible; else to compare is to guess."""

LITTLE = 2.0
"""An adjusted ratio whose interval ends below this is little."""


@dataclass(frozen=True, slots=True)
class Part:
    """One condition of a rule, or one line of a score.

    Attributes
    ----------
    text : as a definition has it
    circle : of which circle it speaks; not `declared`: a proposal, for a person to confirm
    of : the event, trait or column that it is about
    points : in a score
    said : in plain English
    """

    text: str
    circle: Circle
    of: str
    points: int = 0
    declared: bool = False
    said: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """How those that pass do beside those that do not, on some rows.

    Attributes
    ----------
    rows, inside_rows, hits, inside_hits : how many, how many pass; how many of each reached the goal
    inside, outside, lift : the shares that reached it, and how many times the one is the other
    p : one-sided: how often chance alone would do as well, this one rule tried once
    """

    rows: int
    inside_rows: int
    hits: int
    inside_hits: int
    inside: Estimate
    outside: Estimate
    lift: Estimate
    p: float


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The difference in the share that reaches the goal with everything else that was measured held equal.

    Attributes
    ----------
    difference, ratio : between having the rule and not, averaged over all rows
    e_value : how strongly something unmeasured would have to go along with both the rule and the goal to explain the
        lower limit of the ratio away (VanderWeele & Ding 2017)
    covariates : how many measures (columns) were held equal
    overlap : share of rows for which both having and not having the rule was plausible
    """

    difference: Estimate
    ratio: Estimate
    e_value: float
    covariates: int
    overlap: float

    @property
    def holds(self) -> bool:
        """Whether the rule is worth something even so."""
        return self.difference.low > 0 and self.ratio.low > ADJUSTED_FLOOR and self.overlap >= LEAST_OVERLAP

    @property
    def is_little(self) -> bool:
        """Whether it is certain enough that little is left of it; else that cannot be told."""
        return self.ratio.high < LITTLE or self.ratio.value <= ADJUSTED_FLOOR


@dataclass(frozen=True, slots=True)
class RuleFound:
    """A rule and how far the data supports it.

    Attributes
    ----------
    name : of the definition that was written for it; "" for none
    parts, any : its conditions, all of which (`any`: one of which) must hold
    text : the whole in one line
    kind : how many conditions, joined how
    gain, p_chance : its gain in log-likelihood (nats), and how often the whole search finds as much by chance
    seen : on all rows that were followed for the horizon, which were searched
    later : on the later rows, with the bounds that would have been chosen on the earlier ones; None where the earlier
        have no such conditions
    expected : what share of those inside will reach the goal, the winner's curse taken off: what was seen, shrunk by
        what chance alone finds
    coverage : of those that reached the goal, the share that passed before
    per_week : how many come to pass each week
    lead_days : from the landmark to the goal, the median of those that passed and reached it
    like : how alike the rows are that it and the first rule select (Jaccard)
    """

    name: str
    parts: tuple[Part, ...]
    any: bool
    text: str
    kind: str
    gain: float
    p_chance: float
    seen: Measured
    later: Measured | None
    expected: Estimate
    coverage: Estimate
    per_week: float
    lead_days: float
    like: float
    grade: Grade
    adjusted: Adjusted | None = None

    @property
    def said(self) -> str:
        """The whole in plain English."""
        return (", or " if self.any else ", and ").join(part.said or part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The search as it would have been at an earlier moment, and what came after.

    Attributes
    ----------
    at : the moment; None for a table, whose earlier rows were searched
    parts, any, text : what would have been chosen then
    like : how alike the later rows are that this and the first rule of now select (Jaccard); 1 where they are the same
    later : what became of the later rows, with it and without it
    """

    at: int | None
    parts: tuple[Part, ...]
    any: bool
    text: str
    like: float
    later: Measured


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One threshold of a signal: of those who pass it (all rows, weighted for those not followed to the end)."""

    threshold: float
    share: Estimate
    coverage: float
    per_week: float


@dataclass(frozen=True, slots=True)
class Single:
    """One quantity by itself.

    Attributes
    ----------
    q : if everything with a q as small is believed, this share of it is false on average
    curve : all thresholds of it; empty where it is no number
    same_as : the text of a stronger one that selects exactly the same rows, beside which it is not printed; "" for none
    """

    rule: RuleFound
    p: float
    q: float
    curve: tuple[CurvePoint, ...]
    same_as: str = ""


@dataclass(frozen=True, slots=True)
class Stayed:
    """A condition that only says that one was there, on all rows that were followed for the horizon."""

    text: str
    seen: Measured


@dataclass(frozen=True, slots=True)
class Threshold:
    """A score's bound, on all rows that were followed for the horizon."""

    bound: float
    share: Estimate
    coverage: float
    per_week: float


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Later rows with about the same score: the share that was foretold, and that which came."""

    foretold: float
    came: Estimate


@dataclass(frozen=True, slots=True)
class ScoreFound:
    """A point score, and how one is judged that is made in the same way of what was known earlier.

    The score is made of all rows, so no rows are left to judge it by. `auc`, `log_loss` and `calibration` are those of
    `judged`, on later rows. Scores whose `judged` are the same share these figures: they are one judgement, not
    several.

    Attributes
    ----------
    parts : with points
    base, scale : the probability of the goal is 1 / (1 + exp(-(base + scale x points)))
    judged : the lines of the score that is made of the earlier rows alone
    later_rows, later_hits : the rows that it is judged by, and how many of them reached the goal
    auc, log_loss : of `judged`, on these rows
    thresholds : where one may cut, and what that gives
    chosen : the bound that was chosen
    calibration : of `judged`, from the lowest scores to the highest
    by_circle : the most points that each circle can give
    """

    name: str
    parts: tuple[Part, ...]
    base: float
    scale: float
    auc: Estimate
    log_loss: float
    thresholds: tuple[Threshold, ...]
    chosen: float
    calibration: tuple[Calibrated, ...]
    by_circle: dict[str, int]
    judged: tuple[Part, ...]
    later_rows: int
    later_hits: int


@dataclass(frozen=True, slots=True)
class Ceiling:
    """How well the goal can be predicted with no regard to simplicity, on the same later rows."""

    method: str
    auc: Estimate
    log_loss: float


@dataclass(frozen=True, slots=True)
class LandmarkSummary:
    """Who could be compared at one landmark.

    Attributes
    ----------
    age_days : NaN for a table
    reached_before, left_before : who had reached the goal, or ended their use, before it
    at_risk : who could still reach it
    followed, hits : of those, who were followed for the whole horizon, and who reached the goal in it
    left_within : who ended their use within the horizon without it
    searched_hits : goals that were searched, up to twice the horizon after the landmark
    later_hits : goals within the horizon that the rehearsal is measured on
    conditions : how many conditions were tried
    naive_auc, auc : of the best single column: over everybody whatever became of them by then, and over those who
        could still reach the goal
    best : the best rule's standing over chance, in spreads
    silence_days : whoever had done nothing for so long counts among those who had left; NaN for a table
    """

    age_days: float
    reached_before: int
    left_before: int
    at_risk: int
    followed: int
    hits: int
    left_within: int
    searched_hits: int
    later_hits: int
    conditions: int
    naive_auc: float
    auc: float
    best: float
    silence_days: float


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One part of the subjects, on all closed rows."""

    by: str
    part: str
    measured: Measured


@dataclass(frozen=True, slots=True)
class SegmentTest:
    """Whether the rule is worth as much in each part: the p-value of its lift being the same in all.

    Attributes
    ----------
    differs : whether that is too small for chance, as many traits as were looked at
    """

    by: str
    p: float
    differs: bool
    rows: tuple[SegmentRow, ...]


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """A rule of its own for one part of the subjects.

    Attributes
    ----------
    part, among : the part, in words and as conditions
    rule : measured on the part alone
    general : the rule for all on the part's rows
    """

    part: str
    among: tuple[Part, ...]
    rule: RuleFound
    general: Measured


@dataclass(frozen=True, slots=True)
class SegmentSearch:
    """The parts by a trait in which the rule is not worth as much, each searched by itself.

    Attributes
    ----------
    searched : parts with enough goals to be searched; each must stand out as if all of them were one search
    rules : of those parts that have a rule of their own which the data supports
    """

    by: str
    searched: tuple[str, ...]
    rules: tuple[SegmentRule, ...]


@dataclass(frozen=True, slots=True)
class HeatCell:
    """Of those who had reached a threshold within a window of the start: share, coverage, volume (weighted)."""

    window_days: float
    threshold: float
    share: Estimate
    coverage: float
    per_week: float


@dataclass(frozen=True, slots=True)
class Heat:
    """Threshold x window for one event."""

    event: str
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One single change of a hypothesis.

    Attributes
    ----------
    what, part, text : what is changed, the part that is (with its new bound, dropped, or joined), and the whole then
    gain : in log-likelihood, on the rows searched, beyond what the hypothesis has
    earlier, later : measured on the earlier and on the later rows
    later_gain : in log-likelihood, on the later rows, beyond what the hypothesis has; where it is not above 0, the
        change is not better there
    """

    what: str
    part: str
    text: str
    gain: float
    earlier: Measured
    later: Measured
    later_gain: float


ENOUGH = 20
"""Rows that a definition must pass at a landmark to be judged there."""


@dataclass(frozen=True, slots=True)
class HypothesisFound:
    """A team's own definition beside what was found.

    Attributes
    ----------
    landmark_days : where it was judged: at another landmark than the rule, where hardly anybody passes it at that one
    seen : on all rows that were followed for the horizon, as `RuleFound.seen`
    earlier, later : on the rows before the cut, and after it
    coverage, per_week : as of a `RuleFound`
    gain : in log-likelihood, on the rows searched
    changes : those that gain most on the rows searched, each selecting other rows
    """

    landmark_days: float
    name: str
    text: str
    seen: Measured
    earlier: Measured
    later: Measured
    coverage: Estimate
    per_week: float
    gain: float
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Power:
    """What the search would have seen: the lift that it finds four times out of five, for a condition that `share` of
    the subjects pass."""

    share: float
    lift: float


@dataclass(frozen=True, slots=True)
class BaseRate:
    """Of those at risk at the landmark that could be followed for the horizon: how many, how many of them reached the
    goal in it, and the share. Every other share is to be read beside this one."""

    rows: int
    hits: int
    share: Estimate


@dataclass(frozen=True, slots=True)
class Discovery:
    """The answer.

    Attributes
    ----------
    as_of : up to which moment the past was looked at; None for a table
    verdict : "signal", "none" (nothing that is better than chance, or that held later), "too few"
    reason : the verdict in a sentence
    p : how often chance finds, in the whole search, what stands out as far
    permutations, tried : how often the search was done on shuffled outcomes; how many conditions it had
    landmark_days : at which landmark the best was found; NaN for a table
    rules : the chosen rule first, then others that do nearly as well
    rehearsal : what the same search would have chosen earlier; None where nothing
    stayed : the best signal that only says that one was there; no part of any rule
    left_out : signals with their reason, never used
    has_goal : whether the definitions that were written name the goal, so that they can be backtested
    circles : of which circle speaks what the rules, scores and signals are made of
    churn : whether an event tells who has left, beside silence
    base : whom the shares are of, at that landmark; None where nothing was searched
    """

    goal: str
    subjects: SubjectKind
    as_of: int | None
    horizon_days: float
    verdict: Literal["signal", "none", "too few"]
    reason: str
    p: float
    permutations: int
    tried: int
    landmark_days: float
    landmarks: tuple[LandmarkSummary, ...]
    rules: tuple[RuleFound, ...]
    rehearsal: Rehearsal | None
    singles: tuple[Single, ...]
    stayed: Stayed | None
    scores: tuple[ScoreFound, ...]
    ceilings: tuple[Ceiling, ...]
    left_out: tuple[Leak, ...]
    power: tuple[Power, ...]
    segments: tuple[SegmentTest, ...]
    heat: tuple[Heat, ...]
    hypothesis: HypothesisFound | None
    cautions: tuple[str, ...]
    next_steps: tuple[str, ...]
    files: tuple[str, ...] = ()
    circles: tuple[Spoken, ...] = ()
    per_segment: SegmentSearch | None = None
    has_goal: bool = True
    base: BaseRate | None = None
    churn: bool = False

    @property
    def different(self) -> tuple[Single, ...]:
        """The single signals without those that are others in other words."""
        return tuple(single for single in self.singles if not single.same_as)

    def sentences(self) -> list[str]:
        """The answer in words, line by line."""
        from fireflower.discover.wording import sentences

        return list(sentences(self))
