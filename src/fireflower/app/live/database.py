"""Which database a project keeps its log in."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from fireflower.app.project import HISTORY_FOLDER, PROJECT_FILE, Project
from fireflower.history.log.connecting import connect, is_file
from fireflower.history.log.database import Database
from fireflower.model.errors import ProjectError

LOG_FILE = "log.sqlite"
VARIABLE = "FIREFLOWER_DATABASE"
"""The variable of the environment that names the database, before what fireflower.yaml says."""


def log_file(project: Project) -> Path:
    """Where a project keeps its log, unless it says otherwise."""
    return project.folder / HISTORY_FOLDER / LOG_FILE


def opener(project: Project, environment: Mapping[str, str] = os.environ) -> Callable[[], Database]:
    """What opens a connection to the project's database.

    Raises
    ------
    ProjectError
        If fireflower.yaml names a variable of the environment that is not set.
    """
    url = _address(project, environment)
    return lambda: connect(url, project.folder)


def is_elsewhere(project: Project, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a project keeps its log in another place than its own folder."""
    return _address(project, environment) != log_file(project).resolve()


def is_embedded(project: Project, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a project's log is a file of this machine, and not in a database that processes of several share."""
    return is_file(_address(project, environment))


def is_there(project: Project, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether there may be a log: a file that there is not yet has none."""
    url = _address(project, environment)
    return url.exists() if isinstance(url, Path) else True


def _address(project: Project, environment: Mapping[str, str]) -> str | Path:
    said = environment.get(VARIABLE) or project.settings.database
    if said.startswith("env:"):
        said = _from_environment(said.removeprefix("env:"), environment)
    return said or log_file(project).resolve()


def _from_environment(name: str, environment: Mapping[str, str]) -> str:
    found = environment.get(name)
    if not found:
        raise ProjectError(
            f"{PROJECT_FILE} has the log in the database that the environment names as {name}, which is not set. Set "
            f"it, such as {name}=postgresql://USER:PASSWORD@HOST/DATABASE, or take `database:` out of {PROJECT_FILE}: "
            f"then the log is kept in {HISTORY_FOLDER}/{LOG_FILE}."
        )
    return found
