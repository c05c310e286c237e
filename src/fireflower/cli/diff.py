"""fireflower diff: what would an edit change?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fireflower.cli.as_of import note_outside_data
from fireflower.cli.completing import definition_or_file
from fireflower.cli.jsons import print_json
from fireflower.cli.notes import note_doubts
from fireflower.cli.options import LIMIT, as_of_option, horizon_option, json_option, project_option
from fireflower.cli.printing import in_one_line, printable
from fireflower.cli.progress import progress
from fireflower.model.moments import format_moment

if TYPE_CHECKING:
    from fireflower.review.results import Diff


@click.command(short_help="Tell what an edit of a definition would change.")
@click.argument("old", shell_complete=definition_or_file)
@click.argument("new", shell_complete=definition_or_file)
@project_option
@horizon_option
@as_of_option
@click.option(
    "--limit", type=LIMIT, default=20, show_default=True, help="How many of those who enter and leave to name."
)
@json_option
def diff(old: str, new: str, folder: Path | None, horizon: int, as_of: int | None, limit: int, as_json: bool) -> None:
    """Tell who would enter and who would leave, and what precision and coverage would change.

    OLD and NEW are names of definitions, files, or files of a git revision.

    \b
    Examples:
      fireflower diff team-ready-to-pay draft.yaml
      fireflower diff HEAD:definitions/team.yaml definitions/team.yaml
    """
    from fireflower.app.diff import diff as run
    from fireflower.app.diff import resolve
    from fireflower.app.project import open_project

    project = open_project(folder)
    note_outside_data(project, as_of)
    with progress("Replaying history") as advance:
        found = run(project, old, new, horizon=horizon, as_of=as_of, progress=advance)
    compared = ((old, found.old), (new, found.new))
    named = [replace(resolve(project, reference), name=name) for reference, name in compared]
    note_doubts(project, named, found.as_of, goals=True)
    if as_json:
        print_json(found)
    else:
        _show(found, limit)


def _show(found: Diff, limit: int) -> None:
    click.echo(f"{found.old} -> {found.new}, as of {format_moment(found.as_of)} UTC\n")
    for sentence in found.sentences():
        click.echo(printable(sentence))
    _name("would enter now", "+", found.now.enter, limit)
    _name("would leave now", "-", found.now.leave, limit)


def _name(title: str, sign: str, ids: tuple[str, ...], limit: int) -> None:
    if not ids:
        return
    click.echo(f"\n{len(ids)} {title}:")
    for subject in ids[:limit]:
        click.echo(f"  {sign} {in_one_line(subject)}")
    if len(ids) > limit:
        click.echo(f"  and {len(ids) - limit} more (--limit {len(ids)} names them)")
