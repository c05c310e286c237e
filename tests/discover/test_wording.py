"""What is said of an answer, case by case."""

from __future__ import annotations

from dataclasses import replace
from math import nan

import numpy as np
import pytest

from discover.frames import column, frame
from fireflower.discover.answer import Given, _looked_ahead, answer
from fireflower.discover.measuring import told_apart
from fireflower.discover.results import Change, Discovery, HypothesisFound, LandmarkSummary
from fireflower.discover.study import Question
from fireflower.discover.wording import _explained, _hypothesis, _landmark, _tried, not_enough, often, sentences
from fireflower.model.moments import DAY


def found_in(rows: int, share: float, seed: int = 2) -> Discovery:
    """Whoever does the first thing often reaches the goal; the second is the first in other words."""
    rng = np.random.default_rng(seed)
    done = rng.poisson(1.5, rows).astype(float)
    reached = rng.random(rows) < share * (1 + 4 * (done >= 3))
    columns = [column("one", done), column("twin", done * 2), column("noise", rng.poisson(1, rows))]
    given = Given("Bought", "account", 0, [frame(columns, reached)], [(0, 0)], [0.5], ())
    return answer(given, Question(10 * DAY, permutations=40)).discovery


@pytest.fixture(scope="module")
def many() -> Discovery:
    return found_in(2000, 0.1)


@pytest.fixture(scope="module")
def few() -> Discovery:
    return found_in(500, 0.035)


def landmark(hits: int, followed: int, conditions: int) -> LandmarkSummary:
    return LandmarkSummary(3.0, 0, 0, followed, followed, hits, 0, hits, 5, conditions, nan, nan, nan, 14.0)


def test_where_chance_never_did_as_well_that_is_a_bound() -> None:
    assert often(1 / 201, 200) == "at most 0.5 %"
    assert often(1 / 41, 40) == "at most 2.5 %"
    assert often(2 / 201, 200) == "1.00 %"
    assert often(30 / 201, 200) == "14.9 %"


def test_an_e_value_of_one_asks_for_nothing_more() -> None:
    assert _explained(1.0).startswith("nothing more is needed to explain it away")
    assert "2.1-fold" in _explained(2.1)


def test_with_few_goals_only_single_conditions_are_spoken_of(few: Discovery) -> None:
    assert few.base is not None and 20 <= few.base.hits < 50
    text = "\n".join(few.sentences())
    assert "each by itself only, at 1 landmark: with fewer than 50 goals" in text
    assert "alone and together" not in text and "three conditions" not in text and "of as many" not in text
    assert "only single conditions are searched" in text


def test_with_many_goals_conditions_are_tried_together(many: Discovery) -> None:
    assert _tried(many).endswith("were tried, alone and together, at 1 landmark.")
    mixed = replace(many, landmarks=(*many.landmarks, landmark(40, 500, 9), landmark(3, 500, 0)))
    assert _tried(mixed).endswith("were tried alone, at 2 landmarks, and together at the 1 with at least 50 goals.")


def test_a_landmark_without_conditions_says_why(many: Discovery) -> None:
    assert _landmark(landmark(19, 500, 0), many).endswith("not searched, as there are fewer than 20 goals")
    assert _landmark(landmark(30, 60, 0), many).endswith("not searched, as fewer than 80 could be followed")
    assert _landmark(landmark(30, 500, 0), many).endswith("no condition that enough pass and enough do not")
    assert _landmark(landmark(30, 500, 1), many).endswith("; 1 condition")


def test_what_it_means_to_have_left_is_said(many: Discovery) -> None:
    left = replace(landmark(30, 500, 9), left_before=357)
    assert "357 had left, that is, done nothing for 14 days);" in _landmark(left, many)
    assert "by the event of --churn or as they had done nothing for 14 days);" in _landmark(
        left, replace(many, churn=True)
    )
    assert "(0 had, 0 had left);" in _landmark(landmark(30, 500, 9), many)


def test_single_signals_without_an_answer_say_why_they_are_not_enough(many: Discovery) -> None:
    assert not_enough(many) is None
    none = replace(many, verdict="none", p=0.2)
    assert "the best that chance finds in the whole search" in (not_enough(none) or "")
    assert "must hold in the later" in (not_enough(replace(none, p=0.01)) or "")
    unsure = tuple(replace(single, q=0.5) for single in many.singles)
    assert not_enough(replace(none, singles=unsure)) is None


def test_a_signal_in_other_words_is_kept_but_not_printed(many: Discovery) -> None:
    twin = next(single for single in many.singles if single.rule.parts[0].of == "twin")
    one = next(single for single in many.singles if single.rule.parts[0].of == "one")
    assert twin.same_as == one.rule.text and one in many.different and twin not in many.different


def test_a_hypothesis_has_a_verdict_and_changes_that_are_no_better_later_are_named(many: Discovery) -> None:
    seen, covered = many.rules[0].seen, many.rules[0].coverage
    change = Change("another bound", "count(A) >= 2", "count(A) >= 2", 3.0, seen, seen, 2.7)
    own = HypothesisFound(many.landmark_days, "ours", "count(A) >= 3", seen, seen, seen, covered, 4.2, 9.0, (change,))
    text = "\n".join(_hypothesis(own, many))
    assert (
        "It foretells the goal: of those with it" in text and "4.2 a week.\nBeside it, of those with the rule" in text
    )
    assert "tells more there, too" in text and "no reason yet" not in text
    little = replace(own, later=replace(seen, p=0.4), changes=(replace(change, later_gain=0.7),))
    text = "\n".join(_hypothesis(little, many))
    assert "in the later part alone that is not confirmed" in text and "which may be luck" in text
    late = "\n".join(_hypothesis(replace(own, landmark_days=77.0), many))
    assert "so it is judged on day 77." in late and "Beside it" not in late
    none = "\n".join(_hypothesis(replace(own, seen=replace(seen, inside_rows=3)), many))
    assert "Only 3 accounts of" in none and "too few to judge it at that age" in none and "chance" not in none
    own = replace(own, seen=replace(seen, p=0.3), changes=(replace(change, later_gain=-0.1),))
    text = "\n".join(_hypothesis(own, many))
    assert "It cannot be told from chance" in text
    assert "does not tell more there" in text and "None of these changes tells more on the later data" in text


def test_what_tells_rows_apart_is_signed(many: Discovery) -> None:
    seen = many.rules[0].seen
    turned = replace(
        seen, inside_rows=seen.rows - seen.inside_rows, inside_hits=seen.hits - seen.inside_hits
    )  # those outside
    assert told_apart(seen) == pytest.approx(-told_apart(turned)) and told_apart(seen) > 10
    assert told_apart(replace(seen, inside_rows=0, inside_hits=0)) == pytest.approx(0)


def test_who_had_left_is_no_leak(many: Discovery) -> None:
    each = replace(landmark(40, 500, 9), left_before=154, reached_before=8, naive_auc=0.8, auc=0.7)
    assert _looked_ahead(each).startswith("who had left or bought before day 3 is not looked at there: 154 had left")


def test_what_seems_better_than_the_rule_is_explained(many: Discovery) -> None:
    first = many.rules[0]
    higher = replace(first.seen.inside, value=first.seen.inside.value + 0.01)
    better = replace(first, seen=replace(first.seen, inside=higher))
    said = "\n".join(sentences(replace(many, rules=(first, better))))
    assert "no more than chance may do" in said
    worse = replace(better, coverage=replace(first.coverage, value=first.coverage.value - 0.01))
    assert "no more than chance may do" not in "\n".join(sentences(replace(many, rules=(first, worse))))
