"""What people do in the product on the days on which they come: visits, and the actions of each visit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fireflower.model.moments import DAY, MINUTE, NEVER, SECOND
from fireflower.simulate.accounts import Accounts
from fireflower.simulate.draws import SKEWED, Bools, Draws, Floats, Ints, spread_out
from fireflower.simulate.people import ROLES, People
from fireflower.simulate.readiness import Readiness
from fireflower.simulate.seasons import Seasons

ACTIONS = (
    "Signed In", "Report Run", "Dashboard Viewed", "Report Created", "Report Shared", "File Uploaded", "Comment Added",
    "Export Downloaded", "Schedule Created",
)  # fmt: skip
SIGNED_IN, RUN, VIEWED, CREATED, SHARED, UPLOADED, COMMENTED, EXPORTED, SCHEDULED = range(len(ACTIONS))

_HABITS = {
    "owner": (0, 40, 22, 10, 7, 8, 6, 4, 3),
    "admin": (0, 42, 20, 10, 6, 9, 6, 4, 3),
    "editor": (0, 46, 18, 12, 5, 9, 6, 3, 1),
    "viewer": (0, 14, 66, 0, 3, 0, 12, 5, 0),
    "consultant": (0, 38, 14, 24, 8, 6, 6, 3, 1),
    "support": (0, 10, 80, 2, 0, 0, 8, 0, 0),
}
"""Weights of the actions within a visit, by role."""

_PAUSES = (4, 9, 16, 28, 45, 75, 120, 240, 900)
"""Quantiles of the seconds between two actions of a visit."""

_CHUNK = 4096
"""Memberships whose calendars are drawn at once; bounds memory in large worlds."""


@dataclass(frozen=True, eq=False)
class Actions:
    """Actions as columns, by membership and time: `row` of the memberships, `kind` in ACTIONS, `time` a moment."""

    row: Ints
    kind: Ints
    time: Ints

    def of(self, kind: int) -> Bools:
        return self.kind == kind


def use(seasons: Seasons, accounts: Accounts, readiness: Readiness, people: People, seed: int) -> Actions:
    """All that people do in the product of their own accord."""
    draws = Draws(seed, "behaviour")
    row, start = _visits(seasons, accounts, readiness, people, draws)
    visit, place = spread_out(1 + _lengths(accounts, people, draws, row))
    time = start[visit] + _elapsed(draws, place)
    row = row[visit]
    kind = np.where(place == 0, SIGNED_IN, _choices(draws, people.memberships.role[row]))
    kept = (time >= people.memberships.join[row]) & (time < people.memberships.until[row]) & seasons.inside(time)
    row, kind, time = row[kept], kind[kept], time[kept]
    order = np.lexsort((time, row))
    return Actions(row[order], kind[order], time[order])


def _visits(
    seasons: Seasons, accounts: Accounts, readiness: Readiness, people: People, draws: Draws
) -> tuple[Ints, Ints]:
    """When people come, as (membership, start): just after joining, and on days drawn from their calendar."""
    members = people.memberships
    mood = draws.quantiles((0.3, 0.6, 0.8, 1.0, 1.15, 1.3, 1.7), len(accounts), seasons.days // 7 + 1)
    human = np.flatnonzero(~accounts.are("bot")[members.account])
    found = [
        _calendar(seasons, accounts, readiness, people, draws, mood, human[first : first + _CHUNK])
        for first in range(0, len(human), _CHUNK)
    ]
    row, day = (np.concatenate(column) for column in zip(*found, strict=True))
    again = draws.chance(0.2, len(row))
    row, day = np.concatenate((row, row[again])), np.concatenate((day, day[again]))
    place = accounts.place[members.account[row]]
    start = seasons.working_time(draws, place, day, people.late[members.person[row]])
    return np.concatenate((human, row)), np.concatenate((members.join[human] + 2 * MINUTE, start))


def _calendar(
    seasons: Seasons,
    accounts: Accounts,
    readiness: Readiness,
    people: People,
    draws: Draws,
    mood: Floats,
    rows: Ints,
) -> tuple[Ints, Ints]:
    """The days on which each of these memberships comes, as (membership, day)."""
    members = people.memberships
    account = members.account[rows]
    day = np.arange(seasons.days)
    joined = seasons.number_of_day(members.join[rows])[:, None]
    until = seasons.number_of_day(members.until[rows])[:, None]
    level = members.pace[rows][:, None] * seasons.busy[accounts.place[account]] * mood[account][:, day // 7]
    level = level * np.clip(0.4 + (day - joined) / readiness.ramp[account][:, None], 0.4, 1.0)
    level = level * np.where(until < seasons.days, np.clip((until - day) / 21, 0.15, 1.0), 1.0)
    keen = seasons.number_of_day(np.minimum(readiness.intent_since, NEVER // 2))[account][:, None]
    level = np.where(day >= keen, level * 1.2, level)
    comes = draws.chance(np.minimum(level, 0.97)) & (day >= joined) & (day <= until)
    found, when = np.nonzero(comes)
    return rows[found], when


def _lengths(accounts: Accounts, people: People, draws: Draws, row: Ints) -> Ints:
    """How many actions follow the sign-in of each visit."""
    appetite = accounts.appetite[people.memberships.account[row]]
    return draws.rounded(draws.quantiles(SKEWED, len(row)) * (1.1 + 1.4 * appetite))


def _elapsed(draws: Draws, place: Ints) -> Ints:
    """The time since the visit's start of each action: the sum of the pauses before it, in whole milliseconds."""
    pause = np.where(place > 0, draws.quantiles(_PAUSES, len(place)) * 1000, 0.0).astype(np.int64)
    passed = np.cumsum(pause)
    first = np.flatnonzero(place == 0)
    visit = np.cumsum(place == 0) - 1
    return (passed - passed[first][visit]) * (SECOND // 1000)


def _choices(draws: Draws, role: Ints) -> Ints:
    """An action for each, after the habits of its role."""
    kind = np.zeros(len(role), np.int64)
    for code, name in enumerate(ROLES):
        who = role == code
        kind[who] = draws.pick(_HABITS[name], int(who.sum()))
    return kind


def early(people: People, actions: Actions, days: int) -> Bools:
    """Which actions fall in the first days of a membership."""
    return actions.time < people.memberships.join[actions.row] + days * DAY
