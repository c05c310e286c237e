"""Conditions: those on marked quantities are decided, what time alone changes is found, and whom it concerns is
queued."""

from __future__ import annotations

from .flips import next_flip
from .formulas import cell_of, formula_holds, is_in_cell, test_holds, tests_between
from .jit import apart, jit
from .layout import (
    CEIL,
    CELL,
    CONDITION_STATE,
    COOL,
    COOL_UNTIL,
    COOLING,
    COOLING_END,
    CUTS,
    DEFINITION_STATE,
    DIFFERS,
    FACT,
    FLIP,
    FLIPS,
    FLOOR,
    HOLDS,
    ITEM_FORMULA,
    ITEM_FORMULA_END,
    ITEM_QUEUE,
    ITEM_QUEUE_COUNT,
    ITEM_READERS,
    ITEM_READERS_END,
    ITEM_STATE,
    ITEMS,
    ITEMS_END,
    LAST_TIP,
    LATE,
    MARKED,
    MARKED_COUNT,
    NAN,
    NEVER,
    QUEUE,
    QUEUE_COUNT,
    QUEUED,
    SINCE,
    STATE,
    STATE_HEAD,
    TESTS,
    TESTS_END,
    TIMED,
    TIMED_END,
    TIP,
    USERS,
    USERS_END,
    WAKE,
)
from .noticing import be_quiet, mark
from .reading import text_code, value


@jit
def queue_definition(m, g, definition):
    """A definition to decide at this instant, once."""
    if m[definition + QUEUED] == 0:
        m[definition + QUEUED] = 1
        m[m[g + QUEUE] + m[g + QUEUE_COUNT]] = definition
        m[g + QUEUE_COUNT] += 1


@jit
def queue_items(m, g, start, end):
    for i in range(start, end):
        m[m[g + ITEM_QUEUE] + m[g + ITEM_QUEUE_COUNT]] = m[i]
        m[g + ITEM_QUEUE_COUNT] += 1


@jit
def _plan(m, f, row, q, number, t):
    """Find out when time alone may lead the quantity out of its cell next."""
    if m[q + FLIP] != 0:
        flip = next_flip(m, f, row, q, number, t)
        m[row + m[q + FLIP]] = flip
        if flip < m[row + WAKE]:
            m[row + WAKE] = flip


@jit
def _decide_condition(m, g, row, condition, holds, t):
    at = row + m[condition + CONDITION_STATE]
    if holds != m[at + HOLDS]:
        m[at + HOLDS] = holds
        m[at + SINCE] = t
        m[at + TIP] = m[at + DIFFERS]
        m[at + FACT] = -1
        m[g + LAST_TIP] = m[at + DIFFERS]
        for i in range(m[condition + USERS], m[condition + USERS_END], 2):
            missed = m[row + m[i + 1]]
            if missed == 0 or missed == m[condition + CONDITION_STATE]:
                queue_definition(m, g, m[i])
        queue_items(m, g, m[condition + ITEMS], m[condition + ITEMS_END])
    m[at + DIFFERS] = -1


@jit
def _decide_quantity(m, f, g, row, q, t):
    """The conditions on a marked quantity, its cell, and its next flip."""
    at = row + m[q + STATE]
    number = value(m, f, row, q, t)
    if not is_in_cell(f, at, number):
        cell = cell_of(m, f, q, number, m[at + CELL])
        text = text_code(m, row, q, t) if cell < 0 else -1
        # Whatever would tip a score has been noted with each of its conditions (`_tip`).
        start, end = tests_between(m, q, m[at + CELL] if m[q + LATE] == 0 else -1, cell)
        for place in range(start, end):
            i = m[place]
            _decide_condition(m, g, row, m[m[q + TESTS] + i], test_holds(m, f, q, i, cell, text), t)
        m[at + CELL] = cell
        f[at + FLOOR] = f[m[q + CUTS] + cell] if cell >= 0 else NAN
        f[at + CEIL] = f[m[q + CUTS] + cell + 1] if cell >= 0 else NAN
    m[at + MARKED] = 0
    be_quiet(m, f, row, q, number)
    _plan(m, f, row, q, number, t)


@jit
def _tip(m, f, row, q, tip):
    """Should conditions on the quantity turn out to be others now, then since this row."""
    f[row + m[q + STATE] + FLOOR] = NAN
    for i in range(m[q + TESTS], m[q + TESTS_END]):
        state = row + m[m[i] + CONDITION_STATE]
        if m[state + DIFFERS] < 0:
            m[state + DIFFERS] = tip


@apart
def _update_items(m, f, g, row, t):
    """Score items whose formula has changed begin or stop to hold; their score is marked."""
    for k in range(m[g + ITEM_QUEUE_COUNT]):
        item = m[m[g + ITEM_QUEUE] + k]
        at = row + m[item + ITEM_STATE]
        holds = 1 if formula_holds(m, row, m[item + ITEM_FORMULA], m[item + ITEM_FORMULA_END]) else 0
        if holds != m[at]:
            m[at] = holds
            m[at + 1] = t
            for i in range(m[item + ITEM_READERS], m[item + ITEM_READERS_END]):
                _tip(m, f, row, m[i], m[g + LAST_TIP])
                mark(m, row, m[i])
    m[g + ITEM_QUEUE_COUNT] = 0


@jit
def decide_marked(m, f, g, row, t):
    """The conditions on marked quantities; those on scores last, since scores read conditions."""
    for late in range(2):
        k = 0
        while k < m[row + MARKED_COUNT]:
            q = m[row + STATE_HEAD + k]
            if m[q + LATE] == late:
                _decide_quantity(m, f, g, row, q, t)
            k += 1
        if late == 0 and m[g + ITEM_QUEUE_COUNT] > 0:
            _update_items(m, f, g, row, t)
    m[row + MARKED_COUNT] = 0


@apart
def _end_cooldowns(m, g, row, t):
    """Queue the definitions whose cooldown ends at t, and find the end of the next one."""
    cool = NEVER
    for i in range(m[g + COOLING], m[g + COOLING_END]):
        definition = m[i]
        until = m[row + m[definition + DEFINITION_STATE] + COOL_UNTIL]
        if until > t:
            cool = min(cool, until)
        elif until == t:
            queue_definition(m, g, definition)
    m[row + COOL] = cool


@jit
def collect_due(m, g, row, t):
    """Mark what time alone may change at or before t, and find the next such moment."""
    if m[row + COOL] <= t:
        _end_cooldowns(m, g, row, t)
    first = m[g + TIMED]
    flips = row + m[g + FLIPS]
    wake = m[row + COOL]
    for k in range(m[g + TIMED_END] - first):
        flip = m[flips + k]
        if flip > t:
            wake = min(wake, flip)
        else:
            mark(m, row, m[first + k])
    m[row + WAKE] = wake
