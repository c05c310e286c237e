"""The bench of discovery: one world from end to end, and what is made of many."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import discovery
from benchmarks.discovery_looks import Asked, look
from benchmarks.discovery_report import markdown
from benchmarks.report import publish


@pytest.fixture(scope="module")
def row() -> dict[str, Any]:
    return look(Asked("or", 125, 2))


def test_a_world_is_imported_searched_and_judged(row: dict[str, Any]) -> None:
    assert json.loads(json.dumps(row))["kind"] == "or"
    rule = row["by"]["rule"]
    assert rule["true_events"] == 2
    assert row["verdict"] == "signal" and rule["declared"] and rule["selected"] > 50
    assert rule["found"] >= 1 and not rule["traps"]
    score = row["by"]["score"]
    assert 0.5 < score["auc"] < 0.8 and 0 < score["log_loss"] < 0.3


def test_what_is_measured_is_kept_and_not_measured_again(
    row: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "worlds.jsonl"
    of = {"kind": "or", "conversions": discovery.EACH, "seed": 1}
    data.write_text(json.dumps({**row, **of}) + "\n")
    quick = ["--worlds", "1", "--null", "0", "--curve", "--kinds", "or", "--processes", "1", "--data", str(data)]
    assert discovery.main(quick) == 0
    assert len(data.read_text().splitlines()) == 1
    assert "| or | 1 | 1 of 1 |" in capsys.readouterr().out


def test_targets_are_judged_by_shares_with_intervals(row: dict[str, Any], tmp_path: Path) -> None:
    rule = {**row["by"]["rule"], "declared": True, "grade": "predictive"}
    null = [
        {**row, "kind": "null", "seed": seed, "verdict": "signal" if seed == 0 else "none", "by": {"rule": rule}}
        for seed in range(40)
    ]
    found = [
        {**row, "kind": "and", "conversions": 1000, "seed": seed, "by": {"rule": {**rule, "recovered": seed > 2}}}
        for seed in range(20)
    ]
    report = markdown([*null, *found])
    assert "| true rule found, 1,000 conversions | 95 % or more | 85.0 %" in report
    assert "| a rule declared where nothing matters | 5 % or less | 2.5 %" in report
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- figures -->\nstale\n<!-- end of figures -->\nafter\n")
    publish(report, page)
    assert "stale" not in page.read_text() and page.read_text().startswith("before") and "after" in page.read_text()
