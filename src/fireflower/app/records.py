"""The records that tipped conditions, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fireflower.language.phrases import number
from fireflower.model.records import APART, Kind, Record

if TYPE_CHECKING:
    from fireflower.app.project import Project
    from fireflower.evaluate.explain import Explanation


def tipping_records(project: Project, explanations: Iterable[Explanation]) -> dict[int, str]:
    """Archive row -> the record there in words, of all records that tipped the conditions of these explanations."""
    rows = sorted({state.row for each in explanations for state in each.conditions if state.row is not None})
    return dict(zip(rows, map(in_words, project.archive.records(rows, bare=True)), strict=True)) if rows else {}


def in_words(record: Record, *, people: bool = True) -> str:
    """What happened, as a few words: "Report Run of ann", "plan = free". Without people, of "somebody"."""
    who = record.person if people else "somebody"
    match record.kind:
        case Kind.EVENT:
            return f"{record.name!r}" + (f" of {who}" if record.person and people else "")
        case Kind.JOIN:
            return f"{who} joining" + (f" as {record.name}" if record.name else "")
        case Kind.LEAVE:
            return f"{who} leaving"
        case Kind.IDENTITY:
            found = "not to be" if record.name == APART else "to be"
            return f"{record.value if people else who} found {found} {who}"
    if record.value is None:
        return f"{record.name} removed"
    return f"{record.name} = {number(record.value) if isinstance(record.value, float) else record.value}"
