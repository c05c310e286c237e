"""Rivals that search rules, bins or points, all from the honest table at the landmark. Libraries are loaded late."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np

from benchmarks.proving.chance import Floats
from benchmarks.proving.features import Table
from benchmarks.proving.rivals.rival import LISTED, Learned, Rival, as_conditions, named, phi, with_bar

DEPTH, BEAM = 3, 50
ITEMS = 8
"""Of a point score."""


def subgroups(table: Table) -> Learned:
    """pysubgroup: the best conjunction of up to three by a beam and weighted relative accuracy, as its manual does."""
    import pandas as pd
    import pysubgroup as ps

    found, reached = as_conditions(table)
    frame = pd.DataFrame(reached, columns=[str(each) for each in range(len(found))])
    frame["bought"] = table.outcome
    task = ps.SubgroupDiscoveryTask(
        frame,
        ps.BinaryTarget("bought", True),
        [ps.EqualitySelector(str(each), True) for each in range(len(found))],
        result_set_size=1,
        depth=DEPTH,
        qf=ps.WRAccQF(),
    )
    result = ps.BeamSearch(beam_width=BEAM).execute(task)
    parts = [found[int(each.attribute_name)] for each in result.to_descriptions()[0][1].selectors]
    return Learned(
        tuple(named(table.names[column], cut) for column, cut in parts),
        lambda rows: np.all([rows[:, column] >= cut for column, cut in parts], axis=0),
    )


def binned(table: Table) -> Learned:
    """optbinning: optimal bins of each column, the columns of the greatest information value, the sum of their
    weights of evidence. Its thresholds are the cut of the greatest phi."""
    from optbinning import OptimalBinning

    def learn(part: Table) -> list[tuple[float, int, Any]]:
        found = []
        for column in range(len(part.names)):
            binning = OptimalBinning(solver="mip", time_limit=5).fit(part.values[:, column], part.outcome.astype(int))
            if len(binning.splits):
                binning.binning_table.build()
                found.append((float(binning.binning_table.iv), column, binning))
        return sorted(found, key=lambda each: -each[0])[:ITEMS]

    def evidence(model: list[tuple[float, int, Any]], rows: Floats) -> Floats:
        # its weight of evidence is that of not buying
        total = np.zeros(len(rows))
        for _, column, binning in model:
            total -= binning.transform(rows[:, column], metric="woe")
        return total

    model, bar = with_bar(table, learn, evidence)
    tops = []
    for _, column, binning in model[:LISTED]:
        cuts = [(phi(table.values[:, column] > cut, table.outcome), cut) for cut in binning.splits]
        strength, cut = max(cuts, key=lambda each: abs(each[0]))
        tops.append(named(table.names[column], cut, more=strength > 0))
    return Learned(tuple(tops), lambda rows: evidence(model, rows) >= bar)


def points(table: Table) -> Learned:
    """FasterRisk (Liu et al. 2022): integer points for up to eight conditions."""
    from fasterrisk.fasterrisk import RiskScoreClassifier, RiskScoreOptimizer

    found, _ = as_conditions(table)

    def conditions(rows: Floats) -> Floats:
        return np.array([rows[:, column] >= cut for column, cut in found]).T.astype(np.float64)

    def learn(part: Table) -> Any:
        with contextlib.redirect_stdout(io.StringIO()):
            search = RiskScoreOptimizer(conditions(part.values), np.where(part.outcome, 1.0, -1.0), k=ITEMS)
            search.optimize()
            return RiskScoreClassifier(*search.get_models(model_index=0))

    def chance(model: Any, rows: Floats) -> Floats:
        given: Floats = model.predict_prob(conditions(rows))
        return given

    model, bar = with_bar(table, learn, chance)
    items = [(*found[each], model.coefficients[each] > 0) for each in np.flatnonzero(model.coefficients)]
    return Learned(
        tuple(named(table.names[column], cut, more=bool(more)) for column, cut, more in items),
        lambda rows: chance(model, rows) >= bar,
        lambda rows: chance(model, rows),
    )


def own_points(table: Table) -> Learned:
    """fireflower's own point score, of the very conditions that FasterRisk is given."""
    from fireflower.discover.logistic import sigmoid
    from fireflower.discover.scores import Card, best_card

    found, _ = as_conditions(table)

    def learn(part: Table) -> Card | None:
        x = np.array([part.values[:, column] >= cut for column, cut in found])
        return best_card(x.astype(np.float64), part.outcome.astype(np.float64), ITEMS)

    def chance(card: Card | None, rows: Floats) -> Floats:
        if card is None:
            return np.full(len(rows), table.outcome.mean())
        passed = [rows[:, found[term][0]] >= found[term][1] for term in card.terms]
        given: Floats = sigmoid(card.base + card.scale * (np.array(card.points) @ np.array(passed)))
        return given

    card, bar = with_bar(table, learn, chance)
    items = [] if card is None else [(*found[term], point) for term, point in zip(card.terms, card.points, strict=True)]
    return Learned(
        tuple(named(table.names[column], cut, more=point > 0) for column, cut, point in items),
        lambda rows: (chance(card, rows) >= bar) & bool(items),
        lambda rows: chance(card, rows),
    )


LISTS = (
    Rival("pysubgroup", "pysubgroup, depth 3", subgroups, needs=("pysubgroup", "pandas")),
    Rival("optbinning", "optbinning", binned, needs=("optbinning",)),
    Rival("points", "fireflower's point score alone, 8 items", own_points, needs=("fireflower",)),
    Rival("fasterrisk", "FasterRisk, 8 items", points, needs=("fasterrisk",)),
)
