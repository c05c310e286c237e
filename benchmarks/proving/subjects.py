"""Who signs up, when, in which account, how active they are, and when they leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.proving.chance import Bools, Chance, Floats, Ints
from benchmarks.proving.history import DAY, START
from benchmarks.proving.kinds import MONTH, Kind

YEAR_OF_SEASONS = 120.0
"""Days from one high season to the next."""
_BIGGEST_TEAM = 12


@dataclass(frozen=True, eq=False)
class Subjects:
    """One entry a subject. `active` is the common cause of all that it does, standard normal; `readiness` multiplies
    its hazard, mean 1; `team` is its account (persons), or how many people it has (accounts)."""

    signed_up: Ints
    leaves: Ints
    active: Floats
    readiness: Floats
    team: Ints
    bot: Bools
    viral: Bools

    def __len__(self) -> int:
        return len(self.signed_up)


def draw_subjects(kind: Kind, chance: Chance) -> Subjects:
    day = chance.unit("sign-up")[:, 0] * kind.last_sign_up
    active = chance.normal("activity")[:, 0].astype(np.float64)
    team, readiness = np.full(len(day), -1), np.ones(len(day))
    if kind.subject == "account":
        team = 1 + (chance.unit("members")[:, 0] ** 2 * 8).astype(np.int64)
    elif kind.teams:
        team = _teams(chance)
        account = Chance(chance.seed, int(team[-1]) + 1)
        founded = account.unit("founded")[:, 0] * kind.last_sign_up
        day = np.minimum(founded[team] - 5 * np.log(chance.unit("joins")[:, 0]), kind.last_sign_up - 1e-6)
        active = (active + account.normal("account's activity")[team, 0]) * 0.5**0.5
        readiness = np.exp(kind.teams * account.normal("readiness")[team, 0] - kind.teams**2 / 2)
    viral, day = _campaign(kind, chance, day)
    stays = (
        np.log(chance.unit("leaves")[:, 0]) / np.log(1 - kind.churn) * MONTH if kind.churn else np.full(len(day), 1e6)
    )
    signed_up = START + (day * DAY).astype(np.int64)
    return Subjects(
        signed_up=signed_up,
        leaves=signed_up + (np.minimum(stays, 1e6) * DAY).astype(np.int64),
        active=active,
        readiness=readiness,
        team=team,
        bot=chance.unit("bot")[:, 0] < kind.bots,
        viral=viral,
    )


def climate(kind: Kind, moment: Ints) -> tuple[Floats, Floats]:
    """How a moment of the calendar shifts activity (standard deviations) and the log hazard."""
    day = (moment - START) / DAY
    wave = np.sin(2 * np.pi * day / YEAR_OF_SEASONS) * kind.seasons
    rise = np.clip(day / (kind.followed + kind.span), 0, 1) * kind.trend
    return wave + rise, wave - rise


def _teams(chance: Chance) -> Ints:
    """The account of each person: small ones are frequent."""
    size = 1 + (chance.unit("size of account")[:, 0] ** 3 * _BIGGEST_TEAM).astype(np.int64)
    return np.repeat(np.arange(len(size)), size)[: chance.subjects]


def _campaign(kind: Kind, chance: Chance, day: Floats) -> tuple[Bools, Floats]:
    """Who comes after the campaign, and sign-ups with them moved into its week."""
    week = 0.4 * kind.followed
    came = (chance.unit("campaign")[:, 0] < kind.viral) & (day < kind.followed)
    return came, np.where(came, week + day % 7, day)
