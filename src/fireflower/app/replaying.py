"""Definitions over a project's whole history: what every use case that reads verdicts begins with."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from fireflower.model.errors import ProjectError

if TYPE_CHECKING:
    from fireflower.evaluate.results import Transitions
    from fireflower.history.archive import Archive, Summary
    from fireflower.language.nodes import Definition, Settings

Advance = Callable[[int, int], None]
"""Tells how much is done of how much."""


class History(Protocol):
    """What verdicts are read from: a project, or data frames in memory."""

    @property
    def settings(self) -> Settings: ...

    @property
    def archive(self) -> Archive: ...


def transitions_of(
    history: History,
    definitions: Sequence[Definition],
    *,
    as_of: int | None = None,
    evidence: bool = False,
    progress: Advance | None = None,
) -> Transitions:
    """Every change of a verdict.

    Raises
    ------
    ProjectError
        If nothing has been imported yet.
    """
    from fireflower.evaluate.replay import replay

    return replay(definitions, evidence=evidence, **history_arguments(history, definitions, as_of, progress))


def standing_of(
    history: History,
    definitions: Sequence[Definition],
    *,
    as_of: int | None = None,
    progress: Advance | None = None,
) -> Transitions:
    """Who is qualified as of a moment, with the evidence as of then.

    Raises
    ------
    ProjectError
        If nothing has been imported yet.
    """
    from fireflower.evaluate.replay import standing

    return standing(definitions, **history_arguments(history, definitions, as_of, progress))


def history_arguments(
    history: History, definitions: Sequence[Definition], as_of: int | None, progress: Advance | None
) -> dict[str, Any]:
    from fireflower.language.walking import needs

    summary = history_of(history)
    properties = needs(definitions, history.settings).properties
    # Small histories run uncompiled, which a sequence makes known; large ones come piece by piece.
    timelines = history.archive.timelines(properties)
    total = summary.records
    return {
        "settings": history.settings,
        "timelines": timelines if total > SMALL else list(timelines),
        "as_of": last_event(summary) if as_of is None else as_of,
        "threads": os.cpu_count() or 1,
        "progress": None if progress is None else (lambda done: progress(min(done, total), total)),
    }


SMALL = 30_000
"""Records up to which a history is held in memory whole."""


def last_event(summary: Summary) -> int:
    """The moment as of which verdicts are decided: the data's last event, or its last record where it has no events."""
    return (summary.last if summary.last_event is None else summary.last_event) or 0


def history_of(history: History) -> Summary:
    """What the project's history holds.

    Raises
    ------
    ProjectError
        If nothing has been imported: fireflower does not answer from nothing.
    """
    summary = history.archive.summary()
    if not summary.records:
        raise ProjectError("there is no history yet. Import your product's events: 'fireflower import events.csv'.")
    return summary


def reviewed(history: History, *definitions: Definition) -> tuple[Definition, ...]:
    """What must be replayed beside definitions that are to be reviewed: starts, activations, goals.

    The goal is the definition's own, which the loader has taken from the project where it names none; `goal: none`
    means that there is none.
    """
    from fireflower.review.moments import internal_definitions

    return internal_definitions(replace(history.settings, goal=None), *definitions)
