"""fireflower describe: a definition in plain English."""

from __future__ import annotations

from pathlib import Path

import click

from fireflower.cli.completing import definition_or_file
from fireflower.cli.jsons import print_json
from fireflower.cli.notes import note_doubts
from fireflower.cli.options import json_option, project_option
from fireflower.cli.printing import printable


@click.command(short_help="Say in plain English what a definition asks for.")
@click.argument("definition", shell_complete=definition_or_file)
@project_option
@json_option
def describe(definition: str, folder: Path | None, as_json: bool) -> None:
    """Say in plain English what DEFINITION asks for: a name, or a file.

    \b
    Examples:
      fireflower describe team-ready-to-pay
      fireflower describe definitions/team.yaml
    """
    from fireflower.app.describe import describe as run
    from fireflower.app.diff import resolve
    from fireflower.app.project import open_project
    from fireflower.app.replaying import moment_of

    project = open_project(folder)
    text = run(project, definition)
    note_doubts(project, [resolve(project, definition)], moment_of(project, None))
    if as_json:
        print_json({"definition": definition, "description": text})
    else:
        click.echo(printable(text))
