"""fireflower rejects: the rows that could not be read."""

from __future__ import annotations

from pathlib import Path

import click

from fireflower.cli.jsons import print_json
from fireflower.cli.options import LIMIT, json_option, project_option
from fireflower.cli.tables import table


@click.command(short_help="Show the rows that could not be read.")
@project_option
@click.option("--limit", type=LIMIT, default=20, show_default=True, help="How many rows to show; 0 for all.")
@json_option
def rejects(folder: Path | None, limit: int, as_json: bool) -> None:
    """Show the rows that imports kept aside because they could not be read: how many for each kind of reason, then
    file, line, reason, content.

    Mend the file or the mapping and import it again: what is in the history already stays as it is, and rows that are
    read now no longer count as kept aside.

    \b
    Examples:
      fireflower rejects
      fireflower rejects --json
    """
    from fireflower.app.project import open_project

    archive = open_project(folder).archive
    rows = list(archive.rejects())
    shown = rows[: limit or None]
    if as_json:
        print_json(rows)
    elif not rows:
        click.echo("No rows were kept aside.")
    else:
        kinds = [(kind.file, f"{kind.rows:,}", kind.reason) for kind in archive.rejects_by_kind()]
        table(["file", "rows", "reason, of the first of them"], kinds, right=["rows"])
        click.echo("")
        table(
            ["file", "line", "reason", "row"],
            [(row.file, row.line, row.reason, row.raw[:80]) for row in shown],
            right=["line"],
        )
        if len(shown) < len(rows):
            click.echo(f"and {len(rows) - len(shown):,} more (--limit 0 shows all)")
