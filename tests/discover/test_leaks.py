"""What knows the goal already is named, with its reason."""

from __future__ import annotations

import numpy as np
import pytest

from discover.frames import column
from fireflower.discover.leaks import Around, of_columns, of_events
from fireflower.model.moments import DAY, HOUR, NEVER

N = 400
GOAL = np.where(np.arange(N) < 100, 50 * DAY, NEVER)
AS_OF = 200 * DAY


def around(name: str, first: np.ndarray, count: float, last_day: float) -> Around:
    return Around(name, first, np.full(100, count), np.full(100, last_day))


def kinds(*events: Around) -> dict[str, str]:
    return {leak.name: leak.kind for leak in of_events(events, GOAL, AS_OF)}


def test_events_around_the_goal() -> None:
    usual = around("Report Run", np.full(N, 10 * DAY), 20, 1)
    after = around("Invoice Seen", np.where(np.arange(N) < 100, 51 * DAY, 60 * DAY), 0, 0)
    same = around("Plan Set", np.where(np.arange(N) < 100, 50 * DAY + 1, NEVER), 1, 1)
    spike = around("Card Typed", np.where(np.arange(N) < 120, 50 * DAY - HOUR, NEVER), 2, 2)
    only = around("Contract Read", np.where(np.arange(N) < 100, 20 * DAY, NEVER), 3, 0)
    sales = around("Deal Opened", np.full(N, 10 * DAY), 1, 0)
    assert kinds(usual, after, same, spike, only, sales) == {
        "Invoice Seen": "after", "Plan Set": "same", "Card Typed": "spike", "Contract Read": "only",
        "Deal Opened": "sales",
    }  # fmt: skip


def test_where_everything_happens_on_the_last_day_nothing_stands_out() -> None:
    assert kinds(*(around(f"e{i}", np.full(N, 49 * DAY + HOUR), 5, 5) for i in range(3))) == {}


def test_every_reason_has_its_figures() -> None:
    (leak,) = of_events([around("x", np.where(np.arange(N) < 100, 51 * DAY, NEVER), 0, 0)], GOAL, AS_OF)
    assert leak.reason == "100 % of those who did it and reached the goal did it first at or after the goal"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Lead Quality", "sales"), ("Last Activity", "sales"), ("employees", None), ("Lead Source", None)],
)
def test_names_of_columns(name: str, kind: str | None) -> None:
    rng = np.random.default_rng(0)
    found = of_columns([column(name, rng.integers(0, 5, N))], rng.random(N) < 0.3, frozenset())
    assert [leak.kind for leak in found] == ([kind] if kind else [])
    assert of_columns([column(name, rng.integers(0, 5, N))], rng.random(N) < 0.3, frozenset({name})) == []


def test_columns_that_only_those_have_who_reach_the_goal() -> None:
    reached = np.arange(N) < 100
    pure = column("a", np.where(np.arange(N) < 60, 1.0, np.where(np.arange(N) % 2, 2.0, 3.0)))
    filled = column("b", np.where(reached | (np.arange(N) > 390), np.arange(N) % 7, np.nan))
    assert [leak.kind for leak in of_columns([pure, filled], reached, frozenset())] == ["only", "filled in"]
