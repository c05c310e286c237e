"""Definitions and their verdicts. Everything that happens at one instant is taken in first (`noticing`), then decided
once (`decide`); `advance` decides whatever lies before a moment, changes by time alone included."""

from __future__ import annotations

from .conditions import collect_due, decide_marked, queue_definition, queue_items
from .formulas import formula_holds
from .heap import take_words
from .jit import apart, jit
from .layout import (
    ALL_ITEMS,
    ALL_ITEMS_END,
    AT_BIRTH,
    AT_BIRTH_END,
    BORN,
    CONDITION_COUNT,
    CONDITION_STATE,
    CONDITION_WORDS,
    CONDITIONS,
    COOL,
    COOL_UNTIL,
    COOLDOWN,
    DEFINITION_COUNT,
    DEFINITION_STATE,
    DEFINITION_WORDS,
    DEFINITIONS,
    FIRST_RECORD,
    GOAL,
    HOLDS,
    KEEP,
    MARKED_COUNT,
    MISSED,
    NEEDED,
    NEEDED_END,
    NEVER,
    NO_REASON,
    OUT_END,
    OUT_START,
    PENDING,
    QUALIFIED,
    QUANTITY,
    QUEUE,
    QUEUE_COUNT,
    QUEUED,
    REASON_CONVERTED,
    REASON_LAPSED,
    REASON_LEFT_OUT,
    REASON_QUALIFIED,
    RELATIVE,
    RELATIVE_END,
    REST,
    REST_END,
    ROW_WORDS,
    STANDING,
    STOOD,
    TEMPLATE,
    VERDICT_SINCE,
    WAKE,
)
from .noticing import mark
from .output import has_output_room, write


@apart
def begin(m, g, t, place):
    """A subject's first record: it exists from t on. Gives its state, which is as `settle` left the template. It lies
    at `place`, unless that is 0."""
    row = take_words(m, m[g + ROW_WORDS]) if place == 0 else place
    template = m[g + TEMPLATE]
    for word in range(m[g + ROW_WORDS]):
        m[row + word] = m[template + word]
    for i in range(m[g + RELATIVE], m[g + RELATIVE_END]):
        m[row + m[i]] += t
    m[row + FIRST_RECORD] = t
    m[row + PENDING] = t
    return row


@jit
def _change(m, f, row, subject, definition, t, qualified, reason):
    at = row + m[definition + DEFINITION_STATE]
    m[at + QUALIFIED] = qualified
    m[at + VERDICT_SINCE] = t
    if m[STANDING] == 0:
        write(m, f, row, subject, definition, t, t, qualified, reason)


@jit
def _happened(m, row, goal):
    return goal != 0 and m[row + m[goal + CONDITION_STATE] + HOLDS] == 1


@jit
def _misses(m, row, definition):
    """Whether a condition without which the definition's formula cannot hold does not hold. It is remembered: until it
    holds, the definition need not be looked at."""
    missed = row + m[definition + MISSED]
    for i in range(m[definition + NEEDED], m[definition + NEEDED_END]):
        if m[row + m[i] + HOLDS] == 0:
            m[missed] = m[i]
            return True
    m[missed] = 0
    return False


@jit
def _is_out(m, g, row):
    return formula_holds(m, row, m[g + OUT_START], m[g + OUT_END])


@jit
def _has_converted(m, row, definition):
    return m[definition + KEEP] == 0 and _happened(m, row, m[definition + GOAL])


@jit
def _decide_definition(m, f, g, row, subject, definition, t):
    at = row + m[definition + DEFINITION_STATE]
    misses = _misses(m, row, definition)
    if misses and m[at + QUALIFIED] == 0:
        return
    out = _is_out(m, g, row)
    converted = _has_converted(m, row, definition)
    may = not (misses or out or converted) and formula_holds(m, row, m[definition + REST], m[definition + REST_END])
    if may and m[at + QUALIFIED] == 0 and t >= m[at + COOL_UNTIL]:
        _change(m, f, row, subject, definition, t, 1, REASON_QUALIFIED)
    elif not may and m[at + QUALIFIED] == 1:
        reason = REASON_LEFT_OUT if out else (REASON_CONVERTED if converted else REASON_LAPSED)
        if reason != REASON_CONVERTED and m[definition + COOLDOWN] > 0:
            m[at + COOL_UNTIL] = t + m[definition + COOLDOWN]
            m[row + COOL] = min(m[row + COOL], m[at + COOL_UNTIL])
            m[row + WAKE] = min(m[row + WAKE], m[at + COOL_UNTIL])
        _change(m, f, row, subject, definition, t, 0, reason)


@jit
def settle(m, f, g, row):
    """Decide the conditions of a subject to whom nothing has happened and whose first record is at moment 0, and what
    definitions miss. This makes the template; `begin` moves what follows from the moment."""
    queue_items(m, g, m[g + ALL_ITEMS], m[g + ALL_ITEMS_END])
    for number in range(m[g + CONDITION_COUNT]):
        mark(m, row, m[m[g + CONDITIONS] + number * CONDITION_WORDS + QUANTITY])
    decide_marked(m, f, g, row, 0)
    for k in range(m[g + QUEUE_COUNT]):
        m[m[m[g + QUEUE] + k] + QUEUED] = 0
    m[g + QUEUE_COUNT] = 0
    for number in range(m[g + DEFINITION_COUNT]):
        _misses(m, row, m[g + DEFINITIONS] + number * DEFINITION_WORDS)


@jit
def decide(m, f, g, row, subject, t):
    """Everything that follows for the subject at instant t."""
    if m[row + WAKE] <= t:
        collect_due(m, g, row, t)
    if m[row + MARKED_COUNT] > 0:
        decide_marked(m, f, g, row, t)
    if m[row + BORN] == 0:
        m[row + BORN] = 1
        for i in range(m[g + AT_BIRTH], m[g + AT_BIRTH_END]):
            queue_definition(m, g, m[i])
    for k in range(m[g + QUEUE_COUNT]):
        definition = m[m[g + QUEUE] + k]
        m[definition + QUEUED] = 0
        _decide_definition(m, f, g, row, subject, definition, t)
    m[g + QUEUE_COUNT] = 0


@jit
def is_due(m, row, t):
    """Whether anything is to be decided before t."""
    return m[row + PENDING] < t or m[row + WAKE] < t


@apart
def advance(m, f, g, row, subject, t):
    """Decide every instant before t. False: the output is full; call again once it has been emptied."""
    while is_due(m, row, t):
        if not has_output_room(m, g):
            return False
        pending = m[row + PENDING]
        instant = m[row + WAKE]
        if pending <= instant:
            instant = pending
            m[row + PENDING] = NEVER
        decide(m, f, g, row, subject, instant)
    return True


@jit
def _why_not(m, g, row, definition):
    """What keeps a subject from qualifying, whatever its conditions say; else whether it has ever been qualified."""
    if _is_out(m, g, row):
        return REASON_LEFT_OUT
    if _has_converted(m, row, definition):
        return REASON_CONVERTED
    return REASON_LAPSED if m[row + m[definition + DEFINITION_STATE] + VERDICT_SINCE] >= 0 else NO_REASON


@apart
def stand(m, f, g, row, subject, t):
    """Write how the subject stands at t with each definition (with STANDING 1: that it qualifies for). False: the
    output is full."""
    if m[row + STOOD] == 1:
        return True
    if not has_output_room(m, g):
        return False
    for number in range(m[g + DEFINITION_COUNT]):
        definition = m[g + DEFINITIONS] + number * DEFINITION_WORDS
        at = row + m[definition + DEFINITION_STATE]
        if m[at + QUALIFIED] == 1 or m[STANDING] == 2:
            since = m[row + FIRST_RECORD] if m[at + VERDICT_SINCE] < 0 else m[at + VERDICT_SINCE]
            reason = REASON_QUALIFIED if m[at + QUALIFIED] == 1 else _why_not(m, g, row, definition)
            write(m, f, row, subject, definition, since, t, m[at + QUALIFIED], reason)
    m[row + STOOD] = 1
    return True
