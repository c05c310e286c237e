"""fireflower serve: qualify people and accounts as events come in."""

from __future__ import annotations

import os
import socket
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fireflower.cli.options import project_option

if TYPE_CHECKING:
    from collections.abc import Collection

    from fireflower.app.project import Project


@click.command(short_help="Take events in by HTTP, and qualify people and accounts at once.")
@project_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Listen on this address; by default only here.")
@click.option("--port", default=8700, show_default=True, type=click.IntRange(0, 65535), help="Listen on this port.")
@click.option(
    "--origin",
    "origins",
    multiple=True,
    help="A web page's origin that may ask the API, such as https://app.example.com.",
)
@click.option("--rate", default=0.0, help="Events a second that each write key may send; 0 for no limit.")
@click.option(
    "--role",
    "roles",
    type=click.Choice(["all", "ingest", "evaluate", "deliver"]),
    multiple=True,
    default=("all",),
    show_default=True,
    help="What this process does, of what several share with PostgreSQL; may be given several times.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 2),
    help="Two: one takes events in, the other evaluates. By default two, where all is done here, the log is in SQLite "
    "and there is more than one processor.",
)
@click.option("--dry-run", is_flag=True, help="Plan and record what would be sent to destinations; send nothing.")
@click.option(
    "--evaluate-anew",
    "anew",
    is_flag=True,
    help="Evaluate all of history as of now: after a clock was ahead, by which more has lapsed than is right.",
)
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", help="How the log is written.")
def serve(
    folder: Path | None,
    host: str,
    port: int,
    origins: tuple[str, ...],
    rate: float,
    roles: tuple[str, ...],
    processes: int | None,
    dry_run: bool,
    anew: bool,
    log_format: str,
) -> None:
    """Take events in from the clients of Segment, RudderStack, PostHog and others, qualify people and accounts within
    milliseconds, and tell destinations. Everything that was acknowledged is on disk.

    Stop it with Ctrl-C or SIGTERM: what has been received is evaluated first.

    With the log in PostgreSQL, start it as often as you like, on one machine or several: evaluation is shared between
    all, and whatever ends, the others go on with its work (docs/live.md).

    \b
    Examples:
      fireflower serve
      fireflower serve --port 8080
      fireflower serve --dry-run
      fireflower serve --host 0.0.0.0 --log-format json
      fireflower serve --role ingest --role deliver
    """
    from fireflower.app.live.access import first_write_key
    from fireflower.app.live.service import ROLES, Service
    from fireflower.app.project import open_project
    from fireflower.cli.logs import write_logs
    from fireflower.web.apart import Apart
    from fireflower.web.ingest import Limits
    from fireflower.web.listening import listen
    from fireflower.web.serving import Site
    from fireflower.web.serving import serve as run

    write_logs(log_format)
    project = open_project(folder)
    _ = project.definitions  # whose faults are said before anything is done
    are_two = _are_two(processes, roles, project)
    sockets = listen(host, port)
    key = first_write_key(project)
    doing = ROLES if "all" in roles else [role for role in ROLES if role in roles]
    if anew:
        _evaluate_anew(project)
    limits, port = Limits(rate=rate), sockets[0].getsockname()[1]
    if are_two:
        service = Service(project, roles=[role for role in doing if role != "ingest"], dry_run=dry_run)
        apart = Apart(service, sockets, limits, partial(write_logs, log_format))
        site, sockets = Site(service, origins=origins, apart=apart), []
    else:
        service = Service(project, roles=doing, dry_run=dry_run)
        site = Site(service, limits=limits, origins=origins)
    _greet(project, host, port, key)
    if dry_run:
        click.echo("  dry run       nothing is sent; 'fireflower deliveries' shows what would have been\n")
    run(site, sockets)


def _are_two(processes: int | None, roles: Collection[str], project: Project) -> bool:
    """Whether another process takes events in for this one."""
    from fireflower.app.live.database import is_embedded

    does_all, is_possible = "all" in roles and is_embedded(project), hasattr(socket, "send_fds")
    if processes == 2 and not does_all:
        raise click.UsageError(
            "--processes 2 is for a server that does everything, with its log in SQLite. Leave --role out; or start "
            "several servers with the log in PostgreSQL."
        )
    if processes == 2 and not is_possible:
        raise click.UsageError("--processes 2 needs a system on which a process can hand connections to another.")
    return processes == 2 or (processes is None and does_all and is_possible and _processors() > 1)


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _evaluate_anew(project: Project) -> None:
    from fireflower.app.live.sharing import evaluate_anew
    from fireflower.app.live.storage import existing_log

    database = existing_log(project)
    if database is not None:
        try:
            evaluate_anew(database)
        finally:
            database.close()


def _greet(project: Project, host: str, port: int, key: str | None) -> None:
    """What one needs to send the first event."""
    address = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"
    names = ", ".join(definition.name for definition in project.definitions)
    click.echo(f"fireflower serves {project.settings.name or project.folder} at {address}")
    click.echo(f"  definitions   {names}")
    click.echo(f"  health        {address}/readyz, figures {address}/metrics")
    click.echo(f"  API           {address}/api/v1/openapi.json (a token: fireflower token make NAME --scope read)")
    if key is None:
        click.echo("  write keys    fireflower token list")
        return
    click.echo(f"  write key     {key}   (shown this once; others: fireflower token make NAME --scope write)")
    click.echo("\nPoint a Segment, RudderStack, PostHog or Jitsu client here, or try:\n")
    event = '{"type": "track", "event": "Report Run", "userId": "ann", "context": {"groupId": "acme"}}'
    click.echo(f"  curl -u {key}: {address}/v1/track -d '{event}'\n")
