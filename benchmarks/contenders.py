"""Who runs in the benchmark: each in a process of its own, on the same columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.measure import Cost, measure
from benchmarks.worlds import PYTHON, Place

SAMPLE = 20


@dataclass(frozen=True)
class Contender:
    """One process of the comparison.

    Attributes
    ----------
    name : in the results
    command : its arguments, given the world
    sample : it runs on one of so many subjects, and its time is multiplied by as much (without that of its start)
    answers : whether it writes transitions
    """

    name: str
    label: str
    command: Callable[[Place], list[str]]
    sample: int = 1
    answers: bool = True


def _module(name: str, *arguments: str) -> list[str]:
    return [PYTHON, "-m", f"benchmarks.{name}", *arguments]


CONTENDERS = (
    Contender(
        "scan",
        "bare scan of the needed columns",
        lambda world: _module("ours", "scan", str(world.project)),
        answers=False,
    ),
    Contender(
        "parquet",
        "bare scan of the same columns as Parquet",
        lambda world: _module("rivals.scan", str(world.columns)),
        answers=False,
    ),
    Contender(
        "fireflower",
        "fireflower, with evidence",
        lambda world: _module("ours", "replay", str(world.project), str(world.answer("fireflower"))),
    ),
    Contender(
        "duckdb",
        "DuckDB",
        lambda world: _module("rivals.in_duckdb", str(world.columns), str(world.answer("duckdb"))),
    ),
    Contender(
        "polars",
        "polars, streaming",
        lambda world: _module("rivals.in_polars", str(world.columns), str(world.answer("polars"))),
    ),
    Contender(
        "pandas",
        f"pandas on 1/{SAMPLE}, x {SAMPLE}",
        lambda world: _module("rivals.in_pandas", str(world.sample), str(world.answer("pandas"))),
        sample=SAMPLE,
    ),
)
RIVALS = ("duckdb", "polars")
"""Those that fireflower is compared with; pandas is shown for orientation."""


def run(contender: Contender, world: Place) -> Cost:
    command = contender.command(world)
    cost = measure(command)
    if contender.sample == 1:
        return cost
    module = command[command.index("-m") + 1]
    return cost.times(contender.sample, idle=measure([PYTHON, "-c", f"import {module}"]))


def compare(contender: Contender, world: Place) -> None:
    """Make sure that a contender's transitions are fireflower's.

    Raises
    ------
    CommandFailed
        Saying what differs.
    """
    ours, theirs = world.answer("fireflower"), world.answer(contender.name)
    measure(_module("agreement", str(ours), str(theirs), str(contender.sample)))
