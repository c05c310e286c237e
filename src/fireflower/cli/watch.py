"""fireflower watch: see events come in, and verdicts change."""

from __future__ import annotations

from pathlib import Path

import click

from fireflower.cli.options import project_option
from fireflower.model.moments import to_datetime


@click.command(short_help="See events come in and verdicts change, beside a running server.")
@project_option
@click.option("--events/--no-events", default=True, help="Whether events are shown, or changes of verdicts alone.")
def watch(folder: Path | None, events: bool) -> None:
    """Show what comes in and what changes, from now on until Ctrl-C. It reads the server's database and may run beside
    it.

    \b
    Examples:
      fireflower watch
      fireflower watch --no-events
    """
    from fireflower.app.live.watching import watch as run
    from fireflower.app.project import open_project
    from fireflower.cli.printing import in_one_line

    click.echo("Waiting for what comes. Ctrl-C ends it.", err=True)
    for seen in run(open_project(folder), events=events):
        at = to_datetime(seen.at).strftime("%H:%M:%S")
        if seen.transition is None:
            click.echo("\n".join(f"{at}  {in_one_line(line)}  ({seen.source})" for line in seen.says))
            continue
        told = seen.transition
        verb = click.style(told.change, fg="green" if told.change == "entered" else "yellow", bold=True)
        click.echo(f"{at}  {told.kind} {in_one_line(told.subject)} {verb} {told.definition} ({told.reason})")
        for line in seen.says:
            click.echo(f"            {in_one_line(line)}")
