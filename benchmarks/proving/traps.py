"""What goes along with buying and must not be recommended, each with the mark by which one can tell.

- after: an event of customers only
- alias: the goal under another name, within a minute of it
- spike: a step on the way to the till, minutes to hours before the goal; a few others take it, too
- status: a trait that the sales team fills in for those whose deals they work on, at about the time of the goal
- reminders: sent by the vendor on fixed days to those who have not bought yet
"""

from __future__ import annotations

import numpy as np

from benchmarks.proving.catalogue import Catalogue
from benchmarks.proving.chance import Chance, Ints, spread_out
from benchmarks.proving.history import DAY, MINUTE, NEVER, Rows, Trait
from benchmarks.proving.kinds import Kind, Trap
from benchmarks.proving.subjects import Subjects

EVENTS: tuple[Trap, ...] = ("after", "alias", "spike", "reminders")
"""The kinds of traps that are events, in the order of their names in the catalogue."""
STATUS = "status"
_REMINDED_ON = (3.0, 10.0, 17.0, 24.0)
"""Days since sign-up."""


def trap_names(kind: Kind, catalogue: Catalogue) -> dict[str, Trap]:
    """The names of events and traits that must not be recommended -> why."""
    names: dict[str, Trap] = {
        catalogue.names[kind.events + EVENTS.index(each)]: each for each in EVENTS if each in kind.traps
    }
    return names | ({STATUS: "status"} if "status" in kind.traps else {})


def trap_rows(kind: Kind, catalogue: Catalogue, chance: Chance, subjects: Subjects, bought: Ints) -> list[Rows]:
    """The events of this kind's traps."""
    makers = {"after": _after, "alias": _alias, "spike": _spike, "reminders": _reminders}
    return [
        Rows.of(kind.events + place, *makers[trap](chance, subjects, bought))
        for place, trap in enumerate(EVENTS)
        if trap in kind.traps
    ]


def settling_in(catalogue: Catalogue, chance: Chance, bought: Ints) -> list[Rows]:
    """In every world, buyers go on to do some ordinary things more often, for four weeks."""
    buyers = np.flatnonzero(bought < NEVER)
    rows = []
    for event in catalogue.settled.tolist():
        subject = np.repeat(buyers, 3)
        item = event * 4 + np.tile(np.arange(3), len(buyers))
        time = bought[subject] + (chance.items("settling in", subject, item) * 28 * DAY).astype(np.int64)
        done = chance.items("settles in", subject, item) < 0.6
        rows.append(Rows.of(event, subject[done], time[done]))
    return rows


def known_of(kind: Kind, chance: Chance, subjects: Subjects, bought: Ints) -> tuple[Trait, ...]:
    """Region and size at sign-up, which mean nothing, and what the sales team fills in if that is a trap here."""
    everyone = np.argsort(subjects.signed_up, kind="stable")
    when = subjects.signed_up[everyone]
    region = (chance.unit("region")[everyone, 0] ** 2 * 5).astype(np.int64)
    size = (chance.unit("size")[everyone, 0] ** 2 * 5).astype(np.int64)
    traits = (
        Trait("region", ("north", "south", "east", "west", "centre"), everyone, when, region),
        Trait("size", (3.0, 12.0, 60.0, 300.0, 1500.0), everyone, when, size),
    )
    return (*traits, _status(chance, subjects, bought)) if "status" in kind.traps else traits


def _after(chance: Chance, subjects: Subjects, bought: Ints) -> tuple[Ints, Ints]:
    buyers = np.flatnonzero(bought < NEVER)
    owner, place = spread_out(1 + (chance.unit("customers do")[buyers, 0] * 5).astype(np.int64))
    subject = buyers[owner]
    return subject, bought[subject] + MINUTE + (chance.items("customers", subject, place) * 14 * DAY).astype(np.int64)


def _alias(chance: Chance, subjects: Subjects, bought: Ints) -> tuple[Ints, Ints]:
    draws = chance.unit("alias", 2)
    subject = np.flatnonzero((bought < NEVER) & (draws[:, 0] < 0.97))
    return subject, bought[subject] + ((draws[subject, 1] - 0.1) * MINUTE).astype(np.int64)


def _spike(chance: Chance, subjects: Subjects, bought: Ints) -> tuple[Ints, Ints]:
    """85 % of buyers, 2 minutes to 12 hours before; 3 % of the others, some time in the first month."""
    draws = chance.unit("till", 2)
    buyer = bought < NEVER
    subject = np.flatnonzero(draws[:, 0] < np.where(buyer, 0.85, 0.03))
    before = bought[subject] - (2 * MINUTE * 360 ** draws[subject, 1]).astype(np.int64)
    some_time = subjects.signed_up[subject] + (draws[subject, 1] * 30 * DAY).astype(np.int64)
    time = np.where(buyer[subject], np.maximum(before, subjects.signed_up[subject]), some_time)
    there = time < np.where(buyer[subject], NEVER, subjects.leaves[subject])
    return subject[there], time[there]


def _reminders(chance: Chance, subjects: Subjects, bought: Ints) -> tuple[Ints, Ints]:
    """On each of the days, whether or not they are still there: the vendor does not know."""
    subject = np.repeat(np.arange(len(subjects)), len(_REMINDED_ON))
    day = np.tile(np.array(_REMINDED_ON), len(subjects))
    time = subjects.signed_up[subject] + (day * DAY).astype(np.int64)
    sent = time < bought[subject]
    return subject[sent], time[sent]


def _status(chance: Chance, subjects: Subjects, bought: Ints) -> Trait:
    """Buyers: "b" up to two days before, "c" within a day after. Others: "a" for 15 %, "d" for 10 %, some time."""
    draws = chance.unit("status", 3)
    buyers = np.flatnonzero(bought < NEVER)
    before = np.maximum(bought[buyers] - (draws[buyers, 0] * 2 * DAY).astype(np.int64), subjects.signed_up[buyers])
    after = bought[buyers] + (draws[buyers, 1] * DAY).astype(np.int64)
    others = np.flatnonzero((bought == NEVER) & (draws[:, 2] < 0.25))
    some_time = subjects.signed_up[others] + (draws[others, 0] * 30 * DAY).astype(np.int64)
    subject = np.concatenate([buyers, buyers, others])
    time = np.concatenate([before, after, some_time])
    value = np.concatenate([np.full(len(buyers), 1), np.full(len(buyers), 2), np.where(draws[others, 2] < 0.15, 0, 3)])
    order = np.lexsort((value, time))
    return Trait(STATUS, ("a", "b", "c", "d"), subject[order], time[order], value[order])
