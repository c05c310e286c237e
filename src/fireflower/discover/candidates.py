"""What is looked at: the quantities that a history offers, each to be read by the kernel as definitions read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from fireflower.language.fingerprints import canonical
from fireflower.language.nodes import (
    Actors,
    Circle,
    Compare,
    Count,
    Distinct,
    DistinctDays,
    EventName,
    Events,
    Extreme,
    FieldTest,
    Last,
    Members,
    Property,
    Quantity,
    Sum,
    Trait,
    Window,
    Within,
)
from fireflower.language.sentences import write_quantity
from fireflower.model.moments import DAY
from fireflower.model.records import SubjectKind

Vocabulary = Literal["did", "stayed", "fit"]
"""`did`: what was done. `stayed`: that one was there (days, activity of any kind), which goes along with not having
left. `fit`: who one is."""

MOST_EVENTS = 150
MOST_VALUES = 12
"""A property with more different texts than this says what it says in its texts, not in its values."""
MOST_CANDIDATES = 600

_INTENT = re.compile(
    r"pric|upgrade|check ?out|talk to|sales|contact|demo|quote|billing|card|plan view|limit|invoice|procure"
    r"|security review",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A quantity or a column that may say something.

    Attributes
    ----------
    name : as definitions write it
    quantity : the node; None for the column of a table
    read : what is read at the landmark in its place, which is the same there; one for all landmarks
    vocabulary : see `Vocabulary`
    circle : of which circle it speaks, as a proposal for a person to confirm
    both_ways : whether little of it may be good, too. Of what people do, only more is asked: that someone did *not* do
        a thing tells mostly of what was done to them
    of : the name of the event, trait or column that it is made of
    """

    name: str
    quantity: Quantity | None
    read: Quantity | None
    vocabulary: Vocabulary
    circle: Circle
    both_ways: bool
    of: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What a history has to offer.

    Attributes
    ----------
    events : name -> how many, the most frequent first
    traits : (owner, name) -> how many records
    properties : event -> property -> type -> how many
    texts : property -> its different values
    """

    events: Mapping[str, int]
    traits: Mapping[tuple[SubjectKind, str], int]
    properties: Mapping[str, Mapping[str, Mapping[str, int]]]
    texts: Mapping[str, Sequence[Any]]


def candidates(
    seen: Seen, subject: SubjectKind, start: Events, landmark: int, leave: frozenset[str]
) -> list[Candidate]:
    """The candidates at a landmark, the plain ones first, each meaning once.

    Parameters
    ----------
    start : the event that begins a life, from which windows reach
    landmark : the age, in microseconds, at which they are read
    leave : names of events that are not looked at (the goal, those that define the start)

    Notes
    -----
    Counts are `within` the landmark's age of the start, so that the definition that is written later asks the very
    same question, whenever it is asked.
    """
    window = Within(start, landmark)
    names = [name for name in seen.events if name not in leave][:MOST_EVENTS]
    found: dict[str, Candidate] = {}
    for candidate in _all(seen, names, subject, window, landmark):
        assert candidate.quantity is not None
        found.setdefault(canonical(candidate.quantity), candidate)
        if len(found) >= MOST_CANDIDATES:
            break
    return list(found.values())


def _all(seen: Seen, names: Sequence[str], subject: SubjectKind, window: Window, landmark: int) -> Iterator[Candidate]:
    yield from _traits(seen, subject)
    for name in names:
        yield _did(name, Count(Events((name,)), window))
    yield from _activity(subject, window)
    if subject == "account":
        for name in names:
            yield _did(name, Actors(Events((name,)), window))
    for name in names:
        yield _candidate(DistinctDays(Events((name,)), window), "stayed", circle_of(name), name)
    recent = 7 * DAY if landmark > 7 * DAY else DAY if landmark > DAY else 0
    for name in names if recent else ():
        yield _did(name, Count(Events((name,)), Last(recent)))
    for name in names:
        yield from _of_properties(seen, name, window)


def _activity(subject: SubjectKind, window: Window) -> Iterator[Candidate]:
    """Of all events together: what goes along with being there."""
    of = Events()
    for quantity in (DistinctDays(of, window), Count(of, window), Distinct(EventName(), of, window)):
        yield _candidate(quantity, "stayed", "value", "any")
    if subject == "account":
        yield _candidate(Actors(of, window), "stayed", "value", "any")
        yield _candidate(Members(), "did", "value", "members")


def _of_properties(seen: Seen, name: str, window: Window) -> Iterator[Candidate]:
    for path, types in seen.properties.get(name, {}).items():
        numbers, others = types.get("number", 0), sum(types.values()) - types.get("number", 0)
        if numbers > others:
            yield _did(name, Sum(Property(path), Events((name,)), window))
            yield _did(name, Extreme("max", Property(path), Events((name,)), window))
            continue
        values = [value for value in seen.texts.get(path, ()) if isinstance(value, str | bool)]
        if len(values) > MOST_VALUES:
            continue
        for value in values if len(values) > 1 else ():
            chosen = Events((name,), FieldTest(Property(path), Compare("=", value)))
            yield _did(name, Count(chosen, window))


def _traits(seen: Seen, subject: SubjectKind) -> Iterator[Candidate]:
    for owner, name in seen.traits:
        if subject == "person" or owner == "account":
            trait = Trait(owner, name)
            yield Candidate(write_quantity(trait), trait, trait, "fit", "fit", True, f"{owner}.{name}")


def _did(name: str, quantity: Quantity) -> Candidate:
    return _candidate(quantity, "did", circle_of(name), name)


def _candidate(quantity: Quantity, vocabulary: Vocabulary, circle: Circle, of: str) -> Candidate:
    return Candidate(write_quantity(quantity), quantity, _since(quantity), vocabulary, circle, False, of)


def _since(quantity: Quantity) -> Quantity:
    """The quantity with a window that ends nowhere: at the end of the window both are the same."""
    window = getattr(quantity, "window", None)
    if not isinstance(window, Within):
        return quantity
    assert isinstance(quantity, Count | Distinct | DistinctDays | Sum | Extreme | Actors)
    return replace(quantity, window=Within(window.anchor, None))


def circle_of(event: str) -> Circle:
    """Of which circle an event speaks, by its name: looking at prices is a sign of purchase, the rest is use."""
    return "intent" if _INTENT.search(event) else "value"
