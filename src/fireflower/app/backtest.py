"""How a definition would have done over the project's history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fireflower.app.replaying import Advance, reviewed, transitions_of

if TYPE_CHECKING:
    from fireflower.app.project import Project
    from fireflower.review.results import Backtest


def backtest(
    project: Project,
    name: str,
    *,
    horizon: int | None = None,
    as_of: int | None = None,
    progress: Advance | None = None,
) -> Backtest:
    """Review the definition of this name.

    Parameters
    ----------
    horizon : within which span after an entry the goal counts, in microseconds; 30 days by default

    Raises
    ------
    ProjectError
        If there is no such definition, no goal, or no history.
    """
    from fireflower.review.backtest import HORIZON
    from fireflower.review.backtest import backtest as review
    from fireflower.review.moments import moments, spells

    definition = project.definition(name)
    needed = reviewed(project, definition)
    transitions = transitions_of(project, (definition, *needed), as_of=as_of, progress=progress)
    return review(
        moments(transitions, definition),
        spells(transitions, definition.name),
        definition=definition.name,
        horizon=horizon or HORIZON,
    )
