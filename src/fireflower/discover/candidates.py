"""What is looked at: the quantities that a history offers, each to be read by the kernel as definitions read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal

from fireflower.discover.circles import circle_of
from fireflower.discover.limits import limits, limits_people, limits_something
from fireflower.discover.orders import Order
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
    Latest,
    Members,
    Property,
    Quantity,
    Ratio,
    Recency,
    Sum,
    Trait,
    Window,
    Within,
)
from fireflower.language.nodes import (
    Sequence as Steps,
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
SILENCE = Recency(Events())
"""For how long nothing has been done at all."""
SOON = 3 * DAY
"""In a sequence, the second event comes so soon after the first."""
_RECENT = (1 * DAY, 3 * DAY, 7 * DAY, 14 * DAY)
_USES = 6
"""So many quantities are looked at as shares of one limit."""
_SHARED_BY = 6
"""Of so many of the most frequent events it is looked at which share of an account's members does them."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A quantity or a column that may say something.

    Attributes
    ----------
    name : as definitions write it
    quantity : the node; None for the column of a table
    read : what is read at the landmark in its place, which is the same there; one for all landmarks
    vocabulary : see `Vocabulary`
    circle : of which circle it speaks; not `declared`: as a proposal for a person to confirm
    both_ways : whether little of it may be good, too. Of what people do, only more is asked: that someone did *not* do
        a thing tells mostly of what was done to them
    of, beside : the name of the event, trait or column that it is made of; and of what else, if it is made of two
    """

    name: str
    quantity: Quantity | None
    read: Quantity | None
    vocabulary: Vocabulary
    circle: Circle
    both_ways: bool
    of: str
    declared: bool = False
    beside: str = ""

    @property
    def made_of(self) -> frozenset[str]:
        return frozenset(name for name in (self.of, self.beside) if name)


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
    seen: Seen,
    subject: SubjectKind,
    start: Events,
    landmark: int,
    leave: frozenset[str],
    pairs: Sequence[Order] = (),
    circles: Mapping[str, Circle] | None = None,
) -> list[Candidate]:
    """The candidates at a landmark, the plain ones first, each meaning once.

    Parameters
    ----------
    start : the event that begins a life, from which windows reach
    landmark : the age, in microseconds, at which they are read
    leave : names of events that are not looked at (the goal, those that define the start)
    pairs : of which events it is looked at whether, and how often, the second follows the first
    circles : of which circle some of them speak, by what they are made of

    Notes
    -----
    Counts are `within` the landmark's age of the start, so that the definition that is written later asks the very
    same question, whenever it is asked.
    """
    window = Within(start, landmark)
    names = [name for name in seen.events if name not in leave][:MOST_EVENTS]
    found: dict[str, Candidate] = {}
    for candidate in _all(seen, names, subject, window, landmark, pairs):
        assert candidate.quantity is not None
        found.setdefault(canonical(candidate.quantity), _declared(candidate, circles or {}))
        if len(found) >= MOST_CANDIDATES:
            break
    return list(found.values())


def _declared(candidate: Candidate, circles: Mapping[str, Circle]) -> Candidate:
    circle = circles.get(candidate.of)
    return candidate if circle is None else replace(candidate, circle=circle, declared=True)


def _all(
    seen: Seen, names: Sequence[str], subject: SubjectKind, window: Window, landmark: int, pairs: Sequence[Order]
) -> Iterator[Candidate]:
    traits = list(_traits(seen, subject))
    yield from traits[: MOST_CANDIDATES // 2]  # so that they leave room for what is done
    for name in names:
        yield _did(name, Count(Events((name,)), window))
    yield from _activity(subject, window)
    if subject == "account":
        for name in names:
            yield _did(name, Actors(Events((name,)), window))
    yield from _in_order(pairs, window)
    yield from _of_limits(seen, names, subject, window)
    if subject == "account":
        for name in names[:_SHARED_BY]:
            yield _did(name, Ratio(Actors(Events((name,)), window), Members()), "members")
    for name in names:
        yield _candidate(DistinctDays(Events((name,)), window), "stayed", circle_of(name), name)
    recent = _recent(landmark)
    for name in names if recent else ():
        yield _did(name, Count(Events((name,)), Last(recent)))
    for name in names:
        yield from _of_properties(seen, name, window)
    yield from traits[MOST_CANDIDATES // 2 :]


def _recent(landmark: int) -> int:
    """The last span that is looked at by itself: short beside all of the time, as otherwise both say the same; or 0."""
    return max((span for span in _RECENT if 2 * span <= landmark), default=0)


def _activity(subject: SubjectKind, window: Window) -> Iterator[Candidate]:
    """Of all events together: what goes along with being there."""
    of = Events()
    for quantity in (DistinctDays(of, window), Count(of, window), Distinct(EventName(), of, window)):
        yield _candidate(quantity, "stayed", "value", "any")
    yield replace(_candidate(SILENCE, "stayed", "value", "any"), both_ways=True)
    if subject == "account":
        yield _candidate(Actors(of, window), "stayed", "value", "any")
        yield _candidate(Members(), "did", "value", "members")


def _in_order(pairs: Sequence[Order], window: Window) -> Iterator[Candidate]:
    """What follows what: whether it did, and how often for each time."""
    for pair in pairs:
        first, second = Events((pair.first,)), Events((pair.second,))
        yield _did(pair.second, Steps((first, second), SOON), pair.first)
        yield _did(pair.second, Ratio(Count(second, window), Count(first, window)), pair.first)


def _of_limits(seen: Seen, names: Sequence[str], subject: SubjectKind, window: Window) -> Iterator[Candidate]:
    """Shares of what traits allow."""
    for owner, name in seen.traits:
        if (owner == "account" or subject == "person") and limits_something(name):
            for used, of in islice(_used(seen, names, subject, window, name), _USES):
                share = Ratio(used, Trait(owner, name))
                yield replace(_candidate(share, "did", "intent", of), beside=f"{owner}.{name}")


def _used(
    seen: Seen, names: Sequence[str], subject: SubjectKind, window: Window, limit: str
) -> Iterator[tuple[Quantity, str]]:
    if subject == "account" and limits_people(limit):
        yield Members(), "members"
    for name in names:
        if limits(limit, name):
            yield Count(Events((name,)), window), name
        for path, types in seen.properties.get(name, {}).items():
            if limits(limit, path) and types.get("number"):
                yield Latest(Property(path), Events((name,))), name
                yield Sum(Property(path), Events((name,)), window), name


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


def _did(name: str, quantity: Quantity, beside: str = "") -> Candidate:
    return replace(_candidate(quantity, "did", circle_of(name), name), beside=beside)


def _candidate(quantity: Quantity, vocabulary: Vocabulary, circle: Circle, of: str) -> Candidate:
    return Candidate(write_quantity(quantity), quantity, _since(quantity), vocabulary, circle, False, of)


def _since(quantity: Quantity) -> Quantity:
    """The quantity with a window that ends nowhere: at the end of the window both are the same."""
    if isinstance(quantity, Ratio):
        return Ratio(_since(quantity.numerator), _since(quantity.denominator))
    window = getattr(quantity, "window", None)
    if not isinstance(window, Within):
        return quantity
    assert isinstance(quantity, Count | Distinct | DistinctDays | Sum | Extreme | Actors)
    return replace(quantity, window=Within(window.anchor, None))
