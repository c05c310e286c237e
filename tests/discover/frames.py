"""Small frames by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fireflower.discover.candidates import Candidate
from fireflower.discover.frames import Column, Frame
from fireflower.model.moments import DAY, NEVER


def column(name: str, numbers: NDArray[np.float64], vocabulary: str = "did", both_ways: bool = False) -> Column:
    candidate = Candidate(name, None, None, vocabulary, "value", both_ways, name)
    return Column(candidate, np.asarray(numbers, np.float64))


def frame(
    columns: Sequence[Column], reached: NDArray[np.bool_], cluster: NDArray[np.int64] | None = None, days: int = 400
) -> Frame:
    """Rows at even steps over some days, all followed for long; the goal comes a day after the landmark."""
    n = len(reached)
    return Frame(
        7 * DAY, np.arange(n), np.linspace(0, days * DAY, n).astype(np.int64), np.where(reached, DAY, NEVER),
        np.full(n, 1000 * DAY), np.full(n, NEVER), np.arange(n) if cluster is None else cluster, tuple(columns),
    )  # fmt: skip


def counts(rng: np.random.Generator, n: int, k: int) -> list[Column]:
    return [column(f"e{i}", rng.poisson(1.5, n)) for i in range(k)]
