"""Rows of output: transitions, and the evidence of each."""

from __future__ import annotations

from .jit import apart, jit
from .layout import (
    CHANGE_BIT,
    CONDITION_STATE,
    DEFINITION_BIT,
    DEFINITION_COUNT,
    EVIDENCE,
    EVIDENCE_COUNT,
    EVIDENCE_ROOM,
    FIRST_RECORD,
    HOLDS,
    INDEX,
    IT_HOLDS,
    KNOWN,
    MOST_EVIDENCE,
    NO_ROW,
    OUT,
    OUT_COUNT,
    OUT_ROOM,
    QUANTITY,
    REASON_BIT,
    SHOWN,
    SHOWN_END,
    SINCE,
    TEXT_VALUE,
    TIP,
    TURN,
    TURN_COUNT,
    TURN_WORDS,
    TURNS,
    TURNS_BEFORE,
    VALUES,
    WITH_EVIDENCE,
)
from .reading import text_code, value


@jit
def _turn(m, row, condition):
    """The place of the condition's latest turn in the output."""
    at = row + m[condition + CONDITION_STATE]
    if m[at + TURN] < m[TURNS_BEFORE]:
        k = m[TURNS] + m[TURN_COUNT] * TURN_WORDS
        m[k] = m[at + SINCE] if m[at + SINCE] >= 0 else m[row + FIRST_RECORD]
        m[k + 1] = m[at + TIP] & NO_ROW | m[at + HOLDS] * IT_HOLDS
        m[at + TURN] = m[TURNS_BEFORE] + m[TURN_COUNT]
        m[TURN_COUNT] += 1
    return m[at + TURN] - m[TURNS_BEFORE]


@jit
def _show(m, f, row, definition, t):
    """Write the evidence: each condition of the definition as it is at t."""
    k = m[EVIDENCE] + m[EVIDENCE_COUNT]
    start = m[definition + SHOWN]
    end = m[definition + SHOWN_END]
    for i in range(start, end):
        condition = m[i]
        q = m[condition + QUANTITY]
        f[k] = value(m, f, row, q, t)
        text = text_code(m, row, q, t) if f[k] != f[k] else -1
        if text >= 0:
            m[k] = TEXT_VALUE | text
        if m[WITH_EVIDENCE] != VALUES:
            m[k + m[EVIDENCE_ROOM]] = _turn(m, row, condition)
        k += 1
    m[EVIDENCE_COUNT] += end - start


@apart
def write(m, f, row, subject, definition, at, t, change, reason):
    """A row of output, with the evidence as of t."""
    k = m[OUT] + m[OUT_COUNT]
    room = m[OUT_ROOM]
    m[k] = at
    m[k + room] = max(at, m[row + KNOWN])
    m[k + 2 * room] = subject | m[definition + INDEX] << DEFINITION_BIT | change << CHANGE_BIT | reason << REASON_BIT
    m[OUT_COUNT] += 1
    if m[WITH_EVIDENCE] != 0:
        _show(m, f, row, definition, t)


@jit
def has_output_room(m, g):
    definitions = m[g + DEFINITION_COUNT]
    shown = m[g + MOST_EVIDENCE]
    return m[OUT_COUNT] + definitions <= m[OUT_ROOM] and m[EVIDENCE_COUNT] + shown <= m[EVIDENCE_ROOM]
