"""What most events do: leave a trace, and change nothing. Each feed has at most one shortcut, which sees in a few steps
that it is so, and leaves the trace that `taking` would leave. What it does not see is left to `taking`.

A window may keep what has left it until somebody reads it (`reading`), so shortcuts drop nothing.
"""

from __future__ import annotations

from . import rings, sets
from .clocks import local_day
from .jit import jit
from .layout import BODY, FEED_ARGUMENT, FEED_QUANTITY, FEED_STATE, PREVIOUS, QUIET, QUIET_SCORE, SHORTCUT, STATE, A, B
from .points import earn
from .taking import step_on
from .windows import NUMBER_WORD, TOTAL, add_to, total_at

NO_SHORTCUT = 0
SAME_DAY = 1  # a day that has been seen already
SAME_STREAK = 2  # the day of the latest event
RENEWED = 3  # another event, of which nobody waits
IN_SESSION = 4  # no start of a session
SESSION_GOES_ON = 5  # time spent, still below what anybody waits for
ONE_MORE = 6  # a count, still below what anybody waits for
ONE_MORE_INSIDE = 7  # the same, of a window
SAME_ACTOR = 8  # whoever acted last
SAME_VALUE = 9  # a trait that is as it was
EARNED = 10  # points for a score, still below what anybody waits for
STEP_BEHIND = 11  # a step of a sequence that has come further


@jit
def _same_key(m, p, key, t):
    newest = m[p + BODY + sets.NEWEST]
    if newest == 0 or m[newest + sets.KEY] != key:
        return False
    m[newest + sets.TIME] = t
    return True


@jit
def _ring_has_room(m, ring):
    return m[ring + rings.REGION] != 0 and m[ring + rings.SIZE] < 1 << m[ring + rings.CLASS]


@jit
def _session_goes_on(m, p, q, t):
    ring = p + BODY
    previous = m[p + PREVIOUS]
    if previous < 0 or t - previous >= m[q + B]:
        m[p + PREVIOUS] = t
        return True
    if not _ring_has_room(m, ring) or total_at(m, ring + TOTAL) + t - previous >= m[p + QUIET]:
        return False
    m[p + PREVIOUS] = t
    m[rings.push(m, ring, 1, t) + 1] = t - previous
    add_to(m, ring + TOTAL, t - previous)
    return True


@jit
def _one_more_inside(m, p, t):
    ring = p + BODY
    if not _ring_has_room(m, ring) or m[ring + rings.SIZE] + 1 >= m[p + QUIET]:
        return False
    rings.push(m, ring, 0, t)
    return True


@jit
def _earned(m, row, q, t):
    quiet = row + m[m[q + QUIET_SCORE] + STATE] + QUIET
    if m[q + A] >= m[quiet]:
        return False
    m[quiet] -= m[q + A]
    earn(m, row, q, t)
    return True


@jit
def nothing_comes_of_it(m, row, feed, t, person, detail):
    """Whether a row that passed the feed's `where` changes the truth of no condition; if so, it has been taken in."""
    shortcut = m[feed + SHORTCUT]
    p = row + m[feed + FEED_STATE]
    if shortcut == SAME_DAY:
        return _same_key(m, p, local_day(m, row, t), t)
    if shortcut == SAME_STREAK:
        return local_day(m, row, t) <= m[p + BODY]
    if shortcut == RENEWED:
        m[p + BODY] = t
        return m[p + QUIET] != 0
    if shortcut == IN_SESSION:
        previous = m[p + PREVIOUS]
        if previous < 0 or t - previous >= m[m[feed + FEED_QUANTITY] + B]:
            return False
        m[p + PREVIOUS] = t
        return True
    if shortcut == SESSION_GOES_ON:
        return _session_goes_on(m, p, m[feed + FEED_QUANTITY], t)
    if shortcut == ONE_MORE:
        if m[p + BODY + NUMBER_WORD] + 1 >= m[p + QUIET]:
            return False
        m[p + BODY + NUMBER_WORD] += 1
        return True
    if shortcut == ONE_MORE_INSIDE:
        return _one_more_inside(m, p, t)
    if shortcut == SAME_ACTOR:
        return person >= 0 and _same_key(m, p, person, t)
    if shortcut == SAME_VALUE:
        return m[p + BODY] == detail
    if shortcut == STEP_BEHIND:
        step = m[feed + FEED_ARGUMENT]
        return m[p + BODY] > step and not step_on(m, row, m[feed + FEED_QUANTITY], t, step)
    if shortcut == EARNED:
        return _earned(m, row, m[feed + FEED_QUANTITY], t)
    return False
