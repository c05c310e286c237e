"""What subjects do, week by week from sign-up: counts by a Gaussian copula, then moments.

An event's latent in a week is  loading x activity + sqrt(1 - loading^2) x (half habit, half that week), in variance.
So the latents of two events of one week correlate by the product of their loadings, and a subject's weeks resemble
each other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.proving.catalogue import Catalogue, edges
from benchmarks.proving.chance import Chance, Ints, spread_out
from benchmarks.proving.history import DAY, MINUTE, Rows
from benchmarks.proving.kinds import Kind
from benchmarks.proving.subjects import Subjects, climate

Counts = NDArray[np.uint8]

FADING = (1.0, 0.4, 0.3, 0.2, 0.2, 0.15, 0.15, 0.1, 0.1, 0.1)
"""Use in each week, relative to the first."""
WEEK = 7 * DAY
KEENER = 1.5
"""How many standard deviations more those who come after a campaign do what it speaks of."""
_BOTS_DO = (8, 25)
"""Occurrences of an event in a bot's week."""


def use(kind: Kind, catalogue: Catalogue, chance: Chance, subjects: Subjects) -> Rows:
    """All that subjects do until they leave, but what follows from buying."""
    counts = _counts(kind, catalogue, chance, subjects)
    cell = np.flatnonzero(counts)
    owner, place = spread_out(counts.ravel()[cell].astype(np.int64))
    cell = cell[owner]
    subject, within = np.divmod(cell, counts[0].size)
    event, week = np.divmod(within, counts.shape[2])
    item = within * 256 + place
    moment = chance.items("moment", subject, item)
    bot = subjects.bot[subject]
    moment[bot] = (place[bot] + 0.5) / _BOTS_DO[1]
    time = subjects.signed_up[subject] + week * WEEK + (moment * WEEK).astype(np.int64)
    rows = Rows(subject, event, time)
    if kind.bursts:
        rows = Rows.join([rows, _bursts(kind, catalogue, chance, rows, item)])
    return until(rows, subjects.leaves)


def until(rows: Rows, end: Ints) -> Rows:
    """The rows before each subject's end."""
    kept = rows.time < end[rows.subject]
    return Rows(*(column[kept] for column in rows))


def _counts(kind: Kind, catalogue: Catalogue, chance: Chance, subjects: Subjects) -> Counts:
    """Occurrences by subject, event and week."""
    weeks, count = len(FADING), kind.events
    starts = subjects.signed_up[:, None] + np.arange(weeks) * WEEK
    activity = (subjects.active[:, None] + climate(kind, starts)[0]).astype(np.float32)
    own, fresh = chance.normal("habit", count), chance.normal("use", count * weeks).reshape(-1, count, weeks)
    habit = _with_teams(kind, catalogue, chance, subjects, own)
    counts = np.zeros((len(subjects), count, weeks), np.uint8)
    for event in range(count):
        loading = catalogue.loading[event]
        latent = loading * activity + np.sqrt((1 - loading**2) / 2) * (habit[:, event, None] + fresh[:, event])
        if event in catalogue.campaign:
            latent[subjects.viral] += KEENER
        for week, fading in enumerate(FADING):
            counts[:, event, week] = np.searchsorted(edges(catalogue.mean[event] * fading), latent[:, week])
    return _with_bots(chance, subjects, counts)


def _with_teams(
    kind: Kind, catalogue: Catalogue, chance: Chance, subjects: Subjects, habit: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Habits, some of which are the account's."""
    if kind.teams:
        account = Chance(chance.seed, int(subjects.team.max()) + 1)
        habit[:, catalogue.social] = account.normal("account's habit", len(catalogue.social))[subjects.team]
    return habit


def _with_bots(chance: Chance, subjects: Subjects, counts: Counts) -> Counts:
    """Bots do a third of all things very often for two weeks, at even distances, and nothing else."""
    if not subjects.bot.any():
        return counts
    low, high = _BOTS_DO
    does = chance.unit("what bots do", counts.shape[1])[subjects.bot]
    counts[subjects.bot] = 0
    counts[subjects.bot, :, :2] = np.where(does < 1 / 3, low + does * 3 * (high - low), 0).astype(np.uint8)[:, :, None]
    return counts


def _bursts(kind: Kind, catalogue: Catalogue, chance: Chance, rows: Rows, item: Ints) -> Rows:
    """Copies within minutes of some occurrences."""
    able = np.isin(rows.event, catalogue.bursty) & (chance.items("bursts", rows.subject, item) < kind.bursts)
    which = np.flatnonzero(able)
    copies = 3 + (chance.items("burst's size", rows.subject[which], item[which]) * 12).astype(np.int64)
    owner, place = spread_out(copies)
    which = which[owner]
    return Rows(rows.subject[which], rows.event[which], rows.time[which] + (place + 1) * MINUTE // 3)
