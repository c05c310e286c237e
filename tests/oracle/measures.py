"""Sections 3 and 4: the value of a quantity at a moment, from the whole history up to it, every time anew.

Ratios and scores read other quantities and conditions; they are in `oracle`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from fireflower.language import nodes as n
from fireflower.model.records import Kind, Record

from .values import identity, passes, type_of
from .whose import History, Item

MILLION = 1_000_000
HOUR = 3600 * MILLION
MOST = 9_200_000_000_000 * MILLION
"""Sums stay within this many millionths."""

Value = int | float | str | bool | list[Any] | None

# --- Wall clocks --------------------------------------------------------------------------------------------


@cache
def known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def zone_before(h: History, items: list[Item]) -> ZoneInfo:
    """The subject's zone after these of its records."""
    kind = Kind.PERSON_TRAIT if h.kind == "person" else Kind.ACCOUNT_TRAIT
    trait = dict(h.settings.timezone_traits).get(h.kind)
    told = [item.record.value for item in items if item.kind == kind and item.record.name == trait]
    name = told[-1] if told else None
    return ZoneInfo(name if isinstance(name, str) and name in known_zones() else h.settings.timezone)


def zone_at(h: History, t: int) -> ZoneInfo:
    return zone_before(h, [item for item in h.items if item.time <= t])


def wall_clock(t: int, zone: ZoneInfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=t)).astimezone(zone)


def local(h: History, event: Item) -> datetime:
    """When an event happened on the wall clock of the subject's zone at the event."""
    return h.remember("local", event, lambda: wall_clock(event.time, zone_before(h, _until(h, event))))


def _until(h: History, event: Item) -> list[Item]:
    return h.items[: next(i for i, item in enumerate(h.items) if item is event)]


# --- Which events -------------------------------------------------------------------------------------------


def read(event: Item, prop: n.Property) -> Value:
    """A property by its path; a path leads into nested mappings."""
    value: Any = event.record.properties
    if prop.path in value:
        return value[prop.path]
    for key in prop.path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def field_value(h: History, event: Item, where: n.Field) -> Value:
    match where:
        case n.Property():
            return read(event, where)
        case n.Role():
            return event.role
        case n.LocalTime(part="hour"):
            return local(h, event).hour
        case n.LocalTime():
            return local(h, event).isoweekday()
    raise TypeError(where)


def fits(h: History, event: Item, where: n.Where | None) -> bool:
    match where:
        case None:
            return True
        case n.FieldTest(field, test):
            return passes(test, field_value(h, event, field))
        case n.Every(parts):
            return all(fits(h, event, part) for part in parts)
        case n.Some(parts):
            return any(fits(h, event, part) for part in parts)
        case n.No(part):
            return not fits(h, event, part)
    raise TypeError(where)


def matching(h: History, events: n.Events) -> list[Item]:
    """All events of the history that pass the filter, in canonical order."""

    def find() -> list[Item]:
        candidates = [item for item in h.items if item.kind == Kind.EVENT and item.counts]
        named = [e for e in candidates if not events.names or e.record.name in events.names]
        return [event for event in named if fits(h, event, events.where)]

    return h.remember("matching", events, find)


def happened(h: History, events: n.Events, t: int) -> list[Item]:
    return [event for event in matching(h, events) if event.time <= t]


def counting(h: History, events: n.Events, window: n.Window, t: int) -> list[Item]:
    """E of section 4: the events that count at t."""
    past = happened(h, events, t)
    match window:
        case n.Ever():
            return past
        case n.Last(span):
            return [event for event in past if t < event.time + span]
        case n.Within(anchor, span):
            anchors = happened(h, anchor, t)
            if not anchors:
                return []
            a = anchors[0].time
            return [event for event in past if a <= event.time and (span is None or event.time < a + span)]
    raise TypeError(window)


# --- Quantities ---------------------------------------------------------------------------------------------


def measure(q: n.Quantity, h: History, t: int) -> Value:
    """The quantity's value at t; None for missing."""
    if isinstance(getattr(q, "window", None), n.AnySpan):
        return _greatest_so_far(q, h, t)
    return MEASURES[type(q)](q, h, t)


def _greatest_so_far(q: Any, h: History, t: int) -> Value:
    last = replace(q, window=n.Last(q.window.span))
    so_far: Any = [measure(last, h, event.time) for event in happened(h, q.events, t)]
    return max([0, *so_far])


def _count(q: n.Count, h: History, t: int) -> int:
    return len(counting(h, q.events, q.window, t))


def _values(q: Any, h: History, t: int, *types: str) -> list[Any]:
    values = [read(event, q.of) for event in counting(h, q.events, q.window, t)]
    return [value for value in values if type_of(value) in types]


def _distinct(q: n.Distinct, h: History, t: int) -> int:
    if isinstance(q.of, n.EventName):
        return len({event.record.name for event in counting(h, q.events, q.window, t)})
    return len({identity(value) for value in _values(q, h, t, "number", "text", "bool", "list")})


def _distinct_days(q: n.DistinctDays, h: History, t: int) -> int:
    return len({local(h, event).date() for event in counting(h, q.events, q.window, t)})


def _limited(millionths: int) -> int:
    return max(-MOST, min(MOST, millionths))


def _sum(q: n.Sum, h: History, t: int) -> float:
    numbers = _values(q, h, t, "number")
    limits = [max(-1e13, min(1e13, float(number))) for number in numbers]
    return float(_limited(sum(_limited(round(number * MILLION)) for number in limits))) / MILLION


def _extreme(q: n.Extreme, h: History, t: int) -> Value:
    best = min if q.which == "min" else max
    return best(_values(q, h, t, "number"), default=None)


def _latest(q: n.Latest, h: History, t: int) -> Value:
    values = _values(q, h, t, "number", "text", "bool", "list")
    return values[-1] if values else None


def _members(q: n.Members, h: History, t: int) -> int:
    members: dict[str | None, str] = {}
    for item in h.items:
        if item.time <= t and item.kind == Kind.LEAVE:
            members.pop(item.person, None)
        elif item.time <= t and item.kind == Kind.JOIN and item.counts:
            members[item.person] = item.record.name
    return len([role for role in members.values() if not q.roles or role in q.roles])


def _actors(q: n.Actors, h: History, t: int) -> int:
    return len({event.person for event in counting(h, q.events, q.window, t)} - {None})


def _recency(q: n.Recency, h: History, t: int) -> int:
    past = happened(h, q.events, t)
    return t - (past[-1].time if past else h.first)


def _elapsed(q: n.Elapsed, h: History, t: int) -> int | None:
    past = happened(h, q.since, t)
    return t - past[0].time if past else None


def _streak(q: n.Streak, h: History, t: int) -> int:
    latest: date | None = None
    run = longest = 0
    for event in happened(h, q.events, t):
        day = local(h, event).date()
        if latest is None or day > latest:
            run = run + 1 if latest is not None and day == latest + timedelta(days=1) else 1
            latest = day
            longest = max(longest, run)
    if q.longest:
        return longest
    today = wall_clock(t, zone_at(h, t)).date()
    return run if latest is not None and today <= latest + timedelta(days=1) else 0


def _sequence(q: n.Sequence, h: History, t: int) -> int:
    """From every possible first step, take each next step as early as it comes: no other choice gets further."""
    steps = [{id(event) for event in happened(h, step, t)} for step in q.steps]
    past = [item for item in h.items if item.kind == Kind.EVENT and item.time <= t]
    best = 0
    for i, start in enumerate(past):
        if id(start) in steps[0]:
            done = 1
            for event in past[i + 1 :]:
                in_time = q.span is None or event.time - start.time < q.span
                if done < len(steps) and in_time and id(event) in steps[done]:
                    done += 1
            best = max(best, done)
    return best


def _session_steps(q: n.Sessions | n.TimeSpent, h: History) -> list[tuple[Item, int | None]]:
    """Every event with the span since the previous one of its session; None for those that start a session."""
    events = matching(h, q.events)
    steps: list[tuple[Item, int | None]] = []
    for i, event in enumerate(events):
        since = event.time - events[i - 1].time if i else q.gap
        steps.append((event, None if since >= q.gap else since))
    return steps


def _sessions(q: n.Sessions, h: History, t: int) -> int:
    counted = {id(event) for event in counting(h, q.events, q.window, t)}
    return len([event for event, since in _session_steps(q, h) if since is None and id(event) in counted])


def _time_spent(q: n.TimeSpent, h: History, t: int) -> float:
    counted = {id(event) for event in counting(h, q.events, q.window, t)}
    return sum(since for event, since in _session_steps(q, h) if since is not None and id(event) in counted) / HOUR


def _trait(q: n.Trait, h: History, t: int) -> Value:
    kind = Kind.PERSON_TRAIT if q.owner == "person" else Kind.ACCOUNT_TRAIT
    records = [item.record for item in h.items]
    if h.kind == "person" and q.owner == "account":
        records = _traits_of_current_account(h, t)
    values = [r.value for r in records if r.time <= t and r.kind == kind and r.name == q.name]
    return values[-1] if values and type_of(values[-1]) != "missing" else None


def _traits_of_current_account(h: History, t: int) -> list[Record]:
    return h.traits.get(h.current_account(t) or "", [])


MEASURES: dict[type, Callable[[Any, History, int], Value]] = {
    n.Count: _count,
    n.Distinct: _distinct,
    n.DistinctDays: _distinct_days,
    n.Sum: _sum,
    n.Extreme: _extreme,
    n.Latest: _latest,
    n.Members: _members,
    n.Actors: _actors,
    n.Recency: _recency,
    n.Elapsed: _elapsed,
    n.Streak: _streak,
    n.Sequence: _sequence,
    n.Sessions: _sessions,
    n.TimeSpent: _time_spent,
    n.Trait: _trait,
    n.Number: lambda q, h, t: q.value,
}
