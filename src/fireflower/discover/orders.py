"""Which events follow which: the pairs whose order tells subjects apart, chosen without a look at the goal.

Of all pairs there are thousands, and to ask of each would feed chance. So only those are asked about of which many
subjects do both, some of them in this order and soon, and others not: where nearly all (or nearly none) do so, the
order says no more than that both were done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from fireflower.model.moments import NEVER

PAIRS = 6
_EVENTS = 40
"""Of the most frequent events pairs are made."""
_EACH = 2
"""So many pairs may have one event in common."""
_SHARE = 0.05
_FEWEST = 15
_SUBJECTS = 10_000
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Order:
    """`first`, then `second` soon after it.

    Attributes
    ----------
    telling : how many subjects do so or, if they are fewer, how many do both otherwise
    """

    first: str
    second: str
    telling: int


def orders(events: Mapping[str, Ints], start: Ints, age: int, span: int) -> list[Order]:
    """The pairs of events whose order tells most subjects apart, at most `PAIRS`.

    Parameters
    ----------
    events : when each subject did each first, the most frequent event first; NEVER
    start : when each subject's life begins; NEVER
    age : the first times that are looked at come so long after the start at most
    span : how long after the first event the second must come
    """
    lived = np.flatnonzero(start < NEVER)[:_SUBJECTS]
    born = start[lived]
    times = {name: _until(events[name][lived], born, age) for name in list(events)[:_EVENTS]}
    least = max(_FEWEST, _SHARE * len(lived))
    found = [Order(a, b, _telling(times[a], times[b], span)) for a, b in permutations(times, 2)]
    return _varied(sorted((each for each in found if each.telling >= least), key=lambda each: -each.telling))


def _until(first: Ints, born: Ints, age: int) -> Ints:
    return np.where((first >= born) & (first < np.minimum(born, NEVER - age) + age), first, NEVER)


def _telling(first: Ints, second: Ints, span: int) -> int:
    both = (first < NEVER) & (second < NEVER)
    wait = second[both] - first[both]
    so = int(((wait > 0) & (wait < span)).sum())
    return min(so, int(both.sum()) - so)


def _varied(found: Sequence[Order]) -> list[Order]:
    """The first of them, each pair in one order only, and no event in more than a few."""
    chosen: list[Order] = []
    taken: dict[str, int] = {}
    for order in found:
        ends = (order.first, order.second)
        if all(taken.get(name, 0) < _EACH for name in ends) and not any(set(ends) == _ends(each) for each in chosen):
            chosen.append(order)
            taken.update({name: taken.get(name, 0) + 1 for name in ends})
        if len(chosen) == PAIRS:
            break
    return chosen


def _ends(order: Order) -> set[str]:
    return {order.first, order.second}
