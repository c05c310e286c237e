"""Every command on a small project, from import to report, for people and for machines."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from fireflower.app.live.database import opener
from fireflower.app.project import open_project
from fireflower.history.log.schema import prepare
from fireflower.model.moments import parse_moment

# --- import -----------------------------------------------------------------------------------------------------------


def test_import_shows_what_it_takes_files_for_and_what_came_of_it(empty_project: Path, events_file: Path, run) -> None:
    text = run("import", events_file, "--yes", project=empty_project).output
    assert "person: user_id" in text
    assert "guessed" in text
    assert "9 new records." in text


def test_importing_again_changes_nothing(project: Path, events_file: Path, run) -> None:
    before = run("qualify", "--all-transitions", "--json", project=project).stdout
    assert "0 new records" in run("import", events_file, "--yes", project=project).output
    assert run("qualify", "--all-transitions", "--json", project=project).stdout == before


def test_a_guess_can_be_said_no_to(empty_project: Path, events_file: Path, tmp_path: Path) -> None:
    """On a terminal it asks; after a no, nothing is imported."""
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "fireflower", "import", str(events_file), "--project", str(empty_project)]
    with subprocess.Popen(command, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        os.write(screen, b"n\n")
        _, asked = process.communicate()
    os.close(screen)
    os.close(terminal)
    assert process.returncode == 1
    assert b"Is that right?" in asked
    assert not list((empty_project / ".fireflower").rglob("*.column"))


def test_what_is_said_by_flags_is_not_asked_about(empty_project: Path, tmp_path: Path, run) -> None:
    path = tmp_path / "logins.csv"
    path.write_text("day,who\n01/02/2026,ann\n02/02/2026,ann\n")
    flags = ["-m", "time=day", "-m", "person=who", "-m", "event_name=Report Run", "--time-format", "%d/%m/%Y"]
    assert "every row is 'Report Run'" in run("import", path, *flags, project=empty_project).output
    found = json.loads(run("qualify", "-d", "active", "--json", project=empty_project).stdout)
    assert [(lead["subject"], lead["since"]) for lead in found["leads"]] == [("ann", "2026-02-02T00:00:00Z")]


def test_the_project_file_says_it_for_good(empty_project: Path, events_file: Path, run) -> None:
    (empty_project / "data").mkdir()
    events_file.rename(empty_project / "data" / "events-2026.jsonl")
    with (empty_project / "fireflower.yaml").open("a") as file:
        file.write(
            "imports:\n  data/events-*.jsonl: {time: timestamp, event: event, person: user_id, account: account_id}\n"
        )
    text = run("import", project=empty_project).output
    assert "project file" in text
    assert "9 new records." in text


def test_import_for_machines(empty_project: Path, events_file: Path, run) -> None:
    [report] = json.loads(run("import", events_file, "--yes", "--json", project=empty_project).stdout)
    assert (report["new"], report["duplicates"]) == (9, 0)


# --- qualify ----------------------------------------------------------------------------------------------------------


def test_qualify_prints_as_of_and_evidence(project: Path, run) -> None:
    text = run("qualify", project=project).output
    assert text.startswith("As of 2026-01-06 11:00 UTC\n")
    assert "team: 1 account qualified" in text
    assert "acme     2026-01-04 10:00  count(Report Run) 3 (>= 3); did(Pricing Viewed, last 30 days) 1" in text
    assert "active: 1 person qualified" in text


def test_qualify_as_of(project: Path, run) -> None:
    assert "team: 0 accounts qualified" in run("qualify", "--as-of", "2026-01-04T09:59", project=project).output
    assert "team: 1 account qualified" in run("qualify", "--as-of", "2026-01-04T10:00", project=project).output
    assert "team: 0 accounts qualified" in run("qualify", "--as-of", "2026-03-01", project=project).output


def test_qualify_can_be_narrowed(project: Path, run) -> None:
    assert "active" not in run("qualify", "-d", "team", project=project).output
    found = json.loads(run("qualify", "-s", "ann", "--json", project=project).stdout)
    assert [lead["subject"] for lead in found["leads"]] == ["ann"]


def test_qualify_as_json_csv_and_parquet_say_the_same(project: Path, tmp_path: Path, run) -> None:
    found = json.loads(run("qualify", "--json", project=project).stdout)
    assert found["as_of"] == "2026-01-06T11:00:00Z"
    wanted = [(lead["subject"], lead["definition"]) for lead in found["leads"]]
    assert wanted == [("acme", "team"), ("ann", "active")]
    run("qualify", "-o", tmp_path / "leads.csv", project=project)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "leads.csv").read_text())))
    assert [(row["subject"], row["definition"]) for row in rows] == wanted
    assert json.loads(rows[0]["evidence"])[0]["condition"] == "count(Report Run) >= 3"
    run("qualify", "-o", tmp_path / "leads.parquet", project=project)
    table = pq.read_table(tmp_path / "leads.parquet")
    assert list(zip(table["subject"].to_pylist(), table["definition"].to_pylist(), strict=True)) == wanted


def test_all_transitions(project: Path, run) -> None:
    late = ("--as-of", "2026-03-01")
    text = run("qualify", "-d", "team", "--all-transitions", *late, project=project).output
    assert "2026-01-04 10:00:00  entered  qualified  team        acme" in text
    assert "2026-02-03 10:00:00  left     lapsed     team        acme" in text
    found = json.loads(run("qualify", "-d", "team", "--all-transitions", "--json", *late, project=project).stdout)
    assert [row["change"] for row in found["transitions"]] == ["entered", "left"]


def test_an_output_of_unknown_format_is_wrong_usage(project: Path, tmp_path: Path, run) -> None:
    assert "--format json, csv or parquet" in run("qualify", "-o", tmp_path / "x.xls", project=project, fails=2).output
    assert not (tmp_path / "x.xls").exists()


def test_transitions_can_be_imported_as_events(project: Path, tmp_path: Path, run) -> None:
    run("qualify", "-d", "active", "--all-transitions", "-o", tmp_path / "active.csv", project=project)
    run(
        "import",
        tmp_path / "active.csv",
        "-m",
        "person=subject",
        "-m",
        "time=at",
        "-m",
        "event=change",
        project=project,
    )
    again = "definition: again\nsubject: person\nvalue: did(entered where properties.definition = active)\n"
    (project / "definitions" / "again.yaml").write_text(again)
    found = json.loads(run("qualify", "-d", "again", "--json", project=project).stdout)
    assert [lead["subject"] for lead in found["leads"]] == ["ann"]


# --- explain, describe, check -----------------------------------------------------------------------------------------


def test_explain_somebody_who_qualifies(project: Path, run) -> None:
    text = run("explain", "acme", project=project).output
    assert "account acme: team" in text
    assert "qualified since 2026-01-04 10:00" in text
    assert "✓ count(Report Run) >= 3: 3, since 2026-01-03 10:00, by 'Report Run' of ben" in text
    assert "2026-01-04 10:00  entered" in text


def test_explain_somebody_who_does_not(project: Path, run) -> None:
    text = run("explain", "birch", project=project).output
    assert "not qualified, and never was" in text
    assert "○ count(Report Run) >= 3: 1" in text
    assert "Nearest next step: do Report Run 2 more times. Then 1 more is missing.\n" in text


QUIET = """\
definition: quiet
subject: account
fit: count(Report Run) >= 1 and count(Report Run) >= 2
qualified: fit and not did(Subscription Started) and did(Signed Up)
"""


def test_explain_shows_what_is_asked_for_beside_the_circles_and_what_is_to_be_absent(project: Path, run) -> None:
    (project / "definitions" / "quiet.yaml").write_text(QUIET)
    text = run("explain", "acme", "-d", "quiet", project=project).output
    besides = text[text.index("\n  besides:") :].splitlines()[2:4]
    assert besides[0].startswith("    ✓ not did(Subscription Started): 0, since ")
    assert besides[1].startswith("    ✓ did(Signed Up): 1, since ")
    assert (
        "\n    ○ not did(Subscription Started): 1, since "
        in run("explain", "cedar", "-d", "quiet", project=project).output
    )
    assert "besides" not in run("explain", "acme", "-d", "team", project=project).output


def test_a_quantity_is_told_once_with_all_of_its_bounds(project: Path, run) -> None:
    (project / "definitions" / "quiet.yaml").write_text(QUIET)
    text = run("qualify", "-d", "quiet", project=project).output
    assert "count(Report Run) 3 (>= 1, >= 2); not did(Subscription Started) 0; did(Signed Up) 1" in text


def test_explain_for_machines(project: Path, run) -> None:
    [found] = json.loads(run("explain", "acme", "--json", project=project).stdout)
    assert found["qualified"] is True
    assert found["circles"] == {"value": True, "intent": True}
    assert found["conditions"][0]["value"] == 3.0
    assert found["conditions"][0]["tipped_by"] == "'Report Run' of ben"


def test_describe(project: Path, run) -> None:
    assert "at least 3 Report Run" in run("describe", "team", project=project).output
    assert "at least 3 Report Run" in run("describe", project / "definitions" / "team.yaml", project=project).output


def test_check(project: Path, run) -> None:
    assert "2 definitions can be used, 1 test passed, no faults." in run("check", project=project).output
    found = json.loads(run("check", "--json", project=project).stdout)
    assert found["faults"] == []


# --- backtest, diff, report -------------------------------------------------------------------------------------------


def test_backtest(project: Path, run) -> None:
    text = run("backtest", "team", project=project).output
    assert text.startswith("team, as of 2026-01-06 11:00 UTC\n")
    assert "2025-12-29" in text
    assert "2025-12-29" not in run("backtest", "team", "--sentences", project=project).output
    found = json.loads(run("backtest", "team", "--json", project=project).stdout)
    assert found["entered"] == 1
    assert found["weeks"][0]["week"] == "2025-12-29T00:00:00Z"
    assert found["precision"]["value"] is None


def test_diff(project: Path, run) -> None:
    draft = project / "draft.yaml"
    draft.write_text("definition: draft\nsubject: account\nvalue: count(Report Run) >= 1\n")
    text = run("diff", "team", draft, project=project).output
    assert text.startswith("team -> draft, as of ")
    assert "1 would enter now:\n  + birch\n" in text
    found = json.loads(run("diff", "team", draft, "--json", project=project).stdout)
    assert found["now"] == {"enter": ["birch"], "leave": [], "stay": 1}


def test_diff_of_an_edit_tells_the_two_apart(project: Path, run) -> None:
    draft = project / "draft.yaml"
    draft.write_text("definition: team\nsubject: account\nvalue: count(Report Run) >= 1\n")
    text = run("diff", "team", draft, project=project).output
    assert text.startswith(f"team -> team ({draft}), as of ")


def test_diff_with_a_git_revision(project: Path, run) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-C", str(project), *words], check=True, capture_output=True)

    git("init")
    git("add", "definitions")
    git("-c", "user.name=x", "-c", "user.email=x@x.example", "commit", "-m", "first")
    path = project / "definitions" / "team.yaml"
    path.write_text(path.read_text().partition("tests:")[0].replace(">= 3", ">= 4"))
    text = run("diff", "HEAD:definitions/team.yaml", path, project=project).output
    assert text.startswith(f"team (HEAD:definitions/team.yaml) -> team ({path}), as of ")
    assert "1 would leave now:\n  - acme\n" in text
    assert "git cannot show" in run("diff", "HEAD:nothing.yaml", path, project=project, fails=1).output


def test_report(project: Path, tmp_path: Path, run) -> None:
    text = run("report", project=project).output
    page = project / "report.html"
    assert text.splitlines()[-1] == page.resolve().as_uri()
    assert "acme" in page.read_text()
    run("report", "-d", "team", "-o", tmp_path / "team.html", project=project)
    assert "active" not in (tmp_path / "team.html").read_text()
    assert '"doers":[["' in (tmp_path / "team.html").read_text()
    run("report", "-d", "team", "-o", tmp_path / "nobody.html", "--no-people", project=project)
    assert '"doers":[["' not in (tmp_path / "nobody.html").read_text()


# --- doctor, rejects, simulate, schema --------------------------------------------------------------------------------


def test_doctor(project: Path, tmp_path: Path, run) -> None:
    text = run("doctor", project=project).output
    assert "9 events, 4 people, 3 accounts" in text
    assert "fireflower 0" in text
    found = json.loads(run("doctor", "--json", project=project).stdout)
    assert all(finding["next_step"] for finding in found["findings"])


def test_doctor_finds_clocks_and_rows_kept_aside(empty_project: Path, tmp_path: Path, run) -> None:
    path = tmp_path / "events.csv"
    path.write_text("timestamp,event,user_id\n2089-01-01,Login,ann\nsoon,Login,ann\n")
    run("import", path, "-m", "time=timestamp", "--yes", project=empty_project)
    text = run("doctor", project=empty_project, fails=1).output
    assert "in the future (2089-01-01 00:00 UTC)" in text
    assert "1 row of events.csv kept aside: " in text


def test_doctor_says_once_what_to_do_about_the_same_thing(empty_project: Path, tmp_path: Path, run) -> None:
    path = tmp_path / "events.csv"
    path.write_text("timestamp,event,user_id\n2026-01-01,Login,ann\nsoon,Login,ann\n2026-01-01,,ann\n")
    run("import", path, "-m", "time=timestamp", "--yes", project=empty_project)
    text = run("doctor", project=empty_project).output
    assert text.count("1 row of events.csv kept aside: ") == 2
    assert text.count("'fireflower rejects' shows them.") == 1


def test_doctor_keeps_odd_names_in_their_lines(empty_project: Path, tmp_path: Path, run) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"time": "2026-01-05", "event": "Log\\nin", "user_id": "ann", "properties": {"a\\tb": 1}}\n')
    run("import", path, "--yes", project=empty_project)
    text = run("doctor", project=empty_project).output
    assert "\nevents      Log\\nin (1)\n" in text


def test_doctor_of_an_empty_project(empty_project: Path, run) -> None:
    assert "the history is empty" in run("doctor", project=empty_project).output


def test_rejects(project: Path, run) -> None:
    assert run("rejects", project=project).output == "Nothing was kept aside.\n"
    assert json.loads(run("rejects", "--json", project=project).stdout) == {"rows": [], "events": []}


def test_events_that_could_not_be_taken_are_rejects_too(project: Path, run) -> None:
    database = opener(open_project(project))()
    prepare(database)
    columns = "INSERT INTO rejects (received, source, reason, body, replayed) VALUES (?, ?, ?, ?, ?)"
    march = parse_moment("2026-03-01T10:00")
    with database.transaction():
        for number, replayed in enumerate((None, march, None)):
            database.rows(columns, (march + number, "website", "names no event", b'{"n": %d}' % number, replayed))
    database.close()
    said = run("rejects", project=project).output
    assert "website" in said and "2026-03-01 10:00:00" in said and '{"n": 1}' not in said
    assert said.index('{"n": 2}') < said.index('{"n": 0}')
    assert "and 1 more (--limit 0 shows all)" in run("rejects", "--limit", 1, project=project).output
    found = json.loads(run("rejects", "--json", project=project).stdout)
    assert found["rows"] == [] and [each["body"] for each in found["events"]] == ['{"n": 2}', '{"n": 0}']
    assert {name: found["events"][1][name] for name in ("source", "received", "reason")} == {
        "source": "website", "received": "2026-03-01T10:00:00Z", "reason": "names no event"
    }  # fmt: skip
    assert "2 events from website kept aside, such as: names no event" in run("doctor", project=project).output


def test_simulate_makes_a_project_that_goes_all_the_way(tmp_path: Path, run) -> None:
    folder = tmp_path / "small"
    run("simulate", folder, "--accounts", "40", "--months", "2", "--seed", "7")
    run("import", "--yes", project=folder)
    assert "5 definitions can be used" in run("check", project=folder).output
    assert "truth (simulated)" in run("qualify", "--truth", folder / "truth.csv", project=folder).output
    run("report", "--truth", folder / "truth.csv", project=folder)
    assert "simulated" in (folder / "report.html").read_text()


def test_simulate_overwrites_nothing(project: Path, run) -> None:
    before = (project / "fireflower.yaml").read_text()
    assert "fireflower.yaml" in run("simulate", project, "--accounts", "20", "--months", "1", fails=1).output
    assert (project / "fireflower.yaml").read_text() == before


@pytest.mark.parametrize(
    ("options", "message"), [(["--accounts", "3"], "at least 20"), (["--seed", "-1"], "0 or more")]
)
def test_simulate_refuses_what_cannot_be(options: list[str], message: str, tmp_path: Path, run) -> None:
    assert message in run("simulate", tmp_path / "x", *options, fails=1).output
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(("what", "key"), [("definition", "subject"), ("project", "leave_out")])
def test_schema(what: str, key: str, run) -> None:
    assert key in json.loads(run("schema", what).stdout)["properties"]


# --- Streams ----------------------------------------------------------------------------------------------------------


def test_what_is_piped_is_plain_and_progress_is_silent(project: Path) -> None:
    command = [sys.executable, "-m", "fireflower", "qualify", "--project", str(project)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "\x1b" not in done.stdout
    assert not set("─│━") & set(done.stdout)
    assert done.stderr == ""


def test_a_reader_that_has_had_enough_is_no_error(project: Path) -> None:
    command = f"{sys.executable} -m fireflower qualify --json --project {project} | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout == "{\n"
    assert "Traceback" not in done.stderr


def test_an_interrupt_is_clean(project: Path) -> None:
    program = (
        "import os, signal, fireflower.app.qualify as q\n"
        "q.standing_of = lambda *a, **k: os.kill(os.getpid(), signal.SIGINT)\n"
        "from fireflower.cli import main\nmain()"
    )
    command = [sys.executable, "-c", program, "qualify", "--project", str(project)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 128 + signal.SIGINT
    assert done.stderr == "Interrupted.\n"


# --- token ------------------------------------------------------------------------------------------------------------


def test_tokens(project: Path, run) -> None:
    made = run("token", "make", "website", project=project)
    assert made.stdout.startswith("ff_read_") and made.stdout.count("\n") == 1
    assert made.stderr == (
        "website is of the scope read: it may ask the API; it sends no events (--scope write makes a write key).\n"
    )
    assert "named 'website' already" in run("token", "make", "website", project=project, fails=1).output
    run("token", "revoke", "website", project=project)
    listed = run("token", "list", project=project).output
    assert re.search(r"website +read( +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d){2}\n", listed)
    assert run("token", "make", "website", "--scope", "write", project=project).stdout.startswith("ff_write_")


def test_a_person_is_found_by_their_address(project: Path, run) -> None:
    table = project / "people.csv"
    table.write_text("user_id,email,signed_up_at\nann,Ann@Birch.example,2026-01-01\nben,ben@x.example,2026-01-01\n"
                     "cleo,ben@x.example,2026-01-01\n")  # fmt: skip
    run("import", table, "--yes", project=project)
    (project / "definitions" / "p.yaml").write_text(
        "definition: p\nsubject: person\nvalue: count(any) >= 1\ngoal: none\n"
    )
    assert "person ann: p" in run("explain", "ann@birch.example", "-d", "p", project=project).output
    found = run("qualify", "-d", "p", "-s", "ann@birch.example", "--json", project=project)
    assert [lead["subject"] for lead in json.loads(found.stdout)["leads"]] == ["ann"]
    said = run("explain", "ben@x.example", project=project, fails=1).output
    assert "ben@x.example has been the e-mail address of several people: " in said
    assert "There is no person 'zoe@x.example'" in run("explain", "zoe@x.example", project=project, fails=1).output
