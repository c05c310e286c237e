"""fireflower init: make a project folder."""

from __future__ import annotations

from pathlib import Path

import click

from fireflower.cli.completing import templates
from fireflower.cli.options import FOLDER
from fireflower.cli.tables import table


@click.command(short_help="Make a project folder, with an example or from a template.")
@click.argument("folder", metavar="DIR", type=FOLDER, required=False)
@click.option(
    "-t", "--template", shell_complete=templates, help="Start from this template instead of a commented example."
)
@click.option("--list", "list_", is_flag=True, help="List the templates, and do nothing else.")
def init(folder: Path | None, template: str | None, list_: bool) -> None:
    """Make a project folder DIR, with a commented definition or from a template.

    \b
    Examples:
      fireflower init shop
      fireflower init --list
      fireflower init shop --template slack
    """
    from fireflower.app.init import init as make
    from fireflower.app.init import templates as known_templates

    if list_:
        table(["template", "what it is about"], [(known.name, known.title) for known in known_templates()])
        return
    if folder is None:
        raise click.UsageError("Name the folder to make, such as 'fireflower init shop'.")
    for path in make(folder, template):
        click.echo(f"wrote {path}")
    click.echo(f"\nNext: look at {folder / 'fireflower.yaml'}; then 'cd {folder}', and:")
    click.echo("  fireflower import events.csv    read your product's events so far")
    click.echo("  fireflower serve                and take them in as they come")
