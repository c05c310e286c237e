"""Evidence as facts in plain English, for people who sell: what is, not which formula holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fireflower.destinations.doing import done
from fireflower.destinations.notices import Fact
from fireflower.language.describing import describe_condition, describe_quantity
from fireflower.language.fingerprints import canonical
from fireflower.language.nodes import (
    Actors,
    Between,
    Compare,
    Condition,
    Count,
    Date,
    Definition,
    Distinct,
    DistinctDays,
    Elapsed,
    Ever,
    Members,
    OneOf,
    Quantity,
    Ratio,
    Recency,
    Sessions,
    Sum,
    Test,
    Text,
    TimeSpent,
    Trait,
)
from fireflower.language.phrases import (
    event,
    events,
    holds_several,
    is_share,
    listed,
    number,
    singular,
    there_is,
    window,
)
from fireflower.language.phrases import value as in_words
from fireflower.language.rounding import numbers_of, rounded_for_people
from fireflower.language.rules import unit_of
from fireflower.language.walking import unwanted

if TYPE_CHECKING:
    from fireflower.evaluate.results import Evidence

_MOST_FACTS = 6
_YET = " yet"
_LONGEST_FACT = 140
_COUNTED = Count | Distinct | DistinctDays | Actors | Members | Sessions


def facts_of(
    definition: Definition, evidence: Iterable[Evidence], tipped_by: Mapping[int, str] | None = None
) -> tuple[Fact, ...]:
    """The evidence of a transition as facts.

    Parameters
    ----------
    definition : its names of quantities are the words of its authors, and used
    tipped_by : archive row -> the record in words
    """
    not_wanted = unwanted(definition)
    return tuple(
        fact_of(
            each.condition,
            holds=each.holds,
            value=each.value,
            since=each.since,
            tipped_by=(tipped_by or {}).get(each.row, "") if each.row is not None else "",
            label=label_of(definition, each.condition.quantity),
            yet=canonical(each.condition) not in not_wanted,
        )
        for each in evidence
    )


def fact_of(
    condition: Condition,
    *,
    holds: bool,
    value: Any,
    since: int = 0,
    tipped_by: str = "",
    label: str = "",
    yet: bool = True,
) -> Fact:
    """One condition and the value that its quantity has, as a fact.

    Parameters
    ----------
    yet : whether what has not been done is wanted, so that it is said not to be done yet

    >>> from fireflower.language.expressions import parse_formula
    >>> fact_of(parse_formula("count(Report Run, last 7 days) >= 3"), holds=True, value=12.0).says
    'report run 12 times in the last 7 days'
    """
    said = says(condition, value, label)
    said = said if yet else said.removesuffix(_YET)
    return Fact(said, describe_condition(condition), holds, value, bound_of(condition.test), since, tipped_by)


def label_of(definition: Definition, quantity: Quantity) -> str:
    """What the definition's author calls a quantity: "reports"; "" if it has no name."""
    wanted = canonical(quantity)
    names = (name for name, named in definition.quantities if canonical(named) == wanted)
    return next(names, "").replace("_", " ")


def together(facts: Sequence[Fact]) -> str:
    """Facts in one phrase: those whose conditions hold come first. Two conditions on one quantity say it once."""
    ordered = list(dict.fromkeys(fact.says for fact in sorted(facts, key=lambda fact: not fact.holds)))
    more = len(ordered) - _MOST_FACTS
    shown = (fact if len(fact) <= _LONGEST_FACT else fact[: _LONGEST_FACT - 1] + "…" for fact in ordered[:_MOST_FACTS])
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def bound_of(test: Test) -> Any:
    """What a test compares with, as plain values."""
    match test:
        case Compare(_, bound):
            return bound
        case Date(_, moment):
            return moment
        case Between(low, high):
            return [low, high]
        case OneOf(values, _):
            return list(values)
        case Text(_, part, _):
            return part
    return None


# --- Saying one -------------------------------------------------------------------------------------------------------


def says(condition: Condition, value: Any, label: str = "") -> str:
    """What the quantity is, in words; a number is never rounded to the bound of its condition, or across it."""
    quantity = condition.quantity
    if isinstance(quantity, Trait):
        return _trait(quantity.name.replace("_", " "), value, condition.test)
    if value is None:
        return f"{label or describe_quantity(quantity).removeprefix('the ')} not known yet"
    if label and isinstance(quantity, _COUNTED | Sum) and holds_several(label):
        return _several(label, _rounded(value, condition.test)) + _of_window(quantity, value)
    if isinstance(quantity, Count):
        return _count(quantity, value)
    if isinstance(quantity, DistinctDays | Distinct | Actors | Members | Sessions):
        label = ""  # "5 last week" is no English
    name = describe_quantity(quantity).removeprefix("the ")
    if label or not isinstance(value, int | float):
        return f"{label or name} {_amount(condition, value)}"
    if isinstance(quantity, Recency | Elapsed):
        return f"{_amount(condition, value)} {name.removeprefix('time ')}"
    if isinstance(quantity, TimeSpent):
        return f"{_amount(condition, value) if value else 'no time'} {name.removeprefix('hours ')}"
    if isinstance(quantity, Ratio) and not is_share(condition):
        return f"{name} is {_amount(condition, value)}"
    exactly = describe_condition(Condition(quantity, Compare("=", _rounded(value, condition.test))))
    return exactly.removeprefix("exactly ").removeprefix("the ")


def _several(label: str, value: float) -> str:
    """ "12 reports", "1 report", "no reports"."""
    if value == 0:
        return f"no {label}"
    return f"{number(value)} {singular(label) if value == 1 else label}"


def _of_window(quantity: Quantity, value: Any) -> str:
    node = getattr(quantity, "window", Ever())
    return _YET if isinstance(node, Ever) and value == 0 else window(node)


def _count(quantity: Count, value: float) -> str:
    """ "CRM not connected yet", "report run 12 times in the last 7 days"."""
    selection, when = quantity.events, _of_window(quantity, value)
    known = done(selection.names[0]) if len(selection.names) == 1 and selection.where is None else None
    if value == 0:
        return f"{known[0]} not {known[1]}{when}" if known else f"no {event(selection)}{when}"
    what = " ".join(known) if known else events(selection)
    times = "" if value == 1 and known else " once" if value == 1 else f" {number(value)} times"
    return f"{what}{times}{when}"


def _trait(name: str, value: Any, test: Test) -> str:
    if value is None:
        return f"{name} unknown"
    if isinstance(value, bool):
        return name if value else f"not {name}"
    if isinstance(value, int | float):
        shown = _rounded(value, test)
        if holds_several(name):
            return f"{number(shown)} {singular(name) if shown == 1 else name}"
        return f"{name} {number(shown)}"
    return f"{name} {listed([str(item) for item in value]) if isinstance(value, list | tuple) else value}"


def _amount(condition: Condition, value: Any) -> str:
    if isinstance(value, str | list | tuple) and not isinstance(value, bool):
        return listed([str(item) for item in ([value] if isinstance(value, str) else value)])
    if is_share(condition):
        return f"at {there_is(value, condition, in_percent=True)}"
    unit = unit_of(condition.quantity)
    if unit in ("span", "hours"):
        return there_is(value, condition)
    return in_words(_rounded(value, condition.test), unit)


def _rounded(value: float, test: Test) -> float:
    """The value with as many digits as people need."""
    return value if isinstance(value, bool) else rounded_for_people(float(value), numbers_of(test))
