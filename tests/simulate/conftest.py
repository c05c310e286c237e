"""One simulated year, read back as anybody would read it, for all tests of this room."""

from __future__ import annotations

import csv
import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fireflower.simulate import SimulationReport, World, simulate


@dataclass(frozen=True)
class Simulated:
    """A simulation and what its files say."""

    world: World
    report: SimulationReport
    folder: Path
    calls: list[dict[str, Any]]
    unreadable: list[str]

    def table(self, name: str) -> list[dict[str, str]]:
        with (self.folder / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def truth(self, kind: str) -> dict[str, dict[str, str]]:
        return {row["id"]: row for row in self.table("truth.csv") if row["kind"] == kind}

    def events(self, name: str) -> list[dict[str, Any]]:
        return [call for call in self.calls if call.get("event") == name]


def read_back(world: World, report: SimulationReport, folder: Path) -> Simulated:
    """Each call once, in the order of the files; lines that are no good call are kept apart."""
    calls: dict[str, dict[str, Any]] = {}
    unreadable = []
    for path in sorted(folder.glob("events-*.jsonl.gz")):
        for line in gzip.decompress(path.read_bytes()).decode().splitlines():
            if '"receivedAt"' in line:
                call = json.loads(line)
                calls.setdefault(call["messageId"], call)
            else:
                unreadable.append(line)
    return Simulated(world, report, folder, list(calls.values()), unreadable)


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    world, folder = World(accounts=500), tmp_path_factory.mktemp("year")
    return read_back(world, simulate(world, folder, seed=11), folder)
