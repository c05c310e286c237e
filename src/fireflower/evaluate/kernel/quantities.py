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
    FRESH,
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
    TRAIT,
    VALUE,
    WORD,
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
    p = row + m[q + STATE]
    op = m[q + OP]
    if op == DISTINCT:
        sets.destroy(m, p + BODY)
    elif m[q + MODE] != EVER:
        rings.destroy(m, p + BODY, 0 if op == COUNT else 1)
    for word in range(BODY, m[q + WORDS]):
        m[p + word] = m[m[q + FRESH] + word]


@jit
def _anchor_time(m, row, q):
    return m[row + m[m[q + GATE] + STATE] + BODY]


@jit
def _admits(m, row, q, t):
    """Whether the anchor's window takes in an event at t. Before the anchor, what comes is taken in provisionally, since the
    anchor may still come at the same instant."""
    if m[q + GATE] == 0:
        return True
    anchor = _anchor_time(m, row, q)
    if anchor != NEVER:
        return t - anchor < m[q + GATE_SPAN]
    p = row + m[q + STATE]
    if m[p + PROVISIONAL] != t:
        _reset(m, row, q)
        m[p + PROVISIONAL] = t
    return True


@jit
def _drop_anchor(m, row, q, t):
    """The anchor happens: what was taken in provisionally at earlier instants does not count."""
    for i in range(m[q + GATED], m[q + GATED_END]):
        gated = m[i]
        if m[row + m[gated + STATE] + PROVISIONAL] != t:
            _reset(m, row, gated)


@jit
def _peak_before(m, p, peak, now, t):
    """For `any`: remember the greatest value at the end of an earlier instant."""
    if m[p + peak + 1] != t:
        if m[p + peak] < now:
            m[p + peak] = now
        m[p + peak + 1] = t


@jit
def _count(m, row, q, t):
    p = row + m[q + STATE] + BODY
    if m[q + MODE] == EVER:
        m[p + NUMBER_WORD] += 1
        return
    if m[q + MODE] == ANY:
        _peak_before(m, p, PEAK, m[p + rings.SIZE], t)
    _forget_times(m, p, 0, t - m[q + SPAN])
    rings.push(m, p, 0, t)


@jit
def _forget_times(m, p, width, until):
    while m[p + rings.SIZE] > 0 and m[rings.entry(m, p, width, 0)] <= until:
        rings.drop_oldest(m, p)


@jit
def _forget_amounts(m, p, until):
    while m[p + rings.SIZE] > 0:
        oldest = rings.entry(m, p, 1, 0)
        if m[oldest] > until:
            return
        m[p + TOTAL] -= m[oldest + 1]
        rings.drop_oldest(m, p)


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
    p = row + m[q + STATE] + BODY
    if m[q + MODE] == EVER:
        m[p + NUMBER_WORD] = _plus(m[p + NUMBER_WORD], amount)
        return
    if m[q + MODE] == ANY:
        _peak_before(m, p, PEAK, m[p + TOTAL], t)
    _forget_amounts(m, p, t - m[q + SPAN])
    position = rings.push(m, p, 1, t)
    m[position + 1] = amount
    m[p + TOTAL] = _plus(m[p + TOTAL], amount)


@jit
def _millionths(number):
    if number > LARGEST_NUMBER:
        return LARGEST_TOTAL
    if number < -LARGEST_NUMBER:
        return -LARGEST_TOTAL
    return int(round(number * 1e6))


@jit
def _extreme(m, f, row, q, t, number):
    p = row + m[q + STATE] + BODY
    sign = m[q + A]
    if m[q + MODE] == EVER:
        if not (sign * f[p] >= sign * number):
            f[p] = number
        return
    _forget_times(m, p, 1, t - m[q + SPAN])
    size = m[p + rings.SIZE]
    while size > 0 and sign * f[rings.entry(m, p, 1, size - 1) + 1] <= sign * number:
        rings.drop_newest(m, p)
        size -= 1
    position = rings.push(m, p, 1, t)
    f[position + 1] = number


@jit
def _distinct(m, row, q, t, key):
    p = row + m[q + STATE] + BODY
    if m[q + MODE] == ANY:
        _peak_before(m, p, SET_PEAK, m[p + sets.SIZE], t)
    if m[q + MODE] != EVER:
        sets.expire(m, p, t - m[q + SPAN])
    sets.add(m, p, key, t)


@jit
def _key_of_number(m, f, number):
    """The bits of a float as an integer; 0 and -0 are one value."""
    f[WORD] = number + 0.0
    return m[WORD]


@jit
def _streak(m, row, q, t):
    p = row + m[q + STATE] + BODY
    day = local_day(m, row, t)
    if day <= m[p]:
        return
    m[p + 1] = m[p + 1] + 1 if day == m[p] + 1 else 1
    m[p] = day
    if m[p + 2] < m[p + 1]:
        m[p + 2] = m[p + 1]


@jit
def _step(m, row, q, t, step):
    """`starts[step]` is the latest start of a chain that has come as far as `step`."""
    p = row + m[q + STATE] + BODY
    starts = p + 1
    if step == 0:
        start = t
    else:
        start = m[starts + step - 1]
        if start < 0 or t - start >= m[q + A]:
            return
    if m[starts + step] < start:
        m[starts + step] = start
    if m[p] < step + 1:
        m[p] = step + 1


@jit
def _session(m, row, q, t):
    """Span since the previous event if both are of one session, else -1."""
    p = row + m[q + STATE]
    previous = m[p + PREVIOUS]
    m[p + PREVIOUS] = t
    if previous < 0 or t - previous >= m[q + B]:
        return -1
    return t - previous


@jit
def _member(m, row, q, t, person, role, joins):
    p = row + m[q + STATE] + BODY
    mask = m[q + A]
    if joins and (mask == 0 or (role >= 0 and m[mask + role] == 1)):
        sets.add(m, p, person, t)
        return
    slot = sets.find(m, p, person)
    if slot != 0:
        sets.remove(m, p, slot)


@jit
def _counts(m, row, q, t):
    """Whether an event counts, by sessions and by the window's anchor; if so, the span that it adds to its session, or 0."""
    source = m[q + SOURCE]
    if source != SESSION_START and source != SESSION_GAP:
        return 0 if _admits(m, row, q, t) else -1
    gap = _session(m, row, q, t)
    if (gap < 0) != (source == SESSION_START) or not _admits(m, row, q, t):
        return -1
    return max(gap, 0)


@jit
def take(m, f, row, feed, t, number, text, person, detail):
    """A row that passed the feed's `where` happens to the feed's quantity. Whether the quantity noticed.

    `number` and `text` are the row's value of the quantity's property (NaN, -1 if it is not one), `detail` is the column of that name.
    """
    q = m[feed + FEED_QUANTITY]
    op = m[q + OP]
    span = _counts(m, row, q, t)
    if span < 0:
        return False
    if op == COUNT:
        _count(m, row, q, t)
        return True
    if op == TRAIT:
        m[row + m[q + STATE] + BODY] = detail
        return True
    if op == SUM:
        return _take_sum(m, row, q, t, number, span)
    if op == DISTINCT:
        return _take_distinct(m, f, row, q, t, number, text, person)
    return _take_other(m, f, row, q, t, number, text, person, detail, m[feed + FEED_ARGUMENT])


@jit
def _take_sum(m, row, q, t, number, span):
    if m[q + SOURCE] == SESSION_GAP:
        _sum(m, row, q, t, span)
        return True
    if number != number:
        return False
    _sum(m, row, q, t, _millionths(number))
    return True


@jit
def _take_distinct(m, f, row, q, t, number, text, person):
    source = m[q + SOURCE]
    if source == LOCAL_DAY:
        _distinct(m, row, q, t, local_day(m, row, t))
    elif source == ACTOR and person >= 0:
        _distinct(m, row, q, t, person)
    elif source == VALUE and number == number:
        _distinct(m, row, q, t, _key_of_number(m, f, number))
    elif source == VALUE and text >= 0:
        _distinct(m, row, q, t, -1 - text)  # bit patterns that no number has
    else:
        return False
    return True


@jit
def _take_other(m, f, row, q, t, number, text, person, detail, argument):
    op = m[q + OP]
    p = row + m[q + STATE] + BODY
    if op == RECENCY:
        m[p] = t
    elif op == LATEST:
        return _take_latest(m, f, p, t, number, text)
    elif op == EXTREME:
        if number != number:
            return False
        _extreme(m, f, row, q, t, number)
    elif op == FIRST:
        return _happen_first(m, row, q, t)
    elif op == STREAK:
        _streak(m, row, q, t)
    elif op == SEQUENCE:
        _step(m, row, q, t, argument)
    elif op == POINTS:
        earn(m, row, q, t)
    elif op == MEMBERS:
        _member(m, row, q, t, person, detail, argument == 1)
    elif op == ZONE:
        set_zone(m, row, m[m[q + A] + detail] if detail >= 0 else m[q + B])
    return True


@jit
def _take_latest(m, f, p, t, number, text):
    if number != number and text < 0:
        return False
    m[p] = t
    f[p + 1] = number
    m[p + 2] = text if number != number else -1
    return True


@jit
def _happen_first(m, row, q, t):
    p = row + m[q + STATE] + BODY
    if m[p] != NEVER:
        return False
    m[p] = t
    _drop_anchor(m, row, q, t)
    return True


# --- Reading ----------------------------------------------------------------------------------------------------------


@jit
def _closed(m, row, q):
    """Whether the anchor of the quantity's window has not happened yet."""
    return m[q + GATE] != 0 and _anchor_time(m, row, q) == NEVER


@jit
def _total(m, row, q, t):
    """The integer behind a COUNT, SUM or DISTINCT at t."""
    p = row + m[q + STATE] + BODY
    op = m[q + OP]
    mode = m[q + MODE]
    if op == DISTINCT:
        if mode == LAST:
            sets.expire(m, p, t - m[q + SPAN])
        size = m[p + sets.SIZE]
        return max(size, m[p + SET_PEAK]) if mode == ANY else size
    if mode == EVER:
        return m[p + NUMBER_WORD]
    if op == COUNT:
        if mode == LAST:
            _forget_times(m, p, 0, t - m[q + SPAN])
        now = m[p + rings.SIZE]
    else:
        if mode == LAST:
            _forget_amounts(m, p, t - m[q + SPAN])
        now = m[p + TOTAL]
    return max(now, m[p + PEAK]) if mode == ANY else now


@jit
def _extreme_value(m, f, row, q, t):
    p = row + m[q + STATE] + BODY
    if m[q + MODE] == EVER:
        return f[p]
    _forget_times(m, p, 1, t - m[q + SPAN])
    if m[p + rings.SIZE] == 0:
        return NAN
    return f[rings.entry(m, p, 1, 0) + 1]


@jit
def _latest_is_there(m, row, q, t):
    p = row + m[q + STATE] + BODY
    if _closed(m, row, q) or m[p] < 0:
        return False
    return m[q + MODE] == EVER or t < m[p] + m[q + SPAN]


@jit
def _span(m, row, q, t):
    """Recency or elapsed."""
    p = row + m[q + STATE] + BODY
    if m[q + OP] == FIRST:
        return float(t - m[p]) if m[p] != NEVER else NAN
    since = m[p] if m[p] >= 0 else m[row + FIRST_RECORD]
    return float(t - since)


@jit
def _streak_value(m, row, q, t):
    p = row + m[q + STATE] + BODY
    if m[q + A] == 1:
        return float(m[p + 2])
    return float(m[p + 1]) if local_day(m, row, t) <= m[p] + 1 else 0.0


@jit
def _plain_value(m, f, row, q, t):
    """The value of a quantity that does not read others; NaN if it is missing or text."""
    op = m[q + OP]
    p = row + m[q + STATE] + BODY
    if op == COUNT or op == DISTINCT:
        return 0.0 if _closed(m, row, q) else float(_total(m, row, q, t))
    if op == SUM:
        return 0.0 if _closed(m, row, q) else float(_total(m, row, q, t)) / float(m[q + A])
    if op == TRAIT:
        return f[m[q + A] + m[p]] if m[p] >= 0 else NAN
    if op == RECENCY or op == FIRST:
        return _span(m, row, q, t)
    if op == LATEST:
        return f[p + 1] if _latest_is_there(m, row, q, t) else NAN
    if op == EXTREME:
        return NAN if _closed(m, row, q) else _extreme_value(m, f, row, q, t)
    if op == MEMBERS:
        return float(m[p + sets.SIZE])
    if op == STREAK:
        return _streak_value(m, row, q, t)
    if op == SEQUENCE:
        return float(m[p])
    if op == NUMBER:
        return f[m[q + A]]
    if op == SCORE:
        return float(total(m, row, q, t, t)) / 1e6
    return NAN


@jit
def value(m, f, row, q, t):
    """The value at t; NaN if it is missing or text."""
    if m[q + OP] != RATIO:
        return _plain_value(m, f, row, q, t)
    denominator = _plain_value(m, f, row, m[q + B], t)
    if not (denominator < 0.0 or denominator > 0.0):
        return NAN
    return _plain_value(m, f, row, m[q + A], t) / denominator


@jit
def text_code(m, row, q, t):
    """The code of a value that is text, a truth value or a list, else -1."""
    p = row + m[q + STATE] + BODY
    if m[q + OP] == TRAIT:
        return m[p]
    if m[q + OP] == LATEST and _latest_is_there(m, row, q, t):
        return m[p + 2]
    return -1


# --- When time alone changes it ------------------------------------------------------------------------------------------


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
def _next_expiry(m, row, q, t):
    """The next moment after t at which something leaves the window or a streak breaks."""
    op = m[q + OP]
    if op == STREAK and m[q + A] == 0:
        p = row + m[q + STATE] + BODY
        if m[p] <= NO_DAY:
            return NEVER
        end = day_start(m, row, m[p] + 2)
        return end if end > t else NEVER
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
    """A falling count of `size` next crosses an end of the intervals when its nth newest event leaves; 0: it never does."""
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
def inside(f, low, high, number):
    for i in range(low, high, 2):
        if f[i] <= number <= f[i + 1]:
            return True
    return False


@jit
def _score_cannot_cross(f, low, high, least, most):
    for i in range(low, high, 2):
        for end in range(i, i + 2):
            if least <= f[end] <= most:
                return False
    return True


@jit
def _score_crossing(m, f, row, q, low, high, t):
    """The first moment after t at which the fading score is on another side of the intervals. Halves the time ahead, leaving
    out every part over which bounds of the score show that nothing can change."""
    half_life = m[q + SPAN]
    if half_life == 0:
        return NEVER
    holds = inside(f, low, high, float(total(m, row, q, t, t)) / 1e6)
    horizon = t + 64 * half_life
    start = t
    length = horizon - t
    while start < horizon:
        end = min(start + length, horizon)
        least = float(total(m, row, q, end, start + 1)) / 1e6
        most = float(total(m, row, q, start + 1, end)) / 1e6
        if least == most or _score_cannot_cross(f, low, high, least, most):
            if inside(f, low, high, least) != holds:
                return start + 1
            start = end
            length = length * 2
        else:
            length = (length + 1) // 2 if length > 1 else 1
    return NEVER


@jit
def next_flip(m, f, row, q, low, high, t):
    """A moment after t before which time alone cannot change on which side of the intervals the value is."""
    op = m[q + OP]
    if op == RATIO:
        return min(_next_expiry(m, row, m[q + A], t), _next_expiry(m, row, m[q + B], t))
    if op == SCORE:
        return _score_crossing(m, f, row, q, low, high, t)
    if op == RECENCY or op == FIRST:
        span = _span(m, row, q, t)
        if span != span:
            return NEVER
        crossing = _rises_past(f, low, high, span)
        return crossing if crossing == NEVER else t - int(span) + crossing
    if (op == COUNT or op == DISTINCT) and m[q + MODE] == LAST:
        size = _total(m, row, q, t)
        nth = _falls_past(f, low, high, float(size))
        return _newest(m, row, q, nth) + m[q + SPAN] if nth > 0 else NEVER
    return _next_expiry(m, row, q, t)
