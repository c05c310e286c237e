"""Where a value lies on an axis, and at which round values an axis is labelled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high`, laid over 0 to 1, labelled in `steps` steps or fewer; `whole`: at whole numbers only."""

    low: float
    high: float
    steps: int = 4
    whole: bool = False

    def share(self, value: float) -> float:
        """The place of a value between the ends, kept inside them."""
        if self.high <= self.low:
            return 0.0
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def ticks(self) -> list[float]:
        """Round values between the ends.

        >>> Scale(0, 40).ticks()
        [0.0, 10.0, 20.0, 30.0, 40.0]
        """
        step = round_step((self.high - self.low) / self.steps, self.whole)
        first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
        return [round(i * step, 10) for i in range(first, last + 1)]


def from_zero(values: Iterable[float], steps: int = 4, least: float = 1.0, whole: bool = False) -> Scale:
    """From 0 to the first round value that holds every finite value, and at least `least`."""
    top = max([least, *(value for value in values if isfinite(value))])
    step = round_step(top / steps, whole)
    return Scale(0.0, round(ceil(top / step - 1e-9) * step, 10), steps, whole)


def round_step(width: float, whole: bool = False) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is at least `width`; for `whole`, a whole number."""
    if width <= 0:
        return 1.0
    power = 10.0 ** floor(log10(width))
    step = next(power * unit for unit in _STEPS if power * unit >= width * (1 - 1e-9))
    return float(ceil(step)) if whole else step


def spread(count: int, shown: int) -> range:
    """At most `shown` positions of `count`, at even steps from the first.

    >>> list(spread(5, 3)), list(spread(2, 6))
    ([0, 2, 4], [0, 1])
    """
    return range(0, count, max(1, ceil(count / shown)))
