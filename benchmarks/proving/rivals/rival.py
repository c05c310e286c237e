"""What a rival is: which table it learns from, how, and what it then says."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.proving.chance import Bools, Floats
from benchmarks.proving.features import IS, Table, at_landmark
from benchmarks.proving.scoring import Finding, Named
from benchmarks.proving.world import World

LISTED = 3
"""How many a person takes off a ranked list. As many as the true rule of "and" has, which is generous."""
CUTS = (1.0, 2.0, 3.0, 4.0, 5.0)
"""Thresholds on a count, for methods that need yes or no."""


@dataclass(frozen=True)
class Learned:
    """What a rival has learned: what it names, whom it selects by their row, and the chance that it gives them."""

    named: tuple[Named, ...]
    selects: Callable[[Floats], Bools]
    chance: Callable[[Floats], Floats] | None = None


@dataclass(frozen=True)
class Rival:
    """A rival.

    Attributes
    ----------
    table : what it learns from
    landmark : the day since sign-up on which what it has learned is applied
    needs : modules without which it cannot run
    """

    name: str
    label: str
    learn: Callable[[Table], Learned]
    table: Callable[[World], Table] = lambda world: at_landmark(world, world.kind.landmark)
    landmark: float | None = None
    needs: tuple[str, ...] = ()


def missing(rival: Rival) -> str:
    """Why a rival cannot run here; "" if it can."""
    for name in rival.needs:
        try:
            import_module(name)
        except Exception as error:  # a library that is there, but of which a part does not load, says so in many ways
            return f"{name}: {error or type(error).__name__}"
    return ""


def run(rival: Rival, world: World) -> Finding:
    """Have a rival learn from what is known at the cut, and select among those who come later. Its seconds are those of
    the processor while it learns, not while the table is made."""
    table = rival.table(world)
    started = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # libraries warn of each other's versions
        learned = rival.learn(table)
    seconds = time.process_time() - started
    landmark = world.kind.landmark if rival.landmark is None else rival.landmark
    later = at_landmark(world, landmark, unseen=True)
    ids = np.array(world.ids)[later.subject]
    chance = None
    if learned.chance is not None:
        chance = dict(zip(ids.tolist(), learned.chance(later.values).tolist(), strict=True))
    return Finding(
        method=rival.name,
        named=learned.named,
        selected=ids[learned.selects(later.values)].tolist(),
        landmark=landmark,
        chance=chance,
        seconds=seconds,
    )


def named(column: str, at_least: float | None = None, *, more: bool = True) -> Named:
    """A column of a table, as a finding names it: a value of a trait is named by its trait."""
    trait, is_value, _ = column.partition(IS)
    return Named(trait, None if is_value or at_least is None else float(np.ceil(at_least)), more=more)


def phi(chosen: Bools, outcome: Bools) -> float:
    """The correlation of two truths (Pearson's phi); 0 where one of them is constant."""
    both, one, other, count = (chosen & outcome).sum(), chosen.sum(), outcome.sum(), len(outcome)
    spread = float(one * (count - one)) * float(other * (count - other))
    return float((both * count - one * other) / spread**0.5) if spread else 0.0


def with_bar(table: Table, learn: Callable[[Table], Any], chance: Callable[[Any, Floats], Floats]) -> tuple[Any, float]:
    """A model of all rows, and the bar on its chances from which on subjects are selected: the one of the greatest
    phi on the last third of the rows, by a model of the first two thirds."""
    early = np.arange(len(table.outcome)) < len(table.outcome) * 2 // 3
    rest = table.among(~early)
    given = chance(learn(table.among(early)), rest.values)
    bars = np.unique(np.quantile(given, np.linspace(0.5, 0.99, 50)))
    best = max(bars.tolist(), key=lambda bar: phi(given >= bar, rest.outcome))
    return learn(table), best


def as_conditions(table: Table) -> tuple[list[tuple[int, float]], Bools]:
    """Every column with every cut that parts its subjects: (column, cut), and for each whether the rows reach it."""
    found: list[tuple[int, float]] = []
    reached: list[Bools] = []
    for column, name in enumerate(table.names):
        for cut in (1.0,) if IS in name else CUTS:
            holds = table.values[:, column] >= cut
            if 0.01 < holds.mean() < 0.99 and not (reached and (reached[-1] == holds).all()):
                found.append((column, cut))
                reached.append(holds)
    return found, np.array(reached).T
