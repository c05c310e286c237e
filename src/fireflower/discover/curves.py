"""Threshold curves, and threshold x window maps: what each bound would give. All rows count, weighted for those that
could not be followed to the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.discover import rates
from fireflower.discover.boards import bounds_of
from fireflower.discover.frames import Column, Frame, weights
from fireflower.discover.measuring import weeks
from fireflower.discover.results import CurvePoint, Heat, HeatCell
from fireflower.language.nodes import Recency

_POINTS = 14


def curve(frame: Frame, column: Column, horizon: int) -> tuple[CurvePoint, ...]:
    """Every threshold of a column (thinned out to what can be drawn)."""
    if isinstance(column.candidate.quantity, Recency):
        return ()  # a span, which is no number that one could write under a curve
    values = bounds_of(column)
    weight, reached = weights(frame, horizon), _reached(frame, horizon)
    shown = (
        values if len(values) <= _POINTS else [values[i] for i in np.linspace(0, len(values) - 1, _POINTS).astype(int)]
    )
    points = [_point(frame, column.numbers >= bound, weight, reached, bound) for bound in shown]
    return tuple(point for point in points if point.share.known)


def heat(frame: Frame, columns: Sequence[tuple[float, NDArray[Any]]], horizon: int, event: str) -> Heat:
    """Cells for each window (its days, and the counts within it) and threshold."""
    weight, reached = weights(frame, horizon), _reached(frame, horizon)
    most = max((int(np.nanquantile(column, 0.98)) for _, column in columns), default=0)
    bounds = [b for b in (1, 2, 3, 5, 8, 13, 21, 34, 55, 89) if b <= max(most, 1)][:8]
    cells = []
    for days, column in columns:
        for bound in bounds:
            point = _point(frame, column >= bound, weight, reached, float(bound))
            cells.append(HeatCell(days, float(bound), point.share, point.coverage, point.per_week))
    return Heat(event, tuple(cells))


def _reached(frame: Frame, horizon: int) -> NDArray[np.bool_]:
    return frame.wait <= np.minimum(horizon, frame.followed)


def _point(
    frame: Frame, inside: NDArray[np.bool_], weight: NDArray[np.float64], reached: NDArray[np.bool_], bound: float
) -> CurvePoint:
    share = rates.share(reached[inside], frame.cluster[inside], weight[inside])
    total = float((weight * reached).sum())
    covered = float((weight * reached * inside).sum()) / total if total > 0 else np.nan
    return CurvePoint(bound, share, covered, float(inside.sum()) / weeks(frame))
