"""What a row does to its subject: quantities take it in, and conditions whose truth may be another now are marked, to
be decided when its instant is over."""

from __future__ import annotations

import math

from .formulas import passes, where_holds
from .jit import apart, jit
from .layout import (
    ANY_CHANGE,
    BODY,
    CONDITION_STATE,
    DIRTY,
    DIRTY_COUNT,
    FEED_QUANTITY,
    FEED_READS,
    FEED_WHERE,
    FEED_WHERE_END,
    FEED_WORDS,
    FEEDS,
    FLAGS,
    FLIP,
    HIGH,
    LOW,
    NAN,
    NEGATIVE_ONLY,
    NEVER,
    NUMBER_COLUMN,
    OP,
    PENDING,
    PLACE,
    QUANTITY,
    QUIET,
    QUIET_SCORE,
    QUIETS,
    READERS,
    READERS_END,
    RECENCY,
    REMARK,
    SCALE,
    STATE,
    STATE_HEAD,
    TEST,
    TEXT_COLUMN,
    TRUE,
    UNPLANNED,
    ZONE,
)
from .points import total
from .reading import text_code, value, whole_number
from .shortcuts import nothing_comes_of_it
from .taking import take
from .windows import NEGATIVES


@jit
def mark(m, row, condition, tip):
    """The condition is to be decided at the end of this instant; `tip` is the row that changed its truth, -1 for
    none."""
    at = row + m[condition + CONDITION_STATE]
    count = m[row + DIRTY_COUNT]
    m[at + FLAGS] = (m[at + FLAGS] & TRUE) | DIRTY | (count << PLACE)
    m[row + STATE_HEAD + 2 * count] = condition
    m[row + STATE_HEAD + 2 * count + 1] = tip
    m[row + DIRTY_COUNT] = count + 1


@jit
def mark_again(m, row, flags, differs, tip):
    """A marked condition was changed again at the same instant: the first record since it last agreed is what tips
    it."""
    place = row + STATE_HEAD + 2 * (flags >> PLACE) + 1
    if not differs:
        m[place] = -1
    elif m[place] < 0:
        m[place] = tip


@jit
def _is_restless(m, row, condition):
    """Whether time alone may change the condition sooner than planned."""
    remark = m[condition + REMARK]
    if remark == UNPLANNED:
        return m[row + m[condition + FLIP]] == NEVER
    if remark == NEGATIVE_ONLY:
        return m[row + m[m[condition + QUANTITY] + STATE] + BODY + NEGATIVES] > 0
    return remark == ANY_CHANGE


@jit
def _notice(m, f, row, q, t, tip):
    """The quantity has taken something in: mark the conditions whose truth, or next change by time alone, may be
    another now."""
    rezoned = m[q + OP] == ZONE
    before = m[row + DIRTY_COUNT]
    read = 0
    number = NAN
    text = -1
    for i in range(m[q + READERS], m[q + READERS_END]):
        condition = m[i]
        if m[condition + QUANTITY] != read:
            read = m[condition + QUANTITY]
            number = value(m, f, row, read, t)
            text = text_code(m, row, read, t) if number != number else -1
        at = row + m[condition + CONDITION_STATE]
        flags = m[at + FLAGS]
        differs = passes(m, f, m[condition + TEST], number, text) != (flags & TRUE == TRUE)
        if flags & DIRTY != 0:
            mark_again(m, row, flags, differs, tip)
        elif differs or rezoned or _is_restless(m, row, condition):
            mark(m, row, condition, tip if differs else -1)
    if before == 0 and m[row + DIRTY_COUNT] == 0:
        if m[q + QUIETS] == 1:
            m[row + m[q + STATE] + QUIET] = (
                1 if m[q + OP] == RECENCY else _quiet_until(m, f, q, whole_number(m, row, q, t))
            )
        elif m[q + QUIET_SCORE] != 0:
            score = m[q + QUIET_SCORE]
            points = total(m, row, score, t, t)
            m[row + m[score + STATE] + QUIET] = _quiet_until(m, f, q, points) - points
    elif m[q + QUIETS] == 1:
        m[row + m[q + STATE] + QUIET] = 0


@jit
def _quiet_until(m, f, q, now):
    """The total below which nothing is to be noticed of a quantity whose readers have all agreed just now."""
    quiet = NEVER
    for i in range(m[q + READERS], m[q + READERS_END]):
        test = m[m[i] + TEST]
        for end in range(m[test + LOW], m[test + HIGH]):
            bound = f[end] * m[q + SCALE]
            if now <= bound < 1e18:
                quiet = min(quiet, int(math.floor(bound)))
    return quiet


@jit
def take_in(m, f, g, rows, i, row, t):
    """Row i happens to the subject; what follows from it is decided when its instant is over."""
    index = m[g + FEEDS] + rows.what[i]
    feed = m[index]
    end = m[index + 1]
    while feed < end:
        start = m[feed + FEED_WHERE]
        passes_where = start == 0 or where_holds(m, f, rows, i, row, start, m[feed + FEED_WHERE_END], t)
        if passes_where and not nothing_comes_of_it(m, row, feed, t, rows.person[i], rows.detail[i]):
            number = NAN
            text = -1
            if m[feed + FEED_READS] == 1:
                q = m[feed + FEED_QUANTITY]
                number = rows.numbers[m[q + NUMBER_COLUMN] * rows.width + i]
                text = rows.codes[m[q + TEXT_COLUMN] * rows.width + i]
            tip = rows.row[i] if rows.has_row else rows.first_row + i
            _take_and_notice(m, f, row, feed, t, tip, number, text, rows.person[i], rows.detail[i])
        feed += FEED_WORDS


@apart
def _take_and_notice(m, f, row, feed, t, tip, number, text, person, detail):
    if take(m, f, row, feed, t, number, text, person, detail):
        _notice(m, f, row, m[feed + FEED_QUANTITY], t, tip)
        if m[row + DIRTY_COUNT] > 0:
            m[row + PENDING] = t
