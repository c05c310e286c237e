"""Which columns of a table of leads predict the goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fireflower.app.replaying import Advance, processors
from fireflower.model.errors import ProjectError, UnknownNameError, did_you_mean
from fireflower.model.records import SubjectKind

if TYPE_CHECKING:
    from fireflower.app.project import Project
    from fireflower.discover.results import Discovery


def discover_table(
    path: Path,
    goal: str,
    *,
    time: str = "",
    project: Project | None = None,
    subject: SubjectKind | None = None,
    keep: tuple[str, ...] = (),
    permutations: int = 200,
    seed: int = 0,
    write: bool = True,
    progress: Advance | None = None,
) -> Discovery:
    """Look for what predicts the goal in a table, one row a lead.

    Parameters
    ----------
    subject : whose traits the columns are, so that they can be written as definitions of the project; None: nobody's
    write : whether to write definitions

    Raises
    ------
    InputError
        If the table cannot be read.
    UnknownNameError
        If it lacks a column that is named.
    ProjectError
        If nobody or everybody reached the goal.
    """
    from fireflower.app.discovered import write_definitions
    from fireflower.discover.answer import Given, answer
    from fireflower.discover.circles import declared
    from fireflower.discover.doubts import of_table
    from fireflower.discover.drafts import aim_at_column
    from fireflower.discover.leaks import Leak, of_columns
    from fireflower.discover.study import Question, aucs, best_of
    from fireflower.discover.tables import read_leads

    if not goal:
        raise ProjectError("which column of the table says who reached the goal? Name it: --goal Converted.")
    circles = declared(project.settings) if project is not None else {}
    leads = read_leads(path, goal, time, subject, circles)
    _check_kept(keep, leads.names, path)
    reached = leads.frame.reached(0)
    if not len(reached):
        raise ProjectError(f"{path} has no rows, only a header.")
    if not reached.any() or reached.all():
        which = "all of them" if reached.all() else "none of them"
        raise ProjectError(
            f"of the {len(reached):,} rows of {path}, {which} reached the goal: nothing can be told apart."
        )
    found = of_columns(leads.frame.columns, reached, frozenset(keep))
    names = {leak.name for leak in found}
    frame = leads.frame.keeping([column for column in leads.frame.columns if column.candidate.of not in names])
    passed_over = [Leak(name, "own", why) for name, why in leads.passed_over.items()]
    naive = best_of(aucs(frame, 0))
    doubts = (*leads.doubts, *of_table(leads.frame.columns))
    given = Given(goal, subject or "person", None, [frame], [(0, 0)], [naive], (*found, *passed_over), doubts)
    result = answer(given, Question(0, None, permutations, seed, processors()), progress).discovery
    if result.verdict != "signal" or not write:
        return result
    if subject is None:
        return replace(result, next_steps=(*result.next_steps, NOBODYS))
    result = replace(result, next_steps=(*result.next_steps, _import(path, subject)))
    return result if project is None else write_definitions(project, result, aim_at_column(goal, path.name))


def _check_kept(keep: Sequence[str], names: Sequence[str], path: Path) -> None:
    for name in keep:
        if name not in names:
            near = did_you_mean(name, names) or f" There are: {', '.join(names)}."
            raise UnknownNameError(f"keep names {name!r}, which is no column of {path}.{near}")


NOBODYS = (
    "No definition was written, as nothing says whose these columns are. If each row is a person or an account of "
    "yours, give --subject person or --subject account: then columns are taken for traits, and definitions are written."
)


def _import(path: Path, subject: SubjectKind) -> str:
    """How the columns come to be traits."""
    table = "people" if subject == "person" else "accounts"
    return (
        f"The definitions ask for traits of the same names. If they are not in the history yet, import the table: "
        f"'fireflower import {path.name}', with {path.name}: {{table: {table}, {subject}: COLUMN}} under `imports:` in "
        "fireflower.yaml. A trait that is filled in after the goal would tell nothing: ask of each when it is known."
    )
