"""Which accounts sign up, when, where, and what kind of company each one is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fireflower.model.moments import DAY, HOUR, MINUTE, NEVER
from fireflower.simulate import names
from fireflower.simulate.draws import Bools, Draws, Floats, Ints, moments
from fireflower.simulate.seasons import PLACES, Seasons
from fireflower.simulate.world import OUTSIDERS, Archetype, World

TARGET_INDUSTRIES = ("software", "e-commerce", "media", "logistics", "finance")
OTHER_INDUSTRIES = ("education", "agency", "non-profit", "construction", "restaurants", "personal")
INDUSTRIES = TARGET_INDUSTRIES + OTHER_INDUSTRIES

_FITTING_EMPLOYEES = (18, 25, 34, 45, 60, 80, 110, 150, 210, 300, 480)
_OTHER_EMPLOYEES = (1, 1, 2, 3, 5, 8, 12, 18, 60, 900, 6000)


@dataclass(frozen=True, eq=False)
class Accounts:
    """Accounts as columns, in the order of their sign-up. Moments are microseconds, NEVER for what does not happen.

    `archetype` and `place` index `archetypes` and `seasons.PLACES`; `day` is the local day of sign-up by number;
    `fit`, `budget` and `intent` are hidden truth, of which `employees` and `industry` show only a part.
    """

    archetypes: tuple[Archetype, ...]
    archetype: Ints
    place: Ints
    day: Ints
    signup: Ints
    trial: Ints
    appetite: Floats
    team: Ints
    life: Floats
    fit: Bools
    budget: Bools
    intent: Bools
    employees: Ints
    industry: Ints
    names: Sequence[str]
    domains: Sequence[str]

    def __len__(self) -> int:
        return len(self.archetype)

    def ids(self) -> list[str]:
        return [f"acc_{number:05d}" for number in range(1, len(self) + 1)]

    def are(self, *wanted: str) -> Bools:
        """Which accounts are of one of these archetypes."""
        return np.array([kind.name in wanted for kind in self.archetypes])[self.archetype]

    def outsiders(self) -> Bools:
        """Which accounts are no leads, whatever they do."""
        return self.are(*(kind.name for kind in OUTSIDERS))

    def knob(self, field: str) -> Floats:
        """A number that each account has from its archetype."""
        return np.array([getattr(kind, field) for kind in self.archetypes], np.float64)[self.archetype]


def sign_up(world: World, seasons: Seasons, seed: int) -> Accounts:
    """All accounts of a world."""
    draws = Draws(seed, "accounts")
    archetype = _archetypes(world, draws)
    place = draws.pick([place.share for place in PLACES], world.accounts)
    day = _days(world, seasons, draws, archetype, place)
    signup = np.maximum(seasons.working_time(draws, place, day), seasons.start + MINUTE)
    order = np.argsort(signup, kind="stable")
    archetype, place, day, signup = archetype[order], place[order], day[order], signup[order]
    kinds = world.archetypes
    fit = draws.chance(np.array([kind.fit for kind in kinds])[archetype])
    budget = np.array([kind.budget for kind in kinds])[archetype]
    company = names.companies(draws, world.accounts)
    return Accounts(
        archetypes=kinds,
        archetype=archetype,
        place=place,
        day=day,
        signup=signup,
        trial=_trials(seasons, draws, signup, np.array([kind.trial for kind in kinds])[archetype]),
        appetite=_within(draws, [kind.appetite for kind in kinds], archetype),
        team=draws.rounded(_within(draws, [kind.team for kind in kinds], archetype)),
        life=_within(draws, [kind.life for kind in kinds], archetype),
        fit=fit,
        budget=draws.chance(np.where(fit, budget, budget / 3)),
        intent=draws.chance(np.array([kind.intent for kind in kinds])[archetype]),
        employees=_employees(draws, fit),
        industry=_industries(draws, fit),
        names=_company_names(company, kinds, archetype),
        domains=_domains(company, kinds, archetype, draws),
    )


def _archetypes(world: World, draws: Draws) -> Ints:
    """The archetype of each account: exact shares (at least one of each) in an order of chance."""
    wanted = np.array([kind.share for kind in world.archetypes]) * world.accounts
    counts = np.maximum(np.floor(wanted), 1).astype(np.int64)
    counts[0] += world.accounts - counts.sum()
    kinds = np.repeat(np.arange(len(counts)), counts)
    return kinds[np.argsort(draws.unit(world.accounts), kind="stable")]


def _days(world: World, seasons: Seasons, draws: Draws, archetype: Ints, place: Ints) -> Ints:
    """The day of sign-up: more on working days, more every month; a spike on the days of the spike."""
    growth = 1 + world.growth * np.arange(seasons.days) / seasons.days
    day = np.zeros(world.accounts, np.int64)
    for number in range(len(PLACES)):
        there = place == number
        day[there] = draws.pick(growth * (seasons.busy[number] + 0.1), int(there.sum()))
    spikes = np.array([seasons.day_at(fraction) for fraction in world.spike_days])
    kind = np.array([each.name for each in world.archetypes])[archetype]
    viral = kind == "spike"
    day[viral] = spikes[draws.below(len(spikes), int(viral.sum()))]
    day[kind == "staff"] = 0
    return day


def _trials(seasons: Seasons, draws: Draws, signup: Ints, chance: Floats) -> Ints:
    """When a trial begins: with the sign-up or within a few days of it; NEVER without one."""
    waited = draws.quantiles((0, 0, 0, 0, 1, 8, 30, 70), len(signup)) * HOUR
    trial = signup + 2 * MINUTE + moments(waited)
    return np.where(draws.chance(chance) & (trial < seasons.end), trial, NEVER)


def _within(draws: Draws, ranges: Sequence[tuple[float, float]], archetype: Ints) -> Floats:
    """A number in the range of each account's archetype, the lower half of it more often."""
    low, high = np.array(ranges, np.float64).T
    return (
        low[archetype]
        + draws.quantiles((0, 0.1, 0.2, 0.3, 0.42, 0.56, 0.75, 1), len(archetype)) * (high - low)[archetype]
    )


def _employees(draws: Draws, fit: Bools) -> Ints:
    """Sizes that tell fit in most cases, not in all."""
    fitting = draws.quantiles(_FITTING_EMPLOYEES, len(fit))
    other = draws.quantiles(_OTHER_EMPLOYEES, len(fit))
    return np.floor(np.where(fit ^ draws.chance(0.1, len(fit)), fitting, other)).astype(np.int64)


def _industries(draws: Draws, fit: Bools) -> Ints:
    """Industries that tell fit in most cases, not in all."""
    target = draws.below(len(TARGET_INDUSTRIES), len(fit))
    other = len(TARGET_INDUSTRIES) + draws.below(len(OTHER_INDUSTRIES), len(fit))
    return np.where(draws.chance(np.where(fit, 0.85, 0.35)), target, other)


def _company_names(company: Sequence[str], kinds: Sequence[Archetype], archetype: Ints) -> list[str]:
    special = {"staff": "Lumen Reports", "competitor": "Chartwright"}
    named = []
    for name, code in zip(company, archetype.tolist(), strict=True):
        kind = kinds[code].name
        named.append(f"QA {name}" if kind == "test" else special.get(kind, name))
    return named


def _domains(company: Sequence[str], kinds: Sequence[Archetype], archetype: Ints, draws: Draws) -> list[str]:
    """The mail domain of each account's people: that of the company, or of a free provider."""
    special = {"staff": names.VENDOR_DOMAIN, "test": names.VENDOR_DOMAIN, "competitor": names.RIVAL_DOMAIN}
    private = {"bot": 1.0, "dabbler": 0.5, "spike": 0.6, "happy free": 0.35, "tyre kicker": 0.4}
    by_chance = draws.unit(len(company)).tolist()
    domains = []
    for name, code, drawn in zip(company, archetype.tolist(), by_chance, strict=True):
        kind = kinds[code].name
        own = names.FREE_MAIL_DOMAIN if drawn < private.get(kind, 0.08) else names.domain(name)
        domains.append(special.get(kind, own))
    return domains


def last_moment(seasons: Seasons, accounts: Accounts) -> Ints:
    """When each account's interest ends if it does not buy."""
    return np.minimum(accounts.signup + np.floor(accounts.life).astype(np.int64) * DAY, seasons.end)
