"""The whole pasts of some subjects, kept for who comes late again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.remembered import Coded, in_order, picked, together
from fireflower.model.runs import Integers

MOST = 1 << 18
"""Rows that are kept, of subjects of one kind: some 60 MB."""
_PARTS = 64
"""Parts that a past has before they are joined."""

_Orders = NDArray[np.object_]
_Part = tuple[Coded, _Orders]


class Pasts:
    """All rows of those subjects of one kind whose past was told from its beginning lately. To look up all records of a
    large account takes a second, and who was late once, as a telephone without a network, is so again: their rows are
    kept, and what comes is added, until others have been told again who have as many.

    Parameters
    ----------
    column : of the rows, in which the subject is
    """

    def __init__(self, column: str) -> None:
        self._column = column
        self._of: OrderedDict[int, list[_Part]] = OrderedDict()
        self._count = 0
        self._is_kept = np.zeros(1, bool)

    def among(self, codes: Integers) -> NDArray[np.bool_]:
        """Whose past is kept."""
        return self._is_kept[np.minimum(codes, len(self._is_kept) - 1)]

    def keep(self, code: int, rows: Coded, orders: _Orders) -> None:
        """All rows of a subject, in canonical order, with the places in history of their records."""
        self._count += len(rows) - sum(len(part) for part, _ in self._of.get(code, ()))
        self._of[code] = [(rows, orders)]
        self._of.move_to_end(code)
        if code >= len(self._is_kept) - 1:
            self._is_kept = np.append(self._is_kept, np.zeros(code + 1, bool))
        self._is_kept[code] = True

    def add(self, codes: Integers, rows: Coded, orders: _Orders) -> None:
        """Rows that have come, of subjects whose past is kept: each with the code of its subject."""
        for code in np.unique(codes).tolist():
            its, parts = np.flatnonzero(codes == code), self._of[code]
            parts.append((picked(rows, its), orders[its]))
            if len(parts) > _PARTS:
                parts[:] = [_joined(parts)]
        self._count += len(rows)

    def of(self, code: int) -> _Part:
        """All rows of a subject as by now, as `keep` takes them."""
        rows, orders = _joined(self._of[code])
        rows["remembered"] = np.arange(len(rows))
        order = in_order(rows, orders.__getitem__, [self._column])
        self.keep(code, picked(rows, order), orders[order])
        return self._of[code][0]

    def forget(self) -> None:
        """Keep no more than may be kept: those who have not been told again for longest are forgotten. Not while
        somebody relies on what `among` said."""
        while self._count > MOST:
            code, parts = self._of.popitem(last=False)
            self._is_kept[code] = False
            self._count -= sum(len(part) for part, _ in parts)


def _joined(parts: Sequence[_Part]) -> _Part:
    return together([rows for rows, _ in parts]), np.concatenate([orders for _, orders in parts])
