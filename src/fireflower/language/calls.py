"""Reading quantities with brackets: `count(Report Run, last 7 days)`. One function of the table reads one of them."""

from __future__ import annotations

from collections.abc import Callable

from fireflower.language.cursor import Cursor, read_span
from fireflower.language.nodes import (
    Actors,
    Count,
    Distinct,
    DistinctDays,
    Elapsed,
    Events,
    Ever,
    Extreme,
    Latest,
    Members,
    Quantity,
    Recency,
    Sequence,
    Sessions,
    Skill,
    Streak,
    Sum,
    TimeSpent,
    Window,
)
from fireflower.language.selections import (
    WINDOW_WORDS,
    read_anchor,
    read_events,
    read_property,
    read_property_or_event,
    read_window,
)
from fireflower.model.moments import MINUTE

DEFAULT_GAP = 30 * MINUTE

Reader = Callable[[Cursor], Quantity]


def read_call(cursor: Cursor, name: str, reader: Reader) -> Quantity:
    """What `reader` reads between brackets."""
    cursor.expect("(", f"after {name!r}")
    quantity = reader(cursor)
    if cursor.is_sign(",") and _starts_window(cursor, ahead=1):
        raise cursor.failure(f"{name} has no window: it is about all of history. Leave the window out.")
    if _starts_window(cursor):
        raise cursor.failure(f"expected ',' before {cursor.shown()}.")
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


def _measuring(
    node: Callable[..., Quantity], word: str, *first: str, of: Callable[[Cursor, str], object] = read_property
) -> Reader:
    """Of a property of events: `sum(properties.minutes of Flow Edited, last 30 days)`."""

    def read(cursor: Cursor) -> Quantity:
        measured = of(cursor, word)
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
    if cursor.is_word("any") and cursor.is_sign(")", ahead=1):
        cursor.take()
        return Members()
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
    "distinct": _measuring(Distinct, "distinct", of=read_property_or_event),
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

FORMS = {
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
