"""Section 6: points, in millionths, as a list of parts of which each is constant or fades between two happenings."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_FLOOR, Decimal, localcontext
from functools import cache

from fireflower.language import nodes as n

from .measures import MILLION, happened
from .whose import History

STEPS = 4096
GONE = 62
LARGEST = 2_000_000 * MILLION


@cache
def fractions_of_half_life() -> tuple[int, ...]:
    """T[i] = floor(2^22 x 2^(-i/4096)), to 60 digits."""
    with localcontext() as context:
        context.prec = 60
        powers = (Decimal(2) ** (22 - Decimal(i) / STEPS) for i in range(STEPS))
        return tuple(int(power.to_integral_value(ROUND_FLOOR)) for power in powers)


def fade(w: int, d: int, half_life: int) -> int:
    """What is left of w millionths after d microseconds."""
    if w < 0:
        return -fade(-w, d, half_life)
    steps = STEPS * d // half_life
    q, i = divmod(steps, STEPS)
    return 0 if q >= GONE else ((w * fractions_of_half_life()[i]) >> 22) >> q


def millionths(points: float) -> int:
    return round(points * MILLION)


def parts(q: n.Score, h: History, t: int, since: Callable[[n.Formula], int | None]) -> list[int]:
    """What each item is worth at t. `since(condition)` is since when it holds at t, None if it does not."""
    return [
        _holding(item, q.half_life, t, since(item.condition))
        if isinstance(item, n.HoldingPoints)
        else _earned(item, q.half_life, h, t)
        for item in q.items
    ]


def total(q: n.Score, worth: list[int]) -> float:
    points = sum(worth) if q.cap is None else min(millionths(q.cap), sum(worth))
    return points / MILLION


def _holding(item: n.HoldingPoints, half_life: int | None, t: int, since: int | None) -> int:
    if since is None:
        return 0
    w = millionths(item.points)
    return w if half_life is None else fade(w, t - since, half_life)


def _earned(item: n.EventPoints, half_life: int | None, h: History, t: int) -> int:
    times = [event.time for event in happened(h, item.events, t)]
    w = millionths(item.points)

    def capped(points: int) -> int:
        most = LARGEST if item.cap is None else min(LARGEST, millionths(item.cap))
        return max(-LARGEST, min(most, points))

    if half_life is None:
        return capped(w * len(times)) if times else 0
    s, latest = 0, t
    for time in times:
        s = capped(fade(s, time - latest if s else 0, half_life) + w)
        latest = time
    return fade(s, t - latest, half_life)
