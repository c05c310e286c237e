"""Rows in buckets, put into the order of their blocks and, within each, into canonical order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.ahead import in_order
from fireflower.history.archive.assignment import Columns
from fireflower.history.archive.buckets import Buckets
from fireflower.history.archive.ordering import break_ties
from fireflower.history.archive.rows import Rows
from fireflower.model.records import Kind


class Ordered(NamedTuple):
    """Rows of whole blocks, in order.

    Attributes
    ----------
    counts : how many rows each of these blocks has
    """

    columns: Columns
    counts: NDArray[np.int64]


class Sorting:
    """Sorts buckets of rows.

    Parameters
    ----------
    bucket_of : block -> the bucket with its rows, ascending
    kinds : code of `what` -> kind
    first, last : the span of the rows' times
    """

    def __init__(
        self, rows: Rows, bucket_of: NDArray[np.uint16], kinds: NDArray[np.uint8], first: int, last: int
    ) -> None:  # fmt: skip
        self._rows, self._kinds = rows, kinds
        self._first = first
        self._bits = (last - first + 1).bit_length() if last >= first else 1
        self._bucket_of = bucket_of

    def all(self, buckets: Buckets) -> Iterator[Ordered]:
        """The rows of all buckets, bucket by bucket."""
        blocks = np.searchsorted(self._bucket_of, np.arange(buckets.count + 1))

        def sort(number: int) -> Ordered:
            return self._sorted(buckets.read(number), int(blocks[number]), int(blocks[number + 1]))

        return in_order(sort, range(buckets.count))

    def _sorted(self, columns: Columns, first_block: int, stop: int) -> Ordered:
        block = columns.pop("block").astype(np.int64) - first_block
        order = self._canonical(columns, block)
        if "received" in columns:
            columns["received"] = np.where(columns["received"] < 0, columns["time"], columns["received"])
        counts = np.bincount(block, minlength=stop - first_block)
        return Ordered({name: column.take(order) for name, column in columns.items()}, counts)

    def _canonical(self, columns: Columns, block: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions of a bucket's rows in the order of their blocks, and in canonical order within each.

        Those rows that come out of the replay are in canonical order already, and stay in it.
        """
        time, kind = columns["time"], self._kinds.take(columns["what"]) if len(block) else columns["what"]
        order = _by_block(block)
        if self._bits + 3 + int(block.max(initial=0)).bit_length() <= 63:
            key = (((block << self._bits) | (time - self._first)) << 3) | kind
            key = key.take(order)
            if not (key[1:] >= key[:-1]).all():
                resorted = np.argsort(key, kind="stable")
                order, key = order.take(resorted), key.take(resorted)
            same = key[1:] == key[:-1]
        else:
            order = np.lexsort((kind, time, block))
            same = np.ones(max(len(order) - 1, 0), np.bool_)
            for column in (kind, time, block):
                same &= column[order][1:] == column[order][:-1]
        return self._tie_broken(columns["row"], order, same & (kind.take(order)[1:] >= Kind.PERSON_TRAIT))

    def _tie_broken(
        self, row: NDArray[np.int64], order: NDArray[np.int64], same: NDArray[np.bool_]
    ) -> NDArray[np.int64]:  # fmt: skip
        if not same.any():
            return order
        tied = np.concatenate([[False], same]) | np.concatenate([same, [False]])
        groups = np.cumsum(np.concatenate([[True], ~same]))[tied]
        inside = order[tied]
        order[tied] = inside[break_ties(self._rows, row[inside].astype(np.int64), groups)]
        return order


def _by_block(block: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions in the order of blocks, and within each as they are: 16 bits at a time, in linear time."""
    order = np.argsort(block.astype(np.uint16), kind="stable")
    high = (block >> 16).astype(np.uint16)
    return order.take(np.argsort(high.take(order), kind="stable")) if high.any() else order
