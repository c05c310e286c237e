"""The conditions of a formula, and which of them it asks not to hold."""

from __future__ import annotations

from collections.abc import Iterator

from fireflower.language.fingerprints import canonical
from fireflower.language.nodes import All, AnyOf, Condition, Definition, Formula, Not


def conditions(formula: Formula, negated: bool = False) -> Iterator[tuple[Condition, bool]]:
    """The conditions of a formula in its order, and whether it asks that they do not hold."""
    match formula:
        case Condition():
            yield formula, negated
        case Not(part):
            yield from conditions(part, not negated)
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from conditions(part, negated)


def unwanted(definition: Definition) -> frozenset[str]:
    """The conditions, in their canonical form, that a definition asks not to hold."""
    return frozenset(canonical(condition) for condition, negated in conditions(definition.qualified) if negated)
