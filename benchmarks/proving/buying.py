"""When subjects buy: a hazard, constant within each day since sign-up, with leaving as the competing event."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.proving.chance import Bools, Chance, Floats, Ints
from benchmarks.proving.history import DAY, NEVER
from benchmarks.proving.kinds import MONTH, Kind
from benchmarks.proving.subjects import Subjects, climate
from benchmarks.proving.use import FADING

DAYS = 7 * len(FADING)
"""From sign-up; nobody buys later."""
_TURNS = 60
_NEAR_ENOUGH = 1e-9


@dataclass(frozen=True)
class Hazard:
    """log hazard a day = level + slope x strength + what else matters (`beside`)."""

    level: float
    slope: float

    def a_day(self, beside: Floats, strength: Floats) -> Floats:
        """Of the shape (subjects, DAYS)."""
        day = np.minimum(np.arange(DAYS), strength.shape[1] - 1)
        hazard: Floats = np.exp(self.level + beside + self.slope * strength[:, day])
        return hazard


def beside(kind: Kind, subjects: Subjects) -> Floats:
    """What moves the log hazard of each day, other than the rule."""
    starts = subjects.signed_up[:, None] + np.arange(DAYS) * DAY
    own = np.log(subjects.readiness) + kind.need * subjects.active + np.log(kind.lift) * subjects.viral
    log: Floats = climate(kind, starts)[1] + own[:, None]
    log[subjects.bot] = -np.inf
    return log


def calibrated(
    kind: Kind, beside: Floats, strength: Floats, held: Bools, compared: Bools, learnt_from: Bools
) -> Hazard:  # fmt: skip
    """The hazard by which those at risk buy at the base rate, and those for whom the rule holds `lift` times as often.

    Parameters
    ----------
    held : whether the rule holds at the landmark
    compared : among whom the lift is true: those of the time when the rule means something
    learnt_from : among whom the base rate is true: those whose horizon is over at the cut
    """
    buyers, hazard = np.isfinite(beside[:, 0]), Hazard(np.log(kind.base_rate / kind.horizon), np.log(kind.lift))
    if not strength.any():
        hazard = Hazard(hazard.level, 0.0)
    for _ in range(_TURNS):
        a_day = hazard.a_day(beside, strength)
        weight = np.exp(-a_day[:, : kind.landmark].sum(axis=1)) * buyers  # still at risk at the landmark
        chance = within_horizon(kind, a_day)
        slope = hazard.slope
        if slope:
            inside, outside = (_mean(chance, weight * (compared & (held == side))) for side in (True, False))
            slope *= np.log(kind.lift) / np.log(inside / outside)
        step = float(np.log(kind.base_rate / _mean(chance, weight * learnt_from)))
        done = abs(step) + abs(slope - hazard.slope) < _NEAR_ENOUGH
        hazard = Hazard(hazard.level + step, slope)
        if done:
            break
    return hazard


def within_horizon(kind: Kind, a_day: Floats) -> Floats:
    """The chance to buy within the horizon of who is at risk at the landmark and may leave: a sum over its days of
    h / (h + m) x (1 - exp(-(h + m))), each times the chance to come to that day; m: the hazard of leaving."""
    leaving = -np.log(1 - kind.churn) / MONTH
    hazard = a_day[:, kind.landmark : kind.span]
    total = np.maximum(hazard + leaving, 1e-300)
    reached = np.exp(total - np.cumsum(total, axis=1))
    chance: Floats = (hazard / total * -np.expm1(-total) * reached).sum(axis=1)
    return chance


def buy(chance: Chance, subjects: Subjects, a_day: Floats) -> Ints:
    """The moment at which each subject buys, NEVER for most. One exponential number each: the hazard that it bears."""
    bears = -np.log(chance.unit("buys")[:, 0])
    borne = np.concatenate([np.zeros((len(subjects), 1)), np.cumsum(a_day, axis=1)], axis=1)
    day = (borne[:, 1:] < bears[:, None]).sum(axis=1)
    buys = np.flatnonzero(day < DAYS)
    share = (bears[buys] - borne[buys, day[buys]]) / a_day[buys, day[buys]]
    moment = np.full(len(subjects), NEVER, np.int64)
    moment[buys] = subjects.signed_up[buys] + ((day[buys] + share) * DAY).astype(np.int64)
    moment[moment >= subjects.leaves] = NEVER
    return moment


def _mean(values: Floats, weight: Floats) -> float:
    return float(np.average(values, weights=weight))
