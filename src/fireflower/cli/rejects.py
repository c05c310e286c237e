"""fireflower rejects: what could not be read, of files and of what clients sent; and reading the latter once more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fireflower.cli.jsons import print_json
from fireflower.cli.options import LIMIT, Moment, json_option, project_option
from fireflower.cli.printing import in_one_line
from fireflower.cli.server import Server, server_options
from fireflower.cli.tables import table
from fireflower.model.moments import iso, to_datetime

if TYPE_CHECKING:
    from fireflower.history.archive import Archive
    from fireflower.history.archive.rejects import Rejected as Row
    from fireflower.history.log.rejects import Rejected as Event

_SHORT = 80
"""Characters of what could not be read that a table shows; JSON has all."""


@click.group(invoke_without_command=True, short_help="Show what could not be read, and have it read once more.")
@project_option
@click.option("--limit", type=LIMIT, default=20, show_default=True, help="How many of each to show; 0 for all.")
@json_option
@click.pass_context
def rejects(ctx: click.Context, folder: Path | None, limit: int, as_json: bool) -> None:
    """Show what was kept aside because it could not be read: rows of imported files (how many for each kind of reason,
    then file, line, reason, content), and events that clients sent (write key, when, reason, content), the latest
    first.

    Mend the file or the mapping and import it again: what is in the history already stays as it is. Events that can be
    read now are taken by 'fireflower rejects replay'. What has been read no longer counts as kept aside.

    \b
    Examples:
      fireflower rejects
      fireflower rejects --json
      fireflower rejects replay --source website --since 2026-03-01
    """
    if ctx.invoked_subcommand is not None:
        return
    from fireflower.app.live.aside import events_aside
    from fireflower.app.project import open_project

    project = open_project(folder)
    archive = project.archive
    rows, events = list(archive.rejects()), events_aside(project)
    if as_json:
        print_json({"rows": rows, "events": [_event_json(each) for each in events]})
        return
    if not rows and not events:
        click.echo("Nothing was kept aside.")
    if rows:
        _show_rows(archive, rows, limit)
    if rows and events:
        click.echo("")
    if events:
        _show_events(events, limit)


@rejects.command(short_help="Have the running server read events once more.")
@click.option("--source", help="Only what came by the write key of this name.")
@click.option("--since", type=Moment(), help="Received since this date or time (UTC), such as 2026-03-01.")
@click.option("--until", type=Moment(), help="Received before this date or time (UTC).")
@server_options
@json_option
def replay(source: str | None, since: int | None, until: int | None, url: str, token: str, as_json: bool) -> None:
    """Have the running server read events that it kept aside once more, by the readers of today; what can be read now
    is taken, as received when it came first. Rows of files are read again by importing the file again.

    \b
    Examples:
      fireflower rejects replay --source website
      fireflower rejects replay --since 2026-03-01 --until 2026-03-08
    """
    if (source, since, until) == (None, None, None):
        raise click.UsageError("Say which: --source, --since or --until.")
    period = {name: iso(at) for name, at in (("since", since), ("until", until)) if at is not None}
    asked = {**({} if source is None else {"source": source}), **period}
    found = Server(url, token).post("/api/v1/rejects/replay", asked)
    if as_json:
        print_json(found)
        return
    taken, rejected = found["taken"], found["rejected"]
    click.echo(f"{taken:,} {'event was' if taken == 1 else 'events were'} taken, {rejected:,} still cannot be.")
    for each in found["still"]:
        click.echo(f"  {each['id']}: {in_one_line(each['reason'])}")
    if rejected > len(found["still"]):
        click.echo(f"  and {rejected - len(found['still']):,} more")


def _show_rows(archive: Archive, rows: list[Row], limit: int) -> None:
    kinds = [(kind.file, f"{kind.rows:,}", kind.reason) for kind in archive.rejects_by_kind()]
    table(["file", "rows", "reason, of the first of them"], kinds, right=["rows"])
    click.echo("")
    shown = rows[: limit or None]
    table(
        ["file", "line", "reason", "row"],
        [(row.file, row.line, row.reason, row.raw[:_SHORT]) for row in shown],
        right=["line"],
    )
    _more(len(rows) - len(shown))


def _show_events(events: list[Event], limit: int) -> None:
    shown = events[: limit or None]
    table(
        ["id", "write key", "received (UTC)", "reason", "event"],
        [
            (each.id, each.source, f"{to_datetime(each.received):%Y-%m-%d %H:%M:%S}", each.reason, _text(each)[:_SHORT])
            for each in shown
        ],
        right=["id"],
    )
    _more(len(events) - len(shown))


def _more(count: int) -> None:
    if count:
        click.echo(f"and {count:,} more (--limit 0 shows all)")


def _text(event: Event) -> str:
    return event.body.decode("utf-8", "replace")


def _event_json(event: Event) -> dict[str, object]:
    return {
        "id": event.id,
        "source": event.source,
        "received": iso(event.received),
        "reason": event.reason,
        "body": _text(event),
    }
