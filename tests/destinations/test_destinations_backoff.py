"""When a delivery is tried again, and when it is given up."""

from __future__ import annotations

from statistics import mean

import pytest
from destinations.notices_sample import NOW
from hypothesis import given
from hypothesis import strategies as st

from fireflower.destinations import Dead, Retry, key_of, next_try
from fireflower.destinations.backoff import MOST_TRIES, PROMPT, limit
from fireflower.model.moments import HOUR, SECOND

TRIES = st.integers(1, MOST_TRIES - 1)
KEYS = st.integers().map(lambda i: key_of(str(i), "d"))


def wait(attempts: int, key: str, after: float | None = None) -> int:
    found = next_try(attempts, Retry("busy", after), key, NOW)
    assert isinstance(found, int)
    return found - NOW


@given(TRIES, KEYS)
def test_waits_grow_and_stay_within_an_hour(attempts: int, key: str) -> None:
    assert 0 < wait(attempts, key) <= min(15 * SECOND * 2 ** (attempts - 1), HOUR) == limit(attempts)
    assert wait(attempts, key) == wait(attempts, key)


@given(TRIES, KEYS, st.floats(0, 1e12))
def test_nobody_is_asked_sooner_than_they_asked_for(attempts: int, key: str, after: float) -> None:
    asked = min(after * SECOND, HOUR)
    soon = asked * 1.1 + SECOND
    assert int(asked) <= wait(attempts, key, after) <= (soon if attempts <= PROMPT else max(soon, wait(attempts, key)))


@pytest.mark.parametrize("after", [0.0, 1.0, 10.0, 30.0])
def test_who_asks_for_a_short_wait_is_tried_for_a_day_even_so(after: float) -> None:
    """A receiver that is being deployed, or whose clock is behind, says so for longer than it says."""
    for number in range(20):
        key = key_of(str(number), "d")
        assert sum(wait(attempts, key, after) for attempts in range(1, MOST_TRIES)) > 12 * HOUR


def test_waits_are_spread_evenly() -> None:
    """Full jitter: the mean is the half, and each tenth has its tenth."""
    waits = [wait(12, key_of(str(i), "d")) / HOUR for i in range(4_000)]
    assert abs(mean(waits) - 0.5) < 0.02
    tenths = [sum(i <= each * 10 < i + 1 for each in waits) for i in range(10)]
    assert all(320 < count < 480 for count in tenths)


def test_it_is_given_up_after_about_a_day() -> None:
    days = [sum(wait(n, key_of(str(i), "d")) for n in range(1, MOST_TRIES)) / HOUR for i in range(50)]
    assert 20 < mean(days) < 28 and min(days) > 14
    assert next_try(MOST_TRIES, Retry("HTTP 503"), "k", NOW) == Dead("given up after 56 tries; the last one: HTTP 503")
