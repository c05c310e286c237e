"""A world as tables: Arrow in memory as `fireflower.qualify` takes it, or the folder of a project to import."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.proving.chance import Chance, Ints
from benchmarks.proving.history import DAY, GOAL, NEVER, SIGN_UP, History, Trait
from benchmarks.proving.world import World

JOINS_EVERY = DAY // 4
"""People of an account join it one after the other."""

_PROJECT = f"""project: proving
start: {SIGN_UP}
goal: {GOAL}

imports:
"""
_IMPORTS = {
    "memberships": "{table: memberships, person: person, account: account, time: time}",
    "people": "{table: people, person: person, time: time}",
    "accounts": "{table: accounts, account: account, time: time}",
    "events": "{time: time, event: event, person: person, account: account}",
}


def tables(world: World, until: int | None = None, *, timed: bool = True) -> dict[str, pa.Table]:
    """What is recorded before the moment (by default, before `world.cut`; NEVER for all).

    "events": `time`, `event`, `person`, and where there are accounts `account`. "people" (or "accounts", if they are
    the subjects): a row for each change of a trait, with its `time`. "memberships": where there are accounts.

    Parameters
    ----------
    timed : whether traits come with their times; if not, as a `snapshot`: what the sales team has filled in then
        speaks of the past, too
    """
    history = world.history.until(world.cut if until is None else until)
    ids = pa.array(world.ids)
    traits = _changes(world, ids, history) if timed else snapshot(world, until)
    events: dict[str, pa.Array] = {
        "time": _times(history.time),
        "event": pa.DictionaryArray.from_arrays(history.event.astype(np.int32), list(history.names)).cast(pa.string()),
        world.kind.subject: ids.take(history.subject),
    }
    if world.kind.subject == "account":
        events["person"] = _member(history.subject, _doer(world, history.subject, history.time))
    elif world.kind.teams:
        events["account"] = _team(history.team[history.subject])
    found = {"events": pa.table(events), _traits_of(world): traits}
    if "account" in events:
        found["memberships"] = _memberships(world, ids, world.cut if until is None else until)
    return found


def snapshot(world: World, until: int | None = None) -> pa.Table:
    """The traits as a CRM exports them: one row a subject, the latest value of each, and no word of since when."""
    end = world.cut if until is None else until
    history = world.history.until(end)
    there = np.flatnonzero(history.signed_up < end)
    moment = np.full(history.subjects, NEVER)
    columns: dict[str, pa.Array] = {world.kind.subject: pa.array(world.ids).take(there)}
    for trait in history.traits:
        known = trait.as_of(history.subjects, moment)[there]
        columns[trait.name] = pa.array(trait.values).take(pa.array(known, mask=known < 0))
    return pa.table(columns)


def write(world: World, folder: Path, until: int | None = None, *, timed: bool = True) -> Path:
    """Write a project: Parquet files under data/, and a fireflower.yaml by which `fireflower import` reads them."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    found = tables(world, until, timed=timed)
    for name, table in found.items():
        pq.write_table(table, folder / "data" / f"{name}.parquet", compression="zstd")
    imports = {name: _IMPORTS[name] for name in _IMPORTS if name in found}
    if "account" not in found["events"].column_names:
        imports["events"] = imports["events"].replace(", account: account", "")
    if not timed:
        imports[_traits_of(world)] = imports[_traits_of(world)].replace("time: time", "timeless: true")
    lines = [f"  data/{name}.parquet: {mapping}\n" for name, mapping in imports.items()]
    (folder / "fireflower.yaml").write_text(_PROJECT + "".join(lines))
    return folder


def _traits_of(world: World) -> str:
    return "accounts" if world.kind.subject == "account" else "people"


def _changes(world: World, ids: pa.Array, history: History) -> pa.Table:
    changes = [_trait(world, ids, each) for each in history.traits]
    return pa.concat_tables(changes, promote_options="default").sort_by("time")


def _trait(world: World, ids: pa.Array, trait: Trait) -> pa.Table:
    values = pa.array(trait.values).take(pa.array(trait.value))
    return pa.table({"time": _times(trait.time), world.kind.subject: ids.take(trait.subject), trait.name: values})


def _memberships(world: World, ids: pa.Array, until: int) -> pa.Table:
    history = world.history
    if world.kind.subject == "person":
        there = np.flatnonzero(history.signed_up < until)
        return pa.table(
            {"person": ids.take(there), "account": _team(history.team[there]), "time": _times(history.signed_up[there])}
        )
    account = np.repeat(np.arange(history.subjects), history.team)
    place = np.arange(len(account)) - np.repeat(np.cumsum(history.team) - history.team, history.team)
    time = history.signed_up[account] + place * JOINS_EVERY
    known = time < until
    account, place, time = account[known], place[known], time[known]
    return pa.table({"person": _member(account, place), "account": ids.take(account), "time": _times(time)})


def _doer(world: World, account: Ints, time: Ints) -> Ints:
    """Which member of the account did it: one of those who had joined by then."""
    history = world.history
    joined = np.minimum(history.team[account], 1 + (time - history.signed_up[account]) // JOINS_EVERY)
    draw = Chance(world.seed, history.subjects).items("doer", account, time)
    return (draw * joined).astype(np.int64)


def _member(account: Ints, place: Ints) -> pa.Array:
    """The id of an account's member; no account has more than ten."""
    number, which = np.unique(account * 10 + place, return_inverse=True)
    return pa.array([f"u{each:07}" for each in number.tolist()]).take(pa.array(which))


def _team(number: Ints) -> pa.Array:
    teams, which = np.unique(number, return_inverse=True)
    return pa.array([f"a{each:06}" for each in teams.tolist()]).take(pa.array(which))


def _times(moments: Ints) -> pa.Array:
    return pa.array(moments).cast(pa.timestamp("us", tz="UTC"))
