"""Calendar days and hours in a subject's time zone.

The program lists the zones: at m[ZONES] + number stands the position of a zone: the count n of its changes, n moments
(the first
is far in the past), n offsets from UTC.
"""

from __future__ import annotations

from .jit import apart, jit
from .layout import DAY, DAY_FROM, DAY_UNTIL, NEVER, TODAY, ZONE_FROM, ZONE_NUMBER, ZONE_OFFSET, ZONE_UNTIL, ZONES


@jit
def set_zone(m, row, number):
    m[row + ZONE_NUMBER] = number
    m[row + ZONE_FROM] = m[row + DAY_FROM] = 1
    m[row + ZONE_UNTIL] = m[row + DAY_UNTIL] = 0


@jit
def _segment(m, zone, t):
    """Number of the zone's last change at or before t."""
    low = 0
    high = m[zone] - 1
    while low < high:
        middle = (low + high + 1) >> 1
        if m[zone + 1 + middle] <= t:
            low = middle
        else:
            high = middle - 1
    return low


@apart
def offset(m, row, t):
    """The zone's offset from UTC at t; the last answer is kept for as long as it is valid."""
    if m[row + ZONE_FROM] <= t < m[row + ZONE_UNTIL]:
        return m[row + ZONE_OFFSET]
    zone = m[m[ZONES] + m[row + ZONE_NUMBER]]
    count = m[zone]
    i = _segment(m, zone, t)
    m[row + ZONE_FROM] = m[zone + 1 + i]
    m[row + ZONE_UNTIL] = m[zone + 2 + i] if i + 1 < count else NEVER
    m[row + ZONE_OFFSET] = m[zone + 1 + count + i]
    return m[row + ZONE_OFFSET]


@jit
def local_day(m, row, t):
    """The calendar day of t; the last answer is kept for as long as it is valid."""
    if m[row + DAY_FROM] <= t < m[row + DAY_UNTIL]:
        return m[row + TODAY]
    return _another_day(m, row, t)


@apart
def _another_day(m, row, t):
    shift = offset(m, row, t)
    day = (t + shift) // DAY
    m[row + TODAY] = day
    m[row + DAY_FROM] = max(day * DAY - shift, m[row + ZONE_FROM])
    m[row + DAY_UNTIL] = min((day + 1) * DAY - shift, m[row + ZONE_UNTIL])
    return day
