"""When things happened to each subject, as arrays: what a review computes on, free of any engine.

`internal_definitions` says what a replay must find out, `moments` and `spells` read it off the transitions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.results import Change, Reason, Subject, Transitions
from fireflower.language.nodes import All, Compare, Condition, Count, Definition, Events, Formula, Settings
from fireflower.model.errors import ProjectError
from fireflower.model.moments import NEVER
from fireflower.model.records import SubjectKind

Moments1D = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Moments:
    """When each subject of one kind first did what the project declares. Arrays are indexed by the
    subject's code.

    Attributes
    ----------
    subjects : the kind
    ids : code -> id
    as_of : up to which moment all of this is known
    first_record : int64, when it began to exist (as someone who is not left out); NEVER if it did not
    start, start_known : when its life with the product started, and the earliest moment at which that was
        known
    activation, goal : NEVER where it did not happen by `as_of`
    left_out_from : from when it is known to be left out; NEVER if it is not
    goal_words : the goal for a sentence; "" if there is none
    has_start, has_activation : whether the project declares them; else `start` is `first_record` and
        `activation` is NEVER
    absent_start : the declared start for a sentence, where it never happened to any subject: then too `start` is
        `first_record`; else ""
    """

    subjects: SubjectKind
    ids: Sequence[str]
    as_of: int
    first_record: Moments1D
    start: Moments1D
    start_known: Moments1D
    activation: Moments1D
    goal: Moments1D
    left_out_from: Moments1D
    goal_words: str = ""
    has_start: bool = True
    has_activation: bool = True
    absent_start: str = ""

    def __len__(self) -> int:
        return len(self.first_record)

    @property
    def exists(self) -> NDArray[np.bool_]:
        return self.first_record <= self.as_of

    def require_goal(self, purpose: str) -> None:
        """Refuse where there is no goal to look for."""
        if not self.goal_words:
            raise ProjectError(
                f"{purpose} needs a goal to compare with, and this definition has none: it says `goal: none`, or "
                "neither it nor fireflower.yaml names one. Add `goal:` with the event that it is to predict, such as a "
                "purchase."
            )


@dataclass(frozen=True, eq=False)
class Spells:
    """The qualifications of one definition: each row is one, from an entry to the leave that ended it.

    Rows are ordered by subject, then time. The spells of a subject do not overlap.

    Attributes
    ----------
    subject : int32 code
    entered, entered_known : event time of the entry, and the earliest moment at which it was known
    left, left_known : likewise for the leave; NEVER while it lasts
    reason : int8 Reason of the leave; QUALIFIED while it lasts
    """

    subject: NDArray[np.int32]
    entered: Moments1D
    entered_known: Moments1D
    left: Moments1D
    left_known: Moments1D
    reason: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.subject)

    @property
    def is_first(self) -> NDArray[np.bool_]:
        """Which rows are their subject's first."""
        first = np.ones(len(self), dtype=np.bool_)
        first[1:] = self.subject[1:] != self.subject[:-1]
        return first

    def known_by(self, moment: int) -> Spells:
        """Those that were known by a moment; leaves that were not are taken for not having happened."""
        kept = self.entered_known <= moment
        open_ = self.left_known[kept] > moment
        return Spells(
            self.subject[kept],
            self.entered[kept],
            self.entered_known[kept],
            np.where(open_, NEVER, self.left[kept]),
            np.where(open_, NEVER, self.left_known[kept]),
            np.where(open_, np.int8(Reason.QUALIFIED), self.reason[kept]).astype(np.int8),
        )

    def first_known_after(self, moment: int) -> int:
        """How many subjects' first entries were not known by a moment."""
        return int((self.is_first & (self.entered_known > moment)).sum())

    def first_known(self, subjects: int) -> Moments1D:
        """Per subject: when it was first known to be qualified; NEVER if it was not."""
        return self._firsts(self.entered_known, subjects)

    def first_entered(self, subjects: int) -> Moments1D:
        """Per subject: when it first qualified, by event time; NEVER if it did not."""
        return self._firsts(self.entered, subjects)

    def _firsts(self, column: Moments1D, subjects: int) -> Moments1D:
        firsts = np.full(subjects, NEVER, dtype=np.int64)
        first = self.is_first
        firsts[self.subject[first]] = column[first]
        return firsts


def internal_definitions(settings: Settings, *definitions: Definition) -> tuple[Definition, ...]:
    """What a review of these definitions needs to have replayed beside them: existence, start, activation,
    goals.

    A definition's goal is its own: whoever loads it gives it the project's where it names none. The first `entered` of
    each is the moment. A subject that is left out at that time has it when it no longer is.
    """
    found: dict[str, Definition] = {}
    for definition in definitions:
        for role, events in _roles(settings, definition):
            name = _name(role, definition)
            found[name] = _internal(name, definition.subject, events)
    return tuple(found.values())


def _roles(settings: Settings, definition: Definition) -> list[tuple[str, Events | None]]:
    optional = (
        ("start", settings.start),
        ("activation", settings.activation),
        ("goal", definition.goal),
    )
    return [("existence", None), *((role, events) for role, events in optional if events is not None)]


def _name(role: str, definition: Definition) -> str:
    """Parentheses keep it apart from names that users give. Only goals differ between definitions."""
    return f"({role} of {definition.name})" if role == "goal" else f"({role} of each {definition.subject})"


def _internal(name: str, subject: SubjectKind, events: Events | None) -> Definition:
    happened: Formula = All(()) if events is None else Condition(Count(events), Compare(">=", 1))
    return Definition(name=name, subject=subject, qualified=happened, keep_after_goal=True)


def moments(transitions: Transitions, definition: Definition) -> Moments:
    """Read off a replay that included `internal_definitions(settings, definition)`.

    Raises
    ------
    ValueError
        If the replay did not include them.
    """
    is_person = definition.subject == "person"
    ids = transitions.vocabulary.people if is_person else transitions.vocabulary.accounts
    existence = spells(transitions, _name("existence", definition))
    found = {role: _find(transitions, _name(role, definition)) for role in ("start", "activation", "goal")}

    def first(role: str) -> Spells | None:
        return None if found[role] is None else spells(transitions, _name(role, definition))

    declared = first("start")
    start = declared if declared is not None and len(declared) else existence
    return Moments(
        subjects=definition.subject,
        ids=ids,
        as_of=transitions.as_of,
        first_record=existence.first_entered(len(ids)),
        start=start.first_entered(len(ids)),
        start_known=start.first_known(len(ids)),
        activation=_or_never(first("activation"), len(ids)),
        goal=_or_never(first("goal"), len(ids)),
        left_out_from=_left_out_from(existence, len(ids)),
        goal_words=_words(found["goal"]),
        has_start=found["start"] is not None,
        has_activation=found["activation"] is not None,
        absent_start=_words(found["start"]) if start is existence else "",
    )


def spells(transitions: Transitions, name: str) -> Spells:
    """The spells of the definition of this name.

    Raises
    ------
    ValueError
        If it was not replayed.
    """
    definition = _find(transitions, name)
    if definition is None:
        raise ValueError(f"the replay did not include {name!r}; pass it, and `internal_definitions`, to `replay`")
    index = [d.name for d in transitions.definitions].index(name)
    kind = Subject.PERSON if definition.subject == "person" else Subject.ACCOUNT
    rows = np.flatnonzero((transitions.definition == index) & (transitions.kind == kind))
    rows = rows[np.argsort(transitions.subject[rows], kind="stable")]
    return _paired(transitions, rows)


def _find(transitions: Transitions, name: str) -> Definition | None:
    return next((d for d in transitions.definitions if d.name == name), None)


def _paired(transitions: Transitions, rows: NDArray[np.int64]) -> Spells:
    """Join each entry with the leave after it: within a subject the two alternate, an entry first."""
    entering = transitions.change[rows] == Change.ENTERED
    position = np.flatnonzero(entering)
    has_leave = np.append(~entering, False)[position + 1]
    entry = rows[position]
    leave = rows[np.minimum(position + 1, len(rows) - 1)]
    return Spells(
        transitions.subject[entry],
        transitions.at[entry],
        transitions.known_at[entry],
        np.where(has_leave, transitions.at[leave], NEVER),
        np.where(has_leave, transitions.known_at[leave], NEVER),
        np.where(has_leave, transitions.reason[leave], np.int8(Reason.QUALIFIED)).astype(np.int8),
    )


def _or_never(found: Spells | None, subjects: int) -> Moments1D:
    return np.full(subjects, NEVER, dtype=np.int64) if found is None else found.first_entered(subjects)


def _left_out_from(existence: Spells, subjects: int) -> Moments1D:
    first = existence.is_first & (existence.reason == Reason.LEFT_OUT)
    moments = np.full(subjects, NEVER, dtype=np.int64)
    moments[existence.subject[first]] = existence.left_known[first]
    return moments


def _words(internal: Definition | None) -> str:
    if internal is None:
        return ""
    assert isinstance(internal.qualified, Condition) and isinstance(internal.qualified.quantity, Count)
    events = internal.qualified.quantity.events
    names = " or ".join(f"'{name}'" for name in events.names) or "any event"
    return names + (" (of a certain kind)" if events.where else "")
