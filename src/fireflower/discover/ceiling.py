"""How well the goal can be predicted with no regard to simplicity: the price of a rule that one can say aloud."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fireflower.discover import covariates, logistic, rates
from fireflower.discover.frames import Frame
from fireflower.discover.results import Ceiling

_ROWS = 60_000
"""More rows than these, chosen at random, would tell no more, and take gigabytes."""

_MOST = 150
Floats = NDArray[np.float64]


def ceilings(train: Frame, test: Frame, horizon: int) -> tuple[Ceiling, ...]:
    """Every column at once: a regression, and where scikit-learn is installed, boosted trees; judged on later rows."""
    train, test = train.at(train.some(_ROWS)), test.at(test.some(_ROWS))
    y, later = train.reached(horizon), test.reached(horizon)
    if not train.columns or not 0 < y.mean() < 1 or not 0 < later.sum() < len(later):
        return ()
    both = covariates.design([_stacked(a, b) for a, b in zip(train.columns, test.columns, strict=True)])
    x = covariates.standardized(both, both[: len(train)])
    kept = x[:, covariates.strongest(x[: len(train)], y.astype(np.float64), _MOST)]
    b = logistic.fit(kept[: len(train)], y.astype(np.float64), ridge=10.0)
    found = [
        _judged("all signals at once, by logistic regression", logistic.predict(kept[len(train) :], b), test, later)
    ]
    trees = _trees(both[: len(train)], y, both[len(train) :])
    if trees is not None:
        found.append(_judged("all signals at once, by boosted trees", trees, test, later))
    return tuple(found)


def _judged(method: str, p: Floats, frame: Frame, reached: NDArray[np.bool_]) -> Ceiling:
    return Ceiling(method, rates.auc_estimate(p, reached, frame.cluster), rates.log_loss(p, reached))


def _trees(x: Floats, y: NDArray[np.bool_], later: Floats) -> Floats | None:
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits  # comes with it
    except ImportError:
        return None
    model = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.06, max_leaf_nodes=15, min_samples_leaf=30, l2_regularization=1.0, random_state=0
    )
    with threadpool_limits(1):  # its threads wait busily for each other: where others work, too, that is all they do
        return np.asarray(model.fit(x, y).predict_proba(later)[:, 1], np.float64)


def _stacked(one: covariates.Column, other: covariates.Column) -> covariates.Column:
    codes = None if one.codes is None or other.codes is None else np.concatenate([one.codes, other.codes])
    return covariates.Column(one.candidate, np.concatenate([one.numbers, other.numbers]), codes, one.texts)
