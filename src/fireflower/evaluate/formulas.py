"""Formulas, taken apart into what the kernel decides."""

from __future__ import annotations

from collections.abc import Iterable

from fireflower.language.fingerprints import meaning
from fireflower.language.nodes import All, AnyOf, Compare, Condition, Count, Definition, Events, Formula, Not
from fireflower.language.walking import by_meaning


def goal_of(events: Events) -> Condition:
    """That the goal is reached, as a condition."""
    return Condition(Count(events), Compare(">=", 1))


def formulas_of(definition: Definition) -> list[Formula]:
    """What is decided of a definition: whether it holds and, if it has a goal, whether that is reached."""
    return [definition.qualified] + ([goal_of(definition.goal)] if definition.goal is not None else [])


def conditions_of(formula: Formula) -> list[Condition]:
    """The conditions of a formula, in the order of the text."""
    match formula:
        case Condition():
            return [formula]
        case All(parts) | AnyOf(parts):
            return [condition for part in parts for condition in conditions_of(part)]
        case Not(part):
            return conditions_of(part)


def different(formula: Formula) -> dict[str, Condition]:
    """The different conditions of a formula by their meaning, in the order of the text, each as it is worded first."""
    return by_meaning(conditions_of(formula))


def in_words_of(formula: Formula, conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """The conditions, which are a formula's, as it words them."""
    own = different(formula)
    return tuple(own[meaning(condition)] for condition in conditions)


def needed_by(formula: Formula) -> list[Condition]:
    """Conditions without any of which the formula cannot hold."""
    match formula:
        case Condition():
            return [formula]
        case All(parts):
            return [condition for part in parts for condition in needed_by(part)]
    return []


def rest_of(formula: Formula) -> list[Formula]:
    """What has to hold as well for the formula to hold."""
    match formula:
        case Condition():
            return []
        case All(parts):
            return [rest for part in parts for rest in rest_of(part)]
    return [formula]
