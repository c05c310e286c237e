"""The end of the memory: the states of subjects, and regions of 2**c words with a free list for each size."""

from __future__ import annotations

from .jit import apart, jit
from .layout import FEED_NEEDS, FREE, FULL, HEAP, NEED, ROW_NEEDS, SIZE, TOP, WORD


@jit
def clear(m):
    """Forget everything in the heap."""
    for word in range(NEED, WORD):
        m[word] = 0
    m[TOP] = m[HEAP]
    measure(m)


@apart
def measure(m):
    """Find from where on the heap may be too small for a row: for the states of its subjects, and for each of its
    feeds to double a region."""
    m[FULL] = m[SIZE] - m[ROW_NEEDS] - m[FEED_NEEDS] * (m[NEED] + 64)


@jit
def take_words(m, words):
    position = m[TOP]
    m[TOP] = position + words
    return position


@apart
def allocate(m, c):
    """A region of 2**c words; its content is arbitrary."""
    region = m[FREE + c]
    if region != 0:
        m[FREE + c] = m[region]
        return region
    if m[NEED] < (2 << c):
        m[NEED] = 2 << c
        measure(m)
    return take_words(m, 1 << c)


@jit
def release(m, region, c):
    m[region] = m[FREE + c]
    m[FREE + c] = region
