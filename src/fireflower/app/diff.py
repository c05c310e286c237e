"""What would change if one definition took the place of another."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fireflower.app.replaying import Advance, reviewed, transitions_of
from fireflower.model.errors import ProjectError

if TYPE_CHECKING:
    from fireflower.app.project import Project
    from fireflower.language.nodes import Definition
    from fireflower.review.results import Diff


def diff(
    project: Project,
    old: str,
    new: str,
    *,
    horizon: int | None = None,
    as_of: int | None = None,
    progress: Advance | None = None,
) -> Diff:
    """Compare two definitions over the project's history, on the new one's goal.

    Parameters
    ----------
    old, new : a definition's name, a file, or a file of a git revision ("HEAD~1:definitions/team.yaml")

    Raises
    ------
    ProjectError
        If one of them cannot be found, or they are about different kinds of subject.
    """
    from fireflower.review.backtest import HORIZON
    from fireflower.review.diff import diff as review
    from fireflower.review.moments import moments, spells

    was, will = resolve(project, old), resolve(project, new)
    if was.subject != will.subject:
        raise ProjectError(
            f"{old} is about {was.subject}s and {new} about {will.subject}s: only definitions about the same "
            "kind of subject can take each other's place."
        )
    # Both may have the same name, so they are replayed under names that no user can give.
    before, after = replace(was, name="(old)"), replace(will, name="(new)")
    needed = reviewed(project, after)
    transitions = transitions_of(project, (before, after, *needed), as_of=as_of, progress=progress)
    return review(
        moments(transitions, after),
        spells(transitions, before.name),
        spells(transitions, after.name),
        names=_names((was.name, old), (will.name, new)),
        horizon=horizon or HORIZON,
    )


def _names(was: tuple[str, str], will: tuple[str, str]) -> tuple[str, str]:
    """What the two are called: by their names, and where these are the same, by where they were found beside it."""
    if was[0] != will[0]:
        return was[0], will[0]
    return _named(*was), _named(*will)


def _named(name: str, reference: str) -> str:
    return name if reference == name else f"{name} ({reference})"


def resolve(project: Project, reference: str) -> Definition:
    """The definition that a reference means: a file, a file of a git revision, or a name."""
    from fireflower.language.loading import load_definition

    if Path(reference).is_file():
        return load_definition(Path(reference), project.settings)
    revision, colon, path = reference.partition(":")
    if colon and revision and path:
        return load_definition(_from_git(project.folder, revision, path), project.settings)
    if _is_path(reference) and all(reference != definition.name for definition in project.definitions):
        return load_definition(Path(reference), project.settings)  # says that there is no such file, and what is near
    return project.definition(reference)


def _is_path(reference: str) -> bool:
    return "/" in reference or Path(reference).suffix in (".yaml", ".yml")


def _from_git(folder: Path, revision: str, path: str) -> str:
    """The text of a file as of a revision; the path is relative to the project's folder."""
    command = ["git", "-C", str(folder), "show", f"{revision}:./{path}"]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8").stdout
    except FileNotFoundError:
        raise ProjectError(f"{revision}:{path} needs git, which is not installed here.") from None
    except subprocess.CalledProcessError as error:
        raise ProjectError(f"git cannot show {revision}:{path}: {error.stderr.strip()}") from None
