"""The search against trying everything, and its gain against the textbook's likelihood ratio."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binom

from discover.frames import column, counts, frame
from fireflower.discover.boards import Board, board, cuts, passes
from fireflower.discover.search import Searcher, gain_of, refitted, search
from fireflower.language.nodes import Compare, Known


def planted(seed: int, joint: str) -> tuple[Board, np.ndarray]:
    rng = np.random.default_rng(seed)
    n = 255  # few rows, so that there is one stretch of the calendar
    columns = [column(f"e{i}", rng.integers(0, 3, n)) for i in range(4)]
    a, b = columns[0].numbers >= 1, columns[1].numbers >= 2
    rule = a & b if joint == "and" else a | b
    reached = rng.random(n) < np.where(rule, 0.6, 0.15)
    return board(frame(columns, reached), reached, 10), np.flatnonzero(reached)


def likelihood_ratio(inside: np.ndarray, reached: np.ndarray) -> float:
    def best(part: np.ndarray) -> float:
        return float(binom.logpmf(part.sum(), len(part), part.mean()) if len(part) else 0.0)

    apart = best(reached[inside]) + best(reached[~inside])
    same = binom.logpmf(reached[inside].sum(), inside.sum(), reached.mean())
    same += binom.logpmf(reached[~inside].sum(), (~inside).sum(), reached.mean())
    return apart - float(same)


def rows(on: Board, terms: tuple[int, ...], any_: bool) -> np.ndarray:
    parts = [passes(on.frame.columns[on.terms[k].column], on.terms[k].test) for k in terms]
    return (np.logical_or if any_ else np.logical_and).reduce(parts)


def test_gain_is_the_log_likelihood_ratio_of_two_rates() -> None:
    on, converters = planted(1, "and")
    on = replace(on, edges=on.edges[[0, -1]])
    searcher = Searcher(on, converters, 1, len(on.frame), enough=0)
    for terms in [(0,), (1, 4), (0, 3, 5)]:
        inside = rows(on, terms, False)
        if on.reached[inside].mean() > on.reached.mean():
            assert gain_of(searcher, terms, False) == pytest.approx(likelihood_ratio(inside, on.reached))


@pytest.mark.parametrize("joint", ["and", "or"])
@pytest.mark.parametrize("seed", range(4))
def test_finds_what_trying_every_rule_finds(seed: int, joint: str) -> None:
    on, converters = planted(seed, joint)
    searcher = Searcher(on, converters, 10, len(on.frame))
    found = search(on, converters, 10)
    for length in (1, 2, 3):
        best = 0.0
        for terms in combinations(range(len(on.terms)), length):
            if len({on.terms[k].column for k in terms}) == length:
                best = max(best, gain_of(searcher, terms, joint == "or"))
        mine = found["1" if length == 1 else f"{length} {joint}"]
        assert (mine[0].gain if mine else 0.0) == pytest.approx(best)


def test_a_trend_of_the_calendar_is_no_signal() -> None:
    """Later rows both do more of it and reach the goal more often; within a stretch of time it says nothing."""
    rng = np.random.default_rng(0)
    n = 8192
    late = np.arange(n) >= n // 2
    reached = rng.random(n) < np.where(late, 0.2, 0.05)
    did = column("e", (rng.random(n) < np.where(late, 0.6, 0.2)).astype(float))
    on = board(frame([did], reached), reached, 20)
    rules = search(on, np.flatnonzero(reached), 20)["1"]
    assert likelihood_ratio(did.numbers >= 1, reached) > 30
    assert not rules or rules[0].gain < 4


def test_no_rule_has_two_conditions_on_one_column_or_too_few_rows() -> None:
    rng = np.random.default_rng(3)
    columns = counts(rng, 900, 8)
    reached = rng.random(900) < 0.2
    on = board(frame(columns, reached), reached, 30)
    for rules in search(on, np.flatnonzero(reached), 30, most=300).values():
        for rule in rules:
            assert len({on.terms[k].column for k in rule.terms}) == len(rule.terms)
            if rule.gain > 0:
                assert 30 <= rows(on, rule.terms, rule.any).sum() <= 300


def test_thresholds_are_values_that_occur_or_can_be_said() -> None:
    assert cuts(np.array([0.0, 1, 1, 3])) == [1, 3]
    assert cuts(np.array([2.0, 2.0])) == []
    many = cuts(np.random.default_rng(0).poisson(40, 5000).astype(float))
    assert all(cut == round(cut) for cut in many)
    odd = cuts(np.random.default_rng(0).lognormal(3, 2, 5000))
    assert all(float(f"{cut:.3g}") == cut for cut in odd)


def test_what_is_missing_passes_nothing_but_is_missing() -> None:
    sizes = column("size", np.array([np.nan, 5.0, 50.0]), both_ways=True)
    assert passes(sizes, Compare("<", 10.0)).tolist() == [False, True, False]
    assert passes(sizes, Known(False)).tolist() == [True, False, False]


@pytest.mark.parametrize("joint", ["and", "or"])
def test_a_rule_is_refitted_on_other_rows_with_bounds_of_its_own_columns(joint: str) -> None:
    on, converters = planted(0, joint)
    rule = search(on, converters, 10)[f"2 {joint}"][0]
    columns = [on.terms[k].column for k in rule.terms]
    searcher = Searcher(on, converters, 10, len(on.frame))
    other = [Compare(">=", 1.0), Compare(">=", 1.0)]
    found = refitted(searcher, columns, other, joint == "or")
    assert found is not None
    assert [on.terms[k].column for k in found.terms] == columns
    assert found.gain == pytest.approx(rule.gain)
    assert refitted(searcher, columns, [Compare("=", "text"), other[0]], joint == "or") is None


def test_how_long_rows_were_followed_is_no_signal() -> None:
    """The latest rows were followed for a few days only, and do something new."""
    rng = np.random.default_rng(4)
    n = 16_384
    followed = np.minimum(np.arange(n)[::-1] / n * 120, 30)
    reached = rng.random(n) < 0.1 * followed / 30
    new = column("new", (rng.random(n) < np.where(np.arange(n) > n * 0.85, 0.7, 0.3)).astype(float))
    on = board(frame([new], reached), reached, 20)
    rules = search(on, np.flatnonzero(~reached), 20)["1"]  # who is not seen to reach it stands out...
    assert likelihood_ratio(new.numbers >= 1, ~reached) > 10
    assert not rules or rules[0].gain < 4  # ...but not among those that were followed as long
