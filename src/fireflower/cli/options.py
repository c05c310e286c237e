"""Options that several commands share, so that they read and mean the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fireflower.cli.completing import definitions
from fireflower.model.moments import parse_moment, parse_span


class Moment(click.ParamType[int]):
    """A date or time as text, handed on as a moment."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return value if isinstance(value, int) else parse_moment(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Span(click.ParamType[int]):
    """A length of time as text, handed on in microseconds."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return value if isinstance(value, int) else parse_span(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


FOLDER = click.Path(file_okay=False, path_type=Path)
LIMIT = click.IntRange(min=0)
FILE = click.Path(dir_okay=False, path_type=Path)

project_option = click.option(
    "-p",
    "--project",
    "folder",
    type=FOLDER,
    help="The project's folder. By default the nearest folder, from here upwards, with a fireflower.yaml.",
)
as_of_option = click.option(
    "--as-of",
    type=Moment(),
    help="Decide as of this date or time (UTC), such as 2026-03-01 or 2026-03-01T14:30. "
    "By default the time of the data's last event, or of what came live last.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a machine to read.")
definition_option = click.option(
    "-d",
    "--definition",
    "names",
    multiple=True,
    shell_complete=definitions,
    help="Only this definition. May be given several times.",
)
horizon_option = click.option(
    "--horizon",
    type=Span(),
    default="30 days",
    show_default=True,
    help="Within which time after an entry the goal counts.",
)
truth_option = click.option(
    "--truth",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The truth.csv of a simulated project, to be shown beside what was found.",
)
