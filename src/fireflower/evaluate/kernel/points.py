"""Scores: points that fade, in millionths (docs/semantics.md, section 6)."""

from __future__ import annotations

from .jit import apart, jit
from .layout import (
    BODY,
    EARNING,
    FADE,
    GATE_SPAN,
    ITEM_FORMULA,
    ITEM_KIND,
    ITEM_POINTS,
    ITEM_STATE,
    NEVER,
    SPAN,
    STATE,
    A,
    B,
)

MOST = 2_000_000_000_000
SHORT = 2**50  # 35 years, of which the steps are counted with one division


@jit
def fade(m, points, span, half_life):
    """What is left of `points` after `span`."""
    if span >= 62 * half_life:
        return 0
    if span < SHORT:
        if span * 4096 < half_life:
            return points
        steps = (span * 4096) // half_life
    else:
        steps = (span // half_life) * 4096 + ((span % half_life) * 4096) // half_life
    size = points if points >= 0 else -points
    left = ((size * m[m[FADE] + (steps & 4095)]) >> 22) >> (steps >> 12)
    return left if points >= 0 else -left


@jit
def earn(m, row, q, t):
    """One more event for an EARNING item: S becomes min(cap, what is left of S + points)."""
    p = row + m[q + STATE] + BODY
    if m[q + SPAN] > 0 and m[p + 1] >= 0:
        m[p] = fade(m, m[p], t - m[p + 1], m[q + SPAN])
    m[p] = max(-MOST, min(min(MOST, m[q + B]), m[p] + m[q + A]))
    m[p + 1] = t


@jit
def _state(m, row, item):
    """Where in the state an item's words are: what it has earned, or 1 while it holds; and since when."""
    if m[item + ITEM_KIND] == EARNING:
        return row + m[m[item + ITEM_FORMULA] + STATE] + BODY
    return row + m[item + ITEM_STATE]


@jit
def _points(m, item, p):
    """What an item gave when it was last given something."""
    if m[item + ITEM_KIND] == EARNING:
        return m[p]
    return m[item + ITEM_POINTS] if m[p] == 1 else 0


@jit
def _item(m, row, item, half_life, gains_at, losses_at):
    """What an item gives: as of `gains_at` if it is a gain, else as of `losses_at`."""
    p = _state(m, row, item)
    points = _points(m, item, p)
    if points == 0 or half_life == 0:
        return points
    return fade(m, points, (gains_at if points > 0 else losses_at) - m[p + 1], half_life)


@jit
def _next_step_of(m, row, item, half_life, t):
    p = _state(m, row, item)
    span = t - m[p + 1]
    if _points(m, item, p) == 0 or span >= 62 * half_life:
        return NEVER
    whole = span % half_life
    step = (whole * 4096) // half_life + 1
    return t - whole + ((step * half_life + 4095) >> 12)


@apart
def next_step(m, row, score, t):
    """The first moment after t at which an item of the fading score is one step further; NEVER if all have faded.
    Until then, the score is what it is at t."""
    step = NEVER
    for i in range(m[score + A], m[score + B]):
        step = min(step, _next_step_of(m, row, m[i], m[score + SPAN], t))
    return step


@apart
def total(m, row, score, gains_at, losses_at):
    """The score with its gains as of one moment and its losses as of another, at most the cap. With both at t it is the
    score at t. Both fade, so (b, a) and (a, b) bound it from below and above over [a, b]."""
    result = 0
    for i in range(m[score + A], m[score + B]):
        result += _item(m, row, m[i], m[score + SPAN], gains_at, losses_at)
    return min(result, m[score + GATE_SPAN])
