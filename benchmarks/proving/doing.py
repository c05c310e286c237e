"""Interventions: everyone is made to do something, or nobody can."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.proving.catalogue import Catalogue
from benchmarks.proving.chance import Chance, Ints
from benchmarks.proving.history import DAY, Rows
from benchmarks.proving.rules import Condition


@dataclass(frozen=True)
class Everyone:
    """Whoever would not meet the condition does it as often as it demands once more: one a day from the day of sign-
    up on, or at shorter distances if it demands more than there are days."""

    condition: Condition

    def change(self, rows: Rows, catalogue: Catalogue, chance: Chance, signed_up: Ints, met: Ints) -> Rows:
        """The rows with the intervention; `met`: when each subject would meet the condition by itself."""
        condition = self.condition
        apart = min(1.0, (condition.within - 1) / condition.at_least)
        if condition.quantity == "days" and apart < 1:
            raise ValueError(f"{condition}: in its window there is no room for so many days, wherever they begin")
        lacking = np.flatnonzero(met >= signed_up + condition.within * DAY)
        hour = chance.unit(f"made to do {condition.event}")[lacking, 0]
        subject = np.repeat(lacking, condition.at_least)
        day = np.tile(np.arange(condition.at_least) * apart, len(lacking)) + np.repeat(hour, condition.at_least)
        time = signed_up[subject] + (day * DAY).astype(np.int64)
        return Rows.join([rows, Rows.of(catalogue.place(condition.event), subject, time)])


@dataclass(frozen=True)
class Nobody:
    """Nobody ever does it."""

    event: str

    def change(self, rows: Rows, catalogue: Catalogue) -> Rows:
        kept = rows.event != catalogue.place(self.event)
        return Rows(rows.subject[kept], rows.event[kept], rows.time[kept])


Doing = Everyone | Nobody
