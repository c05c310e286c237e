"""Anybody's finding, judged by the truth.

A method learns from what was recorded before `world.cut`. What it recommends is told as a `Finding`: what it names,
and which of the subjects that signed up after the cut it selects at its landmark (by whatever means: a rule, a score
with a bar, a definition that `fireflower qualify` has run). Ids that are not to be judged (`World.unseen`) may be
among them; they are passed over. A method that says 'there is no reliable signal' gives a Finding that names nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.proving.chance import Bools, Floats, Ints
from benchmarks.proving.history import DAY
from benchmarks.proving.rules import Rule
from benchmarks.proving.world import World

EQUIVALENT = 0.95
"""Jaccard index from which on another rule selects the same subjects."""
NEAR = 0.10
"""Relative error up to which a threshold is found."""


@dataclass(frozen=True)
class Named:
    """One thing that a recommendation names.

    Attributes
    ----------
    name : an event, or a trait
    at_least : its threshold; None where the method gives none
    quantity : of what the threshold is, "count" and "days" as in `Condition`; any other is taken for none of the true
        ones
    within : days from sign-up in which it counts; None for all up to the landmark
    more : whether more of it speaks for buying. A true event with False is a false discovery
    """

    name: str
    at_least: float | None = None
    quantity: str = "count"
    within: float | None = None
    more: bool = True


@dataclass(frozen=True)
class Finding:
    """What a method recommends in one world.

    Attributes
    ----------
    method : its name
    named : the conditions of the rule (or items of the score) that it would have people use; none: 'no reliable signal'
    selected : ids of subjects that the rule selects at the landmark, those that sign up after the cut included
    landmark : days from sign-up at which it selects
    listed : what it recommends beside the rule, such as single signals; looked at for traps and false discoveries only
    claimed : the rate of conversion within the horizon among the selected that it promises: (rate, low, high)
    chance : id -> chance to buy within the horizon, for discrimination and log loss
    grade : what it says of its evidence
    seconds : that it took
    """

    method: str
    named: tuple[Named, ...] = ()
    selected: Collection[str] = ()
    landmark: float = 7.0
    listed: tuple[Named, ...] = ()
    claimed: tuple[float, float, float] | None = None
    chance: Mapping[str, float] | None = None
    grade: str = ""
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class Score:
    """How a finding stands to the truth. The true rule is the one that holds for those who sign up at the cut.

    Attributes
    ----------
    declared : whether it names anything
    true_events : how many events the true rule has; 0 where nothing matters, so that whatever is declared is false
    found : true events among the named
    false : named (or listed) that the true rule does not name, traps included
    traps : named (or listed) traps -> why
    decoys : named (or listed) decoys -> why
    threshold_errors : of found events with a threshold of the true quantity and window: |threshold - true| / true
    jaccard : of the selected with those for whom the true rule holds, among the unseen who are at risk at the landmark;
        nan where nobody is in either
    selected, at_risk : how many subjects
    realised, expected : share of the selected that bought within the horizon; that had to be expected by the truth
    lift : by the truth, the chance to buy of the selected over that of the others. A rule may predict (in confounded
        worlds)
        though nothing that it names matters; whether that does is for `benchmarks.proving.effect` to say
    claim_held : whether the realised rate lies in the claimed interval; `claim_true`: whether the expected one does
    auc, log_loss : of `chance` among the unseen at risk; `best_auc`, `best_log_loss`: of the true chances
    """

    method: str
    kind: str
    seed: int
    grade: str
    seconds: float
    declared: bool
    true_events: int
    found: tuple[str, ...]
    false: tuple[str, ...]
    traps: Mapping[str, str]
    decoys: Mapping[str, str]
    threshold_errors: Mapping[str, float]
    jaccard: float
    selected: int
    at_risk: int
    realised: float
    expected: float
    lift: float
    claim_held: bool | None
    claim_true: bool | None
    auc: float | None
    log_loss: float | None
    best_auc: float
    best_log_loss: float

    @property
    def equivalent(self) -> bool:
        """Whether it selects nearly the subjects of the true rule, by whatever it names."""
        return self.jaccard >= EQUIVALENT

    @property
    def recovered(self) -> bool:
        """Whether it names all true events, or selects as if it did."""
        return self.true_events > 0 and (len(self.found) == self.true_events or self.equivalent)

    @property
    def thresholds_recovered(self) -> bool:
        """Whether it has all thresholds within a tenth, or selects as if it had."""
        near = sum(error <= NEAR for error in self.threshold_errors.values())
        return self.recovered and (near == self.true_events or self.equivalent)


def score(finding: Finding, world: World) -> Score:
    """Judge a finding by the truth of the world in which it was made."""
    truth, rule = world.truth, world.truth.rule_at(world.cut)
    judged = world.unseen(finding.landmark)
    chosen = np.isin(np.array(world.ids), list(finding.selected)) & judged if finding.selected else judged & False
    holds = truth.holds(finding.landmark) & judged
    converts = truth.converts(finding.landmark)
    realised = _share(converts, chosen)
    expected = _share(truth.chance, chosen)
    chances = None if finding.chance is None else np.array([finding.chance.get(id, 0.0) for id in world.ids])[judged]
    recommended = (*finding.named, *finding.listed)
    found = _found(finding.named, rule)
    true = [condition.event for condition in rule.conditions] if rule else []
    outcome, best = converts[judged], truth.chance[judged]
    return Score(
        method=finding.method,
        kind=world.kind.name,
        seed=world.seed,
        grade=finding.grade,
        seconds=finding.seconds,
        declared=bool(finding.named),
        true_events=len(true),
        found=tuple(found),
        false=tuple(dict.fromkeys(each.name for each in recommended if not (each.name in true and each.more))),
        traps={each.name: truth.traps[each.name] for each in recommended if each.name in truth.traps},
        decoys={each.name: truth.decoys[each.name] for each in recommended if each.name in truth.decoys},
        threshold_errors=_threshold_errors(finding, rule),
        jaccard=_share(chosen & holds, chosen | holds),
        selected=int(chosen.sum()),
        at_risk=int(judged.sum()),
        realised=realised,
        expected=expected,
        lift=expected / _share(truth.chance, judged & ~chosen),
        claim_held=_within(finding.claimed, realised),
        claim_true=_within(finding.claimed, expected),
        auc=None if chances is None else auc(chances, outcome),
        log_loss=None if chances is None else log_loss(chances, outcome),
        best_auc=auc(best, outcome),
        best_log_loss=log_loss(best, outcome),
    )


def selected_at(
    world: World, landmark: float, subject: Sequence[str], at: Ints, entered: Bools
) -> list[str]:  # fmt: skip
    """The ids of those that a definition selects by what happened before the landmark, from its transitions.

    Parameters
    ----------
    subject, at, entered : one entry a transition, those of a subject in order of time: whose, at which moment
        (microseconds), and whether it enters or leaves
    """
    number = dict(zip(world.ids, range(len(world.ids)), strict=True))
    who = np.array([number[each] for each in subject], np.int64)
    by_then = at < world.history.signed_up[who] + int(landmark * DAY)
    inside = np.zeros(len(world.ids), bool)
    inside[who[by_then]] = entered[by_then]
    return [world.ids[place] for place in np.flatnonzero(inside)]


def auc(values: Floats, outcome: Bools) -> float:
    """The chance that one who bought has a greater value than one who did not; ties count half (Mann-Whitney).

    >>> auc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))
    0.875
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[place]
    bought, not_bought = int(outcome.sum()), int((~outcome).sum())
    if not bought or not not_bought:
        return float("nan")
    return float((rank[outcome].sum() - bought * (bought + 1) / 2) / (bought * not_bought))


def log_loss(chance: Floats, outcome: Bools) -> float:
    """The mean of -log of the chance that was given to what came (in nats; chances are held off 0 and 1 by 1e-6)."""
    given = np.clip(np.where(outcome, chance, 1 - chance), 1e-6, 1 - 1e-6)
    return float(-np.log(given).mean()) if len(given) else float("nan")


def _found(named: Sequence[Named], rule: Rule | None) -> list[str]:
    mine = {each.name for each in named if each.more}
    return [condition.event for condition in rule.conditions if condition.event in mine] if rule else []


def _threshold_errors(finding: Finding, rule: Rule | None) -> dict[str, float]:
    """The smallest error for each event, if the method names it several times (as trees do)."""
    errors: dict[str, float] = {}
    for condition in rule.conditions if rule else ():
        told = [
            abs(each.at_least - condition.at_least) / condition.at_least
            for each in finding.named
            if each.name == condition.event and each.quantity == condition.quantity and each.more
            if each.at_least is not None and (each.within or finding.landmark) == condition.within
        ]
        if told:
            errors[condition.event] = min(told)
    return errors


def _within(claimed: tuple[float, float, float] | None, rate: float) -> bool | None:
    return None if claimed is None or np.isnan(rate) else claimed[1] <= rate <= claimed[2]


def _share(values: Bools | Floats, among: Bools) -> float:
    return float(values[among].mean()) if among.any() else float("nan")
