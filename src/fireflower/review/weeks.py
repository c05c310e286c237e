"""Weeks and months of moments, in UTC."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fireflower.model.moments import DAY, NEVER, WEEK

_MONDAY = 4 * DAY
"""1970-01-05, the first Monday."""


def week_number(moments: NDArray[np.int64]) -> NDArray[np.int64]:
    """Weeks since the first Monday."""
    return (moments - _MONDAY) // WEEK


def weeks_between(first: int, last: int) -> NDArray[np.int64]:
    """The Mondays of all weeks from that of `first` to that of `last`."""
    numbers = week_number(np.array([first, last]))
    return np.arange(numbers[0], numbers[1] + 1) * WEEK + _MONDAY


def count_per_week(moments: NDArray[np.int64], weeks: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of the moments lie in each of these successive weeks."""
    return np.histogram(moments, np.append(weeks, weeks[-1] + WEEK))[0] if len(weeks) else weeks


def months(moments: NDArray[np.int64]) -> NDArray[np.int64]:
    """The moment at which the month of each moment begins; NEVER stays."""
    happened = moments < NEVER
    begins = np.full(len(moments), NEVER, dtype=np.int64)
    stamps = moments[happened].astype("datetime64[us]")
    begins[happened] = stamps.astype("datetime64[M]").astype("datetime64[us]").astype(np.int64)
    return begins


def month_after(month: int) -> int:
    """The moment at which the next month begins."""
    return int((np.datetime64(month, "us").astype("datetime64[M]") + 1).astype("datetime64[us]").astype(np.int64))
