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


KNOWN = "account.employees is known only from 20"
TO_DO = "declare account.employees under `timeless:` in fireflower.yaml if it has always held"


@pytest.fixture
def sized(project: Path, tmp_path: Path, run) -> Path:
    """A project with a table of accounts that was imported without times."""
    (project / "definitions" / "sized.yaml").write_text(
        "definition: sized\nsubject: account\nvalue: count(Report Run) >= 1\nfit: account.employees >= 2\n"
    )
    path = tmp_path / "accounts.csv"
    path.write_text("account,employees\nacme,20\nbirch,30\n")
    run("import", path, "--kind", "accounts", "-m", "account=account", "--yes", project=project)
    return project


@pytest.mark.parametrize("command", [["qualify"], ["report"], ["backtest", "sized"], ["explain", "acme"]])
def test_traits_that_are_known_only_later_are_noted(sized: Path, run, command: list[str]) -> None:
    text = run(*command, project=sized).stderr
    assert f"note: {KNOWN}" in text
    assert f" on, after the moment of the verdicts (2026-01-06): {TO_DO}.\n" in text


def test_doctor_and_explain_say_what_to_do_about_traits_that_are_known_later(sized: Path, run) -> None:
    text = run("doctor", project=sized).stdout
    assert f"warning: {KNOWN}" in text and f"  -> D{TO_DO[1:]}.\n" in text
    text = run("explain", "acme", "-d", "sized", project=sized).stdout
    assert f"Nearest next step: {TO_DO}: it is known only from 20" in text


def test_traits_that_are_known_in_time_or_not_read_are_not_noted(sized: Path, run) -> None:
    assert "note" not in run("qualify", "-d", "team", project=sized).stderr
    assert "note" not in run("qualify", "--as-of", "2099-01-01", project=sized).stderr.replace("note: 2099", "")
    settings = sized / "fireflower.yaml"
    settings.write_text(settings.read_text() + "timeless: [account.employees]\n")
    assert "note" not in run("qualify", project=sized).stderr
