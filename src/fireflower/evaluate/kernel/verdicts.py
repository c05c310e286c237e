"""Conditions, definitions and transitions of one subject. Everything that happens at one instant is taken in first
(`take_in`), then decided
once (`decide`); `advance` decides whatever lies before a moment, changes by time alone included."""

from __future__ import annotations

import math

from .flips import next_flip
from .formulas import condition_holds, formula_holds, where_holds
from .heap import take_words
from .jit import jit
from .layout import (
    ALL_ITEMS,
    ALL_ITEMS_END,
    BODY,
    BORN,
    CONDITION_COUNT,
    CONDITION_STATE,
    CONDITION_WORDS,
    CONDITIONS,
    COOL_UNTIL,
    COOLDOWN,
    DEFINITION_COUNT,
    DEFINITION_STATE,
    DEFINITION_WORDS,
    DEFINITIONS,
    DIRTY,
    DIRTY_COUNT,
    EVIDENCE,
    EVIDENCE_COUNT,
    EVIDENCE_ROOM,
    EVIDENCE_WORDS,
    FEED_QUANTITY,
    FEED_READS,
    FEED_WHERE,
    FEED_WHERE_END,
    FEED_WORDS,
    FEEDS,
    FIRST_RECORD,
    FLAGS,
    FLIP,
    FORMULA,
    FORMULA_END,
    GOAL,
    HIGH,
    INDEX,
    IS_TIMED,
    ITEM_FORMULA,
    ITEM_FORMULA_END,
    ITEM_QUEUE,
    ITEM_QUEUE_COUNT,
    ITEM_READERS,
    ITEM_READERS_END,
    ITEM_STATE,
    ITEMS,
    ITEMS_END,
    KEEP,
    KNOWN,
    LAST_TIP,
    LATE,
    LOW,
    MOST_EVIDENCE,
    NAN,
    NEGATIVE_ONLY,
    NEVER,
    NUMBER_COLUMN,
    NUMBERED,
    OP,
    OUT,
    OUT_COUNT,
    OUT_END,
    OUT_ROOM,
    OUT_START,
    OUT_WORDS,
    PENDING,
    PLACE,
    QUALIFIED,
    QUANTITY,
    QUEUE,
    QUEUE_COUNT,
    QUEUED,
    QUIET,
    QUIETS,
    READERS,
    READERS_END,
    REASON_CONVERTED,
    REASON_LAPSED,
    REASON_LEFT_OUT,
    REASON_QUALIFIED,
    RECENCY,
    REMARK,
    ROW_WORDS,
    SCALE,
    SHOWN,
    SHOWN_END,
    SINCE,
    STANDING,
    STATE,
    STATE_HEAD,
    STOOD,
    TEMPLATE,
    TEST,
    TEXT_COLUMN,
    TIMED,
    TIMED_END,
    TIP,
    TRUE,
    USERS,
    USERS_END,
    VERDICT_REASON,
    VERDICT_SINCE,
    WAKE,
    WITH_EVIDENCE,
    ZONE,
)
from .reading import text_code, value, whole_number
from .taking import take
from .windows import NEGATIVES


@jit
def _mark(m, row, condition, tip):
    """The condition is to be decided at the end of this instant; `tip` is the row that changed its truth, -1 for
    none."""
    at = row + m[condition + CONDITION_STATE]
    count = m[row + DIRTY_COUNT]
    m[at + FLAGS] = (m[at + FLAGS] & TRUE) | DIRTY | (count << PLACE)
    m[row + STATE_HEAD + 2 * count] = condition
    m[row + STATE_HEAD + 2 * count + 1] = tip
    m[row + DIRTY_COUNT] = count + 1


@jit
def _mark_again(m, row, flags, differs, tip):
    """A marked condition was changed again at the same instant: the first record since it last agreed is what tips
    it."""
    place = row + STATE_HEAD + 2 * (flags >> PLACE) + 1
    if not differs:
        m[place] = -1
    elif m[place] < 0:
        m[place] = tip


@jit
def _is_restless(m, row, condition):
    """Whether the condition may have to be looked at by time alone now though its truth stays, and no such moment was
    planned."""
    if m[condition + REMARK] == NEGATIVE_ONLY:
        return m[row + m[m[condition + QUANTITY] + STATE] + BODY + NEGATIVES] > 0
    return m[condition + REMARK] == 1


@jit
def _notice(m, f, row, q, t, tip):
    """The quantity has taken something in: mark the conditions whose truth, or next change by time alone, may be
    another now."""
    rezoned = m[q + OP] == ZONE
    before = m[row + DIRTY_COUNT]
    for i in range(m[q + READERS], m[q + READERS_END]):
        condition = m[i]
        at = row + m[condition + CONDITION_STATE]
        flags = m[at + FLAGS]
        differs = condition_holds(m, f, row, condition, t) != (flags & TRUE == TRUE)
        if flags & DIRTY != 0:
            _mark_again(m, row, flags, differs, tip)
        elif differs or rezoned or (m[at + FLIP] == NEVER and _is_restless(m, row, condition)):
            _mark(m, row, condition, tip if differs else -1)
    if m[q + QUIETS] == 1 and before == 0 and m[row + DIRTY_COUNT] == 0:
        m[row + m[q + STATE] + QUIET] = _quiet_until(m, f, row, q, t)


@jit
def _quiet_until(m, f, row, q, t):
    """The total below which nothing is to be noticed of a quantity whose readers have all agreed just now."""
    if m[q + OP] == RECENCY:
        return 1
    now = whole_number(m, row, q, t)
    quiet = NEVER
    for i in range(m[q + READERS], m[q + READERS_END]):
        test = m[m[i] + TEST]
        for end in range(m[test + LOW], m[test + HIGH]):
            bound = f[end] * m[q + SCALE]
            if now <= bound < 1e18:
                quiet = min(quiet, int(math.floor(bound)))
    return quiet


@jit
def begin(m, g, t):
    """A subject's first record: it exists from t on, and everything is undecided. Gives its state."""
    row = take_words(m, m[g + ROW_WORDS])
    for word in range(m[g + ROW_WORDS]):
        m[row + word] = m[m[g + TEMPLATE] + word]
    m[row + FIRST_RECORD] = t
    first = m[g + CONDITIONS]
    for number in range(m[g + CONDITION_COUNT]):
        _mark(m, row, first + number * CONDITION_WORDS, -1)
    return row


@jit
def note(m, rows, i, row, t):
    """The subject has row i, whatever it says."""
    if rows.has_received:
        m[row + KNOWN] = max(m[row + KNOWN], rows.received[i])
    if m[row + BORN] == 0:
        m[row + PENDING] = t


@jit
def take_in(m, f, g, rows, i, row, t):
    """Row i happens to the subject; what follows from it is decided when its instant is over."""
    index = m[g + FEEDS] + rows.what[i]
    for feed in range(m[index], m[index + 1], FEED_WORDS):
        start = m[feed + FEED_WHERE]
        end = m[feed + FEED_WHERE_END]
        if start == end or where_holds(m, f, rows, i, row, start, end, t):
            q = m[feed + FEED_QUANTITY]
            number = NAN
            text = -1
            if m[feed + FEED_READS] == 1:
                number = rows.numbers[m[q + NUMBER_COLUMN] * rows.width + i]
                text = rows.codes[m[q + TEXT_COLUMN] * rows.width + i]
            if take(m, f, row, feed, t, number, text, rows.person[i], rows.detail[i]):
                _notice(m, f, row, q, t, rows.first_row + i)
    if m[row + DIRTY_COUNT] > 0:
        m[row + PENDING] = t


@jit
def _queue_definition(m, g, definition):
    """A definition to decide at this instant, once."""
    if m[definition + QUEUED] == 0:
        m[definition + QUEUED] = 1
        m[m[g + QUEUE] + m[g + QUEUE_COUNT]] = definition
        m[g + QUEUE_COUNT] += 1


@jit
def _queue_items(m, g, start, end):
    for i in range(start, end):
        m[m[g + ITEM_QUEUE] + m[g + ITEM_QUEUE_COUNT]] = m[i]
        m[g + ITEM_QUEUE_COUNT] += 1


@jit
def _decide_condition(m, f, g, row, condition, tip, t, newborn):
    at = row + m[condition + CONDITION_STATE]
    held = m[at + FLAGS] & TRUE == TRUE
    holds = condition_holds(m, f, row, condition, t)
    m[at + FLAGS] = TRUE if holds else 0
    if holds != held or newborn:
        m[at + SINCE] = t
    if holds != held:
        m[at + TIP] = tip
        m[g + LAST_TIP] = tip
        for i in range(m[condition + USERS], m[condition + USERS_END]):
            _queue_definition(m, g, m[i])
        _queue_items(m, g, m[condition + ITEMS], m[condition + ITEMS_END])
    m[row + m[m[condition + QUANTITY] + STATE] + QUIET] = 0
    if m[condition + IS_TIMED] == 1:
        test = m[condition + TEST]
        flip = next_flip(m, f, row, m[condition + QUANTITY], m[test + LOW], m[test + HIGH], t)
        m[at + FLIP] = flip
        if flip < m[row + WAKE]:
            m[row + WAKE] = flip


@jit
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
                    _mark(m, row, m[i], m[g + LAST_TIP])
                else:
                    _mark_again(m, row, flags, True, m[g + LAST_TIP])
    m[g + ITEM_QUEUE_COUNT] = 0


@jit
def _decide_conditions(m, f, g, row, t, newborn):
    """The dirty conditions; those that read scores last, since scores read conditions."""
    if newborn:
        m[g + LAST_TIP] = -1
        _queue_items(m, g, m[g + ALL_ITEMS], m[g + ALL_ITEMS_END])
    for late in range(2):
        k = 0
        while k < m[row + DIRTY_COUNT]:
            place = row + STATE_HEAD + 2 * k
            if m[m[place] + LATE] == late:
                _decide_condition(m, f, g, row, m[place], m[place + 1], t, newborn)
            k += 1
        if late == 0 and m[g + ITEM_QUEUE_COUNT] > 0:
            _update_items(m, g, row, t)
    m[row + DIRTY_COUNT] = 0


@jit
def _collect_due(m, g, row, t):
    """Mark what time alone changes at or before t, and find the next such moment."""
    wake = NEVER
    for i in range(m[g + TIMED], m[g + TIMED_END]):
        condition = m[i]
        at = row + m[condition + CONDITION_STATE]
        if m[at + FLIP] <= t:
            if m[at + FLAGS] & DIRTY == 0:
                _mark(m, row, condition, -1)
        else:
            wake = min(wake, m[at + FLIP])
    first = m[g + DEFINITIONS]
    for number in range(m[g + DEFINITION_COUNT]):
        definition = first + number * DEFINITION_WORDS
        until = m[row + m[definition + DEFINITION_STATE] + COOL_UNTIL]
        if until > t:
            wake = min(wake, until)
        elif until == t:
            _queue_definition(m, g, definition)
    m[row + WAKE] = wake


@jit
def _show(m, f, row, definition, t):
    """Write the evidence: each condition of the definition as it is at t."""
    for i in range(m[definition + SHOWN], m[definition + SHOWN_END]):
        condition = m[i]
        q = m[condition + QUANTITY]
        at = row + m[condition + CONDITION_STATE]
        k = m[EVIDENCE] + EVIDENCE_WORDS * m[EVIDENCE_COUNT]
        number = value(m, f, row, q, t)
        m[k] = m[condition + NUMBERED]
        m[k + 1] = m[at + FLAGS] & TRUE
        m[k + 2] = m[at + SINCE]
        m[k + 3] = m[at + TIP]
        m[k + 4] = text_code(m, row, q, t) if number != number else -1
        f[k + 5] = number
        m[EVIDENCE_COUNT] += 1


@jit
def _write(m, f, row, subject, definition, at, t, change, reason):
    """A row of output, with the evidence as of t."""
    k = m[OUT] + OUT_WORDS * m[OUT_COUNT]
    m[k] = at
    m[k + 1] = max(at, m[row + KNOWN])
    m[k + 2] = subject
    m[k + 3] = m[definition + INDEX]
    m[k + 4] = change
    m[k + 5] = reason
    m[k + 6] = m[EVIDENCE_COUNT]
    m[OUT_COUNT] += 1
    if m[WITH_EVIDENCE] == 1:
        _show(m, f, row, definition, t)


@jit
def _change(m, f, row, subject, definition, t, qualified, reason):
    at = row + m[definition + DEFINITION_STATE]
    m[at + QUALIFIED] = qualified
    m[at + VERDICT_SINCE] = t
    m[at + VERDICT_REASON] = reason
    if m[STANDING] == 0:
        _write(m, f, row, subject, definition, t, t, qualified, reason)


@jit
def _happened(m, row, goal):
    return goal != 0 and m[row + m[goal + CONDITION_STATE] + FLAGS] & TRUE == TRUE


@jit
def _decide_definition(m, f, g, row, subject, definition, t):
    at = row + m[definition + DEFINITION_STATE]
    out = formula_holds(m, row, m[g + OUT_START], m[g + OUT_END])
    converted = m[definition + KEEP] == 0 and _happened(m, row, m[definition + GOAL])
    may = not out and not converted and formula_holds(m, row, m[definition + FORMULA], m[definition + FORMULA_END])
    if may and m[at + QUALIFIED] == 0 and t >= m[at + COOL_UNTIL]:
        _change(m, f, row, subject, definition, t, 1, REASON_QUALIFIED)
    elif not may and m[at + QUALIFIED] == 1:
        reason = REASON_LEFT_OUT if out else (REASON_CONVERTED if converted else REASON_LAPSED)
        if reason != REASON_CONVERTED and m[definition + COOLDOWN] > 0:
            m[at + COOL_UNTIL] = t + m[definition + COOLDOWN]
            m[row + WAKE] = min(m[row + WAKE], m[at + COOL_UNTIL])
        _change(m, f, row, subject, definition, t, 0, reason)


@jit
def _queue_all(m, g):
    for number in range(m[g + DEFINITION_COUNT]):
        _queue_definition(m, g, m[g + DEFINITIONS] + number * DEFINITION_WORDS)


@jit
def decide(m, f, g, row, subject, t):
    """Everything that follows for the subject at instant t."""
    newborn = m[row + BORN] == 0
    if m[row + WAKE] <= t:
        _collect_due(m, g, row, t)
    _decide_conditions(m, f, g, row, t, newborn)
    if newborn:
        m[row + BORN] = 1
        _queue_all(m, g)
    for k in range(m[g + QUEUE_COUNT]):
        definition = m[m[g + QUEUE] + k]
        m[definition + QUEUED] = 0
        _decide_definition(m, f, g, row, subject, definition, t)
    m[g + QUEUE_COUNT] = 0


@jit
def _has_output_room(m, g):
    definitions = m[g + DEFINITION_COUNT]
    shown = m[g + MOST_EVIDENCE]
    return m[OUT_COUNT] + definitions <= m[OUT_ROOM] and m[EVIDENCE_COUNT] + shown <= m[EVIDENCE_ROOM]


@jit
def is_due(m, row, t):
    """Whether anything is to be decided before t."""
    return 0 <= m[row + PENDING] < t or m[row + WAKE] < t


@jit
def advance(m, f, g, row, subject, t):
    """Decide every instant before t. False: the output is full; call again once it has been emptied."""
    while is_due(m, row, t):
        if not _has_output_room(m, g):
            return False
        pending = m[row + PENDING]
        instant = m[row + WAKE]
        if 0 <= pending <= instant:
            instant = pending
            m[row + PENDING] = -1
        decide(m, f, g, row, subject, instant)
    return True


@jit
def stand(m, f, g, row, subject, t):
    """Write how the subject stands at t with each definition (with STANDING 1: that it qualifies for). False: the
    output is full."""
    if m[row + STOOD] == 1:
        return True
    if not _has_output_room(m, g):
        return False
    for number in range(m[g + DEFINITION_COUNT]):
        definition = m[g + DEFINITIONS] + number * DEFINITION_WORDS
        at = row + m[definition + DEFINITION_STATE]
        if m[at + QUALIFIED] == 1 or m[STANDING] == 2:
            since = m[row + FIRST_RECORD] if m[at + VERDICT_SINCE] < 0 else m[at + VERDICT_SINCE]
            _write(m, f, row, subject, definition, since, t, m[at + QUALIFIED], m[at + VERDICT_REASON])
    m[row + STOOD] = 1
    return True
