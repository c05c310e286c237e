"""From records to a review: the definitions that a review asks for say what its moments claim."""

from __future__ import annotations

from fireflower.evaluate.replay import replay
from fireflower.evaluate.results import Transitions
from fireflower.history.assembly import assemble
from fireflower.language.nodes import Compare, Condition, Count, Definition, Events, Last, Settings, Trait
from fireflower.model.moments import DAY, NEVER
from fireflower.model.records import Kind, Record
from fireflower.review.backtest import backtest
from fireflower.review.funnel import funnel
from fireflower.review.moments import internal_definitions, moments, spells
from fireflower.review.thresholds import threshold_curves, variants

DAY_0 = 19723 * DAY
PROJECT = Settings(
    start=Events(("sign up",)),
    activation=Events(("report",)),
    goal=Events(("paid",)),
    leave_out=(("account", Condition(Trait("account", "internal"), Compare("=", True))),),
)
TEAM = Definition(
    "team", "account", Condition(Count(Events(("report",)), Last(7 * DAY)), Compare(">=", 2)), goal=Events(("paid",))
)


def event(day: float, name: str, account: str, late: float = 0.0) -> Record:
    time = DAY_0 + round(day * DAY)
    return Record(time, Kind.EVENT, name, account=account, received=time + round(late * DAY))


def records() -> list[Record]:
    """Ten accounts sign up; a0 to a2 report twice on days 2 and 4; a0 pays, a3 pays too; a9 turns out to be ours."""
    made = [event(0, "sign up", f"a{i}") for i in range(10)]
    for i in range(3):
        made += [event(2, "report", f"a{i}"), event(4, "report", f"a{i}", late=1.0 if i == 1 else 0.0)]
    made += [event(12, "paid", "a0"), event(20, "paid", "a3"), event(25, "report", "a2"), event(60, "visit", "a5")]
    made.append(Record(DAY_0 + 3 * DAY, Kind.ACCOUNT_TRAIT, "internal", account="a9", value=True))
    return made


def replayed() -> Transitions:
    definitions = (TEAM, *internal_definitions(PROJECT, TEAM), *(v.definition for v in variants(TEAM)))
    return replay(definitions, PROJECT, [assemble(records())], evidence=False, compiled=False)


def test_moments_and_spells_come_out_of_a_replay() -> None:
    transitions = replayed()
    found = moments(transitions, TEAM)
    code = {id: i for i, id in enumerate(found.ids)}
    assert (found.start == DAY_0).all()
    assert found.activation[code["a0"]] == DAY_0 + 2 * DAY
    assert found.goal[code["a3"]] == DAY_0 + 20 * DAY
    assert found.goal[code["a1"]] == NEVER
    assert found.left_out_from[code["a9"]] == DAY_0 + 3 * DAY
    qualified = spells(transitions, "team")
    assert sorted(found.ids[i] for i in qualified.subject) == ["a0", "a1", "a2"]
    assert set((qualified.entered - DAY_0) // DAY) == {4}
    assert sorted((qualified.entered_known - DAY_0) // DAY) == [4, 4, 5]
    assert set((qualified.left - DAY_0) // DAY) == {9}


def test_a_review_of_a_replay() -> None:
    transitions = replayed()
    found, qualified = moments(transitions, TEAM), spells(transitions, "team")
    result = backtest(found, qualified, definition="team")
    assert (result.population, result.left_out, result.entered, result.converted) == (10, 1, 3, 1)
    assert (result.coverage.reached, result.coverage.before, result.coverage.still) == (2, 1, 0)
    # a1, known a day late, is still a control of the two others.
    assert (result.comparison.matched, result.comparison.control_subjects) == (3, 7)
    assert [stage.through for stage in funnel(found, qualified).stages] == [10, 3, 3, 1]


def test_threshold_curves_of_a_replay() -> None:
    transitions = replayed()
    (curve,) = threshold_curves(moments(transitions, TEAM), variants(TEAM), lambda name: spells(transitions, name))
    assert curve.thresholds[curve.current] == 2
    assert curve.entered[:3] == (3, 3, 0)
