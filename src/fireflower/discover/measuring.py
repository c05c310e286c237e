"""One rule on some rows: shares, lift, coverage, volume, lead time."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fireflower.discover import rates
from fireflower.discover.frames import Frame
from fireflower.discover.results import Measured
from fireflower.model.moments import DAY, WEEK
from fireflower.review.intervals import Estimate

Bools = NDArray[np.bool_]


def measured(frame: Frame, inside: Bools, horizon: int) -> Measured:
    """Those inside beside those outside, on rows that have been followed for the horizon."""
    reached = frame.reached(horizon)
    within = rates.share(reached[inside], frame.cluster[inside])
    without = rates.share(reached[~inside], frame.cluster[~inside])
    return Measured(
        rows=len(frame),
        inside_rows=int(inside.sum()),
        hits=int(reached.sum()),
        inside_hits=int((reached & inside).sum()),
        inside=within,
        outside=without,
        lift=rates.lift(within, without),
        p=rates.above(reached, inside, frame.cluster),
    )


def told_apart(measured: Measured) -> float:
    """How much more likely, in log-likelihood, the outcomes are with a share for those inside and one for those
    outside than with one for all; below 0 where those inside do worse."""
    m = measured
    one, other = (m.inside_hits, m.inside_rows), (m.hits - m.inside_hits, m.rows - m.inside_rows)
    gain = _likelihood(*one) + _likelihood(*other) - _likelihood(m.hits, m.rows)
    return gain if one[0] * other[1] >= other[0] * one[1] else -gain


def _likelihood(hits: int, rows: int) -> float:
    return sum(k * math.log(k / rows) for k in (hits, rows - hits) if k)


def coverage(frame: Frame, inside: Bools, horizon: int) -> Estimate:
    """Of those that reached the goal, the share inside."""
    reached = frame.reached(horizon)
    return rates.share(inside[reached], frame.cluster[reached])


def weeks(frame: Frame) -> float:
    """How many weeks the rows span; NaN for a table."""
    if frame.landmark is None or len(frame) < 2:
        return math.nan
    return max(1.0, float(frame.moment[-1] - frame.moment[0]) / WEEK)


def lead_days(frame: Frame, inside: Bools, horizon: int) -> float:
    """The median wait for the goal of those inside that reached it; NaN for a table, and for none."""
    waits = frame.wait[inside & frame.reached(horizon)]
    return float(np.median(waits)) / DAY if len(waits) and frame.landmark is not None else math.nan


def jaccard(one: Bools, other: Bools) -> float:
    """How alike two sets of rows are: what is in both, of what is in either."""
    either = int((one | other).sum())
    return float((one & other).sum()) / either if either else 1.0
