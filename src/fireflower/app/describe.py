"""A definition in plain English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fireflower.app.diff import resolve

if TYPE_CHECKING:
    from fireflower.app.project import Project


def describe(project: Project, reference: str) -> str:
    """What the definition asks for, said so that anyone can read it.

    Parameters
    ----------
    reference : a definition's name, a file, or a file of a git revision
    """
    from fireflower.language import describing

    return describing.describe(resolve(project, reference), project.settings)
