"""Is `recency(Login) < 7 days` meant as it says? Before the first Login it counts from the first record of all, so that
who has never logged in passes at first."""

from __future__ import annotations

from collections.abc import Iterator

from fireflower.language.goals import required
from fireflower.language.nodes import (
    Compare,
    Condition,
    Count,
    Definition,
    Events,
    Formula,
    HoldingPoints,
    Last,
    Not,
    Recency,
)
from fireflower.language.sentences import write_formula
from fireflower.language.walking import walk


def recency_warnings(definition: Definition, start: Events | None) -> Iterator[tuple[Events, str]]:
    """A message for each recency that has to be short and may be that of somebody who never did it, and whose recency
    it is.

    Parameters
    ----------
    start : what everybody's life with the product starts with, as far as that is known
    """
    done = required(definition.qualified) | ({start} if start else set())
    points = [item.condition for item in walk(definition.score) if isinstance(item, HoldingPoints)]
    for condition in [each for formula in (definition.qualified, *points) for each in _wanted(formula)]:
        match condition:
            case Condition(Recency(events), Compare("<" | "<=", bound)) if not _has_happened(events, done):
                did = Condition(Count(events, Last(round(float(bound)))), Compare(">=", 1))
                text = condition.text or write_formula(condition)
                yield (
                    events,
                    f"{text} also holds for those who never did it, for that long after their first record. If that is"
                    f" not meant, write {write_formula(did)}.",
                )


def _has_happened(events: Events, done: frozenset[Events]) -> bool:
    """Whether one of the events of selections that are required is one of these."""
    return any(
        events.where in (None, other.where)
        and (not events.names or (other.names and {*other.names} <= {*events.names}))
        for other in done
    )


def _wanted(formula: Formula, positive: bool = True) -> Iterator[Condition]:
    """The conditions that have to hold, not those that must not."""
    match formula:
        case Condition():
            yield from (formula,) if positive else ()
        case Not(part):
            yield from _wanted(part, not positive)
        case _:
            for part in formula.parts:
                yield from _wanted(part, positive)
