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


def test_check_shows_the_warnings_beside_errors(project: Path, run) -> None:
    (project / "definitions" / "x1.yaml").write_text(MISSPELT)
    (project / "definitions" / "x2.yaml").write_text("definition: x2\nsubject: acount\nvalue: did(Report Run)\n")
    text = run("check", project=project, fails=1).stderr
    assert "no event 'Report Rum' is in the data. Did you mean 'Report Run'?" in text
    assert "x2.yaml:2:10: error" in text
    assert text.endswith("1 error, 2 warnings\n")


def test_check_knows_the_properties_of_the_data(empty_project: Path, run) -> None:
    (empty_project / "e.csv").write_text(
        "time,user_id,event,plan,note\n2026-01-05,ann,Report Run,pro,\n2026-01-06,ann,Report Run,pro,12\n"
        "2026-01-07,ann,Report Run,,n/a\n"
    )
    run("import", empty_project / "e.csv", "--yes", project=empty_project)
    (empty_project / "definitions" / "x1.yaml").write_text(
        "definition: x1\nsubject: person\nvalue:\n  all:\n"
        "    - did(Report Run where properties.plan = pro)\n"
        "    - sum(properties.note of Report Run) > 3\n"
        "    - did(Report Run where properties.plam = pro)\n"
    )
    text = run("check", project=empty_project).stderr
    assert "x1.yaml:7:28: warning: no event has a property 'plam' in the data. Did you mean 'plan'?" in text
    assert text.count("no event has a property") == 1 and "properties.note" not in text
    assert "properties  note, plan\n" in run("doctor", project=empty_project).stdout
    noted = run("qualify", project=empty_project).stderr
    assert "note: x1: no event has a property 'plam' in the data. Did you mean 'plan'?\n" in noted


SIZES = "has, beside numbers, text such as '1,200' in the data (2 different values), which"


def test_numbers_that_are_text_are_told_of(project: Path, tmp_path: Path, run) -> None:
    table = tmp_path / "accounts.csv"
    table.write_text('account,employees,at\nacme,"1,200",2025-01-01\nbirch,51-200,2025-01-01\ncedar,20,2025-01-01\n')
    run("import", table, "--kind", "accounts", "-m", "account=account", "-m", "time=at", "--yes", project=project)
    events = tmp_path / "paid.csv"
    events.write_text('time,user_id,event,amount\n2026-01-05,ann,Paid,12\n2026-01-05,ann,Paid,"12,5"\n')
    run("import", events, "--yes", project=project)
    (project / "definitions" / "x1.yaml").write_text(
        "definition: x1\nsubject: account\nvalue: account.employees >= 15\n"
        "intent: sum(properties.amount of Paid) > 5 or did(Report Run where properties.amount > 5)\n"
    )
    text = run("check", project=project).stderr
    assert f"x1.yaml:3:8: warning: account.employees {SIZES} passes no comparison with numbers. Write numbers" in text
    assert "properties.amount has, beside numbers, text such as '12,5' in the data, which is left out." in text
    assert "no 'Report Run' has a property 'amount' in the data, only 'Paid'." in text
    assert f"note: x1: account.employees {SIZES}" in run("qualify", project=project).stderr


def test_drafts_are_noted_and_checked_too(project: Path, tmp_path: Path, run) -> None:
    draft = tmp_path / "draft.yaml"
    draft.write_text(MISSPELT.replace("x1", "team").replace("goal: none", "goal: Subscription Startd"))
    event = "no event 'Report Rum' is in the data. Did you mean 'Report Run'?\n"
    goal = "the goal 'Subscription Startd' has never happened in the data, so nothing can be said of who reaches it."
    noted = run("diff", "team", draft, project=project).stderr
    assert f"note: team ({draft}): {event}" in noted and f"note: team ({draft}): {goal} Did you mean" in noted
    assert run("describe", draft, project=project).stderr.startswith(f"note: team: {event}")
    checked = run("check", draft, project=project)
    assert "1 definition can be used" in checked.stdout and "3 warnings" in checked.stdout
    assert f"{draft}:3:14: warning: {event}" in checked.stderr
    assert "there is no file" in run("check", tmp_path / "none.yaml", project=project, fails=1).stderr


def test_a_definition_is_described_where_there_is_no_history(empty_project: Path, run) -> None:
    assert not run("describe", "team", project=empty_project).stderr


def test_backtest_says_what_the_goal_was_meant_to_be(project: Path, run) -> None:
    (project / "definitions" / "x1.yaml").write_text(
        "definition: x1\nsubject: account\nvalue: did(Report Run)\ngoal: Subscription Startd\n"
    )
    noted = run("backtest", "x1", project=project).stderr
    assert "note: x1: the goal 'Subscription Startd' has never happened in the data" in noted
    assert "Did you mean 'Subscription Started'?" in noted
    assert "note" not in run("qualify", "-d", "x1", project=project).stderr


def test_names_are_shown_as_they_must_be_written(project: Path, tmp_path: Path, run) -> None:
    table = tmp_path / "accounts.csv"
    table.write_text("account,# Employees\nacme,20\n")
    run("import", table, "--kind", "accounts", "-m", "account=account", "--yes", project=project)
    (project / "definitions" / "x1.yaml").write_text(
        'definition: x1\nsubject: account\nvalue: account."# Employees" >= 15\n'
    )
    assert 'declare account."# Employees" under `timeless:`' in run("qualify", project=project).stderr
    assert 'account."# Employees"' in run("doctor", project=project).stdout
    settings = project / "fireflower.yaml"
    settings.write_text(settings.read_text() + 'timeless: [account."# Employees"]\n')
    assert "note" not in run("qualify", project=project).stderr


def test_check_shows_the_errors_of_settings_alone(project: Path, run) -> None:
    (project / "definitions" / "x1.yaml").write_text(MISSPELT)
    (project / "fireflower.yaml").write_text("projekt: Shop\n")
    text = run("check", project=project, fails=1).stderr
    assert "error" in text and "warning" not in text


@pytest.mark.parametrize("reference", ["/tmp/none/x.yaml", "none.yml", "definitions/none"])
def test_diff_says_that_there_is_no_such_file(project: Path, run, reference: str) -> None:
    text = run("diff", "team", reference, project=project, fails=1).stderr
    assert f"error: there is no file {reference}." in text


def test_diff_still_says_that_there_is_no_such_name(project: Path, run) -> None:
    text = run("diff", "team", "tean", project=project, fails=1).stderr
    assert "no definition is named 'tean'. Did you mean 'team'?" in text


def test_explain_says_what_keeps_a_subject_from_qualifying(project: Path, run) -> None:
    settings = (project / "fireflower.yaml").read_text()
    (project / "fireflower.yaml").write_text(settings.replace("leave_out:", "leave_out:\n  accounts: did(Report Run)"))
    said = run("explain", "acme", project=project).output
    assert "  It is left out of every definition: did(Report Run).\n" in said
    assert "Nearest next step" not in said
