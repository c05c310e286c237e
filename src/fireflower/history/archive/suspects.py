"""Rows that may be the same as others: found by one number each, so that few rows are left to be compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.ahead import in_order
from fireflower.history.archive.buckets import Arranged, Buckets
from fireflower.history.archive.rows import Span

_BUCKET = 8_000_000
"""About how many keys are sorted at a time, by each of several threads."""


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
    In each key the lowest bits make room for the row, so that one sort of plain numbers, the quickest there is, brings
    rows together and tells which they are. What is left of the key has as many values as 2^64 / rows: of a
    hundred million rows, some ten thousand are suspected without reason.
    """
    spans = keyed.spans()
    if not spans:
        return
    low = np.uint64(max(rows, 1).bit_length())
    count = max(1, -(-sum(span.stop - span.start for span in spans) // _BUCKET))
    bounds = np.array([(number << 64) // count for number in range(1, count)], np.uint64) >> low << low
    buckets = Buckets(scratch, count, {"key": np.uint64})

    def packed(span: Span) -> Arranged:
        found = keyed.keys(span)
        key = np.sort((found.key >> low << low) | found.row.astype(np.uint64))
        return Arranged(np.concatenate([[0], np.searchsorted(key, bounds), [len(key)]]), {"key": key})

    for piece in in_order(packed, spans):
        buckets.add(piece)
    for found in in_order(lambda number: _shared(buckets.read(number)["key"], low), range(count)):
        if len(found):
            yield found


def _shared(key: NDArray[np.uint64], low: np.uint64) -> NDArray[np.int64]:
    """The rows of keys that come more than once."""
    key.sort()
    same = key[1:] >> low == key[:-1] >> low
    shared = key[np.append(same, False)[: len(key)] | np.append(False, same)[: len(key)]]
    return np.sort((shared & ((np.uint64(1) << low) - np.uint64(1))).astype(np.int64))
