"""What an event does to a quantity."""

from __future__ import annotations

from . import rings, sets
from .clocks import local_day, set_zone
from .jit import apart, jit
from .layout import (
    ACTOR,
    ANY,
    BODY,
    COUNT,
    DISTINCT,
    EVENT_NAME,
    EVER,
    EXTREME,
    FEED_ARGUMENT,
    FEED_QUANTITY,
    FIRST,
    FRESH,
    GATE,
    GATE_SPAN,
    GATED,
    GATED_END,
    LATEST,
    LOCAL_DAY,
    MEMBERS,
    MODE,
    NEVER,
    OP,
    POINTS,
    PREVIOUS,
    PROVISIONAL,
    QUIET,
    RECENCY,
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
from .points import earn
from .windows import (
    LARGEST_NUMBER,
    LARGEST_TOTAL,
    NEGATIVES,
    NUMBER_WORD,
    PEAK,
    SET_PEAK,
    TOTAL,
    add_to,
    anchor_time,
    forget_amounts,
    forget_times,
    total_at,
)


@apart
def _reset(m, row, q):
    """Back to the template, except for the time of the previous event."""
    p = row + m[q + STATE]
    op = m[q + OP]
    if op == DISTINCT:
        sets.destroy(m, p + BODY)
    elif m[q + MODE] != EVER:
        rings.destroy(m, p + BODY, 0 if op == COUNT else 1)
    m[p + QUIET] = 0
    for word in range(BODY, m[q + WORDS]):
        m[p + word] = m[m[q + FRESH] + word]


@jit
def _admits(m, row, q, t):
    """Whether the anchor's window takes in an event at t. Before the anchor, what comes is taken in provisionally,
    since the
    anchor may still come at the same instant."""
    if m[q + GATE] == 0:
        return True
    anchor = anchor_time(m, row, q)
    if anchor != NEVER:
        return t - anchor < m[q + GATE_SPAN]
    p = row + m[q + STATE]
    if m[p + PROVISIONAL] != t:
        _reset(m, row, q)
        m[p + PROVISIONAL] = t
    return True


@apart
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
def _is_heard(m, row, q, total):
    """Whether a total that has risen to this may change the truth of a reader."""
    return total >= m[row + m[q + STATE] + QUIET]


@jit
def _count(m, row, q, t):
    p = row + m[q + STATE] + BODY
    if m[q + MODE] == EVER:
        m[p + NUMBER_WORD] += 1
        return m[p + NUMBER_WORD]
    if m[q + MODE] == ANY:
        _peak_before(m, p, PEAK, m[p + rings.SIZE], t)
    forget_times(m, p, 0, t - m[q + SPAN])
    rings.push(m, p, 0, t)
    return m[p + rings.SIZE]


@jit
def _sum(m, row, q, t, amount):
    p = row + m[q + STATE] + BODY
    if m[q + MODE] == EVER:
        add_to(m, p + NUMBER_WORD, amount)
        total = total_at(m, p + NUMBER_WORD)
        return amount < 0 or total < 0 or _is_heard(m, row, q, total)
    if m[q + MODE] == ANY:
        _peak_before(m, p, PEAK, total_at(m, p + TOTAL), t)
    forget_amounts(m, p, t - m[q + SPAN])
    position = rings.push(m, p, 1, t)
    m[position + 1] = amount
    if amount < 0:
        m[p + NEGATIVES] += 1
    add_to(m, p + TOTAL, amount)
    return m[p + NEGATIVES] > 0 or _is_heard(m, row, q, total_at(m, p + TOTAL))


@jit
def _millionths(number):
    if number > LARGEST_NUMBER:
        return LARGEST_TOTAL
    if number < -LARGEST_NUMBER:
        return -LARGEST_TOTAL
    return int(round(number * 1e6))


@jit
def _extreme(m, f, row, q, t, number):
    """Whether it is the new extreme."""
    p = row + m[q + STATE] + BODY
    sign = m[q + A]
    if m[q + MODE] == EVER:
        if sign * f[p] >= sign * number:
            return False
        f[p] = number
        return True
    forget_times(m, p, 1, t - m[q + SPAN])
    size = m[p + rings.SIZE]
    while size > 0 and sign * f[rings.entry(m, p, 1, size - 1) + 1] <= sign * number:
        rings.drop_newest(m, p)
        size -= 1
    position = rings.push(m, p, 1, t)
    f[position + 1] = number
    return size == 0


@jit
def _distinct(m, row, q, t, key):
    """Whether there are more now. A key seen again changes no number; that keys leave is a matter of time."""
    p = row + m[q + STATE] + BODY
    if m[q + MODE] == ANY:
        _peak_before(m, p, SET_PEAK, m[p + sets.SIZE], t)
    if m[q + MODE] != EVER:
        sets.expire(m, p, t - m[q + SPAN])
    before = m[p + sets.SIZE]
    sets.add(m, p, key, t)
    return m[p + sets.SIZE] > before and _is_heard(m, row, q, m[p + sets.SIZE])


@jit
def _key_of_number(m, f, number):
    """The bits of a float as an integer; 0 and -0 are one value."""
    f[WORD] = number + 0.0
    return m[WORD]


@jit
def _streak(m, row, q, t):
    """A day later than the latest: others are passed by (`shortcuts.SAME_STREAK`)."""
    p = row + m[q + STATE] + BODY
    day = local_day(m, row, t)
    m[p + 1] = m[p + 1] + 1 if day == m[p] + 1 else 1
    m[p] = day
    m[p + 2] = max(m[p + 2], m[p + 1])
    return True


@jit
def step_on(m, row, q, t, step):
    """Whether a chain has come further. `starts[step]` is the latest start of a chain that has come as far as
    `step`."""
    p = row + m[q + STATE] + BODY
    starts = p + 1
    if step == 0:
        start = t
    else:
        start = m[starts + step - 1]
        if start < 0 or t - start >= m[q + A]:
            return False
    if m[starts + step] < start:
        m[starts + step] = start
    if m[p] > step:
        return False
    m[p] = step + 1
    return True


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
    """Whether an event counts, by sessions and by the window's anchor; if so, the span that it adds to its session,
    or 0."""
    source = m[q + SOURCE]
    gap = -1
    if source == SESSION_START or source == SESSION_GAP:
        gap = _session(m, row, q, t)
        if (gap < 0) != (source == SESSION_START):
            return -1
    return max(gap, 0) if _admits(m, row, q, t) else -1


@jit
def take(m, f, row, feed, t, number, text, person, detail):
    """A row that passed the feed's `where` happens to the feed's quantity. Whether the quantity noticed.

    `number` and `text` are the row's value of the quantity's property (NaN, -1 if it is not one), `detail` is the
    column of that name.
    """
    q = m[feed + FEED_QUANTITY]
    op = m[q + OP]
    span = _counts(m, row, q, t)
    if span < 0:
        return False
    if op == COUNT:
        return _is_heard(m, row, q, _count(m, row, q, t))
    if op == TRAIT:
        m[row + m[q + STATE] + BODY] = detail
        return True
    if op == SUM:
        return _take_sum(m, row, q, t, number, span)
    if op == DISTINCT:
        return _take_distinct(m, f, row, q, t, number, text, person, m[feed + FEED_ARGUMENT])
    return _take_other(m, f, row, q, t, number, text, person, detail, m[feed + FEED_ARGUMENT])


@jit
def _take_sum(m, row, q, t, number, span):
    if m[q + SOURCE] != SESSION_GAP:
        if number != number:
            return _pass_by(m, row, q, t)
        span = _millionths(number)
    return _sum(m, row, q, t, span)


@jit
def _pass_by(m, row, q, t):
    """An event without a number adds nothing to a sum; but for `any`, its instant is one at which the sum is looked
    at."""
    if m[q + MODE] != ANY:
        return False
    p = row + m[q + STATE] + BODY
    _peak_before(m, p, PEAK, total_at(m, p + TOTAL), t)
    forget_amounts(m, p, t - m[q + SPAN])
    return True


@jit
def _take_distinct(m, f, row, q, t, number, text, person, name):
    source = m[q + SOURCE]
    if source == LOCAL_DAY:
        key = local_day(m, row, t)
    elif source == EVENT_NAME:
        key = name
    elif source == ACTOR and person >= 0:
        key = person
    elif source == VALUE and number == number:
        key = _key_of_number(m, f, number)
    elif source == VALUE and text >= 0:
        key = -1 - text  # bit patterns that no number has
    else:
        return False
    return _distinct(m, row, q, t, key)


@jit
def _take_other(m, f, row, q, t, number, text, person, detail, argument):
    op = m[q + OP]
    p = row + m[q + STATE] + BODY
    if op == RECENCY:
        m[p] = t
        return m[p - BODY + QUIET] == 0
    if op == LATEST:
        return _take_latest(m, f, p, t, number, text)
    if op == EXTREME:
        return number == number and _extreme(m, f, row, q, t, number)
    if op == FIRST:
        return _happen_first(m, row, q, t)
    if op == STREAK:
        return _streak(m, row, q, t)
    if op == SEQUENCE:
        return step_on(m, row, q, t, argument)
    if op == POINTS:
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
