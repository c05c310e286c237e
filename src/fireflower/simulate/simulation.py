"""From a world and a seed to files: the whole way, one line a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fireflower.simulate.accounts import Accounts, sign_up
from fireflower.simulate.behaviour import use
from fireflower.simulate.bots import bots
from fireflower.simulate.export import export
from fireflower.simulate.lifecycle import lifecycle
from fireflower.simulate.people import hire
from fireflower.simulate.readiness import Readiness, become_ready
from fireflower.simulate.seasons import Seasons
from fireflower.simulate.signals import hands_raised, signals
from fireflower.simulate.tables import accounts_table, deals_table, memberships_table, people_table, truth_table
from fireflower.simulate.usage import usage
from fireflower.simulate.visits import visits
from fireflower.simulate.who import Who
from fireflower.simulate.world import World
from fireflower.simulate.writing import Writer, write_events

Progress = Callable[[str, float], None]
"""Called with what is being done and the share of the whole that is done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class SimulationReport:
    """What a simulation wrote.

    Attributes
    ----------
    files : in the order in which they were written
    accounts, people, memberships : how many there are
    calls : different calls in the events files, without duplicates and malformed rows
    duplicates, malformed, late : rows that are there twice, that nobody can read, that were received days late
    archetypes : how many accounts of each
    ready, buyers : customer accounts that really got ready to buy, and that bought (ready or not)
    conversion : buyers as a share of the customer accounts
    digest : SHA-256 of the uncompressed contents: equal for equal world and seed, on every machine
    """

    files: tuple[Path, ...]
    accounts: int
    people: int
    memberships: int
    calls: int
    duplicates: int
    malformed: int
    late: int
    archetypes: dict[str, int]
    ready: int
    buyers: int
    conversion: float
    digest: str


def simulate(world: World, out: Path, *, seed: int, progress: Progress | None = None) -> SimulationReport:
    """Write one simulated history into a folder: monthly events, tables, and the truth.

    Parameters
    ----------
    world : what happens
    out : a folder; made if it is not there, and files of the same names in it are replaced
    seed : not negative. The same world and seed give the same contents
    progress : told of each step

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = simulate(World(accounts=30, months=1), Path(folder), seed=1)
    >>> report.accounts
    30
    """
    if seed < 0:
        raise ValueError(f"seed: expected 0 or more, got {seed}")
    tell = progress or (lambda step, share: None)
    tell("people sign up", 0.0)
    seasons = Seasons(world)
    accounts = sign_up(world, seasons, seed)
    readiness = become_ready(world, seasons, accounts, seed)
    people = hire(world, seasons, accounts, readiness, seed)
    who = Who.of(people, accounts.ids())
    tell("a year goes by", 0.1)
    actions = use(seasons, accounts, readiness, people, seed)
    hints = signals(seasons, accounts, readiness, people, who, seed)
    calls = [
        *lifecycle(world, seasons, accounts, readiness, people, who, seed),
        *hints,
        *usage(world, accounts, readiness, people, actions, who, seed),
        *visits(world, seasons, accounts, people, who, seed),
        *bots(world, seasons, accounts, people, who, seed),
    ]
    tell("events are collected", 0.3)
    exported = export(world, seasons, accounts, calls, seed)
    tell("files are written", 0.6)
    writer = Writer(out)
    write_events(writer, exported, seasons.dates[0], lambda share: tell("files are written", 0.6 + 0.38 * share))
    writer.table("accounts.csv", accounts_table(seasons, accounts, who, seed))
    writer.table("people.csv", people_table(accounts, people, who, seed))
    writer.table("memberships.csv", memberships_table(people, who))
    writer.table("deals.csv", deals_table(seasons, accounts, readiness, who, hands_raised(hints), seed))
    writer.table("truth.csv", truth_table(accounts, readiness, people, who))
    tell("done", 1.0)
    return SimulationReport(
        files=tuple(writer.files),
        accounts=len(accounts),
        people=len(people),
        memberships=len(people.memberships),
        calls=exported.rows,
        duplicates=exported.duplicates,
        malformed=exported.malformed,
        late=exported.late,
        archetypes=_archetypes(accounts),
        ready=int(readiness.ready().sum()),
        buyers=int(readiness.buys().sum()),
        conversion=_conversion(accounts, readiness),
        digest=writer.digest(),
    )


def _archetypes(accounts: Accounts) -> dict[str, int]:
    return {kind.name: int(accounts.are(kind.name).sum()) for kind in accounts.archetypes}


def _conversion(accounts: Accounts, readiness: Readiness) -> float:
    return float(readiness.buys().sum()) / int((~accounts.outsiders()).sum())
