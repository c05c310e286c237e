"""Which events follow which, and which pairs are worth a question."""

from __future__ import annotations

import numpy as np

from fireflower.discover.limits import limits, limits_people
from fireflower.discover.orders import PAIRS, Order, orders
from fireflower.model.moments import DAY, NEVER

N = 400
START = np.full(N, 100 * DAY)


def days(*of: float | None) -> np.ndarray:
    """First times by days since the start, the given ones over and over."""
    every = np.resize(np.array([-1.0 if day is None else day for day in of]), N)
    return np.where(every >= 0, START + (every * DAY).astype(np.int64), NEVER)


def test_a_pair_is_worth_asking_about_if_the_order_tells_subjects_apart() -> None:
    events = {"Open": days(1, 1, 1, 3), "Export": days(2, 2, 6, 2), "Login": days(0.5), "Rare": days(*[None] * 99, 4)}
    found = orders(events, START, 7 * DAY, 3 * DAY)
    # Everybody logs in and then opens, which says nothing; hardly anybody does the rare thing.
    assert found == [Order("Open", "Export", N // 2), Order("Login", "Export", N // 4)]


def test_only_first_times_up_to_the_age_are_looked_at() -> None:
    events = {"Open": days(1, 9), "Export": days(2, 1)}
    assert orders(events, START, 7 * DAY, 3 * DAY) == []
    assert orders(events, START, 14 * DAY, 3 * DAY) == [Order("Open", "Export", N // 2)]


def test_there_are_few_of_them_and_each_event_is_in_few() -> None:
    rng = np.random.default_rng(0)
    events = {f"e{i}": START + rng.integers(0, 7 * DAY, N) for i in range(20)}
    found = orders(events, START, 7 * DAY, 3 * DAY)
    assert len(found) == PAIRS
    names = [name for order in found for name in (order.first, order.second)]
    assert max(names.count(name) for name in names) == 2
    assert len({frozenset((order.first, order.second)) for order in found}) == PAIRS


def test_limits_are_told_by_words_in_common() -> None:
    assert limits("maxReports", "Report Run")
    assert limits("storage-quota", "storage_used")
    assert not limits("plan", "Plan Viewed")
    assert not limits("Report Limit", "Limit Reached")
    assert limits_people("licensed_users limit") and not limits_people("users")
