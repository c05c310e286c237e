"""Whether the moment that was asked for is one of which the data can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fireflower.model.moments import format_moment

if TYPE_CHECKING:
    from fireflower.app.project import Project


def note_outside_data(project: Project, as_of: int | None) -> None:
    """Say on standard error that a moment lies before or after all records of the project, and where they lie."""
    summary = project.archive.summary()
    if as_of is None or summary.first is None or summary.last is None or summary.first <= as_of <= summary.last:
        return
    side = "before" if as_of < summary.first else "after"
    span = f"{format_moment(summary.first)} to {format_moment(summary.last)}"
    click.echo(f"note: {format_moment(as_of)} lies {side} all of the data, which are from {span} UTC.", err=True)
