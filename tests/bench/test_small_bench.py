"""Every engine of the benchmark gives the same transitions; time is not looked at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from oracle.oracle import verdicts

from bench.raw_records import read_records
from benchmarks.agreement import Row, difference, read
from benchmarks.columns import Columns, export, load
from benchmarks.contenders import SAMPLE
from benchmarks.generate import generate
from benchmarks.many import definitions
from benchmarks.ours import transitions, write
from benchmarks.rivals import in_duckdb, in_pandas, in_polars
from benchmarks.worlds import Place, import_into_project
from fireflower.app.project import open_project
from fireflower.evaluate.replay import replay
from fireflower.evaluate.results import Change, Transitions
from fireflower.history.assembly import assemble
from fireflower.language.loading import load_project
from fireflower.language.nodes import Definition, Settings
from fireflower.model.records import Record
from fireflower.model.timeline import Timeline

PROJECT = Path(__file__).parents[2] / "benchmarks"
ENGINES = {"duckdb": in_duckdb.run, "polars": in_polars.run, "pandas": in_pandas.run}


@dataclass(frozen=True)
class Small:
    """A world small enough to be assembled in memory, and fireflower's transitions in it."""

    folder: Path
    records: list[Record]
    timeline: Timeline
    columns: Columns
    settings: Settings
    definitions: tuple[Definition, ...]

    @property
    def ours(self) -> Path:
        return self.folder / "fireflower.parquet"


def small_world(folder: Path, events: int, seed: int = 20250101) -> Small:
    records = read_records(generate(events, folder / "raw", seed))
    timeline = assemble(records)
    columns = export([timeline], folder / "columns")
    settings, definitions = load_project(PROJECT)
    write(replay(definitions, settings, [timeline], as_of=columns.as_of), folder / "fireflower.parquet")
    return Small(folder, records, timeline, columns, settings, definitions)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return small_world(tmp_path_factory.mktemp("world"), 40_000)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_rival_gives_the_same_transitions(world: Small, engine: str) -> None:
    theirs = world.folder / f"{engine}.parquet"
    ENGINES[engine](world.columns, theirs)
    assert difference(world.ours, theirs) == ""


def test_on_a_sample_pandas_gives_the_transitions_of_the_sample(world: Small) -> None:
    sample, theirs = world.folder / "sample", world.folder / "sampled.parquet"
    in_pandas.take_sample(world.folder / "columns", sample)
    in_pandas.run(load(sample), theirs)
    assert difference(world.ours, theirs, SAMPLE) == ""
    assert read(theirs)


def test_every_definition_is_entered_and_left(world: Small) -> None:
    seen = {(definition, entered) for definition, _, _, entered in read(world.ours)}
    assert seen == {(definition.name, entered) for definition in world.definitions for entered in (True, False)}


def test_a_missing_transition_is_noticed(world: Small) -> None:
    import pyarrow.parquet as pq

    theirs = world.folder / "lacking.parquet"
    pq.write_table(pq.read_table(world.ours)[1:], theirs)
    assert "lacks 1 of the" in difference(world.ours, theirs)


@pytest.mark.parametrize("seed", [22, 55])
def test_the_oracle_gives_the_same_transitions(tmp_path: Path, seed: int) -> None:
    tiny = small_world(tmp_path, 1_000, seed)
    vocabulary = tiny.timeline.vocabulary
    codes = {"person": vocabulary.people, "account": vocabulary.accounts}
    numbers = {kind: {id: code for code, id in enumerate(ids)} for kind, ids in codes.items()}
    expected: set[Row] = {
        (verdict.definition, numbers[verdict.kind][verdict.subject], verdict.at, verdict.change == "entered")
        for verdict in verdicts(tiny.definitions, tiny.settings, tiny.records, tiny.columns.as_of)
    }
    assert expected
    assert read(tiny.ours) == expected


def test_the_archive_gives_what_a_history_in_memory_gives(world: Small) -> None:
    place = Place(world.folder, 40_000)
    import_into_project(place)
    project = open_project(place.project)
    theirs = _by_id(transitions(project, project.definitions))
    assert theirs == _by_id(replay(world.definitions, world.settings, [world.timeline], as_of=world.columns.as_of))


def _by_id(found: Transitions) -> set[tuple[str, str, int, bool]]:
    """The transitions with the subjects' ids: two histories number them differently."""
    return {
        (
            found.definitions[found.definition[i]].name,
            found.subject_id(i),
            int(found.at[i]),
            found.change[i] == Change.ENTERED,
        )
        for i in range(len(found))
    }


def test_two_hundred_definitions_can_be_replayed(world: Small) -> None:
    found = replay(definitions(200), world.settings, [world.timeline], as_of=world.columns.as_of)
    assert len(set(found.definition)) > 100
