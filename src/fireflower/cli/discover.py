"""fireflower discover: what predicts the goal, and how far the data supports it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from fireflower.cli.as_of import note_outside_data
from fireflower.cli.completing import definition_or_file
from fireflower.cli.jsons import print_json
from fireflower.cli.options import FILE, Span, as_of_option, json_option, project_option
from fireflower.cli.printing import printable
from fireflower.cli.progress import progress
from fireflower.model.errors import FireflowerError
from fireflower.model.moments import parse_span

if TYPE_CHECKING:
    from fireflower.discover.results import Discovery


class Spans(click.ParamType[tuple[int, ...]]):
    """Several spans with commas between them."""

    name = "spans"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        try:
            return value if isinstance(value, tuple) else tuple(parse_span(part) for part in value.split(","))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Capacity(click.ParamType[float]):
    """A number of leads a week, as "40/week", "8/day" or "40"."""

    name = "capacity"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from fireflower.app.arguments import per_week_from

        try:
            return per_week_from(value)
        except FireflowerError as error:
            self.fail(str(error), param, ctx)


@click.command(short_help="Find what predicts the goal, and how sure that is.")
@project_option
@click.option("-g", "--goal", default="", help="The event to predict, or a formula. By default the project's goal.")
@click.option(
    "--subject",
    type=click.Choice(["person", "account"]),
    help="Whom to ask about. By default accounts, if there are any. With --table: whose traits its columns are.",
)
@click.option(
    "--horizon",
    type=Span(),
    default="30 days",
    show_default=True,
    help="Within which time after a landmark the goal counts.",
)
@click.option(
    "--landmarks",
    type=Spans(),
    default="1d,3d,7d,14d,30d",
    show_default=True,
    help="Ages at which to predict, from what was done until then.",
)
@click.option("--capacity", type=Capacity(), help="How many leads sales can work, such as 40/week.")
@click.option("--churn", default="", help="The event that ends use: whoever did it is no longer looked at.")
@click.option(
    "--hypothesis",
    type=FILE,
    metavar="DEFINITION",
    shell_complete=definition_or_file,
    help="Your own definition, to be tested beside what is found: a file, or a name.",
)
@click.option("-o", "--output", type=FILE, help="Write a page with curves and maps, too: one HTML file.")
@click.option("--keep", multiple=True, help="An event or trait to use although it looks like a leak. May be repeated.")
@click.option("--table", type=FILE, help="Ask about a table instead, one row a lead; --goal then names a column.")
@click.option("--time", default="", help="With --table: the column by which its rows are ordered.")
@click.option("--permutations", type=click.IntRange(min=40), default=200, show_default=True,
              help="How often to search by chance.")  # fmt: skip
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="For chance; the same seed, the same answer.",
)
@click.option("--no-files", is_flag=True, help="Write no definitions.")
@as_of_option
@json_option
def discover(
    folder: Path | None,
    goal: str,
    subject: Any,
    horizon: int,
    landmarks: tuple[int, ...],
    capacity: float | None,
    churn: str,
    hypothesis: Path | None,
    output: Path | None,
    keep: tuple[str, ...],
    table: Path | None,
    time: str,
    permutations: int,
    seed: int,
    no_files: bool,
    as_of: int | None,
    as_json: bool,
) -> None:
    """Find the definition that the data supports, and say how far it does.

    At each landmark (an age, such as 7 days after the start) those who have not reached the goal yet are compared by
    what they had done until then, and by what became of them after it. What only follows the goal is named and left
    out. The whole search is repeated on shuffled outcomes, and what was found must hold on later data. If nothing
    does, it says so, and how large an effect it would have seen.

    \b
    Examples:
      fireflower discover --goal "Subscription Started"
      fireflower discover --subject person --horizon "14 days" --capacity 40/week
      fireflower discover --table leads.csv --goal Converted
    """
    from fireflower.app.discover import Request, write_page
    from fireflower.app.discover import discover as run
    from fireflower.app.discover_table import discover_table
    from fireflower.app.outputs import check_place
    from fireflower.app.project import open_project

    if output is not None:
        check_place(output)
    with progress("Searching") as advance:
        if table is not None:
            for name, why in _NOT_OF_TABLES.items():
                _refuse(name, why)
            found = discover_table(
                table, goal, time=time, project=open_project(folder) if subject else None, subject=subject, keep=keep,
                permutations=permutations, seed=seed, write=not no_files, progress=advance,
            )  # fmt: skip
        else:
            _refuse("time", "orders the rows of a --table, and there is none here. Leave it out")
            project = open_project(folder)
            note_outside_data(project, as_of)
            request = Request(
                goal, subject, horizon, landmarks, capacity, churn, keep, hypothesis, permutations, seed, as_of,
                write=not no_files,
            )  # fmt: skip
            found = run(project, request, advance)
    if output is not None:
        write_page(found, output)
        click.echo(f"The page: {output.resolve().as_uri()}", err=True)
    if as_json:
        print_json(found)
    else:
        _show(found)


_NO_ORDER = "says nothing to a table: nothing in it tells what came first. Leave it out"
_NOT_OF_TABLES = {
    "horizon": _NO_ORDER,
    "landmarks": _NO_ORDER,
    "churn": _NO_ORDER,
    "as_of": _NO_ORDER,
    "capacity": "says nothing to a table: nothing in it tells how many come in a week. Leave it out",
    "hypothesis": "is measured by telling a project's history again, and a --table has none. Leave it out; or leave "
    "out --table, and your definition is measured on the history of the project",
}


def _refuse(name: str, why: str) -> None:
    """An option that was given, and would be passed over in silence."""
    if click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE:
        raise click.UsageError(f"--{name.replace('_', '-')} {why}.")


def _show(found: Discovery) -> None:
    for line in found.sentences():
        click.echo(printable(line))
