"""Times in Parquet files that no number of microseconds can hold: their rows are kept aside, and all others read."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fireflower.history.archive import Archive
from fireflower.history.mapping import Mapping
from fireflower.history.readers.guessing import guess_mapping
from fireflower.model.errors import InputError

GOOD = 1_772_366_400
"""2026-03-01 12:00, in seconds."""
FAR = 2**62

TIMES = {
    "milliseconds": pa.array([GOOD * 1000, FAR, -FAR, None], pa.timestamp("ms")),
    "milliseconds with a zone": pa.array([GOOD * 1000, FAR, -FAR, None], pa.timestamp("ms", "UTC")),
    "microseconds": pa.array([GOOD * 10**6, 2**63 - 1, -(2**63), None], pa.timestamp("us")),
    "microseconds with a zone": pa.array([GOOD * 10**6, 2**63 - 1, -(2**63), None], pa.timestamp("us", "UTC")),
    "days": pa.array([GOOD // 86400, 2**31 - 1, -(2**31), None], pa.date32()),
    "whole numbers": pa.array([GOOD, 2**64 - 1, 2**63, None], pa.uint64()),
    "decimals": pa.array([Decimal(GOOD), Decimal(10) ** 37, -(Decimal(10) ** 37), None], pa.decimal128(38, 0)),
    "floats": pa.array([GOOD, 1e300, float("-inf"), None], pa.float64()),
}


@pytest.mark.parametrize("timezone", ["UTC", "Europe/Berlin"])
@pytest.mark.parametrize("statistics", [True, False], ids=["told", "untold"])
@pytest.mark.parametrize("kind", TIMES)
def test_the_rows_are_kept_aside(tmp_path: Path, kind: str, statistics: bool, timezone: str) -> None:
    table = pa.table({"at": TIMES[kind], "event": ["Edit"] * 4, "user": ["ann", "bo", "cy", "di"]})
    pq.write_table(table, tmp_path / "in.parquet", write_statistics=statistics)
    archive = Archive.open(tmp_path / "archive")
    report = archive.ingest(
        tmp_path / "in.parquet", Mapping(time="at", event="event", person="user", timezone=timezone)
    )
    assert (report.new, report.kept_aside) == (1, 3)
    far, before, none = archive.rejects()
    assert [row.line for row in (far, before, none)] == [2, 3, 4]
    assert all(row.file == str(tmp_path / "in.parquet") for row in (far, before, none))
    for row in (far, before):
        assert row.reason.startswith(("the time '", "cannot read the time '")), row.reason
    assert none.reason == "there is no time"


def test_what_is_said_of_them(tmp_path: Path) -> None:
    times = pa.array([GOOD * 1000, GOOD * 1000, FAR], pa.timestamp("ms"))
    pq.write_table(pa.table({"time": times, "event": ["Edit"] * 3, "user": ["ann"] * 3}), tmp_path / "in.parquet")
    archive = Archive.open(tmp_path / "archive")
    archive.ingest(tmp_path / "in.parquet", guess_mapping(tmp_path / "in.parquet").mapping)
    assert next(archive.rejects()).reason == (
        "the time '294247-01-10 04:00:54.775' is outside 1970-01-01 .. 2100-01-01: a mistake of a clock or of the unit"
    )


@pytest.mark.parametrize("statistics", [True, False], ids=["told", "untold"])
def test_times_that_must_be_there(tmp_path: Path, statistics: bool) -> None:
    schema = pa.schema(
        [pa.field("at", pa.timestamp("ms"), nullable=False), ("event", pa.string()), ("user", pa.string())]
    )
    table = pa.table([pa.array([GOOD * 1000, FAR], pa.timestamp("ms")), ["Edit"] * 2, ["ann", "bo"]], schema=schema)
    pq.write_table(table, tmp_path / "in.parquet", write_statistics=statistics)
    archive = Archive.open(tmp_path / "archive")
    report = archive.ingest(tmp_path / "in.parquet", Mapping(time="at", event="event", person="user"))
    assert (report.new, report.kept_aside, next(archive.rejects()).line) == (1, 1, 2)


@pytest.mark.parametrize(
    ("inner", "name"),
    [
        (pa.array([{"at": 1}, {"at": FAR}], pa.struct([("at", pa.timestamp("ms"))])), "due.at"),
        (pa.array([[1], [-FAR]], pa.list_(pa.timestamp("ms", "UTC"))), "due.list.element"),
    ],
)
def test_such_times_within_objects_and_lists_are_named(tmp_path: Path, inner: pa.Array, name: str) -> None:
    times = pa.array([GOOD * 1000] * 2, pa.timestamp("ms"))
    table = pa.table({"time": times, "event": ["Edit"] * 2, "user": ["ann"] * 2, "due": inner})
    pq.write_table(table, tmp_path / "in.parquet")
    with pytest.raises(InputError) as refused:
        Archive.open(tmp_path / "archive").ingest(
            tmp_path / "in.parquet", Mapping(time="time", event="event", person="user")
        )
    assert str(refused.value) == (
        f"{tmp_path / 'in.parquet'} has times in milliseconds in the column {name} that are further away than "
        "microseconds reach, which can be read in a column of their own alone. Expected times before 294247: write "
        "others as missing, or export the file without that column; nothing of it has been imported."
    )


def test_no_copy_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "copies"))
    (tmp_path / "copies").mkdir()
    pq.write_table(
        pa.table({"at": TIMES["milliseconds"], "event": ["Edit"] * 4, "user": ["ann"] * 4}), tmp_path / "in.parquet"
    )
    Archive.open(tmp_path / "archive").ingest(tmp_path / "in.parquet", Mapping(time="at", event="event", person="user"))
    assert not list((tmp_path / "copies").iterdir())
    assert not list((tmp_path / "archive" / "scratch").rglob("*.parquet"))


def test_a_property_that_is_too_far_away_leaves_its_row_alone(tmp_path: Path) -> None:
    times = pa.array([GOOD * 1000] * 4, pa.timestamp("ms"))
    table = pa.table({"at": times, "event": ["Edit"] * 4, "user": ["ann"] * 4, "due": TIMES["milliseconds"]})
    pq.write_table(table, tmp_path / "in.parquet")
    report = Archive.open(tmp_path / "archive").ingest(
        tmp_path / "in.parquet", Mapping(time="at", event="event", person="user")
    )
    assert (report.new, report.kept_aside) == (4, 0)


KILLED = """
import os, signal, sys
from pathlib import Path
from fireflower.history.archive import Archive
from fireflower.history.mapping import Mapping
from fireflower.history.readers.tables import TableSource

TableSource.batches = lambda self: os.kill(os.getpid(), signal.SIGKILL)
Archive.open(Path("archive")).ingest(sys.argv[1], Mapping(time="time", event="event", person="user"))
"""


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_copy_of_who_is_killed_is_swept(tmp_path: Path, kind: str) -> None:
    file, temporary, scratch = tmp_path / f"in.{kind}", tmp_path / "temporary", tmp_path / "archive" / "scratch"
    temporary.mkdir()
    times = pa.array([GOOD * 1000, FAR], pa.timestamp("ms"))
    pq.write_table(pa.table({"time": times, "event": ["Edit"] * 2, "user": ["ann"] * 2}), tmp_path / "in.parquet")
    (tmp_path / "in.csv").write_bytes(b"time,event,user\r\n2026-03-01,Edit,ann\nsoon,Edit,ann\n")
    command = [sys.executable, "-c", KILLED, str(file)]
    subprocess.run(command, cwd=tmp_path, env={**os.environ, "TMPDIR": str(temporary)})
    assert not list(temporary.iterdir()) and len(list(scratch.rglob(f"*.{kind}"))) == 1
    report = Archive.open(tmp_path / "archive").ingest(file, Mapping(time="time", event="event", person="user"))
    assert (report.new, report.kept_aside) == (1, 1)
    assert not list(scratch.iterdir())
