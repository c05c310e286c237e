"""What a run measures, and what the report makes of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.measure import CommandFailed, Cost, measure, middle
from benchmarks.report import BEGIN, END, markdown, publish, targets

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"


def cost(seconds: float, memory: float = 1e9) -> dict[str, Any]:
    return {"wall": seconds, "user": seconds, "system": 0.0, "memory": int(memory)}


@pytest.fixture
def results() -> dict[str, Any]:
    contenders = {"scan": cost(2), "fireflower": cost(6), "duckdb": cost(30), "polars": cost(24)}
    return {
        "events": 100_000_000,
        "runs": 3,
        "machine": {"cores": 2, "processor": "x86_64", "memory": 8e9},
        "versions": {"python": "3.11"},
        "contenders": contenders,
        "equal": {"duckdb": True, "polars": True},
        "import": cost(80),
        "linear": [{"events": 10_000_000, "import": cost(8), "replay": cost(0.7)}],
        "many": {"20": cost(10), "200": cost(25)},
        "shell": {"help": cost(0.1), "qualify": cost(2.5)},
    }


def test_each_target_stands_beside_what_was_measured(results: dict[str, Any]) -> None:
    reached = {what: (measured, ok) for what, _, measured, ok in targets(results)}
    assert reached["CPU, against the bare scan of the archive"] == ("3.0x", True)
    assert reached["CPU, against the best rival (polars)"] == ("4.0x less", True)
    assert reached["import from Parquet"] == ("1.25 million/s", True)
    assert reached["200 definitions against 20"] == ("2.50x", False)
    assert reached["cost an event, against fewer events"] == ("0.86x", True)
    assert reached["qualify 10,000 events from the shell"] == ("2.50 s", False)


def test_the_report_says_what_was_not_reached(results: dict[str, Any]) -> None:
    text = markdown(results)
    assert "| 200 definitions against 20 | 2x or less | 2.50x | NO |" in text
    assert "| DuckDB | 30.0 | 30.0 | 15.0 | 3.33 | 1.00 | yes |" in text


def test_a_report_of_one_step_is_possible(results: dict[str, Any]) -> None:
    only = {key: results[key] for key in ("events", "runs", "machine", "versions", "shell")}
    assert "--help" in markdown(only)


def test_results_go_between_the_marks_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    publish("# New\n", page)
    assert page.read_text() == f"before\n{BEGIN}\n### New\n{END}\nafter\n"


def test_the_page_on_benchmarks_has_the_marks() -> None:
    text = PAGE.read_text()
    assert text.index(BEGIN) < text.index(END)


def test_a_command_is_measured_with_its_children() -> None:
    busy = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'sum(range(10**7))'])"
    found = measure([sys.executable, "-c", busy])
    assert found.cpu > measure([sys.executable, "-c", "pass"]).cpu
    assert found.memory > 1e6


def test_a_failed_command_says_what_it_wrote() -> None:
    with pytest.raises(CommandFailed, match="no such thing"):
        measure([sys.executable, "-c", "raise SystemExit('no such thing')"])


def test_the_middle_of_several_runs() -> None:
    costs = [Cost(3, 2, 1, 10), Cost(1, 1, 0, 30), Cost(2, 3, 2, 20)]
    assert middle(costs) == Cost(2, 2, 1, 30)


def test_a_sample_is_extrapolated_without_its_start() -> None:
    assert Cost(3, 2, 1, 10).times(20, idle=Cost(1, 1, 0, 5)) == Cost(41, 21, 20, 10)
