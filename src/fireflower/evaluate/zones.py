"""Time zones as tables of offsets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fireflower.model.moments import DAY, EARLIEST, LATEST, SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FAR_PAST = -(2**60)
_STEP = 7 * DAY
"""No zone has changed its clock twice within so short a time since 1970 without the offset differing at the ends of
it, save for
suspensions during Ramadan, which last four weeks."""


@lru_cache(maxsize=1024)
def changes(name: str) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """The zone's changes of its clock from 1970 to 2100: the moments, and the offset from each on, in microseconds.

    The first moment is far in the past. None: there is no zone of that name.
    """
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    moments, offsets = [_FAR_PAST], [_offset(zone, EARLIEST)]
    for start in range(EARLIEST, LATEST, _STEP):
        end = min(start + _STEP, LATEST)
        if _offset(zone, end) != offsets[-1]:
            moments.append(_change_between(zone, start, end))
            offsets.append(_offset(zone, end))
    return tuple(moments), tuple(offsets)


def _change_between(zone: ZoneInfo, low: int, high: int) -> int:
    """The first whole second in (low, high] at which the offset is the one at `high`."""
    after = _offset(zone, high)
    while high - low > SECOND:
        middle = (low + high) // (2 * SECOND) * SECOND
        if _offset(zone, middle) == after:
            high = middle
        else:
            low = middle
    return high


def _offset(zone: ZoneInfo, moment: int) -> int:
    local = (_EPOCH + timedelta(microseconds=moment)).astimezone(zone)
    return (local.utcoffset() or timedelta()) // timedelta(microseconds=1)
