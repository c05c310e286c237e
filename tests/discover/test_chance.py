"""What chance does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from discover.frames import counts, frame
from fireflower.discover.boards import board
from fireflower.discover.chance import Chance, by_chance, false_discovery, overall, shuffled
from fireflower.discover.search import KINDS, search
from fireflower.discover.study import Question, searched
from fireflower.model.moments import DAY


def test_false_discovery_is_benjamini_and_hochbergs() -> None:
    p = np.random.default_rng(0).random(50) ** 3
    assert false_discovery(p) == pytest.approx(false_discovery_control(p))


def test_outcomes_stay_in_their_stretch_of_the_calendar() -> None:
    rng = np.random.default_rng(1)
    reached = rng.random(2000) < np.linspace(0.02, 0.3, 2000)
    on = board(frame(counts(rng, 2000, 2), reached), reached, 20)
    dealt = np.zeros(2000, bool)
    dealt[shuffled(on, on.frame.cluster, rng)] = True
    for first, last in zip(on.edges[:-1] * 64, on.edges[1:] * 64, strict=True):
        assert dealt[first:last].sum() == reached[first:last].sum()
    assert (dealt != reached).any()


def test_outcomes_of_a_cluster_stay_together() -> None:
    rng = np.random.default_rng(2)
    cluster = np.repeat(np.arange(50), 4)
    reached = (cluster % 5 == 0)[:200]
    on = board(frame(counts(rng, 200, 2), reached, cluster), reached, 5)
    dealt = np.zeros(200, bool)
    dealt[shuffled(on, cluster, rng)] = True
    assert {int(part.sum()) for part in dealt.reshape(50, 4)} == {0, 4}


def test_noise_is_called_noise_and_a_signal_is_not() -> None:
    def p_of(seed: int, lift: float) -> float:
        rng = np.random.default_rng(seed)
        columns = counts(rng, 1200, 10)
        reached = rng.random(1200) < np.where(columns[0].numbers >= 2, 0.08 * lift, 0.08)
        on = board(frame(columns, reached), reached, 20)
        found = search(on, np.flatnonzero(reached), 20, depth=2)
        gains = np.array([found[kind][0].gain if found[kind] else 0.0 for kind in KINDS])
        chance = by_chance(on, 20, None, 2, seed=seed, numbers=range(40))
        return overall([gains], [chance])

    assert p_of(0, 3.0) <= 0.05
    noise = [p_of(seed, 1.0) for seed in range(12)]
    assert sum(p <= 0.05 for p in noise) <= 3
    assert np.mean(noise) > 0.25


def test_chance_is_the_same_on_any_number_of_threads() -> None:
    rng = np.random.default_rng(3)
    columns = counts(rng, 800, 5)
    reached = rng.random(800) < 0.1
    on = board(frame(columns, reached), reached, 20)
    one, two, three = (by_chance(on, 20, None, 2, seed=1, numbers=range(12), threads=n) for n in (1, 2, 3))
    for other in (two, three):
        assert np.array_equal(one.best, other.best) and np.array_equal(one.alone, other.alone)


def test_p_values_go_on_beyond_what_chance_found_in_so_few_tries() -> None:
    chance = Chance(np.zeros((40, len(KINDS))), np.random.default_rng(0).exponential(1.0, (40, 3)))
    top = chance.alone.max(axis=0)
    assert chance.of_columns(top * 0 - 1).tolist() == [1.0, 1.0, 1.0]
    assert chance.of_columns(top + 3) == pytest.approx(np.exp(-3) / 41)


def test_a_hopeless_landmark_does_not_spare_the_others_their_searches() -> None:
    rng = np.random.default_rng(4)
    columns = counts(rng, 1600, 6)
    reached = rng.random(1600) < np.where(columns[0].numbers >= 2, 0.25, 0.05)
    strong, weak = frame(columns, reached), frame(counts(rng, 1600, 6), rng.permutation(reached))
    question = Question(30 * DAY, permutations=100)
    both, p = searched([weak, strong], question)
    assert [len(each.chance.best) for each in both] == [100, 100]
    assert p == pytest.approx(1 / 101)
    [alone], p = searched([weak], question)
    assert len(alone.chance.best) == 40 and p >= 0.2
