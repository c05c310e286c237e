"""fireflower doctor: what is there, what looks wrong, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fireflower.cli.jsons import print_json
from fireflower.cli.options import json_option, project_option
from fireflower.cli.printing import counted, in_one_line, printable, shortened
from fireflower.language.nodes import Trait
from fireflower.language.sentences import write_quantity
from fireflower.model.moments import format_moment

if TYPE_CHECKING:
    from fireflower.app.doctor import Diagnosis

_NAMED, _LONGEST = 12, 60
_COLOURS = {"error": "red", "warning": "yellow", "note": "blue"}


@click.command(short_help="Tell what is there, what looks wrong, and what to do.")
@project_option
@json_option
@click.pass_context
def doctor(ctx: click.Context, folder: Path | None, as_json: bool) -> None:
    """Tell what is in the history, what looks wrong, and what to do about it.

    Rows and events that could not be read, rows that count twice, clocks that are wrong, names that the data do not
    know, faults of files, disk use, who is writing to the history, versions. Changes nothing. Exits with 1 if something
    is an error.

    \b
    Examples:
      fireflower doctor
      fireflower doctor --json
    """
    from fireflower.app.doctor import doctor as run
    from fireflower.app.project import open_project

    found = run(open_project(folder))
    if as_json:
        print_json(found)
    else:
        _show(found)
    if not found.healthy:
        ctx.exit(1)


def _show(found: Diagnosis) -> None:
    for title, text in _facts(found):
        click.echo(f"{title:<12}{in_one_line(text)}")
    click.echo("")
    for next_step, findings in groupby(found.findings, lambda finding: finding.next_step):
        for finding in findings:
            severity = click.style(finding.severity, fg=_COLOURS[finding.severity], bold=True)
            click.echo(f"{severity}: {printable(finding.message)}")
        click.echo(f"  -> {printable(next_step)}")
    if not found.findings:
        click.echo("Nothing looks wrong.")


def _facts(found: Diagnosis) -> Iterator[tuple[str, str]]:
    history = found.history
    if history is None:
        yield "history", "empty"
    else:
        events = counted(sum(history.events.values()), "event")
        people, accounts = counted(history.people, "person", "people"), counted(history.accounts, "account")
        yield "history", f"{events}, {people}, {accounts}"
        yield "time", f"{format_moment(history.first or 0)} to {format_moment(history.last or 0)} UTC"
        yield "events", _some([f"{name} ({count:,})" for name, count in history.events.items()])
        yield "traits", _some([write_quantity(Trait(owner, name)) for owner, name in sorted(history.traits)])
        yield "properties", _some(sorted(history.property_names))
    yield "disk", f"{found.disk / 1e6:,.1f} MB"
    yield "lock", found.lock or "nobody is writing"
    yield "versions", ", ".join(f"{name} {number}" for name, number in found.versions.items())


def _some(names: Sequence[str]) -> str:
    """The first names of many."""
    if not names:
        return "none"
    more = f", and {len(names) - _NAMED:,} more, with --json" if len(names) > _NAMED else ""
    return ", ".join(shortened(name, _LONGEST) for name in names[:_NAMED]) + more
