"""Conditions as people read them: what was asked for, and what there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fireflower.cli.jsons import iso

if TYPE_CHECKING:
    from fireflower.evaluate.results import Evidence


def asked(state: Evidence) -> str:
    """The condition as its author wrote it; in plain English where it was built in Python."""
    from fireflower.language.describing import describe_condition

    return state.condition.text or describe_condition(state.condition)


def there_is(state: Evidence) -> str:
    """The quantity's value, in its own unit."""
    from fireflower.language.phrases import value
    from fireflower.language.rules import unit_of

    return "missing" if state.value is None else value(state.value, unit_of(state.condition.quantity))


def short(state: Evidence) -> str:
    """One condition in a table's cell: "reports >= 10 (37)", "not yet: reports >= 10 (4)"."""
    return f"{'' if state.holds else 'not: '}{asked(state)} ({there_is(state)})"


def as_json(state: Evidence, tipped: Mapping[int, str]) -> dict[str, object]:
    """One condition for machines."""
    return {
        "condition": asked(state),
        "holds": state.holds,
        "value": state.value,
        "since": iso(state.since),
        "tipped_by": tipped.get(state.row) if state.row is not None else None,
    }
