"""Conditions, definitions and transitions of one subject. Everything that happens at one instant is taken in first (`take_in`), then decided
once (`decide`); `advance` decides whatever lies before a moment, changes by time alone included."""

from __future__ import annotations

from .clocks import local_day, offset
from .jit import jit
from .layout import (
    ALWAYS,
    AND,
    ATOM_NUMBER,
    ATOM_TEST,
    ATOM_TEXT,
    BORN,
    CONDITION_COUNT,
    CONDITION_STATE,
    CONDITION_WORDS,
    CONDITIONS,
    COOL_UNTIL,
    COOLDOWN,
    DAY,
    DEFINITION_COUNT,
    DEFINITION_STATE,
    DEFINITION_WORDS,
    DEFINITIONS,
    DIRTY,
    DIRTY_COUNT,
    EVIDENCE_COUNT,
    FEED_QUANTITY,
    FEED_WHERE,
    FEED_WHERE_END,
    FEED_WORDS,
    FEEDS,
    FIELD,
    FIRST_RECORD,
    FLAGS,
    FLIP,
    FORMULA,
    FORMULA_END,
    GOAL,
    HIGH,
    HOUR,
    INDEX,
    IS_TIMED,
    ITEM_FORMULA,
    ITEM_FORMULA_END,
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
    MASK,
    MISSING,
    MOST_EVIDENCE,
    NAN,
    NEGATED,
    NEVER,
    NOT,
    NUMBERED,
    OP,
    OR,
    OUT_COUNT,
    OUT_END,
    OUT_START,
    PENDING,
    PLACE,
    PROPERTY,
    QUALIFIED,
    QUANTITY,
    QUEUE_COUNT,
    READERS,
    READERS_END,
    REASON_CONVERTED,
    REASON_LAPSED,
    REASON_LEFT_OUT,
    REASON_QUALIFIED,
    REMARK,
    ROW_WORDS,
    SHOWN,
    SHOWN_END,
    SINCE,
    STATE_HEAD,
    TEMPLATE,
    TEST,
    TIMED,
    TIMED_COUNT,
    TIP,
    TRUE,
    USERS,
    USERS_END,
    WAKE,
    WEEKDAY,
    WITH_EVIDENCE,
    WORK_HEAD,
    ZONE,
)
from .quantities import inside, next_flip, take, text_code, value

# --- Tests and formulas ---------------------------------------------------------------------------------------------------


@jit
def _passes(m, test, number, text):
    """A test on a number (NaN: none) or the code of a text (-1: none)."""
    if number == number:
        return inside(m, m.code[test + LOW], m.code[test + HIGH], number) != (m.code[test + NEGATED] == 1)
    if text >= 0:
        return m.code[test + MASK] >= 0 and m.masks[m.code[test + MASK] + text] != 0
    return m.code[test + MISSING] == 1


@jit
def _combine(stack, code):
    """One step of a formula in postfix order on a stack of bits; the lowest bit is its top."""
    if code == AND:
        return (stack >> 1) & (stack | -2)
    if code == OR:
        return (stack >> 1) | (stack & 1)
    if code == NOT:
        return stack ^ 1
    return (stack << 1) | (1 if code == ALWAYS else 0)


@jit
def _formula(m, row, start, end):
    stack = 0
    for i in range(start, end):
        code = m.code[i]
        if code > 0:
            stack = (stack << 1) | (m.state[row + m.code[code + CONDITION_STATE] + FLAGS] & TRUE)
        else:
            stack = _combine(stack, code)
    return (stack & 1) == 1


@jit
def _atom(m, rows, i, row, atom, t):
    field = m.code[atom + FIELD]
    test = m.code[atom + ATOM_TEST]
    if field == PROPERTY:
        return _passes(
            m, test, rows.numbers[m.code[atom + ATOM_NUMBER], i], rows.codes[m.code[atom + ATOM_TEXT], i]
        )
    if field == HOUR:
        local = t + offset(m.code, m.state, row, t)
        return _passes(m, test, float((local % DAY) // 3_600_000_000), -1)
    if field == WEEKDAY:  # day 0, 1970-01-01, was a Thursday
        return _passes(m, test, float((local_day(m.code, m.state, row, t) + 3) % 7 + 1), -1)
    return _passes(m, test, NAN, rows.detail[i])


@jit
def _where(m, rows, i, row, start, end, t):
    stack = 0
    for position in range(start, end):
        code = m.code[position]
        if code > 0:
            stack = (stack << 1) | (1 if _atom(m, rows, i, row, code, t) else 0)
        else:
            stack = _combine(stack, code)
    return (stack & 1) == 1


@jit
def _holds(m, row, condition, t):
    q = m.code[condition + QUANTITY]
    number = value(m, row, q, t)
    text = text_code(m, row, q, t) if number != number else -1
    return _passes(m, m.code[condition + TEST], number, text)


# --- Taking in ------------------------------------------------------------------------------------------------------------


@jit
def _mark(m, row, condition, tip):
    """The condition is to be decided at the end of this instant; `tip` is the row that changed its truth, -1 for none."""
    at = row + m.code[condition + CONDITION_STATE]
    count = m.state[row + DIRTY_COUNT]
    m.state[at + FLAGS] = (m.state[at + FLAGS] & TRUE) | DIRTY | (count << PLACE)
    m.state[row + STATE_HEAD + 2 * count] = condition
    m.state[row + STATE_HEAD + 2 * count + 1] = tip
    m.state[row + DIRTY_COUNT] = count + 1


@jit
def _mark_again(m, row, flags, differs, tip):
    """A marked condition was changed again at the same instant: the first record since it last agreed is what tips it."""
    place = row + STATE_HEAD + 2 * (flags >> PLACE) + 1
    if not differs:
        m.state[place] = -1
    elif m.state[place] < 0:
        m.state[place] = tip


@jit
def _notice(m, row, q, t, tip):
    """The quantity has taken something in: mark the conditions whose truth, or next change by time alone, may be another now."""
    rezoned = m.code[q + OP] == ZONE
    for i in range(m.code[q + READERS], m.code[q + READERS_END]):
        condition = m.code[i]
        at = row + m.code[condition + CONDITION_STATE]
        flags = m.state[at + FLAGS]
        differs = _holds(m, row, condition, t) != (flags & TRUE == TRUE)
        if flags & DIRTY != 0:
            _mark_again(m, row, flags, differs, tip)
        elif differs or rezoned or (m.code[condition + REMARK] == 1 and m.state[at + FLIP] == NEVER):
            _mark(m, row, condition, tip if differs else -1)


@jit
def begin(m, row, t):
    """The subject's first record: it exists from t on, and everything is undecided."""
    template = m.code[TEMPLATE]
    for word in range(m.code[ROW_WORDS]):
        m.state[row + word] = m.code[template + word]
    m.state[row + FIRST_RECORD] = t
    first = m.code[CONDITIONS]
    for number in range(m.code[CONDITION_COUNT]):
        _mark(m, row, first + number * CONDITION_WORDS, -1)


@jit
def take_in(m, rows, i, row, t):
    """Row i happens to the subject; what follows from it is decided when its instant is over."""
    if m.state[row + FIRST_RECORD] < 0:
        begin(m, row, t)
    known = rows.received[i] if len(rows.received) > 0 else t
    if m.state[row + KNOWN] < known:
        m.state[row + KNOWN] = known
    index = m.code[FEEDS] + rows.what[i]
    for feed in range(m.code[index], m.code[index + 1], FEED_WORDS):
        start = m.code[feed + FEED_WHERE]
        end = m.code[feed + FEED_WHERE_END]
        if (start == end or _where(m, rows, i, row, start, end, t)) and take(m, rows, i, row, feed, t):
            _notice(m, row, m.code[feed + FEED_QUANTITY], t, rows.first_row + i)
    if m.state[row + DIRTY_COUNT] > 0 or m.state[row + BORN] == 0:
        m.state[row + PENDING] = t


# --- Deciding ---------------------------------------------------------------------------------------------------------------


@jit
def _queue_definition(m, row, definition):
    """A definition to decide at this instant, once."""
    place = WORK_HEAD + m.code[definition + INDEX]
    if m.work[place] == 0:
        m.work[place] = 1
        count = m.work[QUEUE_COUNT]
        m.work[WORK_HEAD + m.code[DEFINITION_COUNT] + count] = definition
        m.work[QUEUE_COUNT] = count + 1


@jit
def _queue_items(m, condition):
    base = WORK_HEAD + 2 * m.code[DEFINITION_COUNT]
    for i in range(m.code[condition + ITEMS], m.code[condition + ITEMS_END]):
        m.work[base + m.work[ITEM_QUEUE_COUNT]] = m.code[i]
        m.work[ITEM_QUEUE_COUNT] += 1


@jit
def _decide_condition(m, row, condition, tip, t, newborn):
    at = row + m.code[condition + CONDITION_STATE]
    held = m.state[at + FLAGS] & TRUE == TRUE
    holds = _holds(m, row, condition, t)
    m.state[at + FLAGS] = TRUE if holds else 0
    if holds != held or newborn:
        m.state[at + SINCE] = t
    if holds != held:
        m.state[at + TIP] = tip
        m.work[LAST_TIP] = tip
        for i in range(m.code[condition + USERS], m.code[condition + USERS_END]):
            _queue_definition(m, row, m.code[i])
        _queue_items(m, condition)
    if m.code[condition + IS_TIMED] == 1:
        test = m.code[condition + TEST]
        flip = next_flip(m, row, m.code[condition + QUANTITY], m.code[test + LOW], m.code[test + HIGH], t)
        m.state[at + FLIP] = flip
        if flip < m.state[row + WAKE]:
            m.state[row + WAKE] = flip


@jit
def _update_items(m, row, t):
    """Score items whose formula has changed begin or stop to hold; the conditions on their score are marked."""
    base = WORK_HEAD + 2 * m.code[DEFINITION_COUNT]
    for k in range(m.work[ITEM_QUEUE_COUNT]):
        item = m.work[base + k]
        at = row + m.code[item + ITEM_STATE]
        holds = 1 if _formula(m, row, m.code[item + ITEM_FORMULA], m.code[item + ITEM_FORMULA_END]) else 0
        if holds != m.state[at]:
            m.state[at] = holds
            m.state[at + 1] = t
            for i in range(m.code[item + ITEM_READERS], m.code[item + ITEM_READERS_END]):
                flags = m.state[row + m.code[m.code[i] + CONDITION_STATE] + FLAGS]
                if flags & DIRTY == 0:
                    _mark(m, row, m.code[i], m.work[LAST_TIP])
                else:
                    _mark_again(m, row, flags, True, m.work[LAST_TIP])
    m.work[ITEM_QUEUE_COUNT] = 0


@jit
def _decide_conditions(m, row, t, newborn):
    """The dirty conditions; those that read scores last, since scores read conditions."""
    for late in range(2):
        k = 0
        while k < m.state[row + DIRTY_COUNT]:
            condition = m.state[row + STATE_HEAD + 2 * k]
            if m.code[condition + LATE] == late:
                _decide_condition(m, row, condition, m.state[row + STATE_HEAD + 2 * k + 1], t, newborn)
            k += 1
        if late == 0:
            _update_items(m, row, t)
    m.state[row + DIRTY_COUNT] = 0


@jit
def _collect_due(m, row, t):
    """Mark what time alone changes at or before t, and find the next such moment."""
    wake = NEVER
    for i in range(m.code[TIMED], m.code[TIMED] + m.code[TIMED_COUNT]):
        condition = m.code[i]
        flip = m.state[row + m.code[condition + CONDITION_STATE] + FLIP]
        if flip <= t:
            if m.state[row + m.code[condition + CONDITION_STATE] + FLAGS] & DIRTY == 0:
                _mark(m, row, condition, -1)
        elif flip < wake:
            wake = flip
    first = m.code[DEFINITIONS]
    for number in range(m.code[DEFINITION_COUNT]):
        definition = first + number * DEFINITION_WORDS
        until = m.state[row + m.code[definition + DEFINITION_STATE] + COOL_UNTIL]
        if t < until < wake:
            wake = until
        elif until == t:
            _queue_definition(m, row, definition)
    m.state[row + WAKE] = wake


@jit
def _show(m, row, definition, t):
    """Write the evidence: each condition of the definition as it is at t."""
    for i in range(m.code[definition + SHOWN], m.code[definition + SHOWN_END]):
        condition = m.code[i]
        at = row + m.code[condition + CONDITION_STATE]
        k = m.work[EVIDENCE_COUNT]
        number = value(m, row, m.code[condition + QUANTITY], t)
        m.evidence[k, 0] = m.code[condition + NUMBERED]
        m.evidence[k, 1] = m.state[at + FLAGS] & TRUE
        m.evidence[k, 2] = m.state[at + SINCE]
        m.evidence[k, 3] = m.state[at + TIP]
        m.evidence[k, 4] = text_code(m, row, m.code[condition + QUANTITY], t) if number != number else -1
        m.evidence_f[k] = number
        m.work[EVIDENCE_COUNT] = k + 1


@jit
def _emit(m, row, subject, definition, t, change, reason):
    k = m.work[OUT_COUNT]
    m.out[k, 0] = t
    m.out[k, 1] = max(t, m.state[row + KNOWN])
    m.out[k, 2] = subject
    m.out[k, 3] = m.code[definition + INDEX]
    m.out[k, 4] = change
    m.out[k, 5] = reason
    m.out[k, 6] = m.work[EVIDENCE_COUNT]
    m.work[OUT_COUNT] = k + 1
    if m.work[WITH_EVIDENCE] == 1:
        _show(m, row, definition, t)


@jit
def _decide_definition(m, row, subject, definition, t):
    at = row + m.code[definition + DEFINITION_STATE]
    goal = m.code[definition + GOAL]
    out = _formula(m, row, m.code[OUT_START], m.code[OUT_END])
    converted = (
        goal != 0
        and m.code[definition + KEEP] == 0
        and m.state[row + m.code[goal + CONDITION_STATE] + FLAGS] & TRUE == TRUE
    )
    may = (
        not out
        and not converted
        and _formula(m, row, m.code[definition + FORMULA], m.code[definition + FORMULA_END])
    )
    if may and m.state[at + QUALIFIED] == 0 and t >= m.state[at + COOL_UNTIL]:
        m.state[at + QUALIFIED] = 1
        _emit(m, row, subject, definition, t, 1, REASON_QUALIFIED)
    elif not may and m.state[at + QUALIFIED] == 1:
        m.state[at + QUALIFIED] = 0
        reason = REASON_LEFT_OUT if out else (REASON_CONVERTED if converted else REASON_LAPSED)
        if reason != REASON_CONVERTED and m.code[definition + COOLDOWN] > 0:
            until = t + m.code[definition + COOLDOWN]
            m.state[at + COOL_UNTIL] = until
            m.state[row + WAKE] = min(m.state[row + WAKE], until)
        _emit(m, row, subject, definition, t, 0, reason)


@jit
def decide(m, row, subject, t):
    """Everything that follows for the subject at instant t."""
    newborn = m.state[row + BORN] == 0
    if m.state[row + WAKE] <= t:
        _collect_due(m, row, t)
    if m.state[row + DIRTY_COUNT] == 0 and m.work[QUEUE_COUNT] == 0 and not newborn:
        return
    _decide_conditions(m, row, t, newborn)
    if newborn:
        m.state[row + BORN] = 1
        first = m.code[DEFINITIONS]
        for number in range(m.code[DEFINITION_COUNT]):
            _queue_definition(m, row, first + number * DEFINITION_WORDS)
    queue = WORK_HEAD + m.code[DEFINITION_COUNT]
    for k in range(m.work[QUEUE_COUNT]):
        definition = m.work[queue + k]
        m.work[WORK_HEAD + m.code[definition + INDEX]] = 0
        _decide_definition(m, row, subject, definition, t)
    m.work[QUEUE_COUNT] = 0


@jit
def _has_room(m):
    return m.work[OUT_COUNT] + m.code[DEFINITION_COUNT] <= len(m.out) and m.work[EVIDENCE_COUNT] + m.code[
        MOST_EVIDENCE
    ] <= len(m.evidence_f)


@jit
def advance(m, row, subject, t):
    """Decide every instant before t. False: the output is full; call again once it has been emptied."""
    pending = m.state[row + PENDING]
    if 0 <= pending < t:
        if not _has_room(m):
            return False
        decide(m, row, subject, pending)
        m.state[row + PENDING] = -1
    while m.state[row + WAKE] < t:
        if not _has_room(m):
            return False
        decide(m, row, subject, m.state[row + WAKE])
    return True
