"""Leads and changes as a report shows them: in words, with a name and a few facts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fireflower.app.explained import deeds_in_words, doer_in_words
from fireflower.app.naming import called, looking_at, name_trait
from fireflower.app.records import in_words
from fireflower.app.replaying import history_arguments
from fireflower.evaluate.doers import Doer, doers_of
from fireflower.evaluate.results import Change as Turn
from fireflower.evaluate.results import Evidence, Reason, Transitions, Value
from fireflower.language.describing import describe_condition, describe_quantity
from fireflower.language.fingerprints import canonical, meaning
from fireflower.language.nodes import All, AnyOf, Condition, Definition, Formula, Known, Trait
from fireflower.language.phrases import number
from fireflower.language.steps import next_step
from fireflower.language.walking import signed, traits_of
from fireflower.model.records import TRAITS, Kind, SubjectKind
from fireflower.model.timeline import Vocabulary
from fireflower.report import Change, Criterion, Lead
from fireflower.report import Doer as ShownDoer
from fireflower.report import Evidence as Shown

if TYPE_CHECKING:
    from fireflower.app.project import Project

USUAL_FACTS = ("plan", "employees", "industry", "country", "department", "seniority")
_MOST_FACTS = 3
MOST_CHANGES = 300
"""Changes of a definition, the most recent, of which a report tells what tipped them; the others it only counts."""


# --- Criteria ---------------------------------------------------------------------------------------------------------


def criteria(definition: Definition) -> tuple[Criterion, ...]:
    """The conditions of a definition's formula, in its order, each once."""
    circles = {canonical(c): circle for circle, formula in definition.circles for c, _ in signed(formula)}
    names = {canonical(quantity): name for name, quantity in definition.quantities}
    found: dict[str, Criterion] = {}
    for condition, negated in signed(definition.qualified):
        key = canonical(condition)
        label = names.get(canonical(condition.quantity), "").replace("_", " ") or describe_quantity(condition.quantity)
        found.setdefault(key, Criterion(condition, label.removeprefix("the number of "), circles.get(key), negated))
    return tuple(found.values())


# --- Facts ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Facts:
    """Which traits are worth showing beside a lead."""

    name: Trait | None
    others: tuple[Trait, ...]

    @classmethod
    def of(cls, definition: Definition, vocabulary: Vocabulary) -> Facts:
        """Its own name; then what the definition asks for, and the usual ones, as far as the data have them."""
        known = {(_owner(kind), name) for kind, name in vocabulary.names if kind in TRAITS}
        name = name_trait(definition.subject, vocabulary)
        usual = [(owner, name) for owner in ("account", "person") for name in USUAL_FACTS]
        wanted = [trait for trait in dict.fromkeys((*sorted(traits_of(definition)), *usual)) if trait in known]
        if definition.subject == "account":
            wanted = [trait for trait in wanted if trait[0] == "account"]
        return cls(name, tuple(trait for trait in (Trait(*each) for each in wanted) if trait != name)[:_MOST_FACTS])

    def beside(self, definition: Definition) -> Definition:
        """A definition of the same verdicts, whose evidence has the facts too, and what its other circles ask for."""
        looked_at = [Condition(trait, Known()) for trait in (self.name, *self.others) if trait is not None]
        looked_at += [condition for _, formula in definition.circles for condition, _ in signed(formula)]
        return looking_at(looked_at, definition)

    def name_in(self, evidence: Iterable[Evidence]) -> str:
        """The subject's name, as of the evidence; "" if it has none."""
        return called(next((state.value for state in evidence if state.condition.quantity == self.name), None))


def _owner(kind: Kind) -> SubjectKind:
    return "account" if kind == Kind.ACCOUNT_TRAIT else "person"


def _fact(trait: Trait, value: Value) -> str:
    """ "120 employees", "software", "trial": text speaks for itself, a number needs its name."""
    if isinstance(value, bool):
        return trait.name if value else f"not {trait.name}"
    if isinstance(value, float):
        return f"{number(value)} {trait.name.replace('_', ' ')}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


# --- Leads ------------------------------------------------------------------------------------------------------------


def leads(
    standing: Transitions,
    definition: Definition,
    wanted: Sequence[Criterion],
    facts: Facts,
    truth: Mapping[tuple[str, str], str],
    doers: Mapping[str, Sequence[Doer]],
) -> tuple[Lead, ...]:
    """Who is qualified, the most recent first.

    Parameters
    ----------
    standing : of `facts.beside(definition)`, which has the definition's name
    wanted : the definition's criteria
    doers : of `doers_standing`
    """
    rows = _rows_of(standing, definition)
    rows = rows[np.argsort(-standing.at[rows], kind="stable")]
    return tuple(_lead(standing, i, definition, wanted, facts, truth, doers) for i in rows.tolist())


def _rows_of(found: Transitions, definition: Definition) -> NDArray[np.int64]:
    """The rows of a definition, by its name."""
    index = [each.name for each in found.definitions].index(definition.name)
    return np.flatnonzero(found.definition == index)


def doers_standing(project: Project, standing: Transitions, definition: Definition) -> dict[str, tuple[Doer, ...]]:
    """Of each account that stands, those who did most of what it qualifies by."""
    rows = _rows_of(standing, definition)
    if definition.subject == "person" or not len(rows):
        return {}
    history = history_arguments(project, [definition], standing.as_of, None)
    accounts = dict(zip(standing.subject[rows].tolist(), standing.shown_together(rows), strict=True))
    return doers_of(
        definition,
        project.settings,
        history["timelines"],
        accounts,
        as_of=standing.as_of,
        compiled=not isinstance(history["timelines"], list),
        threads=history["threads"],
    )


def _lead(
    standing: Transitions,
    i: int,
    definition: Definition,
    wanted: Sequence[Criterion],
    facts: Facts,
    truth: Mapping[tuple[str, str], str],
    doers: Mapping[str, Sequence[Doer]],
) -> Lead:
    shown = standing.shown(i)
    states = {meaning(state.condition): state for state in shown}
    values = {state.condition.quantity: state.value for state in shown if isinstance(state.condition.quantity, Trait)}
    found = [states[meaning(criterion.condition)] for criterion in wanted]
    subject = standing.subject_id(i)
    return Lead(
        subject=subject,
        since=int(standing.at[i]),
        evidence=tuple(Shown(state.holds, _plain(state.value), state.since) for state in found),
        next_step=_next_step(definition, states),
        name=facts.name_in(shown),
        facts=tuple(_fact(trait, values[trait]) for trait in facts.others if values.get(trait) is not None),
        truth=truth.get((definition.subject, subject), ""),
        doers=tuple(ShownDoer(doer_in_words(doer), deeds_in_words(doer), doer.last) for doer in doers.get(subject, ())),
    )


def _plain(value: Value) -> float | str | bool | None:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _next_step(definition: Definition, states: Mapping[str, Evidence]) -> str:
    """What of the product a lead has not done yet, of the circles that it is qualified without; "" for nothing.

    A condition that `qualified` asks for is none: it holds, or another one has been done in its stead.
    """
    asked = {meaning(condition) for condition, _ in signed(definition.qualified)}
    for _, formula in definition.circles:
        for state in _undone(formula, states):
            if not (isinstance(state.condition.quantity, Trait) or meaning(state.condition) in asked):
                step = next_step(state.condition, state.value)
                return step[:1].upper() + step[1:]
    return ""


def _undone(formula: Formula, states: Mapping[str, Evidence]) -> list[Evidence]:
    """What would have to be done for a formula to hold; nothing of an `any` of which one part holds."""
    match formula:
        case Condition():
            state = states[meaning(formula)]
            return [] if state.holds else [state]
        case All(parts) | AnyOf(parts):
            each = [_undone(part, states) for part in parts]
            return [] if isinstance(formula, AnyOf) and not all(each) else [state for part in each for state in part]
    return []


# --- Changes ----------------------------------------------------------------------------------------------------------


def changes(
    project: Project, transitions: Transitions, definition: Definition, after: int, facts: Facts, people: bool
) -> tuple[Change, ...]:
    """Who entered or left after a moment, the most recent first.

    Parameters
    ----------
    transitions : of definitions that are `naming` their subjects, with evidence
    people : whether to tell whose records tipped it
    """
    own = _rows_of(transitions, definition)
    rows = own[transitions.at[own] > after][::-1].tolist()
    told = rows[:MOST_CHANGES]
    shown = dict(zip(told, transitions.shown_together(told), strict=True))
    asked = {meaning(condition) for condition, _ in signed(definition.qualified)}
    tipping = {i: _tipping(shown[i], int(transitions.at[i]), asked) for i in told}
    places = sorted({state.row for state in tipping.values() if state is not None and state.row is not None})
    records = project.archive.records(places, bare=True) if places else ()
    words = {place: in_words(record, people=people) for place, record in zip(places, records, strict=True)}
    return tuple(
        Change(
            at=int(transitions.at[i]),
            subject=transitions.subject_id(i),
            change="entered" if transitions.change[i] == Turn.ENTERED else "left",
            reason=Reason(int(transitions.reason[i])).label,
            tipped=_tipped(tipping.get(i), words),
            name=facts.name_in(shown.get(i, ())),
        )
        for i in rows
    )


def _tipping(shown: Iterable[Evidence], at: int, asked: Collection[str]) -> Evidence | None:
    """The condition of those that are asked for that changed at the very instant of the transition."""
    return next((state for state in shown if state.since == at and meaning(state.condition) in asked), None)


def _tipped(state: Evidence | None, words: Mapping[int, str]) -> str:
    if state is None:
        return ""
    by = words[state.row] if state.row is not None else "time alone"
    return f"{'' if state.holds else 'no longer: '}{describe_condition(state.condition)}; by {by}"
