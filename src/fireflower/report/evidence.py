"""How one condition stands, in words: what there is, what is needed, and how far along that is."""

from __future__ import annotations

from fireflower.language.nodes import (
    Between,
    Compare,
    Condition,
    Date,
    Known,
    OneOf,
    Test,
    Text,
)
from fireflower.language.phrases import there_is
from fireflower.report import wording
from fireflower.report.data import Criterion, Evidence, Value

_SIGNS = {">=": "≥", "<=": "≤", "!=": "≠"}
_FEW_VALUES = 3
"""A list up to so long is spelled out beside every lead."""


def done(criterion: Criterion, evidence: Evidence) -> bool:
    """Whether the criterion stands as the definition asks."""
    return evidence.holds != criterion.negated


def needed(criterion: Criterion) -> str:
    """The bound: "≥ 2,000", "25 to 200", "software or internet"."""
    words = _bound(criterion.condition.test, criterion.condition)
    return f"not {words}" if criterion.negated else words


def amount(value: Value, condition: Condition) -> str:
    """What there is, in the unit of the condition, as `fireflower explain` says it."""
    if value is None or value != value:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, tuple | list):
        return ", ".join(amount(item, condition) for item in value)
    return wording.unbroken(there_is(value, condition, in_percent=True))


def progress(value: Value, condition: Condition) -> float | None:
    """How much of the bound has been reached, 0 to 1; None where that has no meaning."""
    test = condition.test
    if not isinstance(test, Compare) or test.op not in (">", ">=") or isinstance(test.bound, str | bool):
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or test.bound <= 0 or value != value:
        return None
    return min(1.0, max(0.0, value / test.bound))


def _bound(test: Test, condition: Condition) -> str:
    match test:
        case Compare(op="=", bound=bound):
            return amount(bound, condition)
        case Compare(op=op, bound=bound):
            return f"{_SIGNS.get(op, op)} {amount(bound, condition)}"
        case Between(low=low, high=high):
            return f"{amount(low, condition)} to {amount(high, condition)}"
        case OneOf(values=values, negated=negated):
            many = f"one of {len(values)}" if len(values) > _FEW_VALUES else ""
            listed = many or " or ".join(amount(value, condition) for value in values)
            return f"not {listed}" if negated else listed
        case Text(how=how, part=part, negated=negated):
            return f"{'not ' if negated else ''}{how} “{part}”"
        case Date(op=op, moment=moment):
            return f"{_SIGNS.get(op, op)} {wording.day(moment)}"
        case Known(known=known):
            return "known" if known else "missing"
