"""fireflower identities: who is who, said by those who run it."""

from __future__ import annotations

import click

from fireflower.cli.jsons import print_json
from fireflower.cli.options import json_option
from fireflower.cli.printing import in_one_line
from fireflower.cli.server import Server, server_options


@click.command(short_help="Join two ids of one person, or set apart what was joined by mistake.")
@click.argument("action", type=click.Choice(["merge", "split"]))
@click.argument("id")
@click.argument("other")
@server_options
@json_option
def identities(action: str, id: str, other: str, url: str, token: str, as_json: bool) -> None:
    """Join (merge) ID and OTHER, two ids of one person, who then bears ID; or set two ids apart (split) that a message
    of a client, or a merge, has joined. Either holds over all of history, and verdicts follow at once. The running
    server writes it into the log, like a client's message.

    \b
    Examples:
      fireflower identities split ann anonymous-77
      fireflower identities merge ann ann@example.com
    """
    found = Server(url, token).post(f"/api/v1/identities/{action}", {"id": id, "other": other})
    if as_json:
        print_json(found)
        return
    for each in found["people"]:
        others = [in_one_line(known) for known in each["ids"] if known != each["person"]]
        also = f", also known as {', '.join(others)}" if others else ""
        click.echo(in_one_line(each["person"]) + also)
