"""How far numbers are rounded for people: never so far that one seems to be on the other side of a bound, or at it."""

from __future__ import annotations

import math
from collections.abc import Iterable

from fireflower.language.nodes import Test
from fireflower.language.walking import bounds_of


def rounded(value: float, bounds: Iterable[float], decimals: int, size: float = 1) -> float:
    """The value in a unit of some size, with more decimals where it would else come to lie elsewhere beside a bound.

    >>> rounded(9.96, [10], 1), rounded(12.96, [10], 1), rounded(0.7996, [0.8], 0, size=0.01)
    (9.96, 13.0, 79.96)
    """
    bounds = tuple(bounds)
    for more in range(decimals, 10):
        shown = round(value / size, more)
        if all(_side(shown, round(bound / size, 9)) == _side(value, bound) for bound in bounds):
            return shown
    return value / size


def numbers_of(test: Test) -> list[float]:
    """The bounds of a test that are numbers."""
    return [bound for bound in bounds_of(test) if isinstance(bound, int | float) and not isinstance(bound, bool)]


def decimals(value: float, digits: int) -> int:
    """How many decimals give a number about so many digits; at least one, so that no whole number is made up."""
    return max(1, digits - 1 - math.floor(math.log10(abs(value)))) if value and math.isfinite(value) else 1


def rounded_for_people(value: float, bounds: Iterable[float]) -> float:
    """The value with about four digits, unless a bound is nearer."""
    return rounded(value, bounds, decimals(value, 4))


def rounded_up(value: float, decimals: int) -> float:
    """The value with so many decimals, and not less than it is, but for the noise of binary fractions."""
    if not abs(value) < 2**53:  # it has no decimals
        return value
    return math.ceil(round(value * 10**decimals, 6)) / 10**decimals


def _side(value: float, bound: float) -> int:
    return (value > bound) - (value < bound)
