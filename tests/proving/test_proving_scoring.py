"""The scorer against cases that can be judged by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.proving import Condition, Finding, Named, Rule, World, score
from benchmarks.proving.history import DAY, NEVER, START, History
from benchmarks.proving.kinds import Kind
from benchmarks.proving.scoring import auc, log_loss, selected_at
from benchmarks.proving.truth import Era, Truth

CUT = START + 100 * DAY
RULE = Rule("all", (Condition("A", 3), Condition("B", 10)), 2)


def made(rule: Rule | None = RULE) -> World:
    """Ten subjects: 0 and 1 before the cut; of the others 8 has bought before the landmark, 9 has left. The rule holds
    for 2 to 5 and 8 (and for 6, too late); 2, 3 and 7 buy within the horizon."""
    signed_up = np.array([0, 0, *[101] * 8]) * DAY + START
    holds_from = np.full(10, NEVER)
    holds_from[[2, 3, 4, 5, 8]] = signed_up[0] + 103 * DAY
    holds_from[6] = signed_up[6] + 8 * DAY
    bought = np.full(10, NEVER)
    bought[[2, 3, 7]] = START + 120 * DAY
    bought[8] = START + 102 * DAY
    leaves = np.full(10, NEVER)
    leaves[9] = START + 102 * DAY
    chance = np.array([0, 0, 0.3, 0.3, 0.3, 0.3, 0.1, 0.1, 0.3, 0.1])
    nothing = np.zeros(0, np.int64)
    truth = Truth(
        Kind(), (Era(START, rule),), {"T": "spike", "status": "status"}, {"D": "after buying"}, signed_up, holds_from,
        bought, leaves, chance, np.zeros(10), np.zeros(10, bool),
    )  # fmt: skip
    history = History(("A", "B"), nothing, nothing, nothing, signed_up, np.full(10, -1), ())
    return World(Kind(), 1, tuple(f"p{number}" for number in range(10)), CUT, history, truth)


def ids(*numbers: int) -> list[str]:
    return [f"p{number}" for number in numbers]


def test_the_true_rule_scores_full_marks() -> None:
    found = score(Finding("m", (Named("A", 3), Named("B", 10)), ids(2, 3, 4, 5)), made())
    assert found.found == ("A", "B") and found.false == () and not found.traps
    assert found.threshold_errors == {"A": 0, "B": 0}
    assert found.jaccard == 1 and found.equivalent and found.recovered and found.thresholds_recovered
    assert (found.selected, found.at_risk) == (4, 6)
    assert found.realised == 0.5 and found.expected == pytest.approx(0.3) and found.lift == pytest.approx(3)


def test_who_is_not_to_be_judged_is_passed_over() -> None:
    found = score(Finding("m", (Named("A", 3),), ids(0, 1, 2, 3, 4, 5, 8, 9)), made())
    assert found.selected == 4 and found.jaccard == 1


def test_jaccard_counts_those_in_both_of_those_in_either() -> None:
    assert score(Finding("m", (Named("A"),), ids(2, 3, 6, 7)), made()).jaccard == pytest.approx(2 / 6)


def test_the_truth_is_taken_as_of_the_findings_landmark() -> None:
    found = score(Finding("m", (Named("A"),), ids(2, 3, 4, 5, 6), landmark=14), made())
    assert found.jaccard == 1


def test_false_discoveries_traps_and_decoys_are_named() -> None:
    named = (Named("A", 3), Named("T"), Named("D", 2), Named("C", 1))
    found = score(Finding("m", named, ids(2), listed=(Named("status"), Named("C"))), made())
    assert found.false == ("T", "D", "C", "status")
    assert found.traps == {"T": "spike", "status": "status"} and found.decoys == {"D": "after buying"}
    assert found.found == ("A",) and not found.recovered


def test_a_true_event_in_the_wrong_direction_is_a_false_discovery() -> None:
    found = score(Finding("m", (Named("A", 3, more=False), Named("B", 10)), ids(2)), made())
    assert found.found == ("B",) and found.false == ("A",) and "A" not in found.threshold_errors


def test_thresholds_within_a_tenth_are_found() -> None:
    near = score(Finding("m", (Named("A", 3), Named("B", 11)), ids(2, 3)), made())
    far = score(Finding("m", (Named("A", 4), Named("B", 10)), ids(2, 3)), made())
    assert near.threshold_errors["B"] == pytest.approx(0.1) and near.thresholds_recovered
    assert far.threshold_errors["A"] == pytest.approx(1 / 3) and far.recovered and not far.thresholds_recovered


def test_a_threshold_of_another_quantity_or_window_is_none() -> None:
    found = score(Finding("m", (Named("A", 3, "days"), Named("B", 9), Named("B", 10)), ids(2, 3)), made())
    assert found.threshold_errors == {"B": 0}
    other = Finding("m", (Named("A", 3, within=3), Named("B", 10, within=7)), ids(2, 3), landmark=14)
    assert score(other, made()).threshold_errors == {"B": 0}


def test_another_rule_that_selects_the_same_is_equivalent() -> None:
    found = score(Finding("m", (Named("C", 1),), ids(2, 3, 4, 5)), made())
    assert found.recovered and found.thresholds_recovered and found.false == ("C",)


def test_saying_that_there_is_nothing() -> None:
    silent = score(Finding("m"), made(None))
    assert not silent.declared and silent.true_events == 0 and not silent.recovered and silent.false == ()
    loud = score(Finding("m", (Named("A", 3),), ids(2)), made(None))
    assert loud.declared and loud.false == ("A",)
    assert math.isnan(score(Finding("m"), made()).realised)


def test_claims_are_held_against_what_came_and_what_was_to_be_expected() -> None:
    claims = {(0.3, 0.2, 0.4): (False, True), (0.5, 0.4, 0.6): (True, False)}
    for claimed, (held, true) in claims.items():
        found = score(Finding("m", (Named("A"),), ids(2, 3, 4, 5), claimed=claimed), made())
        assert (found.claim_held, found.claim_true) == (held, true)
    assert score(Finding("m", (Named("A"),), ids(2)), made()).claim_held is None


def test_chances_are_judged_among_those_at_risk() -> None:
    given = {"p2": 0.9, "p3": 0.9, "p4": 0.5, "p5": 0.5, "p6": 0.1, "p7": 0.1, "p8": 0.99}
    found = score(Finding("m", (Named("A"),), ids(2), chance=given), made())
    assert found.auc == pytest.approx((2 * 3 + 0.5) / 9)
    assert found.best_auc == pytest.approx((2 * (2 * 0.5 + 1) + 0.5) / 9)
    assert found.log_loss == pytest.approx(-np.mean(np.log([0.9, 0.9, 0.5, 0.5, 0.9, 0.1])))


def test_auc_and_log_loss_of_nothing() -> None:
    assert math.isnan(auc(np.array([0.1]), np.array([True])))
    assert math.isnan(log_loss(np.zeros(0), np.zeros(0, bool)))


def test_a_definitions_transitions_say_whom_it_selects() -> None:
    entered = np.array([True, True, False, True])
    at = START + np.array([102, 102, 107, 110]) * DAY
    assert selected_at(made(), 7, ["p2", "p3", "p3", "p4"], at, entered) == ["p2"]
    assert selected_at(made(), 5, ["p2", "p3", "p3", "p4"], at, entered) == ["p2", "p3"]
