"""Rivals that are a few lines of arithmetic: what is on sale as 'what predicts conversion'."""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks.proving.chance import Floats
from benchmarks.proving.features import Table, before_buying, ever, first_days
from benchmarks.proving.rivals.rival import LISTED, Learned, Rival, named, phi, with_bar

PRIOR = 1.0
"""Added to each cell of the odds ratio's table."""
SMOOTHING, LEAST, MOST = 0.1, 0.0001, 0.9999
"""Of the naive Bayes: added to each frequency; within which its chances are held."""
_CUTS = 20


def best_signals(table: Table) -> Learned:
    """'Those who did X at least k times bought more often': the best threshold of each column by phi."""
    best: list[tuple[float, float, int, str]] = []
    for column, name in enumerate(table.names):
        values = table.values[:, column]
        cuts = np.unique(values)[1:]
        if len(cuts) > _CUTS:
            cuts = np.unique(np.quantile(values[values > 0], np.linspace(0, 1, _CUTS)))
        if len(cuts):
            best.append(max((phi(values >= cut, table.outcome), cut, column, name) for cut in cuts.tolist()))
    best.sort(reverse=True)
    _, cut, column, _ = best[0]
    return Learned(tuple(named(name, cut) for _, cut, _, name in best[:LISTED]), lambda rows: rows[:, column] >= cut)


def odds_ratios(table: Table) -> Floats:
    """Of having done each thing, with a prior of 1 in each cell: (s + 1)(F - f + 1) / ((S - s + 1)(f + 1)), where s
    of S buyers did it and f of F others."""
    did, bought = table.values > 0, table.outcome
    s, f = did[bought].sum(axis=0), did[~bought].sum(axis=0)
    ratio: Floats = (s + PRIOR) * ((~bought).sum() - f + PRIOR) / ((bought.sum() - s + PRIOR) * (f + PRIOR))
    return ratio


def odds_report(table: Table) -> Learned:
    """The report's first lines: the columns whose odds ratio is farthest from 1, in either direction."""
    ratio = odds_ratios(table)
    top = np.argsort(-np.abs(np.log(ratio)), kind="stable")[:LISTED]
    first, more = int(top[0]), bool(ratio[top[0]] > 1)
    return Learned(
        tuple(named(table.names[column], 1, more=bool(ratio[column] > 1)) for column in top),
        lambda rows: (rows[:, first] > 0) == more,
    )


def naive_bayes(table: Table) -> tuple[float, Floats, Floats]:
    """The share that won, and for each column the frequency of 'done' among the won and among the lost."""
    did, won = table.values > 0, table.outcome
    done = [(did[side].sum(axis=0) + SMOOTHING) / (side.sum() + 2 * SMOOTHING) for side in (won, ~won)]
    return float(won.mean()), done[0], done[1]


def bayes_chance(model: tuple[float, Floats, Floats], rows: Floats) -> Floats:
    """P = S_won / (S_won + S_lost), S the share of that side times the product of its frequencies."""
    share, won, lost = model
    did = rows > 0
    log = np.log(share / (1 - share)) + np.where(did, np.log(won / lost), np.log((1 - won) / (1 - lost))).sum(axis=1)
    return np.clip(1 / (1 + np.exp(-np.clip(log, -500, 500))), LEAST, MOST)


def bayes_score(table: Table) -> Learned:
    model, bar = with_bar(table, naive_bayes, bayes_chance)
    top = np.argsort(-model[1] / model[2], kind="stable")[:LISTED]
    return Learned(
        tuple(named(table.names[column], 1) for column in top),
        lambda rows: bayes_chance(model, rows) >= bar,
        partial(bayes_chance, model),
    )


PLAIN = (
    Rival("ever", "everything ever", best_signals, ever),
    Rival("first14", "first 14 days, outcome ever", best_signals, lambda world: first_days(world, 14), 14.0),
    Rival("odds", "odds-ratio report", odds_report, before_buying),
    Rival("bayes", "naive Bayes of a CRM", bayes_score, ever),
)
