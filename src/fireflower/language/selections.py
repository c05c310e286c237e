"""Reading which events are meant: `Report Run or Report Shared where properties.rows > 0`, and windows over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fireflower.language.bounds import read_test
from fireflower.language.cursor import Cursor, listed, read_span
from fireflower.language.nodes import (
    AnySpan,
    EventName,
    Events,
    Ever,
    Every,
    Field,
    FieldTest,
    Last,
    LocalTime,
    No,
    Property,
    Role,
    Some,
    Where,
    Window,
    Within,
)
from fireflower.language.rules import unit_of
from fireflower.model.errors import did_you_mean

T = TypeVar("T")

WINDOW_WORDS = ("last", "within", "since", "any", "ever")
_ENDS_A_NAME = ("or", "where")
_FIELDS = ("properties.NAME", "time.hour", "time.weekday", "role")
NO_EVENTS = Events(("",))
"""Stands in for events that could not be read; their fault has been noted."""


def read_logic(
    cursor: Cursor,
    read_part: Callable[[Cursor], T],
    every: Callable[[tuple[T, ...]], T],
    some: Callable[[tuple[T, ...]], T],
) -> T:
    """Parts joined by `or`, and before it by `and`."""
    alternatives = [_read_all(cursor, read_part, every)]
    while cursor.accept("or"):
        alternatives.append(_read_all(cursor, read_part, every))
    return alternatives[0] if len(alternatives) == 1 else some(tuple(alternatives))


def _read_all(cursor: Cursor, read_part: Callable[[Cursor], T], every: Callable[[tuple[T, ...]], T]) -> T:
    parts = [read_part(cursor)]
    while cursor.accept("and"):
        parts.append(read_part(cursor))
    return parts[0] if len(parts) == 1 else every(tuple(parts))


# --- Events -----------------------------------------------------------------------------------------------------------


def read_events(cursor: Cursor, until: tuple[str, ...] = ()) -> Events:
    """Names joined by `or`, and a `where`. A name ends at a comma, a bracket, and at the words of `until`."""
    start = cursor.peek().start
    names = [_read_name(cursor, until)]
    while cursor.accept("or"):
        names.append(_read_name(cursor, until))
    if None in names and len(names) > 1:
        cursor.complain("`any` stands for every event already; leave the other names out.", start)
    where = read_where(cursor) if cursor.accept("where") else None
    return Events(tuple(name for name in names if name is not None), where)


def _read_name(cursor: Cursor, until: tuple[str, ...]) -> str | None:
    """The name of an event; None for `any`."""
    token = cursor.peek()
    if token.kind == "string":
        cursor.take()
        if not token.text.strip():
            cursor.complain("the name of an event is empty.", token.start)
        cursor.mention("event", token.text, token.start)
        return token.text
    first = cursor.at
    while _continues_name(cursor, until):
        cursor.expect_no_window(first, "the name")
        cursor.take()
    name = cursor.between(first, cursor.at)
    if not name:
        raise cursor.failure(f"expected the name of an event, or 'any', got {cursor.shown()}.")
    if name == "any":
        return None
    cursor.mention("event", name, token.start)
    return name


def _continues_name(cursor: Cursor, until: tuple[str, ...]) -> bool:
    token = cursor.peek()
    if token.kind == "word":
        return token.text not in _ENDS_A_NAME and token.text not in until
    return token.kind == "number" or cursor.is_sign("/")


# --- where ------------------------------------------------------------------------------------------------------------


def read_where(cursor: Cursor) -> Where:
    """Tests of the event's own fields, joined by `and`, `or`, `not` and brackets."""
    return read_logic(cursor, _read_where_part, Every, Some)


def _read_where_part(cursor: Cursor) -> Where:
    if cursor.accept("not"):
        return No(_read_where_part(cursor))
    if cursor.accept("always"):
        return Every(())
    if cursor.accept("never"):
        return Some(())
    if cursor.accept("("):
        inner = read_where(cursor)
        cursor.expect(")", "to close the bracket")
        return inner
    start = cursor.peek().start
    field = read_field(cursor)
    name = cursor.node.text[start : cursor.peek(-1).end]
    test_at = cursor.peek().start
    node = FieldTest(field, read_test(cursor, unit_of(field), name))
    cursor.obey(node, test_at)
    return node


def read_field(cursor: Cursor) -> Field:
    """`properties.rows`, `properties."plan name"`, `time.hour`, `time.weekday` or `role`."""
    token = cursor.peek()
    if token.kind == "word" and token.text.startswith("properties."):
        path = read_path(cursor, "properties.")
        cursor.mention("property", path, token.start)
        return Property(path)
    if cursor.accept("time.hour"):
        return LocalTime("hour")
    if cursor.accept("time.weekday"):
        return LocalTime("weekday")
    if cursor.accept("role"):
        return Role()
    raise cursor.failure(_field_message(cursor))


def _field_message(cursor: Cursor) -> str:
    word = cursor.peek().text
    if word.startswith(("account.", "person.")):
        return f"{word} is a trait; `where` tests the event itself. Put the trait into the formula: ... and {word} = .."
    near = did_you_mean(word, _FIELDS) or did_you_mean(f"properties.{word}", (f"properties.{word}",))
    return f"expected {listed(_FIELDS)} in `where`, got {cursor.shown()}.{near}"


def read_property(cursor: Cursor, of: str) -> Property:
    token = cursor.peek()
    if token.kind != "word" or not token.text.startswith("properties."):
        raise cursor.failure(f"expected a property such as properties.rows after {of!r}, got {cursor.shown()}.")
    path = read_path(cursor, "properties.")
    cursor.mention("property", path, token.start)
    return Property(path)


def read_property_or_event(cursor: Cursor, of: str) -> Property | EventName:
    return EventName() if cursor.accept("event") else read_property(cursor, of)


def read_path(cursor: Cursor, prefix: str) -> str:
    """The rest of the word after `prefix`, or the text in quotes that follows it at once."""
    word, following = cursor.take(), cursor.peek()
    path = word.text[len(prefix) :]
    if following.kind == "string" and following.start == word.end and word.text.endswith("."):
        path += cursor.take().text
    elif path.endswith("."):
        path = ""
    if not path:
        example = f'{prefix}"my name"'
        raise cursor.failure(f"expected a name after {prefix!r}; put a name with special signs in quotes: {example}.")
    return path


# --- Windows ----------------------------------------------------------------------------------------------------------


def read_window(cursor: Cursor) -> Window:
    """`ever`, `last 7 days`, `any 7 days`, `within 14 days of trial` or `since trial`."""
    if cursor.accept("ever"):
        return Ever()
    if cursor.accept("last"):
        return Last(read_span(cursor))
    if cursor.accept("any"):
        return AnySpan(read_span(cursor))
    if cursor.accept("since"):
        return Within(read_anchor(cursor), None)
    if cursor.accept("within"):
        span = read_span(cursor)
        cursor.expect("of", "and an anchor, as in 'within 14 days of trial'")
        return Within(read_anchor(cursor), span)
    raise cursor.failure(
        "expected a window ('last 7 days', 'any 7 days', 'within 14 days of trial' or 'since trial'),"
        f" got {cursor.shown()}."
    )


def read_anchor(cursor: Cursor) -> Events:
    """An anchor's name, an event's name in quotes, or events in brackets."""
    token = cursor.peek()
    if token.kind == "string":
        return read_events(cursor)
    if cursor.accept("("):
        events = read_events(cursor)
        cursor.expect(")", "to close the bracket")
        return events
    first = cursor.at
    while _continues_name(cursor, ()):
        cursor.take()
    name = cursor.between(first, cursor.at)
    if not name:
        raise cursor.failure(f"expected an anchor, got {cursor.shown()}.")
    anchor = cursor.scope.anchor(name, cursor.place(token.start))
    if anchor is None:
        near = did_you_mean(name, cursor.scope.anchor_names())
        cursor.complain(
            f"there is no anchor {name!r}.{near} Name it under `anchors:`, or put an event's name in quotes.",
            token.start,
        )
    return anchor or NO_EVENTS
