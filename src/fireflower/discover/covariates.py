"""The columns of a frame as plain numbers, for models that take everything at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fireflower.discover.frames import Column

Floats = NDArray[np.float64]
_MOST_TEXTS = 12
_STEPS = (0.25, 0.5, 0.75, 0.9)


def design(columns: Sequence[Column]) -> Floats:
    """[rows, k]: numbers on a log scale and in steps, whether they are known, and one column for each of the most
    frequent texts."""
    made = [part for column in columns for part in _parts(column)]
    rows = len(columns[0].numbers) if columns else 0
    return np.column_stack(made) if made else np.zeros((rows, 0))


def standardized(x: Floats, like: Floats) -> Floats:
    """Centred and scaled as `like` is; constant columns become 0."""
    middle, spread = like.mean(axis=0), like.std(axis=0)
    return np.asarray((x - middle) / np.where(spread > 0, spread, np.inf))


def strongest(x: Floats, y: Floats, count: int) -> NDArray[np.int64]:
    """The columns of x that go along most with y, at most so many."""
    spread = x.std(axis=0)
    together = np.abs(x.T @ (y - y.mean())) / np.where(spread > 0, spread, np.inf)
    order = np.argsort(-together, kind="stable")[:count]
    return np.sort(order[together[order] > 0])


def _parts(column: Column) -> list[Floats]:
    numbers = column.numbers.astype(np.float64)
    known = ~np.isnan(numbers)
    parts = []
    if known.any():
        values = np.where(known, numbers, np.median(numbers[known]))
        parts.append(np.sign(values) * np.log1p(np.abs(values)))
        steps = np.unique(np.quantile(values, _STEPS))
        parts += [(values >= step).astype(np.float64) for step in steps if values.min() < step]
    texts = column.codes is not None and (column.codes >= 0).any()
    if (~known).any() and known.any():
        parts.append((~known).astype(np.float64))
    if texts and column.codes is not None:
        counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.texts))
        for code in np.argsort(-counts, kind="stable")[:_MOST_TEXTS].tolist():
            if counts[code]:
                parts.append((column.codes == code).astype(np.float64))
    return parts
