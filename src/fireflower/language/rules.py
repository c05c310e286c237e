"""What a node must satisfy to have a meaning, whoever made it: the loader asks as it reads, `checking` asks of nodes
that were built in Python."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

from fireflower.language.nodes import (
    Actors,
    AnySpan,
    Between,
    Compare,
    Condition,
    Count,
    Date,
    Difference,
    Distinct,
    DistinctDays,
    Elapsed,
    EventName,
    EventPoints,
    Events,
    Extreme,
    Field,
    FieldTest,
    Formula,
    HoldingPoints,
    Known,
    Last,
    Latest,
    LocalTime,
    Members,
    Not,
    Number,
    OneOf,
    Property,
    Quantity,
    Ratio,
    Recency,
    Role,
    Score,
    Sequence,
    Sessions,
    Skill,
    Streak,
    Sum,
    Test,
    Text,
    TimeSpent,
    Trait,
)
from fireflower.language.walking import bounds_of
from fireflower.model.moments import DAY
from fireflower.model.records import SubjectKind

Unit = Literal["number", "weekday", "span", "hours", "text", "value"]
"""What a bound must be: a number; a weekday's number or name; a span; hours or a span; a text; or any value (a number,
text, truth value or date)."""

MOST_POINTS = 1_000_000
SKILL_MESSAGE = (
    "skills cannot be evaluated by this version of fireflower yet. Leave the skill and the `ability` circle out"
    " for now, and say under `value` what able people have done, for example `sequence(A, B, C within 3 days) >= 3`"
)
_UNITS: dict[type, Unit] = {
    Recency: "span", Elapsed: "span", TimeSpent: "hours", Trait: "value", Latest: "value", Property: "value",
}  # fmt: skip
_EXPECTED: dict[Unit, str] = {
    "number": "a number",
    "weekday": "a weekday (1 to 7, or its English name)",
    "span": "a span such as '7 days'",
    "hours": "hours, such as 0.5 or '30 minutes'",
}
COUNTS = (Count, Distinct, DistinctDays, Members, Actors, Streak, Sequence, Sessions)
"""Quantities that count one by one: they are whole numbers, and a percentage says nothing of them."""
_MAY_BE_MISSING = (Extreme, Latest, Elapsed, Ratio, Difference, Trait)
_NOT_COMPUTED = {Recency: "recency", Elapsed: "elapsed", Score: "a score", Skill: "a skill"}


def unit_of(quantity: Quantity | Field) -> Unit:
    """What the quantity or field is compared with."""
    if isinstance(quantity, Role):
        return "text"
    if isinstance(quantity, LocalTime):
        return "weekday" if quantity.part == "weekday" else "number"
    return _UNITS.get(type(quantity), "number")


def complaints(node: Any, subject: SubjectKind | None) -> Iterator[str]:
    """What is wrong with this node itself (not with its parts), as messages without a full stop.

    Parameters
    ----------
    subject : whose history it is read in; None where that is not known
    """
    match node:
        case Condition():
            yield from _condition_complaints(node)
        case FieldTest():
            yield from _test_complaints(node.test, unit_of(node.field), _field_range(node.field), may_miss=True)
        case Events():
            if any(not name.strip() for name in node.names):
                yield "the name of an event is empty"
        case Members() | Actors() if subject == "person":
            word = "members" if isinstance(node, Members) else "actors"
            yield f"{word} counts the people of an account: it has no meaning with `subject: person`, only with account"
        case Trait(owner="person") if subject == "account":
            yield (
                f"person.{node.name} is a trait of a person, and an account's history has none;"
                " use a trait of the account, or `where role = ..` on events"
            )
        case Extreme() | Latest() if isinstance(node.window, AnySpan):
            word = node.which if isinstance(node, Extreme) else "latest"
            yield f"`any ..` has no meaning for {word}; use `last ..`, `within .. of ..` or `since ..`"
        case Sequence() if len(node.steps) < 2:
            yield "a sequence needs at least two steps; for one event use count or did"
        case Ratio():
            yield from _ratio_complaints(node)
        case Difference():
            yield from _part_complaints("difference", node.minuend, node.subtrahend, Ratio, Difference)
        case Skill():
            yield SKILL_MESSAGE
        case Score():
            yield from _score_complaints(node)
        case HoldingPoints() | EventPoints():
            yield from _points_complaints(node.points)


def _ratio_complaints(ratio: Ratio) -> Iterator[str]:
    yield from _part_complaints("ratio", ratio.numerator, ratio.denominator, Difference)
    if isinstance(ratio.denominator, Number) and ratio.denominator.value == 0:
        yield "nothing can be divided by 0"


def _part_complaints(whole: str, first: Quantity, second: Quantity, *computed: type) -> Iterator[str]:
    for part in (first, second):
        if type(part) in _NOT_COMPUTED:
            yield f"{_NOT_COMPUTED[type(part)]} cannot be part of a {whole}; compare it by itself"
        elif isinstance(part, computed):
            word = type(part).__name__.lower()
            yield f"a {word} cannot be part of a {whole}; only one `-` or `/` stands in a quantity"


def _score_complaints(score: Score) -> Iterator[str]:
    if not score.items:
        yield "a score needs `points` or `each`"
    if score.cap is not None and not 0 < score.cap <= MOST_POINTS:
        yield f"the cap of a score must be above 0 and at most {MOST_POINTS:,}, got {score.cap:g}"
    if len(set(score.items)) < len(score.items):
        yield "two items of the score are the same; add their points together"
    if any(isinstance(item, HoldingPoints) and _reads_score(item.condition) for item in score.items):
        yield "points cannot depend on a score; use the quantities themselves"
    for item in score.items:
        cap = item.cap if isinstance(item, EventPoints) else None
        if cap is not None and not 0 < cap <= MOST_POINTS:
            yield f"the cap of points must be above 0 and at most {MOST_POINTS:,}, got {cap:g}"


def _reads_score(formula: Formula) -> bool:
    match formula:
        case Condition():
            return isinstance(formula.quantity, Score)
        case Not():
            return _reads_score(formula.part)
    return any(_reads_score(part) for part in formula.parts)


def _points_complaints(points: float) -> Iterator[str]:
    if not math.isfinite(points) or abs(points) > MOST_POINTS:
        yield f"points must be a number between -{MOST_POINTS:,} and {MOST_POINTS:,}, got {points:g}"
    elif points == 0:
        yield "0 points change nothing"
    elif round(points, 6) != points:
        yield f"points have at most six decimals, got {points!r}"


def _condition_complaints(condition: Condition) -> Iterator[str]:
    quantity = condition.quantity
    if isinstance(quantity, Number):
        yield "a number alone is no quantity; expected for example count(Report Run) or account.employees"
        return
    may_miss = isinstance(quantity, _MAY_BE_MISSING)
    yield from _test_complaints(condition.test, unit_of(quantity), _range(quantity), may_miss)


# --- Tests ------------------------------------------------------------------------------------------------------------


def _test_complaints(test: Test, unit: Unit, values: tuple[float, float], may_miss: bool) -> Iterator[str]:
    found = list(_unit_complaints(test, unit)) or list(_form_complaints(test, may_miss))
    yield from found or _range_complaints(test, values, may_miss)


def _form_complaints(test: Test, may_miss: bool) -> Iterator[str]:
    match test:
        case Known() if not may_miss:
            yield "this always has a value (0 if nothing happened), so it is never missing; compare it with a number"
        case Between(low, high) if low > high:
            yield f"no value lies between {low:g} and {high:g}; the smaller bound comes first"
        case OneOf(values=()):
            yield "the list is empty, so nothing is in it"
        case Text(part=""):
            yield "every text contains the empty text; write the text to look for"
        case Compare(op, str() | bool()) if op not in ("=", "!="):
            yield f"text and truth values are compared with = and != only, not with {op}"
    if any(isinstance(bound, float) and not math.isfinite(bound) for bound in bounds_of(test)):
        yield "NaN and infinity are no bounds; expected a finite number"


def _unit_complaints(test: Test, unit: Unit) -> Iterator[str]:
    odd = [bound for bound in bounds_of(test) if isinstance(bound, str | bool)]
    if unit in _EXPECTED and (odd or isinstance(test, Text | Date)):
        shown = f", got {odd[0]!r}" if odd else ""
        yield f"expected {_EXPECTED[unit]} to compare with{shown}"
    if unit == "text" and (isinstance(test, Date | Between) or len(odd) < len(bounds_of(test))):
        yield "a role is text; compare it with a text, such as role = admin"


def _range_complaints(test: Test, values: tuple[float, float], may_miss: bool) -> Iterator[str]:
    low, high = values
    verdict = _verdict(test, low, high)
    if verdict == "never":
        yield f"this can never hold: the value is {_span_of_values(low, high)}"
    elif verdict == "always" and not may_miss:
        yield f"this always holds: the value is {_span_of_values(low, high)}"


def _span_of_values(low: float, high: float) -> str:
    if high == math.inf:
        return f"{low:.10g} or more"
    return f"{high:.10g} or less" if low == -math.inf else f"{low:.10g} to {high:.10g}"


def _verdict(test: Test, low: float, high: float) -> str:
    """Whether no value, or every value, of [low, high] passes."""
    match test:
        case Compare(op, bound) if not isinstance(bound, str | bool):
            ends = {
                "<": (bound <= low, bound > high),
                "<=": (bound < low, bound >= high),
                ">": (bound >= high, bound < low),
                ">=": (bound > high, bound <= low),
                "=": (not low <= bound <= high, False),
                "!=": (False, not low <= bound <= high),
            }
            never, always = ends[op]
            return "never" if never else "always" if always else ""
        case Between(least, most):
            return "never" if most < low or least > high else "always" if least <= low and most >= high else ""
        case OneOf(values=values, negated=False):
            numbers = [value for value in values if not isinstance(value, str | bool)]
            return "never" if all(not low <= value <= high for value in numbers) and low > -math.inf else ""
    return ""


def _field_range(field: Field) -> tuple[float, float]:
    if isinstance(field, LocalTime):
        return (0, 23) if field.part == "hour" else (1, 7)
    return (-math.inf, math.inf)


def _range(quantity: Quantity) -> tuple[float, float]:
    """The values that a quantity can have at all."""
    match quantity:
        case Sequence():
            return (0, len(quantity.steps))
        case Distinct(of=EventName(), events=events) if events.names:
            return (0, len(set(events.names)))
        case DistinctDays(window=Last(span) | AnySpan(span)):
            return (0, span // DAY + 3)  # both ends cut a day, and a change of zone can add one
        case (
            Count() | Distinct() | DistinctDays() | Members() | Actors() | Streak() | Sessions() | TimeSpent()
            | Recency() | Elapsed()
        ):  # fmt: skip
            return (0, math.inf)
        case Score(items=items, cap=cap) if items:
            ends = [_points_range(item) for item in items]
            low, high = (round(sum(each), 6) for each in zip((0, 0), *ends, strict=True))
            return (low, high if cap is None else min(high, cap))
        case Sum() | Extreme() | Latest() | Trait() | Ratio() | Difference() | Score() | Skill() | Number():
            return (-math.inf, math.inf)
    raise TypeError(f"not a quantity: {quantity!r}")


def _points_range(item: HoldingPoints | EventPoints) -> tuple[float, float]:
    """What one item of a score can bring."""
    most = item.points if isinstance(item, HoldingPoints) else math.copysign(math.inf, item.points)
    if isinstance(item, EventPoints) and item.cap is not None:
        most = min(most, item.cap)
    return (min(most, 0), max(most, 0))
