"""Quantities: what an event does to one, what its value is, and when time alone will change it."""

from __future__ import annotations

import math

from . import rings, sets
from .clocks import day_start, local_day, set_zone
from .jit import jit
from .layout import (
    ACTOR,
    ANY,
    BODY,
    COUNT,
    DISTINCT,
    EVER,
    EXTREME,
    FEED_ARGUMENT,
    FEED_QUANTITY,
    FIRST,
    FIRST_RECORD,
    GATE,
    GATE_SPAN,
    GATED,
    GATED_END,
    LAST,
    LATEST,
    LOCAL_DAY,
    MEMBERS,
    MODE,
    NAN,
    NEVER,
    NUMBER,
    NUMBER_COLUMN,
    OP,
    POINTS,
    PREVIOUS,
    PROVISIONAL,
    RATIO,
    RECENCY,
    SCORE,
    SEQUENCE,
    SESSION_GAP,
    SESSION_START,
    SOURCE,
    SPAN,
    STATE,
    STREAK,
    SUM,
    TEMPLATE,
    TEXT_COLUMN,
    TRAIT,
    WORDS,
    ZONE,
    A,
    B,
)
from .points import earn, total

# Words of the bodies. A windowed COUNT or SUM: ring (4 words), greatest total, time of the last push, total.
PEAK = 4
PUSHED = 5
TOTAL = 6
# EVER: the number itself.
NUMBER_WORD = 0
# A DISTINCT set: set (6 words), greatest size, time of the last push.
SET_PEAK = 6
SET_PUSHED = 7

LARGEST_TOTAL = 9_200_000_000_000_000_000
LARGEST_NUMBER = 9.2e12
NO_DAY = -(2**40)


# --- Taking in --------------------------------------------------------------------------------------------------------


@jit
def _reset(m, row, q):
    """Back to the template, except for the time of the previous event."""
    p = row + m.code[q + STATE]
    op = m.code[q + OP]
    if op == DISTINCT:
        sets.destroy(m.state, m.heap, p + BODY)
    elif m.code[q + MODE] != EVER:
        rings.destroy(m.state, m.heap, p + BODY, 0 if op == COUNT else 1)
    template = m.code[TEMPLATE] + m.code[q + STATE]
    for word in range(BODY, m.code[q + WORDS]):
        m.state[p + word] = m.code[template + word]


@jit
def _anchor_time(m, row, q):
    return m.state[row + m.code[m.code[q + GATE] + STATE] + BODY]


@jit
def _admits(m, row, q, t):
    """Whether the anchor's window takes in an event at t. Before the anchor, what comes is taken in provisionally, since the
    anchor may still come at the same instant."""
    if m.code[q + GATE] == 0:
        return True
    anchor = _anchor_time(m, row, q)
    if anchor != NEVER:
        return t - anchor < m.code[q + GATE_SPAN]
    p = row + m.code[q + STATE]
    if m.state[p + PROVISIONAL] != t:
        _reset(m, row, q)
        m.state[p + PROVISIONAL] = t
    return True


@jit
def _drop_anchor(m, row, q, t):
    """The anchor happens: what was taken in provisionally at earlier instants does not count."""
    for i in range(m.code[q + GATED], m.code[q + GATED_END]):
        gated = m.code[i]
        if m.state[row + m.code[gated + STATE] + PROVISIONAL] != t:
            _reset(m, row, gated)


@jit
def _peak_before(m, p, peak, now, t):
    """For `any`: remember the greatest value at the end of an earlier instant."""
    if m.state[p + peak + 1] != t:
        if m.state[p + peak] < now:
            m.state[p + peak] = now
        m.state[p + peak + 1] = t


@jit
def _count(m, row, q, t):
    p = row + m.code[q + STATE] + BODY
    if m.code[q + MODE] == EVER:
        m.state[p + NUMBER_WORD] += 1
        return
    if m.code[q + MODE] == ANY:
        _peak_before(m, p, PEAK, m.state[p + rings.SIZE], t)
    _forget_times(m, p, 0, t - m.code[q + SPAN])
    rings.push(m.state, m.heap, p, 0, t)


@jit
def _forget_times(m, p, width, until):
    while m.state[p + rings.SIZE] > 0 and m.heap[rings.entry(m.state, p, width, 0)] <= until:
        rings.drop_oldest(m.state, p)


@jit
def _forget_amounts(m, p, until):
    while m.state[p + rings.SIZE] > 0:
        oldest = rings.entry(m.state, p, 1, 0)
        if m.heap[oldest] > until:
            return
        m.state[p + TOTAL] -= m.heap[oldest + 1]
        rings.drop_oldest(m.state, p)


@jit
def _plus(total_so_far, amount):
    """Sums stay at the ends of their range."""
    if amount > 0 and total_so_far > LARGEST_TOTAL - amount:
        return LARGEST_TOTAL
    if amount < 0 and total_so_far < -LARGEST_TOTAL - amount:
        return -LARGEST_TOTAL
    return total_so_far + amount


@jit
def _sum(m, row, q, t, amount):
    p = row + m.code[q + STATE] + BODY
    if m.code[q + MODE] == EVER:
        m.state[p + NUMBER_WORD] = _plus(m.state[p + NUMBER_WORD], amount)
        return
    if m.code[q + MODE] == ANY:
        _peak_before(m, p, PEAK, m.state[p + TOTAL], t)
    _forget_amounts(m, p, t - m.code[q + SPAN])
    position = rings.push(m.state, m.heap, p, 1, t)
    m.heap[position + 1] = amount
    m.state[p + TOTAL] = _plus(m.state[p + TOTAL], amount)


@jit
def _millionths(number):
    if number > LARGEST_NUMBER:
        return LARGEST_TOTAL
    if number < -LARGEST_NUMBER:
        return -LARGEST_TOTAL
    return int(round(number * 1e6))


@jit
def _extreme(m, row, q, t, number):
    p = row + m.code[q + STATE] + BODY
    sign = m.code[q + A]
    if m.code[q + MODE] == EVER:
        if not (sign * m.state_f[p] >= sign * number):
            m.state_f[p] = number
        return
    _forget_times(m, p, 1, t - m.code[q + SPAN])
    size = m.state[p + rings.SIZE]
    while size > 0 and sign * m.heap_f[rings.entry(m.state, p, 1, size - 1) + 1] <= sign * number:
        rings.drop_newest(m.state, p)
        size -= 1
    position = rings.push(m.state, m.heap, p, 1, t)
    m.heap_f[position + 1] = number


@jit
def _distinct(m, row, q, t, key):
    p = row + m.code[q + STATE] + BODY
    if m.code[q + MODE] == ANY:
        _peak_before(m, p, SET_PEAK, m.state[p + sets.SIZE], t)
    if m.code[q + MODE] != EVER:
        sets.expire(m.state, m.heap, p, t - m.code[q + SPAN])
    sets.add(m.state, m.heap, p, key, t)


@jit
def _key_of_number(m, number):
    """The bits of a float as an integer; 0 and -0 are one value."""
    m.heap_f[65] = number + 0.0
    return m.heap[65]


@jit
def _streak(m, row, q, t):
    p = row + m.code[q + STATE] + BODY
    day = local_day(m.code, m.state, row, t)
    if day <= m.state[p]:
        return
    m.state[p + 1] = m.state[p + 1] + 1 if day == m.state[p] + 1 else 1
    m.state[p] = day
    if m.state[p + 2] < m.state[p + 1]:
        m.state[p + 2] = m.state[p + 1]


@jit
def _step(m, row, q, t, step):
    """`starts[step]` is the latest start of a chain that has come as far as `step`."""
    p = row + m.code[q + STATE] + BODY
    starts = p + 1
    if step == 0:
        start = t
    else:
        start = m.state[starts + step - 1]
        if start < 0 or t - start >= m.code[q + A]:
            return
    if m.state[starts + step] < start:
        m.state[starts + step] = start
    if m.state[p] < step + 1:
        m.state[p] = step + 1


@jit
def _session(m, row, q, t):
    """Span since the previous event if both are of one session, else -1."""
    p = row + m.code[q + STATE]
    previous = m.state[p + PREVIOUS]
    m.state[p + PREVIOUS] = t
    if previous < 0 or t - previous >= m.code[q + B]:
        return -1
    return t - previous


@jit
def _member(m, rows, i, row, q, t, joins):
    p = row + m.code[q + STATE] + BODY
    role = rows.detail[i]
    mask = m.code[q + A]
    if joins and (mask < 0 or (role >= 0 and m.masks[mask + role] != 0)):
        sets.add(m.state, m.heap, p, rows.person[i], t)
        return
    slot = sets.find(m.state, m.heap, p, rows.person[i])
    if slot != 0:
        sets.remove(m.state, m.heap, p, slot)


@jit
def take(m, rows, i, row, feed, t):
    """Row i, which passed the feed's `where`, happens to the feed's quantity. Whether the quantity noticed."""
    q = m.code[feed + FEED_QUANTITY]
    op = m.code[q + OP]
    p = row + m.code[q + STATE] + BODY
    source = m.code[q + SOURCE]
    gap = -1
    if source == SESSION_START or source == SESSION_GAP:
        gap = _session(m, row, q, t)
        if (gap < 0) != (source == SESSION_START):
            return False
    if not _admits(m, row, q, t):
        return False
    if op == COUNT:
        _count(m, row, q, t)
    elif op == SUM:
        if source == SESSION_GAP:
            _sum(m, row, q, t, gap)
        else:
            number = rows.numbers[m.code[q + NUMBER_COLUMN], i]
            if number != number:
                return False
            _sum(m, row, q, t, _millionths(number))
    elif op == DISTINCT:
        return _take_distinct(m, rows, i, row, q, t, source)
    elif op == TRAIT:
        m.state[p] = rows.detail[i]
    elif op == RECENCY:
        m.state[p] = t
    elif op == LATEST:
        return _take_latest(m, rows, i, p, q, t)
    elif op == EXTREME:
        number = rows.numbers[m.code[q + NUMBER_COLUMN], i]
        if number != number:
            return False
        _extreme(m, row, q, t, number)
    elif op == FIRST:
        if m.state[p] != NEVER:
            return False
        m.state[p] = t
        _drop_anchor(m, row, q, t)
    elif op == STREAK:
        _streak(m, row, q, t)
    elif op == SEQUENCE:
        _step(m, row, q, t, m.code[feed + FEED_ARGUMENT])
    elif op == POINTS:
        earn(m.code, m.state, row, q, t)
    elif op == MEMBERS:
        _member(m, rows, i, row, q, t, m.code[feed + FEED_ARGUMENT] == 1)
    elif op == ZONE:
        value = rows.detail[i]
        set_zone(m.state, row, m.code[m.code[q + A] + value] if value >= 0 else m.code[q + B])
    return True


@jit
def _take_distinct(m, rows, i, row, q, t, source):
    if source == LOCAL_DAY:
        key = local_day(m.code, m.state, row, t)
    elif source == ACTOR:
        key = rows.person[i]
        if key < 0:
            return False
    else:
        number = rows.numbers[m.code[q + NUMBER_COLUMN], i]
        text = rows.codes[m.code[q + TEXT_COLUMN], i]
        if number == number:
            key = _key_of_number(m, number)
        elif text >= 0:
            key = -1 - text  # bit patterns that no number has
        else:
            return False
    _distinct(m, row, q, t, key)
    return True


@jit
def _take_latest(m, rows, i, p, q, t):
    number = rows.numbers[m.code[q + NUMBER_COLUMN], i]
    text = rows.codes[m.code[q + TEXT_COLUMN], i]
    if number != number and text < 0:
        return False
    m.state[p] = t
    m.state_f[p + 1] = number
    m.state[p + 2] = text if number != number else -1
    return True


# --- Reading ----------------------------------------------------------------------------------------------------------


@jit
def _closed(m, row, q):
    """Whether the anchor of the quantity's window has not happened yet."""
    return m.code[q + GATE] != 0 and _anchor_time(m, row, q) == NEVER


@jit
def _total(m, row, q, t):
    """The integer behind a COUNT, SUM or DISTINCT at t."""
    p = row + m.code[q + STATE] + BODY
    op = m.code[q + OP]
    mode = m.code[q + MODE]
    if op == DISTINCT:
        if mode == LAST:
            sets.expire(m.state, m.heap, p, t - m.code[q + SPAN])
        size = m.state[p + sets.SIZE]
        return max(size, m.state[p + SET_PEAK]) if mode == ANY else size
    if mode == EVER:
        return m.state[p + NUMBER_WORD]
    if op == COUNT:
        if mode == LAST:
            _forget_times(m, p, 0, t - m.code[q + SPAN])
        now = m.state[p + rings.SIZE]
    else:
        if mode == LAST:
            _forget_amounts(m, p, t - m.code[q + SPAN])
        now = m.state[p + TOTAL]
    return max(now, m.state[p + PEAK]) if mode == ANY else now


@jit
def _extreme_value(m, row, q, t):
    p = row + m.code[q + STATE] + BODY
    if m.code[q + MODE] == EVER:
        return m.state_f[p]
    _forget_times(m, p, 1, t - m.code[q + SPAN])
    if m.state[p + rings.SIZE] == 0:
        return NAN
    return m.heap_f[rings.entry(m.state, p, 1, 0) + 1]


@jit
def _latest_is_there(m, row, q, t):
    p = row + m.code[q + STATE] + BODY
    if _closed(m, row, q) or m.state[p] < 0:
        return False
    return m.code[q + MODE] == EVER or t < m.state[p] + m.code[q + SPAN]


@jit
def _span(m, row, q, t):
    """Recency or elapsed."""
    p = row + m.code[q + STATE] + BODY
    if m.code[q + OP] == FIRST:
        return float(t - m.state[p]) if m.state[p] != NEVER else NAN
    since = m.state[p] if m.state[p] >= 0 else m.state[row + FIRST_RECORD]
    return float(t - since)


@jit
def _streak_value(m, row, q, t):
    p = row + m.code[q + STATE] + BODY
    if m.code[q + A] == 1:
        return float(m.state[p + 2])
    return float(m.state[p + 1]) if local_day(m.code, m.state, row, t) <= m.state[p] + 1 else 0.0


@jit
def _plain_value(m, row, q, t):
    """The value of a quantity that does not read others; NaN if it is missing or text."""
    op = m.code[q + OP]
    p = row + m.code[q + STATE] + BODY
    if op == COUNT or op == DISTINCT:
        return 0.0 if _closed(m, row, q) else float(_total(m, row, q, t))
    if op == SUM:
        return 0.0 if _closed(m, row, q) else float(_total(m, row, q, t)) / float(m.code[q + A])
    if op == TRAIT:
        return m.bounds[m.code[q + A] + m.state[p]] if m.state[p] >= 0 else NAN
    if op == RECENCY or op == FIRST:
        return _span(m, row, q, t)
    if op == LATEST:
        return m.state_f[p + 1] if _latest_is_there(m, row, q, t) else NAN
    if op == EXTREME:
        return NAN if _closed(m, row, q) else _extreme_value(m, row, q, t)
    if op == MEMBERS:
        return float(m.state[p + sets.SIZE])
    if op == STREAK:
        return _streak_value(m, row, q, t)
    if op == SEQUENCE:
        return float(m.state[p])
    if op == NUMBER:
        return m.bounds[m.code[q + A]]
    if op == SCORE:
        return float(total(m.code, m.state, row, q, t, t)) / 1e6
    return NAN


@jit
def value(m, row, q, t):
    """The value at t; NaN if it is missing or text."""
    if m.code[q + OP] != RATIO:
        return _plain_value(m, row, q, t)
    denominator = _plain_value(m, row, m.code[q + B], t)
    if not (denominator < 0.0 or denominator > 0.0):
        return NAN
    return _plain_value(m, row, m.code[q + A], t) / denominator


@jit
def text_code(m, row, q, t):
    """The code of a value that is text, a truth value or a list, else -1."""
    p = row + m.code[q + STATE] + BODY
    if m.code[q + OP] == TRAIT:
        return m.state[p]
    if m.code[q + OP] == LATEST and _latest_is_there(m, row, q, t):
        return m.state[p + 2]
    return -1


# --- When time alone changes it ------------------------------------------------------------------------------------------


@jit
def _oldest(m, row, q):
    """Time of the oldest event in a `last` window, -1 if it is empty."""
    p = row + m.code[q + STATE] + BODY
    op = m.code[q + OP]
    if op == DISTINCT:
        return m.heap[m.state[p + sets.OLDEST] + sets.TIME] if m.state[p + sets.SIZE] > 0 else -1
    if op == LATEST:
        return m.state[p]
    if m.state[p + rings.SIZE] == 0:
        return -1
    return m.heap[rings.entry(m.state, p, 0 if op == COUNT else 1, 0)]


@jit
def _next_expiry(m, row, q, t):
    """The next moment after t at which something leaves the window or a streak breaks."""
    op = m.code[q + OP]
    if op == STREAK and m.code[q + A] == 0:
        p = row + m.code[q + STATE] + BODY
        if m.state[p] <= NO_DAY:
            return NEVER
        end = day_start(m.code, m.state, row, m.state[p] + 2)
        return end if end > t else NEVER
    if m.code[q + MODE] != LAST:
        return NEVER
    oldest = _oldest(m, row, q)
    if oldest < 0 or oldest + m.code[q + SPAN] <= t:
        return NEVER
    return oldest + m.code[q + SPAN]


@jit
def _newest(m, row, q, nth):
    """Time of the nth newest event (or key) in the window."""
    p = row + m.code[q + STATE] + BODY
    if m.code[q + OP] == DISTINCT:
        return sets.time_of_newest(m.state, m.heap, p, nth)
    return m.heap[rings.entry(m.state, p, 0, m.state[p + rings.SIZE] - nth)]


@jit
def _falls_past(m, low, high, size):
    """A falling count of `size` next crosses an end of the intervals when its nth newest event leaves; 0: it never does."""
    nth = 0
    for i in range(low, high, 2):
        if m.bounds[i] > 0.0 and m.bounds[i] <= size:
            nth = max(nth, int(math.ceil(m.bounds[i])))
        if 0.0 <= m.bounds[i + 1] < size:
            nth = max(nth, int(math.floor(m.bounds[i + 1])) + 1)
    return nth


@jit
def _rises_past(m, low, high, span):
    """The smallest whole number above `span` at which a growing span crosses an end of the intervals."""
    crossing = NEVER
    for i in range(low, high, 2):
        if span < m.bounds[i] < 1e18:
            crossing = min(crossing, int(math.ceil(m.bounds[i])))
        if span <= m.bounds[i + 1] < 1e18:
            crossing = min(crossing, int(math.floor(m.bounds[i + 1])) + 1)
    return crossing


@jit
def inside(m, low, high, number):
    for i in range(low, high, 2):
        if m.bounds[i] <= number <= m.bounds[i + 1]:
            return True
    return False


@jit
def _score_cannot_cross(m, low, high, least, most):
    for i in range(low, high, 2):
        for end in range(i, i + 2):
            if least <= m.bounds[end] <= most:
                return False
    return True


@jit
def _score_crossing(m, row, q, low, high, t):
    """The first moment after t at which the fading score is on another side of the intervals. Halves the time ahead, leaving
    out every part over which bounds of the score show that nothing can change."""
    half_life = m.code[q + SPAN]
    if half_life == 0:
        return NEVER
    holds = inside(m, low, high, float(total(m.code, m.state, row, q, t, t)) / 1e6)
    horizon = t + 64 * half_life
    start = t
    length = horizon - t
    while start < horizon:
        end = min(start + length, horizon)
        least = float(total(m.code, m.state, row, q, end, start + 1)) / 1e6
        most = float(total(m.code, m.state, row, q, start + 1, end)) / 1e6
        if least == most or _score_cannot_cross(m, low, high, least, most):
            if inside(m, low, high, least) != holds:
                return start + 1
            start = end
            length = length * 2
        else:
            length = (length + 1) // 2 if length > 1 else 1
    return NEVER


@jit
def next_flip(m, row, q, low, high, t):
    """A moment after t before which time alone cannot change on which side of the intervals the value is."""
    op = m.code[q + OP]
    if op == RATIO:
        return min(_next_expiry(m, row, m.code[q + A], t), _next_expiry(m, row, m.code[q + B], t))
    if op == SCORE:
        return _score_crossing(m, row, q, low, high, t)
    if op == RECENCY or op == FIRST:
        span = _span(m, row, q, t)
        if span != span:
            return NEVER
        crossing = _rises_past(m, low, high, span)
        return crossing if crossing == NEVER else t - int(span) + crossing
    if (op == COUNT or op == DISTINCT) and m.code[q + MODE] == LAST:
        size = _total(m, row, q, t)
        nth = _falls_past(m, low, high, float(size))
        return _newest(m, row, q, nth) + m.code[q + SPAN] if nth > 0 else NEVER
    return _next_expiry(m, row, q, t)
