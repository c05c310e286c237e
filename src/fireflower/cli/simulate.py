"""fireflower simulate: a product's year with known truth."""

from __future__ import annotations

from pathlib import Path

import click

from fireflower.cli.jsons import print_json
from fireflower.cli.options import FOLDER, json_option
from fireflower.cli.progress import progress


@click.command(short_help="Make a product's year with known truth, as a project.")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--accounts", default=2400, show_default=True, help="Accounts that sign up. At least 20.")
@click.option("--months", default=12, show_default=True, help="Length of the history in calendar months.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same history, on every machine.")
@json_option
def simulate(folder: Path, accounts: int, months: int, seed: int, as_json: bool) -> None:
    """Make a project DIR with the simulated history of a software company's product.

    People in accounts, trials, invitations, limits, paywalls, raised hands, a viral spike, bots. Events and tables
    are in DIR/data, definitions beside them; DIR/truth.csv has what is really true of everyone.

    \b
    Examples:
      fireflower simulate demo
      fireflower simulate small --accounts 100 --months 3 --seed 7
    """
    from fireflower.app.simulate import simulate as run

    with progress("Simulating") as advance:
        tell = None if advance is None else (lambda step, share: advance(round(100 * share), 100))
        report = run(folder, accounts=accounts, months=months, seed=seed, progress=tell)
    if as_json:
        print_json(report)
        return
    click.echo(
        f"{report.calls:,} events of {report.people:,} people in {report.accounts:,} accounts, of which "
        f"{report.buyers:,} bought, are in {folder / 'data'}. What is really true is in {folder / 'truth.csv'}."
    )
    click.echo(f"\nNext: cd {folder} && fireflower import --yes && fireflower qualify")
