"""What is inside a window: how a quantity's words are laid out, and how old events leave them."""

from __future__ import annotations

from . import rings
from .jit import jit
from .layout import BODY, GATE, NEVER, STATE

# Words of the bodies. A windowed COUNT or SUM: ring (4 words), greatest total, time of the last push,
# total, and more.
PEAK = 4
PUSHED = 5
TOTAL = 6  # two words, see add_to
NEGATIVES = 8  # of a SUM: how many amounts inside are negative
# EVER: the number itself.
NUMBER_WORD = 0
# A DISTINCT set: set (6 words), greatest size, time of the last push.
SET_PEAK = 6
SET_PUSHED = 7

LARGEST_TOTAL = 9_200_000_000_000_000_000
LARGEST_NUMBER = 9.2e12
LOW_BITS = 0xFFFFFFFF
NO_DAY = -(2**40)


@jit
def add_to(m, at, amount):
    """Add to a total of two words, the upper and the lower 32 bits: amounts may leave again, so what is beyond the
    range
    must not be lost before the total is read."""
    low = m[at + 1] + (amount & LOW_BITS)
    m[at] += (amount >> 32) + (low >> 32)
    m[at + 1] = low & LOW_BITS


@jit
def saturated(high, low):
    """A total of two words as one number, at most LARGEST_TOTAL either way."""
    if high > LARGEST_TOTAL >> 32:
        return LARGEST_TOTAL
    if high < -LARGEST_TOTAL >> 32:
        return -LARGEST_TOTAL
    return max(-LARGEST_TOTAL, min(LARGEST_TOTAL, (high << 32) | low))


@jit
def total_at(m, at):
    return saturated(m[at], m[at + 1])


@jit
def anchor_time(m, row, q):
    return m[row + m[m[q + GATE] + STATE] + BODY]


@jit
def closed(m, row, q):
    """Whether the anchor of the quantity's window has not happened yet."""
    return m[q + GATE] != 0 and anchor_time(m, row, q) == NEVER


@jit
def forget_times(m, p, width, until):
    while m[p + rings.SIZE] > 0 and m[rings.entry(m, p, width, 0)] <= until:
        rings.drop_oldest(m, p)


@jit
def forget_amounts(m, p, until):
    while m[p + rings.SIZE] > 0:
        oldest = rings.entry(m, p, 1, 0)
        if m[oldest] > until:
            return
        add_to(m, p + TOTAL, -m[oldest + 1])
        if m[oldest + 1] < 0:
            m[p + NEGATIVES] -= 1
        rings.drop_oldest(m, p)
