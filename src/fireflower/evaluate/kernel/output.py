"""Rows of output: transitions, and the evidence of each."""

from __future__ import annotations

from .jit import apart, jit
from .layout import (
    CONDITION_STATE,
    DEFINITION_COUNT,
    EVIDENCE,
    EVIDENCE_COUNT,
    EVIDENCE_ROOM,
    FIRST_RECORD,
    HOLDS,
    INDEX,
    KNOWN,
    MOST_EVIDENCE,
    NUMBERED,
    OUT,
    OUT_COUNT,
    OUT_ROOM,
    QUANTITY,
    SHOWN,
    SHOWN_END,
    SINCE,
    TIP,
    WITH_EVIDENCE,
)
from .reading import text_code, value


@jit
def _show(m, f, row, definition, t):
    """Write the evidence: each condition of the definition as it is at t."""
    for i in range(m[definition + SHOWN], m[definition + SHOWN_END]):
        condition = m[i]
        q = m[condition + QUANTITY]
        at = row + m[condition + CONDITION_STATE]
        k = m[EVIDENCE] + m[EVIDENCE_COUNT]
        room = m[EVIDENCE_ROOM]
        number = value(m, f, row, q, t)
        m[k] = m[condition + NUMBERED]
        m[k + room] = m[at + HOLDS]
        m[k + 2 * room] = m[at + SINCE] if m[at + SINCE] >= 0 else m[row + FIRST_RECORD]
        m[k + 3 * room] = m[at + TIP]
        m[k + 4 * room] = text_code(m, row, q, t) if number != number else -1
        f[k + 5 * room] = number
        m[EVIDENCE_COUNT] += 1


@apart
def write(m, f, row, subject, definition, at, t, change, reason):
    """A row of output, with the evidence as of t."""
    k = m[OUT] + m[OUT_COUNT]
    room = m[OUT_ROOM]
    m[k] = at
    m[k + room] = max(at, m[row + KNOWN])
    m[k + 2 * room] = subject
    m[k + 3 * room] = m[definition + INDEX]
    m[k + 4 * room] = change
    m[k + 5 * room] = reason
    m[k + 6 * room] = m[EVIDENCE_COUNT]
    m[OUT_COUNT] += 1
    if m[WITH_EVIDENCE] == 1:
        _show(m, f, row, definition, t)


@jit
def has_output_room(m, g):
    definitions = m[g + DEFINITION_COUNT]
    shown = m[g + MOST_EVIDENCE]
    return m[OUT_COUNT] + definitions <= m[OUT_ROOM] and m[EVIDENCE_COUNT] + shown <= m[EVIDENCE_ROOM]
