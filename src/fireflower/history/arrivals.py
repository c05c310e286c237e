"""Records that come together, with the numbers by which they are found again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from fireflower.model.events import Events
from fireflower.model.records import EVENT, Record


class Numbered(Struct, frozen=True, gc=False, array_like=True):
    """A record, and the number by which it is found again."""

    record: Record
    number: int


by_number = attrgetter("number")


@dataclass(eq=False, slots=True)
class Arrivals:
    """Records that have come.

    Attributes
    ----------
    events, numbers : the events among them, and the number of each, which rise
    others : all other records, in the order of their numbers
    """

    events: Events
    numbers: NDArray[np.int64]
    others: list[Numbered]

    def __len__(self) -> int:
        return len(self.numbers) + len(self.others)

    @classmethod
    def of(cls, records: Iterable[Numbered]) -> Arrivals:
        """These records, in the order of their numbers."""
        events: list[Numbered] = []
        others: list[Numbered] = []
        for each in records:
            (events if each.record.kind == EVENT else others).append(each)
        numbers = np.array([each.number for each in events], np.int64)
        return cls(Events.of([each.record for each in events]), numbers, others)

    @classmethod
    def together(cls, some: Sequence[Arrivals]) -> Arrivals:
        """All of these, of which each has come before the next."""
        if len(some) == 1:
            return some[0]
        return cls(
            Events.together([each.events for each in some]),
            np.concatenate([np.zeros(0, np.int64), *(each.numbers for each in some)]),
            [other for each in some for other in each.others],
        )

    def with_(self, other: Arrivals) -> Arrivals:
        """These and others, in the order of their numbers."""
        numbers = np.append(self.numbers, other.numbers)
        order = np.argsort(numbers)
        events = Events.together([self.events, other.events]).at(order.tolist())
        return Arrivals(events, numbers[order], sorted([*self.others, *other.others], key=by_number))

    def all_numbers(self) -> set[int]:
        """The numbers of all records."""
        return {*self.numbers.tolist(), *(each.number for each in self.others)}

    def latest(self) -> int:
        """The latest moment; -1 if there is none."""
        return max(int(self.events.time.max(initial=-1)), max((each.record.time for each in self.others), default=-1))

    def numbered(self) -> list[Numbered]:
        """All records, in the order of their numbers."""
        events = list(map(Numbered, self.events.records(), self.numbers.tolist()))
        return sorted([*events, *self.others], key=by_number) if self.others else events

    def between(self, first: int, end: int) -> Arrivals:
        """Those whose numbers are at least the first, and below the end."""
        begin, stop = self.numbers.searchsorted([first, end]).tolist()
        if begin == 0 and stop == len(self.numbers) and all(first <= each.number < end for each in self.others):
            return self
        others = [each for each in self.others if first <= each.number < end]
        return Arrivals(self.events.at(range(begin, stop)), self.numbers[begin:stop], others)

    def apart(self, places: Collection[int]) -> tuple[Arrivals, list[Numbered]]:
        """All but the events at these places; and these."""
        if not places:
            return self, []
        kept = np.setdiff1d(np.arange(len(self.numbers)), np.fromiter(places, np.int64, len(places)))
        apart = [Numbered(self.events.record(place), int(self.numbers[place])) for place in sorted(places)]
        return Arrivals(self.events.at(kept.tolist()), self.numbers[kept], self.others), apart

    def in_time(self, count: int, decided: int) -> Iterator[Arrivals]:
        """About so many at a time, those first that happened first. What happened at one moment comes together, and so
        does all up to and including the moment `decided`: whoever looks up all that has happened by a moment finds what
        has come, and nothing that will.
        """
        times = np.append(self.events.time, np.array([each.record.time for each in self.others], np.int64))
        numbers = np.append(self.numbers, np.array([each.number for each in self.others], np.int64))
        order, border = np.lexsort((numbers, times)), len(self.numbers)
        times, start = times[order], 0
        while start < len(order):
            last = max(decided, int(times[min(start + count, len(order)) - 1]))
            end = int(times.searchsorted(last, "right"))
            some, start = np.sort(order[start:end]), end
            events, others = some[some < border], some[some >= border] - border
            yield Arrivals(self.events.at(events.tolist()), numbers[events], [self.others[nth] for nth in others])
