"""Make a project folder: from the commented starter, or from a template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from fireflower.app.project import PROJECT_FILE
from fireflower.model.errors import ProjectError, did_you_mean

GIT_IGNORE = ".gitignore"
_HERE = PurePosixPath()
GIT_IGNORES = """\
# The history: what was imported, and what 'fireflower serve' has received and decided, which nothing makes again.
# 'fireflower backup' keeps a copy.
.fireflower/
"""


@dataclass(frozen=True, slots=True)
class Template:
    """A ready-made project.

    Attributes
    ----------
    name : as given to --template
    title : what it is about, one line
    """

    name: str
    title: str


def templates() -> tuple[Template, ...]:
    """The templates that come with fireflower, by name."""
    folders = files("fireflower").joinpath("templates").iterdir()
    found = (folder for folder in folders if folder.joinpath(PROJECT_FILE).is_file())
    return tuple(sorted((Template(f.name, _title(f)) for f in found), key=lambda template: template.name))


def init(folder: Path, template: str | None = None) -> tuple[Path, ...]:
    """Write a project's files into a folder, and return their paths.

    Raises
    ------
    ProjectError
        If there is no such template, or one of the files is there already. Then nothing is written.
    """
    texts = {folder / path: text for path, text in _contents(template)}
    texts.setdefault(folder / GIT_IGNORE, GIT_IGNORES)
    there = sorted(str(path) for path in texts if path.exists() and path.name != GIT_IGNORE)
    if there:
        raise ProjectError(
            f"{folder} has these files already: {', '.join(there)}. Nothing was written. Name another folder."
        )
    written = [path for path in texts if not path.exists()]
    for path in written:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[path], encoding="utf-8")
    return tuple(written)


def _contents(template: str | None) -> Iterator[tuple[PurePosixPath, str]]:
    if template is None:
        yield from _texts(files("fireflower.app").joinpath("starter"))
        return
    names = [known.name for known in templates()]
    if template not in names:
        raise ProjectError(
            f"there is no template {template!r}.{did_you_mean(template, names)} 'fireflower init --list' shows all."
        )
    yield from _texts(files("fireflower").joinpath("templates", template))


def _texts(folder: Traversable, under: PurePosixPath = _HERE) -> Iterator[tuple[PurePosixPath, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        path = under / entry.name
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _texts(entry, path)
        elif not entry.name.endswith((".py", ".pyc")):
            yield path, entry.read_text(encoding="utf-8")


def _title(folder: Traversable) -> str:
    """The first comment of its fireflower.yaml."""
    first = folder.joinpath(PROJECT_FILE).read_text(encoding="utf-8").split("\n", 1)[0]
    return first.lstrip("# ").rstrip() if first.startswith("#") else ""
