"""What the kernel keeps for each quantity of the language: its op, its words, the events that feed it.

This is the one place that knows how a node of the language becomes a record of the kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from fireflower.evaluate.kernel import layout as k
from fireflower.evaluate.kernel import shortcuts
from fireflower.evaluate.kernel.windows import NO_DAY
from fireflower.language.nodes import (
    Actors,
    AnySpan,
    Count,
    Difference,
    Distinct,
    DistinctDays,
    Elapsed,
    EventName,
    EventPoints,
    Events,
    Extreme,
    Last,
    Latest,
    Members,
    Number,
    Property,
    Quantity,
    Ratio,
    Recency,
    Score,
    Sequence,
    Sessions,
    Skill,
    Streak,
    Sum,
    TimeSpent,
    Trait,
    Window,
    Within,
)
from fireflower.model.errors import NotSupportedError
from fireflower.model.moments import HOUR
from fireflower.model.records import Kind

MILLION = 1_000_000
_NAN_BITS = 0x7FF8000000000000
_RING = [0, 0, 0, 0]
_WINDOWED = [*_RING, 0, -1, 0, 0, 0]
_SET = [0, 0, 0, 0, 0, 0]


ITS_NAME = -1
"""The argument of a feed that says what the name of the row is."""


@dataclass(frozen=True, slots=True)
class Feed:
    """Which rows a quantity takes in: events (with `where`), or rows of one kind and name."""

    events: Events | None = None
    row: tuple[Kind, str] | None = None
    argument: int = 0

    def named(self, code: int) -> Feed:
        """The feed, for rows of the name with this code."""
        return replace(self, argument=code) if self.argument == ITS_NAME else self


@dataclass(eq=False, slots=True)
class Spec:
    """A quantity of the kernel.

    Attributes
    ----------
    body : the words of its state before the subject's first record
    fields : what else its record says, by position (`layout`)
    property : the property that it reads, if any
    anchor : the spec of the anchor of its window, if any
    parts : the quantities that it reads, if any
    timed : whether time alone can change it
    steady : whether a condition on it needs to be looked at only when its truth changes
    late : whether it reads the truth of conditions
    """

    op: int
    body: list[int] = field(default_factory=list)
    feeds: list[Feed] = field(default_factory=list)
    fields: dict[int, int] = field(default_factory=dict)
    property: str | None = None
    trait: tuple[Kind, str] | None = None
    number: float | None = None
    roles: tuple[str, ...] = ()
    score: Score | None = None
    anchor: Spec | None = None
    parts: list[Spec] = field(default_factory=list)
    timed: bool = False
    steady: bool = False
    late: bool = False


_SHORTCUTS: dict[tuple[int, ...], int] = {
    (k.COUNT, k.ONE, k.EVER): shortcuts.ONE_MORE,
    (k.COUNT, k.ONE, k.LAST): shortcuts.ONE_MORE_INSIDE,
    (k.SUM, k.SESSION_GAP, k.LAST): shortcuts.SESSION_GOES_ON,
    (k.DISTINCT, k.LOCAL_DAY): shortcuts.SAME_DAY,
    (k.DISTINCT, k.ACTOR): shortcuts.SAME_ACTOR,
    (k.STREAK, k.ONE): shortcuts.SAME_STREAK,
    (k.RECENCY, k.ONE): shortcuts.RENEWED,
    (k.TRAIT, k.ONE): shortcuts.SAME_VALUE,
    (k.SEQUENCE, k.ONE): shortcuts.STEP_BEHIND,
}
"""By op, source and, where it matters, mode."""

Resolve = Callable[[Quantity], Spec]


def spec(node: Quantity, resolve: Resolve) -> Spec:
    """The spec of a node; `resolve` gives the spec, shared by meaning, of a node that it reads."""
    match node:
        case Count(events, window):
            return _windowed(Spec(k.COUNT, [0], [Feed(events)]), window, _WINDOWED, resolve)
        case Sessions(events, gap, window):
            made = Spec(k.COUNT, [0], [Feed(events)], {k.SOURCE: k.SESSION_START, k.B: gap})
            return _windowed(made, window, _WINDOWED, resolve)
        case Sum(of, events, window):
            made = Spec(k.SUM, [0, 0], [Feed(events)], {k.SOURCE: k.VALUE, k.A: MILLION}, property=of.path)
            return _windowed(made, window, _WINDOWED, resolve)
        case TimeSpent(events, gap, window):
            made = Spec(k.SUM, [0, 0], [Feed(events)], {k.SOURCE: k.SESSION_GAP, k.A: HOUR, k.B: gap})
            return _windowed(made, window, _WINDOWED, resolve)
        case Distinct(EventName(), events, window):
            feed = Feed(events, argument=ITS_NAME)
            return _set(Spec(k.DISTINCT, feeds=[feed], fields={k.SOURCE: k.EVENT_NAME}), window, resolve)
        case Distinct(Property() as of, events, window):
            return _set(
                Spec(k.DISTINCT, feeds=[Feed(events)], fields={k.SOURCE: k.VALUE}, property=of.path), window, resolve
            )
        case DistinctDays(events, window):
            return _set(Spec(k.DISTINCT, feeds=[Feed(events)], fields={k.SOURCE: k.LOCAL_DAY}), window, resolve)
        case Actors(events, window):
            return _set(Spec(k.DISTINCT, feeds=[Feed(events)], fields={k.SOURCE: k.ACTOR}), window, resolve)
        case Extreme(which, of, events, window):
            made = Spec(k.EXTREME, [_NAN_BITS], [Feed(events)], {k.A: 1 if which == "max" else -1}, property=of.path)
            return _windowed(made, window, _RING, resolve)
        case Latest(of, events, window):
            made = Spec(k.LATEST, [-1, _NAN_BITS, -1], [Feed(events)], property=of.path)
            return _windowed(made, window, made.body, resolve)
        case _:
            return _unwindowed(node, resolve)


def _unwindowed(node: Quantity, resolve: Resolve) -> Spec:
    match node:
        case Members(roles):
            joins, leaves = Feed(row=(Kind.JOIN, ""), argument=1), Feed(row=(Kind.LEAVE, ""))
            return Spec(k.MEMBERS, list(_SET), [joins, leaves], roles=roles)
        case Recency(events):
            return Spec(k.RECENCY, [-1], [Feed(events)], timed=True)
        case Elapsed(since):
            return Spec(k.FIRST, [k.NEVER], [Feed(since)], timed=True)
        case Streak(events, longest):
            fields = {k.A: int(longest)}
            return Spec(k.STREAK, [NO_DAY, 0, 0], [Feed(events)], fields, timed=not longest, steady=True)
        case Sequence(steps, span):
            feeds = [Feed(events, argument=number) for number, events in enumerate(steps)]
            return Spec(k.SEQUENCE, [0] + [-1] * len(steps), feeds, {k.A: k.NEVER if span is None else span})
        case Trait(owner, name):
            row = (Kind.ACCOUNT_TRAIT if owner == "account" else Kind.PERSON_TRAIT, name)
            return Spec(k.TRAIT, [-1], [Feed(row=row)], trait=row)
        case Number(value):
            return Spec(k.NUMBER, number=float(value))
        case Ratio(numerator, denominator):
            return _computed(k.RATIO, [resolve(numerator), resolve(denominator)])
        case Difference(minuend, subtrahend):
            return _computed(k.DIFFERENCE, [resolve(minuend), resolve(subtrahend)])
        case Score():
            return Spec(k.SCORE, score=node, timed=node.half_life is not None, late=True)
        case Skill(name):
            raise NotSupportedError(
                f"skill({name}): this version cannot evaluate skills yet. "
                "Take the ability circle out of the definition."
            )
    raise NotSupportedError(f"{type(node).__name__} has no evaluator")


def _computed(op: int, parts: list[Spec]) -> Spec:
    for part in parts:
        moves = part.op in (k.RECENCY, k.FIRST) or (part.op == k.SCORE and part.timed)
        if moves or part.op in (k.RATIO, k.DIFFERENCE):
            raise NotSupportedError(
                "a ratio or difference of spans, of fading scores or of other ratios and differences cannot be "
                "evaluated: use counts, sums, values, members, traits or numbers as its parts"
            )
    return Spec(op, parts=parts, timed=any(part.timed for part in parts), late=any(part.late for part in parts))


def _windowed(made: Spec, window: Window, body: list[int], resolve: Resolve) -> Spec:
    """The spec with its window: `body` are its words where it has to keep what is inside."""
    match window:
        case Last(span):
            made.fields |= {k.MODE: k.LAST, k.SPAN: span}
            made.timed = True
            made.steady = made.op in (k.COUNT, k.DISTINCT)
            made.body = list(body)
        case AnySpan(span):
            if made.op in (k.EXTREME, k.LATEST):
                raise NotSupportedError("'any' windows have no meaning for min, max and latest: use 'last' or 'ever'")
            made.fields |= {k.MODE: k.ANY, k.SPAN: span}
            made.body = list(body)
        case Within(anchor, span):
            made.anchor = resolve(Elapsed(anchor))
            made.fields[k.GATE_SPAN] = k.NEVER if span is None else span
    return made


def _set(made: Spec, window: Window, resolve: Resolve) -> Spec:
    made.body = [*_SET, 0, -1]
    return _windowed(made, window, made.body, resolve)


def points(item: EventPoints, score: Score) -> Spec:
    """What an item of a score earns by events."""
    cap = k.NEVER if item.cap is None else millionths(item.cap)
    fields = {k.A: millionths(item.points), k.B: cap, k.SPAN: score.half_life or 0}
    return Spec(k.POINTS, [0, -1], [Feed(item.events)], fields)


def zone(trait: tuple[Kind, str]) -> Spec:
    """What keeps a subject's time zone."""
    return Spec(k.ZONE, feeds=[Feed(row=trait)], trait=trait)


def region(made: Spec) -> int | None:
    """What the quantity keeps in the heap: SET, or a ring, of which this is the width; None if nothing."""
    if made.op in (k.DISTINCT, k.MEMBERS):
        return k.SET
    if made.fields.get(k.MODE, k.EVER) == k.EVER or made.op not in (k.COUNT, k.SUM, k.EXTREME):
        return None
    return 0 if made.op == k.COUNT else 1


def millionths(points: float) -> int:
    return round(points * MILLION)


def shortcut(made: Spec) -> int:
    """How the kernel sees that nothing comes of an event (`kernel.shortcuts`)."""
    if made.fields.get(k.SOURCE) == k.SESSION_START:
        return shortcuts.IN_SESSION
    if made.anchor is not None:
        return shortcuts.NO_SHORTCUT
    mode, source = made.fields.get(k.MODE, k.EVER), made.fields.get(k.SOURCE, k.ONE)
    return _SHORTCUTS.get((made.op, source, mode), _SHORTCUTS.get((made.op, source), shortcuts.NO_SHORTCUT))
