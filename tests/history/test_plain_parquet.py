"""Parquet files that Arrow reads column by column say the same as when DuckDB reads them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fireflower.history.mapping import Mapping
from fireflower.history.readers.tables import TableSource
from fireflower.model.errors import InputError

TEXTS = st.sampled_from(
    [None, "", " ", "a", " a", "a ", "ä", "\u00a0a", "\ta", "a b", "u_0000001", "u_0000002", "ä" * 500, "ä" * 501]
)
HOURS = st.sampled_from([None, -1, 0, 1, 2, 1139594, 1139595, 9000000])
HOUR = 3_600_000_000
MAPPING = Mapping(
    time="at", event="event", person="user", account="team", message_id="id", received="got", ignore=("spare",)
)


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """Rows of which some cannot be read; texts with space around them, of every type that Arrow has for them."""
    text = draw(st.sampled_from([pa.string(), pa.large_string()]))
    time = draw(
        st.sampled_from([pa.timestamp("us", tz="UTC"), pa.timestamp("ms", tz="Europe/Berlin"), pa.timestamp("us")])
    )
    rows = draw(st.lists(st.tuples(*[HOURS] * 2, *[TEXTS] * 6, st.floats(), st.booleans()), max_size=12))
    at, got, event, user, team, id, plan, spare, seats, paid = (
        ([*column] for column in zip(*rows, strict=True)) if rows else [[]] * 10
    )
    scale = HOUR if time.unit == "us" else HOUR // 1000
    arrays = {
        "at": pa.array([None if hour is None else hour * scale for hour in at], pa.int64()).cast(time),
        "event": pa.array(event, text),
        "user": pa.array(user, text),
        "team": pa.array(team, text),
        "id": pa.array(id, text),
        "got": pa.array([None if hour is None else hour * scale for hour in got], pa.int64()).cast(time),
        "spare": pa.array(spare, text),
        "plan": pa.array(plan, text),
        "seats": pa.array(seats, pa.float64()),
        "paid": pa.array(paid, pa.bool_()),
    }
    return pa.table(arrays)


def said(source: TableSource) -> tuple[list[Any], list[Any], int]:
    """The records of a source, in an order of their own, and the rows that it keeps aside."""
    records: list[Any] = []
    aside: list[Any] = []
    read = 0
    for batch in source.batches():
        columns = {**batch.columns, **batch.properties}
        lists = [
            column.to_pylist() if hasattr(column, "to_pylist") else [column] * batch.size for column in columns.values()
        ]
        records += [dict(zip(columns, map(repr, row), strict=True)) for row in zip(*lists, strict=True)]
        aside += batch.kept_aside
        read += batch.read
    return sorted(records, key=repr), aside, read


SETTINGS = MAPPING.settings()
MAPPINGS = [
    MAPPING,
    Mapping(**{**SETTINGS, "anonymous": "spare", "ignore": ()}),
    Mapping(**{**SETTINGS, "event_name": "Seen", "account": "", "joins": True}),
    Mapping(**{**SETTINGS, "person": "", "anonymous": "user", "message_id": "", "received": "", "ignore": ("got",)}),
]


@settings(max_examples=150, deadline=None)
@given(tables(), st.sampled_from(MAPPINGS), st.booleans(), st.integers(1, 5))
def test_arrow_says_what_duckdb_says(table: pa.Table, mapping: Mapping, coded: bool, group: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.parquet"
        pq.write_table(table, path, row_group_size=group, use_dictionary=coded)
        plain = TableSource(path, "parquet", "", mapping, None)
        by_duckdb = TableSource(path, "parquet", "", mapping, None)
        assert plain._plain is not None
        by_duckdb._plain = None
        assert said(plain) == said(by_duckdb)


ROW = {"at": pa.array([0], pa.timestamp("us", tz="UTC")), "event": ["Edit"], "user": ["ann"]}
FEW = Mapping(time="at", event="event", person="user")


@pytest.mark.parametrize(
    "odd",
    [
        {"user": pa.array([7])},
        {"at": pa.array([0], pa.timestamp("ns", tz="UTC"))},
        {"at": ["2026-01-01"]},
        {"when": pa.array([0], pa.timestamp("us"))},
        {"tags": [["a"]]},
        {"team": [{"plan": "free"}]},
        {"user": pa.array(["ann"]).dictionary_encode()},
    ],
    ids=lambda odd: next(iter(odd)),
)
def test_what_needs_a_conversion_goes_through_duckdb(tmp_path: Path, odd: dict[str, Any]) -> None:
    pq.write_table(pa.table({**ROW, **odd}), tmp_path / "in.parquet")
    source = TableSource(tmp_path / "in.parquet", "parquet", "", FEW, None)
    assert source._plain is None
    assert len(said(source)[0]) == 1


def test_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    wrong = pa.array([b"\xff\xfe"]).view(pa.string())
    pq.write_table(pa.table({**ROW, "plan": wrong}), tmp_path / "in.parquet")
    with pytest.raises(InputError, match="damaged"):
        said(TableSource(tmp_path / "in.parquet", "parquet", "", FEW, None))


def test_a_page_that_is_damaged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({**ROW, "plan": ["free" * 100]}), path, compression="zstd", use_dictionary=False)
    content = bytearray(path.read_bytes())
    content[4:60] = bytes(56)
    path.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        said(TableSource(path, "parquet", "", FEW, None))


def test_large_texts_stay_so_where_space_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fireflower.history.readers.parquet._ROWS", 2)
    ids = pa.array(["a", "b", " c", "d"], pa.large_string())
    times = pa.array([0, 1, 2, 3], pa.timestamp("us", tz="UTC"))
    table = pa.table({"at": times, "event": ["Edit"] * 4, "user": ["ann"] * 4, "id": ids})
    pq.write_table(table, tmp_path / "in.parquet", use_dictionary=False)
    mapping = Mapping(time="at", event="event", person="user", message_id="id")
    records, aside, _ = said(TableSource(tmp_path / "in.parquet", "parquet", "", mapping, None))
    assert not aside
    assert [record["message_id"].strip("'") for record in records] == ["a", "b", "c", "d"]


def test_ids_that_are_no_numbers_are_missing(tmp_path: Path) -> None:
    ids = pa.array([1.0, float("nan"), 1e19, 2.5])
    times = pa.array([0, 1, 2, 3], pa.timestamp("us", tz="UTC"))
    pq.write_table(pa.table({"at": times, "event": ["Edit"] * 4, "user": ids}), tmp_path / "in.parquet")
    records, aside, _ = said(TableSource(tmp_path / "in.parquet", "parquet", "", FEW, None))
    assert [record["person"].strip("'") for record in records] == ["1", "10000000000000000000", "2.5"]
    assert len(aside) == 1


def test_a_file_that_arrow_cannot_open_goes_through_duckdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise pa.ArrowNotImplementedError("not known to Arrow")

    table = pa.table({"at": pa.array([0], pa.timestamp("us", tz="UTC")), "event": ["Edit"], "user": ["ann"]})
    pq.write_table(table, tmp_path / "in.parquet")
    monkeypatch.setattr(pq, "ParquetFile", fail)
    mapping = Mapping(time="at", event="event", person="user")
    source = TableSource(tmp_path / "in.parquet", "parquet", "", mapping, None)
    assert sum(batch.read for batch in source.batches()) == 1
