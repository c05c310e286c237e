"""A set of keys with the time at which each was last seen, in the order of those times: newest first.

Words of its state: region, size class, size, newest, oldest, free slot. The region holds 2**class bucket heads, then
slots of
five words: key, time, newer, older, next in the bucket. Slots are positions in the heap, 0 is none.
"""

from __future__ import annotations

from .heap import allocate, release
from .jit import apart, jit

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
def _bucket(m, at, key):
    mixed = (key ^ (key >> 29) ^ (key >> 47)) & 0xFFFFFFF
    return m[at + REGION] + ((mixed * 0x9E3779B1) >> 11 & ((1 << m[at + CLASS]) - 1))


@jit
def _lay_out(m, at, c):
    """An empty region for 2**c keys (8 * 2**c words hold the buckets and 5-word slots)."""
    region = allocate(m, c + 3)
    m[at + REGION] = region
    m[at + CLASS] = c
    slots = region + (1 << c)
    for i in range(1 << c):
        m[region + i] = 0
        m[slots + i * SLOT_WORDS + OLDER] = 0 if i == (1 << c) - 1 else slots + (i + 1) * SLOT_WORDS
    m[at + FREE_SLOT] = slots
    m[at + SIZE] = 0
    m[at + NEWEST] = 0
    m[at + OLDEST] = 0


@jit
def _link_newest(m, at, slot):
    newest = m[at + NEWEST]
    m[slot + NEWER] = 0
    m[slot + OLDER] = newest
    if newest != 0:
        m[newest + NEWER] = slot
    else:
        m[at + OLDEST] = slot
    m[at + NEWEST] = slot


@jit
def _unlink(m, at, slot):
    newer = m[slot + NEWER]
    older = m[slot + OLDER]
    if newer != 0:
        m[newer + OLDER] = older
    else:
        m[at + NEWEST] = older
    if older != 0:
        m[older + NEWER] = newer
    else:
        m[at + OLDEST] = newer


@jit
def _insert(m, at, key, time):
    slot = m[at + FREE_SLOT]
    m[at + FREE_SLOT] = m[slot + OLDER]
    bucket = _bucket(m, at, key)
    m[slot + KEY] = key
    m[slot + TIME] = time
    m[slot + CHAIN] = m[bucket]
    m[bucket] = slot
    m[at + SIZE] += 1
    _link_newest(m, at, slot)


@apart
def _enlarge(m, at):
    if m[at + REGION] == 0:
        _lay_out(m, at, 2)
        return
    old_region = m[at + REGION]
    old_class = m[at + CLASS]
    slot = m[at + OLDEST]
    _lay_out(m, at, old_class + 1)
    while slot != 0:
        _insert(m, at, m[slot + KEY], m[slot + TIME])
        slot = m[slot + NEWER]
    release(m, old_region, old_class + 3)


@jit
def find(m, at, key):
    """The key's slot, 0 if it is not in the set."""
    if m[at + REGION] == 0:
        return 0
    slot = m[_bucket(m, at, key)]
    while slot != 0 and m[slot + KEY] != key:
        slot = m[slot + CHAIN]
    return slot


@apart
def add(m, at, key, time):
    """Put the key in, or note that it was seen again."""
    newest = m[at + NEWEST]
    if newest != 0 and m[newest + KEY] == key:
        m[newest + TIME] = time
        return
    slot = find(m, at, key)
    if slot != 0:
        _unlink(m, at, slot)
        _link_newest(m, at, slot)
        m[slot + TIME] = time
        return
    if m[at + REGION] == 0 or m[at + FREE_SLOT] == 0:
        _enlarge(m, at)
    _insert(m, at, key, time)


@apart
def remove(m, at, slot):
    bucket = _bucket(m, at, m[slot + KEY])
    if m[bucket] == slot:
        m[bucket] = m[slot + CHAIN]
    else:
        before = m[bucket]
        while m[before + CHAIN] != slot:
            before = m[before + CHAIN]
        m[before + CHAIN] = m[slot + CHAIN]
    _unlink(m, at, slot)
    m[slot + OLDER] = m[at + FREE_SLOT]
    m[at + FREE_SLOT] = slot
    m[at + SIZE] -= 1


@jit
def expire(m, at, until):
    """Drop the keys last seen at or before `until`."""
    while m[at + OLDEST] != 0 and m[m[at + OLDEST] + TIME] <= until:
        remove(m, at, m[at + OLDEST])


@jit
def time_of_newest(m, at, nth):
    """When the nth most recently seen key (from 1) was last seen; walks from the nearer end."""
    size = m[at + SIZE]
    if nth <= size - nth:
        slot = m[at + NEWEST]
        for _ in range(nth - 1):
            slot = m[slot + OLDER]
    else:
        slot = m[at + OLDEST]
        for _ in range(size - nth):
            slot = m[slot + NEWER]
    return m[slot + TIME]


@jit
def destroy(m, at):
    if m[at + REGION] != 0:
        release(m, m[at + REGION], m[at + CLASS] + 3)
        m[at + REGION] = 0
        m[at + NEWEST] = 0
        m[at + OLDEST] = 0
        m[at + SIZE] = 0


@jit
def _moved(position, by):
    return position + by if position != 0 else 0


@apart
def clone(m, at):
    """Give the set, whose words have been copied, a region of its own."""
    old = m[at + REGION]
    if old == 0:
        return
    c = m[at + CLASS]
    region = allocate(m, c + 3)
    by = region - old
    slots = 1 << c
    for word in range(slots):
        m[region + word] = _moved(m[old + word], by)
    for slot in range(slots, slots + SLOT_WORDS * slots, SLOT_WORDS):
        m[region + slot + KEY] = m[old + slot + KEY]
        m[region + slot + TIME] = m[old + slot + TIME]
        for word in range(NEWER, SLOT_WORDS):
            m[region + slot + word] = _moved(m[old + slot + word], by)
    m[at + REGION] = region
    for word in range(NEWEST, SET_WORDS):
        m[at + word] = _moved(m[at + word], by)
