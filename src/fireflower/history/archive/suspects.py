"""Rows that may be the same as others: found by one number each, so that few rows are left to be compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.ahead import in_order
from fireflower.history.archive.buckets import Arranged, Buckets
from fireflower.history.archive.rows import Span

_BUCKET = 1_000_000
"""How many keys are sorted at a time at most, on average, by each of several threads."""

_WRITTEN = 1 << 13
"""About how many keys are written to a bucket at a time."""

_TOGETHER = 1 << 16
"""Suspects that are looked at together, as what tells of them is read from all over the archive."""


class Keys(NamedTuple):
    """Rows, and a number for each: equal for rows that are the same, and else hardly ever."""

    row: NDArray[np.int64]
    key: NDArray[np.uint64]


class Keyed(Protocol):
    """Rows among which some may be the same."""

    def spans(self) -> Sequence[Span]:
        """Where they are."""

    def keys(self, span: Span) -> Keys:
        """Those of a span. It is called on several threads."""


def suspects(keyed: Keyed, rows: int, scratch: Path) -> Iterator[NDArray[np.int64]]:
    """Rows that share their key with others; all those of a key together, in ascending order.

    Parameters
    ----------
    rows : how many rows the archive has

    Notes
    -----
    In each key the lowest bits make room for the row, so that one sort of plain numbers brings rows together and tells
    which they are. What is left of the key has as many values as 2^64 / rows: of a hundred million rows, some ten
    thousand are suspected without reason. The highest bits say into which bucket it goes.
    """
    spans = keyed.spans()
    if not spans:
        return
    low = np.uint64(max(rows, 1).bit_length())
    high = ((sum(span.stop - span.start for span in spans) - 1) // _BUCKET).bit_length()
    buckets = Buckets(scratch, 1 << high, {"key": np.uint64})

    def packed(some: Sequence[Span]) -> Arranged:
        found = [keyed.keys(span) for span in some]
        key = np.concatenate([(each.key >> low << low) | each.row.astype(np.uint64) for each in found])
        return buckets.arrange(key >> np.uint64(1) >> np.uint64(63 - high), {"key": key})  # at once it may be 64 bits

    for piece in in_order(packed, _joined(spans, min(_WRITTEN << high, _BUCKET))):
        buckets.add(piece)
    waiting: list[NDArray[np.int64]] = []
    for found in in_order(lambda number: _shared(buckets.read(number)["key"], low, high), range(buckets.count)):
        waiting.append(found)
        if sum(map(len, waiting)) >= _TOGETHER:
            yield np.sort(np.concatenate(waiting))
            waiting = []
    if any(map(len, waiting)):
        yield np.sort(np.concatenate(waiting))


def _joined(spans: Sequence[Span], rows: int) -> Iterator[Sequence[Span]]:
    """The spans, as many together as have about so many rows."""
    part = np.cumsum([span.stop - span.start for span in spans]) // rows
    bounds = [0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), len(spans)]
    return (spans[start:stop] for start, stop in pairwise(bounds))


def _shared(key: NDArray[np.uint64], low: np.uint64, high: int) -> NDArray[np.int64]:
    """The rows of keys that come more than once. All keys have the same highest bits."""
    key = _sorted(key, max(32 - high, 0))
    same = key[1:] >> low == key[:-1] >> low
    shared = key[np.append(same, False)[: len(key)] | np.append(False, same)[: len(key)]]
    return (shared & ((np.uint64(1) << low) - np.uint64(1))).astype(np.int64)


def _sorted(key: NDArray[np.uint64], shift: int) -> NDArray[np.uint64]:
    """Keys in order: first by the 32 bits from the shift on, in linear time. To sort them by numpy at once takes twice
    as long on processors of AMD with AVX-512, though half of it on others."""
    for digit in (shift, shift + 16):
        key = key.take(np.argsort((key >> np.uint64(digit)).astype(np.uint16), kind="stable"))
    key.sort(kind="stable")  # in linear time where hardly anything is left to do
    return key
