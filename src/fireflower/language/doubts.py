"""What the data holds, and what in a node does not fit it: names never seen, values of another type."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from fireflower.language.cursor import listed
from fireflower.language.nodes import (
    Compare,
    Condition,
    Date,
    Difference,
    Distinct,
    Events,
    Extreme,
    FieldTest,
    Latest,
    Members,
    OneOf,
    Property,
    Quantity,
    Ratio,
    Role,
    Sum,
    Test,
    Text,
    Trait,
)
from fireflower.language.sentences import write_field, write_quantity
from fireflower.language.walking import bounds_of, walk
from fireflower.model.errors import did_you_mean
from fireflower.model.records import Kind, SubjectKind
from fireflower.model.timeline import Vocabulary
from fireflower.model.values import SeenValues

_KINDS: dict[SubjectKind, Kind] = {"person": Kind.PERSON_TRAIT, "account": Kind.ACCOUNT_TRAIT}
_OWNERS = {kind: owner for owner, kind in _KINDS.items()}
_FEW = 12
_MANY = 10_000
"""Among more values than this nobody looks for a near one."""

Doubt = tuple[str, str, str]
"""("event", "property", "trait" or "role"; its name; what is doubtful)."""

PropertyValues = Mapping[str, Mapping[str, SeenValues]]
"""Property -> event -> the values that it has on the events of that name."""


class Data:
    """What the data holds.

    Parameters
    ----------
    properties : those that events have; None: not known, then properties are not doubted
    values : the values of some properties; those of the others are not doubted
    """

    def __init__(self, vocabulary: Vocabulary, properties: Collection[str] | None, values: PropertyValues) -> None:
        self.events = {name for kind, name in vocabulary.names if kind == Kind.EVENT}
        self.roles = set(vocabulary.roles)
        self.properties = properties
        self.traits = {
            f"{_OWNERS[kind]}.{name}": Trait(_OWNERS[kind], name) for kind, name in vocabulary.names if kind in _OWNERS
        }
        self._vocabulary = vocabulary
        self._values = values

    def unseen(self, events: Events) -> list[str]:
        return [name for name in events.names if name not in self.events]

    def doubts(self, node: Any) -> Iterator[Doubt]:
        """What in this node itself (not in its parts) does not fit."""
        match node:
            case Events():
                for name in self.unseen(node):
                    yield "event", name, f"no event {name!r} is in the data.{did_you_mean(name, self.events)}"
                yield from self._where(node)
            case Trait() | Property():
                yield from self._unseen_value(node)
            case Members(roles=roles):
                yield from self._unseen_roles(roles)
            case FieldTest(field=Role(), test=test):
                yield from self._unseen_roles(_text_bounds(test))
            case Condition(quantity=Trait() as source, test=test):
                yield from _about(source, _misfits(test, self._of_trait(source)))
            case Condition(quantity=Latest(of, events), test=test):
                yield from _about(of, _misfits(test, self._of_property(of, events)))
            case Condition(quantity=Ratio(Trait() | Latest(of=Property()) as share, Trait() | Latest()), test=test):
                yield from _large_share(share, test)
            case Sum(of, events) | Extreme(of=of, events=events):
                yield from self._absent(of, events)
                consequence = "is left out" if events.where is None else ""
                yield from _about(of, _numberless(self._of_property(of, events), consequence))
            case Latest(of, events) | Distinct(of=Property() as of, events=events):
                yield from self._absent(of, events)
            case Ratio(first, second) | Difference(first, second):
                for part in (first, second):
                    yield from self._part(part)

    def _part(self, part: Quantity) -> Iterator[Doubt]:
        """Of a ratio or a difference."""
        consequence = "nothing can be computed with"
        if isinstance(part, Trait):
            yield from _about(part, _numberless(self._of_trait(part), consequence))
        elif isinstance(part, Latest):
            plain = part.events.where is None
            seen = self._of_property(part.of, part.events)
            yield from _about(part.of, _numberless(seen, consequence if plain else ""))

    def _where(self, events: Events) -> Iterator[Doubt]:
        """What in the tests of these events' properties does not fit their values."""
        for node in walk(events.where):
            if isinstance(node, FieldTest) and isinstance(node.field, Property):
                yield from self._absent(node.field, events)
                yield from _about(node.field, _misfits(node.test, self._of_property(node.field, events)))

    def _absent(self, source: Property, events: Events) -> Iterator[Doubt]:
        """Whether other events have the property, and these have not."""
        having = self._values.get(source.path, {})
        if having and events.names and not self.unseen(events) and not having.keys() & set(events.names):
            names = listed([repr(name) for name in events.names], "or")
            others = listed([repr(name) for name in list(having)[:_FEW]])
            yield "property", source.path, f"no {names} has a property {source.path!r} in the data, only {others}."

    def _unseen_value(self, source: Trait | Property) -> Iterator[Doubt]:
        what, name = _name(source)
        known = self.traits if what == "trait" else self.properties
        if known is None or name in known:
            return
        if isinstance(source, Trait):
            near = did_you_mean(_written(source), [_written(trait) for trait in self.traits.values()])
            yield what, name, f"no trait {_written(source)} is in the data.{near}"
        else:
            yield what, name, f"no event has a property {name!r} in the data.{did_you_mean(name, known)}"

    def _unseen_roles(self, roles: Iterable[str]) -> Iterator[Doubt]:
        for role in roles:
            if role not in self.roles:
                near = did_you_mean(role, self.roles)
                yield "role", role, f"no member has the role {role!r} in the data.{near}"

    def _of_trait(self, source: Trait) -> SeenValues | None:
        """The trait's values; None where they are not known."""
        values = self._vocabulary.traits.get((_KINDS[source.owner], source.name))
        if not values:
            return None
        others = [value for value in values if isinstance(value, str | bool | list | tuple)]
        return SeenValues(len(others) < len(values), others)

    def _of_property(self, source: Property, events: Events) -> SeenValues | None:
        """The property's values on the events of these names, whatever else is asked of them; None where they are not
        known, or there are none."""
        having = self._values.get(source.path, {})
        seen = [having[name] for name in events.names or having if name in having]
        if not seen:
            return None
        others = [value for each in seen for value in each.others]
        return SeenValues(any(each.numbers for each in seen), others, all(each.complete for each in seen))


def _large_share(share: Trait | Latest, test: Test) -> Iterator[Doubt]:
    """Of what is used of a limit, `>= 90` says 9,000 %."""
    match test:
        case Compare(">" | ">=" as op, int() | float() as bound) if 50 <= bound <= 100:
            meant = f"{op} {bound:g}%"
            what, name = _name(share.of if isinstance(share, Latest) else share)
            yield what, name, f"'{op} {bound:g}' is {bound:,.0%} of the limit. Did you mean '{meant}'?"


def _name(source: Trait | Property) -> tuple[str, str]:
    return ("trait", f"{source.owner}.{source.name}") if isinstance(source, Trait) else ("property", source.path)


def _written(source: Trait | Property) -> str:
    """As it has to be written in a definition."""
    return write_quantity(source) if isinstance(source, Trait) else write_field(source)


def _about(source: Trait | Property, messages: Iterable[str]) -> Iterator[Doubt]:
    for message in messages:
        yield *_name(source), f"{_written(source)} {message}"


# --- Values -----------------------------------------------------------------------------------------------------------


def _misfits(test: Test, seen: SeenValues | None) -> Iterator[str]:
    """Whether values such as the test's bounds are in the data at all."""
    if seen is None:
        return
    if wants_number(test) and not seen.numbers and not _may_pass_for_a_list(test, seen):
        yield f"is never a number in the data (but for example {seen.others[0]!r}), so this never holds."
    elif wants_number(test):
        yield from _texts_among_numbers(seen, "passes no comparison with numbers")
    if _wants_text(test) and not seen.others:
        yield "is always a number in the data, so this never holds."
    known = set(_all_texts(seen))
    for bound in _text_bounds(test) if seen.complete and len(known) <= _MANY else ():
        near = did_you_mean(bound, known)
        if known and bound not in known and (near or len(known) <= _FEW):
            yield f"is never {bound!r} in the data.{near or f' It is {listed(sorted(known))}.'}"


def _numberless(seen: SeenValues | None, consequence: str = "") -> Iterator[str]:
    """Whether there are numbers to compute with, and nothing else.

    Parameters
    ----------
    consequence : of texts among the numbers; "" if there may be some
    """
    if seen is not None and not seen.numbers:
        yield "is never a number in the data, so there is nothing to compute with."
    elif seen is not None and consequence:
        yield from _texts_among_numbers(seen, consequence)


def _texts_among_numbers(seen: SeenValues, consequence: str) -> Iterator[str]:
    """Numbers written as text, such as '1,200', beside proper ones; 'n/a' is none."""
    texts = {text: None for text in seen.others if isinstance(text, str) and any(sign.isdigit() for sign in text)}
    if seen.numbers and texts:
        count = f"{'' if seen.complete else 'at least '}{len(texts):,}"
        values = f" ({count} different values)" if len(texts) > 1 else ""
        yield (
            f"has, beside numbers, text such as {next(iter(texts))!r} in the data{values}, which {consequence}. Write"
            " numbers like 1200 or 12.5 where they come from, and import them anew."
        )


def _all_texts(seen: SeenValues) -> Iterator[str]:
    for value in seen.others:
        for item in value if isinstance(value, list | tuple) else (value,):
            if isinstance(item, str):
                yield item


def wants_number(test: Test) -> bool:
    """Whether only numbers pass, of plain values."""
    bounds = bounds_of(test)
    numbers = all(isinstance(bound, int | float) and not isinstance(bound, bool) for bound in bounds)
    return bool(bounds) and numbers and not _is_negated(test)


def _wants_text(test: Test) -> bool:
    """Whether only texts pass, of plain values."""
    bounds = bounds_of(test)
    texts = bool(bounds) and all(isinstance(bound, str) for bound in bounds)
    return isinstance(test, Text | Date) or (texts and not _is_negated(test))


def _is_negated(test: Test) -> bool:
    """`not in` holds of whatever is known and none of the values, of another type too."""
    return isinstance(test, OneOf) and test.negated


def _may_pass_for_a_list(test: Test, seen: SeenValues) -> bool:
    """Equality looks into lists."""
    looks = isinstance(test, OneOf) or (isinstance(test, Compare) and test.op in ("=", "!="))
    return looks and any(isinstance(value, list | tuple) for value in seen.others)


def _text_bounds(test: Test) -> list[str]:
    return [bound for bound in bounds_of(test) if isinstance(bound, str)]
