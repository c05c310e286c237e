"""Which columns of a table of leads predict the goal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fireflower.app.replaying import Advance
from fireflower.model.errors import ProjectError

if TYPE_CHECKING:
    from fireflower.discover.results import Discovery


def discover_table(
    path: Path,
    goal: str,
    *,
    time: str = "",
    keep: tuple[str, ...] = (),
    permutations: int = 200,
    seed: int = 0,
    progress: Advance | None = None,
) -> Discovery:
    """Look for what predicts the goal in a table, one row a lead.

    Raises
    ------
    InputError
        If the table cannot be read, or lacks a column.
    ProjectError
        If nobody or everybody reached the goal.
    """
    from fireflower.discover.answer import Given, answer
    from fireflower.discover.doubts import of_table
    from fireflower.discover.leaks import Leak, of_columns
    from fireflower.discover.study import Question, best_auc
    from fireflower.discover.tables import read_leads

    if not goal:
        raise ProjectError("which column of the table says who reached the goal? Name it: --goal Converted.")
    leads = read_leads(path, goal, time)
    reached = leads.frame.reached(0)
    if not reached.any() or reached.all():
        which = "all of them" if reached.all() else "none of them"
        raise ProjectError(
            f"of the {len(reached):,} rows of {path}, {which} reached the goal: nothing can be told apart."
        )
    found = of_columns(leads.frame.columns, reached, frozenset(keep))
    names = {leak.name for leak in found}
    frame = leads.frame.keeping([column for column in leads.frame.columns if column.candidate.of not in names])
    passed_over = [
        Leak(name, "own", "each row has a value of its own, which says nothing of others") for name in leads.passed_over
    ]
    naive = best_auc(leads.frame, reached)
    doubts = tuple(of_table(leads.frame.columns))
    given = Given(goal, "person", None, [frame], [(0, 0)], [naive], (*found, *passed_over), doubts)
    return answer(given, Question(0, None, permutations, seed), progress).discovery
