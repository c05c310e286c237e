"""Findings as definitions: files that `check`, `backtest` and `qualify` take as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from fireflower.discover.candidates import Candidate
from fireflower.discover.results import Part
from fireflower.language.describing import describe_condition
from fireflower.language.nodes import CIRCLES, AnyOf, Circle, Compare, Condition, Count, Events, Formula, Test
from fireflower.language.sentences import write_events, write_formula, write_test
from fireflower.language.writing import dumped
from fireflower.model.records import SubjectKind
from fireflower.review.words import PLURAL

HEADER = "# Proposed by `fireflower discover`, asked about {subject}: what predicts {said}?\n"
"""Names the question: only what came from the same one is replaced by what is found next."""

BACKTEST = "# `fireflower backtest {name}` shows how it would have done, counted from the moment of qualifying.\n"
NO_GOAL = """\
# No event says what it is to predict, {said}, so it has no goal.
# If an event means the same, write it behind `goal:`; then `fireflower backtest {name}` shows how it would have done.
"""
GUESSED = """\
# Which circle a line speaks for (value, fit, intent) is a guess by its name: move lines to where they belong, or say it
# once for all under `circles:` in fireflower.yaml.
"""


def condition_of(candidate: Candidate, test: Test) -> Condition | None:
    """The condition of the language; None for a column of a table."""
    return None if candidate.quantity is None else Condition(candidate.quantity, test)


def text_of(candidate: Candidate, test: Test) -> str:
    """A condition as text."""
    condition = condition_of(candidate, test)
    return f"{candidate.name} {write_test(test, 'value')}" if condition is None else write_formula(condition)


def part_of(candidate: Candidate, test: Test, points: int = 0) -> Part:
    """A condition as one line of a rule or a score."""
    condition = condition_of(candidate, test)
    said = "" if condition is None else describe_condition(condition)
    return Part(text_of(candidate, test), candidate.circle, candidate.of, points, candidate.declared, said)


@dataclass(frozen=True, slots=True)
class Aim:
    """What definitions are to predict.

    Attributes
    ----------
    events : as `goal:` of a definition can say it; None where it cannot
    said : in words
    reach, reached : what subjects do to get there
    """

    events: Events | None
    said: str
    reach: str = "reach the goal"
    reached: str = "reached the goal"


def aim_at(goal: Formula, said: str) -> Aim:
    """The goal of a question about a history."""
    events = _as_events(goal)
    said = " ".join(said.split())  # a comment and a description are one line each
    if events is not None:
        return Aim(events, said)
    return Aim(None, f"the formula {said}", f"reach {said}", f"reached {said}")


def aim_at_column(column: str, table: str) -> Aim:
    """The goal of a question about a table."""
    said = f"the column {column!r} of {table}"
    return Aim(None, said, f"have a yes in {said}", f"had a yes in {said}")


def _as_events(goal: Formula) -> Events | None:
    """The events one of which is the goal; None where it is more than that."""
    match goal:
        case Condition(Count(events)) if goal == Condition(Count(events), Compare(">=", 1)):
            return events
        case AnyOf(parts):
            each = [_as_events(part) for part in parts]
            plain = [events.names for events in each if events is not None and events.names and events.where is None]
            return Events(tuple(dict.fromkeys(chain(*plain)))) if len(plain) == len(parts) else None
    return None


@dataclass(frozen=True, slots=True)
class Draft:
    """What a definition says beside its criteria. Without a `goal` it is said to have none, which `aim` explains."""

    name: str
    subject: SubjectKind
    goal: Events | None
    description: str
    aim: str = ""

    def file(self, body: dict[str, Any], remark: str) -> str:
        """The text; `remark` is a comment of its own lines above it."""
        said = {
            "definition": self.name, "subject": self.subject, "kind": "usage", "description": self.description, **body,
            "goal": "none" if self.goal is None else write_events(self.goal),
        }  # fmt: skip
        hint = BACKTEST if self.goal is not None else NO_GOAL
        head = (HEADER + hint).format(name=self.name, said=self.aim, subject=PLURAL[self.subject])
        return head + remark + dumped(said)


def rule_file(draft: Draft, parts: Sequence[Part], any_: bool, among: Sequence[Part] = ()) -> str:
    """A rule as the text of a YAML file.

    Parameters
    ----------
    parts, any_ : conditions, all of which (`any_`: one of which) must hold
    among : conditions of the part of the subjects for which the rule is
    """
    lines: list[tuple[Circle, Any]] = [(part.circle, part.text) for part in among]
    if any_ and len(parts) > 1:  # they stand under one circle, as each circle must hold
        circles = {part.circle for part in parts}
        lines.append((circles.pop() if len(circles) == 1 else "value", {"any": [part.text for part in parts]}))
    else:
        lines += [(part.circle, part.text) for part in parts]
    body = {circle: _all([line for of, line in lines if of == circle]) for circle in CIRCLES}
    guessed = not all(part.declared for part in (*among, *parts))
    return draft.file({circle: said for circle, said in body.items() if said}, GUESSED if guessed else "")


def _all(lines: Sequence[Any]) -> Any:
    return lines[0] if len(lines) == 1 and isinstance(lines[0], dict) else {"all": lines} if lines else None


def score_file(draft: Draft, parts: Sequence[Part], bound: float) -> str:
    """A score as the text of a YAML file, its lines in the order of their circles."""
    ordered = sorted(parts, key=lambda part: CIRCLES.index(part.circle))
    points = {part.text: part.points for part in ordered}
    return draft.file({"value": f"score >= {bound:g}", "score": {"points": points}}, _points_of(ordered))


def _points_of(parts: Sequence[Part]) -> str:
    """A comment that says how many points each circle can give, with a question mark where that is a guess."""
    said = []
    for circle in dict.fromkeys(part.circle for part in parts):
        own = [part for part in parts if part.circle == circle]
        most = sum(max(part.points, 0) for part in own)
        said.append(f"{most} for {circle}{'' if all(part.declared for part in own) else '?'}")
    return f"# Points, at most: {', '.join(said)}.\n" if len(said) > 1 else ""
