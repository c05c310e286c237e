"""fireflower deliveries: what was, is or will be sent, and sending it once more."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fireflower.cli.completing import destinations
from fireflower.cli.jsons import print_json
from fireflower.cli.options import LIMIT, Moment, json_option, project_option
from fireflower.cli.printing import printable
from fireflower.cli.tables import table
from fireflower.model.moments import iso, to_datetime

if TYPE_CHECKING:
    from fireflower.app.live.posting import Trial
    from fireflower.history.log.postings import Posting

_STATES = ("waiting", "sending", "sent", "unsure", "parked", "dead", "withheld")
_REPLAYED = ("dead", "parked", "unsure", "sent")

Command = TypeVar("Command", bound=Callable[..., Any])


def _which(command: Command) -> Command:
    for option in (
        click.option("--until", type=Moment(), help="Planned before this date or time (UTC)."),
        click.option("--since", type=Moment(), help="Planned since this date or time (UTC), such as 2026-03-01."),
        click.option("-s", "--subject", help="Only about this person or account."),
        click.option("--destination", shell_complete=destinations, help="Only for this destination."),
    ):
        command = option(command)
    return command


@click.group(invoke_without_command=True, short_help="Show what was sent and what came of it; send it once more; try.")
@project_option
@click.option("--state", "states", type=click.Choice(_STATES), multiple=True, help="In this state. May be repeated.")
@_which
@click.option("--limit", type=LIMIT, default=20, show_default=True, help="How many to show; 0 for all.")
@json_option
@click.pass_context
def deliveries(
    ctx: click.Context,
    folder: Path | None,
    states: tuple[str, ...],
    destination: str | None,
    subject: str | None,
    since: int | None,
    until: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show what was, is or will be sent to destinations, the latest first, with how often it was tried, and why it
    is in its state (--json has what came of each try). It is read from the project's database, also while the server is
    not running.

    \b
    Examples:
      fireflower deliveries
      fireflower deliveries --state dead --state parked --since 2026-03-01
      fireflower deliveries replay --destination sales-slack --state dead
      fireflower deliveries test sales-slack
    """
    if ctx.invoked_subcommand is not None:
        return
    from fireflower.app.live.posting import deliveries_of
    from fireflower.app.project import open_project
    from fireflower.history.log.postings import Which

    which = Which(states or None, destination, subject, since, until)
    found = deliveries_of(open_project(folder), which, limit + 1 if limit else 2**31)
    shown = found[: limit or None]
    if as_json:
        print_json([_json(each) for each in shown])
    elif not found:
        click.echo("There are no such deliveries.")
    else:
        _show(shown)
        if len(found) > len(shown):
            click.echo("and more (--limit 0 shows all)")


@deliveries.command(short_help="Have deliveries sent once more.")
@project_option
@click.option(
    "--state",
    "states",
    type=click.Choice(_REPLAYED),
    multiple=True,
    help="In this state; by default dead and parked. May be repeated.",
)
@_which
@json_option
def replay(
    folder: Path | None,
    states: tuple[str, ...],
    destination: str | None,
    subject: str | None,
    since: int | None,
    until: int | None,
    as_json: bool,
) -> None:
    """Have deliveries sent once more: those that are dead or parked, unless other states are named. What is unsure may
    have arrived; look first. A running server takes them up within seconds, else the next one does.

    \b
    Examples:
      fireflower deliveries replay --destination sales-slack
      fireflower deliveries replay --state unsure --subject acme --since 2026-03-01
    """
    from fireflower.app.live.posting import deliver_again
    from fireflower.app.project import open_project
    from fireflower.history.log.postings import Which

    if (destination, subject, since, until) == (None,) * 4 and not states:
        raise click.UsageError("Say which: --destination, --subject, --since, --until or --state.")
    which = Which(states or ("dead", "parked"), destination, subject, since, until)
    count = deliver_again(open_project(folder), which)
    if as_json:
        print_json({"deliveries": count})
    else:
        click.echo(f"{count:,} {'delivery waits' if count == 1 else 'deliveries wait'} to be sent once more.")


@deliveries.command(short_help="Send a sample to a destination now.")
@click.argument("destination", shell_complete=destinations)
@project_option
@click.option(
    "--trait",
    "traits",
    multiple=True,
    metavar="NAME=VALUE",
    help="A trait of the sample's subject, such as account.owner_email=me@example.com. May be repeated.",
)
@json_option
@click.pass_context
def test(ctx: click.Context, destination: str, folder: Path | None, traits: tuple[str, ...], as_json: bool) -> None:
    """Send a sample to DESTINATION now, and say what came of it. Secrets are read here, from this shell's environment.
    Exits with 1 if it was not sent.

    \b
    Examples:
      fireflower deliveries test sales-slack
      fireflower deliveries test account-owner --trait account.owner_email=me@example.com
    """
    from fireflower.app.live.posting import try_out
    from fireflower.app.project import open_project
    from fireflower.destinations import Sent

    found = try_out(open_project(folder), destination, dict(map(_trait, traits)))
    if as_json:
        print_json(_trial_json(found))
    else:
        detail = _detail(found)
        click.echo(f"{_outcome(found)}{f': {printable(detail)}' if detail else ''}")
        click.echo(f"key {found.key}, {len(found.payload):,} bytes to {destination}")
    if not isinstance(found.outcome, Sent):
        ctx.exit(1)


def _trait(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not (separator and name):
        raise click.UsageError(f"expected --trait NAME=VALUE, got {text!r}.")
    return name, value


def _outcome(found: Trial) -> str:
    return type(found.outcome).__name__.lower()


def _detail(found: Trial) -> str:
    return str(getattr(found.outcome, "reason", "") or getattr(found.outcome, "detail", ""))


def _trial_json(found: Trial) -> dict[str, Any]:
    return {
        "destination": found.destination.name,
        "key": found.key,
        "outcome": _outcome(found),
        "detail": _detail(found),
        "payload": json.loads(found.payload),
    }


def _show(found: list[Posting]) -> None:
    columns = ["planned (UTC)", "destination", "about", "definition", "state", "tries", "why"]
    table(columns, [_row(each) for each in found], right=["tries"])


def _row(each: Posting) -> tuple[object, ...]:
    planned, about = f"{to_datetime(each.planned):%Y-%m-%d %H:%M:%S}", f"{each.kind} {each.subject}"
    return planned, each.destination, about, _definition(each), each.state, len(each.tries), each.reason


def _definition(each: Posting) -> str:
    return str(json.loads(each.notice).get("definition", ""))


def _json(each: Posting) -> dict[str, Any]:
    return {
        "key": each.key,
        "transition": each.transition,
        "destination": each.destination,
        "subject_kind": each.kind,
        "subject": each.subject,
        "definition": _definition(each),
        "planned": iso(each.planned),
        "state": each.state,
        "due": iso(each.due),
        "attempts": each.attempts,
        "reason": each.reason,
        "tries": [{"at": iso(one.at), "outcome": one.outcome, "detail": one.detail} for one in each.tries],
    }
