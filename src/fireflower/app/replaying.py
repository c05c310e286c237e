"""Definitions over a project's whole history: what every use case that reads verdicts begins with."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fireflower.model.errors import ProjectError

if TYPE_CHECKING:
    from fireflower.app.project import Project
    from fireflower.evaluate.results import Transitions
    from fireflower.history.archive import Summary
    from fireflower.language.nodes import Definition

Advance = Callable[[int, int], None]
"""Tells how much is done of how much."""


def transitions_of(
    project: Project,
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

    return replay(definitions, evidence=evidence, **history_arguments(project, definitions, as_of, progress))


def standing_of(
    project: Project,
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

    return standing(definitions, **history_arguments(project, definitions, as_of, progress))


def history_arguments(
    project: Project, definitions: Sequence[Definition], as_of: int | None, progress: Advance | None
) -> dict[str, Any]:
    from fireflower.language.walking import needs

    summary = history_of(project)
    properties = needs(definitions, project.settings).properties
    # Small histories run uncompiled, which a sequence makes known; large ones come piece by piece.
    timelines = project.archive.timelines(properties)
    total = summary.rows
    return {
        "settings": project.settings,
        "timelines": timelines if total > SMALL else list(timelines),
        "as_of": summary.last if as_of is None else as_of,
        "threads": os.cpu_count() or 1,
        "progress": None if progress is None else (lambda done: progress(done, total)),
    }


SMALL = 30_000
"""Rows up to which a history is held in memory whole."""


def history_of(project: Project) -> Summary:
    """What the project's history holds.

    Raises
    ------
    ProjectError
        If nothing has been imported: fireflower does not answer from nothing.
    """
    summary = project.archive.summary()
    if not summary.rows:
        raise ProjectError(
            "the project has no history yet. Import your product's events: 'fireflower import events.csv'."
        )
    return summary
