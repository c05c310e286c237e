"""Data frames in, data frames out."""

from __future__ import annotations

import gc
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import fireflower
from fireflower.app.arguments import span_from
from fireflower.language import nodes
from fireflower.model.moments import DAY

TWICE = "definition: twice\nsubject: person\nvalue: count(Login) >= 2\n"
TEAM = "definition: team\nsubject: account\nvalue: actors(Login) >= 2\nfit: account.employees >= 20\n"

COLUMNS = {
    "event": ["Login", "Login", "Login", "Export"],
    "time": ["2026-01-01T09:00:00Z", "2026-01-02T09:00:00Z", "2026-01-03T09:00:00Z", "2026-01-04T09:00:00Z"],
    "person": ["ann", "ann", "ben", "ann"],
    "account": ["acme", "acme", "acme", "acme"],
    "rows": [1, 2, 3, 4],
}
FRAMES = {
    "pandas": pd.DataFrame,
    "pandas with times": lambda columns: pd.DataFrame(columns).assign(time=lambda f: pd.to_datetime(f["time"])),
    "polars": pl.DataFrame,
    "arrow": pa.table,
}


@pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES)
def test_every_kind_of_frame_gives_the_same(make) -> None:
    accounts = make({"account": ["acme"], "employees": [50]}) if make is not FRAMES["pandas with times"] else None
    definitions = [TWICE, TEAM] if accounts is not None else [TWICE]
    found = fireflower.qualify(definitions, make(COLUMNS), accounts=accounts)
    leads = {(lead.kind, lead.subject, lead.definition) for lead in found.leads()}
    expected = {("person", "ann", "twice")} | ({("account", "acme", "team")} if accounts is not None else set())
    assert leads == expected
    assert found.as_of == 1_767_517_200_000_000


def test_results_come_as_arrow_pandas_and_polars() -> None:
    found = fireflower.qualify(TWICE, pd.DataFrame(COLUMNS))
    table = found.to_arrow()
    assert table.column_names == ["subject_kind", "subject", "definition", "since", "name", "evidence"]
    assert found.to_pandas()["subject"].tolist() == ["ann"]
    assert found.to_pandas()["since"][0] == pd.Timestamp("2026-01-02T09:00:00Z")
    assert found.to_polars()["subject"].to_list() == ["ann"]
    [state] = table["evidence"][0].as_py()
    assert (state["condition"], state["holds"], state["number"]) == ("count(Login) >= 2", True, 2.0)


def test_transitions_have_their_reasons() -> None:
    lapsing = "definition: lately\nsubject: person\nvalue: count(Login, last 1 day) >= 1\n"
    rows = fireflower.qualify(lapsing, pd.DataFrame(COLUMNS)).to_pandas(transitions=True)
    assert rows[rows["subject"] == "ben"][["change", "reason"]].to_numpy().tolist() == [
        ["entered", "qualified"],
        ["left", "lapsed"],
    ]


def test_nobody_qualified_is_an_empty_table() -> None:
    found = fireflower.qualify(TWICE.replace("2", "99"), pd.DataFrame(COLUMNS))
    assert found.to_arrow().num_rows == 0
    assert found.to_pandas(transitions=True).empty
    assert len(found) == 0


def test_definitions_can_be_nodes_texts_or_files(tmp_path: Path) -> None:
    node = nodes.Definition(
        "node", "person", nodes.Condition(nodes.Count(nodes.Events(("Login",))), nodes.Compare(">=", 2))
    )
    path = tmp_path / "twice.yaml"
    path.write_text(TWICE)
    found = fireflower.qualify([node, path], pl.DataFrame(COLUMNS))
    assert [lead.definition for lead in found.leads()] == ["node", "twice"]


def test_as_of_settings_and_traits() -> None:
    people = pd.DataFrame({"person": ["ann", "ben"], "email": ["ann@shop.example", "ben@acme.example"]})
    once = "definition: once\nsubject: person\nvalue: count(Login) >= 1\n"
    settings = 'leave_out:\n  people: person.email ends with "@shop.example"\n'
    found = fireflower.qualify(once, pd.DataFrame(COLUMNS), people, settings=settings)
    assert [lead.subject for lead in found.leads()] == ["ben"]
    early = fireflower.qualify(TWICE, pd.DataFrame(COLUMNS), as_of="2026-01-01")
    assert len(early) == 0


def test_memberships_make_members() -> None:
    members = pd.DataFrame({"person": ["ann", "ben"], "account": ["acme", "acme"], "time": ["2026-01-01"] * 2})
    events = pd.DataFrame(COLUMNS).drop(columns="account")
    definition = "definition: two\nsubject: account\nvalue: members() >= 2\n"
    found = fireflower.qualify(definition, events, memberships=members)
    assert [lead.subject for lead in found.leads()] == ["acme"]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(fireflower.FireflowerError, match=r"events: .* event names.*Did you mean 'Event'\?"):
        fireflower.qualify(TWICE, pd.DataFrame(COLUMNS).rename(columns={"event": "Event"}))


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(fireflower.FireflowerError, match="events: expected a data frame of pandas"):
        fireflower.qualify(TWICE, [{"event": "Login"}])  # type: ignore[arg-type]


def test_rows_that_cannot_be_read_are_named() -> None:
    broken = pd.DataFrame(COLUMNS).assign(time=["2026-01-01", "soon", "2026-01-03", "2026-01-04"])
    with pytest.raises(fireflower.FireflowerError, match=r"the frame of events has rows (.|\n)*soon"):
        fireflower.qualify(TWICE, broken)


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    found = fireflower.qualify(TWICE, pd.DataFrame(COLUMNS))
    assert len(found.transitions) == 1
    del found
    gc.collect()
    assert list(tmp_path.glob("fireflower-*")) == []


EARLY = 1_767_225_600_000_000


@pytest.mark.parametrize(
    "as_of",
    [
        "2026-01-01",
        date(2026, 1, 1),
        datetime(2026, 1, 1),
        datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
        pd.Timestamp("2026-01-01", tz="UTC"),
        EARLY,
        np.int64(EARLY),
    ],
)
def test_a_moment_can_be_said_in_any_way(as_of) -> None:
    assert fireflower.qualify(TWICE, pd.DataFrame(COLUMNS), as_of=as_of).as_of == EARLY


@pytest.mark.parametrize("as_of", ["soon", pd.NaT, 1.5, True])
def test_what_is_no_moment_is_refused(as_of) -> None:
    with pytest.raises(fireflower.FireflowerError, match="expected a date or time"):
        fireflower.qualify(TWICE, pd.DataFrame(COLUMNS), as_of=as_of)


@pytest.mark.parametrize("as_of", [10**30, -1, "1950-01-01", datetime(2300, 1, 1)])
def test_a_moment_that_no_history_has_is_refused(as_of) -> None:
    with pytest.raises(fireflower.FireflowerError, match="expected a moment from 1970 to 2100"):
        fireflower.qualify(TWICE, pd.DataFrame(COLUMNS), as_of=as_of)


@pytest.mark.parametrize("said", ["30 days", timedelta(days=30), pd.Timedelta(days=30), 30 * DAY])
def test_a_span_can_be_said_in_any_way(said) -> None:
    assert span_from(said) == 30 * DAY


@pytest.mark.parametrize("said", ["soon", 0, -1, 30.5, None, True])
def test_what_is_no_span_is_refused(said) -> None:
    with pytest.raises(fireflower.FireflowerError, match="expected a span"):
        span_from(said)


def test_a_column_of_mixed_types_is_named() -> None:
    mixed = pd.DataFrame(COLUMNS).assign(seats=[1, "x", None, 2])
    with pytest.raises(fireflower.FireflowerError, match="events: the column 'seats' mixes"):
        fireflower.qualify(TWICE, mixed)


def test_people_under_another_name_are_not_passed_over() -> None:
    renamed = pd.DataFrame(COLUMNS).rename(columns={"person": "user_id"})
    with pytest.raises(fireflower.FireflowerError, match="'user_id' looks like one"):
        fireflower.qualify(TWICE, renamed)
    with pytest.raises(fireflower.FireflowerError, match=r"'user_id' looks like one|needs a column of people"):
        fireflower.qualify(TWICE, renamed.drop(columns="account"))


def test_events_of_accounts_alone_are_fine() -> None:
    definition = "definition: busy\nsubject: account\nvalue: count(Login) >= 2\n"
    found = fireflower.qualify(definition, pd.DataFrame(COLUMNS).drop(columns="person"))
    assert [lead.subject for lead in found.leads()] == ["acme"]


def test_a_lazy_frame_is_to_be_collected() -> None:
    with pytest.raises(fireflower.FireflowerError, match=r"call \.collect\(\)"):
        fireflower.qualify(TWICE, pl.LazyFrame(COLUMNS))  # type: ignore[arg-type]


def test_a_result_shows_itself_in_a_line() -> None:
    found = fireflower.qualify(TWICE, pd.DataFrame(COLUMNS))
    assert "twice as of 2026-01-04 09:00 UTC: evaluated when asked" in repr(found)
    assert [lead.since for lead in found.leads()] == [datetime(2026, 1, 2, 9, tzinfo=UTC)]
    assert "1 qualified; see .leads()" in repr(found)


def test_names_that_the_frames_do_not_have_are_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"twice: no event 'Logim' is in the data\. Did you mean 'Login'\?") as caught:
        fireflower.qualify(TWICE.replace("Login", "Logim"), pd.DataFrame(COLUMNS))
    assert [Path(warning.filename).name for warning in caught] == ["test_frames.py"]
    with pytest.warns(UserWarning, match=r"twice: no event has a property 'sead' in the data\."):
        fireflower.qualify(TWICE.replace("Login", "Login where properties.sead > 2"), pd.DataFrame(COLUMNS))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_library_that_is_not_installed_is_named(library: str, monkeypatch) -> None:
    found = fireflower.qualify(TWICE, pd.DataFrame(COLUMNS))
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(fireflower.FireflowerError, match=rf"pip install 'fireflower\[{library}\]'"):
        getattr(found, f"to_{library}")()


@pytest.mark.parametrize("said", [1, 30, np.int64(60), 59_999_999])
def test_numbers_that_are_hardly_microseconds_are_refused(said) -> None:
    with pytest.raises(fireflower.FireflowerError, match=r"'30 days' or timedelta\(days=30\)"):
        span_from(said)


def test_a_minute_in_microseconds_and_short_spans_in_words_are_taken() -> None:
    assert span_from(60_000_000) == 60_000_000
    assert span_from("30 seconds") == span_from(timedelta(seconds=30)) == 30_000_000
