"""What a report rests on: the data, who is left out of it, and what could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fireflower.app.replaying import history_arguments, history_of
from fireflower.language.describing import as_written
from fireflower.language.nodes import Definition
from fireflower.report import DataSummary, KeptAside, LeftOut

if TYPE_CHECKING:
    from fireflower.app.project import Project


def data_summary(project: Project, as_of: int) -> DataSummary:
    """The project's data in numbers."""
    summary = history_of(project)
    return DataSummary(
        events=sum(summary.events.values()),
        people=summary.people,
        accounts=summary.accounts,
        first=summary.first,
        last=summary.last_event,
        left_out=left_out(project, as_of),
        kept_aside=kept_aside(project),
    )


def kept_aside(project: Project) -> tuple[KeptAside, ...]:
    """Rows that could not be read, counted by file and kind of reason, the most frequent first."""
    return tuple(KeptAside(*kind) for kind in project.archive.rejects_by_kind())


def left_out(project: Project, as_of: int) -> tuple[LeftOut, ...]:
    """How many subjects each rule of `leave_out` leaves out as of a moment. One can fall under several rules."""
    from fireflower.evaluate.replay import standing

    rules = tuple(_rules(project))
    if not rules:
        return ()
    arguments = history_arguments(project, rules, as_of, None)
    arguments["settings"] = replace(project.settings, leave_out=())
    counts = Counter(standing(rules, **arguments).definition.tolist())
    return tuple(LeftOut(rule.subject, as_written(rule.qualified), counts[i]) for i, rule in enumerate(rules))


def _rules(project: Project) -> Iterator[Definition]:
    from fireflower.evaluate.leaving_out import rules_of

    for subject in dict.fromkeys(subject for subject, _ in project.settings.leave_out):
        for number, rule in enumerate(rules_of(project.settings, subject)):
            yield Definition(f"({subject} left out {number})", subject, rule, keep_after_goal=True)
