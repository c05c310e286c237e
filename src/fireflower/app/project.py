"""A project: a folder with fireflower.yaml, definitions, and the history that was imported into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fireflower.model.errors import ProjectError, did_you_mean

if TYPE_CHECKING:
    from fireflower.history.archive import Archive
    from fireflower.language.nodes import Definition, Settings

PROJECT_FILE = "fireflower.yaml"
HISTORY_FOLDER = ".fireflower"


@dataclass(frozen=True)
class Project:
    """An opened project. What it says and knows is read when it is first asked for.

    Attributes
    ----------
    folder : where its fireflower.yaml is
    """

    folder: Path

    @cached_property
    def settings(self) -> Settings:
        """What fireflower.yaml says for the whole project. It can be read while definitions have faults."""
        from fireflower.language.loading import load_settings

        return load_settings(self.folder / PROJECT_FILE)

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """All definitions of the project, in the order of their files.

        Raises
        ------
        DefinitionError
            With every fault of every file, fireflower.yaml among them.
        """
        from fireflower.language.loading import load_project

        return load_project(self.folder)[1]

    @cached_property
    def archive(self) -> Archive:
        """The history that was imported."""
        from fireflower.history.archive import Archive

        return Archive.open(self.folder / HISTORY_FOLDER)

    def definition(self, name: str) -> Definition:
        """The definition of this name.

        Raises
        ------
        ProjectError
            If there is none.
        """
        return self.chosen([name])[0]

    def chosen(self, names: Sequence[str]) -> tuple[Definition, ...]:
        """The definitions of these names; all of them if no names are given.

        Raises
        ------
        ProjectError
            If one of the names is not a definition's, or the project has no definitions at all.
        """
        by_name = {definition.name: definition for definition in self.definitions}
        if not by_name:
            raise ProjectError(
                f"{self.folder} has no definitions. Write one into its folder definitions/, or start from a template: "
                "'fireflower init --list' shows them."
            )
        for name in names:
            if name not in by_name:
                known = did_you_mean(name, by_name) or f" There are: {', '.join(sorted(by_name))}."
                raise ProjectError(f"no definition is named {name!r}.{known}")
        return tuple(by_name[name] for name in names or by_name)


def open_project(folder: str | Path | None = None) -> Project:
    """Open the project in a folder; without one, the nearest project from here upwards.

    Raises
    ------
    ProjectError
        If there is no project.
    """
    if folder is not None:
        if not (Path(folder) / PROJECT_FILE).is_file():
            raise ProjectError(
                f"{folder} is no project: it has no {PROJECT_FILE}. 'fireflower init {folder}' makes it one."
            )
        return Project(Path(folder))
    here = Path.cwd()
    for candidate in (here, *here.parents):
        if (candidate / PROJECT_FILE).is_file():
            return Project(Path() if candidate == here else candidate)
    raise ProjectError(
        f"there is no {PROJECT_FILE} in this folder or above it. 'fireflower init DIR' makes a project; "
        "--project names one that is elsewhere."
    )
