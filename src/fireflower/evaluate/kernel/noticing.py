"""What a row does to its subject: quantities take it in, and conditions whose truth may be another now are marked, to
be decided when its instant is over."""

from __future__ import annotations

import math

from .formulas import cell_of, is_in_cell, test_holds, tests_between, where_holds
from .jit import apart, jit
from .layout import (
    ANY_CHANGE,
    BODY,
    CEIL,
    CELL,
    CONDITION_STATE,
    DIFFERS,
    FEED_QUANTITY,
    FEED_READS,
    FEED_WHERE,
    FEED_WHERE_END,
    FEED_WORDS,
    FEEDS,
    FLIP,
    FLOOR,
    HOLDS,
    MARKED,
    MARKED_COUNT,
    NAN,
    NEGATIVE_ONLY,
    NEVER,
    NUMBER_COLUMN,
    OP,
    PENDING,
    QUIET,
    QUIETS,
    READERS,
    READERS_END,
    RECENCY,
    REMARK,
    SCALE,
    SCORE,
    STATE,
    STATE_HEAD,
    TESTS,
    TEXT_COLUMN,
    UNPLANNED,
    ZONE,
)
from .reading import text_code, value
from .shortcuts import nothing_comes_of_it
from .taking import take
from .windows import NEGATIVES


@jit
def mark(m, row, q):
    """The conditions on the quantity are to be decided, and its next flip found, at the end of this instant."""
    at = row + m[q + STATE]
    if m[at + MARKED] == 0:
        m[at + MARKED] = 1
        m[at + QUIET] = 0
        m[row + STATE_HEAD + m[row + MARKED_COUNT]] = q
        m[row + MARKED_COUNT] += 1


@jit
def be_quiet(m, f, row, q, number):
    """Find the total below which events leave the quantity, whose value is `number`, in its cell."""
    at = row + m[q + STATE]
    if m[q + QUIETS] == 0 or m[at + MARKED] == 1:
        return
    bound = f[at + CEIL] * m[q + SCALE]
    if m[q + OP] == RECENCY:
        m[at + QUIET] = 1 if is_in_cell(f, at, 0.0) else 0
    elif not bound < 1e18:
        m[at + QUIET] = NEVER
    elif m[q + OP] == SCORE:
        m[at + QUIET] = int(math.floor(bound)) - int(math.ceil(number * m[q + SCALE]))
    else:
        m[at + QUIET] = int(math.floor(bound))


@jit
def _is_restless(m, row, q):
    """Whether time alone may lead the quantity out of its cell sooner than planned."""
    remark = m[q + REMARK]
    if remark == UNPLANNED:
        return m[row + m[q + FLIP]] == NEVER
    if remark == NEGATIVE_ONLY:
        return m[row + m[q + STATE] + BODY + NEGATIVES] > 0
    return remark == ANY_CHANGE


@jit
def _has_moved(m, f, row, q, number, t, tip):
    """Whether the quantity has left its cell, so that conditions may differ. The first record since a condition last
    agreed is what tips it."""
    at = row + m[q + STATE]
    if is_in_cell(f, at, number):
        return False
    cell = cell_of(m, f, q, number, m[at + CELL])
    text = text_code(m, row, q, t) if cell < 0 else -1
    moved = cell >= 0
    # Once it has been seen outside at this instant, any condition may differ that has to agree again.
    start, end = tests_between(m, q, m[at + CELL] if f[at + FLOOR] == f[at + FLOOR] else -1, cell)
    for place in range(start, end):
        i = m[place]
        state = row + m[m[m[q + TESTS] + i] + CONDITION_STATE]
        if test_holds(m, f, q, i, cell, text) == m[state + HOLDS]:
            m[state + DIFFERS] = -1
        else:
            moved = True
            if m[state + DIFFERS] < 0:
                m[state + DIFFERS] = tip
    if moved:
        f[at + FLOOR] = NAN
    return moved


@jit
def _notice(m, f, row, q, t, tip):
    """The quantity has taken something in: mark the tested ones of which the conditions, or the next change by time
    alone, may be others now."""
    rezoned = m[q + OP] == ZONE
    for i in range(m[q + READERS], m[q + READERS_END]):
        read = m[i]
        number = value(m, f, row, read, t)
        if _has_moved(m, f, row, read, number, t, tip) or rezoned or _is_restless(m, row, read):
            mark(m, row, read)
        elif m[read + OP] == SCORE:
            be_quiet(m, f, row, read, number)


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
                if m[q + NUMBER_COLUMN] != 0:
                    number = rows.numbers[m[q + NUMBER_COLUMN] * rows.width + i]
                if m[q + TEXT_COLUMN] != 0:
                    text = rows.codes[m[q + TEXT_COLUMN] * rows.width + i]
            tip = rows.row[i] if rows.has_row else rows.first_row + i
            _take_and_notice(m, f, row, feed, t, tip, number, text, rows.person[i], rows.detail[i])
        feed += FEED_WORDS


@apart
def _take_and_notice(m, f, row, feed, t, tip, number, text, person, detail):
    if take(m, f, row, feed, t, number, text, person, detail):
        _notice(m, f, row, m[feed + FEED_QUANTITY], t, tip)
        if m[row + MARKED_COUNT] > 0:
            m[row + PENDING] = t
