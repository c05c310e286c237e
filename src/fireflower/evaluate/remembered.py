"""Rows as the live kernel has them: coded, as records of one array, and the recent ones remembered."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.kernel.layout import MUTED
from fireflower.model.codes import NOBODY
from fireflower.model.runs import Integers
from fireflower.model.timeline import NOTHING, Timeline

_TOGETHER = 1 << 16
"""Rows that lie, and are forgotten, together."""

Coded = NDArray[np.void]
"""Rows, each a `coded_row`."""

Orders = Callable[[NDArray[np.int64]], Any]

Place = tuple[int, int, tuple[Any, ...]]
"""By which rows stand in canonical order."""


def coded_row(properties: int) -> np.dtype[np.void]:
    """A row: that of a timeline, the number by which it is remembered, and the properties that definitions read, each
    as a number and as the code of another value."""
    return np.dtype(
        [
            ("time", np.int64), ("received", np.int64), ("number", np.int64), ("remembered", np.int64),
            ("what", np.int32), ("person", np.int32), ("account", np.int32), ("detail", np.int32),
            ("kind", np.uint8), ("target", np.uint8),
            ("values", np.float64, (properties,)), ("texts", np.int32, (properties,)),
        ],
        align=True,
    )  # fmt: skip


def together(some: Sequence[Coded]) -> Coded:
    """All of these rows, one behind the other. See `picked`."""
    found: Coded = np.concatenate(list(map(_words, some))).reshape(-1).view(some[0].dtype)
    return found


def picked(rows: Coded, places: Integers) -> Coded:
    """The rows at these places. By itself, numpy copies records field by field, which takes ten times as long."""
    found: Coded = _words(rows).take(places, axis=0).reshape(-1).view(rows.dtype)
    return found


def _words(rows: Coded) -> NDArray[np.int64]:
    """The same memory as numbers, those of each row in one line."""
    return rows.view(np.int64).reshape(len(rows), rows.dtype.itemsize // 8)


def place_of(time: int, kind: int, order: Any) -> Place:
    """The place of a row: by its time and kind, then by its record's place, of which the id of the message may be all
    that is known, as no more is needed."""
    return time, kind, order if type(order) is tuple else (time, kind, order)


def in_order(rows: Coded, orders: Orders, kinds: Iterable[str]) -> NDArray[np.int64]:
    """The places of rows that have come together so that those of each subject are in canonical order. Of subjects that
    have no row in common, nobody asks whose comes first.

    Parameters
    ----------
    kinds : the columns of the subjects to whom the rows happen
    orders : gives the places in history of the records of rows, by the numbers by which these are remembered
    """
    order = np.lexsort((rows["remembered"], rows["time"]))
    time, tied = rows["time"][order], np.zeros(len(rows), bool)
    for name in kinds:
        whose = rows[name][order]
        pairs = np.lexsort((whose, time))
        same = (np.diff(time[pairs]) == 0) & (np.diff(whose[pairs]) == 0) & (whose[pairs][1:] != NOBODY)
        tied[pairs[1:][same]] = tied[pairs[:-1][same]] = True
    if tied.any():
        among = order[tied]
        order[tied] = among[_by_place(picked(rows, among), orders)]
    return order


def _by_place(rows: Coded, orders: Orders) -> list[int]:
    """Rows in canonical order."""
    places = list(map(place_of, rows["time"].tolist(), rows["kind"].tolist(), orders(rows["remembered"])))
    return sorted(range(len(rows)), key=places.__getitem__)


def timeline_of(rows: Coded, target: NDArray[np.uint8], properties: Sequence[str]) -> Timeline:
    """The rows that happen to somebody, by `target`."""
    happens = rows if target.all() else picked(rows, np.flatnonzero(target))
    numbers, codes = happens["values"], happens["texts"]
    return Timeline(
        vocabulary=NOTHING,
        time=happens["time"],
        what=happens["what"],
        person=happens["person"],
        account=happens["account"],
        target=(target | rows["target"] & np.uint8(MUTED))[target > 0],
        detail=happens["detail"],
        starts=np.zeros(1, np.int64),
        first_person=np.zeros(1, np.int32),
        first_account=np.zeros(1, np.int32),
        received=happens["received"],
        numbers={path: numbers[:, place] for place, path in enumerate(properties)},
        codes={path: codes[:, place] for place, path in enumerate(properties)},
        row=happens["number"],
    )


class Remembered:
    """Rows by the numbers that they are given, in the order in which they come."""

    def __init__(self, row: np.dtype[np.void]) -> None:
        self._row, self._count = row, 0
        self._chunks: dict[int, Coded] = {}
        self._times: dict[int, NDArray[np.int64]] = {}
        self._orders: dict[int, NDArray[np.object_]] = {}
        self._steps: tuple[array[int], array[int]] = (array("q"), array("q"))
        """Up to when what came was evaluated, and the number of the first row that came then."""

    @property
    def first(self) -> int:
        """The number of the first row that is not forgotten."""
        return min(self._chunks, default=self._count // _TOGETHER) * _TOGETHER

    def begin(self, now: int) -> None:
        """Rows that come from here on happened up to and including `now`; those before, up to what was said before. To
        be said before anything is asked."""
        moments, firsts = self._steps
        moments.append(now)
        firsts.append(self._count)

    def add(self, rows: Coded, orders: NDArray[np.object_]) -> None:
        """Remember rows, with the places in history of their records. They are given their numbers."""
        rows["remembered"] = np.arange(self._count, self._count + len(rows))
        at = 0
        while at < len(rows):
            chunk, begin = divmod(self._count, _TOGETHER)
            if not begin:
                self._chunks[chunk] = np.empty(_TOGETHER, self._row)
                self._times[chunk] = np.empty(_TOGETHER, np.int64)
                self._orders[chunk] = np.empty(_TOGETHER, np.object_)
            some = slice(at, at + _TOGETHER - begin)
            count = len(rows[some])
            self._chunks[chunk][begin : begin + count] = rows[some]
            self._times[chunk][begin : begin + count] = rows["time"][some]
            self._orders[chunk][begin : begin + count] = orders[some]
            self._count += count
            at += count

    def orders(self, numbers: NDArray[np.int64]) -> NDArray[np.object_]:
        """The places in history of the records of these rows."""
        found = np.empty(len(numbers), np.object_)
        for chunk, inside in self._apart(numbers):
            found[inside] = self._orders[chunk][numbers[inside] % _TOGETHER]
        return found

    def first_after(self, moments: NDArray[np.int64]) -> NDArray[np.int64]:
        """The numbers below which no row happened after these moments."""
        known, firsts = (np.frombuffer(column, np.int64) for column in self._steps)
        steps = known.searchsorted(moments, "right")
        return np.where(steps < len(known), firsts[np.minimum(steps, len(known) - 1)], self._count)

    def times(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """When these rows happened."""
        found = np.empty(len(numbers), np.int64)
        for chunk, inside in self._apart(numbers):
            found[inside] = self._times[chunk][numbers[inside] % _TOGETHER]
        return found

    def in_order(self, numbers: NDArray[np.int64], whose: Integers, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """The places of rows of subjects so that those of each are together, and in canonical order."""
        order = np.lexsort((numbers, times, whose))
        times, whose = times[order], whose[order]
        same = (times[1:] == times[:-1]) & (whose[1:] == whose[:-1])
        if same.any():  # rows that have come with each other are in order
            came = np.frombuffer(self._steps[1], np.int64).searchsorted(numbers[order], "right")
            self._put_in_order(order, _runs(same, same & (came[1:] != came[:-1])), numbers)
        return order

    def _put_in_order(
        self, order: NDArray[np.int64], tied: Iterable[tuple[int, int]], numbers: NDArray[np.int64]
    ) -> None:  # fmt: skip
        """Put rows in canonical order that happened to one subject at one moment, between each of these two places."""
        for begin, end in tied:
            among = order[begin:end]
            order[begin:end] = among[_by_place(self.at(numbers[among]), self.orders)]

    def at(self, numbers: NDArray[np.int64]) -> Coded:
        """The rows with these numbers."""
        found = np.empty(len(numbers), self._row)
        words = _words(found)
        for chunk, inside in self._apart(numbers):
            words[inside] = _words(self._chunks[chunk]).take(numbers[inside] % _TOGETHER, axis=0)
        return found

    def leave_out(self, numbers: NDArray[np.int64], bit: int) -> None:
        """These rows no longer belong to the history of the person (`timeline.TO_PERSON`), or the account."""
        for chunk, inside in self._apart(numbers):
            self._chunks[chunk]["target"][numbers[inside] % _TOGETHER] &= ~np.uint8(bit)

    def until(self, border: int) -> Iterator[Coded]:
        """The rows that happened up to and including the border, a part at a time."""
        for chunk in self._chunks:
            rows = self._chunks[chunk][: self._count - chunk * _TOGETHER]
            yield picked(rows, np.flatnonzero(rows["time"] <= border))

    def forget(self, border: int) -> None:
        """Forget rows that happened up to and including the border, but for some that came with others."""
        for chunk in list(self._chunks):
            is_full = self._count >= (chunk + 1) * _TOGETHER
            if not is_full or self._times[chunk].max() > border:
                break
            del self._chunks[chunk], self._times[chunk], self._orders[chunk]
        passed = bisect_right(self._steps[0], border)
        for column in self._steps:
            del column[:passed]

    def _apart(self, numbers: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """The chunks in which rows lie, each with the places of its numbers."""
        chunks = numbers // _TOGETHER
        if len(numbers) and (chunks == chunks[0]).all():
            yield int(chunks[0]), np.arange(len(numbers))
            return
        order = np.argsort(chunks, kind="stable")
        for inside in np.split(order, np.flatnonzero(np.diff(chunks[order])) + 1) if len(numbers) else ():
            yield int(chunks[inside[0]]), inside


def _runs(same: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """From where to where neighbours are the same, of those runs in which some are wanted. Both are given for all but
    the first."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(np.int8)))
    many = np.concatenate([[0], np.cumsum(wanted)])
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if many[end] > many[begin]:
            yield begin, end + 1
