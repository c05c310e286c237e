"""A simulated product's year, as a project that is ready to be imported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fireflower.app.project import HISTORY_FOLDER, PROJECT_FILE
from fireflower.model.errors import ProjectError

if TYPE_CHECKING:
    from fireflower.simulate import SimulationReport
    from fireflower.simulate.simulation import Progress

DATA_FOLDER = "data"
TRUTH_FILE = "truth.csv"
IMPORTS = """
# How the files in data/ are read: 'fireflower import' alone reads them all.
imports:
  data/events-*.jsonl.gz: {form: segment}
  data/accounts.csv: {table: accounts, account: account, time: time}
  data/people.csv: {table: people, person: person}
  data/memberships.csv: {table: memberships, person: person, account: account, role: role, time: joined, left: left}
  # What became of a deal was not known when it was opened, so it is left behind.
  data/deals.csv: {event_name: Deal Opened, account: account, time: opened, message_id: deal, ignore: [stage, closed]}
"""


def simulate(
    folder: Path, *, accounts: int = 2400, months: int = 12, seed: int = 1, progress: Progress | None = None
) -> SimulationReport:
    """Write the demo project into a folder, its events and tables into data/, and the truth beside them.

    Raises
    ------
    ProjectError
        If something is in the way, or the world cannot be as asked for. Then nothing is written.
    """
    from fireflower.simulate import World, project_files, write_project
    from fireflower.simulate import simulate as run

    in_the_way = [name for name in (*project_files(), DATA_FOLDER, HISTORY_FOLDER) if (folder / name).exists()]
    if in_the_way:
        raise ProjectError(f"{folder} has {', '.join(in_the_way)} already. Name a folder that is empty or new.")
    try:
        world = World(accounts=accounts, months=months)
        report = run(world, folder / DATA_FOLDER, seed=seed, progress=progress)
    except ValueError as error:
        raise ProjectError(str(error)) from None
    # Apart from what is to be imported: nobody who judges a lead may look at the truth.
    (folder / DATA_FOLDER / TRUTH_FILE).replace(folder / TRUTH_FILE)
    write_project(folder)
    with (folder / PROJECT_FILE).open("a", encoding="utf-8") as file:
        file.write(IMPORTS)
    return report
