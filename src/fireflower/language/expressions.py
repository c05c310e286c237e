"""Reading formulas and quantities in their inline form: `count(Report Run, last 7 days) >= 3 and not did(Churned)`.

One function reads one thing and leaves the cursor behind it. The grammar is in docs/language.md.
"""

from __future__ import annotations

from collections.abc import Callable

from fireflower.language.bounds import EXPECTED_TEST, number_of, read_test, starts_test
from fireflower.language.cursor import Cursor, NoNames, Scope, read_span, read_whole
from fireflower.language.documents import ScalarNode, from_python
from fireflower.language.nodes import (
    CIRCLES,
    Actors,
    All,
    AnyOf,
    Compare,
    Condition,
    Count,
    Distinct,
    DistinctDays,
    Elapsed,
    Events,
    Ever,
    Extreme,
    Formula,
    Latest,
    Members,
    Not,
    Number,
    Quantity,
    Ratio,
    Recency,
    Sequence,
    Sessions,
    Skill,
    Streak,
    Sum,
    TimeSpent,
    Trait,
    Window,
)
from fireflower.language.places import Notes
from fireflower.language.rules import unit_of
from fireflower.language.selections import (
    WINDOW_WORDS,
    read_anchor,
    read_events,
    read_logic,
    read_path,
    read_property,
    read_window,
)
from fireflower.model.errors import did_you_mean
from fireflower.model.moments import MINUTE
from fireflower.model.records import SubjectKind

DEFAULT_GAP = 30 * MINUTE
UNKNOWN = Trait("account", "?")
"""Stands in for a quantity that could not be read; its fault has been noted."""
NOTHING = All(())
"""Stands in for a formula that could not be read; its fault has been noted."""


def parse_formula(text: str, subject: SubjectKind = "account") -> Formula:
    """The formula that a text says, without names of quantities or anchors.

    >>> parse_formula("count(Report Run, last 7 days) >= 3").test
    Compare(op='>=', bound=3.0)

    Raises
    ------
    DefinitionError
        With every fault that was found.
    """
    notes = Notes()
    node = from_python(text, "", notes)
    assert isinstance(node, ScalarNode)
    formula = formula_of(node, NoNames(subject), notes)
    notes.raise_faults()
    return formula


def formula_of(node: ScalarNode, scope: Scope, notes: Notes) -> Formula:
    """The formula in a scalar; `NOTHING`, and faults noted, if there is none."""
    return read_whole(node, scope, notes, read_formula) or NOTHING


def quantity_of(node: ScalarNode, scope: Scope, notes: Notes) -> Quantity:
    """The quantity in a scalar; `UNKNOWN`, and faults noted, if there is none."""
    return read_whole(node, scope, notes, read_quantity) or UNKNOWN


# --- Formulas ---------------------------------------------------------------------------------------------------------


def read_formula(cursor: Cursor) -> Formula:
    return read_logic(cursor, _read_part, All, AnyOf)


def _read_part(cursor: Cursor) -> Formula:
    if cursor.accept("not"):
        return Not(_read_part(cursor))
    if cursor.accept("always"):
        return All(())
    if cursor.accept("never"):
        return AnyOf(())
    if cursor.accept("("):
        inner = read_formula(cursor)
        cursor.expect(")", "to close the bracket")
        return inner
    if cursor.is_word("no") and not starts_test_after(cursor):
        return _read_absence(cursor)
    if cursor.is_word("did") and cursor.is_sign("(", ahead=1):
        return _read_did(cursor)
    if cursor.is_word(*CIRCLES, "qualified") and not starts_test_after(cursor):
        return _read_circle(cursor)
    return _read_comparison(cursor)


def starts_test_after(cursor: Cursor) -> bool:
    """Whether the token after this one begins a comparison."""
    cursor.at += 1
    found = starts_test(cursor)
    cursor.at -= 1
    return found


def _read_absence(cursor: Cursor) -> Formula:
    """`no Login for 7 days`."""
    first = cursor.at
    cursor.take()
    events = read_events(cursor, until=("for",))
    cursor.expect("for", "and a span, as in 'no Login for 7 days'")
    span = read_span(cursor)
    return Condition(Recency(events), Compare(">=", float(span)), cursor.between(first, cursor.at))


def _read_did(cursor: Cursor) -> Formula:
    """`did(Report Run, last 7 days)`."""
    first = cursor.at
    cursor.take()
    counted = _call(cursor, "did", _counting(Count))
    return Condition(counted, Compare(">=", 1.0), cursor.between(first, cursor.at))


def _read_circle(cursor: Cursor) -> Formula:
    token = cursor.take()
    formula = cursor.scope.formula(token.text, cursor.place(token.start))
    if formula is None:
        cursor.complain(f"{token.text!r} is not declared. Add `{token.text}:` to the definition.", token.start)
    return formula or NOTHING


def _read_comparison(cursor: Cursor) -> Formula:
    first = cursor.at
    quantity = read_quantity(cursor)
    name = cursor.between(first, cursor.at)
    if not starts_test(cursor):
        raise cursor.failure(f"expected {EXPECTED_TEST} after {name!r}, got {cursor.shown()}.")
    test_at = cursor.peek().start
    test = read_test(cursor, unit_of(quantity), name)
    condition = Condition(quantity, test, cursor.between(first, cursor.at))
    if quantity is not UNKNOWN:
        cursor.obey(condition, test_at)
    return condition


# --- Quantities -------------------------------------------------------------------------------------------------------


def read_quantity(cursor: Cursor) -> Quantity:
    """A quantity, or a ratio of quantities: `count(Report Run) / members`."""
    start = cursor.peek().start
    quantity = _read_operand(cursor)
    while cursor.accept("/"):
        denominator = _read_denominator(cursor)
        if quantity is UNKNOWN or denominator is UNKNOWN:
            quantity = UNKNOWN
        else:
            quantity = Ratio(quantity, denominator)
            cursor.obey(quantity, start)
    return quantity


def _read_denominator(cursor: Cursor) -> Quantity:
    if not cursor.accept("("):
        return _read_operand(cursor)
    quantity = read_quantity(cursor)
    cursor.expect(")", "to close the bracket")
    return quantity


def _read_operand(cursor: Cursor) -> Quantity:
    token = cursor.peek()
    if token.kind == "number":
        cursor.take()
        return Number(number_of(token.text))
    if token.kind != "word":
        raise cursor.failure(
            f"expected a quantity such as count(Report Run), or account.employees, got {cursor.shown()}."
        )
    if cursor.is_sign("(", ahead=1):
        return _read_call(cursor)
    if token.text.startswith(("person.", "account.")):
        return _read_trait(cursor)
    if token.text == "members":
        return _obeyed(cursor, Members(), cursor.take().start)
    return _read_named(cursor)


def _read_trait(cursor: Cursor) -> Quantity:
    token = cursor.peek()
    owner: SubjectKind = "person" if token.text.startswith("person.") else "account"
    name = read_path(cursor, f"{owner}.")
    cursor.mention("trait", f"{owner}.{name}", token.start)
    return _obeyed(cursor, Trait(owner, name), token.start)


def _read_named(cursor: Cursor) -> Quantity:
    """A quantity by the name that the definition gives it."""
    token = cursor.peek()
    first = cursor.at
    while cursor.peek().kind in ("word", "number") and not starts_test(cursor) and not cursor.is_word("and", "or"):
        cursor.take()
    name = cursor.between(first, cursor.at)
    quantity = cursor.scope.quantity(name, cursor.place(token.start))
    if quantity is None:
        cursor.complain(_unknown_name(name, cursor), token.start)
    return quantity or UNKNOWN


def _unknown_name(name: str, cursor: Cursor) -> str:
    if name in FUNCTIONS or name == "did":
        return f"{name} needs brackets: {_FORMS.get(name, name + '(Report Run)')}."
    if name.startswith("properties."):
        return f"{name} belongs to events; use it in a quantity, as in sum({name} of Report Run), or after `where`."
    known = [*cursor.scope.quantity_names(), *FUNCTIONS, "members", "score"]
    near = did_you_mean(name, known)
    return f"there is no quantity {name!r}.{near} Name it under `quantities:`; to count an event write count({name})."


def _read_call(cursor: Cursor) -> Quantity:
    name = cursor.take()
    reader = FUNCTIONS.get(name.text)
    if reader is None:
        cursor.complain(_unknown_call(name.text), name.start)
        _skip_brackets(cursor)
        return UNKNOWN
    quantity = _call(cursor, name.text, reader)
    return _obeyed(cursor, quantity, name.start)


def _unknown_call(name: str) -> str:
    if name in ("qualified", "definition"):
        return f"{name}(..): a definition cannot read another one's verdict; repeat its criteria here."
    if name == "did":
        return "did(..) is a formula, not a quantity; write count(..) to compare or divide it."
    return f"there is no quantity {name}(..).{did_you_mean(name, (*FUNCTIONS, 'did'))}"


def _obeyed(cursor: Cursor, quantity: Quantity, offset: int) -> Quantity:
    cursor.obey(quantity, offset)
    return quantity


def _skip_brackets(cursor: Cursor) -> None:
    depth = 0
    while cursor.peek().kind != "end":
        depth += cursor.is_sign("(") - cursor.is_sign(")")
        cursor.take()
        if depth == 0:
            return


# --- Quantities with brackets -----------------------------------------------------------------------------------------

Reader = Callable[[Cursor], Quantity]


def _call(cursor: Cursor, name: str, reader: Reader) -> Quantity:
    """What `reader` reads between brackets."""
    cursor.expect("(", f"after {name!r}")
    quantity = reader(cursor)
    if cursor.is_sign(",") and _starts_window(cursor, ahead=1):
        raise cursor.failure(f"{name} has no window: it is about all of history. Leave the window out.")
    cursor.expect(")", f"to close the bracket of {name!r}")
    return quantity


def _starts_window(cursor: Cursor, ahead: int = 0) -> bool:
    return cursor.is_word(*WINDOW_WORDS, ahead=ahead)


def _window(cursor: Cursor) -> Window:
    """A window after a comma, if there is one."""
    if not cursor.accept(","):
        return Ever()
    return read_window(cursor)


def _counting(node: Callable[[Events, Window], Quantity]) -> Reader:
    def read(cursor: Cursor) -> Quantity:
        events = read_events(cursor)
        return node(events, _window(cursor))

    return read


def _measuring(node: Callable[..., Quantity], word: str, *first: str) -> Reader:
    """Of a property of events: `sum(properties.minutes of Flow Edited, last 30 days)`."""

    def read(cursor: Cursor) -> Quantity:
        measured = read_property(cursor, word)
        cursor.expect("of", f"and an event, as in {word}(properties.minutes of Flow Edited)")
        events = read_events(cursor)
        return node(*first, measured, events, _window(cursor))

    return read


def _spending(node: Callable[[Events, int, Window], Quantity]) -> Reader:
    """Of sessions: `sessions(any, gap 30 minutes, last 7 days)`; gap and window in any order."""

    def read(cursor: Cursor) -> Quantity:
        events = read_events(cursor)
        gap, window = DEFAULT_GAP, Ever()  # type: tuple[int, Window]
        while cursor.accept(","):
            if cursor.accept("gap"):
                gap = read_span(cursor)
            else:
                window = read_window(cursor)
        return node(events, gap, window)

    return read


def _plain(node: Callable[[Events], Quantity]) -> Reader:
    return lambda cursor: node(read_events(cursor))


def _members(cursor: Cursor) -> Quantity:
    roles: list[str] = []
    while not cursor.is_sign(")") and cursor.peek().kind != "end":
        token = cursor.take()
        roles.append(token.text)
        cursor.mention("role", token.text, token.start)
        if not (cursor.accept(",") or cursor.accept("or")):
            break
    return Members(tuple(roles))


def _sequence(cursor: Cursor) -> Quantity:
    steps, span = [read_events(cursor, until=("within",))], None
    while span is None:
        comma = cursor.accept(",")
        if cursor.is_word("within"):
            cursor.take()
            span = read_span(cursor)
        elif comma:
            steps.append(read_events(cursor, until=("within",)))
        else:
            break
    return Sequence(tuple(steps), span)


def _skill(cursor: Cursor) -> Quantity:
    first = cursor.at
    while cursor.peek().kind in ("word", "number", "string"):
        cursor.take()
    return Skill(cursor.between(first, cursor.at))


FUNCTIONS: dict[str, Reader] = {
    "count": _counting(Count),
    "distinct_days": _counting(DistinctDays),
    "actors": _counting(Actors),
    "distinct": _measuring(Distinct, "distinct"),
    "sum": _measuring(Sum, "sum"),
    "min": _measuring(Extreme, "min", "min"),
    "max": _measuring(Extreme, "max", "max"),
    "latest": _measuring(Latest, "latest"),
    "recency": _plain(Recency),
    "elapsed": lambda cursor: Elapsed(read_anchor(cursor)),
    "streak": _plain(Streak),
    "longest_streak": _plain(lambda events: Streak(events, longest=True)),
    "sequence": _sequence,
    "sessions": _spending(Sessions),
    "hours_spent": _spending(TimeSpent),
    "members": _members,
    "skill": _skill,
}

_FORMS = {
    "distinct": "distinct(properties.source of Report Run)",
    "sum": "sum(properties.minutes of Flow Edited)",
    "min": "min(properties.minutes of Flow Edited)",
    "max": "max(properties.minutes of Flow Edited)",
    "latest": "latest(properties.used_gb of Storage Reported)",
    "elapsed": "elapsed(trial)",
    "sequence": "sequence(Signed Up, Report Run, Report Shared within 3 days)",
    "sessions": "sessions(any, gap 30 minutes)",
    "hours_spent": "hours_spent(any, gap 30 minutes)",
    "skill": "skill(reporting)",
}
