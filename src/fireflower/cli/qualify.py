"""fireflower qualify: who is qualified now, since when, and why."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fireflower.cli.as_of import note_outside_data
from fireflower.cli.evidence import in_brief
from fireflower.cli.notes import note_doubts
from fireflower.cli.options import FILE, LIMIT, as_of_option, definition_option, project_option, truth_option
from fireflower.cli.progress import progress
from fireflower.cli.tables import table
from fireflower.cli.writing import FORMATS, format_of, write_table
from fireflower.model.moments import format_moment

if TYPE_CHECKING:
    from fireflower.app.qualify import Lead, Qualification

Truth = Mapping[tuple[str, str], str]


@click.command(short_help="List who is qualified now, since when, and why.")
@project_option
@definition_option
@click.option("-s", "--subject", "subjects", multiple=True, help="Only this person or account. May be repeated.")
@as_of_option
@click.option(
    "--all-transitions", is_flag=True, help="Every time that somebody entered or left, not who is qualified now."
)
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="By default a table for people, or what the name of --output says.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("-o", "--output", type=FILE, help="Write into this file instead of printing.")
@click.option(
    "--limit",
    type=LIMIT,
    default=20,
    show_default=True,
    help="In a table for people, how many of each definition; 0 for all.",
)
@truth_option
def qualify(
    folder: Path | None,
    names: tuple[str, ...],
    subjects: tuple[str, ...],
    as_of: int | None,
    all_transitions: bool,
    format_: str | None,
    as_json: bool,
    output: Path | None,
    limit: int,
    truth: Path | None,
) -> None:
    """List who is qualified now, since when, and on what evidence.

    \b
    Examples:
      fireflower qualify
      fireflower qualify --definition team-ready-to-pay --as-of 2026-03-01
      fireflower qualify --json
      fireflower qualify --all-transitions --output transitions.parquet
    """
    from fireflower.app.project import open_project
    from fireflower.app.qualify import qualify as run

    wanted = "json" if as_json else format_of(format_, output)
    project = open_project(folder)
    note_outside_data(project, as_of)
    with progress("Qualifying") as advance:
        found = run(project, names, subjects, as_of=as_of, progress=advance)
        _ = found.transitions if all_transitions else found.standing
    note_doubts(project, found.definitions, found.as_of)
    if wanted == "table":
        _show(found, all_transitions, limit, _truth(truth))
    else:
        write_table(found.to_arrow(all_transitions), wanted, output, found.as_of)
        click.echo(f"as of {format_moment(found.as_of)} UTC", err=True)


def _truth(path: Path | None) -> Truth | None:
    from fireflower.app.qualify import read_truth

    return None if path is None else read_truth(path)


def _show(found: Qualification, all_transitions: bool, limit: int, truth: Truth | None) -> None:
    click.echo(f"As of {format_moment(found.as_of)} UTC")
    if all_transitions:
        _show_transitions(found, limit)
        return
    from fireflower.language.walking import unwanted

    for definition in found.definitions:
        leads = found.count(definition.name)
        click.echo("\n" + click.style(f"{definition.name}: {_count(leads, definition.subject)}", bold=True))
        _show_leads(list(islice(found.leads(definition.name), limit or None)), unwanted(definition), truth)
        if 0 < limit < leads:
            click.echo(f"and {leads - limit:,} more that qualified earlier (--limit 0 shows all)")


def _show_leads(leads: list[Lead], unwanted: frozenset[str], truth: Truth | None) -> None:
    if not leads:
        return
    columns: dict[str, list[str]] = {leads[0].kind: [lead.subject for lead in leads]}
    if any(lead.name not in ("", lead.subject) for lead in leads):
        columns["name"] = [lead.name for lead in leads]
    columns["since"] = [f"{lead.since:%Y-%m-%d %H:%M}" for lead in leads]
    columns["evidence"] = [in_brief(lead.evidence, unwanted) for lead in leads]
    if truth is not None:
        columns["truth (simulated)"] = [truth.get((lead.kind, lead.subject), "") for lead in leads]
    click.echo("")
    table(list(columns), list(zip(*columns.values(), strict=True)))


def _show_transitions(found: Qualification, limit: int) -> None:
    listed = found.to_arrow(transitions=True).drop_columns(["known_at", "evidence"]).to_pylist()
    shown = listed[-limit:] if limit else listed
    if not shown:
        click.echo("\nNobody has ever entered.")
        return
    click.echo("")
    columns = ["at", "change", "reason", "definition", "subject"]
    table(columns, [[f"{row['at']:%Y-%m-%d %H:%M:%S}", *(row[name] for name in columns[1:])] for row in shown])
    if len(shown) < len(listed):
        click.echo(f"and {len(listed) - len(shown):,} before these (--limit 0 shows all)")


def _count(leads: int, subject: str) -> str:
    plural = {"person": "people", "account": "accounts"}[subject]
    return f"{leads:,} {subject if leads == 1 else plural} qualified"
