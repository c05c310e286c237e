"""Accounts in which no person sits: reports at an absurd rate, at all hours, on weekends and holidays alike."""

from __future__ import annotations

import numpy as np

from fireflower.model.moments import DAY, MINUTE
from fireflower.simulate.accounts import Accounts
from fireflower.simulate.calls import Calls
from fireflower.simulate.draws import Draws, moments, spread_out
from fireflower.simulate.people import People
from fireflower.simulate.seasons import Seasons
from fireflower.simulate.usage import report_run
from fireflower.simulate.who import Who, constant
from fireflower.simulate.world import World


def bots(world: World, seasons: Seasons, accounts: Accounts, people: People, who: Who, seed: int) -> list[Calls]:
    """Two to four days of reports for each bot, beginning soon after its sign-up."""
    draws = Draws(seed, "bots")
    account = np.flatnonzero(accounts.are("bot"))
    days = draws.between(2, 4, len(account))
    bot, _ = spread_out(draws.rounded(days * world.bot_events_a_day))
    begin = accounts.signup[account] + 20 * MINUTE
    when = begin[bot] + moments(draws.unit(len(bot)) * days[bot] * DAY)
    fields = {**report_run(draws, len(bot)), "properties.source": constant("api", len(bot))}
    calls = who.call("track", "Report Run", people.owner[account[bot]], when, fields)
    return [calls.where(seasons.inside(when))]
