"""Point scores: several that are nearly as good, where there are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from discover.frames import column, frame
from fireflower.discover import logistic
from fireflower.discover.answer import Given, answer
from fireflower.discover.boards import Board, board
from fireflower.discover.results import Discovery, ScoreFound, Threshold
from fireflower.discover.scorecards import _bound
from fireflower.discover.scores import Card, near_ties, pool, scored
from fireflower.discover.study import Question
from fireflower.discover.wording import judged, judged_like, thinned
from fireflower.model.moments import DAY
from fireflower.review.intervals import Estimate


def world(twins: bool, n: int = 5000) -> tuple[Board, Card]:
    """Two things matter. Of one, another is nearly a copy, if there are `twins`."""
    rng = np.random.default_rng(3)
    one, other, twin = (rng.poisson(1.5, n).astype(float) for _ in range(3))
    reached = rng.random(n) < logistic.sigmoid(-3 + 1.5 * (one >= 2) + 1.0 * (other >= 1))
    if twins:
        twin = np.where(rng.random(n) < 0.02, twin, one)
    columns = [column("one", one), column("other", other), column("twin", twin), column("noise", rng.poisson(1, n))]
    on = board(frame(columns, reached), reached, 20)
    card = scored(on, *pool(on, 20))
    assert card is not None
    return on, card


def names(on: Board, card: Card) -> set[str]:
    return {on.frame.columns[int(on.column[k])].candidate.name for k in card.terms}


def test_a_score_that_does_without_something_is_offered_if_it_is_nearly_as_good() -> None:
    on, best = world(twins=True)
    ((_, other),) = near_ties(on, *pool(on, 20), best)
    assert {frozenset(names(on, best)), frozenset(names(on, other))} == {
        frozenset({"one", "other"}),
        frozenset({"twin", "other"}),
    }


def test_where_nothing_can_take_its_place_there_is_no_other() -> None:
    on, best = world(twins=False)
    assert names(on, best) == {"one", "other"}
    assert near_ties(on, *pool(on, 20), best) == []


@pytest.fixture(scope="module")
def found() -> tuple[ScoreFound, ...]:
    return answered().scores


def answered() -> Discovery:
    on, _ = world(twins=True)
    given = Given("Bought", "account", 0, [on.frame], [(0, 0)], [0.5], ())
    return answer(given, Question(10 * DAY, permutations=40)).discovery


def test_each_has_bounds_and_points_by_circle(found: tuple[ScoreFound, ...]) -> None:
    assert len(found) == 2
    for score in found:
        assert score.chosen in {at.bound for at in score.thresholds}
        assert score.by_circle == {"value": sum(part.points for part in score.parts)}
        assert score.chosen in {at.bound for at in thinned(score)}
    assert abs(found[0].auc.value - found[1].auc.value) < 0.02


def test_it_is_said_which_lines_were_judged_and_by_how_many_goals(found: tuple[ScoreFound, ...]) -> None:
    (first, other), whole = found, answered()
    assert 0 < first.later_hits < first.later_rows
    (said,) = judged(first, whole)
    assert f"{first.later_hits} goals among {first.later_rows:,} rows" in said
    assert all(f"{part.points:+d} {part.text}" in said for part in first.judged)
    assert judged_like(first, whole) is None
    assert judged_like(other, whole) == (0 if other.judged == first.judged else None)


def test_the_same_judgement_is_not_told_twice() -> None:
    whole = answered()
    whole = replace(whole, scores=(whole.scores[0], replace(whole.scores[1], judged=whole.scores[0].judged)))
    (said,) = judged(whole.scores[1], whole)
    assert said.startswith("Judged like the first") and "AUC" not in said
    text = "\n".join(whole.sentences())
    assert text.count("of pairs (AUC") == text.count("foretold, ") // max(1, len(whole.scores[0].calibration)) == 1


# --- The bound under a capacity ---------------------------------------------------------------------------------------

TABLE = tuple(
    Threshold(bound, Estimate(0.1, 0.0, 0.2, 100, "by hand"), 0.5, per_week)
    for bound, per_week in ((1.0, 40.0), (2.0, 10.0), (3.0, 5.0), (4.0, 1.0))
)
TOTAL = np.repeat([0.0, 1.0, 2.0, 3.0, 4.0], [60, 30, 5, 4, 1])
REACHED = TOTAL >= 2


@pytest.mark.parametrize(
    ("per_week", "bound"),
    [
        (None, 2.0),  # the best
        (100.0, 2.0),  # no looser one because there would be room
        (10.0, 2.0),
        (9.0, 3.0),  # the best gives more: a stricter one
        (4.0, 4.0),
        (0.5, 4.0),  # none gives as little: the strictest
    ],
)
def test_a_capacity_only_ever_makes_a_bound_stricter(per_week: float | None, bound: float) -> None:
    assert _bound(TOTAL, REACHED, Question(10 * DAY, per_week), TABLE) == bound


@pytest.mark.parametrize("matters", [True, False])
def test_a_score_compares_within_the_calendar(matters: bool) -> None:
    """A feature comes late, where the goal is mostly not seen yet; an old one goes, and says nothing."""
    rng = np.random.default_rng(11)
    n = 8000
    late = np.arange(n) >= 0.6 * n
    new, old = late & (rng.random(n) < 0.5), ~late & (rng.random(n) < 0.5)
    rate = np.where(late, 0.03, 0.10) * np.where(new & matters, 2.5, 1.0)
    reached = rng.random(n) < rate
    on = board(frame([column("new", new.astype(float)), column("old", old.astype(float))], reached), reached, 40)
    card = scored(on, np.arange(len(on.terms)), np.arange(n))
    found = {} if card is None else dict(zip((on.terms[k].column for k in card.terms), card.points, strict=True))
    assert set(found) == ({0} if matters else set())
    assert all(points > 0 for points in found.values())
