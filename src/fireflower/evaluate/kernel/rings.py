"""A queue of what is inside a window: entries of 2**width words, the first being the time, oldest first.

Words of its state: region, size class, head, size.
"""

from __future__ import annotations

from .heap import allocate, release
from .jit import apart, jit

REGION = 0
CLASS = 1
HEAD = 2
SIZE = 3


@jit
def entry(m, ring, width, i):
    """Position of the i-th oldest entry."""
    capacity = 1 << m[ring + CLASS]
    return m[ring + REGION] + (((m[ring + HEAD] + i) & (capacity - 1)) << width)


@apart
def _enlarge(m, ring, width):
    if m[ring + REGION] == 0:
        m[ring + CLASS] = 2
        m[ring + REGION] = allocate(m, 2 + width)
        return
    old_class = m[ring + CLASS]
    region = allocate(m, old_class + 1 + width)
    for i in range(m[ring + SIZE]):
        source = entry(m, ring, width, i)
        for word in range(1 << width):
            m[region + (i << width) + word] = m[source + word]
    release(m, m[ring + REGION], old_class + width)
    m[ring + REGION] = region
    m[ring + CLASS] = old_class + 1
    m[ring + HEAD] = 0


@jit
def push(m, ring, width, time):
    """Append an entry and give its position."""
    size = m[ring + SIZE]
    if m[ring + REGION] == 0 or size == 1 << m[ring + CLASS]:
        _enlarge(m, ring, width)
    m[ring + SIZE] = size + 1
    position = entry(m, ring, width, size)
    m[position] = time
    return position


@jit
def drop_oldest(m, ring):
    m[ring + HEAD] = (m[ring + HEAD] + 1) & ((1 << m[ring + CLASS]) - 1)
    m[ring + SIZE] -= 1


@jit
def drop_newest(m, ring):
    m[ring + SIZE] -= 1


@jit
def destroy(m, ring, width):
    if m[ring + REGION] != 0:
        release(m, m[ring + REGION], m[ring + CLASS] + width)
        m[ring + REGION] = 0


@apart
def clone(m, ring, width):
    """Give the ring, whose words have been copied, a region of its own."""
    old = m[ring + REGION]
    if old != 0:
        words = m[ring + CLASS] + width
        region = allocate(m, words)
        for word in range(1 << words):
            m[region + word] = m[old + word]
        m[ring + REGION] = region
