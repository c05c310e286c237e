"""fireflower schema: what an editor needs to complete and check definitions."""

from __future__ import annotations

import click

from fireflower.cli.jsons import print_json


@click.command(short_help="Print the JSON Schema for editors.")
@click.argument("what", type=click.Choice(["definition", "project", "destination"]), default="definition")
def schema(what: str) -> None:
    """Print the JSON Schema of a definition, of fireflower.yaml ("project") or of a destination.

    Save it, and point your editor to it: it then completes and checks while you write.

    \b
    Examples:
      fireflower schema > definition.schema.json
      fireflower schema project > project.schema.json
      fireflower schema destination > destination.schema.json
    """
    if what == "destination":
        from fireflower.destinations.schema import destination_schema

        print_json(destination_schema())
        return
    from fireflower.language import schema as schemas

    print_json(schemas.definition_schema() if what == "definition" else schemas.project_schema())
