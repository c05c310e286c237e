"""The tables beside the events: what enrichment and the sales team know, who belongs where, and the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fireflower.model.moments import DAY, MINUTE, NEVER, SECOND
from fireflower.simulate.accounts import INDUSTRIES, Accounts
from fireflower.simulate.calls import Calls
from fireflower.simulate.draws import Draws, Ints, moments
from fireflower.simulate.people import ROLES, People
from fireflower.simulate.readiness import Readiness
from fireflower.simulate.seasons import PLACES, Seasons
from fireflower.simulate.who import Who

_SENIORITY = ("individual", "manager", "director", "executive")
_DEPARTMENTS = ("operations", "marketing", "finance", "engineering", "sales")
_REPS = ("Robin Castellanos", "Jo Lindqvist", "Amara Obi")


@dataclass(frozen=True, eq=False)
class Table:
    """A table to be written as CSV: its header and its rows."""

    header: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


def accounts_table(seasons: Seasons, accounts: Accounts, who: Who, seed: int) -> Table:
    """Enrichment: what is known of a company soon after its sign-up, and for some again when they have grown."""
    draws = Draws(seed, "accounts table")
    count = len(accounts)
    learned = accounts.signup + moments(draws.quantiles((2, 10, 60, 400), count) * MINUTE)
    grown = draws.between(1.05, 1.6, count) * accounts.employees + 1
    later = learned + moments(draws.quantiles((20, 80, 200, 330), count) * DAY)
    again = np.flatnonzero(draws.chance(0.25, count) & (later < seasons.end))
    number = np.concatenate((np.arange(count), again))
    moment = np.concatenate((learned, later[again]))
    employees = np.concatenate((accounts.employees, np.floor(grown[again]).astype(np.int64)))
    kept = np.flatnonzero(moment < seasons.end)
    kept = kept[np.argsort(moment[kept], kind="stable")]
    columns = (
        _texts(who.accounts, number[kept]),
        stamps(moment[kept]),
        employees[kept].tolist(),
        _texts(INDUSTRIES, accounts.industry[number[kept]]),
        _texts([place.country for place in PLACES], accounts.place[number[kept]]),
    )
    return Table(("account", "time", "employees", "industry", "country"), list(zip(*columns, strict=True)))


def people_table(accounts: Accounts, people: People, who: Who, seed: int) -> Table:
    """Enrichment of people: seniority and department, without a time. Champions are senior more often than others."""
    draws = Draws(seed, "people table")
    count = len(people)
    senior = np.zeros(count, np.bool_)
    senior[people.memberships.person[people.champion]] = True
    rank = np.where(senior, draws.pick((2, 4, 3, 2), count), draws.pick((7, 2, 0.7, 0.3), count))
    found = np.flatnonzero(draws.chance(0.85, count))
    department = draws.below(len(_DEPARTMENTS), count)
    columns = (
        _texts(who.people, found), _texts(_SENIORITY, rank[found]), _texts(_DEPARTMENTS, department[found]),
    )  # fmt: skip
    return Table(("person", "seniority", "department"), list(zip(*columns, strict=True)))


def memberships_table(people: People, who: Who) -> Table:
    """Who belonged to which account, in which role, from when to when."""
    members = people.memberships
    columns = (
        _texts(who.people, members.person),
        _texts(who.accounts, members.account),
        _texts(ROLES, members.role),
        stamps(members.join + SECOND),
        stamps(members.leave),
    )
    return Table(("person", "account", "role", "joined", "left"), list(zip(*columns, strict=True)))


def deals_table(seasons: Seasons, accounts: Accounts, readiness: Readiness, who: Who, hands: Calls, seed: int) -> Table:
    """The sales team's deals: after raised hands, and with companies that they called of their own accord."""
    draws = Draws(seed, "deals table")
    cold = np.flatnonzero(draws.chance(np.where(accounts.employees > 30, 0.06, 0.0)) & ~accounts.outsiders())
    account = np.concatenate((hands.account, cold))
    cause = ["talk to sales"] * len(hands) + ["outbound"] * len(cold)
    after = draws.quantiles((0.1, 0.5, 1, 3), len(account)) * DAY
    opened = np.concatenate((hands.time, accounts.signup[cold] + 20 * DAY)) + moments(after)
    given_up = opened + moments(draws.quantiles((7, 20, 45, 90), len(account)) * DAY)
    won = (readiness.bought[account] >= opened) & (readiness.bought[account] < NEVER)
    closed = np.where(won, readiness.bought[account], given_up)
    amount = 12 * 49 * (accounts.team[account] + 3)
    rows: list[Sequence[Any]] = []
    for row in np.flatnonzero(opened < seasons.end).tolist():
        stage = "open" if closed[row] >= seasons.end else "won" if won[row] else "lost"
        rows.append((
            f"deal_{len(rows) + 1:04d}", who.accounts[account[row]], stage, int(amount[row]), cause[row],
            _REPS[row % len(_REPS)], _stamp(opened[row]), _stamp(closed[row]) if stage != "open" else "",
        ))  # fmt: skip
    return Table(("deal", "account", "stage", "amount", "source", "rep", "opened", "closed"), rows)


def truth_table(accounts: Accounts, readiness: Readiness, people: People, who: Who) -> Table:
    """What is really true of each account and person. A person is ready when they would press for the purchase."""
    ready, bought = stamps(readiness.ready_since), stamps(readiness.bought)
    names = [accounts.archetypes[code].name for code in accounts.archetype.tolist()]
    rows: list[Sequence[Any]] = []
    for number, account in enumerate(who.accounts):
        rows.append(("account", account, names[number], _yes(ready[number]), ready[number], bought[number],
                     readiness.why(number)))  # fmt: skip
    members = people.memberships
    presses = np.full(len(people), -1)
    presses[members.person[people.champion]] = np.arange(len(accounts))
    for number, (person, account) in enumerate(zip(who.people, presses.tolist(), strict=True)):
        since, when = (ready[account], bought[account]) if account >= 0 else ("", "")
        why = readiness.why(account) if account >= 0 else ""
        rows.append(("person", person, people.archetype[number], _yes(since), since, when, why))
    return Table(("kind", "id", "archetype", "ready", "ready_since", "bought_at", "why"), rows)


def stamps(moment: Ints) -> list[str]:
    """Moments as ISO 8601 to the millisecond; "" for NEVER."""
    texts = np.datetime_as_string(np.where(moment < NEVER, moment, 0).astype("datetime64[us]").astype("datetime64[ms]"))
    return [
        f"{text}Z" if happens else "" for text, happens in zip(texts.tolist(), (moment < NEVER).tolist(), strict=True)
    ]


def _stamp(moment: np.int64) -> str:
    return stamps(np.array([moment]))[0]


def _yes(since: str) -> str:
    return "true" if since else "false"


def _texts(values: Sequence[str], codes: Ints) -> list[str]:
    return [values[code] for code in codes.tolist()]
