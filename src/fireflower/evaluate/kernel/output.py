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
    FACT,
    FACT_COUNT,
    FACTS,
    FACTS_BEFORE,
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
    TURN_COUNT,
    TURN_WORDS,
    TURNS,
    VALUES,
    WITH_EVIDENCE,
    WORD,
)
from .reading import text_code, value


@jit
def _turn(m, row, at):
    """Write the turn of the condition whose words are at `at`; gives its number."""
    number = m[TURN_COUNT]
    k = m[TURNS] + number * TURN_WORDS
    m[k] = m[at + SINCE] if m[at + SINCE] >= 0 else m[row + FIRST_RECORD]
    m[k + 1] = m[at + TIP] & NO_ROW | m[at + HOLDS] * IT_HOLDS
    m[TURN_COUNT] += 1
    return number


@jit
def _fact(m, row, at, word):
    """The number of the fact that the condition stands as it does while its quantity is `word`."""
    latest = m[at + FACT] - m[FACTS_BEFORE]
    if latest >= 0 and m[m[FACTS] + latest] == word:
        return latest
    number = m[FACT_COUNT]
    k = m[FACTS] + number
    turn = k + m[EVIDENCE_ROOM]
    m[k] = word
    m[turn] = m[turn - number + latest] if latest >= 0 else _turn(m, row, at)
    m[at + FACT] = m[FACTS_BEFORE] + number
    m[FACT_COUNT] += 1
    return number


@jit
def _word_of(m, f, row, q, t):
    """What the quantity is at t, as one word."""
    number = value(m, f, row, q, t)
    text = text_code(m, row, q, t) if number != number else -1
    if text >= 0:
        return TEXT_VALUE | text
    f[WORD] = number
    return m[WORD]


@jit
def _show(m, f, row, definition, t):
    """Write the evidence: each condition of the definition as it is at t."""
    k = m[EVIDENCE] + m[EVIDENCE_COUNT]
    start = m[definition + SHOWN]
    end = m[definition + SHOWN_END]
    values_only = m[WITH_EVIDENCE] == VALUES
    for i in range(start, end):
        condition = m[i]
        word = _word_of(m, f, row, m[condition + QUANTITY], t)
        m[k] = word if values_only else _fact(m, row, row + m[condition + CONDITION_STATE], word)
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
