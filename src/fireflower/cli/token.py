"""fireflower token: write keys for clients, and tokens for the API."""

from __future__ import annotations

from pathlib import Path

import click

from fireflower.cli.options import project_option
from fireflower.cli.tables import table
from fireflower.model.moments import to_datetime

SCOPES = ("write", "read", "admin")
_MAY = {
    "write": "send events, and nothing else",
    "read": "ask the API; it sends no events (--scope write makes a write key)",
    "admin": "ask the API and change what it shows; it sends no events (--scope write makes a write key)",
}


@click.command(short_help="Make, list and revoke write keys and API tokens.")
@project_option
@click.argument("action", type=click.Choice(["make", "list", "revoke"]))
@click.argument("name", required=False)
@click.option(
    "--scope",
    type=click.Choice(SCOPES),
    default="read",
    show_default=True,
    help="What a new token is good for: write sends events, read asks the API, admin may also change what it shows.",
)
def token(folder: Path | None, action: str, name: str | None, scope: str) -> None:
    """Make, list or revoke the write keys of clients and the tokens of those who ask the API. A token is shown
    once, when it is made; only a digest of it is kept. A running server sees the change within a second.

    \b
    Examples:
      fireflower token make website --scope write
      fireflower token make dashboard --scope read
      fireflower token list
      fireflower token revoke website
    """
    from fireflower.app.live.access import list_tokens, make_token, revoke_token
    from fireflower.app.project import open_project

    project = open_project(folder)
    if action == "list":
        rows = [
            (each.name, each.scope, _shown(each.made), "" if each.revoked is None else _shown(each.revoked))
            for each in list_tokens(project)
        ]
        table(["name", "scope", "made (UTC)", "revoked (UTC)"], rows)
        return
    if name is None:
        raise click.UsageError(f"Name the token: 'fireflower token {action} NAME'.")
    if action == "make":
        click.echo(make_token(project, name, scope))  # type: ignore[arg-type]
        click.echo(f"{name} is of the scope {scope}: it may {_MAY[scope]}.", err=True)
    else:
        revoke_token(project, name)
        click.echo(f"revoked {name}")


def _shown(moment: int) -> str:
    return f"{to_datetime(moment):%Y-%m-%d %H:%M:%S}"
