"""A small product: people sign up over a year, do things, and some buy."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import fireflower
from fireflower.app.project import Project
from fireflower.model.moments import DAY, iso

START = 1_735_689_600_000_000  # 2025-01-01
SETTINGS = "project: Small\nstart: Signed Up\ngoal: Bought\n"
Row = tuple[int, str, str]


def history(people: int, lift: float, seed: int = 1) -> Iterator[Row]:
    """(moment, event, person). Who has run two reports by day 7 buys `lift` times as often in the 20 days after it."""
    rng = np.random.default_rng(seed)
    for number in range(people):
        person, born = f"p{number}", START + int(rng.uniform(0, 300) * DAY)
        yield born, "Signed Up", person
        busy = rng.gamma(2.0, 0.5)
        done = {name: rng.poisson(mean * busy) for name, mean in (("Report Run", 1.5), ("Login", 5), ("Help Read", 1))}
        for name, times in done.items():
            for at in rng.uniform(0, 7, times):
                yield born + int(at * DAY), name, person
        if rng.random() < (0.1 * lift if done["Report Run"] >= 2 else 0.1):
            bought = born + int(rng.uniform(7.1, 27) * DAY)
            yield bought, "Bought", person
            yield bought + DAY, "Invoice Seen", person
    yield START + 360 * DAY, "Login", "p0"


def project_of(folder: Path, rows: Iterator[Row], settings: str = SETTINGS) -> Project:
    folder.mkdir()
    (folder / "fireflower.yaml").write_text(settings)
    (folder / "definitions").mkdir()
    with (folder / "events.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("time", "event", "person"))
        writer.writerows((iso(at), event, person) for at, event, person in rows)
    project = fireflower.open(folder)
    project.import_(folder / "events.csv")
    return fireflower.open(folder)


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Reports matter."""
    return project_of(tmp_path_factory.mktemp("discover") / "product", history(1500, lift=4.0))


@pytest.fixture(scope="session")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Nothing matters."""
    return project_of(tmp_path_factory.mktemp("discover") / "noise", history(1000, lift=1.0, seed=4))


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Project]:
    """A project of some rows."""
    return lambda rows, settings=SETTINGS: project_of(tmp_path / "made", iter(rows), settings)
