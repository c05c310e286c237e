"""What a shell is offered where a name is asked for that only the project, or the package, knows.

Nothing is offered where the project cannot be read: what is wrong there, the command itself says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

import click
from click.shell_completion import CompletionItem

from fireflower.model.errors import FireflowerError

if TYPE_CHECKING:
    from fireflower.app.project import Project

Offered = list[CompletionItem]


class _Named(Protocol):
    @property
    def name(self) -> str: ...


def definitions(ctx: click.Context, param: click.Parameter, begun: str) -> Offered:
    """Names of definitions."""
    from fireflower.language.loading import load_readable

    return _of_project(ctx, begun, lambda project: load_readable(project.folder, project.settings))


def definition_or_file(ctx: click.Context, param: click.Parameter, begun: str) -> Offered:
    """Names of definitions; where none begins like this, files."""
    return definitions(ctx, param, begun) or [CompletionItem(begun, type="file")]


def destinations(ctx: click.Context, param: click.Parameter, begun: str) -> Offered:
    """Names of destinations."""
    from fireflower.destinations import load_destinations

    return _of_project(ctx, begun, lambda project: load_destinations(project.folder))


def templates(ctx: click.Context, param: click.Parameter, begun: str) -> Offered:
    """Names of templates."""
    from fireflower.app.init import templates as known

    return _beginning_with(begun, known())


def _of_project(ctx: click.Context, begun: str, read: Callable[[Project], Iterable[_Named]]) -> Offered:
    from fireflower.app.project import open_project

    try:
        return _beginning_with(begun, read(open_project(ctx.params.get("folder"))))
    except FireflowerError:
        return []


def _beginning_with(begun: str, known: Iterable[_Named]) -> Offered:
    return [CompletionItem(each.name) for each in known if each.name.startswith(begun)]
