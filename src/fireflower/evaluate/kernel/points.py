"""Scores: points that fade, in millionths (docs/semantics.md, section 6)."""

from __future__ import annotations

from .jit import jit
from .layout import (
    BODY,
    EARNING,
    FADE,
    GATE_SPAN,
    ITEM_FORMULA,
    ITEM_KIND,
    ITEM_POINTS,
    ITEM_STATE,
    SPAN,
    STATE,
    A,
    B,
)

MOST = 2_000_000_000_000


@jit
def fade(code, points, span, half_life):
    """What is left of `points` after `span`."""
    halvings = span // half_life
    if halvings >= 62:
        return 0
    part = ((span % half_life) * 4096) // half_life
    size = points if points >= 0 else -points
    left = ((size * code[code[FADE] + part]) >> 22) >> halvings
    return left if points >= 0 else -left


@jit
def earn(code, state, row, q, t):
    """One more event for an EARNING item: S becomes min(cap, what is left of S + points)."""
    p = row + code[q + STATE] + BODY
    if code[q + SPAN] > 0 and state[p + 1] >= 0:
        state[p] = fade(code, state[p], t - state[p + 1], code[q + SPAN])
    state[p] = max(-MOST, min(min(MOST, code[q + B]), state[p] + code[q + A]))
    state[p + 1] = t


@jit
def _item(code, state, row, item, half_life, t):
    if code[item + ITEM_KIND] == EARNING:
        p = row + code[code[item + ITEM_FORMULA] + STATE] + BODY
        points, since = state[p], state[p + 1]
        if since < 0:
            return 0
    else:
        p = row + code[item + ITEM_STATE]
        points, since = code[item + ITEM_POINTS], state[p + 1]
        if state[p] == 0:
            return 0
    return fade(code, points, t - since, half_life) if half_life > 0 else points


@jit
def total(code, state, row, score, gains_at, losses_at):
    """The score with its gains as of one moment and its losses as of another, at most the cap. With both at t it is the
    score at t. Both fade, so (b, a) and (a, b) bound it from below and above over [a, b]."""
    result = 0
    for i in range(code[score + A], code[score + B]):
        item = code[i]
        points = _item(code, state, row, item, code[score + SPAN], gains_at)
        if points < 0:
            points = _item(code, state, row, item, code[score + SPAN], losses_at)
        result += points
    return min(result, code[score + GATE_SPAN])
