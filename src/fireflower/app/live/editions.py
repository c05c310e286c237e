"""Edited definitions, before they take effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fireflower.app.live.parts import Part, Standing
from fireflower.app.project import Project
from fireflower.history.log.verdicts import Who
from fireflower.model.errors import ProjectError


@dataclass(slots=True)
class Prepared:
    """The definitions of a project's files, ready to take the place of those that are at work.

    Attributes
    ----------
    changed : the names of those that mean something else than before, or are new
    part : these, evaluated; None if there are none
    standing : every verdict of the part
    now : the moment up to which it has been evaluated
    compiled : whether by the compiled kernel
    """

    project: Project
    changed: frozenset[str]
    part: Part | None
    standing: Standing
    now: int
    compiled: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """Who would enter and leave by a definition if it took effect now.

    Attributes
    ----------
    what : whether it means something else, is new, or is no longer there
    staying : how many are qualified before and after
    """

    definition: str
    what: Literal["changed", "new", "gone"]
    entering: frozenset[Who]
    leaving: frozenset[Who]
    staying: int


class NotAloneError(ProjectError):
    """Several processes evaluate the project."""

    def __init__(self) -> None:
        super().__init__(
            "several processes evaluate this project, and edited files take effect in one process only. Put them where "
            "each of the processes reads them, and start these anew, one after the other: the others go on meanwhile."
        )


def unchanged(known: Mapping[str, tuple[str, int]], meanings: Mapping[str, str]) -> dict[str, tuple[str, int]]:
    """Those that mean what they meant, with since when."""
    return {name: meant for name, meant in known.items() if meanings.get(name) == meant[0]}
