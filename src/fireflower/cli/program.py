"""The group of all commands, and what happens when one of them fails."""

from __future__ import annotations

import click

from fireflower.cli.backtest import backtest
from fireflower.cli.backup import backup, restore
from fireflower.cli.check import check
from fireflower.cli.completion import completion
from fireflower.cli.deliveries import deliveries
from fireflower.cli.describe import describe
from fireflower.cli.diff import diff
from fireflower.cli.discover import discover
from fireflower.cli.doctor import doctor
from fireflower.cli.explain import explain
from fireflower.cli.export import export
from fireflower.cli.failures import Failure, WrongName
from fireflower.cli.forget import forget
from fireflower.cli.identities import identities
from fireflower.cli.import_ import import_
from fireflower.cli.init import init
from fireflower.cli.preview import apply, preview
from fireflower.cli.qualify import qualify
from fireflower.cli.rejects import rejects
from fireflower.cli.report import report
from fireflower.cli.retain import retain
from fireflower.cli.schema import schema
from fireflower.cli.serve import serve
from fireflower.cli.simulate import simulate
from fireflower.cli.token import token
from fireflower.cli.watch import watch
from fireflower.model.errors import FireflowerError, UnknownNameError

INTERRUPTED = 130
"""What a shell expects of a process that Ctrl-C ended."""

COMMANDS: tuple[click.Command, ...] = (
    init, import_, check, qualify, explain, describe, backtest, diff, discover, report, serve, watch, token,
    preview, apply, deliveries, identities, doctor, rejects, export, forget, retain, backup, restore, simulate, schema,
    completion,
)  # fmt: skip
"""In the order in which one meets them, which is the order of the help."""


class Program(click.Group):
    """A group whose commands fail in plain text: errors that a user can mend are no stack traces."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [command.name or "" for command in COMMANDS]

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(INTERRUPTED)
        except (FireflowerError, OSError) as error:
            if ctx.params["debug"] or isinstance(error, BrokenPipeError):
                raise
            raise (WrongName if isinstance(error, UnknownNameError) else Failure)(error) from error


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done; 1 something is wrong with the project, its data or what was found; 2 wrong usage.",
)
@click.version_option(package_name="fireflower", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the stack trace of an error.")
def program(debug: bool) -> None:
    """Product-qualified leads from your product's own data.

    Say in a definition which people or accounts are qualified; fireflower reads the events of your product, tells who
    is, since when, and why, and whether the definition has held so far.

    \b
    A first morning:
      fireflower init shop               make a project with an example definition
      cd shop
      fireflower import events.csv       read your product's events
      fireflower check                   is everything in order?
      fireflower qualify                 who is qualified now, and why
      fireflower report --open           a page to send around
      fireflower serve                   the same as events come in, and your team is told
    """


for command in COMMANDS:
    program.add_command(command)
