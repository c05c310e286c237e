"""Reading a test: what stands after a quantity, as in `>= 3`, `between 25 and 200`, `in [software, internet]`."""

from __future__ import annotations

import math
import re
from decimal import Decimal, InvalidOperation
from typing import Literal, cast

from fireflower.language.cursor import DEEPER_ITEM, Cursor, read_span
from fireflower.language.nodes import Between, Compare, Date, Known, OneOf, Scalar, Test, Text
from fireflower.language.rules import Unit
from fireflower.model.moments import HOUR, parse_moment

Operator = Literal["<", "<=", ">", ">=", "=", "!="]

_OPERATORS: dict[str, Operator] = {
    "<": "<", "<=": "<=", ">": ">", ">=": ">=", "=": "=", "==": "=", "!=": "!=",
}  # fmt: skip
_MEANT = {"=>": ">=", "=<": "<=", "<>": "!=", ">=": ">=", "<=": "<="}
"""Two signs beside each other -> the comparison that they are meant to be."""
_ENDS_A_VALUE = ("and", "or", "within", "for")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ].*)?")
_LIKE_A_NUMBER = re.compile(r"[-+ ]*(\d[\d_ ]*\.?[\d_ ]*|\.[\d_ ]+)%*")
"""What is meant as a number, such as `.5`, `+5` and `10 000`; a version such as `1.2.3` is not."""
_NOT_A_NUMBER = {"nan", "inf", "infinity", "-inf", "-infinity", ".nan", ".inf", "-.inf"}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EXPECTED_TEST = "a comparison such as '>= 3', 'between 25 and 200', 'in [a, b]', 'contains x' or 'is missing'"


def starts_test(cursor: Cursor) -> bool:
    """Whether a comparison begins here."""
    token = cursor.peek()
    if token.kind == "sign":
        return token.text in _OPERATORS
    return cursor.is_word("between", "in", "contains", "does", "is", "starts", "ends") or (
        cursor.is_word("not") and cursor.is_word("in", ahead=1)
    )


def read_test(cursor: Cursor, unit: Unit, of: str) -> Test:
    """The test that stands here.

    Parameters
    ----------
    unit : what the bounds are: numbers, spans, ..
    of : what is tested, for messages
    """
    token = cursor.peek()
    if token.kind == "sign" and token.text in _OPERATORS:
        cursor.take()
        return _compare(cursor, _OPERATORS[token.text], unit, of)
    for word, reader in (("between", _between), ("in", _one_of), ("contains", _text)):
        if cursor.is_word(word):
            return reader(cursor, unit)
    if cursor.is_word("not"):
        cursor.take()
        return _one_of(cursor, unit, negated=True)
    if cursor.is_word("starts", "ends", "does"):
        return _text(cursor, unit)
    if cursor.accept("is"):
        return _known(cursor)
    raise cursor.failure(f"expected {EXPECTED_TEST} after {of!r}, got {cursor.shown()}.")


def _compare(cursor: Cursor, op: Operator, unit: Unit, of: str) -> Test:
    start = cursor.at
    if cursor.peek().kind == "end":
        raise cursor.failure(f"expected a value after '{of} {op}', got the end.")
    if cursor.peek().kind == "sign" and (meant := _MEANT.get(op + cursor.peek().text)):
        sign = cursor.peek(-1).start
        written = cursor.node.text[sign : cursor.peek().end]
        raise cursor.failure(f"{written!r} is no comparison: did you mean {meant!r}?", sign)
    quoted = cursor.peek().kind == "string"
    value = _value(cursor, unit, f"{of} {op}")
    as_date = unit == "value" and isinstance(value, str) and _DATE.fullmatch(value)
    if as_date and (not quoted or op not in ("=", "!=")):
        return Date(op, _moment(cursor, as_date[0], start))
    if quoted and str(value)[:1].isdigit() and (unit not in ("value", "text") or op not in ("=", "!=")):
        right = f"{of} {op} {value}"
        raise cursor.failure(f"in quotes this is a text: leave out the quotes, {right}.", _offset(cursor, start))
    return Compare(op, value)


def _moment(cursor: Cursor, text: str, start: int) -> int:
    try:
        return parse_moment(text)
    except ValueError as error:
        cursor.complain(f"{error}.", _offset(cursor, start))
        return 0


def _between(cursor: Cursor, unit: Unit) -> Test:
    cursor.take()
    low = _number(cursor, unit, "between")
    cursor.expect("and", "after the lower bound of 'between'")
    return Between(low, _number(cursor, unit, "and"))


def _one_of(cursor: Cursor, unit: Unit, negated: bool = False) -> Test:
    cursor.take()
    cursor.expect("[", "after 'in', as in [software, internet]")
    values: list[Scalar] = []
    while not cursor.is_sign("]"):
        if cursor.peek().kind == "end":
            raise cursor.failure("expected ']' at the end of the list, got the end.")
        values.append(_value(cursor, unit, "in"))
        if not cursor.accept(",") and not cursor.is_sign("]"):
            raise cursor.failure(f"expected ',' or ']' in the list, got {cursor.shown()}.")
    cursor.take()
    return OneOf(tuple(values), negated)


def _text(cursor: Cursor, unit: Unit) -> Test:
    negated = cursor.accept("does")
    if negated:
        cursor.expect("not", "after 'does'")
    how = _how(cursor)
    value = _value(cursor, "text", how)
    if not isinstance(value, str):
        cursor.complain(f"expected a text after {how!r}; put a number in quotes.", _offset(cursor, cursor.at - 1))
        value = str(value)
    return Text(cast(Literal["contains", "starts with", "ends with"], how), value, negated)


def _how(cursor: Cursor) -> str:
    if cursor.accept("contains") or cursor.accept("contain"):
        return "contains"
    for plural, singular in (("starts", "start"), ("ends", "end")):
        if cursor.accept(plural) or cursor.accept(singular):
            cursor.expect("with", f"after {plural!r}")
            return f"{plural} with"
    raise cursor.failure(f"expected 'contain', 'start with' or 'end with', got {cursor.shown()}.")


def _known(cursor: Cursor) -> Test:
    if cursor.accept("not"):
        raise cursor.failure("expected 'is known' or 'is missing'; for 'is not x' write '!= x'.")
    for word, known in (("known", True), ("missing", False)):
        if cursor.accept(word):
            return Known(known)
    raise cursor.failure(f"expected 'is known' or 'is missing', got {cursor.shown()}; for 'is x' write '= x'.")


# --- Values -----------------------------------------------------------------------------------------------------------


def _number(cursor: Cursor, unit: Unit, after: str) -> float:
    start = cursor.at
    value = _value(cursor, unit if unit in ("span", "hours") else "number", after)
    if isinstance(value, str | bool):
        hint = " Leave out the quotes." if cursor.tokens[start].kind == "string" else ""
        cursor.complain(f"expected a number after {after!r}, got {value!r}.{hint}", _offset(cursor, start))
        return 0.0
    return value


def _value(cursor: Cursor, unit: Unit, after: str) -> Scalar:
    """A number, text or truth value; words without quotes go on until `and`, `or` or a sign."""
    if unit in ("span", "hours") and cursor.peek(1).kind == "word" and not cursor.is_word(*_ENDS_A_VALUE, ahead=1):
        return _in_unit(read_span(cursor), unit)
    start, token = cursor.at, cursor.peek()
    if token.kind == "string":
        cursor.take()
        return token.text
    while _continues_value(cursor):
        cursor.expect_no_window(start, "the value")
        if cursor.at > start and cursor.begins_item():
            raise cursor.failure(f"expected nothing more after '{cursor.between(start, cursor.at)}'.{DEEPER_ITEM}")
        cursor.take()
    if cursor.at == start:
        raise cursor.failure(f"expected a value after {after!r}, got {cursor.shown()}.")
    if cursor.at == start + 1 and token.kind == "number":
        if unit == "span":
            cursor.complain(f"expected a span such as '{token.text} days', got {token.text!r}.", token.start)
        return number_of(token.text)
    if cursor.at == start + 2 and token.kind == "number" and cursor.peek(-1).text == "%":
        return number_of(token.text + "%")
    return _from_words(cursor.between(start, cursor.at), cursor, unit, start)


def _from_words(text: str, cursor: Cursor, unit: Unit, start: int) -> Scalar:
    lowered = text.lower()
    if unit in ("span", "hours") and text[0].isdigit():
        cursor.at = start
        return _in_unit(read_span(cursor), unit)
    if lowered in _NOT_A_NUMBER:
        return math.nan
    if unit == "weekday" and lowered in _WEEKDAYS:
        return _WEEKDAYS.index(lowered) + 1.0
    if unit == "value" and lowered in ("true", "false"):
        return lowered == "true"
    if unit != "text" and _LIKE_A_NUMBER.fullmatch(text):
        raise cursor.failure(
            f"{text!r} is no number: write it as in 2000, -3, 0.5 or 90%; put a text in quotes.", _offset(cursor, start)
        )
    return text


def _continues_value(cursor: Cursor) -> bool:
    token = cursor.peek()
    return (token.kind in ("number", "word") and token.text not in _ENDS_A_VALUE) or cursor.is_sign("/")


def _in_unit(span: int, unit: Unit) -> float:
    return float(span) if unit == "span" else span / HOUR


def number_of(text: str) -> float:
    """The number that a token of kind "number" says; 90% is 0.9."""
    digits = text.replace("_", "")
    if not digits.endswith("%"):
        return float(digits)
    try:
        return float(Decimal(digits[:-1]) / 100)
    except InvalidOperation:  # its exponent is beyond every number
        return math.inf


def _offset(cursor: Cursor, token: int) -> int:
    return cursor.tokens[min(token, len(cursor.tokens) - 1)].start
