"""When people work: time zones, weekdays, holidays, hours of the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from fireflower.model.moments import DAY, SECOND, from_datetime
from fireflower.simulate.draws import Bools, Draws, Floats, Ints
from fireflower.simulate.world import World


@dataclass(frozen=True, slots=True)
class Place:
    """A country with its zone, its share of accounts, its public holidays (month, day), and whether August is quiet."""

    country: str
    zone: str
    share: float
    holidays: tuple[tuple[int, int], ...]
    quiet_august: bool = False


_CHRISTMAS = ((12, 24), (12, 25), (12, 26), (12, 31), (1, 1))
_EASTER = ((4, 18), (4, 21))
PLACES = (
    Place("US", "America/New_York", 0.24, (*_CHRISTMAS, (5, 26), (7, 4), (9, 1), (11, 27), (11, 28))),
    Place("US", "America/Los_Angeles", 0.18, (*_CHRISTMAS, (5, 26), (7, 4), (9, 1), (11, 27), (11, 28))),
    Place("GB", "Europe/London", 0.14, (*_CHRISTMAS, *_EASTER, (5, 5), (5, 26), (8, 25)), True),
    Place("DE", "Europe/Berlin", 0.12, (*_CHRISTMAS, *_EASTER, (5, 1), (5, 29), (6, 9), (10, 3)), True),
    Place("FR", "Europe/Paris", 0.08, (*_CHRISTMAS, (4, 21), (5, 1), (5, 8), (7, 14), (8, 15), (11, 11)), True),
    Place("IN", "Asia/Kolkata", 0.09, ((1, 1), (1, 26), (8, 15), (10, 2), (10, 20), (10, 21))),
    Place("BR", "America/Sao_Paulo", 0.06, (*_CHRISTMAS, (3, 3), (3, 4), (4, 21), (5, 1), (9, 7), (11, 20))),
    Place("JP", "Asia/Tokyo", 0.05, ((1, 1), (1, 2), (1, 3), (5, 5), (5, 6), (8, 11), (11, 3))),
    Place("AU", "Australia/Sydney", 0.04, (*_CHRISTMAS, *_EASTER, (1, 27), (4, 25))),
)

_WEEKDAYS = (1.0, 1.08, 1.06, 1.0, 0.78, 0.10, 0.12)
_HOURS = (
    0.2, 0.1, 0.1, 0.1, 0.1, 0.3, 0.8, 2.0, 5.5, 9.0, 10.0, 9.5,
    6.0, 7.5, 9.5, 9.5, 8.5, 6.5, 3.5, 2.0, 1.6, 1.2, 0.8, 0.4,
)  # fmt: skip


class Seasons:
    """The calendar of a world: how busy each place is on each day, and what its clocks show."""

    def __init__(self, world: World) -> None:
        first = _months_before(world.end + timedelta(days=1), world.months)
        self.days = (world.end - first).days + 1
        self.dates = [first + timedelta(days=day) for day in range(self.days)]
        self.start = from_datetime(datetime(first.year, first.month, first.day, tzinfo=UTC))
        self.end = self.start + self.days * DAY
        self.busy: Floats = np.array([[_busy(place, day) for day in self.dates] for place in PLACES])
        self.workday: Ints = np.array([_next_workdays(row) for row in self.busy])
        self._offset: Ints = np.array([_offsets(place.zone, self.dates) for place in PLACES])

    def day_at(self, fraction: float) -> int:
        """The number of the day at a fraction of the whole time."""
        return min(int(fraction * self.days), self.days - 1)

    def local_midnight(self, place: Ints, day: Ints) -> Ints:
        """The moment at which a day (by number) begins in a place."""
        return self.start + day * DAY - self._offset[place, np.clip(day, 0, self.days - 1)]

    def working_time(self, draws: Draws, place: Ints, day: Ints, shift: Floats | float = 0.0) -> Ints:
        """A moment on that day at which people in that place are likely to work; `shift` hours later."""
        hours = draws.pick(_HOURS, len(day)) + draws.unit(len(day)) + shift
        return self.local_midnight(place, day) + np.floor(hours * 3_600_000).astype(np.int64) * 1000

    def number_of_day(self, moment: Ints) -> Ints:
        """The number of the UTC day of a moment; may lie outside the history."""
        return (moment - self.start) // DAY

    def inside(self, moment: Ints) -> Bools:
        return (moment >= self.start) & (moment < self.end)


def _months_before(day: date, months: int) -> date:
    """The first of the month that lies `months` months before the first of a month."""
    count = day.year * 12 + day.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)


def _busy(place: Place, day: date) -> float:
    """How much work is done on a day, 1 on an ordinary Monday."""
    if (day.month, day.day) in place.holidays:
        return 0.06
    quiet = 0.35 if (day.month, day.day) >= (12, 22) or (day.month, day.day) <= (1, 4) else 1.0
    if place.quiet_august and day.month == 8:
        quiet = 0.65
    return _WEEKDAYS[day.weekday()] * quiet


def _next_workdays(busy: Floats) -> list[int]:
    """For each day the first day from it on at which people work; the last day where there is none."""
    following = len(busy) - 1
    found = []
    for day in range(len(busy) - 1, -1, -1):
        following = day if busy[day] > 0.3 else following
        found.append(following)
    return found[::-1]


def _offsets(zone: str, dates: list[date]) -> list[int]:
    """What the clocks of a zone are ahead of UTC at noon of each day."""
    clock = ZoneInfo(zone)
    ahead = (datetime(day.year, day.month, day.day, 12, tzinfo=clock).utcoffset() for day in dates)
    return [int(offset.total_seconds()) * SECOND if offset else 0 for offset in ahead]
