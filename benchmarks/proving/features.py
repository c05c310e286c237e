"""One row a subject, one column an event or trait: the tables that rivals learn from, honest and otherwise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.proving.chance import Bools, Floats, Ints
from benchmarks.proving.history import DAY, GOAL, NEVER, SIGN_UP, History, Trait
from benchmarks.proving.world import World

IS = " = "
"""Between a trait and its value in the name of a column."""


@dataclass(frozen=True, eq=False)
class Table:
    """Counts of events, values of traits (a column of 0 and 1 for each value that is text), and the outcome."""

    names: tuple[str, ...]
    values: Floats
    outcome: Bools
    subject: Ints

    def among(self, chosen: Bools) -> Table:
        """Those rows."""
        return Table(self.names, self.values[chosen], self.outcome[chosen], self.subject[chosen])


def at_landmark(world: World, landmark: float, *, unseen: bool = False) -> Table:
    """As of so many days after sign-up, of those who have not bought by then and whose horizon is over at the cut: what
    they did before, and whether they buy within the horizon after.

    Parameters
    ----------
    unseen : of those who sign up after the cut instead, to apply what was learned
    """
    history = world.history if unseen else world.history.until(world.cut)
    moment = history.signed_up + int(landmark * DAY)
    bought = history.first(GOAL)
    horizon = moment + world.kind.horizon * DAY
    chosen = (bought > moment) & ((history.signed_up >= world.cut) if unseen else (horizon <= world.cut))
    return _table(history, moment, bought <= horizon).among(chosen)


def first_days(world: World, days: float) -> Table:
    """Of all who signed up so many days before the cut: what they did in their first so many days, buyers or not, and
    whether they ever bought."""
    history = world.history.until(world.cut)
    moment = history.signed_up + int(days * DAY)
    return _table(history, moment, history.first(GOAL) < NEVER).among(moment <= world.cut)


def ever(world: World) -> Table:
    """Of all who have signed up: whatever they did at any time, and whether they ever bought."""
    history = world.history.until(world.cut)
    moment = np.full(history.subjects, world.cut)
    return _table(history, moment, history.first(GOAL) < NEVER).among(history.signed_up < world.cut)


def before_buying(world: World) -> Table:
    """As `ever`, but of buyers only what they did before they bought: the usual half of a remedy."""
    history = world.history.until(world.cut)
    bought = history.first(GOAL)
    return _table(history, np.minimum(bought, world.cut), bought < NEVER).among(history.signed_up < world.cut)


def _table(history: History, moment: Ints, outcome: Bools) -> Table:
    past = history.time < moment[history.subject]
    width = len(history.names)
    cell = history.subject[past] * width + history.event[past]
    counts = np.bincount(cell, minlength=history.subjects * width).reshape(history.subjects, width)
    events = [place for place, name in enumerate(history.names) if name not in (SIGN_UP, GOAL)]
    names, columns = [history.names[place] for place in events], [counts[:, events].astype(np.float64)]
    for trait in history.traits:
        values, column = _trait(history, trait, moment)
        names += values
        columns.append(column)
    return Table(tuple(names), np.concatenate(columns, axis=1), outcome, np.arange(history.subjects))


def _trait(history: History, trait: Trait, moment: Ints) -> tuple[list[str], Floats]:
    known = trait.as_of(history.subjects, moment)
    if isinstance(trait.values[0], float):
        column = np.where(known < 0, 0.0, np.array(trait.values)[known])
        return [trait.name], column[:, None]
    is_value: Floats = (known[:, None] == np.arange(len(trait.values))).astype(np.float64)
    return [f"{trait.name}{IS}{value}" for value in trait.values], is_value
