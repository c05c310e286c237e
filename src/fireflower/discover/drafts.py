"""Findings as definitions: files that `check`, `backtest` and `qualify` take as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fireflower.discover.candidates import Candidate
from fireflower.discover.results import Part
from fireflower.language.nodes import CIRCLES, Condition, Events, Test
from fireflower.language.sentences import write_events, write_formula, write_test
from fireflower.language.writing import dumped
from fireflower.model.records import SubjectKind

HEADER = """\
# Proposed by `fireflower discover`. Which circle each line speaks for (value, fit, intent) is a guess by its name:
# move lines to where they belong. `fireflower backtest {name}` shows how it would have done, counted from the moment
# of qualifying.
"""


def condition_of(candidate: Candidate, test: Test) -> Condition | None:
    """The condition of the language; None for a column of a table."""
    return None if candidate.quantity is None else Condition(candidate.quantity, test)


def text_of(candidate: Candidate, test: Test) -> str:
    """A condition as text."""
    condition = condition_of(candidate, test)
    return f"{candidate.name} {write_test(test, 'value')}" if condition is None else write_formula(condition)


def rule_file(
    name: str, subject: SubjectKind, goal: Events | None, parts: Sequence[Part], any_: bool, description: str
) -> str:
    """A rule as the text of a YAML file."""
    body: dict[str, Any] = {}
    if any_ and len(parts) > 1:
        body["value"] = {"any": [part.text for part in parts]}
    else:
        for circle in CIRCLES:
            own = [part.text for part in parts if part.circle == circle]
            if own:
                body[circle] = {"all": own}
    return _file(name, subject, goal, description, body)


def score_file(
    name: str, subject: SubjectKind, goal: Events | None, parts: Sequence[Part], bound: float, description: str
) -> str:
    """A score as the text of a YAML file."""
    points = {part.text: part.points for part in parts}
    return _file(name, subject, goal, description, {"value": f"score >= {bound:g}", "score": {"points": points}})


def _file(name: str, subject: SubjectKind, goal: Events | None, description: str, body: dict[str, Any]) -> str:
    said = {"definition": name, "subject": subject, "kind": "usage", "description": description}
    ending = {"goal": "none" if goal is None else write_events(goal)}
    return HEADER.format(name=name) + dumped({**said, **body, **ending})


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """The name, or with the next free number behind it."""
    names = set(taken)
    number, name = 1, wanted
    while name in names:
        number += 1
        name = f"{wanted}-{number}"
    return name
