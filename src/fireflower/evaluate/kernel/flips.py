"""When time alone will change on which side of its bounds a quantity is."""

from __future__ import annotations

import math

from . import rings, sets
from .clocks import offset
from .formulas import inside
from .jit import apart, jit
from .layout import (
    BODY,
    COUNT,
    DAY,
    DIFFERENCE,
    DISTINCT,
    FIRST,
    LAST,
    LATEST,
    MODE,
    NEVER,
    OP,
    RATIO,
    RECENCY,
    SCORE,
    SPAN,
    STATE,
    STREAK,
    SUM,
    ZONE_UNTIL,
    A,
    B,
)
from .points import total as points_now
from .reading import span_since, whole_number
from .windows import LOW_BITS, NEGATIVES, NO_DAY, TOTAL, saturated


@jit
def _oldest(m, row, q):
    """Time of the oldest event in a `last` window, -1 if it is empty."""
    p = row + m[q + STATE] + BODY
    op = m[q + OP]
    if op == DISTINCT:
        return m[m[p + sets.OLDEST] + sets.TIME] if m[p + sets.SIZE] > 0 else -1
    if op == LATEST:
        return m[p]
    if m[p + rings.SIZE] == 0:
        return -1
    return m[rings.entry(m, p, 0 if op == COUNT else 1, 0)]


@jit
def _streak_turn(m, row, last_day, t):
    """When a streak that reached `last_day` breaks, or the next change of the clock, if that comes before. If it has
    broken, the
    next change of the clock: set back over midnight, it mends the streak for a while."""
    if last_day <= NO_DAY:
        return NEVER
    end = (last_day + 2) * DAY - offset(m, row, t)
    change = m[row + ZONE_UNTIL]
    if t < end:
        return min(end, change)
    return change if change < end + 2 * DAY else NEVER


@jit
def _streak_crossing(m, f, row, q, low, high, t):
    """When a streak breaks or is mended, if the intervals tell the days that it has from none."""
    p = row + m[q + STATE] + BODY
    if m[q + A] == 1 or inside(f, low, high, float(m[p + 1])) == inside(f, low, high, 0.0):
        return NEVER
    return _streak_turn(m, row, m[p], t)


@jit
def _next_expiry(m, row, q, t):
    """The next moment after t at which something leaves the window or a streak breaks."""
    if m[q + OP] == STREAK and m[q + A] == 0:
        return _streak_turn(m, row, m[row + m[q + STATE] + BODY], t)
    if m[q + MODE] != LAST:
        return NEVER
    oldest = _oldest(m, row, q)
    if oldest < 0 or oldest + m[q + SPAN] <= t:
        return NEVER
    return oldest + m[q + SPAN]


@jit
def _newest(m, row, q, nth):
    """Time of the nth newest event (or key) in the window."""
    p = row + m[q + STATE] + BODY
    if m[q + OP] == DISTINCT:
        return sets.time_of_newest(m, p, nth)
    return m[rings.entry(m, p, 0, m[p + rings.SIZE] - nth)]


@jit
def _falls_past(f, low, high, size):
    """A falling count of `size` next crosses an end of the intervals when its nth newest event leaves; 0: it never
    does."""
    nth = 0
    for i in range(low, high, 2):
        if f[i] > 0.0 and f[i] <= size:
            nth = max(nth, int(math.ceil(f[i])))
        if 0.0 <= f[i + 1] < size:
            nth = max(nth, int(math.floor(f[i + 1])) + 1)
    return nth


@jit
def _rises_past(f, low, high, span):
    """The smallest whole number above `span` at which a growing span crosses an end of the intervals."""
    crossing = NEVER
    for i in range(low, high, 2):
        if span < f[i] < 1e18:
            crossing = min(crossing, int(math.ceil(f[i])))
        if span <= f[i + 1] < 1e18:
            crossing = min(crossing, int(math.floor(f[i + 1])) + 1)
    return crossing


@jit
def _score_cannot_cross(f, low, high, least, most):
    for i in range(low, high, 2):
        for end in range(i, i + 2):
            if least <= f[end] <= most:
                return False
    return True


@jit
def _fading_time(f, low, high, points, half_life):
    """About how long so many points take to fade to the next bound below, a little less; 64 half-lives if there is
    none."""
    bound = 0.0
    for end in range(low, high):
        if bound < f[end] < points:
            bound = f[end]
    if bound == 0.0:
        return 64 * half_life
    halvings = 0.99 * (math.log2(points) - math.log2(bound))
    return max(1, int(half_life * min(64.0, halvings)))


@apart
def _score_crossing(m, f, row, q, low, high, t):
    """A moment after t up to which the fading score stays on its side of the intervals; NEVER if it always does. Cuts
    the time ahead, leaving out every part over which bounds of the score show that nothing can change. Whoever is sent
    there early looks again: a score that is far from its bound will have risen by then more often than not."""
    half_life = m[q + SPAN]
    if half_life == 0:
        return NEVER
    points = float(points_now(m, row, q, t, t)) / 1e6
    holds = inside(f, low, high, points)
    horizon = t + 64 * half_life
    far = t + half_life // 1024
    start = t
    length = min(horizon - t, _fading_time(f, low, high, points, half_life))
    while start < horizon:
        end = min(start + length, horizon)
        least = float(points_now(m, row, q, end, start + 1)) / 1e6
        most = float(points_now(m, row, q, start + 1, end)) / 1e6
        if least == most or _score_cannot_cross(f, low, high, least, most):
            if inside(f, low, high, least) != holds:
                return start + 1
            start = end
            if far < start < horizon:
                return start + 1
            length = length * 2
        else:
            length = (length + 1) // 2 if length > 1 else 1
    return NEVER


@jit
def _sum_crossing(m, f, row, q, low, high, t, total):
    """When a windowed sum next falls to another side of the intervals; with negative amounts, when its oldest amount
    leaves."""
    p = row + m[q + STATE] + BODY
    if m[p + NEGATIVES] > 0:
        return _next_expiry(m, row, q, t)
    holds = inside(f, low, high, float(total) / float(m[q + A]))
    upper = m[p + TOTAL]
    lower = m[p + TOTAL + 1]
    for i in range(m[p + rings.SIZE]):
        oldest = rings.entry(m, p, 1, i)
        lower -= m[oldest + 1] & LOW_BITS
        upper += (lower >> 32) - (m[oldest + 1] >> 32)
        lower = lower & LOW_BITS
        if inside(f, low, high, float(saturated(upper, lower)) / float(m[q + A])) != holds:
            return m[oldest] + m[q + SPAN]
    return NEVER


@apart
def next_flip(m, f, row, q, low, high, t):
    """A moment after t before which time alone cannot change on which side of the intervals the value is."""
    op = m[q + OP]
    if op == STREAK:
        return _streak_crossing(m, f, row, q, low, high, t)
    if op == RATIO or op == DIFFERENCE:
        return min(_next_expiry(m, row, m[q + A], t), _next_expiry(m, row, m[q + B], t))
    if op == SCORE:
        return _score_crossing(m, f, row, q, low, high, t)
    if op == RECENCY or op == FIRST:
        span = span_since(m, row, q, t)
        if span != span:
            return NEVER
        crossing = _rises_past(f, low, high, span)
        return crossing if crossing == NEVER else t - int(span) + crossing
    if (op == COUNT or op == DISTINCT or op == SUM) and m[q + MODE] == LAST:
        total = whole_number(m, row, q, t)
        if op == SUM:
            return _sum_crossing(m, f, row, q, low, high, t, total)
        nth = _falls_past(f, low, high, float(total))
        return _newest(m, row, q, nth) + m[q + SPAN] if nth > 0 else NEVER
    return _next_expiry(m, row, q, t)
