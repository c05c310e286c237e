"""Explanations in JSON, and the words in them that are the same wherever they are shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fireflower.model.moments import iso

if TYPE_CHECKING:
    from fireflower.evaluate.explain import Explanation
    from fireflower.evaluate.results import Evidence


def asked(state: Evidence) -> str:
    """The condition as its author wrote it; in plain English where it was built in Python."""
    from fireflower.language.describing import describe_condition

    return state.condition.text or describe_condition(state.condition)


def there_is(state: Evidence) -> str:
    """The quantity's value, in its own unit; a share in per cent where the condition asks so."""
    from fireflower.language import phrases

    if state.value is None:
        return "missing"
    return phrases.there_is(state.value, state.condition, in_percent="%" in asked(state))


def condition_json(state: Evidence, tipped: Mapping[int, str]) -> dict[str, Any]:
    """One condition.

    Parameters
    ----------
    tipped : the records that tip conditions, in words, by the names of their rows
    """
    return {
        "condition": asked(state),
        "holds": state.holds,
        "value": finite(state.value),
        "since": iso(state.since),
        "tipped_by": tipped.get(state.row) if state.row is not None else None,
    }


def explanation_json(found: Explanation, tipped: Mapping[int, str]) -> dict[str, Any]:
    """How a subject stands with a definition, all of it."""
    from fireflower.language.describing import describe_item

    states = {"conditions": found.conditions, "missing": found.missing}
    return {
        "definition": found.definition.name,
        "subject_kind": found.kind,
        "subject": found.subject,
        "as_of": iso(found.as_of),
        "qualified": found.qualified,
        "since": iso(found.since),
        "reason": found.reason and found.reason.label,
        "circles": {circle.name: circle.holds for circle in found.circles},
        **{name: [condition_json(state, tipped) for state in part] for name, part in states.items()},
        "next_step": found.next_step or None,
        "score": finite(found.score),
        "score_lines": [
            {"line": describe_item(line.item), "points": finite(line.points), "most": line.most,
             "conditions": [condition_json(state, tipped) for state in line.conditions]}
            for line in found.score_lines
        ],
        "history": [
            {"at": iso(change.at), "known_at": iso(change.known_at), "change": "entered" if change.entered else "left",
             "reason": change.reason.label}
            for change in found.history
        ],
    }  # fmt: skip


def finite(value: Any) -> Any:
    """The value, None in the place of numbers that JSON does not know."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
