"""fireflower forget: remove everything about a person."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fireflower.cli.options import project_option
from fireflower.cli.printing import counted

if TYPE_CHECKING:
    from fireflower.app.live.forgetting import Done, Forgettable, Forgetter


@click.command(short_help="Remove everything about a person, everywhere.")
@click.argument("person", required=False)
@project_option
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--list", "listed", is_flag=True, help="Show how many were forgotten, and when; never who.")
def forget(person: str | None, folder: Path | None, yes: bool, listed: bool) -> None:
    """Remove everything about PERSON, of whom any id may be named, from the log, the archive, the record of verdicts
    and what is to be sent. What is sent or imported of them again is left out. The server may run meanwhile.

    It cannot be taken back. Files that you have imported, backups, and what was sent to destinations are yours to look
    after.

    \b
    Examples:
      fireflower forget ann@example.com
      fireflower forget user-1042 --yes
      fireflower forget --list
    """
    from fireflower.app.live.forgetting import Forgetter
    from fireflower.app.live.service import now
    from fireflower.app.project import open_project

    if (person is None) == (not listed):
        raise click.UsageError("name a person by any of their ids, or pass --list.")
    with Forgetter(open_project(folder)) as forgetter:
        forgetter.go_on(now())
        if person is None:
            _show_list(forgetter)
            return
        if not yes:
            _confirm(forgetter.find(person))
        _show(forgetter.forget(person, now()))


def _show_list(forgetter: Forgetter) -> None:
    from fireflower.model.moments import iso

    people = forgetter.listed()
    for each in people:
        click.echo(f"{iso(each.at)}  {counted(each.ids, 'id')}")
    click.echo(f"{len(people):,} {'person has' if len(people) == 1 else 'people have'} been forgotten.")


def _confirm(found: Forgettable) -> None:
    from fireflower.model.errors import InputError

    click.echo(f"What is known by the ids {', '.join(map(repr, found.ids))} will be removed:")
    about_others = "in what is recorded and sent about others, which stays without their ids"
    for count, one, many, which in (
        (found.records, "record", "records", " of their history"),
        (found.log.transitions, "transition", "transitions", ""),
        (found.log.deliveries, "delivery", "deliveries", ""),
        (found.log.rejects, "message", "messages", " that could not be taken"),
        (found.log.mentions, "mention", "mentions", f" {about_others}"),
    ):
        if count:
            click.echo(f"  {counted(count, one, many)}{which}")
    if not sys.stdin.isatty():
        raise InputError("nothing has been removed, as there is no terminal to ask. Pass --yes to go ahead.")
    if not click.confirm("This cannot be taken back. Remove it?", default=False, err=True):
        raise InputError("nothing has been removed.")


def _show(done: Done) -> None:
    click.echo(
        f"Forgotten: {counted(done.ids, 'id')}, {counted(done.records, 'record')}, "
        f"{counted(done.log.transitions, 'transition')}, {counted(done.log.deliveries, 'delivery', 'deliveries')}, "
        f"{counted(done.kept_aside + done.log.rejects, 'reject')}."
    )
    if not done.whole:
        click.echo(
            "warning: a process still reads the history of before, whose files stay on disk until it ends or looks "
            "again; they go with the next import or 'fireflower forget'."
        )
