"""What a search of a million rows takes, and reading candidates from a history beside one replay of it.

python -m benchmarks.discovery_speed [--rows 1000000] [--project bench-data/100000000-events/project]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import fireflower
from benchmarks.measure import Cost, measure, middle
from fireflower.app.discover import Request, read
from fireflower.discover.candidates import Candidate
from fireflower.discover.frames import Column, Frame
from fireflower.discover.search import DEPTH
from fireflower.discover.study import Question, searched
from fireflower.model.moments import DAY, NEVER

COLUMNS = 200
PERMUTATIONS = 200
HORIZON = 30 * DAY
PROJECT = Path("bench-data/100000000-events/project")
OWN = [sys.executable, "-m", "benchmarks.discovery_speed"]

SEARCH_SECONDS = 300
REPLAYS = 3
MEMORY = 6e9
"""Targets: a search may take so long, reading candidates so many times one replay, and either so many bytes."""


def frame(rows: int, seed: int = 0) -> Frame:
    """Counts of 200 events that go along with one activity; three of them, together, triple the rate of 4 %."""
    rng = np.random.default_rng(seed)
    activity = rng.normal(size=rows).astype(np.float32)
    columns = tuple(_counts(rng, activity, f"event {number}") for number in range(COLUMNS))
    rule = np.logical_and.reduce([column.numbers >= 3 for column in columns[:3]])
    reached = rng.random(rows) < np.where(rule, 0.12, 0.04)
    moment = np.linspace(0, 400 * DAY, rows).astype(np.int64)
    wait = np.where(reached, (rng.random(rows) * HORIZON).astype(np.int64), NEVER)
    each = np.arange(rows)
    return Frame(7 * DAY, each, moment, wait, 500 * DAY - moment, np.full(rows, NEVER), each, columns)


def _counts(rng: np.random.Generator, activity: np.ndarray, name: str) -> Column:
    own = 0.7 * activity + 0.7 * rng.normal(size=len(activity)).astype(np.float32)
    numbers = rng.poisson(np.exp(0.7 + 0.8 * own)).astype(np.float32)
    return Column(Candidate(name, None, None, "did", "value", False, name), numbers)


def search(rows: int) -> None:
    """Search so many rows, and as often again by chance."""
    [found], _ = searched([frame(rows)], Question(HORIZON, permutations=PERMUTATIONS))
    best = max((rules[0] for rules in found.whole.found.values() if rules), key=lambda rule: rule.gain)
    print(f"{len(found.whole.board.terms):,} conditions; the best gains {best.gain:.0f} nats", file=sys.stderr)


def candidates(project: Path) -> None:
    """Read all candidates at five landmarks, leaks looked for, as `discover` does before it searches."""
    given = read(fireflower.open(project), Request(subject="person"))
    columns = sum(len(frame.columns) for frame in given.frames)
    people = len(given.frames[0])
    print(f"{columns} candidates at {len(given.frames)} landmarks, {people:,} people at the first", file=sys.stderr)


def _row(what: str, cost: Cost, target: str = "") -> None:
    print(f"| {what} | {cost.cpu:.1f} | {cost.wall:.1f} | {cost.memory / 1e9:.2f} | {target} |", flush=True)


def _measured_search(rows: int) -> None:
    cost = measure([*OWN, "--alone", "search", "--rows", str(rows)])
    what = f"{rows:,} rows, {COLUMNS} columns, depth {DEPTH}, {PERMUTATIONS} permutations"
    _row(what, cost, _held(cost.wall <= SEARCH_SECONDS, f"{SEARCH_SECONDS} s wall on two processors", cost))


def _measured_candidates(project: Path) -> None:
    """Beside one replay of the benchmark's definitions, before and after it, as machines differ by the minute. The
    first time after an import, columns of properties are made as well, which are kept."""
    replays, asked = [], [*OWN, "--alone", "candidates", "--project", str(project)]
    first = measure(asked)
    with tempfile.TemporaryDirectory() as folder:
        replay = [sys.executable, "-m", "benchmarks.ours", "replay", str(project), f"{folder}/found.parquet"]
        replays.append(measure(replay))
        cost = measure(asked)
        replays.append(measure(replay))
    once = middle(replays)
    factor = cost.cpu / once.cpu
    _row("one replay of the benchmark's definitions", once)
    _row("candidates at five landmarks, the first time", first)
    _row("candidates at five landmarks", cost, _held(factor <= REPLAYS, f"{REPLAYS} replays: {factor:.1f}", cost))


def _held(fast: bool, target: str, cost: Cost) -> str:
    reached = "yes" if fast and cost.memory < MEMORY else "NO"
    return f"{target}, below {MEMORY / 1e9:.0f} GB: {reached}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--project", type=Path, default=PROJECT, help="a project of `benchmarks.run`")
    parser.add_argument("--alone", choices=["search", "candidates"], help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.alone == "search":
        search(chosen.rows)
        return 0
    if chosen.alone == "candidates":
        candidates(chosen.project)
        return 0
    measure([sys.executable, "-m", "benchmarks.ours", "warm"])
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", file=sys.stderr)
    print("| | CPU s | wall s | GB | target |\n|---|---|---|---|---|")
    _measured_search(chosen.rows)
    if chosen.project.exists():
        _measured_candidates(chosen.project)
    else:
        print(f"no candidates are read, as there is no {chosen.project}: `make bench` makes it", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
