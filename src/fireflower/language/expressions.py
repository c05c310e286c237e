"""Reading formulas and quantities in their inline form: `count(Report Run, last 7 days) >= 3 and not did(Churned)`.

One function reads one thing and leaves the cursor behind it. The grammar is in docs/language.md.
"""

from __future__ import annotations

from collections.abc import Mapping

from fireflower.language.bounds import EXPECTED_TEST, number_of, read_test, starts_test
from fireflower.language.calls import FORMS, FUNCTIONS, read_call
from fireflower.language.cursor import Cursor, OnlyAnchors, Scope, read_span, read_whole
from fireflower.language.documents import ScalarNode, from_python
from fireflower.language.nodes import (
    CIRCLES,
    All,
    AnyOf,
    Compare,
    Condition,
    Difference,
    Events,
    Formula,
    Members,
    Not,
    Number,
    Quantity,
    Ratio,
    Recency,
    Trait,
)
from fireflower.language.places import Notes
from fireflower.language.rules import COUNTS, unit_of
from fireflower.language.selections import (
    read_events,
    read_logic,
    read_path,
)
from fireflower.model.errors import did_you_mean, nearest
from fireflower.model.records import SubjectKind

UNKNOWN: Quantity = Trait("account", "?")
"""Stands in for a quantity that could not be read; its fault has been noted."""
NOTHING: Formula = All(())
"""Stands in for a formula that could not be read; its fault has been noted."""


def parse_formula(text: str, subject: SubjectKind = "account", anchors: Mapping[str, Events] | None = None) -> Formula:
    """The formula that a text says, without names of quantities, and of anchors only these.

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
    formula = formula_of(node, OnlyAnchors(subject, anchors or {}), notes)
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
    if cursor.is_word(*CIRCLES, "qualified") and not (cursor.is_sign("(", ahead=1) or starts_test_after(cursor)):
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
    counted = read_call(cursor, "did", FUNCTIONS["count"])
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
        hint = " A minus has blanks on both sides." if cursor.peek().text.startswith("-") else ""
        raise cursor.failure(f"expected {EXPECTED_TEST} after {name!r}, got {cursor.shown()}.{hint}")
    test_at, operator = cursor.peek().start, cursor.at
    test = read_test(cursor, unit_of(quantity), name)
    condition = Condition(quantity, test, cursor.between(first, cursor.at))
    if isinstance(test, Compare) and test.bound in cursor.scope.quantity_names():
        cursor.complain(_two_quantities(name, test), test_at)
    elif isinstance(quantity, COUNTS) and "%" in cursor.between(operator, cursor.at):
        cursor.complain(f"{name} is a count, no share: write a number, or divide by what it is a share of.", test_at)
    elif quantity is not UNKNOWN:
        cursor.obey(condition, test_at)
    return condition


def _two_quantities(name: str, test: Compare) -> str:
    return f"the bound is fixed: {test.bound!r} is a quantity; to compare two, write {name} - {test.bound} {test.op} 0."


# --- Quantities -------------------------------------------------------------------------------------------------------


def read_quantity(cursor: Cursor) -> Quantity:
    """A quantity, or two of them divided or subtracted: `count(Report Run) / members`."""
    start = cursor.peek().start
    quantity = _read_operand(cursor)
    while cursor.is_sign("/") or cursor.is_word("-"):
        computed = Ratio if cursor.take().text == "/" else Difference
        other = _read_second_operand(cursor)
        if quantity is UNKNOWN or other is UNKNOWN:
            quantity = UNKNOWN
        else:
            quantity = computed(quantity, other)
            cursor.obey(quantity, start)
    return quantity


def _read_second_operand(cursor: Cursor) -> Quantity:
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
        return _read_function(cursor)
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
    while cursor.peek().kind in ("word", "number") and not starts_test(cursor) and not cursor.is_word("and", "or", "-"):
        cursor.take()
    name = cursor.between(first, cursor.at)
    quantity = cursor.scope.quantity(name, cursor.place(token.start))
    if quantity is None:
        cursor.complain(_unknown_name(name, cursor), token.start)
    return quantity or UNKNOWN


def _unknown_name(name: str, cursor: Cursor) -> str:
    if name in FUNCTIONS or name == "did":
        return f"{name} needs brackets: {FORMS.get(name, name + '(Report Run)')}."
    if name.startswith("properties."):
        return f"{name} belongs to events; use it in a quantity, as in sum({name} of Report Run), or after `where`."
    owner, dot, trait = name.partition(".")
    if dot and (meant := nearest(owner, ("account", "person", "properties"))):
        return f"there is no {name!r}. Did you mean '{meant[0]}.{trait}'?"
    known = [*cursor.scope.quantity_names(), *FUNCTIONS, "members", "score"]
    near = did_you_mean(name, known)
    return f"there is no quantity {name!r}.{near} Name it under `quantities:`; to count an event write count({name})."


def _read_function(cursor: Cursor) -> Quantity:
    name = cursor.take()
    reader = FUNCTIONS.get(name.text)
    if reader is None:
        cursor.complain(_unknown_call(name.text), name.start)
        _skip_brackets(cursor)
        return UNKNOWN
    quantity = read_call(cursor, name.text, reader)
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
