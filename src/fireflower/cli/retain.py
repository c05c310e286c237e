"""fireflower retain: remove events that are older than the project keeps them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fireflower.cli.options import Span, project_option
from fireflower.cli.printing import counted

if TYPE_CHECKING:
    from fireflower.app.live.retaining import Gone


@click.command(short_help="Remove events that are older than they are kept.")
@project_option
@click.option("--older-than", "span", type=Span(), help="Such as '400 days'; by default, `retention` of the project.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def retain(folder: Path | None, span: int | None, yes: bool) -> None:
    """Remove events that are older than `retention` in fireflower.yaml says, from the log and the archive, with rejects
    and deliveries of that time. Who is who, memberships, traits and recorded verdicts stay. The server may run
    meanwhile; it does the same by itself once a day.

    It cannot be taken back. Files that you have imported, and backups, are yours to look after.

    \b
    Examples:
      fireflower retain
      fireflower retain --older-than "730 days" --yes
    """
    from fireflower.app.live.retaining import Retainer
    from fireflower.app.live.service import now
    from fireflower.app.project import open_project
    from fireflower.model.moments import format_span, iso

    project = open_project(folder)
    retention = project.settings.retention if span is None else span
    if retention is None:
        raise click.UsageError(
            "say how long to keep events: `retention: 400 days` in fireflower.yaml, or --older-than."
        )
    moment = now()
    if not yes:
        _confirm(f"Events from before {iso(moment - retention)} ({format_span(retention)} ago) will be removed.")
    _show(Retainer(lambda: project, retention).retain(moment))


def _confirm(what: str) -> None:
    from fireflower.model.errors import InputError

    click.echo(what)
    if not sys.stdin.isatty():
        raise InputError("nothing has been removed, as there is no terminal to ask. Pass --yes to go ahead.")
    if not click.confirm("This cannot be taken back. Remove them?", default=False, err=True):
        raise InputError("nothing has been removed.")


def _show(gone: Gone) -> None:
    events, rejects = counted(gone.events, "event"), counted(gone.rejects, "reject")
    click.echo(f"Removed: {events}, {rejects}, {counted(gone.deliveries, 'delivery', 'deliveries')}.")
    if gone.settled:
        click.echo(
            f"{counted(gone.settled, 'subject')} would have another past without them: what is recorded of them so far "
            "stays as it is."
        )
