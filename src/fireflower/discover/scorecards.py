"""Point scores with what they give on later rows: the best, and others that are nearly as good by other means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from fireflower.discover import rates
from fireflower.discover.boards import passes
from fireflower.discover.drafts import part_of
from fireflower.discover.frames import Frame
from fireflower.discover.measuring import measured, weeks
from fireflower.discover.results import Calibrated, ScoreFound, Threshold
from fireflower.discover.scores import Card, near_ties, pool, scored, sums
from fireflower.discover.study import Ground, Question


def scorecards(ground: Ground, question: Question) -> Iterator[ScoreFound]:
    """The best score first; none where no condition is worth a point."""
    terms, rows = pool(ground.board, ground.least)
    best = scored(ground.board, terms, rows)
    if best is not None:
        for card in (best, *near_ties(ground.board, terms, rows, best)):
            yield _found(ground, card, question)


def _total(ground: Ground, card: Card, frame: Frame) -> NDArray[np.float64]:
    terms = [ground.board.terms[k] for k in card.terms]
    return sums([passes(frame.columns[term.column], term.test) for term in terms], card.points)


def _found(ground: Ground, card: Card, question: Question) -> ScoreFound:
    """The card on later rows."""
    train, test, horizon = ground.split.train, ground.split.test, question.horizon
    columns = [train.columns[ground.board.terms[k].column] for k in card.terms]
    tests = [ground.board.terms[k].test for k in card.terms]
    parts = tuple(
        part_of(column.candidate, test_, point)
        for column, test_, point in zip(columns, tests, card.points, strict=True)
    )
    total = _total(ground, card, test)
    reached = test.reached(horizon)
    probability = 1 / (1 + np.exp(-(card.base + card.scale * total)))
    table = _thresholds(test, total, horizon)
    by_circle: dict[str, int] = {}
    for part in parts:
        by_circle[part.circle] = by_circle.get(part.circle, 0) + max(part.points, 0)
    return ScoreFound(
        name="", parts=parts, base=card.base, scale=card.scale, auc=rates.auc_estimate(total, reached),
        log_loss=rates.log_loss(probability, reached), thresholds=table,
        chosen=_bound(ground, card, question, table), calibration=_calibration(test, probability, horizon),
        by_circle=by_circle,
    )  # fmt: skip


def _thresholds(frame: Frame, total: NDArray[np.float64], horizon: int) -> tuple[Threshold, ...]:
    reached = frame.reached(horizon)
    found = []
    for bound in np.unique(total)[1:].tolist():
        inside = total >= bound
        made = measured(frame, inside, horizon)
        covered = float(reached[inside].sum() / max(reached.sum(), 1))
        found.append(Threshold(bound, made.inside, covered, float(inside.sum()) / weeks(frame)))
    return tuple(found)


def _calibration(frame: Frame, probability: NDArray[np.float64], horizon: int) -> tuple[Calibrated, ...]:
    """Up to five groups of rows with about as many rows each; equal scores stay together."""
    cuts = np.unique(np.quantile(probability, np.linspace(0, 1, 6)[1:-1]))
    group = np.searchsorted(cuts, probability, side="right")
    reached = frame.reached(horizon)
    return tuple(
        Calibrated(float(probability[own].mean()), rates.share(reached[own], frame.cluster[own]))
        for own in (group == number for number in np.unique(group))
    )


def _bound(ground: Ground, card: Card, question: Question, table: Sequence[Threshold]) -> float:
    """The lowest bound whose leads can be worked; without a capacity, the one that tells most apart on the searched
    rows (Youden 1950)."""
    if question.per_week is not None:
        fitting = [each.bound for each in table if each.per_week <= question.per_week]
        if fitting:
            return min(fitting)
    total = _total(ground, card, ground.split.train)
    reached = ground.board.reached
    bounds = np.unique(total)[1:]
    if not len(bounds):
        return float(total.max(initial=1))
    tell = [float((total[reached] >= b).mean() - (total[~reached] >= b).mean()) for b in bounds]
    return float(bounds[int(np.argmax(tell))])
