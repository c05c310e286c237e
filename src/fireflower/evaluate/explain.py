"""Why, or why not: one subject's verdict taken apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from msgspec import structs

from fireflower.evaluate.doers import Doer, doers_of
from fireflower.evaluate.formulas import different
from fireflower.evaluate.leaving_out import rules_of
from fireflower.evaluate.replay import replay, standing
from fireflower.evaluate.results import Evidence, Reason, Subject, Transitions
from fireflower.language.describing import as_written
from fireflower.language.fingerprints import canonical, meaning
from fireflower.language.nodes import (
    All,
    AnyOf,
    Between,
    Circle,
    Compare,
    Condition,
    Count,
    Definition,
    EventPoints,
    Formula,
    HoldingPoints,
    Known,
    Not,
    Score,
    Settings,
    Trait,
)
from fireflower.language.phrases import number
from fireflower.language.steps import next_step
from fireflower.model.errors import UnknownSubjectError
from fireflower.model.records import SubjectKind
from fireflower.model.remembering import remembered, remembered_with_value
from fireflower.model.timeline import Timeline


@dataclass(frozen=True, slots=True)
class CircleState:
    """One circle of a definition: whether it holds, and its conditions."""

    name: Circle
    holds: bool
    conditions: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the verdict, with its evidence at that moment."""

    at: int
    known_at: int
    entered: bool
    reason: Reason
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One item of a score.

    Attributes
    ----------
    points : what it gives now
    conditions : those for which it gives points, as they stand; none where it does for events
    """

    item: HoldingPoints | EventPoints
    points: float
    conditions: tuple[Evidence, ...]

    @property
    def most(self) -> float | None:
        """What it can give at most; None where it goes on."""
        return self.item.points if isinstance(self.item, HoldingPoints) else self.item.cap


@dataclass(frozen=True, slots=True)
class HeldBack:
    """What keeps a subject from qualifying, whatever its conditions say.

    Attributes
    ----------
    reason : it is left out, has reached the goal (CONVERTED), or has a cooldown (LAPSED)
    since : when the goal was reached, or the cooldown began; None of who is left out
    until : when the cooldown ends; None for ever
    by : the rule of `leave_out` that holds, in words; "" for the others
    """

    reason: Reason
    since: int | None = None
    until: int | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a subject stands with a definition at a moment.

    Attributes
    ----------
    qualified, since : the verdict, and since when it has been so (the subject's first record, if it never changed)
    reason : why it is not qualified: left out, the goal reached, or lapsed; None if it is, or if only its conditions
        keep it from that and always have
    held_back : what keeps it from qualifying whatever its conditions say, if anything does
    people_left_out : of an account, how many of its people are left out, so that what they did counts for nothing
    conditions : every condition of the definition, as it stands
    circles : the declared circles
    missing : what is not yet, on the shortest way to qualifying; empty if qualified, or if no condition stands in the
        way, or none can help, as it is left out or has reached the goal
    nearest : the nearest of these
    next_step : what to do for the nearest, in words; "" without one
    doers : of an account that is qualified, who did most of what it qualifies by, the first three
    score, score_lines : the score's value, if the definition has one, and what each of its items gives
    history : the changes of the verdict so far
    """

    definition: Definition
    kind: SubjectKind
    subject: str
    as_of: int
    qualified: bool
    since: int
    reason: Reason | None
    held_back: HeldBack | None
    people_left_out: int
    conditions: tuple[Evidence, ...]
    circles: tuple[CircleState, ...]
    missing: tuple[Evidence, ...]
    nearest: Evidence | None
    next_step: str
    doers: tuple[Doer, ...]
    score: float | None
    score_lines: tuple[ScoreLine, ...]
    history: tuple[Change, ...]


def explain(
    definition: Definition,
    settings: Settings,
    timelines: Sequence[Timeline],
    kind: SubjectKind,
    subject_id: str,
    *,
    as_of: int | None = None,
) -> Explanation:
    """Why `subject_id` qualifies, or what it lacks.

    Parameters
    ----------
    timelines : the subject's own block, and where people are left out, the blocks of the people who act in it
    as_of : by default the time of the last row

    Raises
    ------
    UnknownSubjectError
        If the timelines hold no record of the subject up to `as_of`.
    """
    if as_of is None:
        as_of = max((int(timeline.time.max()) for timeline in timelines if len(timeline)), default=0)
    wanted = [definition, *_extras(definition, settings)]
    found = standing(wanted, settings, timelines, as_of=as_of, everyone=True, compiled=False)
    rows = {found.definitions[found.definition[i]].name: i for i in _rows_of(found, kind, subject_id)}
    if definition.name not in rows:
        raise UnknownSubjectError(
            f"no record of the {kind} {subject_id!r} up to then. "
            "Check the id, or whether 'person' or 'account' was meant."
        )
    # A condition that several of them have stands there in the words of the definition itself.
    states = {meaning(state.condition): state for each in reversed(wanted) for state in found.shown(rows[each.name])}
    transitions = replay([definition], settings, timelines, as_of=as_of, compiled=False)
    history = tuple(_change(transitions, i) for i in _rows_of(transitions, kind, subject_id))
    row = rows[definition.name]
    if kind == "person":
        return _explanation(definition, settings, found, row, states, history)
    account = int(found.subject[row])
    out = _people_left_out(settings, timelines, account, as_of)
    wanted_of = {account: found.shown(row)} if found.change[row] else {}
    doers = doers_of(definition, settings, timelines, wanted_of, as_of=as_of).get(subject_id, ())
    return _explanation(definition, settings, found, row, states, history, out, doers)


def _explanation(
    definition: Definition,
    settings: Settings,
    found: Transitions,
    row: int,
    states: Mapping[str, Evidence],
    history: tuple[Change, ...],
    people_left_out: int = 0,
    doers: tuple[Doer, ...] = (),
) -> Explanation:
    qualified = bool(found.change[row])
    reason = Reason(int(found.reason[row])) if not qualified and found.reason[row] >= 0 else None
    lines = _score_lines(definition, states)
    way = Way()
    if not qualified and can_still(reason):
        way = _by_lines(_way(_shortest(definition.qualified, states)), definition, lines)
    return Explanation(
        definition=definition,
        kind=definition.subject,
        subject=found.subject_id(row),
        as_of=found.as_of,
        qualified=qualified,
        since=int(found.at[row]),
        reason=reason,
        held_back=_held_back(definition, settings, reason, states, history, found.as_of),
        people_left_out=people_left_out,
        conditions=tuple(found.shown(row)),
        circles=tuple(_circle(name, formula, states) for name, formula in definition.circles),
        missing=way.missing,
        nearest=way.nearest,
        next_step=way.next_step,
        doers=doers,
        score=_score(definition, states),
        score_lines=lines,
        history=history,
    )


def can_still(reason: Reason | None) -> bool:
    """Whether somebody who is not qualified for this reason may come to be so by what they do."""
    return reason not in (Reason.LEFT_OUT, Reason.CONVERTED)


def _held_back(
    definition: Definition,
    settings: Settings,
    reason: Reason | None,
    states: Mapping[str, Evidence],
    history: Sequence[Change],
    as_of: int,
) -> HeldBack | None:
    if reason == Reason.LEFT_OUT:
        rule = next(rule for rule in rules_of(settings, definition.subject) if _truth(rule, states))
        return HeldBack(reason, by=as_written(rule))
    if reason == Reason.CONVERTED:
        return HeldBack(reason, since=states[canonical(_goal_reached(definition))].since)
    lapsed = history[-1] if history else None
    if lapsed and lapsed.reason in (Reason.LAPSED, Reason.LEFT_OUT) and as_of < lapsed.at + definition.cooldown:
        return HeldBack(Reason.LAPSED, since=lapsed.at, until=lapsed.at + definition.cooldown)
    return None


def _people_left_out(settings: Settings, timelines: Sequence[Timeline], account: int, as_of: int) -> int:
    """How many people of the account with this code, of those who did something in it, are left out as of then."""
    rules = rules_of(settings, "person")
    if not rules:
        return 0
    rule = Definition("(left out)", "person", AnyOf(tuple(rules)), keep_after_goal=True)
    out = standing([rule], replace(settings, leave_out=()), timelines, as_of=as_of, compiled=False)
    inside = {
        person
        for timeline in timelines
        for person in timeline.person[(timeline.account == account) & (timeline.time <= as_of)].tolist()
    }
    return len(inside & set(out.subject.tolist()))


def _rows_of(found: Transitions, kind: SubjectKind, subject_id: str) -> list[int]:
    of = Subject[kind.upper()]
    return [i for i in range(len(found)) if found.kind[i] == of and found.subject_id(i) == subject_id]


def _change(history: Transitions, i: int) -> Change:
    return Change(
        at=int(history.at[i]),
        known_at=int(history.known_at[i]),
        entered=bool(history.change[i]),
        reason=Reason(int(history.reason[i])),
        evidence=tuple(history.shown(i)),
    )


def _goal_reached(definition: Definition) -> Condition:
    assert definition.goal is not None
    return Condition(Count(definition.goal), Compare(">=", 1))


def _extras(definition: Definition, settings: Settings) -> list[Definition]:
    """Definitions whose only use is that their conditions are looked at: those of circles, the score, the goal, and
    who is left out."""
    plain = replace(definition, circles=(), goal=None, score=None)
    extras = [replace(plain, name=f"({name})", qualified=formula) for name, formula in definition.circles]
    if definition.goal is not None:
        extras.append(replace(plain, name="(goal)", qualified=_goal_reached(definition)))
    if out := rules_of(settings, definition.subject):
        extras.append(replace(plain, name="(left out)", qualified=AnyOf(tuple(out))))
    if definition.score is not None:
        items = definition.score.items
        formulas = [item.condition for item in items if isinstance(item, HoldingPoints)]
        points = [Condition(_alone(definition.score, item), Known()) for item in items]
        shown = All((Condition(definition.score, Known()), *points, *formulas))
        extras.append(replace(plain, name="(score)", qualified=shown))
    return extras


def _circle(name: Circle, formula: Formula, states: Mapping[str, Evidence]) -> CircleState:
    return CircleState(name, _truth(formula, states), _standing(formula, states))


def _standing(formula: Formula, states: Mapping[str, Evidence]) -> tuple[Evidence, ...]:
    """How the different conditions of a formula stand, in its own words."""
    return tuple(structs.replace(states[key], condition=each) for key, each in different(formula).items())


def _truth(formula: Formula, states: Mapping[str, Evidence]) -> bool:
    match formula:
        case Condition():
            return states[meaning(formula)].holds
        case All(parts):
            return all(_truth(part, states) for part in parts)
        case AnyOf(parts):
            return any(_truth(part, states) for part in parts)
        case Not(part):
            return not _truth(part, states)


def _score(definition: Definition, states: Mapping[str, Evidence]) -> float | None:
    if definition.score is None:
        return None
    value = states[canonical(Condition(definition.score, Known()))].value
    return value if isinstance(value, float) else None


def _alone(score: Score, item: HoldingPoints | EventPoints) -> Score:
    """The score of one item only."""
    return replace(score, items=(item,), cap=None)


def _score_lines(definition: Definition, states: Mapping[str, Evidence]) -> tuple[ScoreLine, ...]:
    score = definition.score
    if score is None:
        return ()
    lines = []
    for item in score.items:
        points = states[canonical(Condition(_alone(score, item), Known()))].value
        conditions = _standing(item.condition, states) if isinstance(item, HoldingPoints) else ()
        lines.append(ScoreLine(item, points if isinstance(points, float) else 0.0, conditions))
    return tuple(lines)


def _by_lines(way: Way, definition: Definition, lines: Sequence[ScoreLine]) -> Way:
    """A way whose next step is to raise the score, by the line that is nearest to giving points, and is no trait, which
    nobody changes by using the product."""
    if way.nearest is None or way.nearest.condition.quantity != definition.score or not way.next_step:
        return way
    open_ = [
        (state, line)
        for line in lines
        for state in line.conditions
        if len(line.conditions) == 1 and line.points == 0 < line.item.points
        if not state.holds and not isinstance(state.condition.quantity, Trait)
    ]
    if not open_:
        return way
    state, line = min(open_, key=lambda each: (_gap(each[0]), -each[1].item.points))
    gives = f"{number(line.item.points)} {'point' if line.item.points == 1 else 'points'}"
    step = f"{next_step(state.condition, state.value)}, for {gives}"
    return replace(way, next_step=step)


@dataclass(frozen=True, slots=True)
class Way:
    """What stands between a subject and qualifying; see Explanation."""

    missing: tuple[Evidence, ...] = ()
    nearest: Evidence | None = None
    next_step: str = ""

    @property
    def gap(self) -> float:
        """How far the nearest condition is from holding, 0 to 1."""
        return 1.0 if self.nearest is None else _gap(self.nearest)


def way_to(definition: Definition, conditions: Sequence[Evidence]) -> Way:
    """The shortest way to qualifying, given all conditions of the definition as they stand."""
    states = {meaning(state.condition): state for state in conditions}
    return _way(_shortest(definition.qualified, states))


def _way(missing: tuple[Evidence, ...]) -> Way:
    nearest = min(missing, key=_gap, default=None)
    step = _next_step(nearest.condition, nearest.value) if nearest is not None and not nearest.holds else ""
    return Way(missing, nearest, step)


_next_step = remembered_with_value(next_step)


# --- The shortest way -------------------------------------------------------------------------------------------------


def _shortest(formula: Formula, states: Mapping[str, Evidence], wanted: bool = True) -> tuple[Evidence, ...]:
    """The conditions that have to change for the formula to become `wanted`: the fewest, and of equally few the
    nearest."""
    if _truth(formula, states) == wanted:
        return ()
    match formula:
        case Condition():
            return (states[meaning(formula)],)
        case Not(part):
            return _shortest(part, states, not wanted)
        case All(parts) | AnyOf(parts):
            ways = [_shortest(part, states, wanted) for part in parts]
            if isinstance(formula, All) == wanted:
                return tuple(dict.fromkeys(state for way in ways for state in way))
            return min(ways, key=lambda way: (len(way), sum(map(_gap, way))), default=())


def _gap(state: Evidence) -> float:
    """How far a condition is from changing, 0 to 1: the missing share of a lower bound, 1 where that says nothing."""
    low = _lower_bound(state.condition)
    if low is None or isinstance(state.value, str | bool | list) or low <= 0:
        return 1.0
    value = state.value or 0.0
    return min(1.0, max(0.0, (low - value) / low)) if math.isfinite(value) else 1.0


@remembered
def _lower_bound(condition: Condition) -> float | None:
    match condition.test:
        case Compare(">=" | ">" | "=", bound) if not isinstance(bound, str | bool):
            return float(bound)
        case Between(low, _):
            return float(low)
    return None
