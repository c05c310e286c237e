"""The benchmark's world is what it is said to be."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from benchmarks.events import NAMES
from benchmarks.generate import generate
from benchmarks.many import definitions

EVENTS = 30_000


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(EVENTS, tmp_path_factory.mktemp("raw"))


@pytest.fixture(scope="module")
def events(raw: Path) -> pa.Table:
    return pq.read_table(raw / "events.parquet")


def test_it_has_as_many_events_as_asked_for_in_order_of_time(events: pa.Table) -> None:
    times = pc.cast(events["timestamp"], "int64").to_numpy()
    assert len(times) == EVENTS
    assert (times[1:] >= times[:-1]).all()


def test_it_is_written_as_plain_strings_and_times(events: pa.Table) -> None:
    assert events.schema.field("event").type == pa.string()
    assert events.schema.field("user_id").type == pa.string()
    assert events.schema.field("timestamp").type == pa.timestamp("us", tz="UTC")


def test_message_ids_differ(events: pa.Table) -> None:
    ids = events["message_id"]
    assert pc.count_distinct(ids).as_py() == EVENTS
    assert pc.all(
        pc.match_substring_regex(ids, "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
    ).as_py()


def test_events_are_skewed_and_some_lack_a_person_or_an_account(events: pa.Table) -> None:
    counts = {row["values"]: row["counts"] for row in pc.value_counts(events["event"]).to_pylist()}
    assert set(counts) == set(NAMES)
    assert counts["Page Viewed"] > 20 * counts["Pricing Viewed"]
    assert 0 < events["user_id"].null_count < EVENTS / 100
    assert EVENTS / 50 < events["account_id"].null_count < EVENTS / 3


def test_people_change_accounts_and_belong_to_several(raw: Path) -> None:
    joined = pq.read_table(raw / "memberships.parquet").to_pandas()
    first = joined.groupby("user_id").left_at.first()
    several = joined.groupby("user_id").size() > 1
    assert 0 < (several & first.notna()).sum() < 0.05 * len(first)
    assert (several & first.isna()).any()


def test_plans_change_over_time(raw: Path) -> None:
    traits = pq.read_table(raw / "accounts.parquet").to_pandas()
    assert (traits.groupby("account_id").plan.nunique() > 1).any()
    assert traits.employees.isna().any() and traits.industry.isna().any()


def test_the_same_seed_gives_the_same_files(raw: Path, tmp_path: Path) -> None:
    again = generate(EVENTS, tmp_path)
    for table in ("events", "memberships", "accounts"):
        assert pq.read_table(again / f"{table}.parquet").equals(pq.read_table(raw / f"{table}.parquet"))


def test_another_seed_gives_another_world(raw: Path, tmp_path: Path) -> None:
    other = generate(EVENTS, tmp_path, seed=1)
    assert not pq.read_table(other / "events.parquet").equals(pq.read_table(raw / "events.parquet"))


def test_definitions_differ_and_begin_the_same() -> None:
    many = definitions(200)
    assert len({definition.qualified for definition in many}) == 200
    assert many[:20] == definitions(20)
