"""A queue of what is inside a window: entries of 2**width words, the first being the time, oldest first.

Words of its state: region, size class, head, size.
"""

from __future__ import annotations

from .heap import allocate, release
from .jit import jit

REGION = 0
CLASS = 1
HEAD = 2
SIZE = 3


@jit
def entry(state, ring, width, i):
    """Position of the i-th oldest entry."""
    capacity = 1 << state[ring + CLASS]
    return state[ring + REGION] + (((state[ring + HEAD] + i) & (capacity - 1)) << width)


@jit
def _enlarge(state, heap, ring, width):
    if state[ring + REGION] == 0:
        state[ring + CLASS] = 2
        state[ring + REGION] = allocate(heap, 2 + width)
        return
    old_class = state[ring + CLASS]
    region = allocate(heap, old_class + 1 + width)
    for i in range(state[ring + SIZE]):
        source = entry(state, ring, width, i)
        for word in range(1 << width):
            heap[region + (i << width) + word] = heap[source + word]
    release(heap, state[ring + REGION], old_class + width)
    state[ring + REGION] = region
    state[ring + CLASS] = old_class + 1
    state[ring + HEAD] = 0


@jit
def push(state, heap, ring, width, time):
    """Append an entry and give its position."""
    size = state[ring + SIZE]
    if state[ring + REGION] == 0 or size == 1 << state[ring + CLASS]:
        _enlarge(state, heap, ring, width)
    state[ring + SIZE] = size + 1
    position = entry(state, ring, width, size)
    heap[position] = time
    return position


@jit
def drop_oldest(state, ring):
    state[ring + HEAD] = (state[ring + HEAD] + 1) & ((1 << state[ring + CLASS]) - 1)
    state[ring + SIZE] -= 1


@jit
def drop_newest(state, ring):
    state[ring + SIZE] -= 1


@jit
def destroy(state, heap, ring, width):
    if state[ring + REGION] != 0:
        release(heap, state[ring + REGION], state[ring + CLASS] + width)
        state[ring + REGION] = 0
