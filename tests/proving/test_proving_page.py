"""docs/proving-ground.md names every kind of world and every part of a score, and its example runs."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from benchmarks.proving import KINDS, Score

PAGE = (Path(__file__).parents[2] / "docs" / "proving-ground.md").read_text(encoding="utf-8")
SAID_ELSEWHERE = {"method", "kind", "seed", "grade", "seconds", "declared", "selected", "at_risk"}


def test_every_kind_is_on_the_page() -> None:
    rows = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    assert set(KINDS) <= set(re.findall(r"`(\w+)`", "".join(rows)))


def test_every_part_of_a_score_is_on_the_page() -> None:
    assert {field.name for field in fields(Score)} - SAID_ELSEWHERE <= set(re.findall(r"`(\w+)`", PAGE))


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    block = PAGE.split("```python\n")[1].split("```")[0]
    exec(compile(block.replace("conversions=250", "conversions=50"), "docs/proving-ground.md", "exec"), {})
    assert float(capsys.readouterr().out.splitlines()[-1]) == pytest.approx(3, rel=0.02)
