"""Regions of 2**c words inside one array, with a free list for each size."""

from __future__ import annotations

from .jit import jit
from .layout import FREE, HEAP_HEAD, NEED, TOP


@jit
def clear(heap):
    """Forget every region."""
    for word in range(HEAP_HEAD):
        heap[word] = 0
    heap[TOP] = HEAP_HEAD


@jit
def allocate(heap, c):
    """A region of 2**c words. The caller of a row has made sure that there is room (`has_room`)."""
    region = heap[FREE + c]
    if region != 0:
        heap[FREE + c] = heap[region]
        return region
    region = heap[TOP]
    heap[TOP] = region + (1 << c)
    if heap[NEED] < (2 << c):
        heap[NEED] = 2 << c
    return region


@jit
def release(heap, region, c):
    heap[region] = heap[FREE + c]
    heap[FREE + c] = region


@jit
def has_room(heap, feeds):
    """Whether a row with so many feeds finds room: each may at most double one region."""
    return heap[TOP] + (feeds + 1) * (heap[NEED] + 256) <= len(heap)
