"""The end of the memory: the states of subjects, and regions of 2**c words with a free list for each size."""

from __future__ import annotations

from .jit import jit
from .layout import FREE, HEAP, NEED, SIZE, TOP, WORD


@jit
def clear(m):
    """Forget everything in the heap."""
    for word in range(NEED, WORD):
        m[word] = 0
    m[TOP] = m[HEAP]


@jit
def has_room(m, words, feeds):
    """Whether there is room for so many words, and for each of so many feeds to double a region."""
    return m[TOP] + words + feeds * (m[NEED] + 64) <= m[SIZE]


@jit
def take_words(m, words):
    position = m[TOP]
    m[TOP] = position + words
    return position


@jit
def allocate(m, c):
    """A region of 2**c words; its content is arbitrary."""
    region = m[FREE + c]
    if region != 0:
        m[FREE + c] = m[region]
        return region
    if m[NEED] < (2 << c):
        m[NEED] = 2 << c
    return take_words(m, 1 << c)


@jit
def release(m, region, c):
    m[region] = m[FREE + c]
    m[FREE + c] = region
