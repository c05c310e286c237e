"""Numbers in words."""

from __future__ import annotations

import math

import pytest

from fireflower.review.words import percent


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.346, "34.6 %"),
        (0.5, "50.0 %"),
        (0.0041, "0.41 %"),
        (0.1 + 0.2 + 0.7, "100 %"),
        (-0.0004, "-0.04 %"),
        # what is not all must not read as all, nor what is not nothing as nothing
        (0.9996, "99.96 %"),
        (0.99996, "99.996 %"),
        (0.999999, "99.9999 %"),
        (1.0004, "100.04 %"),
        (0.00004, "0.004 %"),
        (0.0000004, "0.00004 %"),
        (-0.00004, "-0.004 %"),
        (math.nan, "an unknown share"),
    ],
)
def test_a_share_is_rounded_but_never_to_nothing_or_all(share: float, said: str) -> None:
    assert percent(share) == said
