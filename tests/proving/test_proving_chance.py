"""Chance belongs to a subject and a purpose."""

from __future__ import annotations

import numpy as np
from scipy import stats

from benchmarks.proving.chance import BLOCK, Chance


def test_it_is_the_same_again_and_differs_by_seed_and_purpose() -> None:
    drawn = Chance(1, 50).unit("a", 3)
    assert (drawn == Chance(1, 50).unit("a", 3)).all()
    assert not (drawn == Chance(2, 50).unit("a", 3)).any()
    assert not (drawn == Chance(1, 50).unit("b", 3)).any()


def test_more_subjects_leave_the_first_as_they_were() -> None:
    few, many = Chance(1, 50), Chance(1, 3 * BLOCK + 1)
    assert many.unit("a").shape == (3 * BLOCK + 1, 1)
    assert (few.normal("a", 4) == many.normal("a", 4)[:50]).all()
    subject = np.arange(50)
    assert (few.items("a", subject, 7) == many.items("a", subject, 7)).all()


def test_an_item_is_the_same_whatever_else_is_asked_for() -> None:
    chance = Chance(1, 5)
    every = chance.items("a", np.repeat(np.arange(5), 9), np.tile(np.arange(9), 5)).reshape(5, 9)
    assert (chance.items("a", np.array([3, 1]), np.array([8, 2])) == [every[3, 8], every[1, 2]]).all()


def test_numbers_are_uniform_within_and_across_subjects() -> None:
    chance = Chance(3, 2000)
    items = chance.items("a", np.repeat(np.arange(2000), 20), np.tile(np.arange(20), 2000)).reshape(2000, 20)
    for numbers in (items.ravel(), items[0], items[:, 0], chance.unit("b", 20).ravel()):
        assert stats.kstest(numbers, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(items[:, :2].T)[0, 1]) < 0.08
    assert abs(np.corrcoef(items[:-1, 0], items[1:, 0])[0, 1]) < 0.08
