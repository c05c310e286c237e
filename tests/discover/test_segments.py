"""Where a rule does not hold for all, a part of the subjects may have its own; if the data supports it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from discover.frames import column, counts, frame
from fireflower.discover.answer import Answer, Given, answer
from fireflower.discover.candidates import Candidate
from fireflower.discover.choosing import chosen
from fireflower.discover.drafts import Draft, rule_file
from fireflower.discover.frames import Column
from fireflower.discover.per_segment import per_segment
from fireflower.discover.results import Discovery, Part, SegmentTest
from fireflower.discover.segments import left_out, slices
from fireflower.discover.study import Question
from fireflower.language.loading import load_definition
from fireflower.language.nodes import All, Compare, Known, Trait
from fireflower.model.moments import DAY

PLAN = Trait("account", "plan")


def trait(codes: np.ndarray, texts: tuple[str, ...]) -> Column:
    nowhere = np.full(len(codes), np.nan)
    return Column(
        Candidate("account.plan", PLAN, PLAN, "fit", "fit", True, "account.plan"),
        nowhere,
        codes.astype(np.int32),
        texts,
    )


QUESTION = Question(10 * DAY, permutations=200)


def found(alike: bool) -> Discovery:
    return searched(alike).discovery


@cache
def searched(alike: bool) -> Answer:
    """Of the free, those buy who do e0; of the fewer who pay, those who do e1 or, if all are `alike`, e0 as well."""
    rng = np.random.default_rng(1)
    n = 6000
    columns, pro = counts(rng, n, 5), rng.random(n) < 0.35
    did = [column.numbers >= 2 for column in columns]
    matters = did[0] if alike else np.where(pro, did[1], did[0])
    rate = np.where(pro, 0.02, 0.03) * np.where(matters, 7.0, 1.0)
    both = frame([*columns, trait(pro, ("free", "pro"))], rng.random(n) < rate)
    given = Given("Bought", "account", 0, [both], [(0, 0)], [0.5], ())
    return answer(given, QUESTION)


def test_a_part_that_the_rule_leaves_out_gets_its_own() -> None:
    assert found(False).rules[0].text == 'e0 >= 2 and account.plan = "free"'
    parts = found(False).per_segment
    assert parts is not None and (parts.by, parts.searched) == ("account.plan", ("pro",))
    (own,) = parts.rules
    assert own.rule.text == "e1 >= 2" and own.rule.grade != "unconfirmed"
    assert [part.text for part in own.among] == ['account.plan = "pro"']
    assert own.general.inside_rows == 0
    text = "\n".join(found(False).sentences())
    assert "Searched by themselves, by account.plan: pro." in text
    assert "The rule above says nothing here" in text


def test_where_the_rule_holds_alike_nothing_is_searched_again() -> None:
    assert found(True).verdict == "signal"
    assert found(True).per_segment is None
    assert "Rules of their own" not in "\n".join(found(True).sentences())


def test_a_part_must_gain_by_its_own_rule() -> None:
    ground = searched(True).ground
    assert ground is not None
    general = chosen(ground.whole.board, ground.whole.found, ground.chance)
    assert general is not None
    parts = per_segment(ground, general, [SegmentTest("account.plan", 0.0, True, ())], QUESTION)
    assert parts is not None and parts.searched == ("free", "pro")
    assert parts.rules == ()


def test_parts_that_a_rule_leaves_out() -> None:
    plans = trait(np.array([0, 1, 2, 1]), ("free", "pro", "team"))
    sizes = column("size", np.array([1.0, 5.0, np.nan, 50.0]), both_ways=True)
    assert [part.name for part in left_out(plans, Compare("=", "free"), False)] == ["pro", "team"]
    assert [part.name for part in left_out(plans, Compare("=", "free"), True)] == ["free"]
    for test, name, rows in (
        (Compare(">=", 5.0), "below 5", [True, False, False, False]),
        (Compare("<", 5.0), "from 5", [False, True, False, True]),
        (Known(True), "missing", [False, False, True, False]),
    ):
        (part,) = left_out(sizes, test, False)
        assert (part.name, part.rows(sizes).tolist()) == (name, rows)


@pytest.mark.parametrize("any_", [False, True])
def test_a_part_is_one_more_condition_of_the_definition(any_: bool) -> None:
    draft, among = Draft("x", "account", None, "y"), [Part('account.plan = "pro"', "fit", "account.plan")]
    used = [Part("count(A) >= 2", "value", "A"), Part("did(B)", "value", "B")]
    made = load_definition(rule_file(draft, used, any_, among))
    assert [circle for circle, _ in made.circles] == ["value", "fit"]
    both = [Part("account.seats >= 2", "fit", "account.seats"), Part("account.tries >= 2", "fit", "account.tries")]
    made = load_definition(rule_file(draft, both, any_, among))
    ((circle, formula),) = made.circles
    assert circle == "fit" and isinstance(formula, All)
    assert len(formula.parts) == (2 if any_ else 3)


def test_slices_part_the_rows() -> None:
    numbers = np.random.default_rng(0).lognormal(3, 1, 900)
    sizes = Column(Candidate("account.size", PLAN, PLAN, "fit", "fit", True, "account.size"), numbers)
    rows = [part.rows(sizes) for part in slices(sizes)]
    assert len(rows) == 3 and np.sum(rows, axis=0).tolist() == [1] * 900
