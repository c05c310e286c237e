"""Does a definition's goal fit its criteria? Reaching the goal ends a qualification, so criteria that require the goal
itself can never qualify anybody."""

from __future__ import annotations

from collections.abc import Iterator

from fireflower.language.nodes import (
    Actors,
    All,
    AnyOf,
    Between,
    Compare,
    Condition,
    Count,
    Definition,
    Distinct,
    DistinctDays,
    Elapsed,
    Events,
    Extreme,
    Formula,
    Known,
    Latest,
    OneOf,
    Sessions,
    Streak,
    Sum,
    Test,
    TimeSpent,
)

_OF_EVENTS = Count | Distinct | DistinctDays | Sum | Extreme | Latest | Actors | Streak | Sessions | TimeSpent


def goal_warnings(definition: Definition) -> Iterator[str]:
    """What is doubtful about the goal, as messages."""
    goal = definition.goal
    if goal is None or definition.keep_after_goal or not goal.names:
        return
    for events in required(definition.qualified):
        if events.names and set(events.names) <= set(goal.names) and goal.where in (None, events.where):
            yield (
                f"who does {' or '.join(events.names)} has reached the goal, and the goal ends a qualification: nobody"
                " can ever qualify. Set `keep_after_goal: true`, or name a later goal."
            )


def required(formula: Formula) -> frozenset[Events]:
    """Selections of events that must have happened at least once while the formula holds."""
    match formula:
        case All():
            return frozenset().union(*(required(part) for part in formula.parts))
        case AnyOf() if formula.parts:
            return frozenset.intersection(*(required(part) for part in formula.parts))
        case Condition(test=Known(False)):
            return frozenset()
        case Condition(quantity=quantity, test=test) if isinstance(quantity, _OF_EVENTS) and not _passes_zero(test):
            return frozenset({quantity.events})
        case Condition(quantity=Elapsed(since)):
            return frozenset({since})
    return frozenset()


def _passes_zero(test: Test) -> bool:
    match test:
        case Compare(op, bound) if isinstance(bound, int | float):
            return {
                "<": bound > 0, "<=": bound >= 0, ">": bound < 0, ">=": bound <= 0, "=": bound == 0, "!=": bound != 0,
            }[op]  # fmt: skip
        case Between(low, high):
            return low <= 0 <= high
        case OneOf(values, negated):
            return (0 in values) != negated
    return False
