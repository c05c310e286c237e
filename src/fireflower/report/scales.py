"""Where a value lies on an axis, and at which round values an axis is labelled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_WHOLE_STEPS = (1.0, 2.0, 5.0, 10.0)
_SLACK = 1e-9
"""Relative error of floating point that must not cost a step more."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high`, laid over 0 to 1, with labels at the multiples of `step`."""

    low: float
    high: float
    step: float = 1.0

    def share(self, value: float) -> float:
        """The place of a value between the ends, kept inside them."""
        if self.high <= self.low:
            return 0.0
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def ticks(self) -> list[float]:
        """The multiples of the step between the ends.

        >>> Scale(0, 40, 10).ticks()
        [0, 10, 20, 30, 40]
        """
        first, last = ceil(self.low / self.step - _SLACK), floor(self.high / self.step + _SLACK)
        return [round(i * self.step, 10) for i in range(first, last + 1)]


def from_zero(values: Iterable[float], steps: int = 4, least: float = 1.0, whole: bool = False) -> Scale:
    """From 0 to a round value that holds every finite value, and at least `least`, in at most `steps` steps."""
    top = max([least, *(value for value in values if isfinite(value))])
    step = round_step(top / steps, whole)
    return Scale(0.0, round(ceil(top / step - _SLACK) * step, 10), step)


def round_step(width: float, whole: bool = False) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is at least `width`; with `whole`, a whole number.

    >>> round_step(0.13), round_step(21), round_step(21, whole=True), round_step(0.2, whole=True)
    (0.2, 25.0, 50.0, 1.0)
    """
    if (whole and width <= 1) or width <= 0:
        return 1.0
    power = 10.0 ** floor(log10(width))
    steps = (power * unit for unit in (_WHOLE_STEPS if whole else _STEPS))
    return round(next(step for step in steps if step >= width * (1 - _SLACK)), 10)


def spread(count: int, shown: int) -> range:
    """At most `shown` positions of `count`, at even steps from the first.

    >>> list(spread(5, 3)), list(spread(2, 6))
    ([0, 2, 4], [0, 1])
    """
    return range(0, count, max(1, ceil(count / shown)))
