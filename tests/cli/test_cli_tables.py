"""Tables on a terminal that is not wide."""

from __future__ import annotations

import pytest

from fireflower.cli import tables
from fireflower.cli.evidence import in_brief
from fireflower.evaluate.results import Evidence
from fireflower.language.nodes import Condition, OneOf, Trait
from fireflower.review.intervals import Estimate


def test_dates_and_numbers_are_not_broken_where_there_is_room(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    columns = ["week", "entered", "followed", "reached", "share", "interval", "pending", "too late"]
    row = ["2025-12-01", "1,204", "1,104", "904", "100 %", "96 to 100 %", "100", "1,000"]
    tables._draw(columns, [row, row], right=columns[1:])
    lines = capsys.readouterr().out.splitlines()
    assert sum(all(cell in line for cell in row) for line in lines) == 2
    assert max(map(len, lines)) <= 80


def test_shares_in_a_table_are_whole_but_never_rounded_to_nothing_or_all() -> None:
    assert tables.percent(Estimate(2 / 3, 0.2077, 0.9385, 3, "")) == ("67 %", "21 to 94 %")
    assert tables.percent(Estimate(1.0, 0.9966, 1.0, 900, "")) == ("100 %", "99.7 to 100 %")
    assert tables.percent(Estimate(0.0, 0.0, 0.0041, 900, "")) == ("0 %", "0 to 0.4 %")


def test_long_cells_make_room_and_nothing_is_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    tables._draw(["since", "evidence"], [["2025-12-01", "word " * 30]], right=())
    out = capsys.readouterr().out
    assert "2025-12-01" in out and out.count("word") == 30
    tables._draw([f"column{i}" for i in range(5)], [["12345678901"] * 5], right=())
    assert sum(map(str.isdigit, capsys.readouterr().out)) == 5 * (1 + 11)


def test_what_reads_the_same_stands_in_the_evidence_once() -> None:
    plans = (Condition(Trait("person", "plan"), OneOf(("pro",))), Condition(Trait("account", "plan"), OneOf(("pro",))))
    states = tuple(Evidence(plan, True, "pro", 0, None) for plan in plans)
    assert in_brief(states, frozenset()) == "plan pro"
