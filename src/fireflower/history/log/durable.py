"""What the log has: its records by number, and the places of their messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from fireflower.history.arrivals import Arrivals, Numbered
from fireflower.model.events import Events
from fireflower.model.records import EVENT, Record

LOG = 1 << 44
"""Numbers of records from the log begin here."""

_RECORDS = 1 << 8
"""Records that one message may have numbers for; what it says beyond shares the last."""


_Integer = TypeVar("_Integer", int, NDArray[np.int64])
"""One, or a column of them."""


def first_number(place: _Integer) -> _Integer:
    """The number of the first record of the message at a place."""
    return place * _RECORDS + LOG


def number_of(place: int, nth: int) -> int:
    """The number of a record of the message at a place."""
    return first_number(place) + min(nth, _RECORDS - 1)


def place_of(number: _Integer) -> _Integer:
    """The place in the log of the message that said what has this number."""
    return (number - LOG) // _RECORDS


@dataclass(eq=False, slots=True)
class Durable:
    """Messages of the log.

    Attributes
    ----------
    places : theirs, in order
    arrivals : what they say
    """

    places: NDArray[np.int64]
    arrivals: Arrivals

    def __len__(self) -> int:
        return len(self.places)

    @classmethod
    def of(cls, messages: Iterable[tuple[int, Sequence[Record]]]) -> Durable:
        """Messages by their places and what they say, in the order of the log."""
        places: list[int] = []
        events: list[Record] = []
        numbers: list[int] = []
        others: list[Numbered] = []
        for place, said in messages:
            places.append(place)
            if len(said) == 1 and said[0].kind == EVENT:  # as nearly all do
                events.append(said[0])
                numbers.append(first_number(place))
                continue
            for nth, record in enumerate(said):
                number = number_of(place, nth)
                if record.kind == EVENT:
                    events.append(record)
                    numbers.append(number)
                else:
                    others.append(Numbered(record, number))
        return cls(np.array(places, np.int64), Arrivals(Events.of(events), np.array(numbers, np.int64), others))

    @classmethod
    def one_event_each(cls, places: Sequence[int], events: Events) -> Durable:
        """Messages by their places, each of which says one event."""
        kept = np.array(places, np.int64)
        return cls(kept, Arrivals(events, first_number(kept), []))

    def with_(self, other: Durable) -> Durable:
        """These and others, in the order of the log."""
        if not len(other):
            return self
        return Durable(np.sort(np.append(self.places, other.places)), self.arrivals.with_(other.arrivals))

    @classmethod
    def together(cls, some: Sequence[Durable]) -> Durable:
        """All of these, one behind the other."""
        if len(some) == 1:
            return some[0]
        places = np.concatenate([np.zeros(0, np.int64), *(each.places for each in some)])
        return cls(places, Arrivals.together([each.arrivals for each in some]))

    @property
    def last(self) -> int:
        """The place of the last message; -1 if there is none."""
        return int(self.places[-1]) if len(self.places) else -1

    def behind(self, place: int) -> Durable:
        """Those behind a place."""
        return self._between(int(self.places.searchsorted(place, "right")), len(self))

    def parted(self, count: int) -> tuple[Durable, Durable]:
        """The first so many, and the others."""
        return self._between(0, count), self._between(count, len(self))

    def _between(self, begin: int, end: int) -> Durable:
        if begin == 0 and end >= len(self):
            return self
        places = self.places[begin:end]
        first, last = (int(places[0]), int(places[-1])) if len(places) else (0, -1)
        return Durable(places, self.arrivals.between(first_number(first), first_number(last + 1)))
