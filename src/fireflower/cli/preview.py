"""fireflower preview and apply: what edited files would change in the running server, and letting them."""

from __future__ import annotations

from typing import Any

import click

from fireflower.cli.jsons import print_json
from fireflower.cli.options import LIMIT, json_option
from fireflower.cli.printing import in_one_line
from fireflower.cli.server import Server, server_options

_INSTEAD = (
    " Without a server, 'fireflower diff HEAD:definitions/team.yaml definitions/team.yaml' tells what an edit changes "
    "in the history that was imported."
)
_WHAT = {"changed": "means something else", "new": "is new", "gone": "is no longer there"}

_FEW = 10
"""Names on a line."""

limit_option = click.option(
    "--limit", type=LIMIT, default=20, show_default=True, help="How many of those who enter and leave to name."
)


@click.command(short_help="Tell who would enter and leave if edited definitions took effect in the server.")
@server_options
@click.option("--drop", is_flag=True, help="Forget what an earlier preview has prepared, and do nothing else.")
@limit_option
@json_option
def preview(url: str, token: str, drop: bool, limit: int, as_json: bool) -> None:
    """Tell who would enter and who would leave if the edited files of the project took effect in the running server,
    for each definition that means something else than what is at work. Nothing changes by it.

    The server evaluates them over all of history, beside what goes on; they then follow events until 'fireflower apply'
    lets them take effect.

    \b
    Examples:
      fireflower preview
      fireflower preview --url https://leads.example.com --limit 100
      fireflower preview --drop
    """
    server = Server(url, token, _INSTEAD)
    if drop:
        found = server.post("/api/v1/definitions/drop", {})
        click.echo("dropped" if found["dropped"] else "nothing was prepared")
        return
    found = server.post("/api/v1/definitions/preview", {"limit": limit})
    if as_json:
        print_json(found)
        return
    _show(found, would=True)
    if found["definitions"]:
        click.echo("\n'fireflower apply' lets this take effect.")


@click.command(short_help="Let edited definitions and destinations take effect in the server.")
@server_options
@click.option(
    "--tell-past",
    is_flag=True,
    help="Tell destinations of those who enter or leave by the change itself. Without it, nobody is told.",
)
@limit_option
@json_option
def apply(url: str, token: str, tell_past: bool, limit: int, as_json: bool) -> None:
    """Let the edited files of the project take effect in the running server, in one moment: settings, definitions and
    destinations. What a preview has prepared is ready; else it is evaluated first, while the server goes on.

    Files with faults change nothing.

    \b
    Examples:
      fireflower apply
      fireflower apply --tell-past
    """
    found = Server(url, token).post("/api/v1/definitions/apply", {"tell_past": tell_past, "limit": limit})
    if as_json:
        print_json(found)
        return
    _show(found, would=False)
    told = "destinations are told of these" if tell_past else "nobody is told of these"
    click.echo(f"\nIn effect{f'; {told}' if found['definitions'] else ''}.")


def _show(found: dict[str, Any], *, would: bool) -> None:
    for number, each in enumerate(found["definitions"]):
        if number:
            click.echo("")
        _show_one(each, "would " if would else "")
    if not found["definitions"]:
        click.echo("No definition means something else than what is at work.")
    elif found["same"]:
        click.echo(f"\nthe same: {', '.join(map(in_one_line, found['same']))}")
    click.echo(f"destinations: {_counted(found['destinations'])}")


def _counted(names: list[str]) -> str:
    """How many destinations the files have, and which, if they are few: "2 (crm, sales-slack)"."""
    few = 0 < len(names) <= _FEW
    return f"{len(names)} ({', '.join(map(in_one_line, names))})" if few else str(len(names) or "none")


def _show_one(found: dict[str, Any], would: str) -> None:
    counts = f"{found['entering']:,} {would}enter, {found['leaving']:,} {would}leave, {found['staying']:,} stay"
    click.echo(f"{in_one_line(found['definition'])} {_WHAT[found['what']]}: {counts}")
    for sign, ids, count in (("+", "enters", "entering"), ("-", "leaves", "leaving")):
        for id in found[ids]:
            click.echo(f"  {sign} {in_one_line(id)}")
        more = found[count] - len(found[ids])
        if more and found[ids]:
            click.echo(f"  {sign} and {more:,} more (--limit {found[count]} names them)")
