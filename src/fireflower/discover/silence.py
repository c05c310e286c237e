"""Who has left without a word.

Whoever is gone does nothing more, and does not buy; so everything that people do would seem to foretell the goal, if
those who have left stayed among those who could still reach it. How long a silence means that somebody has left
differs from product to product, so it is read from the history: the shortest after which hardly anybody came back.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from fireflower.model.moments import DAY, NEVER
from fireflower.model.records import Kind, SubjectKind
from fireflower.model.timeline import TO_ACCOUNT, TO_PERSON, Timeline

LONGEST = 14 * DAY
"""Whoever has been silent for longer has left, whatever others do."""

COME_BACK = 0.25
"""Of those who have been silent for so long, at most this share comes back."""

_SPANS = tuple(days * DAY for days in (1, 2, 3, 5, 7, 10))
_FEW = 40
Ints = NDArray[np.int64]


def last_seen(timelines: Iterable[Timeline], subject: SubjectKind, subjects: int) -> Ints:
    """When each subject did anything for the last time; -NEVER where they never did."""
    last = np.full(subjects, -NEVER, np.int64)
    for timeline in timelines:
        is_event = np.array([kind is Kind.EVENT for kind, _ in timeline.vocabulary.names])
        own = timeline.person if subject == "person" else timeline.account
        bit = TO_PERSON if subject == "person" else TO_ACCOUNT
        rows = np.flatnonzero(is_event[timeline.what] & (timeline.target & bit > 0) & (own >= 0))
        np.maximum.at(last, own[rows], timeline.time[rows])
    return last


def idle_after(silent: NDArray[np.floating], moment: Ints, last: Ints, as_of: int) -> int:
    """The silence after which subjects count as gone, at a landmark.

    Parameters
    ----------
    silent : for how long each had done nothing at the landmark, in microseconds
    moment, last : when each reached the landmark, and when they did anything for the last time
    as_of : those whose landmark is nearer to it than `LONGEST` could not come back yet, and are not looked at
    """
    seen = moment + LONGEST <= as_of
    for span in _SPANS:
        quiet = seen & (silent >= span)
        if int(quiet.sum()) >= _FEW and float((last[quiet] >= moment[quiet]).mean()) <= COME_BACK:
            return span
    return LONGEST
