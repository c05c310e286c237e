"""Conditions: the marked ones are decided, what time alone changes is found, and whom it concerns is queued."""

from __future__ import annotations

from .flips import next_flip
from .formulas import condition_holds, formula_holds
from .jit import apart, jit
from .layout import (
    CONDITION_STATE,
    COOL,
    COOL_UNTIL,
    DEFINITION_COUNT,
    DEFINITION_STATE,
    DEFINITION_WORDS,
    DEFINITIONS,
    DIRTY,
    DIRTY_COUNT,
    FLAGS,
    FLIP,
    FLIPS,
    HIGH,
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
    LOW,
    MISSED,
    NEVER,
    QUANTITY,
    QUEUE,
    QUEUE_COUNT,
    QUEUED,
    QUIET,
    SINCE,
    STATE,
    STATE_HEAD,
    TEST,
    TIMED,
    TIMED_END,
    TIP,
    TRUE,
    USERS,
    USERS_END,
    WAKE,
)
from .noticing import mark, mark_again


@jit
def queue_definition(m, g, row, definition):
    """A definition to decide at this instant, once. One that misses a condition comes when that one holds."""
    missed = m[row + m[definition + DEFINITION_STATE] + MISSED]
    if missed != 0 and m[row + m[missed + CONDITION_STATE] + FLAGS] & TRUE == 0:
        return
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
def _plan(m, f, row, condition, t):
    """Find out when time alone may change the condition next."""
    if m[condition + FLIP] != 0:
        test = m[condition + TEST]
        flip = next_flip(m, f, row, m[condition + QUANTITY], m[test + LOW], m[test + HIGH], t)
        m[row + m[condition + FLIP]] = flip
        if flip < m[row + WAKE]:
            m[row + WAKE] = flip


@jit
def _decide_condition(m, f, g, row, condition, tip, t):
    at = row + m[condition + CONDITION_STATE]
    held = m[at + FLAGS] & TRUE == TRUE
    holds = condition_holds(m, f, row, condition, t)
    m[at + FLAGS] = TRUE if holds else 0
    if holds != held:
        m[at + SINCE] = t
        m[at + TIP] = tip
        m[g + LAST_TIP] = tip
        for i in range(m[condition + USERS], m[condition + USERS_END]):
            queue_definition(m, g, row, m[i])
        queue_items(m, g, m[condition + ITEMS], m[condition + ITEMS_END])
    m[row + m[m[condition + QUANTITY] + STATE] + QUIET] = 0
    _plan(m, f, row, condition, t)


@apart
def _update_items(m, g, row, t):
    """Score items whose formula has changed begin or stop to hold; the conditions on their score are marked."""
    for k in range(m[g + ITEM_QUEUE_COUNT]):
        item = m[m[g + ITEM_QUEUE] + k]
        at = row + m[item + ITEM_STATE]
        holds = 1 if formula_holds(m, row, m[item + ITEM_FORMULA], m[item + ITEM_FORMULA_END]) else 0
        if holds != m[at]:
            m[at] = holds
            m[at + 1] = t
            for i in range(m[item + ITEM_READERS], m[item + ITEM_READERS_END]):
                flags = m[row + m[m[i] + CONDITION_STATE] + FLAGS]
                if flags & DIRTY == 0:
                    mark(m, row, m[i], m[g + LAST_TIP])
                else:
                    mark_again(m, row, flags, True, m[g + LAST_TIP])
    m[g + ITEM_QUEUE_COUNT] = 0


@jit
def decide_conditions(m, f, g, row, t):
    """The dirty conditions; those that read scores last, since scores read conditions."""
    for late in range(2):
        k = 0
        while k < m[row + DIRTY_COUNT]:
            place = row + STATE_HEAD + 2 * k
            if m[m[place] + LATE] == late:
                _decide_condition(m, f, g, row, m[place], m[place + 1], t)
            k += 1
        if late == 0 and m[g + ITEM_QUEUE_COUNT] > 0:
            _update_items(m, g, row, t)
    m[row + DIRTY_COUNT] = 0


@apart
def _end_cooldowns(m, g, row, t):
    """Queue the definitions whose cooldown ends at t, and find the end of the next one."""
    cool = NEVER
    first = m[g + DEFINITIONS]
    for number in range(m[g + DEFINITION_COUNT]):
        definition = first + number * DEFINITION_WORDS
        until = m[row + m[definition + DEFINITION_STATE] + COOL_UNTIL]
        if until > t:
            cool = min(cool, until)
        elif until == t:
            queue_definition(m, g, row, definition)
    m[row + COOL] = cool


@jit
def collect_due(m, f, g, row, t):
    """Mark what time alone changes at or before t, and find the next such moment. What may have changed and has not is
    only planned anew."""
    if m[row + COOL] <= t:
        _end_cooldowns(m, g, row, t)
    m[row + WAKE] = m[row + COOL]
    first = m[g + TIMED]
    flips = row + m[g + FLIPS]
    wake = NEVER
    for k in range(m[g + TIMED_END] - first):
        flip = m[flips + k]
        if flip > t:
            wake = min(wake, flip)
        else:
            _look_again(m, f, row, m[first + k], t)
    m[row + WAKE] = min(m[row + WAKE], wake)


@jit
def _look_again(m, f, row, condition, t):
    flags = m[row + m[condition + CONDITION_STATE] + FLAGS]
    if flags & DIRTY != 0:
        return
    if m[condition + LATE] == 0 and condition_holds(m, f, row, condition, t) == (flags == TRUE):
        m[row + m[m[condition + QUANTITY] + STATE] + QUIET] = 0
        _plan(m, f, row, condition, t)
    else:
        mark(m, row, condition, -1)
