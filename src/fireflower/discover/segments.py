"""Does a rule hold for small and large, for every plan and country?"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fireflower.discover.frames import Column, Frame
from fireflower.discover.measuring import measured
from fireflower.discover.results import SegmentRow, SegmentTest

MOST_PARTS = 6
_LEAST_HITS = 10
Bools = NDArray[np.bool_]


def segments(frame: Frame, inside: Bools, horizon: int, used: frozenset[str]) -> tuple[SegmentTest, ...]:
    """The rule in the parts that each trait makes, on rows followed for the horizon.

    Parameters
    ----------
    used : traits that the rule itself is made of
    """
    found = []
    for column in frame.columns:
        candidate = column.candidate
        if candidate.vocabulary == "fit" and candidate.of not in used:
            rows = [SegmentRow(candidate.name, name, measured(frame.at(np.flatnonzero(part)), inside[part], horizon))
                    for name, part in _parts(column) if _enough(frame, part, inside, horizon)]  # fmt: skip
            if len(rows) > 1:
                found.append(SegmentTest(candidate.name, alike(rows), tuple(rows)))
    return tuple(sorted(found, key=lambda test: test.p)[:MOST_PARTS])


def _enough(frame: Frame, part: Bools, inside: Bools, horizon: int) -> bool:
    hits = int((part & frame.reached(horizon)).sum())
    return (
        hits >= _LEAST_HITS and int((part & inside).sum()) >= _LEAST_HITS and int((part & ~inside).sum()) >= _LEAST_HITS
    )


def _parts(column: Column) -> Iterator[tuple[str, Bools]]:
    if column.codes is not None and (column.codes >= 0).any():
        counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.texts))
        for code in np.argsort(-counts, kind="stable")[:MOST_PARTS].tolist():
            yield str(column.texts[code]), column.codes == code
        return
    numbers = column.numbers
    known = numbers[~np.isnan(numbers)]
    if len(known) < 4 * _LEAST_HITS:
        return
    low, high = np.quantile(known, (1 / 3, 2 / 3))
    if low < high:
        yield f"up to {low:g}", numbers <= low
        yield f"over {low:g}, up to {high:g}", (numbers > low) & (numbers <= high)
        yield f"over {high:g}", numbers > high


def alike(rows: list[SegmentRow]) -> float:
    """The p-value of the odds ratio being the same in all parts (Woolf 1955, with a half added to each cell)."""
    logs, weights = [], []
    for row in rows:
        found = row.measured
        a, b = found.inside_hits + 0.5, found.inside_rows - found.inside_hits + 0.5
        c = found.hits - found.inside_hits + 0.5
        d = found.rows - found.inside_rows - (found.hits - found.inside_hits) + 0.5
        logs.append(math.log(a * d / (b * c)))
        weights.append(1 / (1 / a + 1 / b + 1 / c + 1 / d))
    middle = sum(w * x for w, x in zip(weights, logs, strict=True)) / sum(weights)
    return chi_square_tail(sum(w * (x - middle) ** 2 for w, x in zip(weights, logs, strict=True)), len(rows) - 1)


def chi_square_tail(x: float, degrees: int) -> float:
    """P(chi-square > x), by the recurrence over degrees of freedom (Abramowitz & Stegun 26.4.8).

    >>> round(chi_square_tail(3.841459, 1), 4), round(chi_square_tail(7.814728, 3), 4)
    (0.05, 0.05)
    """
    if x <= 0:
        return 1.0
    if degrees % 2:
        tail, k = math.erfc(math.sqrt(x / 2)), 1
    else:
        tail, k = math.exp(-x / 2), 2
    while k < degrees:
        tail += math.exp(k / 2 * math.log(x / 2) - x / 2 - math.lgamma(k / 2 + 1))
        k += 2
    return min(1.0, tail)
