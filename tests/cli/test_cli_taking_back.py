"""Rows that could not be read, and imports that were wrong: what is said of them, and how they are mended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fireflower.app.project import open_project

AS_UNREADABLE = ("--kind", "events", "-m", "time=at", "-m", "event=event", "-m", "person=user")


@pytest.fixture
def days(tmp_path: Path) -> Path:
    path = tmp_path / "days.csv"
    rows = [f"{day:02}/04/2026,Report Run,user-{day % 5},ref-{day % 3}\n" for day in range(1, 29)]
    path.write_text("at,event,user,ref\n" + "".join(rows))
    return path


def test_a_file_of_which_no_row_can_be_read_is_an_error(empty_project: Path, days: Path, run) -> None:
    flags = (*AS_UNREADABLE, "--time-format", "%Y")
    text = run("import", days, *flags, project=empty_project, fails=1).output
    assert "error: days.csv: could not read any of the 28 rows; most often: cannot read the time '01/04/2026'" in text


def test_rows_that_are_read_later_are_no_longer_kept_aside(empty_project: Path, days: Path, run) -> None:
    for wrong in ("%Y", "%d"):
        run("import", days, *AS_UNREADABLE, "--time-format", wrong, project=empty_project, fails=1)
    found = json.loads(run("rejects", "--json", project=empty_project).stdout)["rows"]
    assert [row["line"] for row in found] == list(range(2, 30))
    assert "28 rows of days.csv kept aside, such as: cannot" in run("doctor", project=empty_project).output
    text = run("import", days, *AS_UNREADABLE, project=empty_project).output
    assert "28 new records." in text and "another way" not in text
    assert run("rejects", project=empty_project).output == "Nothing was kept aside.\n"
    assert "kept aside" not in run("doctor", project=empty_project).output


def test_the_same_content_in_another_way_warns_and_can_be_replaced(empty_project: Path, days: Path, run) -> None:
    by_ref = ("--kind", "events", "-m", "time=at", "-m", "event=event", "-m", "person=ref")
    run("import", days, *by_ref, project=empty_project)
    both = run("import", days, *AS_UNREADABLE, project=empty_project).output
    assert "warning: rows of days.csv had been imported in another way before, and both count" in both
    found = run("doctor", project=empty_project).output
    assert "warning: 28 rows were imported from days.csv more than once, each time in another way" in found
    assert "--replace" in found
    assert open_project(empty_project).archive.summary().people == 8
    text = run("import", days, *AS_UNREADABLE, "--replace", project=empty_project).output
    assert "28 new records." in text and "warning" not in text
    summary = open_project(empty_project).archive.summary()
    assert (summary.people, summary.records, len(summary.files)) == (5, 28, 1)
    assert "more than once" not in run("doctor", project=empty_project).output
    [timeline] = open_project(empty_project).archive.timelines(["ref"])
    assert sorted(set(timeline.vocabulary.people)) == [f"user-{i}" for i in range(5)]


@pytest.mark.parametrize("ids", [True, False])
def test_rows_that_another_way_reads_first_are_no_doubles(ids: bool, empty_project: Path, tmp_path: Path, run) -> None:
    times = [f"2026-04-{day:02}" for day in range(1, 6)] + [f"04/{day:02}/2026" for day in range(6, 28)] + ["soon"]
    path = tmp_path / "mixed.csv"
    path.write_text("at,event,user,id\n" + "".join(f"{time},Edit,ann,{i}\n" for i, time in enumerate(times)))
    flags = (*AS_UNREADABLE, *(("-m", "message_id=id") if ids else ()))
    run("import", path, *flags, "-m", "time_format=%Y-%m-%d", project=empty_project)
    text = run("import", path, *flags, "--time-format", "%m/%d/%Y", project=empty_project).output
    assert "warning" not in text and "22 new records; 1 row was kept aside" in text and "'soon'" in text
    assert len(json.loads(run("rejects", "--json", project=empty_project).stdout)["rows"]) == 1
    assert "more than once" not in run("doctor", project=empty_project).output


def test_what_the_same_rows_say_again_in_the_same_words_is_no_double(empty_project: Path, days: Path, run) -> None:
    run("import", days, *AS_UNREADABLE, "--time-format", "%d/%m/%Y", project=empty_project)
    same = (*AS_UNREADABLE, "--time-format", "%d/%m/%Y", "-m", "timezone=Etc/UTC")
    assert "warning" not in run("import", days, *same, project=empty_project).output
    assert "more than once" not in run("doctor", project=empty_project).output


def test_one_file_may_hold_two_tables(empty_project: Path, tmp_path: Path, run) -> None:
    path = tmp_path / "all.csv"
    path.write_text("user,org,plan\nann,acme,free\nben,birch,pro\n")
    run("import", path, "--kind", "people", "-m", "person=user", "--yes", project=empty_project)
    text = run("import", path, "--kind", "accounts", "-m", "account=org", "--yes", project=empty_project).output
    assert "warning: rows of all.csv had been imported in another way before" in text
    assert "more than once" not in run("doctor", project=empty_project).output


def test_kinds_of_reasons_and_lines_in_order(empty_project: Path, tmp_path: Path, run) -> None:
    path = tmp_path / "odd.csv"
    good = "2026-04-01T00:00:00Z,Report Run,ann\n" * 60
    path.write_text('time,event,user\nsoon,Report Run,"a, b"\nlater,Sign In,ben\nx\n2026-04-01,Sign In,\n' + good)
    text = run("import", path, "--yes", project=empty_project).output
    assert "odd.csv    64       60           4" in text
    rows = json.loads(run("rejects", "--json", project=empty_project).stdout)["rows"]
    assert [row["line"] for row in rows] == [2, 3, 4, 5]
    assert [row["raw"] for row in rows] == ['soon,Report Run,"a, b"', "later,Sign In,ben", "x", "2026-04-01,Sign In,"]
    kinds = open_project(empty_project).archive.rejects_by_kind()
    assert [kind.rows for kind in kinds] == [2, 1, 1] and "'soon'" in kinds[0].reason
