"""fireflower export: everything that is known about a person."""

from __future__ import annotations

import json
from pathlib import Path

import click

from fireflower.cli.jsons import escaped
from fireflower.cli.options import FILE, project_option


@click.command(short_help="Show everything that is known about a person.")
@click.argument("person")
@project_option
@click.option("-o", "--output", type=FILE, help="Write to this file.")
def export(person: str, folder: Path | None, output: Path | None) -> None:
    """Write everything that is known about PERSON, of whom any id may be named, as JSON lines: each says what it is
    and where it is from. The server may run meanwhile.

    \b
    Examples:
      fireflower export ann@example.com
      fireflower export user-1042 -o user-1042.jsonl
    """
    from fireflower.app.live.exporting import export as everything
    from fireflower.app.outputs import written
    from fireflower.app.project import open_project

    lines = [escaped(json.dumps(each, ensure_ascii=False)) for each in everything(open_project(folder), person)]
    if output is None:
        for line in lines:
            click.echo(line)
        return
    with written(output) as file:
        file.write("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
    click.echo(f"{output}: {len(lines):,} lines.")
