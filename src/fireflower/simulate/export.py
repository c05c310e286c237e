"""The calls as an export really looks: by time of receipt, with a late batch, rows twice, and rubbish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fireflower.model.moments import DAY, SECOND
from fireflower.simulate.accounts import Accounts
from fireflower.simulate.calls import Calls, render
from fireflower.simulate.draws import Bools, Draws, Ints, moments
from fireflower.simulate.seasons import PLACES, Seasons
from fireflower.simulate.world import World

LATE_ZONE = "Asia/Kolkata"
"""The region whose events were once held up."""
_LATENESS = 9 * DAY

MALFORMED = (
    '{"type":"track","event":"Report Run","messageId":"cut-off","timestamp":"2025-',
    '{"type":"track","event":"Report Run","messageId":"nobody","timestamp":"2025-02-03T10:00:00.000Z"}',
    '{"type":"track","event":"Report Run","messageId":"when","timestamp":"yesterday","userId":"u_000002"}',
    '{"type":"track","event":"Report Run","messageId":"far","timestamp":"9999-12-31T23:59:59Z","userId":"u_000002"}',
    '{"type":"track","messageId":"nameless","timestamp":"2025-02-03T10:00:00.000Z","userId":"u_000002"}',
    '{"type":"trakc","event":"Report Run","messageId":"typo","timestamp":"2025-02-03T10:00:00Z","userId":"u_000002"}',
    "<html><body>504 Gateway Time-out</body></html>",
)
"""Rows that nobody can read, each in a way of its own."""


@dataclass(frozen=True, eq=False)
class Export:
    """Lines of JSON in the order in which they were received, with the month file (by number) of each.

    `late`, `duplicates` and `malformed` count the odd ones among them.
    """

    lines: Sequence[str]
    file: Ints
    rows: int
    late: int
    duplicates: int
    malformed: int


def export(world: World, seasons: Seasons, accounts: Accounts, calls: Sequence[Calls], seed: int) -> Export:
    """Everything that the export holds, unwritten."""
    draws = Draws(seed, "export")
    time = np.concatenate([each.time for each in calls])
    account = np.concatenate([each.account for each in calls])
    received = time + moments(draws.quantiles((0.08, 0.2, 0.4, 0.9, 4), len(time)) * SECOND)
    late = _held_up(world, seasons, accounts, account, time)
    received[late] += _LATENESS
    lines = _lines(calls, received, seed)
    again = np.flatnonzero(draws.chance(world.duplicates, len(time)))
    rubbish = np.flatnonzero(draws.unit(len(time)) * len(time) < 3 * world.malformed)[: world.malformed]
    lines += [lines[row] for row in again.tolist()]
    lines += [MALFORMED[row % len(MALFORMED)] + "\n" for row in range(len(rubbish))]
    resent = received[again] + moments(draws.quantiles((1, 60, 3600, 200000), len(again)) * SECOND)
    arrival = np.concatenate((received, resent, received[rubbish]))
    order = np.argsort(arrival, kind="stable")
    return Export(
        lines=[lines[row] for row in order.tolist()],
        file=_months(seasons, arrival[order]),
        rows=len(time),
        late=int(late.sum()),
        duplicates=len(again),
        malformed=len(rubbish),
    )


def _held_up(world: World, seasons: Seasons, accounts: Accounts, account: Ints, time: Ints) -> Bools:
    """Which calls were received nine days late: those of one region on some days."""
    region = [place.zone for place in PLACES].index(LATE_ZONE)
    there = (account >= 0) & (accounts.place[account] == region)
    day = seasons.number_of_day(time)
    return there & np.isin(day, [seasons.day_at(fraction) for fraction in world.late_days])


def _lines(calls: Sequence[Calls], received: Ints, seed: int) -> list[str]:
    lines: list[str] = []
    for each in calls:
        first = len(lines)
        ids = _message_ids(np.arange(first, first + len(each)), seed)
        lines.extend(render(each, ids, received[first : first + len(each)]))
    return lines


def _message_ids(number: Ints, seed: int) -> list[str]:
    """Ids that look like chance and never repeat: the numbers, scrambled by splitmix64."""
    mixed = number.astype(np.uint64) + np.uint64((seed * 0x9E3779B97F4A7C15) % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return list(map("%016x".__mod__, (mixed ^ (mixed >> np.uint64(31))).tolist()))


def _months(seasons: Seasons, arrival: Ints) -> Ints:
    """The calendar month of arrival, by number; what arrives after the end goes with the last one."""
    first = seasons.dates[0]
    month = np.array([12 * (day.year - first.year) + day.month - first.month for day in seasons.dates])
    return month[np.clip(seasons.number_of_day(arrival), 0, seasons.days - 1)]
