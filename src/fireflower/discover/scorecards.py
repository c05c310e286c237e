"""Point scores with what they give on later rows: the best, and others that are nearly as good by other means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from fireflower.discover import logistic, rates
from fireflower.discover.boards import Board, passes
from fireflower.discover.drafts import part_of
from fireflower.discover.frames import Frame
from fireflower.discover.measuring import measured, weeks
from fireflower.discover.results import Calibrated, Part, ScoreFound, Threshold
from fireflower.discover.scores import Card, calibrated, near_ties, pool, scored, sums, without
from fireflower.discover.study import Ground, Question


def scorecards(ground: Ground, question: Question) -> Iterator[ScoreFound]:
    """The best score first; none where no condition is worth a point.

    Each is made of all rows; how far it can be trusted is told by one that is made in the same way of what was known at
    the cut, on the rows that came later. Its curve is drawn through the earlier rows when all of them had been followed
    for the horizon, which may be after the cut: that is no matter of who comes first.
    """
    whole, early = ground.whole.board, ground.early.board
    terms, rows = pool(whole, ground.whole.least)
    best = scored(whole, terms, rows)
    if best is None:
        return
    known, known_rows = pool(early, ground.early.least)
    for name, card in (("", best), *near_ties(whole, terms, rows, best)):
        then = scored(early, without(early, known, name), known_rows)
        if then is not None:
            yield _found(ground, card, then, question)


def _total(on: Board, card: Card, frame: Frame) -> NDArray[np.float64]:
    terms = [on.terms[k] for k in card.terms]
    return sums([passes(frame.columns[term.column], term.test) for term in terms], card.points)


def _parts(on: Board, card: Card) -> tuple[Part, ...]:
    terms = [on.terms[k] for k in card.terms]
    return tuple(
        part_of(on.frame.columns[term.column].candidate, term.test, point)
        for term, point in zip(terms, card.points, strict=True)
    )


def _found(ground: Ground, card: Card, then: Card, question: Question) -> ScoreFound:
    """The card on all rows that were followed, and that of the earlier rows on the later."""
    whole, early, horizon = ground.whole.board, ground.early.board, ground.horizon
    parts = _parts(whole, card)
    total, reached = _total(whole, card, ground.followed), ground.followed.reached(horizon)
    card = calibrated(card, total, reached)
    table = _thresholds(ground.followed, total, horizon)
    by_circle: dict[str, int] = {}
    for part in parts:
        by_circle[part.circle] = by_circle.get(part.circle, 0) + max(part.points, 0)
    train, test = ground.split.train, ground.split.test
    then = calibrated(then, _total(early, then, train), train.reached(horizon))
    later, came = _total(early, then, test), test.reached(horizon)
    probability = logistic.sigmoid(then.base + then.scale * later)
    return ScoreFound(
        name="", parts=parts, base=card.base, scale=card.scale, auc=rates.auc_estimate(later, came, test.cluster),
        log_loss=rates.log_loss(probability, came), thresholds=table, chosen=_bound(total, reached, question, table),
        calibration=_calibration(test, probability, horizon), by_circle=by_circle, judged=_parts(early, then),
        later_rows=len(came), later_hits=int(came.sum()),
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


def _bound(
    total: NDArray[np.float64], reached: NDArray[np.bool_], question: Question, table: Sequence[Threshold]
) -> float:
    """The bound that tells most apart (Youden 1950), of those whose leads can be worked; the strictest where none can.

    A greater bound never gives more leads, so a capacity can only make the bound stricter: it is a ceiling on volume,
    not a volume to be filled with leads that are hardly better than any.
    """
    bounds = np.array([each.bound for each in table])
    if not len(bounds):
        return float(total.max(initial=1))
    if question.per_week is not None:
        fitting = np.array([each.per_week <= question.per_week for each in table])
        bounds = bounds[fitting] if fitting.any() else bounds[-1:]
    tell = [float((total[reached] >= b).mean() - (total[~reached] >= b).mean()) for b in bounds]
    return float(bounds[int(np.argmax(tell))])
