"""Bad input, as a user sees it: messages name the place, what was expected and what to do; nothing is left behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

TEN_FAULTS = """\
definition: ten
subject: acount
kind: usge
anchors: {trial: {event: Trial Started}}
quantities:
  a: {cuont: Report Run}
  b: {count: Report Run, last: 3 months}
  c: {sum: properties.minutes}
value:
  all:
    - reports >= 3
    - a >= NaN
    - count(Report Run, within 7 days of trail) >= 1
    - distinct_days(Login >= 2
fit: account.employees between 200
goal: Subscription Started
colour: red
"""


def define(project: Path, text: str, name: str = "team") -> None:
    (project / "definitions" / f"{name}.yaml").write_text(text)


# --- Definitions ------------------------------------------------------------------------------------------------------


def test_a_definition_with_ten_faults_shows_ten(empty_project: Path, run) -> None:
    define(empty_project, TEN_FAULTS)
    text = run("check", project=empty_project, fails=1).output
    assert text.count("team.yaml:") >= 10
    assert "errors" in text.splitlines()[-1]
    assert int(text.splitlines()[-1].split()[0]) >= 10


def test_a_fault_shows_its_line_with_a_caret_under_the_place(empty_project: Path, run) -> None:
    define(empty_project, "definition: team\nsubject: acount\nvalue: count(Report Run) >= 3\n")
    lines = run("check", project=empty_project, fails=1).output.splitlines()
    assert lines[0].endswith("Did you mean 'account'?") and "team.yaml:2:10: error:" in lines[0]
    assert lines[1] == "    2 | subject: acount"
    assert lines[2] == "      |          ^"
    assert lines[3] == "1 error"


def test_every_command_that_needs_definitions_shows_their_faults(empty_project: Path, run) -> None:
    define(empty_project, TEN_FAULTS)
    for command in (["qualify"], ["explain", "acme"], ["backtest", "ten"], ["report"], ["diff", "ten", "active"]):
        assert run(*command, project=empty_project, fails=1).output.count("team.yaml:") >= 10


def test_debug_shows_the_stack_trace(empty_project: Path, run) -> None:
    define(empty_project, TEN_FAULTS)
    result = run("--debug", "check", project=empty_project, fails=1)
    assert "Traceback" not in result.output
    result = run("--debug", "qualify", project=empty_project, fails=1)
    assert type(result.exception).__name__ == "DefinitionError"


def test_a_threshold_that_is_no_number(empty_project: Path, run) -> None:
    define(empty_project, "definition: team\nsubject: account\nvalue: count(Report Run) >= NaN\n")
    text = run("check", project=empty_project, fails=1).output
    assert "team.yaml:3:" in text
    assert "NaN" in text


def test_a_circular_reference(empty_project: Path, run) -> None:
    define(
        empty_project,
        "definition: team\nsubject: account\nvalue: intent and count(Report Run) >= 1\nintent: fit\nfit: value\n",
    )
    text = run("check", project=empty_project, fails=1).output
    assert "team.yaml:" in text
    assert any(word in text for word in ("circle", "circular", "itself"))


def test_a_skill_is_refused_for_now(empty_project: Path, run) -> None:
    define(empty_project, "definition: team\nsubject: account\nability: skill(reporting) >= 0.8\n")
    assert "skills cannot be evaluated by this version" in run("check", project=empty_project, fails=1).output


def test_an_empty_definition_and_empty_settings(empty_project: Path, run) -> None:
    define(empty_project, "")
    (empty_project / "fireflower.yaml").write_text("")
    text = run("check", project=empty_project, fails=1).output
    assert "team.yaml:1:1: error: the file is empty" in text
    assert "fireflower.yaml:1:1: error: the file is empty" in text


def test_a_test_of_a_definition_that_fails(empty_project: Path, run) -> None:
    path = empty_project / "definitions" / "team.yaml"
    path.write_text(path.read_text().replace("entered: day 5", "entered: day 6"))
    text = run("check", project=empty_project, fails=1).output
    line = next(at for at, text in enumerate(path.read_text().splitlines(), 1) if "looks at prices" in text)
    found = "test 'looks at prices' of 'team': expected entered at 2026-01-07 00:00, got entered at 2026-01-06"
    assert f"team.yaml:{line}:5: error: {found}" in text


def test_two_tests_of_one_name(empty_project: Path, run) -> None:
    path = empty_project / "definitions" / "team.yaml"
    text = path.read_text().replace("entered: day 5", "entered: day 6")
    path.write_text(text + text.partition("tests:\n")[2])
    text = run("check", project=empty_project, fails=1).output
    lines = [at for at, line in enumerate(path.read_text().splitlines(), 1) if "looks at prices" in line]
    assert len(lines) == 2 and all(f"team.yaml:{line}:5: error" in text for line in lines)


# --- Names that the data do not know ----------------------------------------------------------------------------------


def test_a_goal_that_never_happens(project: Path, run) -> None:
    define(project, "definition: team\nsubject: account\nvalue: count(Report Run) >= 3\ngoal: Subscription Startd\n")
    text = run("check", project=project).output
    assert "team.yaml:4:" in text
    assert "the goal 'Subscription Startd' has never happened in the data" in text
    assert "Did you mean 'Subscription Started'?" in text
    backtest = run("backtest", "team", project=project).output
    assert "nobody has reached" in backtest.lower() or "never" in backtest.lower() or "no account" in backtest.lower()


def test_an_event_that_was_never_seen_is_a_warning(project: Path, run) -> None:
    define(project, "definition: team\nsubject: account\nvalue: count(Reprt Run) >= 3\n")
    text = run("check", project=project).output
    assert "warning" in text and "Did you mean 'Report Run'?" in text
    assert run("check", "--strict", project=project, fails=1).output.endswith("1 warning.\n")


def test_a_definition_without_a_goal_cannot_be_reviewed(project: Path, run) -> None:
    text = run("backtest", "active", project=project, fails=1).output
    assert "A backtest needs a goal" in text
    assert "Add `goal:`" in text


# --- Files to import --------------------------------------------------------------------------------------------------


def history(project: Path) -> list[str]:
    return sorted(str(path) for path in (project / ".fireflower").rglob("*") if path.is_file())


@pytest.mark.parametrize("name", ["events.csv", "events.jsonl", "events.parquet"])
def test_an_empty_file(name: str, empty_project: Path, tmp_path: Path, run) -> None:
    path = tmp_path / name
    path.write_bytes(b"")
    text = run("import", path, "--yes", project=empty_project, fails=1).output
    assert f"{path} is empty" in text
    assert history(empty_project) == []


def test_a_file_without_users(empty_project: Path, tmp_path: Path, run) -> None:
    path = tmp_path / "events.csv"
    path.write_text("timestamp,event,colour\n2026-01-01,Login,red\n2026-01-02,Login,blue\n")
    text = run("import", path, "--yes", project=empty_project, fails=1).output
    assert "people" in text
    assert "person" in text
    assert "Traceback" not in text


def test_rows_without_users_are_kept_aside(empty_project: Path, tmp_path: Path, run) -> None:
    path = tmp_path / "events.csv"
    path.write_text("timestamp,event,user_id\n2026-01-01,Login,ann\n2026-01-02,Login,\n")
    assert "1 row was kept aside" in run("import", path, "--yes", project=empty_project).output
    listed = run("rejects", project=empty_project).output
    assert "events.csv" in listed
    assert " 3 " in listed


def test_an_event_of_the_future_is_noted_where_it_decides(empty_project: Path, tmp_path: Path, run) -> None:
    path = tmp_path / "ahead.csv"
    path.write_text("timestamp,event,user_id\n2089-01-01,Login,ann\n2026-01-02,Login,ann\n")
    run("import", path, "--yes", project=empty_project)
    define(empty_project, "definition: team\nsubject: person\nvalue: count(Login) >= 1\n")
    assert "in the future (2089-01-01 00:00 UTC)" in run("qualify", project=empty_project).output
    assert "in the future" not in run("qualify", "--as-of", "2026-01-03", project=empty_project).output


def test_a_time_in_the_year_9999(empty_project: Path, tmp_path: Path, run) -> None:
    path = tmp_path / "events.csv"
    path.write_text("timestamp,event,user_id\n9999-12-31T23:59:59Z,Login,ann\n2026-01-02,Login,ann\n")
    run("import", path, "-m", "time=timestamp", "--yes", project=empty_project)
    listed = run("rejects", project=empty_project).output
    assert "9999-12-31" in listed
    assert "1970" in listed and "2100" in listed
    assert "2026-01-02" in run("qualify", project=empty_project).output


def test_strict_leaves_nothing_behind(empty_project: Path, tmp_path: Path, run) -> None:
    path = tmp_path / "events.csv"
    path.write_text("timestamp,event,user_id\n2026-01-01,Login,ann\nsoon,Login,ann\n")
    text = run("import", path, "-m", "time=timestamp", "--yes", "--strict", project=empty_project, fails=1).output
    assert "events.csv" in text and "3" in text
    assert "no history yet" in run("qualify", project=empty_project, fails=1).output


def test_a_file_that_is_not_there(empty_project: Path, run) -> None:
    assert "No file to import at nowhere.csv" in run("import", "nowhere.csv", project=empty_project, fails=1).output


def test_a_part_that_no_mapping_has(empty_project: Path, events_file: Path, run) -> None:
    text = run("import", events_file, "--map", "persn=user_id", project=empty_project, fails=1).output
    assert "Did you mean 'person'?" in text


def test_a_map_that_is_none(empty_project: Path, events_file: Path, run) -> None:
    assert "expected PART=COLUMN" in run("import", events_file, "-m", "user_id", project=empty_project, fails=2).output


def test_without_a_terminal_a_guess_is_not_taken(empty_project: Path, events_file: Path, run) -> None:
    text = run("import", events_file, project=empty_project, fails=1).output
    assert "Pass --yes" in text
    assert "--map person=user_id" in text
    assert history(empty_project) == []


# --- Projects and subjects --------------------------------------------------------------------------------------------


def test_a_folder_that_is_no_project(tmp_path: Path, run) -> None:
    assert f"'fireflower init {tmp_path}'" in run("check", project=tmp_path, fails=1).output


def test_no_project_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run) -> None:
    monkeypatch.chdir(tmp_path)
    assert "'fireflower init DIR'" in run("qualify", fails=1).output


def test_no_history_yet(empty_project: Path, run) -> None:
    for command in (["qualify"], ["explain", "acme"], ["backtest", "team"], ["report"]):
        assert "fireflower import events.csv" in run(*command, project=empty_project, fails=1).output


def test_an_unknown_subject_and_definition(project: Path, run) -> None:
    assert "Did you mean 'acme'?" in run("explain", "acmee", project=project, fails=1).output
    assert "Did you mean 'acme'?" in run("qualify", "-s", "acmee", project=project, fails=1).output
    assert "Did you mean 'team'?" in run("qualify", "-d", "taem", project=project, fails=1).output


def test_a_diff_of_different_subjects(project: Path, run) -> None:
    text = run("diff", "team", "active", project=project, fails=1).output
    assert "team is about accounts and active about persons" in text


def test_no_definitions(project: Path, run) -> None:
    for path in (project / "definitions").iterdir():
        path.unlink()
    assert "fireflower init --list" in run("qualify", project=project, fails=1).output


def test_a_limit_below_zero(project: Path, run) -> None:
    for command in (["qualify"], ["qualify", "--all-transitions"], ["diff", "team", "active"], ["rejects"]):
        assert "x>=0" in run(*command, "--limit", "-1", project=project, fails=2).output


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"id,who\n1,2\n", b"kind,id\nperson\n"])
def test_a_truth_that_is_another_file(project: Path, tmp_path: Path, run, content: bytes) -> None:
    truth = tmp_path / "leads.csv"
    truth.write_bytes(content)
    text = run("qualify", "--truth", truth, project=project, fails=1).output
    assert f"{truth} is no truth.csv as `fireflower simulate` writes it." in text


@pytest.mark.parametrize("command", [["qualify"], ["report"], ["backtest", "team"], ["diff", "team", "team"]])
def test_a_moment_outside_the_data_is_noted(project: Path, run, command: list[str]) -> None:
    for moment, side in (("1950-01-01", "before"), ("2300-01-01", "after")):
        text = run(*command, "--as-of", moment, project=project).stderr
        span = "2026-01-01 09:00 to 2026-01-06 11:00 UTC"
        assert text.startswith(f"note: {moment} 00:00 lies {side} all of the data, which are from {span}.")
    assert "note: " not in run(*command, "--as-of", "2026-01-05", project=project).stderr


# --- Texts that a terminal should not see as they are -----------------------------------------------------------------


@pytest.fixture
def steering(empty_project: Path, tmp_path: Path, run) -> Path:
    """A project in whose history an id clears the screen, and another is very long."""
    events = tmp_path / "events.jsonl"
    ids = ("\x1b[2J\x9b31mann\nben", "x" * 500)
    events.write_text(
        "".join(
            json.dumps({"timestamp": f"2026-01-0{day}", "event": "Report Run", "user_id": who, "account_id": who})
            + "\n"
            for day in (1, 2, 3)
            for who in ids
        )
    )
    run("import", events, "--yes", project=empty_project)
    define(empty_project, "definition: team\nsubject: account\nvalue: count(Report Run) >= 1\n")
    return empty_project


def test_ids_do_not_steer_the_terminal(steering: Path, run) -> None:
    commands = (
        ["qualify"],
        ["qualify", "--all-transitions"],
        ["explain", "\x1b[2J\x9b31mann\nben"],
        ["explain", "\x1b[2J\x9b31mann\nbe"],
        ["qualify", "--json"],
        ["diff", "team", str(steering / "definitions" / "none.yaml")],
        ["doctor"],
    )
    define(steering, "definition: none\nsubject: account\nvalue: count(Report Run) >= 9\n", "none")
    for command in commands:
        fails = int(command[-1].endswith("be"))
        text = run(*command, project=steering, fails=fails).output
        assert not set(text) & {"\x1b", "\x9b"}, command
    assert r"\x1b[2J\x9b31mann\nben" in run("qualify", project=steering).output
    assert r"\x1b[2J\x9b31mann\nben" in run("diff", "team", "none", project=steering).output


def test_a_long_id_does_not_push_a_table_apart(steering: Path, run) -> None:
    text = run("qualify", project=steering).output
    assert "xxx…" in text
    assert max(map(len, text.splitlines())) < 500
    assert "x" * 500 in run("qualify", "--format", "csv", project=steering).output


def test_a_fault_of_a_long_line_shows_what_is_around_it(empty_project: Path, run) -> None:
    define(empty_project, f"definition: team\nsubject: account\nvalue: {'y' * 5000}: {'z' * 5000}\n")
    lines = run("check", project=empty_project, fails=1).output.splitlines()
    assert max(map(len, lines)) < 400
    caret = lines[2].index("^")
    assert lines[1][caret - 1 : caret + 2] == "y: "


WRONG_IMPORTS = """\
imports:
  data/e.csv: {time: time, person: user, event: event, joins: no}
  data/f.csv: {time: time, person: user, event: event, role: }
  data/g.csv: events
"""


def test_what_is_said_of_imports_is_checked_before_they_are_read(empty_project: Path, tmp_path: Path, run) -> None:
    settings = empty_project / "fireflower.yaml"
    first = len(settings.read_text().splitlines()) + 2
    settings.write_text(settings.read_text() + WRONG_IMPORTS)
    text = run("check", project=empty_project, fails=1).output
    said = "imports: data/e.csv: Expected joins to be true or false, got 'no'."
    assert f"fireflower.yaml:{first}:3: error: {said}" in text and "2 errors" in text
    assert f"fireflower.yaml:{first + 2}:3: error: imports: data/g.csv: expected what its columns mean" in text
    (empty_project / "data").mkdir()
    (empty_project / "data" / "e.csv").write_text("time,user,event\n2026-01-01,ann,Edit\n")
    refused = run("import", empty_project / "data" / "e.csv", "--yes", project=empty_project, fails=1).output
    assert f"fireflower.yaml: {said}" in " ".join(refused.split())
