"""Who works in the accounts: when each person joins, in which role, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fireflower.model.moments import DAY, MINUTE, NEVER
from fireflower.simulate import names
from fireflower.simulate.accounts import Accounts
from fireflower.simulate.draws import SKEWED, Bools, Draws, Floats, Ints, moments, spread_out
from fireflower.simulate.readiness import Readiness
from fireflower.simulate.seasons import Seasons
from fireflower.simulate.world import World

ROLES = ("owner", "admin", "editor", "viewer", "consultant", "support")
OWNER, ADMIN, EDITOR, VIEWER, CONSULTANT, SUPPORT = range(len(ROLES))

TITLES = (
    "Analyst",
    "Head of Operations",
    "Marketing Manager",
    "Finance Lead",
    "Founder",
    "Engineer",
    "Sales Manager",
    "Intern",
)


@dataclass(frozen=True, eq=False)
class Memberships:
    """One row for each time that a person belongs to an account.

    `rank` is the person's place in the team (0 founded the account); `leave` is NEVER for who stays; `pace` is the
    chance to come on an ordinary working day, before seasons; `until` is when the person stops coming.
    """

    person: Ints
    account: Ints
    rank: Ints
    role: Ints
    join: Ints
    leave: Ints
    until: Ints
    pace: Floats

    def __len__(self) -> int:
        return len(self.person)


@dataclass(frozen=True, eq=False)
class People:
    """People as columns, their memberships, and who speaks for each account.

    Attributes
    ----------
    home : the account with which each person first signed up
    archetype : text for truth.csv
    late : hours by which their day begins later than other people's
    owner, champion : per account a row of `memberships`; the champion is who would press for a purchase
    turned_away : (account, moment) at which somebody wanted to join and the free seats were taken
    """

    home: Ints
    archetype: Sequence[str]
    names: Sequence[str]
    emails: Sequence[str]
    titles: Ints
    late: Floats
    memberships: Memberships
    owner: Ints
    champion: Ints
    turned_away: tuple[Ints, Ints]

    def __len__(self) -> int:
        return len(self.home)

    def ids(self) -> list[str]:
        return [f"u_{number:06d}" for number in range(1, len(self) + 1)]


def hire(world: World, seasons: Seasons, accounts: Accounts, readiness: Readiness, seed: int) -> People:
    """Everybody who ever joins an account."""
    draws = Draws(seed, "people")
    account, rank, wish, join = _teams(world, seasons, accounts, readiness, draws)
    comes = join < readiness.active_until[account]
    barred = (join != wish) & (wish < readiness.active_until[account])
    turned_away = (account[barred], wish[barred])
    account, rank, join = account[comes], rank[comes], join[comes]
    person = np.arange(len(account))
    role = np.where(rank == 0, OWNER, ADMIN + draws.pick((0.12, 0.43, 0.45), len(account)))
    leave = np.full(len(account), NEVER)
    consultants, movers = _restless(world, accounts, account, rank, draws)
    leave[movers] = join[movers] + moments(draws.quantiles((25, 50, 90, 160), len(movers)) * DAY)
    rows = [
        (person, account, rank, role, join, leave),
        _engagements(accounts, consultants, join, draws),
        _new_jobs(accounts, movers, leave, draws),
        _support(accounts, account, join, draws),
    ]
    memberships = _memberships(seasons, accounts, readiness, draws, rows)
    owner, champion = _speakers(memberships, len(accounts), draws)
    fullnames = names.people(draws, len(person))
    return People(
        home=account,
        archetype=_person_archetypes(accounts, account, consultants, movers),
        names=fullnames,
        emails=names.emails(fullnames, [accounts.domains[home] for home in account.tolist()]),
        titles=draws.below(len(TITLES), len(person)),
        late=draws.quantiles((-1.5, -0.5, 0, 0, 0.5, 1.5, 4), len(person)),
        memberships=memberships,
        owner=owner,
        champion=champion,
        turned_away=turned_away,
    )


Rows = tuple[Ints, Ints, Ints, Ints, Ints, Ints]
"""person, account, rank, role, join, leave"""


def _teams(
    world: World, seasons: Seasons, accounts: Accounts, readiness: Readiness, draws: Draws
) -> tuple[Ints, Ints, Ints, Ints]:
    """Everybody who would join, as (account, rank, when they wish to, when they do).

    Free seats are few: beyond them people join in a trial, or once the account has bought, or never.
    """
    account, rank = spread_out(accounts.team)
    settled = readiness.ramp[account] * rank / accounts.team[account]
    wait = np.where(rank > 0, 0.05 + settled * draws.quantiles((0.2, 0.6, 1.0, 1.4, 2.5, 5.0), len(account)), 0.0)
    day = np.minimum(accounts.day[account] + np.floor(wait).astype(np.int64), seasons.days - 1)
    at_work = seasons.working_time(draws, accounts.place[account], seasons.workday[accounts.place[account], day])
    earliest = accounts.signup[account] + 12 * MINUTE + moments(wait * DAY / 4)
    wish = np.where(rank > 0, np.maximum(at_work, earliest), accounts.signup[account])
    trial = accounts.trial[account]
    in_trial = (wish >= trial) & (wish < trial + world.trial_days * DAY)
    bought = readiness.bought[account]
    barred = (rank >= world.free_seats) & ~in_trial & (wish < bought) & ~accounts.are("staff")[account]
    after = np.minimum(bought, NEVER // 2) + moments(draws.quantiles((0.02, 0.3, 2, 9, 30), len(account)) * DAY)
    join = np.where(barred, np.where(bought < NEVER, after, NEVER), wish)
    return account, rank, wish, join


def _restless(world: World, accounts: Accounts, account: Ints, rank: Ints, draws: Draws) -> tuple[Ints, Ints]:
    """Who works for several accounts, and who changes the account: two groups of ordinary members."""
    ordinary = np.flatnonzero((rank > 1) & accounts.are("evaluator", "grower")[account])
    ordinary = ordinary[np.argsort(draws.unit(len(ordinary)), kind="stable")]
    consultants = max(1, int(world.consultants * len(account)))
    movers = max(1, int(world.movers * len(account)))
    return ordinary[:consultants], ordinary[consultants : consultants + movers]


def _engagements(accounts: Accounts, consultants: Ints, join: Ints, draws: Draws) -> Rows:
    """The further accounts of consultants."""
    owner, _ = spread_out(2 + draws.below(6, len(consultants)))
    person = consultants[owner]
    clients = np.flatnonzero(accounts.are("evaluator", "grower"))
    account = clients[draws.below(len(clients), len(person))]
    begin = np.maximum(join[person], accounts.signup[account])
    begin = begin + moments(draws.quantiles((1, 5, 15, 40), len(person)) * DAY)
    end = begin + moments(draws.quantiles((15, 40, 90, 300), len(person)) * DAY)
    return person, account, _outside(person), np.full(len(person), CONSULTANT), begin, end


def _new_jobs(accounts: Accounts, movers: Ints, leave: Ints, draws: Draws) -> Rows:
    """The account that each mover joins some weeks after leaving theirs."""
    clients = np.flatnonzero(accounts.are("evaluator", "grower", "happy free"))
    account = clients[draws.below(len(clients), len(movers))]
    begin = np.maximum(leave[movers], accounts.signup[account])
    begin = begin + moments(draws.quantiles((2, 10, 30), len(movers)) * DAY)
    return movers, account, _outside(movers), np.full(len(movers), EDITOR), begin, np.full(len(movers), NEVER)


def _support(accounts: Accounts, home: Ints, join: Ints, draws: Draws) -> Rows:
    """Staff who look into customers' accounts for a few days."""
    staff = np.flatnonzero(accounts.are("staff")[home])
    visited = np.flatnonzero(draws.chance(0.04, len(accounts)) & ~accounts.outsiders())
    person = staff[draws.below(len(staff), len(visited))]
    begin = np.maximum(accounts.signup[visited], join[person])
    begin = begin + moments(draws.quantiles((0.1, 2, 6, 20), len(visited)) * DAY)
    end = begin + moments(draws.quantiles((1, 3, 8), len(visited)) * DAY)
    return person, visited, _outside(person), np.full(len(person), SUPPORT), begin, end


def _outside(people: Ints) -> Ints:
    """A rank behind every member of the team itself."""
    return np.full(len(people), 1000)


def _memberships(
    seasons: Seasons, accounts: Accounts, readiness: Readiness, draws: Draws, rows: Sequence[Rows]
) -> Memberships:
    """The rows that begin while the account lives, one for a person and account, by account and rank."""
    person, account, rank, role, join, leave = (np.concatenate(column) for column in zip(*rows, strict=True))
    _, first = np.unique(person * (len(accounts) + 1) + account, return_index=True)
    kept = first[join[first] < readiness.active_until[account[first]]]
    kept = kept[np.lexsort((person[kept], rank[kept], account[kept]))]
    person, account, rank, role, join = person[kept], account[kept], rank[kept], role[kept], join[kept]
    leave = np.where(leave[kept] < seasons.end, leave[kept], NEVER)
    weight = np.array((1.2, 1.1, 1.0, 0.65, 0.5, 0.4))[role]
    pace = (0.04 + 0.5 * accounts.appetite[account]) * weight * draws.quantiles(SKEWED, len(kept))
    return Memberships(
        person=person,
        account=account,
        rank=rank,
        role=role,
        join=join,
        leave=leave,
        until=np.minimum(leave, readiness.active_until[account]),
        pace=np.minimum(pace, 0.95),
    )


def _speakers(memberships: Memberships, accounts: int, draws: Draws) -> tuple[Ints, Ints]:
    """Each account's owner, and its champion: the owner, or sometimes the second of the team."""
    owner = np.flatnonzero(memberships.rank == 0)
    champion = owner.copy()
    second = np.flatnonzero(memberships.rank == 1)
    champion[memberships.account[second]] = second
    return owner, np.where(draws.chance(0.3, accounts), champion, owner)


def _person_archetypes(accounts: Accounts, home: Ints, consultants: Ints, movers: Ints) -> list[str]:
    kinds = [accounts.archetypes[code].name for code in accounts.archetype[home].tolist()]
    for person in consultants.tolist():
        kinds[person] = "consultant"
    for person in movers.tolist():
        kinds[person] = "mover"
    return kinds


def belong(memberships: Memberships, row: Ints, moment: Ints) -> Bools:
    """Whether these memberships hold at these moments."""
    return (moment >= memberships.join[row]) & (moment < memberships.leave[row])
