"""A table, one row a lead."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from fireflower.cli.program import program
from fireflower.discover.tables import read_leads
from fireflower.language.loading import load_definition, load_settings
from fireflower.language.nodes import All, Compare, Condition, Trait
from fireflower.model.errors import InputError, UnknownNameError


def run(path: Path, *arguments: str, fails: int = 0) -> Result:
    result = CliRunner().invoke(
        program, ["discover", "--table", str(path), "--permutations", "40", *arguments], prog_name="fireflower"
    )
    assert result.exit_code == fails, result.output
    return result


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    """Those from a referral convert; the stage is filled in by sales; the key is the row's own; nothing ever varies."""
    rng = np.random.default_rng(0)
    lines = ["key,source,visits,Lead Stage,constant,Converted"]
    for number in range(900):
        source = rng.choice(["Referral", "Search", "Chat", ""])
        bought = rng.random() < (0.6 if source == "Referral" else 0.15)
        lines.append(
            f"id-{number},{source},{rng.integers(0, 9)},{'hot' if bought else 'cold'},1,{'Yes' if bought else 'No'}"
        )
    path = tmp_path / "leads.csv.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def test_finds_the_source_and_names_the_leak(leads: Path) -> None:
    found = json.loads(run(leads, "--goal", "Converted", "--json").stdout)
    assert found["verdict"] == "signal"
    assert found["rules"][0]["text"] == 'source = "Referral"' or found["rules"][0]["text"] == "source = Referral"
    assert {leak["name"]: leak["kind"] for leak in found["left_out"]} == {"Lead Stage": "only", "key": "own"}
    assert found["as_of"] is None and found["horizon_days"] is None and found["files"] == []


def test_says_that_landmarks_do_not_apply(leads: Path) -> None:
    text = run(leads, "--goal", "Converted").output
    assert "landmarks do not apply" in text
    assert "a week" not in text and "nan" not in text
    assert "constant never varies, and so can tell nothing apart" in text


def _odd(tmp_path: Path, **columns: object) -> Path:
    """Leads of whom those with many visits convert, and these columns."""
    rng = np.random.default_rng(1)
    visits = rng.integers(0, 9, 400)
    bought = rng.random(400) < np.where(visits >= 6, 0.6, 0.1)
    path = tmp_path / "odd.parquet"
    pq.write_table(pa.table({"visits": visits, "Converted": [str(int(each)) for each in bought], **columns}), path)
    return path


def test_columns_that_cannot_be_asked_for_are_passed_over_with_the_reason(tmp_path: Path) -> None:
    odd = {
        "tags": [["a", "b"]] * 400, "place": [{"city": "x"}] * 400, "crm id": [10**17 + i for i in range(400)],
        "ratio": [float("inf"), 1.0] * 200, "large": pa.array([2**64 - 1] * 400, pa.uint64()),
        "uuid": pa.array([bytes([255, number % 256]) * 8 for number in range(400)], pa.binary(16)),
        "plan": pa.array(["free", "team"] * 200).dictionary_encode(),
        "money": pa.array([Decimal(number) for number in range(400)], pa.decimal128(12, 2)),
    }  # fmt: skip
    path = _odd(tmp_path, **odd)
    found = json.loads(run(path, "--goal", "Converted", "--json").stdout)
    assert found["verdict"] == "signal" and found["rules"][0]["text"].startswith("visits")
    reasons = {leak["name"]: leak["reason"] for leak in found["left_out"]}
    assert reasons["tags"] == reasons["place"] == "its cells hold several values each"
    assert (
        "cannot be ordered by the column 'tags'" in run(path, "--goal", "Converted", "--time", "tags", fails=1).output
    )


def test_rows_without_an_outcome_are_left_out_and_counted(tmp_path: Path) -> None:
    path = _odd(tmp_path)
    table = pq.read_table(path)
    known = table.column("Converted").to_pylist()
    values = [None if number % 4 == 0 else "NA" if number % 4 == 1 else value for number, value in enumerate(known)]
    pq.write_table(table.set_column(1, "Converted", pa.array(values)), path)
    text = run(path, "--goal", "Converted").output
    assert "of 400 rows, 200 have nothing in 'Converted': these are left out" in text
    ones = [value if value == "1" else None for value in known]
    pq.write_table(table.set_column(1, "Converted", pa.array(ones)), path)
    text = run(path, "--goal", "Converted").output
    assert f"of 400 rows, {known.count('0')} have nothing in 'Converted': these were taken not to have" in text


def test_a_file_that_is_not_what_its_name_says(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv.gz"
    path.write_text("a,b\n1,2\n")
    said = run(path, "--goal", "a", fails=1).output
    assert "cannot be read" in said and "Success" not in said


def test_messages(leads: Path) -> None:
    assert "has no column 'Convertd'. Did you mean 'Converted'?" in run(leads, "--goal", "Convertd", fails=2).output
    assert "which column of the table" in run(leads, fails=1).output
    assert "expected 1 or 0, true or false, yes or no" in run(leads, "--goal", "source", fails=1).output


UNREADABLE = {
    b"a,won\n1,1\n2,1\n": "all of them reached the goal",
    b"a,won\n": "has no rows, only a header",
    b"a|won\n1|2\n": "It has one column only, 'a|won': fields are to be separated by commas",
    b"\xfca,won\n1,1\n": "is not in UTF-8",
    b"a,won\n\xfc,1\nb,0\n": "the column 'a' of",
    b"a,a,won\n1,2,1\n": "has two columns 'a'",
    b"a,won\n1,1\n1\n": "cannot be read as a table",
    b"": "cannot be read as a table",
}


@pytest.mark.parametrize("content", UNREADABLE)
def test_a_table_that_cannot_be_asked_says_why(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_bytes(content)
    assert UNREADABLE[content] in run(path, "--goal", "won", fails=1).output
    assert "No such file" in run(tmp_path / "gone.csv", "--goal", "won", fails=1).output


def test_what_a_table_lacks_is_said_in_words_of_tables(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("a,won\n" + "".join(f"x,{int(i % 3 == 0)}\n" for i in range(300)))
    text = run(path, "--goal", "won").output
    assert "there is nothing to compare them by" in text and "a never varies" in text
    assert "add columns with what was known of each lead" in text and "--subject" not in text
    path.write_text("a,won\n" + "".join(f"x,{int(i % 9 == 0)}\n" for i in range(60)))
    text = run(path, "--goal", "won").output
    assert "Too few to say anything: 7 reached the goal; at least 20" in text and "landmark of" not in text


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "definitions").mkdir(parents=True)
    (folder / "fireflower.yaml").write_text("project: x\ngoal: Bought\ncircles: {intent: [person.source]}\n")
    return folder


def test_columns_that_are_traits_make_definitions(leads: Path, project: Path) -> None:
    asked = ("--goal", "Converted", "--subject", "person", "-p", str(project))
    text = run(leads, *asked).output
    assert "person.source = Referral   [intent]" in text.replace('"', "")
    assert "'fireflower import leads.csv.gz'" in text and "{table: people, person: COLUMN}" in text
    made = load_definition((project / "definitions" / "discovered-rule.yaml").read_text())
    assert made.qualified == All((Condition(Trait("person", "source"), Compare("=", "Referral")),))
    assert [circle for circle, _ in made.circles] == ["intent"]
    assert (project / "definitions" / "discovered-score.yaml").exists()
    run(leads, *asked, "--no-files")
    assert len(list((project / "definitions").iterdir())) == 2


def test_the_goal_of_definitions_is_not_the_projects_but_the_column(leads: Path, project: Path) -> None:
    text = run(leads, "--goal", "Converted", "--subject", "person", "-p", str(project)).output
    assert "'fireflower backtest" not in text.replace("so 'fireflower backtest' has nothing to count", "")
    assert "not the column 'Converted' of leads.csv.gz" in text and "'fireflower qualify -d discovered-rule'" in text
    for path in (project / "definitions").iterdir():
        written = path.read_text()
        assert load_definition(path, load_settings(project / "fireflower.yaml")).goal is None
        assert "what it is to predict, the column 'Converted' of leads.csv.gz" in written.partition("definition:")[0]
        assert "a yes in the column 'Converted' of leads.csv.gz" in load_definition(path).description
        assert "the goal" not in load_definition(path).description


def test_columns_that_are_nobodys_make_none(leads: Path) -> None:
    text = run(leads, "--goal", "Converted").output
    assert "give --subject person or --subject account" in text
    assert "[fit" not in text and "circles:" not in text


def test_options_that_say_nothing_to_a_table_are_refused(leads: Path) -> None:
    said = run(leads, "--goal", "Converted", "--churn", "Left", fails=2).output
    assert "--churn says nothing to a table: nothing in it tells what came first. Leave it out." in said
    said = run(leads, "--goal", "Converted", "--hypothesis", "ours.yaml", fails=2).output
    assert "what came first" not in said and "telling a project's history again, and a --table has none" in said
    assert "leave out --table" in said


def test_a_name_to_keep_that_is_no_column_is_refused(leads: Path) -> None:
    said = run(leads, "--goal", "Converted", "--keep", "Lead Stag", fails=2).output
    assert "keep names 'Lead Stag', which is no column of" in said and "Did you mean 'Lead Stage'?" in said
    found = json.loads(run(leads, "--goal", "Converted", "--keep", "Lead Stage", "--json").stdout)
    assert [leak["name"] for leak in found["left_out"]] == ["key"]


def many_leads(rows: int = 400) -> list[list[str]]:
    rng = np.random.default_rng(3)
    visits = rng.poisson(3, rows)
    won = rng.random(rows) < np.where(visits >= 4, 0.5, 0.1)
    stage = np.where(won, "Closed Won", np.where(rng.random(rows) < 0.5, "closed lost", "Open"))
    days = [f"2026-{1 + i // 28 % 12:02}-{1 + i % 28:02}" for i in range(rows)]
    return [[str(visits[i]), stage[i], "yes" if won[i] else "no", days[i]] for i in range(rows)]


def written(path: Path, rows: list[list[str]], between: str = ",") -> Path:
    lines = [["Visits", "Stage", "Won", "Created"], *rows]
    path.write_text("".join(between.join(line) + "\n" for line in lines))
    return path


def test_one_of_several_values_may_say_who_reached_the_goal(tmp_path: Path) -> None:
    path = written(tmp_path / "leads.csv", many_leads(), ";")
    said = read_leads(path, "Won").frame.reached(0)
    for goal in ("Stage = Closed Won", 'Stage="closed won"'):
        assert np.array_equal(read_leads(path, goal).frame.reached(0), said)
    with pytest.raises(
        InputError, match=r"has the value 'closed lost'.* If one of its values .*--goal \"Stage = closed"
    ):
        read_leads(written(tmp_path / "lost.csv", [["1", "closed lost", "no", "2026-01-01"]]), "Stage")
    with pytest.raises(
        UnknownNameError, match=r"no row of .* has 'Closed Wn' in the column 'Stage'. Did you mean 'Closed"
    ):
        read_leads(path, "Stage = Closed Wn")


def test_rows_are_ordered_by_times_and_not_by_letters(tmp_path: Path) -> None:
    rows = many_leads(60)
    straight = read_leads(written(tmp_path / "a.csv", rows), "Won", "Created")
    turned = read_leads(written(tmp_path / "b.csv", rows[::-1]), "Won", "Created")
    assert np.array_equal(straight.frame.reached(0), turned.frame.reached(0))
    some = [[*row[:3], "" if i % 3 else row[3]] for i, row in enumerate(rows)]
    left = read_leads(written(tmp_path / "c.csv", some), "Won", "Created")
    assert len(left.frame) == 20 and "of 60 rows, 40 have nothing in 'Created'" in left.doubts[0]
    odd = [[*row[:3], "9/1/2023"] for row in rows]
    with pytest.raises(InputError, match=r"expected numbers, or dates and times such as 2026-03-01.*got '9/1/2023'"):
        read_leads(written(tmp_path / "d.csv", odd), "Won", "Created")
