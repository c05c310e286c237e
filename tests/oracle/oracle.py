"""Sections 5 to 7: when conditions hold, and what verdicts come of it.

>>> from oracle.oracle import verdicts
>>> verdicts([], Settings(), [], as_of=0)
[]

Everything is computed from the whole history anew at each *candidate* moment: each at which anything could change.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any, Literal
from zoneinfo import ZoneInfo

from fireflower.language import nodes as n
from fireflower.language.nodes import Settings
from fireflower.model.records import Kind, Record, SubjectKind

from . import scores
from .measures import HOUR, Value, happened, known_zones, local, matching, measure
from .values import meaning, passes, type_of
from .whose import History, histories

DAY = 24 * HOUR


@dataclass(frozen=True)
class Evidence:
    condition: n.Condition
    holds: bool
    value: Value
    since: int


@dataclass(frozen=True)
class Verdict:
    at: int
    known_at: int
    kind: SubjectKind
    subject: str
    definition: str
    change: Literal["entered", "left"]
    reason: Literal["qualified", "lapsed", "converted", "left out"]
    evidence: tuple[Evidence, ...]


# --- Values and truth at a moment ---------------------------------------------------------------------------


def quantity(q: n.Quantity, h: History, t: int) -> Value:
    """The value at t; None for missing. Spans are microseconds."""
    match q:
        case n.Score():
            return scores.total(q, _score_parts(q, h, t))
        case n.Ratio():
            return _divide(quantity(q.numerator, h, t), quantity(q.denominator, h, t))
        case n.Difference():
            return _subtract(quantity(q.minuend, h, t), quantity(q.subtrahend, h, t))
        case _:
            return measure(q, h, t)


def _divide(a: Value, b: Value) -> float | None:
    if type_of(a) != "number" or type_of(b) != "number" or b == 0:
        return None
    return float(a) / float(b)  # type: ignore[arg-type]


def _subtract(a: Value, b: Value) -> float | None:
    if type_of(a) != "number" or type_of(b) != "number":
        return None
    return float(a) - float(b)  # type: ignore[arg-type]


def _score_parts(q: n.Score, h: History, t: int) -> list[int]:
    return scores.parts(q, h, t, lambda f: since(f, h, t) if holds(f, h, t) else None)


def holds(formula: n.Formula, h: History, t: int) -> bool:
    match formula:
        case n.Condition():
            return passes(formula.test, quantity(formula.quantity, h, t))
        case n.All(parts):
            return all(holds(part, h, t) for part in parts)
        case n.AnyOf(parts):
            return any(holds(part, h, t) for part in parts)
        case n.Not(part):
            return not holds(part, h, t)
    raise TypeError(formula)


def since(formula: n.Formula, h: History, t: int) -> int:
    """Since when the formula has had, without a break, the truth that it has at t."""

    def changes() -> list[int]:
        truth = [(moment, holds(formula, h, moment)) for moment in sorted(candidates(formula, h))]
        return [m for i, (m, holding) in enumerate(truth) if i == 0 or truth[i - 1][1] != holding]

    moments = h.remember("changes", formula, changes)
    return moments[bisect_right(moments, t) - 1]


def conditions(formula: n.Formula) -> Iterator[n.Condition]:
    """The conditions that a formula names, in the order of its text."""
    match formula:
        case n.Condition():
            yield formula
        case n.All(parts) | n.AnyOf(parts):
            for part in parts:
                yield from conditions(part)
        case n.Not(part):
            yield from conditions(part)


# --- Moments at which something could change ----------------------------------------------------------------


def candidates(formula: n.Formula, h: History) -> set[int]:
    """All moments up to `as_of` at which the truth of the formula could change, and the first of the history."""

    def find() -> set[int]:
        return h.instants().union(*(_candidates(condition, h) for condition in conditions(formula)))

    return h.remember("candidates", formula, find)


def _candidates(condition: n.Condition, h: History) -> set[int]:
    steps = {t for t in h.instants() | jumps(condition.quantity, h) if h.first <= t <= h.as_of}
    if not moves(condition.quantity):
        return steps
    ends = sorted(steps)
    crossed = [_crossings(condition, h, lo, hi - 1) for lo, hi in zip(ends, [*ends[1:], h.as_of + 1], strict=True)]
    return steps.union(*crossed)


def jumps(q: n.Quantity, h: History) -> set[int]:
    """Moments without a record at which the quantity could jump, by time alone. Some of them may be none."""
    match q:
        case n.Ratio():
            return jumps(q.numerator, h) | jumps(q.denominator, h)
        case n.Difference():
            return jumps(q.minuend, h) | jumps(q.subtrahend, h)
        case n.Score():
            held = [item.condition for item in q.items if isinstance(item, n.HoldingPoints)]
            return set().union(*(candidates(formula, h) for formula in held))
        case n.Streak():
            return _midnights(q, h)
    window = getattr(q, "window", None)
    if isinstance(window, n.Last):
        return {event.time + window.span for event in matching(h, q.events)}  # type: ignore[union-attr]
    return set()


def moves(q: n.Quantity) -> bool:
    """Whether it may change all the time, not only by jumps."""
    match q:
        case n.Recency() | n.Elapsed():
            return True
        case n.Ratio():
            return moves(q.numerator) or moves(q.denominator)
        case n.Score():
            return q.half_life is not None
    return False


def _midnights(q: n.Streak, h: History) -> set[int]:
    """Where the calendar turns to the second day after a day with an event, in each zone that the subject has had."""
    names = {h.settings.timezone}
    for item in h.items:
        if item.kind in (Kind.PERSON_TRAIT, Kind.ACCOUNT_TRAIT) and isinstance(item.record.value, str):
            names |= {item.record.value} & known_zones()
    days = {local(h, event).date() + timedelta(days=2) for event in matching(h, q.events)}
    return {t for name in names for day in days for t in _starts_of_day(name, day.toordinal())}


@cache
def _starts_of_day(name: str, ordinal: int) -> frozenset[int]:
    """Every microsecond at which the calendar of the zone changes to the day or a later one, or back."""
    zone, epoch = ZoneInfo(name), datetime(1970, 1, 1, tzinfo=UTC)

    def reached(t: int) -> bool:
        return (epoch + timedelta(microseconds=t)).astimezone(zone).date().toordinal() >= ordinal

    noon = (ordinal - datetime(1970, 1, 1).toordinal()) * DAY
    minutes = range(noon - 27 * HOUR, noon + 27 * HOUR, HOUR // 60)
    return frozenset(_turn(reached, a, b) for a, b in pairwise(minutes) if reached(a) != reached(b))


def _turn(truth: Callable[[int], bool], lo: int, hi: int) -> int:
    """The first moment in (lo, hi] that has the truth of hi, if there is one change between them."""
    while hi - lo > 1:
        middle = (lo + hi) // 2
        lo, hi = (lo, middle) if truth(middle) == truth(hi) else (middle, hi)
    return hi


# --- Exact search for the crossing of a bound by what moves all the time ------------------------------------


def _crossings(condition: n.Condition, h: History, lo: int, hi: int) -> set[int]:
    """The moments in (lo, hi] at which the truth changes, if the quantity makes no jump there.

    An interval over which the quantity stays on one side of every bound has none; any other is halved.
    """
    if lo == hi or _one_sided(condition.test, reach(condition.quantity, h, lo, hi)):
        return set()
    if hi - lo == 1:
        return {hi} if holds(condition, h, lo) != holds(condition, h, hi) else set()
    middle = (lo + hi) // 2
    return _crossings(condition, h, lo, middle) | _crossings(condition, h, middle, hi)


Reach = tuple[float, float] | Literal["constant", "anything"]


def _one_sided(test: n.Test, reached: Reach) -> bool:
    if reached == "constant" or reached == "anything":
        return reached == "constant"
    low, high = reached
    return low == high or not any(low <= bound <= high for bound in _bounds(test))


def _bounds(test: n.Test) -> list[float]:
    match test:
        case n.Compare():
            given: Sequence[Any] = [test.bound]
        case n.Between():
            given = [test.low, test.high]
        case n.OneOf():
            given = test.values
        case _:
            given = []
    return [bound for bound in given if type_of(bound) == "number"]


def reach(q: n.Quantity, h: History, lo: int, hi: int) -> Reach:
    """Between which values the quantity stays over [lo, hi], where it makes no jump."""
    if not moves(q):
        value = quantity(q, h, lo)
        return (value, value) if type_of(value) == "number" else "constant"  # type: ignore[return-value]
    match q:
        case n.Score():
            both = list(zip(_score_parts(q, h, lo), _score_parts(q, h, hi), strict=True))
            return scores.total(q, [min(pair) for pair in both]), scores.total(q, [max(pair) for pair in both])
        case n.Ratio():
            return _reach_of_ratio(reach(q.numerator, h, lo, hi), reach(q.denominator, h, lo, hi))
    first, last = quantity(q, h, lo), quantity(q, h, hi)
    return "constant" if first is None else (first, last)  # type: ignore[return-value]


def _reach_of_ratio(a: Reach, b: Reach) -> Reach:
    if "constant" in (a, b) or b == (0, 0):
        return "constant"
    if isinstance(a, str) or isinstance(b, str) or b[0] <= 0 <= b[1]:
        return "anything"
    corners = [x / y for x in a for y in b]
    return min(corners), max(corners)


# --- Verdicts -----------------------------------------------------------------------------------------------


def verdicts(
    definitions: Iterable[n.Definition], settings: Settings, records: Sequence[Record], as_of: int
) -> list[Verdict]:
    """All transitions up to and including `as_of`, in the order (at, subject kind, subject, definition)."""
    subjects = subjects_as_of(records, settings, as_of)
    found = [
        verdict
        for definition in definitions
        for history in subjects.values()
        if history.kind == definition.subject
        for verdict in _verdicts(definition, history)
    ]
    return sorted(found, key=lambda v: (v.at, v.kind, v.subject, v.definition))


def subjects_as_of(records: Sequence[Record], settings: Settings, as_of: int) -> dict[tuple[SubjectKind, str], History]:
    """Every subject's history, in which what left-out people do counts for no account."""
    subjects = histories(records, settings, as_of)
    for (kind, _), history in subjects.items():
        if kind == "account":
            for item in history.items:
                if item.kind in (Kind.EVENT, Kind.JOIN) and item.person is not None:
                    person = subjects["person", item.person]
                    item.counts = not holds(left_out(person), person, item.time)
    return subjects


def left_out(h: History) -> n.Formula:
    """The formula that holds while the subject is left out."""

    def find() -> n.Formula:
        return n.AnyOf(tuple(formula for kind, formula in h.settings.leave_out if kind == h.kind))

    return h.remember("left out", h.settings, find)


def _verdicts(definition: n.Definition, h: History) -> Iterator[Verdict]:
    moments = list(candidates(definition.qualified, h) | candidates(left_out(h), h))
    heapq.heapify(moments)
    qualified, earliest, before = False, h.first, h.first - 1
    while moments:
        t = heapq.heappop(moments)
        if t == before or t > h.as_of:
            continue
        before = t
        converted = _goal_happened(definition, h, t) and not definition.keep_after_goal
        out = holds(left_out(h), h, t)
        may = holds(definition.qualified, h, t) and not out and not converted
        if may and not qualified and t >= earliest:
            qualified = True
            yield _verdict(definition, h, t, "entered", "qualified")
        elif qualified and not may:
            qualified = False
            yield _verdict(definition, h, t, "left", "left out" if out else "converted" if converted else "lapsed")
            if out or not converted:
                earliest = t + definition.cooldown
                heapq.heappush(moments, earliest)


def why(definition: n.Definition, h: History) -> str | None:
    """Why a subject is (not) qualified at the end; None if only its conditions keep it from that, and always have."""
    changes = list(_verdicts(definition, h))
    if changes and changes[-1].change == "entered":
        return "qualified"
    if holds(left_out(h), h, h.as_of):
        return "left out"
    if _goal_happened(definition, h, h.as_of) and not definition.keep_after_goal:
        return "converted"
    return "lapsed" if changes else None


def _goal_happened(definition: n.Definition, h: History, t: int) -> bool:
    return definition.goal is not None and bool(happened(h, definition.goal, t))


def _verdict(definition: n.Definition, h: History, t: int, change: Any, reason: Any) -> Verdict:
    shown = evidence(definition, h, t)
    return Verdict(t, h.known_at(t), h.kind, h.subject, definition.name, change, reason, shown)


def evidence(definition: n.Definition, h: History, t: int) -> tuple[Evidence, ...]:
    """For each different condition of `qualified`, in the order of its text: how it stands at t."""
    different: dict[Any, n.Condition] = {}
    for condition in conditions(definition.qualified):
        different.setdefault(meaning(condition), condition)
    return tuple(
        Evidence(condition, holds(condition, h, t), quantity(condition.quantity, h, t), since(condition, h, t))
        for condition in different.values()
    )
