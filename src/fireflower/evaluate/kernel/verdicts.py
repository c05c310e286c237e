"""Conditions, definitions and transitions of one subject. Everything that happens at one instant is taken in first
(`take_in`), then decided
once (`decide`); `advance` decides whatever lies before a moment, changes by time alone included."""

from __future__ import annotations

import math

from .flips import next_flip
from .formulas import condition_holds, formula_holds, passes, where_holds
from .heap import take_words
from .jit import apart, jit
from .layout import (
    ALL_ITEMS,
    ALL_ITEMS_END,
    ANY_CHANGE,
    AT_BIRTH,
    AT_BIRTH_END,
    BODY,
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
    FLIPS,
    FORMULA,
    FORMULA_END,
    GOAL,
    HIGH,
    INDEX,
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
    MISSED,
    MOST_EVIDENCE,
    NAN,
    NEEDED,
    NEEDED_END,
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
    RELATIVE,
    RELATIVE_END,
    REMARK,
    ROW_WORDS,
    SCALE,
    SCORE_READS,
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
    UNPLANNED,
    USERS,
    USERS_END,
    VERDICT_REASON,
    VERDICT_SINCE,
    WAKE,
    WITH_EVIDENCE,
    ZONE,
)
from .points import total
from .reading import text_code, value, whole_number
from .shortcuts import nothing_comes_of_it
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
            _mark_again(m, row, flags, differs, tip)
        elif differs or rezoned or _is_restless(m, row, condition):
            _mark(m, row, condition, tip if differs else -1)
    if before == 0 and m[row + DIRTY_COUNT] == 0:
        if m[q + QUIETS] == 1:
            m[row + m[q + STATE] + QUIET] = (
                1 if m[q + OP] == RECENCY else _quiet_until(m, f, q, whole_number(m, row, q, t))
            )
        elif m[q + SCORE_READS] != 0:
            score = m[q + SCORE_READS]
            points = total(m, row, score, t, t)
            m[row + m[score + STATE] + QUIET] = _quiet_until(m, f, q, points) - points


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


@apart
def begin(m, g, t):
    """A subject's first record: it exists from t on. Gives its state, which is as `settle` left the template."""
    row = take_words(m, m[g + ROW_WORDS])
    template = m[g + TEMPLATE]
    for word in range(m[g + ROW_WORDS]):
        m[row + word] = m[template + word]
    for i in range(m[g + RELATIVE], m[g + RELATIVE_END]):
        m[row + m[i]] += t
    m[row + FIRST_RECORD] = t
    m[row + PENDING] = t
    return row


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
            _take_and_notice(m, f, row, feed, t, rows.first_row + i, number, text, rows.person[i], rows.detail[i])
        feed += FEED_WORDS


@apart
def _take_and_notice(m, f, row, feed, t, tip, number, text, person, detail):
    if take(m, f, row, feed, t, number, text, person, detail):
        _notice(m, f, row, m[feed + FEED_QUANTITY], t, tip)
        if m[row + DIRTY_COUNT] > 0:
            m[row + PENDING] = t


@jit
def _queue_definition(m, g, row, definition):
    """A definition to decide at this instant, once. One that misses a condition comes when that one holds."""
    missed = m[row + m[definition + DEFINITION_STATE] + MISSED]
    if missed != 0 and m[row + m[missed + CONDITION_STATE] + FLAGS] & TRUE == 0:
        return
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
            _queue_definition(m, g, row, m[i])
        _queue_items(m, g, m[condition + ITEMS], m[condition + ITEMS_END])
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
                    _mark(m, row, m[i], m[g + LAST_TIP])
                else:
                    _mark_again(m, row, flags, True, m[g + LAST_TIP])
    m[g + ITEM_QUEUE_COUNT] = 0


@jit
def _decide_conditions(m, f, g, row, t):
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
            _queue_definition(m, g, row, definition)
    m[row + COOL] = cool


@jit
def _collect_due(m, f, g, row, t):
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
        _plan(m, f, row, condition, t)
    else:
        _mark(m, row, condition, -1)


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
        m[k + 2] = m[at + SINCE] if m[at + SINCE] >= 0 else m[row + FIRST_RECORD]
        m[k + 3] = m[at + TIP]
        m[k + 4] = text_code(m, row, q, t) if number != number else -1
        f[k + 5] = number
        m[EVIDENCE_COUNT] += 1


@apart
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
def _misses(m, row, definition):
    """Whether a condition without which the definition's formula cannot hold does not hold. It is remembered: until it
    holds, the definition need not be looked at."""
    at = row + m[definition + DEFINITION_STATE]
    for i in range(m[definition + NEEDED], m[definition + NEEDED_END]):
        if m[row + m[m[i] + CONDITION_STATE] + FLAGS] & TRUE == 0:
            m[at + MISSED] = m[i]
            return True
    m[at + MISSED] = 0
    return False


@jit
def _decide_definition(m, f, g, row, subject, definition, t):
    at = row + m[definition + DEFINITION_STATE]
    if m[at + QUALIFIED] == 0 and _misses(m, row, definition):
        return
    out = formula_holds(m, row, m[g + OUT_START], m[g + OUT_END])
    converted = m[definition + KEEP] == 0 and _happened(m, row, m[definition + GOAL])
    may = not out and not converted and formula_holds(m, row, m[definition + FORMULA], m[definition + FORMULA_END])
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
    """Decide the conditions of a subject to whom nothing has happened and whose first record is at moment 0. This makes
    the template; `begin` moves what follows from the moment."""
    _queue_items(m, g, m[g + ALL_ITEMS], m[g + ALL_ITEMS_END])
    for number in range(m[g + CONDITION_COUNT]):
        _mark(m, row, m[g + CONDITIONS] + number * CONDITION_WORDS, -1)
    _decide_conditions(m, f, g, row, 0)
    for k in range(m[g + QUEUE_COUNT]):
        m[m[m[g + QUEUE] + k] + QUEUED] = 0
    m[g + QUEUE_COUNT] = 0


@jit
def decide(m, f, g, row, subject, t):
    """Everything that follows for the subject at instant t."""
    if m[row + WAKE] <= t:
        _collect_due(m, f, g, row, t)
    if m[row + DIRTY_COUNT] > 0:
        _decide_conditions(m, f, g, row, t)
    if m[row + BORN] == 0:
        m[row + BORN] = 1
        for i in range(m[g + AT_BIRTH], m[g + AT_BIRTH_END]):
            _queue_definition(m, g, row, m[i])
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
    return m[row + PENDING] < t or m[row + WAKE] < t


@apart
def advance(m, f, g, row, subject, t):
    """Decide every instant before t. False: the output is full; call again once it has been emptied."""
    while is_due(m, row, t):
        if not _has_output_room(m, g):
            return False
        pending = m[row + PENDING]
        instant = m[row + WAKE]
        if pending <= instant:
            instant = pending
            m[row + PENDING] = NEVER
        decide(m, f, g, row, subject, instant)
    return True


@apart
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
