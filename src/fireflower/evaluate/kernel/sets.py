"""A set of keys with the time at which each was last seen, in the order of those times: newest first.

Words of its state: region, size class, size, newest, oldest, free slot. The region holds 2**class bucket heads, then slots of
five words: key, time, newer, older, next in the bucket. Slots are positions in the heap, 0 is none.
"""

from __future__ import annotations

from .heap import allocate, release
from .jit import jit

REGION = 0
CLASS = 1
SIZE = 2
NEWEST = 3
OLDEST = 4
FREE_SLOT = 5
SET_WORDS = 6

KEY = 0
TIME = 1
NEWER = 2
OLDER = 3
CHAIN = 4
SLOT_WORDS = 5


@jit
def _bucket(state, at, key):
    mixed = (key ^ (key >> 29) ^ (key >> 47)) & 0xFFFFFFF
    return state[at + REGION] + ((mixed * 0x9E3779B1) >> 11 & ((1 << state[at + CLASS]) - 1))


@jit
def _lay_out(state, heap, at, c):
    """An empty region for 2**c keys (8 * 2**c words hold the buckets and 5-word slots)."""
    region = allocate(heap, c + 3)
    state[at + REGION] = region
    state[at + CLASS] = c
    slots = region + (1 << c)
    for i in range(1 << c):
        heap[region + i] = 0
        heap[slots + i * SLOT_WORDS + OLDER] = 0 if i == (1 << c) - 1 else slots + (i + 1) * SLOT_WORDS
    state[at + FREE_SLOT] = slots
    state[at + SIZE] = 0
    state[at + NEWEST] = 0
    state[at + OLDEST] = 0


@jit
def _link_newest(state, heap, at, slot):
    newest = state[at + NEWEST]
    heap[slot + NEWER] = 0
    heap[slot + OLDER] = newest
    if newest != 0:
        heap[newest + NEWER] = slot
    else:
        state[at + OLDEST] = slot
    state[at + NEWEST] = slot


@jit
def _unlink(state, heap, at, slot):
    newer = heap[slot + NEWER]
    older = heap[slot + OLDER]
    if newer != 0:
        heap[newer + OLDER] = older
    else:
        state[at + NEWEST] = older
    if older != 0:
        heap[older + NEWER] = newer
    else:
        state[at + OLDEST] = newer


@jit
def _insert(state, heap, at, key, time):
    slot = state[at + FREE_SLOT]
    state[at + FREE_SLOT] = heap[slot + OLDER]
    bucket = _bucket(state, at, key)
    heap[slot + KEY] = key
    heap[slot + TIME] = time
    heap[slot + CHAIN] = heap[bucket]
    heap[bucket] = slot
    state[at + SIZE] += 1
    _link_newest(state, heap, at, slot)


@jit
def _enlarge(state, heap, at):
    if state[at + REGION] == 0:
        _lay_out(state, heap, at, 2)
        return
    old_region = state[at + REGION]
    old_class = state[at + CLASS]
    slot = state[at + OLDEST]
    _lay_out(state, heap, at, old_class + 1)
    while slot != 0:
        _insert(state, heap, at, heap[slot + KEY], heap[slot + TIME])
        slot = heap[slot + NEWER]
    release(heap, old_region, old_class + 3)


@jit
def find(state, heap, at, key):
    """The key's slot, 0 if it is not in the set."""
    if state[at + REGION] == 0:
        return 0
    slot = heap[_bucket(state, at, key)]
    while slot != 0 and heap[slot + KEY] != key:
        slot = heap[slot + CHAIN]
    return slot


@jit
def add(state, heap, at, key, time):
    """Put the key in, or note that it was seen again."""
    newest = state[at + NEWEST]
    if newest != 0 and heap[newest + KEY] == key:
        heap[newest + TIME] = time
        return
    slot = find(state, heap, at, key)
    if slot != 0:
        _unlink(state, heap, at, slot)
        _link_newest(state, heap, at, slot)
        heap[slot + TIME] = time
        return
    if state[at + REGION] == 0 or state[at + FREE_SLOT] == 0:
        _enlarge(state, heap, at)
    _insert(state, heap, at, key, time)


@jit
def remove(state, heap, at, slot):
    bucket = _bucket(state, at, heap[slot + KEY])
    if heap[bucket] == slot:
        heap[bucket] = heap[slot + CHAIN]
    else:
        before = heap[bucket]
        while heap[before + CHAIN] != slot:
            before = heap[before + CHAIN]
        heap[before + CHAIN] = heap[slot + CHAIN]
    _unlink(state, heap, at, slot)
    heap[slot + OLDER] = state[at + FREE_SLOT]
    state[at + FREE_SLOT] = slot
    state[at + SIZE] -= 1


@jit
def expire(state, heap, at, until):
    """Drop the keys last seen at or before `until`."""
    while state[at + OLDEST] != 0 and heap[state[at + OLDEST] + TIME] <= until:
        remove(state, heap, at, state[at + OLDEST])


@jit
def time_of_newest(state, heap, at, m):
    """When the m-th most recently seen key (from 1) was last seen; walks from the nearer end."""
    size = state[at + SIZE]
    if m <= size - m:
        slot = state[at + NEWEST]
        for _ in range(m - 1):
            slot = heap[slot + OLDER]
    else:
        slot = state[at + OLDEST]
        for _ in range(size - m):
            slot = heap[slot + NEWER]
    return heap[slot + TIME]


@jit
def destroy(state, heap, at):
    if state[at + REGION] != 0:
        release(heap, state[at + REGION], state[at + CLASS] + 3)
        state[at + REGION] = 0
        state[at + NEWEST] = 0
        state[at + OLDEST] = 0
        state[at + SIZE] = 0
