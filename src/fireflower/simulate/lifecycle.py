"""Calls for what happens once: signing up, joining, trials, connecting sources, subscribing, changes of traits."""

from __future__ import annotations

import numpy as np

from fireflower.model.moments import DAY, MINUTE, NEVER, SECOND
from fireflower.simulate.accounts import Accounts
from fireflower.simulate.calls import Calls, Coded, Column
from fireflower.simulate.draws import Draws, Floats, Ints, moments, spread_out
from fireflower.simulate.people import CONSULTANT, SUPPORT, TITLES, People
from fireflower.simulate.readiness import NEEDS, PLANS, Readiness
from fireflower.simulate.seasons import PLACES, Seasons
from fireflower.simulate.usage import SOURCES
from fireflower.simulate.who import Who
from fireflower.simulate.world import World

_PRICE = (39, 59, 89)
"""A seat a month, by plan."""
_CRMS = ("Salesforce", "HubSpot", "Pipedrive")


def lifecycle(
    world: World,
    seasons: Seasons,
    accounts: Accounts,
    readiness: Readiness,
    people: People,
    who: Who,
    seed: int,
) -> list[Calls]:
    """Everything that happens once in a person's or an account's life, in time."""
    draws = Draws(seed, "lifecycle")
    calls = [
        *_joining(seasons, people, who, draws),
        *_promotions(seasons, people, who, draws),
        *_new_accounts(world, accounts, people, who),
        *_trials(world, accounts, readiness, people, who),
        *_subscriptions(world, accounts, readiness, people, who),
        *_connections(accounts, readiness, people, who, draws),
    ]
    return [each.where(seasons.inside(each.time)) for each in calls]


def _joining(seasons: Seasons, people: People, who: Who, draws: Draws) -> list[Calls]:
    """Invitations (some of them in vain), sign-ups, identification and joining."""
    members = people.memberships
    rows = np.arange(len(members))
    home = np.flatnonzero((members.account == people.home[members.person]) & (members.role < CONSULTANT))
    guest = rows[(members.rank > 0) & (members.role != SUPPORT)]
    host = people.owner[members.account[guest]]
    asked = members.join[guest] - moments(draws.quantiles((4, 15, 60, 600, 2500), len(guest)) * MINUTE)
    asked = np.maximum(asked, members.join[host] + MINUTE)
    vain = draws.chance(0.35, len(guest))
    invited = who.call("track", "Invitation Sent", host, asked)
    in_vain = who.call("track", "Invitation Sent", host[vain], asked[vain] + 20 * SECOND)
    accepted = who.call("track", "Invitation Accepted", guest, members.join[guest] + 4 * SECOND)
    via = (members.rank[home] > 0).astype(np.int64)
    signed = who.call(
        "track", "Signed Up", home, members.join[home], {"properties.via": Coded(via, ("self", "invitation"))}
    )
    joined = who.call("group", "", rows, members.join + SECOND)
    return [_identified(people, who, home), signed, joined, invited, in_vain, accepted]


def _identified(people: People, who: Who, home: Ints) -> Calls:
    person = people.memberships.person[home]
    traits: dict[str, Column] = {
        "userId": Coded(person, who.people),
        "traits.email": Coded(person, people.emails),
        "traits.name": Coded(person, people.names),
        "traits.title": Coded(people.titles[person], TITLES),
    }
    return Calls("identify", "", people.memberships.join[home], people.memberships.account[home], traits)


def _promotions(seasons: Seasons, people: People, who: Who, draws: Draws) -> list[Calls]:
    """New titles of some people."""
    members = people.memberships
    row = np.flatnonzero(draws.chance(0.05, len(members)))
    when = members.join[row] + moments(draws.quantiles((20, 60, 150, 300), len(row)) * DAY)
    row, when = row[when < members.until[row]], when[when < members.until[row]]
    title: dict[str, Column] = {
        "userId": Coded(members.person[row], who.people),
        "traits.title": Coded(draws.below(len(TITLES), len(row)), TITLES),
    }
    return [Calls("identify", "", when, members.account[row], title)]


def _new_accounts(world: World, accounts: Accounts, people: People, who: Who) -> list[Calls]:
    """What an account is at its sign-up."""
    number = np.arange(len(accounts))
    traits: dict[str, Column] = {
        "traits.name": Coded(number, accounts.names),
        "traits.timezone": Coded(accounts.place, [place.zone for place in PLACES]),
        "traits.test": accounts.are("test"),
        **_plan_traits(np.zeros(len(accounts), np.int64), ["free"], world.free_seats, world.free_gb),
    }
    return [who.call("group", "", people.owner, accounts.signup + 2 * SECOND, traits)]


def _plan_traits(code: Ints, plans: list[str], seats: Ints | int, gigabytes: int) -> dict[str, Column]:
    return {
        "traits.plan": Coded(code, plans),
        "traits.seats": np.broadcast_to(np.asarray(seats), len(code)),
        "traits.plan_gb": np.full(len(code), gigabytes),
    }


def _trials(world: World, accounts: Accounts, readiness: Readiness, people: People, who: Who) -> list[Calls]:
    """Trials, and the return to the free plan of those who did not buy in it."""
    tries = np.flatnonzero((accounts.trial < readiness.bought) & (accounts.trial < NEVER))
    begin = accounts.trial[tries]
    end = begin + world.trial_days * DAY
    back = readiness.bought[tries] > end
    owner = people.owner[tries]
    zero = np.zeros(len(tries), np.int64)
    during = _plan_traits(zero, ["trial"], 25, world.trial_gb)
    after = _plan_traits(zero[back], ["free"], world.free_seats, world.free_gb)
    return [
        who.call("track", "Trial Started", owner, begin, {"properties.days": np.full(len(tries), world.trial_days)}),
        who.call("group", "", owner, begin, during),
        who.call("group", "", owner[back], end[back], after),
    ]


def _subscriptions(world: World, accounts: Accounts, readiness: Readiness, people: People, who: Who) -> list[Calls]:
    """Self-serve purchases and their ends, with the plan's traits."""
    buys = np.flatnonzero(readiness.buys())
    seats = np.maximum(accounts.team[buys], 3) + 2
    plan, when, buyer = readiness.plan[buys], readiness.bought[buys], people.champion[buys]
    ends = np.flatnonzero(readiness.cancelled < NEVER)
    bought: dict[str, Column] = {
        "properties.plan": Coded(plan, PLANS),
        "properties.seats": seats,
        "properties.monthly": seats * np.array(_PRICE)[plan],
    }
    back = _plan_traits(np.zeros(len(ends), np.int64), ["free"], world.free_seats, world.free_gb)
    return [
        who.call("track", "Subscription Started", buyer, when, bought),
        who.call("group", "", buyer, when + SECOND, _plan_traits(plan, list(PLANS), seats, world.paid_gb)),
        who.call("track", "Subscription Cancelled", people.owner[ends], readiness.cancelled[ends]),
        who.call("group", "", people.owner[ends], readiness.cancelled[ends] + SECOND, back),
    ]  # fmt: skip


def _connections(accounts: Accounts, readiness: Readiness, people: People, who: Who, draws: Draws) -> list[Calls]:
    """Own data sources, and the customer relationship system of some."""
    account, place = spread_out(draws.rounded(3.2 * accounts.appetite * ~accounts.are("bot")))
    when = _settling(accounts, readiness, draws, account)
    alive = when < readiness.active_until[account]
    source: dict[str, Column] = {"properties.source": Coded(1 + (account + place) % 4, SOURCES)}
    connected = who.call("track", "Data Source Connected", people.owner[account], when, source).where(alive)
    needs_crm = (readiness.need == NEEDS.index("crm sync")) & accounts.intent
    chance = np.where(needs_crm, 0.65, 0.03 + 0.15 * accounts.appetite) * ~accounts.are("bot")
    some = np.flatnonzero(draws.chance(chance))
    linked = _settling(accounts, readiness, draws, some)
    crm: dict[str, Column] = {"properties.crm": Coded(draws.pick((0.5, 0.35, 0.15), len(some)), _CRMS)}
    crms = who.call("track", "CRM Connected", people.owner[some], linked, crm)
    return [connected, crms.where(linked < readiness.active_until[some])]


def _settling(accounts: Accounts, readiness: Readiness, draws: Draws, account: Ints) -> Ints:
    """A moment in the time in which an account settles in, more likely near its beginning."""
    share: Floats = draws.quantiles((0.002, 0.02, 0.1, 0.4, 1.2), len(account))
    return accounts.signup[account] + 3 * MINUTE + moments(readiness.ramp[account] * share * DAY)
