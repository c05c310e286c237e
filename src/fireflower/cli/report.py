"""fireflower report: a page to send around."""

from __future__ import annotations

from pathlib import Path

import click

from fireflower.cli.as_of import note_outside_data
from fireflower.cli.notes import note_doubts
from fireflower.cli.options import FILE, as_of_option, definition_option, horizon_option, project_option, truth_option
from fireflower.cli.progress import progress


@click.command(short_help="Write a page to send around.")
@project_option
@definition_option
@as_of_option
@horizon_option
@click.option("-o", "--output", type=FILE, help="Where to write it. By default report.html in the project's folder.")
@click.option("--open", "open_", is_flag=True, help="Open it in a browser.")
@click.option("--no-people", is_flag=True, help="Name nobody of an account, on the page or in its CSV.")
@truth_option
def report(
    folder: Path | None,
    names: tuple[str, ...],
    as_of: int | None,
    horizon: int,
    output: Path | None,
    open_: bool,
    no_people: bool,
    truth: Path | None,
) -> None:
    """Write a page about who qualified and why, and whether the definitions hold.

    One HTML file that needs no network: it can be sent by mail. Its address is printed last.

    \b
    Examples:
      fireflower report --open
      fireflower report --definition team-ready-to-pay --output team.html
    """
    from fireflower.app.project import open_project
    from fireflower.app.replaying import moment_of
    from fireflower.app.report import report as run

    project = open_project(folder)
    note_outside_data(project, as_of)
    with progress("Reporting") as advance:
        path = run(
            project, names, path=output, as_of=as_of, horizon=horizon, truth=truth, people=not no_people,
            progress=advance,
        )  # fmt: skip
    note_doubts(project, project.chosen(names), moment_of(project, as_of))
    address = path.resolve().as_uri()
    if open_:
        click.launch(address)
    click.echo(address)
