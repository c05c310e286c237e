"""fireflower schema: what an editor needs to complete and check definitions."""

from __future__ import annotations

import click

from fireflower.cli.jsons import print_json


@click.command(short_help="Print the JSON Schema for editors.")
@click.argument("what", type=click.Choice(["definition", "project"]), default="definition")
def schema(what: str) -> None:
    """Print the JSON Schema of a definition, or of fireflower.yaml ("project").

    Save it, and point your editor to it: it then completes and checks while you write.

    \b
    Examples:
      fireflower schema > definition.schema.json
      fireflower schema project > project.schema.json
    """
    from fireflower.language import schema as schemas

    print_json(schemas.definition_schema() if what == "definition" else schemas.project_schema())
