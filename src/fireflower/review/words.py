"""Numbers in words: counts, shares with their interval, lengths of time."""

from __future__ import annotations

import math

from fireflower.model.records import SubjectKind
from fireflower.review.intervals import Estimate

_UNITS = ((1.0, "day"), (1 / 24, "hour"), (1 / 1440, "minute"))

PLURAL: dict[SubjectKind, str] = {"person": "people", "account": "accounts"}


def count(n: int, subjects: SubjectKind) -> str:
    return f"{n:,} {subjects if n == 1 else PLURAL[subjects]}"


def percent(share: float, *, whole: bool = False) -> str:
    """One digit after the point, two below 1 %; whole where it is 0 or all, and with more digits where it would else
    seem to be.

    Parameters
    ----------
    whole : no digits after the point, where there is no need for them

    Examples
    --------
    >>> percent(0.346), percent(1.0), percent(0.9996), percent(0.346, whole=True), percent(0.9966, whole=True)
    ('34.6 %', '100 %', '99.96 %', '35 %', '99.7 %')
    """
    if math.isnan(share):
        return "an unknown share"
    points = 100 * share
    if math.isclose(points, round(points), abs_tol=1e-9) and round(points) in (0, 100):
        return f"{points:.0f} %"
    least = 0 if whole else 2 if abs(points) < 1 else 1
    return f"{points:.{next(digits for digits in range(least, 12) if round(points, digits) not in (0, 100))}f} %"


def interval(estimate: Estimate) -> str:
    """Of a share: "95 % interval 13.9 to 21.2 %"."""
    return f"95 % interval {percent_range(estimate.low, estimate.high)}"


def percent_range(low: float, high: float, *, whole: bool = False) -> str:
    """Two shares: "13.9 to 21.2 %"."""
    return f"{percent(low, whole=whole).removesuffix(' %')} to {percent(high, whole=whole)}"


def share(estimate: Estimate) -> str:
    return f"{percent(estimate.value)}, {interval(estimate)}"


def days(length: float) -> str:
    """A length of time in the unit that reads best: "40 minutes", "9 hours", "3.2 days"."""
    number, name = _in_unit(length, _unit(length))
    return f"{number} {name}" + ("" if number == "1" else "s")


def days_range(low: float, high: float) -> str:
    """Two lengths of time, in one unit: "3 to 12.5 days"."""
    number, _ = _in_unit(low, _unit(high))
    return f"{number} to {days(high)}"


def days_interval(estimate: Estimate) -> str:
    if math.isinf(estimate.high):
        return "too few for an interval"
    return f"95 % interval {days_range(estimate.low, estimate.high)}"


def _unit(length: float) -> tuple[float, str]:
    return next((unit for unit in _UNITS if length >= 1.5 * unit[0]), _UNITS[-1])


def _in_unit(length: float, unit: tuple[float, str]) -> tuple[str, str]:
    return f"{length / unit[0]:.1f}".removesuffix(".0"), unit[1]


def times(factor: float) -> str:
    """A ratio with as many digits as one can use: "6.2", "1.04", "0.31", "23"."""
    return f"{factor:.2f}" if factor < 2 else f"{factor:.1f}" if factor < 10 else f"{factor:.0f}"
