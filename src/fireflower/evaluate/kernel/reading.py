"""What the value of a quantity is at a moment."""

from __future__ import annotations

from . import rings, sets
from .clocks import local_day
from .jit import apart, jit
from .layout import (
    ANY,
    BODY,
    COUNT,
    DIFFERENCE,
    DISTINCT,
    EVER,
    EXTREME,
    FIRST,
    FIRST_RECORD,
    LAST,
    LATEST,
    MEMBERS,
    MODE,
    NAN,
    NEVER,
    NUMBER,
    OP,
    RATIO,
    RECENCY,
    SCORE,
    SEQUENCE,
    SPAN,
    STATE,
    STREAK,
    SUM,
    TRAIT,
    A,
    B,
)
from .points import total
from .windows import NUMBER_WORD, PEAK, SET_PEAK, TOTAL, closed, forget_amounts, forget_times, total_at


@jit
def whole_number(m, row, q, t):
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
        return m[p + NUMBER_WORD] if op == COUNT else total_at(m, p + NUMBER_WORD)
    if op == COUNT:
        if mode == LAST:
            forget_times(m, p, 0, t - m[q + SPAN])
        now = m[p + rings.SIZE]
    else:
        if mode == LAST:
            forget_amounts(m, p, t - m[q + SPAN])
        now = total_at(m, p + TOTAL)
    return max(now, m[p + PEAK]) if mode == ANY else now


@jit
def _extreme_value(m, f, row, q, t):
    p = row + m[q + STATE] + BODY
    if m[q + MODE] == EVER:
        return f[p]
    forget_times(m, p, 1, t - m[q + SPAN])
    if m[p + rings.SIZE] == 0:
        return NAN
    return f[rings.entry(m, p, 1, 0) + 1]


@jit
def _latest_is_there(m, row, q, t):
    p = row + m[q + STATE] + BODY
    if closed(m, row, q) or m[p] < 0:
        return False
    return m[q + MODE] == EVER or t < m[p] + m[q + SPAN]


@jit
def span_since(m, row, q, t):
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
def _number_value(m, row, q, t):
    if closed(m, row, q):
        return 0.0
    number = float(whole_number(m, row, q, t))
    return number / float(m[q + A]) if m[q + OP] == SUM else number


@apart
def _plain_value(m, f, row, q, t):
    """The value of a quantity that does not read others; NaN if it is missing or text."""
    op = m[q + OP]
    p = row + m[q + STATE] + BODY
    if op == COUNT or op == DISTINCT or op == SUM:
        return _number_value(m, row, q, t)
    if op == TRAIT:
        return f[m[q + A] + m[p]] if m[p] >= 0 else NAN
    if op == RECENCY or op == FIRST:
        return span_since(m, row, q, t)
    if op == LATEST:
        return f[p + 1] if _latest_is_there(m, row, q, t) else NAN
    if op == EXTREME:
        return NAN if closed(m, row, q) else _extreme_value(m, f, row, q, t)
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


@apart
def _computed_value(m, f, row, q, t):
    """The value of a quantity that reads two others."""
    first = _plain_value(m, f, row, m[q + A], t)
    second = _plain_value(m, f, row, m[q + B], t)
    if m[q + OP] == DIFFERENCE:
        return first - second
    return first / second if second < 0.0 or second > 0.0 else NAN


@jit
def value(m, f, row, q, t):
    """The value at t; NaN if it is missing or text."""
    if m[q + OP] == DIFFERENCE or m[q + OP] == RATIO:
        return _computed_value(m, f, row, q, t)
    return _plain_value(m, f, row, q, t)


@jit
def text_code(m, row, q, t):
    """The code of a value that is text, a truth value or a list, else -1."""
    p = row + m[q + STATE] + BODY
    if m[q + OP] == TRAIT:
        return m[p]
    if m[q + OP] == LATEST and _latest_is_there(m, row, q, t):
        return m[p + 2]
    return -1
