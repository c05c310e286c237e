"""When time alone will lead a quantity out of its cell."""

from __future__ import annotations

import math

from . import rings, sets
from .clocks import offset
from .formulas import is_in_cell
from .jit import apart, jit
from .layout import (
    BODY,
    CEIL,
    COUNT,
    DAY,
    DIFFERENCE,
    DISTINCT,
    FIRST,
    FLOOR,
    LAST,
    LATEST,
    MODE,
    NEVER,
    NO_REMARK,
    OP,
    RATIO,
    RECENCY,
    REMARK,
    SCORE,
    SPAN,
    STATE,
    STREAK,
    SUM,
    ZONE_UNTIL,
    A,
    B,
)
from .points import next_step
from .points import total as points_now
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
def _streak_crossing(m, f, row, q, t):
    """When a streak breaks or is mended, if the cell tells the days that it has from none."""
    p = row + m[q + STATE]
    if m[q + A] == 1 or (is_in_cell(f, p, float(m[p + BODY + 1])) and is_in_cell(f, p, 0.0)):
        return NEVER
    return _streak_turn(m, row, m[p + BODY], t)


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
def _fading_time(floor, points, half_life):
    """About how long so many points take to fade to the floor, a little less; 64 half-lives if they never do."""
    if floor <= 0.0:
        return 64 * half_life
    halvings = 0.99 * (math.log2(points) - math.log2(floor))
    return max(1, int(half_life * min(64.0, halvings)))


@apart
def _score_crossing(m, f, row, q, points, t):
    """A moment after t up to which the fading score stays in its cell; NEVER if it always does. Cuts the time ahead,
    leaving out every part over which bounds of the score show that it stays. Whoever is sent there early looks again:
    a score that is far from its floor will have risen by then more often than not."""
    half_life = m[q + SPAN]
    if half_life == 0:
        return NEVER
    at = row + m[q + STATE]
    floor = f[at + FLOOR]
    ceil = f[at + CEIL]
    falls = m[q + REMARK] == NO_REMARK
    horizon = t + 64 * half_life
    far = t + half_life // 1024
    start = t
    length = min(horizon - t, _fading_time(floor, points, half_life))
    closing_in = False
    while start < horizon:
        step = next_step(m, row, q, start)
        end = max(step, min(start + length, horizon))
        least = float(points_now(m, row, q, end, step)) / 1e6
        # What only falls never rises above what it is now.
        most = points if falls else float(points_now(m, row, q, step, end)) / 1e6
        stays = floor <= least and most < ceil
        if stays:
            start = end
            if far < start < horizon:
                return start + 1
        elif end == step or most < floor or least >= ceil:
            return step
        else:
            # What only falls has left the cell by then for good.
            closing_in = falls
        length = length * 2 if stays and not closing_in else (length + 1) // 2
    return NEVER


@jit
def _sum_crossing(m, f, row, q, t):
    """When a windowed sum next falls out of its cell; with negative amounts, when its oldest amount leaves."""
    at = row + m[q + STATE]
    p = at + BODY
    if m[p + NEGATIVES] > 0:
        return _next_expiry(m, row, q, t)
    upper = m[p + TOTAL]
    lower = m[p + TOTAL + 1]
    for i in range(m[p + rings.SIZE]):
        oldest = rings.entry(m, p, 1, i)
        lower -= m[oldest + 1] & LOW_BITS
        upper += (lower >> 32) - (m[oldest + 1] >> 32)
        lower = lower & LOW_BITS
        if not is_in_cell(f, at, float(saturated(upper, lower)) / float(m[q + A])):
            return m[oldest] + m[q + SPAN]
    return NEVER


@apart
def next_flip(m, f, row, q, number, t):
    """A moment after t before which time alone cannot lead the quantity, whose value at t is `number`, out of its
    cell."""
    op = m[q + OP]
    at = row + m[q + STATE]
    if op == STREAK:
        return _streak_crossing(m, f, row, q, t)
    if op == RATIO or op == DIFFERENCE:
        return min(_next_expiry(m, row, m[q + A], t), _next_expiry(m, row, m[q + B], t))
    if op == SCORE:
        return _score_crossing(m, f, row, q, number, t)
    if op == RECENCY or op == FIRST:
        return t - int(number) + int(math.ceil(f[at + CEIL])) if f[at + CEIL] < 1e18 else NEVER
    if m[q + MODE] == LAST:
        if op == SUM:
            return _sum_crossing(m, f, row, q, t)
        if op == COUNT or op == DISTINCT:
            # It falls below its floor when its so manyth newest event leaves.
            nth = f[at + FLOOR]
            return _newest(m, row, q, int(math.ceil(nth))) + m[q + SPAN] if nth > 0.0 else NEVER
    return _next_expiry(m, row, q, t)
