"""What a file is taken for when only part of it is said, and what an import says when it could not be read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from fireflower.app.project import open_project

CLICKS = "Who (uid),Company ID,What,When It Happened\n"
NAMED = ("-m", "time=When It Happened", "-m", "event=What", "-m", "person=Who (uid)", "-m", "account=Company ID")


def clicks(folder: Path, times: list[str], name: str = "Clicks Export (1).csv") -> Path:
    path = folder / name
    rows = [
        f"ann,acme,{('Report Run', 'Pricing Viewed', 'Sign In')[i % 3]},{time}\n" for i, time in enumerate(times * 5)
    ]
    path.write_text(CLICKS + "".join(dict.fromkeys(rows)) * 5)
    return path


DAYS = ["23/04/2026 22:38", "24/04/2026 08:00", "02/05/2026 10:15", "25/04/2026 10:15"]


def test_how_times_are_written_is_found_in_a_named_column(empty_project: Path, tmp_path: Path, run) -> None:
    text = run("import", clicks(tmp_path, DAYS), *NAMED, "--yes", project=empty_project).output
    assert "kept aside:" not in text and "rejects" not in text
    summary = open_project(empty_project).archive.summary()
    assert summary.last_event == 1777716900_000_000


def test_one_bad_value_changes_no_guess(empty_project: Path, tmp_path: Path, run) -> None:
    path = clicks(tmp_path, ["soon", *DAYS])
    path.write_text(path.read_text().replace("When It Happened", "Timestamp"))
    text = run("import", path, "--yes", project=empty_project).output
    assert "time: Timestamp" in text and "event: What" in text and "person: Who (uid)" in text


def test_times_in_no_known_form_name_the_flag(empty_project: Path, tmp_path: Path, run) -> None:
    path = clicks(tmp_path, ["23 of April", "24 of April"])
    text = run("import", path, *NAMED, "--yes", project=empty_project, fails=1).output
    assert "--time-format" in text and "'23 of April'" in text


def test_a_time_format_that_is_given_is_no_doubt(empty_project: Path, tmp_path: Path, run) -> None:
    path = clicks(tmp_path, ["02/05/2026 10:15", "03/05/2026 10:15"])
    guessed = run("import", path, "-m", "time=When It Happened", "--yes", project=empty_project).output
    assert "they could be %m/%d/%Y %H:%M, too" in guessed
    flags = ("-m", "time=When It Happened", "--time-format", "%m/%d/%Y %H:%M", "--yes")
    assert "are read as" not in run("import", path, *flags, project=empty_project).output


def test_a_table_without_a_column_of_times_names_its_columns(empty_project: Path, tmp_path: Path, run) -> None:
    text = run("import", clicks(tmp_path, DAYS), "--kind", "events", "--yes", project=empty_project, fails=1).output
    assert "Clicks Export (1).csv" in text and '-m time="' in text and "'When It Happened'" in text
    assert "`table:`" in text


@pytest.mark.parametrize(("name", "event"), [("Clicks Export (1).csv", "Clicks"), ("logins-2026.csv", "Logins")])
def test_an_event_is_not_called_like_a_file(name: str, event: str, empty_project: Path, tmp_path: Path, run) -> None:
    (tmp_path / name).write_text("user_id,timestamp\n" + "ann,2026-01-01\n" * 5 + "ben,2026-01-02\n" * 5)
    assert f"every row is {event!r}" in run("import", tmp_path / name, "--yes", project=empty_project).output


def test_people_are_those_whom_the_history_knows(project: Path, tmp_path: Path, run) -> None:
    path = tmp_path / "users.csv"
    path.write_text("E-mail,Ref No,Plan\nann@a.example,ann,free\nben@a.example,ben,pro\ncleo@b.example,cleo,free\n")
    text = run("import", path, "--kind", "people", "--yes", project=project).output
    assert "person: Ref No" in text


USERS = "id,email,name,created_at\nu1,ann@a.example,Ann,2026-01-01\nu2,ben@a.example,Ben,2026-01-02\n"


@pytest.mark.parametrize("together", [True, False])
def test_people_are_those_of_the_events_whenever_these_come(
    together: bool, empty_project: Path, tmp_path: Path, run
) -> None:
    events, users = tmp_path / "usage.csv", tmp_path / "a-users.csv"
    events.write_text("user_id,event,time\nu1,Edit,2026-02-01\nu2,Edit,2026-02-02\n")
    users.write_text(USERS)
    for files in ([users, events],) if together else ([events], [users]):
        text = run("import", *files, "--yes", project=empty_project).output
    assert "person: id" in text and "Nobody" not in text
    assert open_project(empty_project).archive.summary().people == 2


def test_people_of_whom_no_event_knows_are_a_doubt(project: Path, tmp_path: Path, run) -> None:
    (tmp_path / "users.csv").write_text(USERS)
    text = " ".join(run("import", tmp_path / "users.csv", "--yes", project=project).output.split())
    assert "person: email" in text and "Nobody whom 'email' names is among the people of the events so far." in text


def test_a_table_of_one_row_a_person_keeps_their_traits(empty_project: Path, tmp_path: Path, run) -> None:
    (tmp_path / "users.csv").write_text(
        "user_id,email,role,account_id,created_at\nu1,a@b.example,admin,w1,2026-02-03\nu2,c@b.example,,w1,2026-02-04\n"
    )
    run("import", tmp_path / "users.csv", "--yes", project=empty_project)
    summary = open_project(empty_project).archive.summary()
    assert summary.traits == {("person", "email"): 2} and (summary.accounts, summary.roles) == (1, ["admin"])


def test_what_a_table_of_memberships_leaves_behind_is_said(empty_project: Path, tmp_path: Path, run) -> None:
    rows = "".join(f"u{i % 3},{i}@b.example,admin,w{i},2026-02-03\n" for i in range(9))
    (tmp_path / "members.csv").write_text("user_id,invited_by,role,account_id,joined_at\n" + rows)
    text = " ".join(run("import", tmp_path / "members.csv", "--yes", project=empty_project).output.split())
    assert "not read: 'invited_by'. To keep them: --kind people." in text
    flags = ("--yes", "--map", "ignore=invited_by")
    assert "not read" not in run("import", tmp_path / "members.csv", *flags, project=empty_project).output


@pytest.mark.parametrize("flags", [(), ("--map", "form=posthog")])
def test_groups_of_several_types_are_a_doubt(flags: tuple[str, ...], empty_project: Path, tmp_path: Path, run) -> None:
    row = {"event": "Edit", "distinct_id": "u1", "timestamp": "2026-03-01T12:00:00Z"}
    rows = [{**row, "properties": {"$groups": {type: type}}} for type in ("project", "company")]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    text = run("import", tmp_path / "x.jsonl", *flags, "--yes", project=empty_project).output
    assert "Those of 'company' are taken for accounts, and no others ('project')" in " ".join(text.split())
    assert open_project(empty_project).archive.summary().accounts == 1
    if not flags:
        asked = run("import", tmp_path / "x.jsonl", project=empty_project, fails=1).output
        assert "--map group_type=company --map form=posthog" in asked


def test_json_of_an_import_is_objects(empty_project: Path, tmp_path: Path, run) -> None:
    flags = (*NAMED, "--yes", "--json")
    [report] = json.loads(run("import", clicks(tmp_path, DAYS), *flags, project=empty_project).stdout)
    assert report["files"][0]["kept_aside"] == 0


def test_json_of_the_doctor_has_dates_and_readable_keys(project: Path, tmp_path: Path, run) -> None:
    path = tmp_path / "users.csv"
    path.write_text("user_id,plan\nann,free\nben,pro\n")
    run("import", path, "--kind", "people", "--yes", "--learned-at", "2026-01-05", project=project)
    history = json.loads(run("doctor", "--json", project=project).stdout)["history"]
    assert (history["first"], history["last_event"]) == ("2026-01-01T09:00:00Z", "2026-01-06T11:00:00Z")
    assert history["traits"] == {"person.plan": 2}
    assert history["files"][0]["table"] == "events"


ODD = ["Q1 wk3", "Q1 wk4", "Q2 wk1"]


@pytest.mark.parametrize("header", ["time,user,event", "timestamp,distinct_id,event_type"])
@pytest.mark.parametrize("flags", [(), ("--kind", "events")])
def test_events_whose_times_cannot_be_read_are_no_people(
    header: str, flags: tuple[str, ...], empty_project: Path, tmp_path: Path, run
) -> None:
    (tmp_path / "x.csv").write_text(header + "\n" + "".join(f"{time},u{i},Edit\n" for i, time in enumerate(ODD)))
    text = run("import", tmp_path / "x.csv", *flags, "--yes", project=empty_project, fails=1).output
    assert f"column {header.partition(',')[0]!r} has values such as 'Q1 wk3'" in text
    assert "--time-format" in text and "--map time=" in text


@pytest.mark.parametrize("flags", [(), ("--map", "time=time")])
def test_a_column_of_times_that_is_empty_is_said(
    flags: tuple[str, ...], empty_project: Path, tmp_path: Path, run
) -> None:
    (tmp_path / "x.jsonl").write_text('{"time":"","user":"ann","event":"Edit"}\n{"time":"","user":"b","event":"Go"}\n')
    text = run("import", tmp_path / "x.jsonl", *flags, "--yes", project=empty_project, fails=1).output
    assert "column 'time' is empty" in text


@pytest.mark.parametrize("time", ["2026-01-01", "24/12/2025 08:00"])
def test_events_of_which_some_times_can_be_read_are_kept_aside_in_part(
    time: str, empty_project: Path, tmp_path: Path, run
) -> None:
    times = [*ODD, time]
    rows = "".join(f"{time},u{i},Edit\n" for i, time in enumerate(times))
    (tmp_path / "x.csv").write_text("time,user,event\n" + rows)
    text = run("import", tmp_path / "x.csv", "--yes", project=empty_project).output
    assert "1 new record;" in text and "3 rows were kept aside" in text


def test_a_file_all_of_whose_rows_are_kept_aside_fails(empty_project: Path, tmp_path: Path, run) -> None:
    (tmp_path / "x.csv").write_text("time,user,event\n" + "".join(f"{time},ann,Edit\n" for time in ODD))
    flags = ("--time-format", "%d/%m/%Y", "--yes")
    assert "could not read any" in run("import", tmp_path / "x.csv", *flags, project=empty_project, fails=1).output


def test_a_table_without_times_says_what_follows(empty_project: Path, tmp_path: Path, run) -> None:
    (tmp_path / "users.csv").write_text("user_id,plan\nann,free\nben,pro\n")
    flags = ("import", tmp_path / "users.csv", "--yes")
    text = " ".join(run(*flags, "--map", "timeless=true", project=empty_project).output.split())
    assert "No column holds times" not in text and "no times" not in text
    text = " ".join(run(*flags, project=empty_project).output.split())
    assert "no verdict as of an earlier moment can see it" in text and "--map timeless=true" in text


@pytest.mark.parametrize("flags", [(), ("--kind", "people", "--map", "person=user_id")])
def test_a_column_that_looks_like_times_is_named(
    flags: tuple[str, ...], empty_project: Path, tmp_path: Path, run
) -> None:
    rows = "ann,2026-02-03,free,5551234\nben,2026-02-04,pro,5551235\n"
    (tmp_path / "users.csv").write_text("user_id,Trial Begun,plan,phone\n" + rows)
    text = run("import", tmp_path / "users.csv", *flags, "--yes", project=empty_project).output
    said = "No column is taken for times, but 'Trial Begun' looks like them. If a row holds from then: --map time="
    assert said in " ".join(text.split())


@pytest.mark.parametrize(("cells", "timed"), [(("2026-02-03", "2026-02-04"), True), (("1", "0"), False)])
def test_a_sign_up_is_a_time_where_it_is_one(
    cells: tuple[str, str], timed: bool, empty_project: Path, tmp_path: Path, run
) -> None:
    text = "user_id,email,workspace,role,signed_up\n"
    text += "".join(f"u{i},u{i}@b.example,w1,admin,{cell}\n" for i, cell in enumerate(cells))
    (tmp_path / "users.csv").write_text(text)
    shown = run("import", tmp_path / "users.csv", "--yes", project=empty_project).output
    assert ("time: signed_up" in shown) == timed and ("No column holds times" in shown) != timed


def test_a_table_that_is_said_to_have_no_times_says_what_follows(empty_project: Path, tmp_path: Path, run) -> None:
    (tmp_path / "users.csv").write_text("user_id,plan\nann,free\nben,pro\n")
    flags = ("import", tmp_path / "users.csv", "--yes", "--kind", "people", "--map", "person=user_id")
    text = " ".join(run(*flags, project=empty_project).output.split())
    assert text.count("no verdict as of an earlier moment can see it") == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.xlsx", b"PK\x03\x04" + b"\0\1\n" * 20, "is an Excel file. Expected a table as text: export it as CSV"),
        ("x.xls", b"\xd0\xcf\x11\xe0" + b"\0\1\n" * 20, "is an Excel file"),
        ("x.zip", b"PK\x03\x04" + b"\0\1\n" * 20, "is a zip archive"),
        ("x.parquet", b"time,user\n1,2\n", "is not a Parquet file"),
        ("x.parquet", b"PAR1" + b"\0" * 20, "is damaged"),
    ],
)
@pytest.mark.parametrize("flags", [(), ("--kind", "events"), NAMED])
def test_a_file_of_another_kind_is_named(
    name: str, content: bytes, message: str, flags: tuple[str, ...], empty_project: Path, tmp_path: Path, run
) -> None:
    (tmp_path / name).write_bytes(content)
    text = " ".join(run("import", tmp_path / name, *flags, "--yes", project=empty_project, fails=1).output.split())
    assert message in text


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl"])
@pytest.mark.parametrize("more", [(), ("-m", "event=event", "-m", "person=user")])
def test_a_column_that_is_not_there_is_refused_at_once(
    name: str, more: tuple[str, ...], empty_project: Path, tmp_path: Path, run
) -> None:
    row = '{"time":"2026-01-01","user":"ann","event":"Edit"}\n'
    (tmp_path / name).write_text(row if name == "x.jsonl" else "time,user,event\n2026-01-01,ann,Edit\n")
    flags = ("--map", "time=tiem", *more, "--yes")
    text = " ".join(run("import", tmp_path / name, *flags, project=empty_project, fails=1).output.split())
    assert "has no column 'tiem'. Did you mean 'time'" in text and "says" not in text


def test_what_was_said_is_labelled_as_said(empty_project: Path, tmp_path: Path, run) -> None:
    flags = ("-m", "time=When It Happened", "--yes")
    text = run("import", clicks(tmp_path, ["2026-01-01"]), *flags, project=empty_project).output
    assert "time as said, the rest guessed" in " ".join(text.split())


def test_who_says_no_is_told_how_to_say_it(
    empty_project: Path, tmp_path: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = clicks(tmp_path, ["2026-01-01"])
    path.write_text(path.read_text().replace("When It Happened", "Event Time"))
    without = run("import", path, project=empty_project, fails=1).output
    monkeypatch.setattr("fireflower.cli.import_._is_terminal", lambda: True)
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    text = run("import", path, project=empty_project, fails=1).output
    flags = "--kind events --map 'time=Event Time' --map event=What --map 'person=Who (uid)'"
    assert flags in without and flags in text and "Aborted" not in text


@pytest.mark.parametrize("name", ["in.csv", "in.jsonl"])
def test_days_without_dashes_are_days(name: str, empty_project: Path, tmp_path: Path, run) -> None:
    row = (
        "user,day,event\nann,20260101,Login\n" if name == "in.csv" else '{"user":"ann","day":20260101,"event":"Login"}'
    )
    (tmp_path / name).write_text(row)
    assert "note:" not in run("import", tmp_path / name, "--yes", project=empty_project).output
    history = json.loads(run("doctor", "--json", project=empty_project).stdout)["history"]
    assert history["first"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("numbers", "hint"),
    [
        (("46023.5", "46024.25"), "such as 46023.5; .* look like Excel's serial dates: export them as text"),
        (("20260101123000", "20260101124500"), r"--map time_unit=s .*--time-format '%Y%m%d%H%M%S'"),
    ],
)
@pytest.mark.parametrize("flags", [(), ("-m", "time=timestamp", "-m", "person=user_id", "-m", "event=event")])
def test_numbers_that_come_to_1970_are_doubted(
    flags: tuple[str, ...], numbers: tuple[str, ...], hint: str, empty_project: Path, tmp_path: Path, run
) -> None:
    rows = "".join(f"u{i},Login,{number}\n" for i, number in enumerate(numbers))
    (tmp_path / "in.csv").write_text("user_id,event,timestamp\n" + rows)
    assert (
        "nothing was imported"
        in run("import", tmp_path / "in.csv", *flags, project=empty_project, fails=1).output.lower()
    )
    text = run("import", tmp_path / "in.csv", *flags, "--yes", project=empty_project).output
    assert re.search(hint, " ".join(text.split()))
    assert "the first record is of 1970" in run("doctor", project=empty_project).output


@pytest.mark.parametrize(
    ("texts", "first", "note"),
    [
        (["11/11/2025 03:28 PM", "11/30/2025 12:05 AM"], "2025-11-11T15:28:00Z", ""),
        (["11/10/2025 3:28:09 PM"], "2025-11-10T15:28:09Z", "--replace --time-format '%d/%m/%Y %I:%M:%S %p'"),
        (["30/11/2025 3:28 pm"], "2025-11-30T15:28:00Z", ""),
        (["02/03/26 9:15"], "2026-03-02T09:15:00Z", "--replace --time-format '%m/%d/%y %H:%M'"),
        (["Feb 3 2026 9:15 AM"], "2026-02-03T09:15:00Z", ""),
        (["3-Feb-26"], "2026-02-03T00:00:00Z", ""),
        (["03.02.2026 9:15:00"], "2026-02-03T09:15:00Z", ""),
        (["Tue, 03 Feb 2026 09:15:00 +0100"], "2026-02-03T08:15:00Z", ""),
    ],
)
def test_how_times_are_written_is_found(
    texts: list[str], first: str, note: str, empty_project: Path, tmp_path: Path, run
) -> None:
    (tmp_path / "in.csv").write_text("Date;user;event\n" + "".join(f'"{text}";ann;Login\n' for text in texts))
    text = " ".join(run("import", tmp_path / "in.csv", "--yes", project=empty_project).output.split())
    assert ("note:" in text, note in text) == (bool(note), True)
    history = json.loads(run("doctor", "--json", project=empty_project).stdout)["history"]
    assert (history["first"], history["records"]) == (first, len(texts))


def test_a_hint_at_a_format_fits_the_time_that_it_shows(empty_project: Path, tmp_path: Path, run) -> None:
    (tmp_path / "in.csv").write_text("Date,user,event\n13/13/2025 9:15 PM,ann,Go\n" + "soon,ann,Go\n" * 20)
    text = run("import", tmp_path / "in.csv", "--yes", project=empty_project, fails=1).output
    assert "'13/13/2025 9:15 PM'" in text and "--time-format '%d/%m/%Y %I:%M %p'" in " ".join(text.split())


def test_a_file_that_is_written_to_while_it_is_read_is_named(
    empty_project: Path, tmp_path: Path, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fireflower.history.archive.importing.Fingerprint.holds", lambda self, path: False)
    (tmp_path / "log.csv").write_text("time,event,user\n2026-03-01,Edit,ann\n")
    output = run("import", tmp_path / "log.csv", "--yes", project=empty_project).output
    assert "warning: log.csv was written to while it was read. Import it again when nobody writes to it" in output
