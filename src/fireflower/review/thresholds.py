"""What if a bound were lower or higher: each numeric condition of a definition moved over a ladder, the
rest held fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from fireflower.language import nodes
from fireflower.language.nodes import All, AnyOf, Between, Compare, Condition, Definition, Formula, Not, Quantity
from fireflower.language.rules import COUNTS
from fireflower.language.walking import signed
from fireflower.model.moments import DAY, HOUR, MINUTE, WEEK
from fireflower.review.backtest import HORIZON, first_entries, qualified_before, reached_goal
from fireflower.review.intervals import wilson
from fireflower.review.moments import Moments, Spells
from fireflower.review.results import ThresholdCurve
from fireflower.review.volume import complete_weeks

_FACTORS = (0.25, 0.5, 0.7, 0.85, 1.2, 1.5, 2.0, 3.0)
_SPANS = (nodes.Recency, nodes.Elapsed)
_MOSTLY_WHOLE = (nodes.Trait, nodes.Latest, nodes.Extreme, nodes.Sum, nodes.Score)
"""Quantities that are in whole numbers where their bound is one: nobody asks for 8.5 employees."""
_SMALL = 5


@dataclass(frozen=True, slots=True)
class Variant:
    """A definition with one bound of one condition moved.

    Attributes
    ----------
    condition : as it stands in the definition
    bound : "" for a comparison, "low" or "high" for an end of a `between`
    threshold : the moved bound, in the condition's own unit
    is_current : whether it is the one that the definition has
    moved : the condition with it
    definition : to be replayed; its name is its own
    """

    condition: Condition
    bound: str
    threshold: float
    is_current: bool
    moved: Condition
    definition: Definition


def variants(definition: Definition) -> list[Variant]:
    """Every bound of every numeric condition, at about nine sensible values each, the present one among them.

    Conditions that stand inside a score's items are left as they are; the score's own bound is moved. Where it is asked
    that something never happens, no number is meant, and none is moved.
    """
    found = []
    for number, (condition, bound, current) in enumerate(_bounds(definition.qualified)):
        for threshold in _ladder(condition.quantity, current, _limits(condition, bound)):
            moved = _moved(condition, bound, threshold)
            formula = replaced(definition.qualified, condition, moved)
            name = f"({definition.name}, bound {number + 1} at {threshold!r})"
            copy = replace(definition, name=name, qualified=formula, circles=(), score=None, examples=())
            found.append(
                Variant(condition, bound, threshold / _unit(condition.quantity)[0], threshold == current, moved, copy)
            )
    return found


def _bounds(formula: Formula) -> Iterator[tuple[Condition, str, float]]:
    asked = (condition for condition, negated in signed(formula) if not _never(condition, negated))
    for condition in dict.fromkeys(asked):
        match condition.test:
            case Compare("<" | "<=" | ">" | ">=", float() | int() as bound) if not isinstance(bound, bool):
                yield condition, "", bound
            case Between(low, high):
                yield condition, "low", low
                yield condition, "high", high


def _never(condition: Condition, negated: bool) -> bool:
    """Whether it is asked that something has not happened at all."""
    match condition.test:
        case Compare(">=", 1) | Compare(">", 0):
            return negated and isinstance(condition.quantity, COUNTS)
        case Compare("<", 1) | Compare("<=", 0):
            return not negated and isinstance(condition.quantity, COUNTS)
    return False


def replaced(formula: Formula, old: Condition, new: Condition) -> Formula:
    """The formula with a condition in another's place, wherever it stands."""
    match formula:
        case Not(part):
            return Not(replaced(part, old, new))
        case All(parts):
            return All(tuple(replaced(part, old, new) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(replaced(part, old, new) for part in parts))
    return new if formula == old else formula


def _moved(condition: Condition, bound: str, threshold: float) -> Condition:
    test = condition.test
    if isinstance(test, Between):
        test = replace(test, low=threshold) if bound == "low" else replace(test, high=threshold)
    elif isinstance(test, Compare):
        test = replace(test, bound=threshold)
    return Condition(condition.quantity, test)


def _limits(condition: Condition, bound: str) -> tuple[float, float]:
    """Between which values the bound says anything: the ends of a `between` do not cross, counts are not
    negative.
    """
    test, quantity = condition.test, condition.quantity
    if isinstance(test, Between):
        return (-np.inf, test.high) if bound == "low" else (test.low, np.inf)
    least = 1.0 if isinstance(test, Compare) and test.op in (">=", "<") else 0.0
    if isinstance(quantity, nodes.Sequence):
        return least, float(len(quantity.steps))
    return (least, np.inf) if isinstance(quantity, COUNTS) else (-np.inf, np.inf)


def _ladder(quantity: Quantity, current: float, limits: tuple[float, float]) -> list[float]:
    """Ascending bounds around the current one, in whole units where the quantity has such."""
    low, high = limits
    unit = _step(quantity, current)
    if unit and current == round(current / unit) * unit and 0 <= current <= _SMALL * unit:
        first = max(low, 0.0 if isinstance(quantity, COUNTS) else unit)
        values = {current, *(first + i * unit for i in range(len(_FACTORS) + 1))}
    else:
        values = {current, *(_round(current * factor, unit) for factor in _FACTORS)}
    return sorted(value for value in values if value == current or low <= value <= high)


def _step(quantity: Quantity, current: float) -> float:
    """The unit in which a bound is moved; 0 where it is any number."""
    if isinstance(quantity, _SPANS):
        return next(unit for unit in (DAY, HOUR, MINUTE, 1) if abs(current) >= unit or unit == 1)
    whole = isinstance(quantity, _MOSTLY_WHOLE) and current > 1 and float(current).is_integer()
    return 1.0 if whole or isinstance(quantity, COUNTS) else 0.0


def _round(value: float, unit: float) -> float:
    """To whole units, and two digits that matter."""
    digits = float(f"{value / (unit or 1):.2g}")
    return round(digits) * unit if unit else digits


def _unit(quantity: Quantity) -> tuple[float, str]:
    """By what a bound is divided to be shown, and the unit's name."""
    if isinstance(quantity, _SPANS):
        return DAY, "days"
    return 1, "hours" if isinstance(quantity, nodes.TimeSpent) else ""


def threshold_curves(
    moments: Moments,
    variants: Sequence[Variant],
    spells: Mapping[str, Spells] | Callable[[str], Spells],
    *,
    horizon: int = HORIZON,
) -> tuple[ThresholdCurve, ...]:
    """Volume, precision and coverage at each bound of each condition.

    Parameters
    ----------
    moments : of the definition, with its goal
    variants : of `variants`, in its order
    spells : by the name of the variant's definition
    """
    moments.require_goal("A threshold curve")
    get = spells if callable(spells) else spells.__getitem__
    ladders = groupby(variants, key=lambda variant: (variant.condition, variant.bound))
    return tuple(_threshold_curve(moments, list(ladder), get, horizon) for _, ladder in ladders)


def _threshold_curve(
    moments: Moments, ladder: list[Variant], get: Callable[[str], Spells], horizon: int
) -> ThresholdCurve:
    condition, bound = ladder[0].condition, ladder[0].bound
    weeks = complete_weeks(moments)
    reached = int(reached_goal(moments).sum())
    points = []
    for variant in ladder:
        found = get(variant.definition.name)
        firsts = first_entries(moments, found, horizon)
        covered = int(qualified_before(moments, found).sum())
        in_weeks = int((firsts.entered < weeks[-1] + WEEK).sum()) if len(weeks) else 0
        per_week = in_weeks / len(weeks) if len(weeks) else np.nan
        followed = int(firsts.followed.sum())
        points.append((per_week, len(firsts), followed, firsts.precision, wilson(covered, reached)))
    per_weeks, entered, followed_, precision, coverage = zip(*points, strict=True)
    return ThresholdCurve(
        condition=condition,
        label=condition.text or type(condition.quantity).__name__.lower(),
        bound=bound,
        thresholds=tuple(variant.threshold for variant in ladder),
        current=[variant.is_current for variant in ladder].index(True),
        unit=_unit(condition.quantity)[1],
        per_week=per_weeks,
        entered=entered,
        followed=followed_,
        precision=precision,
        coverage=coverage,
    )
