"""Whether the moment of the verdicts is one of which the data can tell."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from fireflower.model.moments import DAY, format_moment

if TYPE_CHECKING:
    from fireflower.app.project import Project
    from fireflower.history.archive import Summary


def note_outside_data(project: Project, as_of: int | None) -> None:
    """Say on standard error that a moment lies before or after all records; or, where none is given, that
    the data's last event, which then decides, lies in the future."""
    summary = project.archive.summary()
    if as_of is None:
        _note_future(summary)
        return
    if summary.first is None or summary.last is None or summary.first <= as_of <= summary.last:
        return
    side = "before" if as_of < summary.first else "after"
    span = f"{format_moment(summary.first)} to {format_moment(summary.last)}"
    click.echo(f"note: {format_moment(as_of)} lies {side} all of the data, which are from {span} UTC.", err=True)


def _note_future(summary: Summary) -> None:
    from fireflower.app.replaying import last_event

    last, now = last_event(summary), time.time_ns() // 1000
    if last > now + DAY:
        click.echo(
            f"note: verdicts are as of the data's last event, which is in the future ({format_moment(last)} UTC). "
            "Look for a wrong clock or unit of time in the export; until then give the moment with --as-of.",
            err=True,
        )
