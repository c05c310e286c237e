"""fireflower check: is everything in order?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fireflower.cli.failures import show_faults, summary
from fireflower.cli.jsons import print_json
from fireflower.cli.options import json_option, project_option
from fireflower.cli.printing import counted

if TYPE_CHECKING:
    from fireflower.app.check import Checked


@click.command(short_help="Show every fault of the files, and run the definitions' tests.")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
@project_option
@click.option("--strict", is_flag=True, help="Let warnings fail the check too.")
@json_option
@click.pass_context
def check(ctx: click.Context, files: tuple[Path, ...], folder: Path | None, strict: bool, as_json: bool) -> None:
    """Show every fault of the project's files (settings, definitions, destinations), and run the tests that its
    definitions carry. With FILEs, only these definitions are checked, such as drafts that lie elsewhere.

    Names of events, properties and traits that the imported history does not know are warnings, with what they were
    probably meant to be; so are values that it does not hold. Exits with 1 if there is an error.

    \b
    Examples:
      fireflower check
      fireflower check --project shop --strict
      fireflower check draft.yaml
    """
    from fireflower.app.check import check as run
    from fireflower.app.project import open_project

    found = run(open_project(folder), files)
    if as_json:
        print_json(found)
    elif found.faults:
        show_faults(found.faults)
    if not as_json and found.passed:
        click.echo(_all_well(found))
    if not found.passed or (strict and found.faults):
        ctx.exit(1)


def _all_well(found: Checked) -> str:
    count = counted(len(found.definitions), "definition")
    if found.destinations:
        count += f" and {counted(len(found.destinations), 'destination')}"
    passed = f"{counted(found.tests, 'test')} passed" if found.tests else "no tests in them"
    return f"{count} can be used, {passed}, {summary(found.faults)}."
