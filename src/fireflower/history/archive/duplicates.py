"""Which records are the same as others. Records with a message id are the same if the id is; of equal records without
one, all files together hold as many of them as the one file that holds most of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.contents import Contents, mix
from fireflower.history.archive.rows import Rows
from fireflower.history.archive.sameness import Loose, Messages, Numbers
from fireflower.history.archive.suspects import suspects


def kept(rows: Rows, scratch: Path) -> NDArray[np.bool_]:
    """For each row, whether it stays."""
    keep = np.ones(len(rows), np.bool_)
    contents = Contents(rows, scratch / "contents")
    messages, loose = Messages(rows), Loose(rows, contents)
    for suspected in suspects(messages, len(rows), scratch / "messages"):
        _first_of_message(rows, contents, messages.numbers(suspected), keep)
    for suspected in suspects(loose, len(rows), scratch / "loose"):
        _most_in_one_file(rows, loose.numbers(suspected), keep)
    return keep


def _first_of_message(
    rows: Rows, contents: Contents, found: Numbers, keep: NDArray[np.bool_]
) -> None:  # fmt: skip
    """Of the records with one message id the first in canonical order stays; of equals, the one received first."""
    picked, group = _doubles(found)
    if not len(picked):
        return
    time, received = rows.take("time", picked), rows.take("received", picked)
    keys = [
        rows.account_ranks[rows.take("account", picked)],
        rows.person_ranks[rows.take("person", picked)],
        rows.word_ranks[rows.take("name", picked)],
        time,
        group,
    ]
    order = np.lexsort((picked, np.where(received < 0, time, received), *keys))
    alike = _repeats(*(key[order] for key in keys))
    said = mix(contents.take(picked), rows.take("value", picked))[order]
    order = _by_content(rows, picked, order, alike, said)
    keep[picked[order[_repeats(group[order])]]] = False


def _by_content(
    rows: Rows, picked: NDArray[np.int64], order: NDArray[np.int64], alike: NDArray[np.bool_], said: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """The same order, but of records that are alike and yet say something else, in the order of that."""
    order = order.copy()
    run = np.cumsum(~alike)
    differs = np.concatenate([[False], said[1:] != said[:-1]]) & alike
    for number in np.unique(run[differs]):
        inside = slice(*np.searchsorted(run, [number, number + 1]))
        tied = order[inside]
        records = rows.records(picked[tied])
        order[inside] = tied[sorted(range(len(tied)), key=lambda i: records[i].order())]
    return order


def _most_in_one_file(rows: Rows, found: Numbers, keep: NDArray[np.bool_]) -> None:
    """Of records with the same content, as many stay as the file has that has most of them."""
    picked, group = _doubles(found)
    segment = np.searchsorted(rows.starts, picked, side="right")
    counted = ~_repeats(group, segment)
    begins = np.maximum.accumulate(np.where(counted, np.arange(len(picked)), 0))
    occurrence = np.arange(len(picked)) - begins
    order = np.lexsort((picked, occurrence, group))
    keep[picked[order[_repeats(group[order], occurrence[order])]]] = False


def _doubles(found: Numbers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows that share both numbers with another, and a number for each group; in the order of group and row."""
    order = np.lexsort((found.row, found.two, found.one))
    same = _repeats(found.one[order], found.two[order])
    shared = same | np.concatenate([same[1:], [False]])
    return found.row[order][shared], np.cumsum(~same)[shared]


def _repeats(*keys: NDArray[np.generic]) -> NDArray[np.bool_]:
    """For each row, whether it has the same keys as the one before."""
    same = np.ones(len(keys[0]), np.bool_)
    same[:1] = False
    for key in keys:
        same[1:] &= key[1:] == key[:-1]
    return same
