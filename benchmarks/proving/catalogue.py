"""What can be done in a world, how often it is done, and what of it the true rule names: drawn once per seed.

Names come from one pool in an order drawn by the seed, those of traps too, so that no name tells what it stands for.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from statistics import NormalDist

import numpy as np

from benchmarks.proving.chance import Chance, Floats, Ints
from benchmarks.proving.history import GOAL, SIGN_UP
from benchmarks.proving.kinds import Form, Kind
from benchmarks.proving.rules import Condition, Quantity, Rule

SHAPE = 1.5
"""Of the negative binomial counts of a week: variance = mean + mean^2 / SHAPE, as use of software is spread."""
MOST = 40
"""Occurrences of one event by one subject in one week."""
LOADING = 0.5**0.5
"""Correlation of an event's latent with activity, for what the rule does not name: any two of those correlate 0.5."""
COUNTED = 0.95
"""What counting leaves of a rank correlation between latents (measured: tests/proving)."""

_NORMAL = NormalDist()
_THINGS = (
    "Report",
    "Board",
    "File",
    "Task",
    "Contact",
    "Form",
    "Filter",
    "Template",
    "Comment",
    "Query",
    "Chart",
    "Folder",
)
_DEEDS = ("Created", "Opened", "Shared", "Edited", "Exported", "Copied", "Renamed", "Tagged")
POOL = tuple(f"{thing} {deed}" for thing, deed in product(_THINGS, _DEEDS))

_FORMS: dict[Form, tuple[tuple[int, ...], int, float]] = {
    "all": ((1, 1, 1), 3, 0.45),
    "any": ((1, 1), 1, 0.10),
    "points": ((1, 2, 2, 3), 5, 0.27),
}
"""Points of the conditions, the bar, and how many subjects meet one condition."""


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The events of a world.

    Attributes
    ----------
    names : what is used (as many as the kind has events), then what traps need, then sign-up and goal
    mean : occurrences in the first week, of what is used
    loading : correlation of each one's latent with activity
    rule : the true one, if any; `later`: the one that holds after the drift, if another does
    bursty, campaign, social, settled : places of used events that may come in bursts, that the campaign speaks of, that
        accounts rather than people decide on, and that buyers do more of after buying. None of them is in a rule, but
        for the first of the bursty ones
    """

    names: tuple[str, ...]
    mean: Floats
    loading: Floats
    rule: Rule | None
    later: Rule | None
    bursty: Ints
    campaign: Ints
    social: Ints
    settled: Ints

    def place(self, name: str) -> int:
        return self.names.index(name)


def draw_catalogue(kind: Kind, chance: Chance) -> Catalogue:
    rng = chance.one("catalogue")
    spare = 4  # one name for each kind of trap that is an event
    if kind.events + spare > len(POOL):
        raise ValueError(f"events: expected at most {len(POOL) - spare}, got {kind.events}")
    names = tuple(POOL[place] for place in rng.permutation(len(POOL))[: kind.events + spare])
    mean, loading = np.empty(kind.events), np.full(kind.events, LOADING)
    for place in range(kind.events):
        likes = place % 4 == 0  # as frequent as what rules name, so that frequency tells nothing
        mean[place] = _mean(int(rng.integers(2, 6)), rng.uniform(0.2, 0.7)) if likes else np.exp(rng.uniform(-3, -0.2))
    free = rng.permutation(kind.events)
    rules: list[Rule] = []
    for _ in range(0 if kind.form is None else 2):
        rule, free = _draw_rule(kind, rng, free, names, mean, loading)
        rules.append(rule)
    if rules and kind.drift != "changed":
        named = [names.index(event) for event in rules.pop().events]
        loading[named] = LOADING
    named = [names.index(event) for event in rules[0].events] if rules else []
    sizes = (2, max(kind.events // 8, 2), kind.events // 5, kind.events // 6)
    groups = np.split(free, np.cumsum(sizes))
    return Catalogue(
        names=(*names, SIGN_UP, GOAL),
        mean=mean,
        loading=loading,
        rule=rules[0] if rules else None,
        later=rules[1] if len(rules) > 1 else None,
        bursty=np.array([*named[:1], *groups[2]], np.int64),
        campaign=groups[0],
        social=groups[3],
        settled=groups[1],
    )


def _draw_rule(
    kind: Kind, rng: np.random.Generator, free: Ints, names: tuple[str, ...], mean: Floats, loading: Floats
) -> tuple[Rule, Ints]:
    """A rule on the first of the free events, whose frequency and loading are set for it, and what is left of them."""
    assert kind.form is not None
    points, bar, share = _FORMS[kind.form]
    conditions = []
    for place, worth in zip(free, points, strict=False):
        at_least = int(rng.integers(2, 4 if kind.bursts else 6))
        share_of_week = min(kind.rule_window / 7, 1)
        mean[place] = (
            _mean(at_least, share + (0.03 if kind.bursts else 0)) / share_of_week
        )  # days are fewer than counts
        loading[place] = 2 * np.sin(np.pi / 6 * kind.correlation) / COUNTED
        quantity: Quantity = "days" if kind.bursts else "count"
        conditions.append(Condition(names[place], at_least, quantity, kind.rule_window, worth))
    return Rule(kind.form, tuple(conditions), bar), free[len(points) :]


def edges(mean: float) -> Floats:
    """Latents above the k-th of these mean more than k occurrences: the copula's margins, as normal quantiles."""
    return np.array([_NORMAL.inv_cdf(below) for below in _at_most(mean)])


def _at_most(mean: float, most: int = MOST) -> list[float]:
    """The chances of at most 0, 1, 2, .. occurrences, as far as they matter."""
    chances, below = [], 0.0
    mass = (SHAPE / (SHAPE + mean)) ** SHAPE
    for count in range(most):
        below += mass
        if below >= 1 - 1e-9:
            break
        chances.append(below)
        mass *= (count + SHAPE) / (count + 1) * mean / (SHAPE + mean)
    return chances


def _mean(at_least: int, share: float) -> float:
    """The mean with which this share of the subjects reaches `at_least` in the first week."""
    low, high = 0.01, 30.0
    for _ in range(30):
        middle = (low * high) ** 0.5
        fewer = _at_most(middle, at_least)[-1]
        low, high = (middle, high) if fewer > 1 - share else (low, middle)
    return (low * high) ** 0.5
