"""States that are given back and copied, so that a subject's past can be told anew from its beginning or from a while
ago."""

from __future__ import annotations

from . import rings, sets
from .heap import take_words
from .jit import apart, jit
from .layout import REGIONS, REGIONS_END, ROW_WORDS, SET


@apart
def give_back(m, g, row):
    """Release what the state has in the heap. Its own words stay, for a state to come."""
    for i in range(m[g + REGIONS], m[g + REGIONS_END], 2):
        if m[i + 1] == SET:
            sets.destroy(m, row + m[i])
        else:
            rings.destroy(m, row + m[i], m[i + 1])


@apart
def copy(m, g, source, place):
    """A copy of a state that shares nothing with it. It lies at `place`, whose former content has been given back;
    with 0, wherever there is room. Gives its position."""
    row = take_words(m, m[g + ROW_WORDS]) if place == 0 else place
    for word in range(m[g + ROW_WORDS]):
        m[row + word] = m[source + word]
    for i in range(m[g + REGIONS], m[g + REGIONS_END], 2):
        if m[i + 1] == SET:
            sets.clone(m, row + m[i])
        else:
            rings.clone(m, row + m[i], m[i + 1])
    return row


@jit
def words_of(m, g, row):
    """How many words of memory a copy of the state takes at most."""
    words = m[g + ROW_WORDS]
    for i in range(m[g + REGIONS], m[g + REGIONS_END], 2):
        region = m[row + m[i]]
        if region != 0:
            width = 3 if m[i + 1] == SET else m[i + 1]
            words += 1 << (m[row + m[i] + 1] + width)
    return words
