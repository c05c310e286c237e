"""Rivals that grow trees, all from the honest table at the landmark. Libraries are loaded when they are used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.proving.chance import Floats
from benchmarks.proving.features import Table
from benchmarks.proving.rivals.rival import LISTED, Learned, Rival, as_conditions, named, with_bar
from benchmarks.proving.scoring import Named

DEPTH = 3
SMALLEST_LEAF = 0.01
"""Share of the rows."""


def _second(model: Any, rows: Floats) -> Floats:
    chance: Floats = model.predict_proba(rows)[:, 1]
    return chance


def figs(table: Table) -> Learned:
    """FIGS (Tan et al. 2022): a sum of small trees; what it names are its splits."""
    from imodels import FIGSClassifier

    def learn(part: Table) -> Any:
        return FIGSClassifier(max_rules=6).fit(part.values, part.outcome.astype(int))

    model, bar = with_bar(table, learn, _second)
    splits: list[Named] = []
    for tree in model.trees_:
        splits += _figs_splits(tree, table.names)
    return Learned(
        tuple(dict.fromkeys(splits)), lambda rows: _second(model, rows) >= bar, lambda rows: _second(model, rows)
    )


def _figs_splits(node: Any, names: tuple[str, ...]) -> Iterator[Named]:
    if node is None or node.left is None:
        return
    more = _figs_mean(node.right) > _figs_mean(node.left)
    yield named(names[node.feature], node.threshold, more=more)
    yield from _figs_splits(node.left, names)
    yield from _figs_splits(node.right, names)


def _figs_mean(node: Any) -> float:
    """The share of buyers in a node."""
    lost, won = node.value_sklearn
    return float(won / max(won + lost, 1e-9))


def skope(table: Table) -> Learned:
    """Skope rules: the conjunction that comes first of those that a bag of trees proposes."""
    from imodels import SkopeRulesClassifier

    base = float(table.outcome.mean())
    model = SkopeRulesClassifier(max_depth=DEPTH, precision_min=1.5 * base, recall_min=0.1, random_state=0)
    model.fit(table.values, table.outcome.astype(int))
    rules = [str(rule) for rule in model.rules_]
    if not rules:
        return Learned((), lambda rows: np.zeros(len(rows), bool))
    parts = [(int(column), way, float(cut)) for column, way, cut in re.findall(r"X_?(\d+) (<=|>) (-?[\d.]+)", rules[0])]
    return Learned(
        tuple(named(table.names[column], cut, more=way == ">") for column, way, cut in parts),
        lambda rows: np.all([(rows[:, column] > cut) == (way == ">") for column, way, cut in parts], axis=0),
    )


def streed(table: Table) -> Learned:
    """STreeD (van der Linden et al. 2023): the tree of the best F1 score, given conditions of yes and no."""
    from pystreed import STreeDClassifier

    found, reached = as_conditions(table)
    model = STreeDClassifier(
        "f1-score", max_depth=DEPTH, min_leaf_node_size=int(SMALLEST_LEAF * len(reached)), time_limit=120,
        max_num_binary_features=len(found),
    )  # fmt: skip
    model.fit(reached.astype(np.int32), table.outcome.astype(np.int32))

    def selects(rows: Floats) -> Any:
        return model.predict(np.array([rows[:, column] >= cut for column, cut in found]).T.astype(np.int32)) == 1

    outcome = table.outcome
    ways = dict.fromkeys(_streed_conditions(model.get_tree()))
    return Learned(
        tuple(
            named(table.names[found[each][0]], found[each][1], more=outcome[reached[:, each]].mean() > outcome.mean())
            for each in ways
        ),
        selects,
    )


def _streed_conditions(node: Any) -> Iterator[int]:
    if node.is_branching_node():
        yield int(node.feature)
        yield from _streed_conditions(node.left_child)
        yield from _streed_conditions(node.right_child)


def boosted(table: Table) -> Learned:
    """Boosted trees: the ceiling for discrimination. What it names are the columns that it gains most by."""
    from lightgbm import LGBMClassifier

    def learn(part: Table) -> Any:
        model = LGBMClassifier(
            n_estimators=150, learning_rate=0.03, num_leaves=8, min_child_samples=50, subsample=0.8, subsample_freq=1,
            colsample_bytree=0.5, reg_lambda=5.0, importance_type="gain", n_jobs=1, random_state=0, verbose=-1,
            deterministic=True,
        )  # fmt: skip
        return model.fit(part.values, part.outcome)

    def chance(model: Any, rows: Floats) -> Floats:
        given: Floats = np.asarray(model.booster_.predict(rows))
        return given

    model, bar = with_bar(table, learn, chance)
    top = np.argsort(-model.feature_importances_, kind="stable")[:LISTED]
    return Learned(
        tuple(named(table.names[column]) for column in top),
        lambda rows: chance(model, rows) >= bar,
        lambda rows: chance(model, rows),
    )


TREES = (
    Rival("streed", "STreeD, depth 3, F1", streed, needs=("pystreed",)),
    Rival("figs", "FIGS, 6 splits", figs, needs=("imodels",)),
    Rival("skope", "Skope rules", skope, needs=("imodels",)),
    Rival("boosted", "boosted trees (LightGBM)", boosted, needs=("lightgbm",)),
)
