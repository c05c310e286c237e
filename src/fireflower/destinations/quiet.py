"""Quiet hours: the first moment at which the receiver may be disturbed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fireflower.destinations.nodes import QuietHours
from fireflower.model.moments import from_datetime, to_datetime

_DAY_MINUTES = 24 * 60
_MINUTE = timedelta(minutes=1)


def zone_of(quiet: QuietHours, named: Any) -> ZoneInfo:
    """The receiver's zone: the one that their trait names, if there is such a zone, else the destination's."""
    return (_zone(named) if isinstance(named, str) else None) or ZoneInfo(quiet.timezone)


def end_of_quiet(quiet: QuietHours, zone: ZoneInfo, moment: int) -> int:
    """The moment itself, or, if it is in quiet hours, the first minute after them.

    The receiver's clock decides. Where the clock jumps over the end of the quiet hours, they end with the jump.
    """
    now = to_datetime(moment)
    local = now.astimezone(zone)
    if not is_quiet(quiet, local):
        return moment
    minute = now.replace(second=0, microsecond=0)
    end = minute + _MINUTE * ((quiet.end - _minute_of_day(local)) % _DAY_MINUTES)
    if end.astimezone(zone).utcoffset() != local.utcoffset():
        end = _first_after(quiet, zone, minute)
    return from_datetime(end)


def is_quiet(quiet: QuietHours, local: datetime) -> bool:
    """Whether the clock shows a quiet time.

    >>> night = QuietHours(20 * 60, 8 * 60)
    >>> is_quiet(night, datetime(2026, 3, 1, 7, 59)), is_quiet(night, datetime(2026, 3, 1, 8, 0))
    (True, False)
    """
    minute = _minute_of_day(local)
    if quiet.start <= quiet.end:
        return quiet.start <= minute < quiet.end
    return minute >= quiet.start or minute < quiet.end


def _first_after(quiet: QuietHours, zone: ZoneInfo, minute: datetime) -> datetime:
    """Minute by minute, for the two days of the year on which the clock is changed."""
    while is_quiet(quiet, minute.astimezone(zone)):
        minute += _MINUTE
    return minute


def _minute_of_day(local: datetime) -> int:
    return local.hour * 60 + local.minute


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such zone, or no name of one at all, such as "../etc" or "Europe"
        return None
