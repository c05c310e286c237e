"""Calendar days and hours in a subject's time zone.

The program lists the zones: at code[ZONES] + number stands the position of a zone: the count n of its changes, n moments (the first
is far in the past), n offsets from UTC.
"""

from __future__ import annotations

from .jit import jit
from .layout import (
    DAY,
    NEVER,
    ZONE_FROM,
    ZONE_NUMBER,
    ZONE_OFFSET,
    ZONE_UNTIL,
    ZONES,
)


@jit
def set_zone(state, row, number):
    state[row + ZONE_NUMBER] = number
    state[row + ZONE_FROM] = 1
    state[row + ZONE_UNTIL] = 0


@jit
def _segment(code, zone, t):
    """Number of the zone's last change at or before t."""
    low = 0
    high = code[zone] - 1
    while low < high:
        middle = (low + high + 1) >> 1
        if code[zone + 1 + middle] <= t:
            low = middle
        else:
            high = middle - 1
    return low


@jit
def offset(code, state, row, t):
    """The zone's offset from UTC at t; the last answer is kept for as long as it is valid."""
    if state[row + ZONE_FROM] <= t < state[row + ZONE_UNTIL]:
        return state[row + ZONE_OFFSET]
    zone = code[code[ZONES] + state[row + ZONE_NUMBER]]
    count = code[zone]
    i = _segment(code, zone, t)
    state[row + ZONE_FROM] = code[zone + 1 + i]
    state[row + ZONE_UNTIL] = code[zone + 2 + i] if i + 1 < count else NEVER
    state[row + ZONE_OFFSET] = code[zone + 1 + count + i]
    return state[row + ZONE_OFFSET]


@jit
def local_day(code, state, row, t):
    return (t + offset(code, state, row, t)) // DAY


@jit
def day_start(code, state, row, day):
    """The first moment whose calendar day is `day` or later, whatever changes of the clock lie between."""
    zone = code[code[ZONES] + state[row + ZONE_NUMBER]]
    count = code[zone]
    i = _segment(code, zone, (day - 1) * DAY)
    while True:
        start = day * DAY - code[zone + 1 + count + i]
        if start < code[zone + 1 + i]:
            start = code[zone + 1 + i]
        if i + 1 >= count or start < code[zone + 2 + i]:
            return start
        i += 1
