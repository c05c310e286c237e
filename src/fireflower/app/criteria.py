"""Which conditions of a definition it asks not to hold."""

from __future__ import annotations

from fireflower.language.fingerprints import canonical
from fireflower.language.nodes import Definition
from fireflower.language.walking import signed


def unwanted(definition: Definition) -> frozenset[str]:
    """The conditions, in their canonical form, that a definition asks not to hold."""
    return frozenset(canonical(condition) for condition, negated in signed(definition.qualified) if negated)
