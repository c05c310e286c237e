"""pandas' answer, on a sample: every twentieth subject. In its own process.

    python -m benchmarks.rivals.in_pandas sample COLUMNS OUT
    python -m benchmarks.rivals.in_pandas SAMPLE OUT

The benchmark multiplies the time that it takes by `SAMPLE`.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from benchmarks.columns import Columns, load
from benchmarks.contenders import SAMPLE
from fireflower.model.records import Kind

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

Deltas: TypeAlias = pd.DataFrame
"""Columns subject, at, delta."""


def take_sample(columns: Path, out: Path) -> None:
    """Write the rows of every twentieth person and account to the folder `out`."""
    import duckdb

    out.mkdir(parents=True, exist_ok=True)
    shutil.copy(columns / "vocabulary.json", out / "vocabulary.json")
    chosen = f"""((target >= 2 and account % {SAMPLE} = 0)::utinyint << 1)
                + (target % 2 = 1 and person % {SAMPLE} = 0)::utinyint"""
    rows = f"select * replace ({chosen} as target) from '{columns / 'rows.parquet'}'"
    duckdb.execute(f"copy (from ({rows}) where target > 0) to '{out / 'rows.parquet'}'")


def run(columns: Columns, out: Path) -> None:
    """Write the transitions (definition, subject, at, entered) to the Parquet file `out`."""
    rows = pd.read_parquet(columns.rows)
    accounts = _Accounts(columns, rows[rows.target >= 2])
    people = _People(columns, rows[rows.target % 2 == 1])
    parts = [
        accounts.team_ready_to_pay(),
        accounts.storage_limit(),
        accounts.talk_to_us(),
        people.activated(),
        people.power_user(),
    ]
    transitions = pd.concat(parts)
    transitions[transitions["at"] <= columns.as_of].to_parquet(out, index=False)


class _Subjects:
    """The rows of the subjects of one kind, sorted by (subject, time)."""

    def __init__(self, columns: Columns, rows: pd.DataFrame) -> None:
        self.columns = columns
        first, last = columns.events
        events = rows[rows.what.between(first, last)]
        self.rows = rows
        self.moments = events[["subject", "time"]]
        days = self.moments.assign(day=events.time // DAY)
        self.days = days.groupby(["subject", "day"], as_index=False).time.agg(["min", "max"])
        self.days = self.days.rename(columns={"min": "first", "max": "last"})
        self.goal = self._first("Subscription Started")

    def _event(self, name: str) -> pd.DataFrame:
        return self.rows[self.rows.what == self.columns.event(name)]

    def _first(self, name: str) -> pd.Series:
        return self._event(name).groupby("subject").time.min()


class _Accounts(_Subjects):
    def __init__(self, columns: Columns, rows: pd.DataFrame) -> None:
        super().__init__(columns, rows.assign(subject=rows.account))
        self.trial = self._first("Trial Started")
        self.members = self._members()

    def team_ready_to_pay(self) -> pd.DataFrame:
        channels = _nth(self._event("Channel Created"), 5)
        parts = [channels, self.members, self._reported(), self._busy(), self._fit()]
        return _transitions(
            "team-ready-to-pay",
            parts,
            lambda c: (c[0] >= 1) & (c[1] >= 3) & (c[2] >= 1) & (c[3] >= 1) & (c[4] >= 1),
            self.goal,
        )

    def storage_limit(self) -> pd.DataFrame:
        runs = self._event("Report Run")
        big = _in_last(runs[runs["rows"] >= 300], ["subject"], 30 * DAY)
        reporters = _in_last(runs[runs.person >= 0], ["subject", "person"], 30 * DAY)
        parts = [self._storage(), big, reporters]
        return _transitions("storage-limit", parts, lambda c: (c[0] >= 1) & (c[1] >= 1) & (c[2] >= 3), None)

    def talk_to_us(self) -> pd.DataFrame:
        pricing = self._event("Pricing Viewed")
        viewed = pd.concat(
            [_deltas(pricing.subject, pricing.time, 1), _deltas(pricing.subject, pricing.time + 30 * DAY, -1)]
        )
        integrations = self._event("Integration Connected")
        since = integrations[integrations.time >= integrations.subject.map(self.trial)]
        points = [_points(self._event("Teammate Invited"), 2, 20), _points(integrations, 5, 4)]
        parts = [viewed, _nth(since, 1), pd.concat(points), self.members]
        return _transitions(
            "talk-to-us",
            parts,
            lambda c: (c[0] >= 2) & ((c[1] >= 1) | (c[2] + 20 * (c[3] >= 5) >= 60)),
            self.goal,
            needed=1,
        )

    def _members(self) -> Deltas:
        """Joins of those who are no members, and leaves of those who are."""
        join, leave = self.columns.kind(Kind.JOIN), self.columns.kind(Kind.LEAVE)
        moves = self.rows[self.rows.what.isin([join, leave])]
        joins = moves.what == join
        was_member = joins.groupby([moves.subject, moves.person]).shift(fill_value=False)
        return _deltas(moves.subject, moves.time, joins.map({True: 1, False: -1}))[joins != was_member]

    def _reported(self) -> Deltas:
        runs = self._event("Report Run")
        sample = self.columns.texts["source"].index("sample")
        anchor = runs.subject.map(self.trial)
        counts = (runs["rows"] > 0) & (runs.source >= 0) & (runs.source != sample)
        inside = runs[counts & (runs.time >= anchor) & (runs.time < anchor + 14 * DAY)]
        return _nth(inside[inside.groupby("subject")["rows"].cumsum() >= 500], 1)

    def _busy(self) -> Deltas:
        by = self.days.groupby("subject")
        until, before = by["last"].shift(3) + 7 * DAY, by["last"].shift(4) + 7 * DAY
        following = by["first"].shift(-1)
        full = until > self.days["first"]
        begins = self.days[full & ~(before > self.days["first"])]
        ends = full & ~(until > following)
        return pd.concat(
            [_deltas(begins.subject, begins["first"], 1), _deltas(self.days.subject[ends], until[ends], -1)]
        )

    def _fit(self) -> Deltas:
        sizes = self.columns.account_trait_values("employees")
        fitting = [code for code, value in enumerate(sizes) if 10 <= value <= 500]
        changes = self.rows[self.rows.what == self.columns.account_trait("employees")]
        return _changes(changes.subject, changes.time, changes.detail.isin(fitting))

    def _storage(self) -> Deltas:
        plan_gb = self.columns.account_trait("plan_gb")
        values = dict(enumerate(self.columns.account_trait_values("plan_gb")))
        known = self.rows[
            ((self.rows.what == self.columns.event("Storage Reported")) & self.rows.used_gb.notna())
            | (self.rows.what == plan_gb)
        ]
        limit = known.detail.map(values).where(known.what == plan_gb).groupby(known.subject).ffill()
        used = known.used_gb.groupby(known.subject).ffill()
        return _changes(known.subject, known.time, used / limit >= 0.9)


class _People(_Subjects):
    def __init__(self, columns: Columns, rows: pd.DataFrame) -> None:
        ordered = rows.assign(subject=rows.person).sort_values("subject", kind="stable")
        super().__init__(columns, ordered)
        self.start = self._first("Signed Up")

    def activated(self) -> pd.DataFrame:
        days, by = self.days, self.days.groupby("subject")
        weeks = days[by["last"].shift(2) + 7 * DAY > days["first"]].rename(columns={"first": "time"})
        begins = days[~(by["last"].shift(1) + 10 * DAY > days["first"])]
        ends = days[~(days["last"] + 10 * DAY > by["first"].shift(-1))]
        alive = [_deltas(begins.subject, begins["first"], 1), _deltas(ends.subject, ends["last"] + 10 * DAY, -1)]
        settled = _deltas(self.start.index, self.start.array + 3 * DAY, 1)
        parts = [_nth(weeks, 1), self._path(), pd.concat(alive), settled]
        return _transitions(
            "activated",
            parts,
            lambda c: (c[0] >= 1) & (c[1] >= 1) & (c[2] >= 1) & (c[3] >= 1),
            self.goal,
        )

    def power_user(self) -> pd.DataFrame:
        passed = self.moments.groupby("subject").time.diff()
        runs = self._event("Report Run")
        sources = _in_last(runs[runs.source >= 0], ["subject", "source"], 30 * DAY)
        parts = [self._spent(passed), self._visits(passed), self._streak(), sources, self._plan()]
        return _transitions(
            "power-user",
            parts,
            lambda c: (c[0] >= HOUR) & (c[1] >= 1) & (c[2] >= 1) & (c[3] >= 2) & (c[4] >= 1),
            self.goal,
        )

    def _path(self) -> Deltas:
        names = ("Flow Edited", "Report Run", "Teammate Invited")
        edited, ran, invited = (self.columns.event(name) for name in names)
        steps = self.rows[self.rows.what.isin([edited, ran, invited])]
        begun = steps.time.where(steps.what == edited).groupby(steps.subject).ffill()
        begun = begun.where(steps.what == ran).groupby(steps.subject).ffill()
        return _nth(steps[(steps.what == invited) & (steps.time - begun < 3 * DAY)], 1)

    def _streak(self) -> Deltas:
        days, by = self.days, self.days.groupby("subject").day
        follows = by.shift(1) == days.day - 1
        begins = days[follows & ~(by.shift(2) == days.day - 2)]
        ends = days[follows & ~(by.shift(-1) == days.day + 1)]
        return pd.concat([_deltas(begins.subject, begins["first"], 1), _deltas(ends.subject, (ends.day + 2) * DAY, -1)])

    def _plan(self) -> Deltas:
        plans = self.columns.account_trait_values("plan")
        paid = [code for code, plan in enumerate(plans) if plan in ("team", "business", "enterprise")]
        changes = self.rows[self.rows.what == self.columns.account_trait("plan")]
        return _changes(changes.subject, changes.time, changes.detail.isin(paid))

    def _visits(self, passed: pd.Series) -> Deltas:
        begins = self.moments[~(passed < 30 * MINUTE)]
        anchor = begins.subject.map(self.start)
        return _nth(begins[(begins.time >= anchor) & (begins.time < anchor + 30 * DAY)], 5)

    def _spent(self, passed: pd.Series) -> Deltas:
        """The counter is the time itself."""
        inside = passed < 30 * MINUTE
        step, spent = self.moments[inside], passed[inside].astype("int64")
        return pd.concat([_deltas(step.subject, step.time, spent), _deltas(step.subject, step.time + 7 * DAY, -spent)])


def _deltas(subject: pd.Series, at: pd.Series, delta: pd.Series | int) -> Deltas:
    return pd.DataFrame({"subject": subject, "at": at, "delta": delta})


def _in_last(events: pd.DataFrame, keys: list[str], span: int) -> Deltas:
    """When there is an event in the last span, for each combination of keys."""
    by = events.groupby(keys).time
    begins = events[~(by.shift(1) + span > events.time)]
    ends = events[~(events.time + span > by.shift(-1))]
    return pd.concat([_deltas(begins.subject, begins.time, 1), _deltas(ends.subject, ends.time + span, -1)])


def _nth(events: pd.DataFrame, n: int) -> Deltas:
    """The subject's n-th event."""
    chosen = events[events.groupby("subject").cumcount() == n - 1]
    return _deltas(chosen.subject, chosen.time, 1)


def _points(events: pd.DataFrame, points: int, times: int) -> Deltas:
    """Points for the first `times` events: there the cap is reached."""
    counted = events[events.groupby("subject").cumcount() < times]
    return _deltas(counted.subject, counted.time, points)


def _changes(subject: pd.Series, time: pd.Series, holds: pd.Series) -> Deltas:
    """The rows at which a truth changes; nothing holds before the first."""
    delta = holds.astype("int64") - holds.groupby(subject).shift(fill_value=False).astype("int64")
    return _deltas(subject, time, delta)[delta != 0]


def _transitions(
    definition: str,
    parts: list[Deltas],
    holds: Callable[[list[pd.Series]], pd.Series],
    goal: pd.Series | None,
    needed: int | None = None,
) -> pd.DataFrame:
    """When the formula `holds` over the parts' counters changes, and the goal has not been reached. Nobody qualifies
    without a row in each of the first `needed` parts (by default all)."""
    able = reduce(pd.Index.intersection, (pd.Index(part.subject.unique()) for part in parts[:needed]))
    frames = [part.rename(columns={"delta": f"c{i}"}) for i, part in enumerate(parts)]
    if goal is not None:
        frames.append(pd.DataFrame({"subject": goal.index, "at": goal.array}))
    rows = pd.concat([frame[frame.subject.isin(able)] for frame in frames]).fillna(0).astype("int64")
    rows = rows.groupby(["subject", "at"], as_index=False).sum()
    counters = rows.drop(columns="at").groupby("subject").cumsum()
    may = holds([counters[f"c{i}"] for i in range(len(parts))])
    if goal is not None:
        may &= ~(rows["at"] >= rows.subject.map(goal))
    changes = _changes(rows.subject, rows["at"], may)
    return changes.assign(definition=definition, entered=changes.delta > 0)[["definition", "subject", "at", "entered"]]


if __name__ == "__main__":
    if sys.argv[1] == "sample":
        take_sample(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        run(load(Path(sys.argv[1])), Path(sys.argv[2]))
