"""The whole pasts of some subjects, kept for who comes late again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.kernel.layout import MUTED
from fireflower.evaluate.remembered import Coded, in_order, picked, together
from fireflower.model.runs import Integers

MOST = 1 << 18
"""Rows that are kept, of subjects of one kind: some 60 MB."""
_PARTS = 64
"""Parts that a past has before they are joined."""
_BESIDES = 3
"""Rows that take as much memory as a part does besides its own."""

_Orders = NDArray[np.object_]
_Part = tuple[Coded, _Orders]


class Pasts:
    """All rows of those subjects of one kind whose past was told from its beginning lately. To look up all records of a
    large account takes a second, and who was late once, as a telephone without a network, is so again: their rows are
    kept, and what comes is added, until others have been told again who have as many.

    Parameters
    ----------
    column : of the rows, in which the subject is
    bit : by which the rows of such a subject are told (`timeline.TO_PERSON`, or that of accounts)
    """

    def __init__(self, column: str, bit: int) -> None:
        self._column, self._bit = column, np.uint8(bit)
        self._of: OrderedDict[int, list[_Part]] = OrderedDict()
        self._weight = 0
        self._is_kept = np.zeros(1, bool)

    def among(self, codes: Integers) -> NDArray[np.bool_]:
        """Whose past is kept."""
        return self._is_kept[np.minimum(codes, len(self._is_kept) - 1)]

    def keep(self, code: int, rows: Coded, orders: _Orders) -> None:
        """All rows of a subject, in canonical order, with the places in history of their records. They are not kept if
        there are none, or more than may be kept of all."""
        self._drop(code)
        if not 0 < len(rows) <= MOST:
            return
        self._of[code] = [(rows, orders)]
        self._weight += _weight(self._of[code])
        if code >= len(self._is_kept) - 1:
            self._is_kept = np.append(self._is_kept, np.zeros(code + 1, bool))
        self._is_kept[code] = True

    def add(self, codes: Integers, rows: Coded, orders: _Orders) -> None:
        """Rows that have come, of subjects whose past is kept: each with the code of its subject."""
        order = np.argsort(codes, kind="stable")
        codes, rows, orders = codes[order], picked(rows, order), orders[order]
        edges = np.flatnonzero(np.diff(codes, prepend=-1, append=-1)).tolist()
        for first, end in pairwise(edges):
            parts = self._of[int(codes[first])]
            self._weight -= _weight(parts)
            parts.append((picked(rows, np.arange(first, end)), orders[first:end].copy()))
            if len(parts) > _PARTS:
                parts[:] = [_joined(parts)]
            self._weight += _weight(parts)

    def of(self, code: int) -> _Part:
        """All rows of a subject as by now, as `keep` takes them; they are no others', who have theirs already."""
        rows, orders = _joined(self._of[code])
        rows["target"] = rows["target"] & np.uint8(MUTED) | self._bit
        rows["remembered"] = np.arange(len(rows))
        order = in_order(rows, orders.__getitem__, [self._column])
        rows, orders = picked(rows, order), orders[order]
        self.keep(code, rows, orders)
        return rows, orders

    def forget(self) -> None:
        """Keep no more than may be kept: those who have not been told again for longest are forgotten. Not while
        somebody relies on what `among` said."""
        while self._weight > MOST + _BESIDES:
            self._drop(next(iter(self._of)))

    def _drop(self, code: int) -> None:
        if code in self._of:
            self._weight -= _weight(self._of.pop(code))
            self._is_kept[code] = False


def _weight(parts: Sequence[_Part]) -> int:
    """Of parts, in rows."""
    return sum(len(rows) + _BESIDES for rows, _ in parts)


def _joined(parts: Sequence[_Part]) -> _Part:
    return together([rows for rows, _ in parts]), np.concatenate([orders for _, orders in parts])
