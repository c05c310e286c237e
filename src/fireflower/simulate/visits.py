"""Visits of the web site by people whom nobody knows yet; some of them sign up and are then known."""

from __future__ import annotations

import numpy as np

from fireflower.model.moments import MINUTE, SECOND
from fireflower.simulate.accounts import Accounts
from fireflower.simulate.calls import Calls, Coded, Column
from fireflower.simulate.draws import Bools, Draws, Ints, moments, spread_out
from fireflower.simulate.people import People
from fireflower.simulate.seasons import PLACES, Seasons
from fireflower.simulate.who import Who
from fireflower.simulate.world import World

_PAGES = ("Home", "Features", "Pricing", "Blog", "Docs")
_PATHS = ("/", "/features", "/pricing", "/blog/monday-numbers", "/docs")
_REFERRERS = ("search", "newsletter", "partner", "viral post")
_ALIASED = 0.15
"""Share of visitors whom an older version of the web site identifies, by an alias call."""


def visits(world: World, seasons: Seasons, accounts: Accounts, people: People, who: Who, seed: int) -> list[Calls]:
    """Page calls of anonymous visitors, and the calls that say who some of them are."""
    draws = Draws(seed, "visits")
    known = people.owner[draws.chance(world.known_visitors, len(accounts)) & ~accounts.outsiders()]
    strangers = int(world.anonymous_visitors * world.accounts)
    ids = [f"anon-{number:06d}" for number in range(len(known) + strangers)]
    arrival = np.concatenate((_before_signing_up(people, draws, known), _passing_by(world, seasons, draws, strangers)))
    viral = np.concatenate((accounts.are("spike")[people.memberships.account[known]], np.zeros(strangers, np.bool_)))
    pages = _pages(seasons, draws, arrival, viral, ids)
    return [*pages, *_recognised(people, who, draws, known, ids)]


def _before_signing_up(people: People, draws: Draws, known: Ints) -> Ints:
    """The first visit of who signs up later: minutes to days before."""
    ahead = draws.quantiles((6, 9, 15, 60, 1500, 6000, 15000), len(known))
    return people.memberships.join[known] - moments(ahead * MINUTE)


def _passing_by(world: World, seasons: Seasons, draws: Draws, count: int) -> Ints:
    """The first visit of who never signs up: on working days, and a tenth of them on the days of a spike."""
    place = draws.pick([place.share for place in PLACES], count)
    day = draws.pick(seasons.busy[0] + 0.3, count)
    spikes = np.array([seasons.day_at(fraction) for fraction in world.spike_days])
    viral = draws.chance(0.1, count)
    day[viral] = spikes[draws.below(len(spikes), int(viral.sum()))]
    return seasons.working_time(draws, place, day)


def _pages(seasons: Seasons, draws: Draws, arrival: Ints, viral: Bools, ids: list[str]) -> list[Calls]:
    """A handful of pages for each visitor, a minute or so apart; one list of calls for each page."""
    visitor, place = spread_out(1 + draws.below(4, len(arrival)))
    when = arrival[visitor] + place * moments(draws.quantiles((0.2, 0.6, 1.2), len(visitor)) * MINUTE)
    page = draws.pick((0.4, 0.2, 0.16, 0.14, 0.1), len(visitor))
    referrer = np.where(viral[visitor], 3, draws.pick((0.6, 0.2, 0.15, 0.05), len(visitor)))
    nobody = np.full(len(visitor), -1)
    calls = []
    for number, name in enumerate(_PAGES):
        here = (page == number) & seasons.inside(when)
        fields: dict[str, Column] = {
            "anonymousId": Coded(visitor[here], ids),
            "properties.path": Coded(page[here], _PATHS),
            "properties.referrer": Coded(referrer[here], _REFERRERS),
        }
        calls.append(Calls("page", name, when[here], nobody[here], fields))
    return calls


def _recognised(people: People, who: Who, draws: Draws, known: Ints, ids: list[str]) -> list[Calls]:
    """At sign-up an identify call names both ids; in some cases an alias call."""
    number = np.arange(len(known))
    aliased = draws.chance(_ALIASED, len(known))
    members = people.memberships
    person, when, account = members.person[known], members.join[known] + SECOND // 2, members.account[known]
    identify: dict[str, Column] = {
        "userId": Coded(person, who.people),
        "anonymousId": Coded(number, ids),
        "traits.email": Coded(person, people.emails),
    }
    alias: dict[str, Column] = {"userId": Coded(person, who.people), "previousId": Coded(number, ids)}
    return [
        Calls("identify", "", when, account, identify).where(~aliased),
        Calls("alias", "", when, account, alias).where(aliased),
    ]
