"""Calls for what people do in the product, with the properties that such events have."""

from __future__ import annotations

import numpy as np

from fireflower.model.moments import DAY
from fireflower.simulate.accounts import Accounts
from fireflower.simulate.behaviour import (
    ACTIONS,
    COMMENTED,
    CREATED,
    EXPORTED,
    RUN,
    SCHEDULED,
    SHARED,
    SIGNED_IN,
    UPLOADED,
    VIEWED,
    Actions,
    early,
)  # fmt: skip
from fireflower.simulate.calls import Calls, Coded, Column
from fireflower.simulate.draws import SKEWED, Bools, Draws, Floats, Ints
from fireflower.simulate.people import People
from fireflower.simulate.readiness import NEEDS, Readiness
from fireflower.simulate.who import Who
from fireflower.simulate.world import World

SOURCES = ("sample", "warehouse", "crm", "spreadsheet", "upload")
"""What a report runs on; the first is the sample data that comes with every account."""

_ROWS = (1, 4, 12, 30, 80, 200, 500, 1500, 6000, 60000)
_MEGABYTES = (1, 3, 8, 15, 30, 55, 90, 160, 400)
_HOARDING = 4.0
"""How much larger the uploads are of accounts that want more room."""
_EXPORT_PAYWALL = 0.15
"""Share of exports that a free account tries to make in a paid format."""
_MOBILE = 0.12
"""Share of dashboard views from the mobile app, which does not send the account."""


def usage(
    world: World,
    accounts: Accounts,
    readiness: Readiness,
    people: People,
    actions: Actions,
    who: Who,
    seed: int,
) -> list[Calls]:
    """The calls of all actions."""
    draws = Draws(seed, "usage")
    paying = pays(readiness, people.memberships.account[actions.row], actions.time)
    uploads, full = _uploads(world, accounts, readiness, people, actions, paying, who, draws)
    exports, refused = _exports(actions, paying, who, draws)
    views, mobile = _views(actions, who, draws)
    return [
        who.track(ACTIONS[SIGNED_IN], actions, actions.of(SIGNED_IN)),
        _runs(accounts, people, actions, who, draws),
        views, mobile,
        _creations(actions, who, draws),
        _shares(actions, who, draws),
        uploads, full,
        who.track(ACTIONS[COMMENTED], actions, actions.of(COMMENTED)),
        exports, refused,
        who.track(ACTIONS[SCHEDULED], actions, actions.of(SCHEDULED)),
    ]  # fmt: skip


def pays(readiness: Readiness, account: Ints, moment: Ints) -> Bools:
    """Whether these accounts have a subscription at these moments."""
    return (moment >= readiness.bought[account]) & (moment < readiness.cancelled[account])


def report_run(draws: Draws, count: int) -> dict[str, Column]:
    """The size and duration of reports."""
    minutes = draws.quantiles(SKEWED, count) * 3
    return {
        "properties.rows": np.floor(draws.quantiles(_ROWS, count)).astype(np.int64),
        "properties.minutes": np.floor(minutes * 10) / 10,
    }


def _runs(accounts: Accounts, people: People, actions: Actions, who: Who, draws: Draws) -> Calls:
    """Report runs: at first many on sample data, later on the account's own source."""
    ran = actions.of(RUN)
    account = people.memberships.account[actions.row[ran]]
    own = 1 + draws.pick((0.35, 0.2, 0.3, 0.15), len(accounts))
    sample = accounts.knob("sample")[account] * np.where(early(people, actions, 3)[ran], 1.6, 0.35)
    source = np.where(draws.chance(sample), 0, own[account])
    size = report_run(draws, len(account))
    return who.track(ACTIONS[RUN], actions, ran, {**size, "properties.source": Coded(source, SOURCES)})


def _views(actions: Actions, who: Who, draws: Draws) -> tuple[Calls, Calls]:
    viewed = np.flatnonzero(actions.of(VIEWED))
    mobile = draws.chance(_MOBILE, len(viewed))
    fields = {"properties.device": Coded(mobile.astype(np.int64), ("desktop", "mobile"))}
    calls = who.track(ACTIONS[VIEWED], actions, viewed, fields)
    anywhere = calls.where(mobile)
    anonymous = {path: column for path, column in anywhere.fields.items() if path != "context.groupId"}
    return calls.where(~mobile), Calls("track", calls.name, anywhere.time, anywhere.account, anonymous)


def _creations(actions: Actions, who: Who, draws: Draws) -> Calls:
    created = np.flatnonzero(actions.of(CREATED))
    template = draws.pick((0.4, 0.25, 0.2, 0.15), len(created))
    kinds = Coded(template, ("blank", "revenue", "marketing", "operations"))
    return who.track(ACTIONS[CREATED], actions, created, {"properties.template": kinds})


def _shares(actions: Actions, who: Who, draws: Draws) -> Calls:
    shared = np.flatnonzero(actions.of(SHARED))
    fields: dict[str, Column] = {
        "properties.recipients": 1 + np.floor(draws.quantiles(SKEWED, len(shared)) * 2).astype(np.int64),
        "properties.external": draws.chance(0.3, len(shared)),
    }
    return who.track(ACTIONS[SHARED], actions, shared, fields)


def _uploads(
    world: World,
    accounts: Accounts,
    readiness: Readiness,
    people: People,
    actions: Actions,
    paying: Bools,
    who: Who,
    draws: Draws,
) -> tuple[Calls, Calls]:
    """Uploads with what is stored after each; and the paywalls hit by those for which there is no room."""
    wanted = np.flatnonzero(actions.of(UPLOADED))
    account = people.memberships.account[actions.row[wanted]]
    order = np.lexsort((actions.time[wanted], account))
    wanted, account = wanted[order], account[order]
    scale = np.where(_hoards(accounts, readiness), _HOARDING, 1.0) * (0.3 + accounts.appetite)
    megabytes = 1 + np.floor(draws.quantiles(_MEGABYTES, len(wanted)) * scale[account]).astype(np.int64)
    trial = accounts.trial[account]
    in_trial = (actions.time[wanted] >= trial) & (actions.time[wanted] < trial + world.trial_days * DAY)
    unpaid = np.where(in_trial, world.trial_gb, world.free_gb)
    limit = np.where(paying[wanted], world.paid_gb, unpaid) * 1000
    fits = running_total(megabytes, account) <= limit
    used = running_total(np.where(fits, megabytes, 0), account)
    uploads = who.track(
        ACTIONS[UPLOADED], actions, wanted[fits],
        {"properties.mb": megabytes[fits], "properties.used_gb": _gigabytes(used[fits])},
    )  # fmt: skip
    tried = ~fits & draws.chance(0.4, len(fits))
    return uploads, who.paywall("storage", actions, wanted[tried])


def _hoards(accounts: Accounts, readiness: Readiness) -> Bools:
    """Which accounts want the paid product for its room."""
    return accounts.intent & (readiness.need == NEEDS.index("storage"))


def _gigabytes(megabytes: Ints) -> Floats:
    return np.floor(megabytes / 10) / 100


def running_total(amounts: Ints, group: Ints) -> Ints:
    """Sums so far within runs of equal `group`.

    >>> running_total(np.array([1, 2, 5, 1]), np.array([0, 0, 7, 7])).tolist()
    [1, 3, 5, 6]
    """
    total = np.cumsum(amounts)
    first = np.flatnonzero(np.diff(group, prepend=-1))
    return total - np.repeat((total - amounts)[first], np.diff(first, append=len(group)))


def _exports(actions: Actions, paying: Bools, who: Who, draws: Draws) -> tuple[Calls, Calls]:
    """Exports; those in a paid format end at a paywall in free accounts."""
    wanted = np.flatnonzero(actions.of(EXPORTED))
    refused = ~paying[wanted] & draws.chance(_EXPORT_PAYWALL, len(wanted))
    kept = wanted[~refused]
    form = Coded(draws.pick((0.6, 0.3, 0.1), len(kept)), ("csv", "pdf", "xlsx"))
    exports = who.track(ACTIONS[EXPORTED], actions, kept, {"properties.format": form})
    return exports, who.paywall("exports", actions, wanted[refused])
