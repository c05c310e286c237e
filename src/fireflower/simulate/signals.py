"""Calls that hint at a wish to buy: the pricing page, paywalls, raised hands. Some who make them are only curious."""

from __future__ import annotations

import numpy as np

from fireflower.model.moments import DAY, MINUTE, NEVER
from fireflower.simulate.accounts import Accounts
from fireflower.simulate.calls import Calls, Coded
from fireflower.simulate.draws import Bools, Draws, Floats, Ints, moments, spread_out
from fireflower.simulate.people import People, belong
from fireflower.simulate.readiness import NEEDS, Readiness
from fireflower.simulate.seasons import Seasons
from fireflower.simulate.who import Who, constant

_HEAT = 0.34
"""Chance on an ordinary working day to look at the pricing page, with intent."""
_NEED = 0.17
"""Chance on such a day to run into the paywall of what the account needs."""
_PATIENCE = 50 * DAY
"""How long intent shows before it cools, where nothing comes of it."""
_PLACES = ("pricing page", "settings", "paywall")


def signals(
    seasons: Seasons, accounts: Accounts, readiness: Readiness, people: People, who: Who, seed: int
) -> list[Calls]:
    """All hints but the paywalls that use itself runs into."""
    draws = Draws(seed, "signals")
    return [
        _pricing(seasons, accounts, readiness, people, who, draws),
        _needs(seasons, accounts, readiness, people, who, draws),
        _full_seats(people, who),
        _raised_hands(seasons, accounts, readiness, people, who, draws),
    ]


def _pricing(
    seasons: Seasons, accounts: Accounts, readiness: Readiness, people: People, who: Who, draws: Draws
) -> Calls:
    """Looks at the pricing page, one to three at a time: a little by everybody, much with intent."""
    base = accounts.knob("curiosity") / 21
    account, when = _on_days(seasons, accounts, readiness, draws, base, _HEAT)
    look, place = spread_out(1 + draws.pick((0.55, 0.3, 0.15), len(account)))
    when = when[look] + place * moments(draws.quantiles((0.5, 3, 9), len(look)) * MINUTE)
    row = _speaker(people, draws, account[look], when)
    return _inside(seasons, who.call("track", "Pricing Viewed", row, when))


def _needs(seasons: Seasons, accounts: Accounts, readiness: Readiness, people: People, who: Who, draws: Draws) -> Calls:
    """Paywalls hit by who needs what is behind them."""
    nothing = np.full(len(accounts), 0.002) * ~accounts.are("bot")
    account, when = _on_days(seasons, accounts, readiness, draws, nothing, _NEED)
    row = _speaker(people, draws, account, when)
    feature = Coded(readiness.need[account], NEEDS)
    return _inside(seasons, who.call("track", "Paywall Hit", row, when, {"properties.feature": feature}))


def _full_seats(people: People, who: Who) -> Calls:
    """The paywall that an owner meets when a colleague does not get a seat; not at every time."""
    account, when = people.turned_away
    first = np.flatnonzero(np.diff(account, prepend=-1))
    feature = {"properties.feature": constant("seats", len(first))}
    return who.call("track", "Paywall Hit", people.owner[account[first]], when[first], feature)


def _raised_hands(
    seasons: Seasons, accounts: Accounts, readiness: Readiness, people: People, who: Who, draws: Draws
) -> Calls:
    """Clicks on 'talk to sales': many by who has intent and needs help, some by who has no money, a few by anybody."""
    wants = readiness.intent_since < NEVER
    help_wanted = readiness.need == NEEDS.index("support")
    chance = np.where(wants, np.where(help_wanted, 0.8, 0.3), 0.006)
    chance = np.where(wants & ~readiness.ready(), chance / 3, chance)
    chance = np.where(accounts.are("tyre kicker", "competitor") & ~wants, 0.22, chance)
    account = np.flatnonzero(draws.chance(chance * ~accounts.are("bot")))
    since = np.minimum(readiness.intent_since, accounts.signup + 2 * DAY)[account]
    day = seasons.number_of_day(since + moments(draws.quantiles((1, 3, 6, 15), len(account)) * DAY))
    day = seasons.workday[accounts.place[account], np.minimum(day, seasons.days - 1)]
    when = seasons.working_time(draws, accounts.place[account], day)
    row = _speaker(people, draws, account, when)
    place = Coded(draws.pick((0.5, 0.2, 0.3), len(account)), _PLACES)
    calls = who.call("track", "Talk To Sales Clicked", row, when, {"properties.place": place})
    in_time = (when > accounts.signup[account]) & (when < readiness.active_until[account])
    return calls.where(in_time & seasons.inside(when) & (when < readiness.bought[account]))


def _on_days(
    seasons: Seasons, accounts: Accounts, readiness: Readiness, draws: Draws, base: Floats, heat: float
) -> tuple[Ints, Ints]:
    """Moments, as (account, when), with a chance of `base` a working day and `heat` more from intent to purchase."""
    day = np.arange(seasons.days)
    cooled = np.minimum(readiness.intent_since, NEVER // 2) + _PATIENCE
    wants = _from_to(seasons, readiness.intent_since, np.minimum(readiness.bought, cooled), day)
    lives = _from_to(seasons, accounts.signup, readiness.active_until, day)
    chance = (base[:, None] + heat * wants) * lives * seasons.busy[accounts.place]
    account, found = np.nonzero(draws.chance(chance))
    when = seasons.working_time(draws, accounts.place[account], found)
    kept = (when > accounts.signup[account] + 5 * MINUTE) & (when < readiness.active_until[account])
    return account[kept], when[kept]


def _from_to(seasons: Seasons, since: Ints, until: Ints, day: Ints) -> Bools:
    """For each account and day whether the day lies from the day of `since` to the day of `until`."""
    first = seasons.number_of_day(since)[:, None]
    last = seasons.number_of_day(until)[:, None]
    return (day >= first) & (day <= last)


def _speaker(people: People, draws: Draws, account: Ints, when: Ints) -> Ints:
    """Who does it: mostly the champion, if they are there already, else the owner."""
    champion = people.champion[account]
    speaks = belong(people.memberships, champion, when) & draws.chance(0.75, len(account))
    return np.where(speaks, champion, people.owner[account])


def _inside(seasons: Seasons, calls: Calls) -> Calls:
    return calls.where(seasons.inside(calls.time))


def hands_raised(calls: list[Calls]) -> Calls:
    """Those of the hints that went to the sales team."""
    return next(each for each in calls if each.name == "Talk To Sales Clicked")
