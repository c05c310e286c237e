"""Who has left without a word.

Whoever is gone does nothing more, and does not buy; so everything that people do would seem to foretell the goal, if
those who have left stayed among those who could still reach it. How long a silence means that somebody has left
differs from product to product, so it is read from the history: the shortest that hardly anybody had kept of those
who were there afterwards.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fireflower.model.moments import DAY

LONGEST = 14 * DAY
"""Whoever has been silent for longer has left, whatever others do."""

LOST = 0.1
"""Of those who do something afterwards, at most this share is taken for gone."""

_SPANS = tuple(days * DAY for days in (1, 2, 3, 5, 7, 10))
_FEW = 40
Ints = NDArray[np.int64]


def idle_after(silent: NDArray[np.floating], moment: Ints, last: Ints, as_of: int) -> int:
    """The silence after which subjects count as gone, at a landmark.

    Parameters
    ----------
    silent : for how long each had done nothing at the landmark, in microseconds
    moment, last : when each reached the landmark, and when they did anything for the last time
    as_of : those whose landmark is nearer to it than `LONGEST` could not come back yet, and are not looked at
    """
    back = silent[(moment + LONGEST <= as_of) & (last >= moment)]
    if len(back) < _FEW:
        return LONGEST
    return next((span for span in _SPANS if float((back >= span).mean()) <= LOST), LONGEST)
