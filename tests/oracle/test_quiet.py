"""Histories made so that a quantity that keeps quiet, or a moment that was planned, would be wrong a little later."""

from __future__ import annotations

import pytest

from fireflower.evaluate.replay import replay
from fireflower.language.nodes import (
    AnyOf,
    Compare,
    Condition,
    Count,
    Definition,
    Difference,
    Distinct,
    EventPoints,
    Events,
    Ever,
    HoldingPoints,
    Last,
    Latest,
    OneOf,
    Property,
    Quantity,
    Recency,
    Score,
    Settings,
    Sum,
    Test,
)
from fireflower.model.moments import DAY
from fireflower.model.records import Kind, Record

from .engine import timeline_of, told_by_engine, told_by_oracle

START = 20_000 * DAY
OPEN, RUN = Events(("open",)), Events(("run",))
OPENED = Count(OPEN, Last(7 * DAY))
ALL_OPENED = Sum(Property("n"), OPEN, Ever())


def happened(day: float, name: str = "open", first: str = "", **properties: float | str) -> Record:
    """`first`: a message id, by which records of one instant are in order."""
    return Record(
        round(START + day * DAY), Kind.EVENT, name, "ann", properties=properties, message_id=first and f"{day}{first}"
    )


THREE_LEAVE_AT_ONCE = [happened(day) for day in (0, 0, 0, 1, 2, 7.5, 9.5)]
LETTERS = [happened(day, s=s) for day, s in zip((0, 0, 0, 1, 2, 7.5, 9.5), "abcdefg", strict=True)]
SUMS = [happened(0, n=3.0), happened(1, n=0.0), happened(2, "run", "1"), happened(2, "open", "2", n=-2.0)]
SUMS += [happened(3, n=1.0), happened(4, n=1.0)]
TWICE = Score((EventPoints(OPEN, 5.0), EventPoints(OPEN, 5.0)), None, None)
ANOTHER_ORDER = Score(
    (EventPoints(Events(("open", "run")), 5.0), EventPoints(Events(("run", "open")), 5.0)), None, None
)
TWO_SPANS = Difference(Count(OPEN, Last(DAY)), Count(RUN, Last(30 * DAY)))

CASES: dict[str, tuple[Quantity, Test, list[Record]]] = {
    "three leave at once, past a bound that then is reached from below": (
        OPENED,
        Compare("=", 3.0),
        THREE_LEAVE_AT_ONCE,
    ),
    "the same of all others": (OPENED, Compare("!=", 3.0), THREE_LEAVE_AT_ONCE),
    "the same of different values": (
        Distinct(Property("s"), OPEN, Last(7 * DAY)),
        Compare("=", 3.0),
        LETTERS,
    ),
    "one event earns twice": (TWICE, Compare(">=", 20.0), [happened(day) for day in range(4)]),
    "one event earns twice, under names in another order": (
        ANOTHER_ORDER,
        Compare(">=", 20.0),
        [happened(day) for day in range(4)],
    ),
    "of two windows the shorter ends first": (
        TWO_SPANS,
        Compare(">=", -2.0),
        [happened(0, "run"), happened(0.1, "run"), happened(1), happened(1.5, "run")],
    ),
    "a span that is one of two": (
        Recency(OPEN),
        OneOf((float(DAY), 5.0 * DAY)),
        [happened(day) for day in (0, 2, 2.5, 20)],
    ),
    "a sum falls at the instant of another change": (ALL_OPENED, OneOf((1.0, 3.0)), SUMS),
    "a sum rises from below nothing": (
        ALL_OPENED,
        Compare("=", -2.0),
        [happened(day, n=n) for day, n in enumerate((-5.0, 1.0, 2.0, 1.0))],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_quiet_is_heard_in_time(case: str) -> None:
    quantity, test, records = CASES[case]
    ran = Condition(Count(RUN), Compare(">=", 1.0))
    wanted = [
        Definition("alone", "person", Condition(quantity, test)),
        Definition("beside another", "person", AnyOf((Condition(quantity, test), ran))),
    ]
    whole = (wanted, Settings(), records, START + 40 * DAY)
    assert told_by_engine(whole) == told_by_oracle(whole)


def test_points_that_two_scores_share_are_heard() -> None:
    shared, own = EventPoints(OPEN, 5.0), EventPoints(RUN, 6.0)
    wanted = [
        Definition("both", "person", Condition(Score((shared, own), None, None), Compare(">=", 20.0))),
        Definition("shared", "person", Condition(Score((shared,), None, None), Compare(">=", 100.0))),
    ]
    records = [happened(day, name) for day, name in enumerate(("run", "open", "open", "run", "run"))]
    whole = (wanted, Settings(), records, START + 10 * DAY)
    assert told_by_engine(whole) == told_by_oracle(whole)


def test_what_comes_and_goes_within_an_instant_tips_nothing() -> None:
    latest = Condition(Latest(Property("n"), OPEN, Last(7 * DAY)), Compare(">=", 3.0))
    records = [happened(0, n=5.0), happened(1, "open", "1", n=1.0), happened(1, "open", "2", n=5.0)]
    case = ([Definition("high", "person", latest)], Settings(), records, START + 10 * DAY)
    found = replay(case[0], case[1], [timeline_of(case)], as_of=case[3], compiled=False)
    assert [(at - START) / DAY for at in found.at] == [0, 8]
    assert (found.facts().row >= 0).tolist() == [True, False]


PASSING = [happened(0, n=1.0), happened(1, "open", "1", n=50.0), happened(1, "open", "2", n=10.0), happened(2, n=50.0)]
HELD = Score((HoldingPoints(Condition(Count(RUN), Compare(">=", 1.0)), 10.0), EventPoints(OPEN, 45.0)), None, None)


@pytest.mark.parametrize(
    ("quantity", "records"),
    [
        pytest.param(Latest(Property("n"), OPEN, Ever()), PASSING, id="passed within an instant"),
        pytest.param(HELD, [happened(1, "run"), happened(2)], id="not reached by a score"),
    ],
)
def test_a_bound_that_was_not_crossed_is_tipped_by_what_crosses_it_later(
    quantity: Quantity, records: list[Record]
) -> None:
    wanted = [Definition(f"{low}", "person", Condition(quantity, Compare(">=", low))) for low in (5.0, 50.0)]
    case = (wanted, Settings(), records, START + 10 * DAY)
    timeline = timeline_of(case)
    found = replay(wanted, Settings(), [timeline], as_of=case[3], compiled=False)
    assert [(at - START) / DAY for at in found.at] == [1, 2]
    assert (timeline.time[found.facts().row] == found.at).all()
