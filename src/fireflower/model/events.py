"""Events as columns. Most of what comes is events, which are read, kept and evaluated many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.model.records import EVENT, Record

Row = tuple[int, int, str, str | None, str | None, Mapping[str, Any], str]
"""What the columns have of one event, in their order."""


@dataclass(eq=False, slots=True)
class Events:
    """Events, a column for each attribute of their records.

    Attributes
    ----------
    person, account : None where the record names none
    message_id : "" where there is none
    received : the time, where nobody recorded it
    """

    time: NDArray[np.int64]
    received: NDArray[np.int64]
    name: list[str]
    person: list[str | None]
    account: list[str | None]
    properties: list[Mapping[str, Any]]
    message_id: list[str]

    def __len__(self) -> int:
        return len(self.time)

    @classmethod
    def of(cls, records: Iterable[Record]) -> Events:
        """Records that are events as columns."""
        rows: list[Row] = [
            (each.time, each.time if each.received is None else each.received, each.name, each.person or None,
             each.account or None, each.properties, each.message_id)
            for each in records
        ]  # fmt: skip
        time, received, *others = zip(*rows, strict=True) if rows else ((),) * 7
        return cls(np.array(time, np.int64), np.array(received, np.int64), *map(list, others))

    @classmethod
    def together(cls, some: Sequence[Events]) -> Events:
        """All of these, one behind the other."""
        if len(some) < 2:
            return some[0] if some else cls.of(())
        nothing = [np.zeros(0, np.int64)]
        lists = zip(*(each._lists() for each in some), strict=True)
        return cls(
            np.concatenate(nothing + [each.time for each in some]),
            np.concatenate(nothing + [each.received for each in some]),
            *(list(chain.from_iterable(parts)) for parts in lists),
        )

    def at(self, places: Sequence[int]) -> Events:
        """Those at these places, in this order."""
        picked = np.array(places, np.int64)
        return Events(
            self.time[picked], self.received[picked], *([each[nth] for nth in places] for each in self._lists())
        )

    def only(self, wanted: Sequence[bool]) -> Events:
        """Those of which this is true."""
        which = np.array(wanted, bool)
        return Events(self.time[which], self.received[which], *(list(compress(each, wanted)) for each in self._lists()))

    def rows(self) -> Iterator[Row]:
        """What the columns have of each."""
        return zip(self.time.tolist(), self.received.tolist(), *self._lists(), strict=True)

    def records(self) -> Iterator[Record]:
        """The record of each."""
        for time, received, name, person, account, properties, key in self.rows():
            yield Record(time, EVENT, name, person, account, None, properties, key, received)

    def record(self, place: int) -> Record:
        """The record of the event at a place."""
        return Record(
            int(self.time[place]), EVENT, self.name[place], self.person[place], self.account[place], None,
            self.properties[place], self.message_id[place], int(self.received[place]),
        )  # fmt: skip

    def _lists(self) -> tuple[list[Any], ...]:
        return self.name, self.person, self.account, self.properties, self.message_id
