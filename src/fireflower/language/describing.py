"""Definitions in plain English, for people who do not read YAML."""

from __future__ import annotations

from collections.abc import Iterator

from fireflower.language import phrases
from fireflower.language.nodes import (
    Actors,
    All,
    AnyOf,
    Between,
    Circle,
    Compare,
    Condition,
    Count,
    Definition,
    Difference,
    Distinct,
    DistinctDays,
    Elapsed,
    EventName,
    EventPoints,
    Extreme,
    Formula,
    HoldingPoints,
    Latest,
    Members,
    Not,
    Number,
    OneOf,
    Property,
    Quantity,
    Ratio,
    Recency,
    Score,
    Sequence,
    Sessions,
    Settings,
    Skill,
    Streak,
    Sum,
    Test,
    TimeSpent,
    Trait,
)
from fireflower.language.phrases import (
    amount,
    different,
    event,
    events,
    holds_several,
    listed,
    number,
    predicate,
    several_events,
    singular,
    window,
)
from fireflower.language.rules import unit_of
from fireflower.model.moments import format_span
from fireflower.model.remembering import remembered

_CIRCLE_TITLES = {
    "value": "has got value from the product",
    "fit": "is the kind of customer that is looked for",
    "intent": "shows signs of wanting to buy",
    "ability": "can do it, not only did it",
}


def describe(definition: Definition, settings: Settings | None = None) -> str:
    """The whole definition, as a paragraph and bullets.

    Parameters
    ----------
    settings : the project's, to say who is left out
    """
    lines = [*_opening(definition), *_criteria(definition)]
    if definition.score is not None:
        lines += ["", "The score is the sum of these points:", *_bulleted(_score_items(definition.score))]
    return "\n".join([*lines, "", *_ending(definition, settings)])


@remembered
def as_written(formula: Formula) -> str:
    """A formula as its author wrote it; in plain English where that is more than one condition, or built in Python."""
    return (formula.text if isinstance(formula, Condition) else "") or describe_formula(formula)


def describe_formula(formula: Formula) -> str:
    """A formula as one sentence part: 'at least 3 Report Run, and not (..)'."""
    match formula:
        case Condition():
            return describe_condition(formula)
        case Not(Condition(Count() as count, Compare(">=", 1))):
            return describe_condition(Condition(count, Compare("<", 1)))
        case Not(part):
            return f"not ({describe_formula(part)})"
        case All(()):
            return "always"
        case AnyOf(()):
            return "never"
        case All(parts) | AnyOf(parts):
            word = "and" if isinstance(formula, All) else "or"
            return f", {word} ".join(_bracketed(part) for part in parts)
    raise TypeError(f"not a formula: {formula!r}")


def _bracketed(formula: Formula) -> str:
    nested = isinstance(formula, All | AnyOf) and len(formula.parts) > 1
    return f"({describe_formula(formula)})" if nested else describe_formula(formula)


# --- Conditions -------------------------------------------------------------------------------------------------------


def describe_condition(condition: Condition) -> str:
    """A condition as a phrase.

    >>> from fireflower.language.expressions import parse_formula
    >>> describe_condition(parse_formula("count(Report Run, last 7 days) >= 3"))
    'at least 3 Report Run in the last 7 days'
    """
    quantity, test = condition.quantity, condition.test
    how_many = amount(test, unit_of(quantity))
    match quantity:
        case Count() if test == Compare(">=", 1):
            return f"{events(quantity.events)} at least once{window(quantity.window)}"
        case Count() if test in (Compare("=", 0), Compare("<", 1)):
            return f"no {event(quantity.events)}{window(quantity.window)}"
        case Recency() if isinstance(test, Compare) and test.op in (">=", ">"):
            return f"no {event(quantity.events)} for {format_span(round(float(test.bound)))}"
        case Recency() if isinstance(test, Compare) and test.op in ("<", "<="):
            latest = f"the latest {event(quantity.events)} (before any, the first record)"
            return f"{latest} in the last {phrases.span_of_time(round(float(test.bound)))}"
        case Sequence(steps, span) if test in (Compare(">=", len(steps)), Compare("=", len(steps))):
            return f"{_steps(quantity)}, in this order{_within(span)}"
        case Ratio() if isinstance(test, Compare) and isinstance(test.bound, int | float) and 0 < test.bound <= 2:
            share = _share(test.bound, quantity.denominator)
            return f"{_part(quantity.numerator)} {predicate(test, 'number').removesuffix(number(test.bound))}{share}"
        case Ratio() if isinstance(test, Between) and phrases.is_share(condition):
            low, high = phrases.percent(test.low), _share(test.high, quantity.denominator)
            return f"{_part(quantity.numerator)} is between {low} and {high}"
        case Trait(owner, name) if holds_several(name) and _asks_how_many(test):
            one = isinstance(test, Compare) and test.bound == 1
            return f"the {owner} has {how_many} {singular(name) if one else name}"
        case Difference(minuend, subtrahend) if isinstance(test, Compare) and test.bound == 0:
            return f"{_part(minuend)} {predicate(test, 'number').removesuffix(number(0))}{_part(subtrahend)}"
    if _is_counted(quantity) and isinstance(test, _AMOUNTS):
        one = isinstance(test, Compare) and test.bound == 1
        return f"{how_many} {_counted(quantity, one)}"
    several = isinstance(quantity, Trait) and holds_several(quantity.name)
    return f"{describe_quantity(quantity)} {predicate(test, unit_of(quantity), several)}"


def _asks_how_many(test: Test) -> bool:
    """Whether a test is of a number, and may hold of more than one."""
    return isinstance(test, Between) or (
        isinstance(test, Compare) and test.op != "!=" and not isinstance(test.bound, str | bool)
    )


def said_in_percent(condition: Condition) -> bool:
    """Whether a condition is on a share, and its author says that in per cent."""
    return phrases.is_share(condition) and "%" in as_written(condition)


def _share(share: float, whole: Quantity) -> str:
    """'90% of the account's plan_gb'."""
    text = whole_of(share, whole)
    return text if share == 1 else f"{phrases.percent(share)} of {text}"


def whole_of(share: float, whole: Quantity) -> str:
    """What there is so much of: 'the account's plan_gb', 'the limit of 10,000'; a number of which a share is taken is a
    limit."""
    text = _part(whole)
    return f"the limit of {text}" if isinstance(whole, Number) and share <= 1 else text


_COUNTED = Count | DistinctDays | Actors | Members | Sessions | TimeSpent
_AMOUNTS = Compare | Between | OneOf


def _is_counted(quantity: Quantity) -> bool:
    return isinstance(quantity, _COUNTED) or (isinstance(quantity, Distinct) and isinstance(quantity.of, EventName))


def _counted(quantity: Quantity, one: bool = False) -> str:
    """What there are so many of: 'Report Run in the last 7 days', 'days with Login'."""
    match quantity:
        case Count():
            return f"{several_events(quantity.events)}{window(quantity.window)}"
        case DistinctDays():
            return f"{'day' if one else 'days'} with {events(quantity.events)}{window(quantity.window)}"
        case Actors():
            return f"{'person' if one else 'people'} with {events(quantity.events)}{window(quantity.window)}"
        case Members(roles):
            who = "member" if one else "members"
            return who + (f" {'who is' if one else 'who are'} {listed(roles, 'or')}" if roles else "")
        case Sessions():
            return f"{'session' if one else 'sessions'} of {events(quantity.events)}{window(quantity.window)}"
        case Distinct():
            return f"{different(quantity.events)}{window(quantity.window)}"
        case TimeSpent():
            return f"spent on {events(quantity.events)}{window(quantity.window)}"
    raise TypeError(f"not counted: {quantity!r}")


def describe_quantity(quantity: Quantity) -> str:
    """A quantity as a noun.

    >>> from fireflower.language.expressions import parse_formula
    >>> describe_quantity(parse_formula("members(admin) >= 1").quantity)
    'the number of members who are admin'
    """
    match quantity:
        case Count() | DistinctDays() | Actors() | Members() | Sessions():
            return f"the number of {_counted(quantity)}"
        case TimeSpent():
            return f"the hours {_counted(quantity)}"
        case Distinct(of=EventName()):
            return f"the number of {_counted(quantity)}"
        case Distinct(of=Property(path)):
            return f"the number of different {path} of {events(quantity.events)}{window(quantity.window)}"
        case Sum():
            return f"the sum of {quantity.of.path} of {events(quantity.events)}{window(quantity.window)}"
        case Extreme():
            which = "smallest" if quantity.which == "min" else "greatest"
            return f"the {which} {quantity.of.path} of {events(quantity.events)}{window(quantity.window)}"
        case Latest():
            return f"the latest {quantity.of.path} of {events(quantity.events)}{window(quantity.window)}"
        case Recency():
            return f"the time since the latest {event(quantity.events)}"
        case Elapsed():
            return f"the time since the first {event(quantity.since)}"
        case Streak():
            which = "longest run" if quantity.longest else "current run"
            return f"the {which} of days in a row with {events(quantity.events)}"
        case Sequence():
            return f"the number of steps done of {_steps(quantity)}{_within(quantity.span)}"
        case Trait():
            return f"the {quantity.owner}'s {quantity.name}"
        case Number():
            return number(quantity.value)
        case Ratio():
            return f"{_part(quantity.numerator)} divided by {_part(quantity.denominator)}"
        case Difference():
            return f"{_part(quantity.minuend)} minus {_part(quantity.subtrahend)}"
        case Skill():
            return f"the skill {quantity.name}"
        case Score():
            return "the score"
    raise TypeError(f"not a quantity: {quantity!r}")


def _part(quantity: Quantity) -> str:
    text = describe_quantity(quantity)
    return f"({text})" if isinstance(quantity, Ratio | Difference) else text


def _steps(sequence: Sequence) -> str:
    return ", then ".join(events(step) for step in sequence.steps)


def _within(span: int | None) -> str:
    return f", within {format_span(span)}" if span else ""


# --- A whole definition -----------------------------------------------------------------------------------------------


def _opening(definition: Definition) -> Iterator[str]:
    yield definition.name + ("" if definition.kind == "usage" else f" ({definition.kind})")
    if definition.description:
        yield definition.description
    yield ""
    who = "An account is a product-qualified account (PQA)"
    if definition.subject == "person":
        who = "A person is a product-qualified lead (PQL)"
    yield f"{who} while {_holding(definition)}:"


def _holding(definition: Definition) -> str:
    match definition.qualified:
        case formula if formula in _named(definition):
            return "this holds"
        case All((_, _, *_)):
            return "all of these hold"
        case AnyOf((_, _, *_)):
            return "at least one of these holds"
    return "this holds"


def _criteria(definition: Definition) -> Iterator[str]:
    """`qualified` as bullets, with its circles where they stand; below it what the other circles mean."""
    named = _named(definition)
    outline = list(_parts(definition.qualified, named, 0))
    yield from outline
    for circle, formula in definition.circles if named else ():
        if not any(line.lstrip().startswith(f"- {_titled(circle)}") for line in outline):
            yield ""
            yield f"{_titled(circle)} means:"
            yield from _outline(formula, {}, 0)


def _named(definition: Definition) -> dict[Formula, Circle]:
    """The circles by their formula; none where a single one is the whole, whose name would say nothing."""
    named = {formula: circle for circle, formula in definition.circles}
    return {} if list(named) == [definition.qualified] else named


def _titled(circle: Circle) -> str:
    return f"{circle.capitalize()} ({_CIRCLE_TITLES[circle]})"


def _parts(formula: Formula, named: dict[Formula, Circle], depth: int) -> Iterator[str]:
    """What a heading above has said to be `all` or `at least one of`: each part as a bullet."""
    if formula not in named and isinstance(formula, All | AnyOf) and len(formula.parts) > 1:
        for part in formula.parts:
            yield from _outline(part, named, depth)
    else:
        yield from _outline(formula, named, depth)


def _outline(formula: Formula, named: dict[Formula, Circle], depth: int) -> Iterator[str]:
    """A formula as bullets, one level deeper for each circle, `all` or `any` inside."""
    indent = "  " * depth
    if formula in named:
        of = ", at least one of" if isinstance(formula, AnyOf) and len(formula.parts) > 1 else ""
        yield f"{indent}- {_titled(named[formula])}{of}:"
        yield from _parts(formula, {}, depth + 1)
    elif isinstance(formula, All | AnyOf) and len(formula.parts) > 1:
        yield f"{indent}- {'all' if isinstance(formula, All) else 'at least one'} of:"
        yield from _parts(formula, named, depth + 1)
    elif isinstance(formula, Not) and formula.part in named:
        yield f"{indent}- not {named[formula.part]}"
    else:
        yield f"{indent}- {describe_formula(formula)}"


def describe_item(item: HoldingPoints | EventPoints) -> str:
    """What gives points, in plain English."""
    if isinstance(item, EventPoints):
        cap = "" if item.cap is None else f", at most {number(item.cap)} together"
        return f"{number(item.points)} for each {events(item.events)}{cap}"
    return f"{number(item.points)} while: {describe_formula(item.condition)}"


def _score_items(score: Score) -> Iterator[str]:
    yield from map(describe_item, score.items)
    if score.half_life is not None:
        yield f"points fade: half of them are gone after {format_span(score.half_life)}"
    if score.cap is not None:
        yield f"the score is never above {number(score.cap)}"


def _bulleted(lines: Iterator[str]) -> list[str]:
    return [f"- {line}" for line in lines]


def _ending(definition: Definition, settings: Settings | None) -> Iterator[str]:
    if definition.goal is None:
        yield "It ends as soon as the criteria hold no more. It has no goal to predict."
    elif definition.keep_after_goal:
        yield f"It is to predict {events(definition.goal)}, and goes on after it, for as long as the criteria hold."
    else:
        yield (
            f"It is to predict {events(definition.goal)}. It ends when that happens (converted), or as soon as the"
            " criteria hold no more."
        )
    if definition.cooldown:
        yield f"After it ended without the goal, it can begin again only {format_span(definition.cooldown)} later."
    for kind, formula in settings.leave_out if settings else ():
        yield f"Left out is every {kind} with: {describe_formula(formula)}."
    if definition.owner:
        yield f"Responsible for it: {definition.owner}."
