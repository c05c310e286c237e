"""How people call a subject: by a trait such as its name, beside its id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fireflower.evaluate.results import Transitions, Value
from fireflower.language.fingerprints import canonical
from fireflower.language.nodes import All, AnyOf, Condition, Definition, Known, Trait
from fireflower.language.phrases import number
from fireflower.language.walking import signed
from fireflower.model.records import Kind, SubjectKind
from fireflower.model.timeline import Vocabulary

NAME_TRAITS = ("name", "company", "email")
"""Traits by which people call a subject, the best first."""


def name_trait(subject: SubjectKind, vocabulary: Vocabulary) -> Trait | None:
    """The trait by which subjects of a kind are called; None if the data have none."""
    kind = Kind.ACCOUNT_TRAIT if subject == "account" else Kind.PERSON_TRAIT
    known = {name for of, name in vocabulary.names if of == kind}
    return next((Trait(subject, name) for name in NAME_TRAITS if name in known), None)


def looking_at(wanted: Sequence[Condition], definition: Definition) -> Definition:
    """A definition of the same verdicts, whose evidence has these conditions, too; last, if they are not its own."""
    return replace(definition, qualified=All((definition.qualified, AnyOf((All(()), *wanted)))))


def naming(definition: Definition, trait: Trait | None) -> Definition:
    """A definition of the same verdicts, whose evidence has the subject's name, too."""
    return definition if trait is None else looking_at([Condition(trait, Known())], definition)


def without_names(
    found: Transitions, definitions: Sequence[Definition], traits: Sequence[Trait | None]
) -> tuple[Transitions, list[str]]:
    """What definitions say that are `naming` these: the same of the definitions themselves, and the names, "" for none.

    Parameters
    ----------
    traits : by which the subjects of each definition are called
    """
    one_more = np.array([_is_added(*each) for each in zip(definitions, traits, strict=True)], bool)
    added = one_more[found.definition]
    end = found.end - added
    shown = found.facts(end[added].astype(np.int64))
    names = [""] * len(found)
    for i, quantity, text in zip(
        np.flatnonzero(added).tolist(), shown.quantity.tolist(), shown.text.tolist(), strict=True
    ):
        trait = traits[found.definition[i]]
        assert trait is not None
        names[i] = called(found.value(trait, quantity, text))
    named = np.array([trait is not None for trait in traits], bool)[found.definition]
    own = np.flatnonzero(named & ~added).tolist()
    for i, evidence_of in zip(own, found.shown_together(own), strict=True):
        trait = traits[found.definition[i]]
        names[i] = called(next((state.value for state in evidence_of if state.condition.quantity == trait), None))
    return replace(found, definitions=tuple(definitions), end=end, counts=found.counts - one_more), names


def called(name: Value) -> str:
    """A name as text; "" for none."""
    if name is None:
        return ""
    if isinstance(name, float):
        return number(name)
    return ", ".join(map(str, name)) if isinstance(name, list) else str(name)


def _is_added(definition: Definition, trait: Trait | None) -> bool:
    """Whether the condition by which a name is known is not one of the definition's own."""
    if trait is None:
        return False
    name = canonical(Condition(trait, Known()))
    return all(canonical(condition) != name for condition, _ in signed(definition.qualified))
