"""The hidden truth: which accounts are really ready to buy, since when, which buy, and why.

An account is ready when all four hold: **value** (it has grown into the product), **fit**, **budget**, and
**intent**. Nobody in the world sees this; what people do only hints at it. The truth goes to truth.csv alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fireflower.model.moments import DAY, NEVER
from fireflower.simulate.accounts import Accounts, last_moment
from fireflower.simulate.draws import Bools, Draws, Floats, Ints, moments
from fireflower.simulate.seasons import Seasons
from fireflower.simulate.world import World

NEEDS = ("storage", "seats", "exports", "crm sync", "support")
"""What an account with intent wants the paid product for; it shows in the paywalls that it hits."""

PLANS = ("team", "business", "enterprise")


@dataclass(frozen=True, eq=False)
class Readiness:
    """What is true of each account, as columns; moments are NEVER where it does not happen.

    Attributes
    ----------
    ramp : days that the account takes to settle in
    value_since, intent_since : when it got there, whatever its fit and budget
    ready_since : when all four held
    need : index in NEEDS
    bought, cancelled : subscription started and cancelled
    plan : index in PLANS, of what it buys or would buy
    active_until : after this its people stop coming
    """

    ramp: Floats
    value_since: Ints
    intent_since: Ints
    ready_since: Ints
    need: Ints
    bought: Ints
    cancelled: Ints
    plan: Ints
    active_until: Ints

    def ready(self) -> Bools:
        return self.ready_since < NEVER

    def buys(self) -> Bools:
        return self.bought < NEVER

    def why(self, account: int) -> str:
        """Why an account bought, or did not although it was ready."""
        if self.bought[account] < self.ready_since[account]:
            return "impulse"
        need = f"ready, needs {NEEDS[self.need[account]]}" if self.ready_since[account] < NEVER else ""
        if need and self.bought[account] == NEVER:
            return f"{need}, did not buy"
        return need


def become_ready(world: World, seasons: Seasons, accounts: Accounts, seed: int) -> Readiness:
    """Play out each account's decision."""
    draws = Draws(seed, "readiness")
    count = len(accounts)
    interest = last_moment(seasons, accounts)
    ramp = draws.quantiles((4, 7, 10, 14, 19, 26, 36, 55), count)
    value = _value(world, accounts, ramp)
    intent = np.where(accounts.intent, np.maximum(value, accounts.signup + DAY), NEVER)
    intent = _later(intent, draws.quantiles((0, 0.5, 2, 5, 9, 15, 25, 45), count))
    ready = np.where(accounts.fit & accounts.budget & (intent < interest), intent, NEVER)
    bought = _purchases(world, seasons, accounts, draws, ready)
    cancelled = _cancellations(world, seasons, draws, bought)
    return Readiness(
        ramp=ramp,
        value_since=np.where(value < interest, value, NEVER),
        intent_since=np.where(intent < interest, intent, NEVER),
        ready_since=ready,
        need=draws.pick((0.28, 0.27, 0.17, 0.16, 0.12), count),
        bought=bought,
        cancelled=cancelled,
        plan=np.searchsorted((80, 400), accounts.employees, side="right"),
        active_until=_activity_ends(seasons, draws, interest, ready, bought, cancelled),
    )


def _value(world: World, accounts: Accounts, ramp: Floats) -> Ints:
    """When an account has grown into the product: the hungrier, the sooner; NEVER below the bar."""
    needed = ramp * world.value_bar / np.maximum(accounts.appetite, 0.01)
    return np.where(accounts.appetite >= world.value_bar, _later(accounts.signup, needed), NEVER)


def _purchases(world: World, seasons: Seasons, accounts: Accounts, draws: Draws, ready: Ints) -> Ints:
    """Most who are ready buy some days later; a few others buy on impulse. All do so when people work."""
    count = len(accounts)
    decided = _later(ready, draws.quantiles((1, 4, 7, 10, 14, 19, 26, 34, 48), count))
    decided = np.where(draws.chance(world.ready_buy, count), decided, NEVER)
    impulse = draws.chance(world.impulse_buy, count) & ~accounts.outsiders() & (ready == NEVER)
    decided = np.where(impulse, _later(accounts.signup, draws.quantiles((0.2, 1, 4, 12, 30), count)), decided)
    buys = decided < seasons.end
    day = np.clip(seasons.number_of_day(np.where(buys, decided, seasons.start)) + 1, 0, seasons.days - 1)
    moment = seasons.working_time(draws, accounts.place, seasons.workday[accounts.place, day])
    return np.where(buys & (moment > decided) & (moment < seasons.end), moment, NEVER)


def _cancellations(world: World, seasons: Seasons, draws: Draws, bought: Ints) -> Ints:
    cancelled = _later(bought, draws.quantiles((25, 31, 60, 92, 150, 240), len(bought)))
    return np.where(draws.chance(world.cancel, len(bought)) & (cancelled < seasons.end), cancelled, NEVER)


def _activity_ends(seasons: Seasons, draws: Draws, interest: Ints, ready: Ints, bought: Ints, cancelled: Ints) -> Ints:
    """Who buys stays until a while after cancelling; who was ready and did not buy goes elsewhere within weeks."""
    count = len(interest)
    gone = _later(ready, draws.quantiles((10, 20, 30, 45, 90), count))
    until = np.where((ready < NEVER) & (bought == NEVER), np.minimum(np.maximum(interest, ready), gone), interest)
    until = np.where(bought < NEVER, _later(cancelled, draws.quantiles((0, 5, 20), count)), until)
    return np.minimum(until, seasons.end)


def _later(moment: Ints, days: Floats) -> Ints:
    """So many days later; NEVER stays NEVER."""
    return np.where(moment < NEVER, np.minimum(moment, NEVER // 2) + moments(days * DAY), NEVER)
