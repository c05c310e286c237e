"""fireflower backtest: would the definition have held?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fireflower.cli.as_of import note_outside_data
from fireflower.cli.completing import definition_or_file
from fireflower.cli.jsons import print_json
from fireflower.cli.notes import note_doubts
from fireflower.cli.options import as_of_option, horizon_option, json_option, project_option
from fireflower.cli.printing import printable
from fireflower.cli.progress import progress
from fireflower.cli.tables import day, percent, table
from fireflower.model.moments import format_moment

if TYPE_CHECKING:
    from fireflower.review.results import Backtest


@click.command(short_help="Tell how a definition would have done so far.")
@click.argument("definition", shell_complete=definition_or_file)
@project_option
@horizon_option
@as_of_option
@click.option("--sentences", is_flag=True, help="Only what was found, in sentences, without the table of weeks.")
@json_option
def backtest(
    definition: str, folder: Path | None, horizon: int, as_of: int | None, sentences: bool, as_json: bool
) -> None:
    """Tell how DEFINITION would have done over the whole history.

    How many entered each week; of those, how many reached the goal within 30 days; of those who reached the
    goal, how many had been qualified before it, and how long before; all against subjects of the same age who were
    not qualified. Only what was known at the time counts, and follow-up that is not complete yet is counted apart.

    \b
    Examples:
      fireflower backtest team-ready-to-pay
      fireflower backtest team-ready-to-pay --horizon "60 days" --json
    """
    from fireflower.app.backtest import backtest as run
    from fireflower.app.project import open_project

    project = open_project(folder)
    note_outside_data(project, as_of)
    with progress("Replaying history") as advance:
        found = run(project, definition, horizon=horizon, as_of=as_of, progress=advance)
    note_doubts(project, project.chosen([definition]), found.as_of, goals=True)
    if as_json:
        print_json(found)
    else:
        _show(found, sentences)


def _show(found: Backtest, sentences: bool) -> None:
    click.echo(f"{found.definition}, as of {format_moment(found.as_of)} UTC\n")
    for sentence in found.sentences():
        click.echo(printable(sentence))
    if sentences or not found.weeks:
        return
    click.echo("\nFirst entries, by the week in which they became known:\n")
    columns = ["week", "entered", "followed", "reached", "share", "interval", "pending", "too late"]
    busy = [week for week in found.weeks if week.entered]
    rows = [
        (day(week.week), week.entered, week.followed, week.converted, *percent(week.share), week.pending, week.too_late)
        for week in busy
    ]
    table(columns, rows, right=columns[1:])
    if len(busy) < len(found.weeks):
        click.echo("Weeks in which nobody entered are left out.")
