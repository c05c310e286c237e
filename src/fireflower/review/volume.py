"""How many enter and leave, week by week."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fireflower.model.moments import WEEK
from fireflower.review.intervals import rate
from fireflower.review.moments import Moments, Spells
from fireflower.review.results import WeeklyVolume
from fireflower.review.weeks import count_per_week, weeks_between


def observed_weeks(moments: Moments) -> NDArray[np.int64]:
    """The Mondays of the weeks from the first record of any subject to `as_of`."""
    firsts = moments.first_record[moments.exists]
    return weeks_between(int(firsts.min()), moments.as_of) if len(firsts) else np.empty(0, dtype=np.int64)


def complete_weeks(moments: Moments) -> NDArray[np.int64]:
    """Those of the observed weeks that lie before `as_of` as a whole."""
    weeks = observed_weeks(moments)
    return weeks[weeks + WEEK <= moments.as_of]


def weekly_volume(moments: Moments, spells: Spells) -> WeeklyVolume:
    """Entries, leaves and the stock, by the week in which they became known."""
    weeks = observed_weeks(moments)
    known = spells.known_by(moments.as_of)
    first = count_per_week(known.entered_known[known.is_first], weeks)
    again = count_per_week(known.entered_known[~known.is_first], weeks)
    left = count_per_week(known.left_known[known.left_known <= moments.as_of], weeks)
    complete = weeks + WEEK <= moments.as_of
    return WeeklyVolume(
        weeks=weeks,
        first=first,
        again=again,
        left=left,
        qualified=np.cumsum(first + again - left),
        complete=complete,
        per_week=rate(int(first[complete].sum()), int(complete.sum())),
        known_later=spells.first_known_after(moments.as_of),
        subjects=moments.subjects,
    )
