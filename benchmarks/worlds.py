"""Where the benchmark's files are, and how a world comes into a project."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Cost, measure

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
PYTHON = sys.executable


@dataclass(frozen=True)
class Place:
    """The folder of one world, in the benchmark's data."""

    folder: Path
    events: int

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def columns(self) -> Path:
        return self.folder / "columns"

    @property
    def sample(self) -> Path:
        return self.folder / "sample"

    def answer(self, engine: str) -> Path:
        """Where an engine writes its transitions."""
        return self.folder / f"{engine}.parquet"


def place(data: Path, events: int) -> Place:
    return Place(data / f"{events}-events", events)


def generate(world: Place) -> Cost | None:
    """Write the raw export, unless it is there."""
    done = world.raw / "accounts.parquet"  # the last of the three that is written
    if done.exists():
        return None
    return measure([PYTHON, "-m", "benchmarks.generate", "--events", str(world.events), "--out", str(world.raw)])


def import_into_project(world: Place) -> Cost:
    """Make a fresh project of the benchmark's definitions and import the raw export, as a user does it."""
    shutil.rmtree(world.project, ignore_errors=True)
    shutil.copytree(HERE / "definitions", world.project / "definitions")
    shutil.copy(HERE / "fireflower.yaml", world.project / "fireflower.yaml")
    return measure([str(BIN / "fireflower"), "import", "--project", str(world.project), "--yes"])


def write_columns(world: Place) -> None:
    """The archive's columns as Parquet for the rivals, and a sample of them for pandas. Nobody pays for this."""
    shutil.rmtree(world.columns, ignore_errors=True)
    measure([PYTHON, "-m", "benchmarks.ours", "columns", str(world.project), str(world.columns)])
    measure([PYTHON, "-m", "benchmarks.rivals.in_pandas", "sample", str(world.columns), str(world.sample)])


def tidy(world: Place) -> None:
    """Remove a world that only served to see how costs grow."""
    shutil.rmtree(world.folder, ignore_errors=True)
