"""Canonical order (docs/semantics.md, section 1) for rows of an archive."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fireflower.history.archive.rows import Rows


def break_ties(rows: Rows, picked: NDArray[np.int64], groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """The order in which rows of one instant and kind apply.

    Parameters
    ----------
    picked : single rows
    groups : the group of each, ascending: rows of one group have the same time and kind

    Returns
    -------
    positions in `picked`, in canonical order within each group
    """
    import pyarrow.compute as pc

    ids = pc.rank(rows.ids(picked), tiebreaker="dense").to_numpy()
    order = np.lexsort((ids, groups))
    same = _same_as_next(order, groups, ids)
    if same.any():
        tied = np.append(same, False) | np.append(False, same)
        inside, run = order[tied], np.cumsum(np.append(True, ~same))[tied]
        order[tied] = inside[_by_content(rows, picked[inside], run)]
    return order


def _by_content(rows: Rows, picked: NDArray[np.int64], groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same order, of rows of one group that also have the same message id, or none."""
    keys = [
        rows.word_ranks[rows.take("name", picked)],
        rows.person_ranks[rows.take("person", picked)],
        rows.account_ranks[rows.take("account", picked)],
    ]
    received = rows.take("received", picked)
    received = np.where(received < 0, rows.take("time", picked), received)
    order = np.lexsort((received, *reversed(keys), groups))
    for start, stop in runs(_same_as_next(order, groups, *keys)):
        tied = order[start:stop]
        if rows.alike(picked[tied]):
            continue
        records = rows.records(picked[tied])
        order[start:stop] = tied[sorted(range(len(tied)), key=lambda i: records[i].order())]
    return order


def _same_as_next(order: NDArray[np.int64], *keys: NDArray[Any]) -> NDArray[np.bool_]:
    """For each row but the last, in an order, whether the next one has the same keys."""
    same = np.ones(max(len(order) - 1, 0), np.bool_)
    for key in keys:
        same &= key[order][1:] == key[order][:-1]
    return same


def runs(same: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """[start, stop) of each stretch of rows of which each has its successor for an equal."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(np.int8)))
    return [(int(start), int(stop) + 1) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def canonical_order(rows: Rows, picked: NDArray[np.int64], time: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions in `picked`, in canonical order.

    Parameters
    ----------
    picked : single rows
    time : the moment of each (that of a timeless row is not the one that the row has)
    """
    kind = rows.take("kind", picked)
    order = np.lexsort((kind, time))
    return order[_within(rows, picked[order], time[order], kind[order])]


def _within(
    rows: Rows, picked: NDArray[np.int64], time: NDArray[np.int64], kind: NDArray[np.uint8]
) -> NDArray[np.int64]:  # fmt: skip
    """Break the ties of rows that are in the order of time and kind already."""
    positions = np.arange(len(picked))
    same = (time[1:] == time[:-1]) & (kind[1:] == kind[:-1])
    tied = np.concatenate([[False], same]) | np.concatenate([same, [False]])
    if tied.any():
        groups = np.cumsum(np.concatenate([[True], ~same]))[tied]
        positions[tied] = positions[tied][break_ties(rows, picked[tied], groups)]
    return positions
