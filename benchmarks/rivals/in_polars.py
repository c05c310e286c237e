"""Polars' answer: lazy queries on its streaming engine, in its own process.

    python -m benchmarks.rivals.in_polars COLUMNS OUT

The rows of accounts lie in the order (account, time) already, so neighbours are found by shifting whole columns,
without `over`. The rows of people are sorted by (person, time) where neighbours matter.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import reduce
from pathlib import Path
from typing import TypeAlias

os.environ.setdefault("POLARS_MAX_THREADS", "2")

import polars as pl

from benchmarks.columns import Columns, load
from fireflower.model.records import Kind

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

Deltas: TypeAlias = pl.LazyFrame
"""Columns subject, at, delta."""


def run(columns: Columns, out: Path) -> None:
    """Write the transitions (definition, subject, at, entered) to the Parquet file `out`."""
    accounts, people = _Accounts(columns), _People(columns)
    parts = [
        accounts.team_ready_to_pay(),
        accounts.storage_limit(),
        accounts.talk_to_us(),
        people.activated(),
        people.power_user(),
    ]
    transitions = pl.concat(pl.collect_all(parts, engine="streaming"))
    transitions.filter(pl.col("at") <= columns.as_of).write_parquet(out)


class _Accounts:
    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        names = (
            "Channel Created",
            "Report Run",
            "Storage Reported",
            "Pricing Viewed",
            "Integration Connected",
            "Teammate Invited",
            "Trial Started",
            "Subscription Started",
        )
        wanted = [
            *map(columns.event, names),
            columns.kind(Kind.JOIN),
            columns.kind(Kind.LEAVE),
            columns.account_trait("employees"),
            columns.account_trait("plan_gb"),
        ]
        self.rows = (
            pl.scan_parquet(columns.rows)
            .filter(pl.col("target") >= 2, pl.col("what").is_in(wanted))
            .select("time", "what", "account", "person", "detail", "rows", "source", "used_gb")
            .collect(engine="streaming")
        )
        self.trial = self._event("Trial Started").group_by("account").agg(anchor=pl.col("time").min())
        self.goal = self._event("Subscription Started").group_by(subject="account").agg(goal=pl.col("time").min())
        self.members = self._members()

    def team_ready_to_pay(self) -> pl.LazyFrame:
        parts = _collected([self._channels(), self.members, self._reported(), self._busy(), self._fit()])
        able = _able([parts[0], parts[2], parts[3], parts[4]])
        holds = (pl.col("c0") >= 1) & (pl.col("c1") >= 3)
        holds &= (pl.col("c2") >= 1) & (pl.col("c3") >= 1) & (pl.col("c4") >= 1)
        return _transitions("team-ready-to-pay", parts, holds, able, self.goal)

    def storage_limit(self) -> pl.LazyFrame:
        runs = self._event("Report Run")
        big = _in_last(runs.filter(pl.col("rows") >= 300), ["account"], 30 * DAY)
        actors = runs.filter(pl.col("person") >= 0).sort("account", "person", "time")
        parts = _collected([self._storage(), big, _in_last(actors, ["account", "person"], 30 * DAY)])
        holds = (pl.col("c0") >= 1) & (pl.col("c1") >= 1) & (pl.col("c2") >= 3)
        return _transitions("storage-limit", parts, holds, _able(parts[:2]), None)

    def talk_to_us(self) -> pl.LazyFrame:
        pricing = self._event("Pricing Viewed").select(subject="account", at="time", delta=pl.lit(1))
        expired = pricing.with_columns(pl.col("at") + 30 * DAY, delta=pl.lit(-1))
        connected = (
            self._event("Integration Connected")
            .join(self.trial, on="account")
            .filter(pl.col("time") >= pl.col("anchor"))
            .group_by(subject="account")
            .agg(at=pl.col("time").min(), delta=pl.lit(1))
        )
        points = pl.concat([self._points("Teammate Invited", 2, 20), self._points("Integration Connected", 5, 4)])
        parts = _collected([pl.concat([pricing, expired]), connected, points, self.members])
        score = pl.col("c2") + pl.when(pl.col("c3") >= 5).then(20).otherwise(0)
        holds = (pl.col("c0") >= 2) & ((pl.col("c1") >= 1) | (score >= 60))
        return _transitions("talk-to-us", parts, holds, _able(parts[:1]), self.goal)

    def _event(self, name: str) -> pl.LazyFrame:
        return self.rows.lazy().filter(pl.col("what") == self.columns.event(name))

    def _members(self) -> Deltas:
        """Joins of those who are no members, and leaves of those who are."""
        join, leave = self.columns.kind(Kind.JOIN), self.columns.kind(Kind.LEAVE)
        moves = self.rows.lazy().filter(pl.col("what").is_in([join, leave]))
        ordered = moves.sort("account", "person", maintain_order=True)
        joins = pl.col("what") == join
        is_member = _before("what", ["account", "person"]) == join
        return (
            ordered.filter(joins != is_member.fill_null(False))
            .with_columns(delta=pl.when(pl.col("what") == join).then(1).otherwise(-1))
            .select(subject="account", at="time", delta="delta")
        )

    def _channels(self) -> Deltas:
        return _nth(self._event("Channel Created"), "account", 5)

    def _reported(self) -> Deltas:
        sample = self.columns.texts["source"].index("sample")
        return (
            self._event("Report Run")
            .filter(pl.col("rows") > 0, pl.col("source") >= 0, pl.col("source") != sample)
            .join(self.trial, on="account", maintain_order="left")
            .filter(pl.col("time") >= pl.col("anchor"), pl.col("time") < pl.col("anchor") + 14 * DAY)
            .with_columns(total=pl.col("rows").cum_sum().over("account"))
            .filter(pl.col("total") >= 500)
            .group_by(subject="account")
            .agg(at=pl.col("time").min(), delta=pl.lit(1))
        )

    def _busy(self) -> Deltas:
        days = _account_days(self.columns).lazy()
        until = _before("last", ["subject"], 3) + 7 * DAY
        until_before = _before("last", ["subject"], 4) + 7 * DAY
        following = _after("first", ["subject"])
        reach = days.select("subject", "first", until=until, until_before=until_before, following=following)
        reach = reach.filter(pl.col("until") > pl.col("first"))
        begins = reach.filter((pl.col("until_before") <= pl.col("first")).fill_null(True))
        ends = reach.filter((pl.col("until") <= pl.col("following")).fill_null(True))
        return _deltas(begins, "first", ends, pl.col("until"))

    def _fit(self) -> Deltas:
        sizes = self.columns.account_trait_values("employees")
        fitting = [code for code, value in enumerate(sizes) if 10 <= value <= 500]
        changes = self.rows.lazy().filter(pl.col("what") == self.columns.account_trait("employees"))
        return _changes(changes, "account", pl.col("detail").is_in(fitting))

    def _storage(self) -> Deltas:
        plan_gb = self.columns.account_trait("plan_gb")
        limits = pl.Series(self.columns.account_trait_values("plan_gb"), dtype=pl.Float64)
        reported = (pl.col("what") == self.columns.event("Storage Reported")) & pl.col("used_gb").is_not_null()
        known = self.rows.lazy().filter(reported | (pl.col("what") == plan_gb))
        limit = pl.when(pl.col("what") == plan_gb).then(pl.lit(limits).gather(pl.col("detail").clip(0)))
        share = known.with_columns(
            used=pl.col("used_gb").forward_fill().over("account"),
            limit=limit.forward_fill().over("account"),
        )
        return _changes(share, "account", (pl.col("used") / pl.col("limit") >= 0.9).fill_null(False))

    def _points(self, name: str, points: int, times: int) -> Deltas:
        """Points for the first `times` events: there the cap is reached."""
        return (
            self._event(name)
            .filter((pl.col("account") != pl.col("account").shift(times)).fill_null(True))
            .select(subject="account", at="time", delta=pl.lit(points))
        )


class _People:
    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        names = ("Flow Edited", "Report Run", "Teammate Invited", "Signed Up", "Subscription Started")
        wanted = [*map(columns.event, names), columns.account_trait("plan")]
        self.rows = (
            pl.scan_parquet(columns.rows, row_index_name="row")
            .filter((pl.col("target") & 1) == 1, pl.col("what").is_in(wanted))
            .select("row", "time", "what", "person", "detail", "source")
            .collect(engine="streaming")
        )
        self.start = self._event("Signed Up").group_by("person").agg(anchor=pl.col("time").min())
        self.goal = self._event("Subscription Started").group_by(subject="person").agg(goal=pl.col("time").min())
        self.days = _people_days(columns)

    def activated(self) -> pl.LazyFrame:
        parts = _collected([self._some_week(), self._path(), self._alive(), self._settled()])
        holds = (pl.col("c0") >= 1) & (pl.col("c1") >= 1) & (pl.col("c2") >= 1) & (pl.col("c3") >= 1)
        return _transitions("activated", parts, holds, _able(parts[:2]), self.goal)

    def power_user(self) -> pl.LazyFrame:
        others = _collected([self._streak(), self._sources(), self._plan()])
        steps = self._steps(_able(others))
        (visits,) = _collected([self._visits(steps)])
        spent = _spent(steps.join(visits, on="subject", how="semi", maintain_order="left"))
        parts = [*_collected([spent]), visits, *others]
        holds = (pl.col("c0") >= 1) & (pl.col("c1") >= 1) & (pl.col("c2") >= 1)
        holds &= (pl.col("c3") >= 2) & (pl.col("c4") >= 1)
        return _transitions("power-user", parts, holds, _able(parts[:2]), self.goal)

    def _event(self, name: str) -> pl.LazyFrame:
        return self.rows.lazy().filter(pl.col("what") == self.columns.event(name))

    def _some_week(self) -> Deltas:
        full = _before("last", ["subject"], 2) + 7 * DAY > pl.col("first")
        return self.days.lazy().filter(full).group_by("subject").agg(at=pl.col("first").min(), delta=pl.lit(1))

    def _alive(self) -> Deltas:
        """From the first event on; `some_week` does not hold before."""
        days = self.days.lazy()
        begins = days.filter((_before("last", ["subject"]) + 10 * DAY <= pl.col("first")).fill_null(True))
        ends = days.filter((pl.col("last") + 10 * DAY <= _after("first", ["subject"])).fill_null(True))
        return _deltas(begins, "first", ends, pl.col("last") + 10 * DAY)

    def _settled(self) -> Deltas:
        return self.start.select(subject="person", at=pl.col("anchor") + 3 * DAY, delta=pl.lit(1))

    def _path(self) -> Deltas:
        edited = self._event("Flow Edited").select("person", "row", begun="time").set_sorted("row")
        ran = self._event("Report Run").select("person", "row").set_sorted("row")
        invited = self._event("Teammate Invited").select("person", "row", "time").set_sorted("row")
        return (
            _latest_before(invited, _latest_before(ran, edited))
            .filter(pl.col("time") < pl.col("begun") + 3 * DAY)
            .group_by(subject="person")
            .agg(at=pl.col("time").min(), delta=pl.lit(1))
        )

    def _streak(self) -> Deltas:
        day, by = pl.col("day"), ["subject"]
        days = (
            self.days.lazy()
            .with_columns(
                follows=(_before("day", by) == day - 1).fill_null(False),
                followed=(_after("day", by) == day + 1).fill_null(False),
                third=(_before("day", by, 2) == day - 2).fill_null(False),
            )
            .filter("follows")
        )
        ends = days.filter(~pl.col("followed"))
        return _deltas(days.filter(~pl.col("third")), "first", ends, (day + 2) * DAY)

    def _sources(self) -> Deltas:
        runs = self._event("Report Run").filter(pl.col("source") >= 0).sort("person", "source", "time")
        return _in_last(runs, ["person", "source"], 30 * DAY)

    def _plan(self) -> Deltas:
        plans = self.columns.account_trait_values("plan")
        paid = [code for code, plan in enumerate(plans) if plan in ("team", "business", "enterprise")]
        changes = self.rows.lazy().filter(pl.col("what") == self.columns.account_trait("plan"))
        return _changes(changes.sort("person", "row"), "person", pl.col("detail").is_in(paid))

    def _steps(self, people: pl.LazyFrame) -> pl.LazyFrame:
        """The moments of all events of these people, and the time since the one before."""
        return (
            _events(self.columns, (pl.col("target") & 1) == 1)
            .select(subject="person", at="time")
            .join(people, on="subject", how="semi")
            .sort("subject", "at")
            .with_columns(passed=pl.col("at") - _before("at", ["subject"]))
            .collect(engine="streaming")
            .lazy()
        )

    def _visits(self, steps: pl.LazyFrame) -> Deltas:
        anchor = pl.col("anchor")
        begins = (
            steps.filter((pl.col("passed") >= 30 * MINUTE).fill_null(True))
            .join(self.start.rename({"person": "subject"}), on="subject", maintain_order="left")
            .filter(pl.col("at") >= anchor, pl.col("at") < anchor + 30 * DAY)
        )
        return _nth(begins.rename({"subject": "account", "at": "time"}), "account", 5)


def _spent(steps: pl.LazyFrame) -> Deltas:
    """What comes in goes out a week later, so a running sum over everybody is a running sum of each."""
    step = steps.filter(pl.col("passed") < 30 * MINUTE).rename({"passed": "delta"})
    gone = step.with_columns(pl.col("at") + 7 * DAY, -pl.col("delta"))
    total = pl.concat([step, gone]).sort("subject", "at").with_columns(total=pl.col("delta").cum_sum())
    return _changes(_settle(total), "subject", pl.col("total") >= HOUR, at="at")


# --- What the conditions share ----------------------------------------------------------------------------------------


def _events(columns: Columns, of: pl.Expr) -> pl.LazyFrame:
    first, last = columns.events
    return pl.scan_parquet(columns.rows).filter(of, pl.col("what").is_between(first, last))


def _account_days(columns: Columns) -> pl.DataFrame:
    """One row an account and day with an event: subject, first, last. The rows lie in this order."""
    rows = _events(columns, pl.col("target") >= 2).select(
        subject="account", first="time", subject_before=pl.col("account").shift(), last=pl.col("time").shift()
    )
    another = (pl.col("subject") != pl.col("subject_before")).fill_null(True)
    begins = rows.filter(another | (pl.col("first") // DAY != pl.col("last") // DAY)).collect(engine="streaming")
    # The last event of a day stands before the first one of the next; nobody asks for the very last.
    return begins.select("subject", "first", pl.col("last").shift(-1))


def _people_days(columns: Columns) -> pl.DataFrame:
    """One row a person and day with an event: subject, day, first, last. One key is quicker than two."""
    return (
        _events(columns, (pl.col("target") & 1) == 1)
        .group_by(key=pl.col("person").cast(pl.Int64) * 100_000 + pl.col("time") // DAY)
        .agg(first=pl.col("time").min(), last=pl.col("time").max())
        .sort("key")
        .select("first", "last", subject=(pl.col("key") // 100_000).cast(pl.Int32), day=pl.col("key") % 100_000)
        .collect(engine="streaming")
    )


def _latest_before(rows: pl.LazyFrame, others: pl.LazyFrame) -> pl.LazyFrame:
    """Beside each row, the latest of the same person's other rows that stands before it."""
    return rows.join_asof(others, on="row", by="person", allow_exact_matches=False, check_sortedness=False)


def _before(column: str, keys: list[str], rows: int = 1) -> pl.Expr:
    """The column's value so many rows earlier, if that row has the same keys. The frame is sorted by them."""
    same = reduce(pl.Expr.__and__, (pl.col(key) == pl.col(key).shift(rows) for key in keys))
    return pl.when(same).then(pl.col(column).shift(rows))


def _after(column: str, keys: list[str]) -> pl.Expr:
    return _before(column, keys, -1)


def _deltas(begins: pl.LazyFrame, begins_at: str, ends: pl.LazyFrame, ends_at: pl.Expr) -> Deltas:
    return pl.concat(
        [
            begins.select("subject", at=begins_at, delta=pl.lit(1)),
            ends.select("subject", at=ends_at, delta=pl.lit(-1)),
        ]
    )


def _in_last(events: pl.LazyFrame, keys: list[str], span: int) -> Deltas:
    """When there is an event in the last span, for each combination of keys. Events are sorted by keys and time."""
    named = events.with_columns(subject=pl.col(keys[0]))
    begins = named.filter((_before("time", keys) + span <= pl.col("time")).fill_null(True))
    ends = named.filter((pl.col("time") + span <= _after("time", keys)).fill_null(True))
    return _deltas(begins, "time", ends, pl.col("time") + span)


def _nth(events: pl.LazyFrame, subject: str, n: int) -> Deltas:
    """The subject's n-th event. Events are sorted by subject and time."""
    same = (pl.col(subject) == pl.col(subject).shift(n - 1)).fill_null(False)
    more = (pl.col(subject) == pl.col(subject).shift(n)).fill_null(False)
    return events.filter(same & ~more).select(subject=subject, at="time", delta=pl.lit(1))


def _changes(rows: pl.LazyFrame, subject: str, holds: pl.Expr, at: str = "time") -> Deltas:
    """The rows at which a truth changes. Rows are sorted by subject and time; nothing holds before the first."""
    return (
        rows.select(subject=subject, at=at, holds=holds.cast(pl.Int32))
        .with_columns(delta=pl.col("holds") - _before("holds", ["subject"]).fill_null(0))
        .filter(pl.col("delta") != 0)
        .select("subject", "at", "delta")
    )


def _settle(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The last row of each instant."""
    same = (pl.col("subject") == pl.col("subject").shift(-1)) & (pl.col("at") == pl.col("at").shift(-1))
    return rows.filter(~same.fill_null(False))


def _collected(parts: list[Deltas]) -> list[Deltas]:
    """The parts, computed; the verdict reads each of them twice."""
    return [part.lazy() for part in pl.collect_all(parts, engine="streaming")]


def _able(parts: Iterable[Deltas]) -> pl.LazyFrame:
    """The subjects that all of these conditions know."""
    return reduce(
        lambda left, right: left.join(right, on="subject", how="semi"),
        (part.select("subject").unique() for part in parts),
    )


def _transitions(
    definition: str, parts: list[Deltas], holds: pl.Expr, able: pl.LazyFrame, goal: pl.LazyFrame | None
) -> pl.LazyFrame:
    """When the formula `holds` over the counters c0, c1, .. of the parts changes, and the goal has not been reached."""
    counters = [f"c{i}" for i in range(len(parts))]
    frames = [part.rename({"delta": counter}) for part, counter in zip(parts, counters, strict=True)]
    if goal is not None:
        frames.append(goal.select("subject", at="goal"))
    rows = pl.concat(frames, how="diagonal_relaxed").join(able, on="subject", how="semi").sort("subject", "at")
    rows = rows.with_columns(pl.col(counters).fill_null(0).cum_sum().over("subject"))
    may = holds
    rows = _settle(rows)
    if goal is not None:
        rows = rows.join(goal, on="subject", how="left", maintain_order="left")
        may = holds & (pl.col("at") < pl.col("goal")).fill_null(True)
    return _changes(rows, "subject", may, at="at").select(
        pl.lit(definition).alias("definition"), "subject", "at", entered=pl.col("delta") > 0
    )


if __name__ == "__main__":
    run(load(Path(sys.argv[1])), Path(sys.argv[2]))
