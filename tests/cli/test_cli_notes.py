"""Notes about what makes verdicts other than meant."""

from __future__ import annotations

from pathlib import Path

import pytest

MISSPELT = "definition: x1\nsubject: account\nvalue: count(Report Rum) >= 1\nfit: account.employes >= 2\ngoal: none\n"


@pytest.mark.parametrize("command", [["qualify"], ["qualify", "--json"], ["report"], ["backtest", "x1"]])
def test_names_that_the_data_does_not_know_are_noted(project: Path, run, command: list[str]) -> None:
    (project / "definitions" / "x1.yaml").write_text(MISSPELT.replace("goal: none\n", ""))
    result = run(*command, project=project)
    assert result.stderr.count("note: ") == 2
    assert "note: x1: no event 'Report Rum' is in the data. Did you mean 'Report Run'?\n" in result.stderr
    assert "note: x1: no trait account.employes is in the data.\n" in result.stderr
    assert "note" not in result.stdout


def test_only_definitions_asked_for_are_noted_and_each_name_once(project: Path, run) -> None:
    for number in range(1, 6):
        (project / "definitions" / f"x{number}.yaml").write_text(MISSPELT.replace("x1", f"x{number}"))
    assert "note" not in run("qualify", "-d", "team", project=project).stderr
    result = run("qualify", project=project)
    assert result.stderr.count("note: ") == 2
    assert "note: x1, x2, x3, 2 more: no event 'Report Rum'" in result.stderr


def test_many_names_are_cut_short(project: Path, run) -> None:
    names = "\n".join(f"    - did(Unheard {letter})" for letter in "ABCDEFGH")
    (project / "definitions" / "x1.yaml").write_text(
        f"definition: x1\nsubject: account\nvalue:\n  any:\n{names}\ngoal: none\n"
    )
    result = run("qualify", project=project)
    assert result.stderr.count("note: x1: ") == 5
    assert result.stderr.endswith("note: and 3 more: 'fireflower check' shows all\n")
