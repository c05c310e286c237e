"""What the data holds, and what in a node does not fit it: names never seen, values of another type."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fireflower.language.cursor import listed
from fireflower.language.nodes import (
    Between,
    Compare,
    Condition,
    Date,
    Difference,
    Events,
    Extreme,
    FieldTest,
    Latest,
    Members,
    OneOf,
    Property,
    Ratio,
    Role,
    Sum,
    Test,
    Text,
    Trait,
)
from fireflower.model.errors import did_you_mean
from fireflower.model.records import Kind
from fireflower.model.timeline import Vocabulary

_OWNERS = {Kind.PERSON_TRAIT: "person", Kind.ACCOUNT_TRAIT: "account"}
_FEW = 12

Doubt = tuple[str, str, str]
"""("event", "property", "trait" or "role"; its name; what is doubtful)."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What values a property or trait has in the data.

    Attributes
    ----------
    texts : those that are no numbers, as far as they are known
    has_numbers : whether there are numbers, too; None where it is not known
    """

    texts: Sequence[Any]
    has_numbers: bool | None


class Data:
    """What the data holds.

    Parameters
    ----------
    properties : those that events have; None: not known, then properties are not doubted
    """

    def __init__(self, vocabulary: Vocabulary, properties: Collection[str] | None) -> None:
        self.events = {name for kind, name in vocabulary.names if kind == Kind.EVENT}
        self.roles = set(vocabulary.roles)
        self.knows_properties = properties is not None
        self.values: dict[tuple[str, str], _Seen] = {}
        for kind, name in vocabulary.names:
            if kind in _OWNERS:
                seen = _seen(vocabulary.traits.get((kind, name), ()))
                self.values["trait", f"{_OWNERS[kind]}.{name}"] = seen
        for path in properties or ():
            self.values["property", path] = _Seen(vocabulary.texts.get(path, ()), None)

    def unseen(self, events: Events) -> list[str]:
        return [name for name in events.names if name not in self.events]

    def doubts(self, node: Any) -> Iterator[Doubt]:
        """What in this node itself (not in its parts) does not fit."""
        match node:
            case Events():
                for name in self.unseen(node):
                    yield "event", name, f"no event {name!r} is in the data.{did_you_mean(name, self.events)}"
            case Trait() | Property():
                yield from self._unseen_value(node)
            case Members(roles=roles):
                yield from self._unseen_roles(roles)
            case FieldTest(field=Role(), test=test):
                yield from self._unseen_roles(_text_bounds(test))
            case FieldTest(field=Property() as source, test=test):
                yield from self._test(source, test)
            case Condition(quantity=Trait() as source, test=test):
                yield from self._test(source, test)
            case Condition(quantity=Latest(of=source), test=test):
                yield from self._test(source, test)
            case Condition(quantity=Ratio(Trait() | Latest(of=Property()) as share, Trait() | Latest()), test=test):
                yield from _large_share(share, test)
            case Sum(of=source) | Extreme(of=source):
                yield from self._numberless(source)
            case Ratio(first, second) | Difference(first, second):
                yield from self._numberless(first)
                yield from self._numberless(second)

    def _unseen_value(self, source: Trait | Property) -> Iterator[Doubt]:
        what, name = _name(source)
        if (what, name) in self.values or (what == "property" and not self.knows_properties):
            return
        near = did_you_mean(name, [known for kind, known in self.values if kind == what])
        shown = f"trait {name}" if what == "trait" else f"event has a property {name!r}"
        yield what, name, f"no {shown}{' is' if what == 'trait' else ''} in the data.{near}"

    def _unseen_roles(self, roles: Iterable[str]) -> Iterator[Doubt]:
        for role in roles:
            if role not in self.roles:
                near = did_you_mean(role, self.roles)
                yield "role", role, f"no member has the role {role!r} in the data.{near}"

    def _numberless(self, source: Any) -> Iterator[Doubt]:
        if isinstance(source, Latest):
            source = source.of
        if not isinstance(source, Trait | Property):
            return
        what, name = _name(source)
        seen = self.values.get((what, name))
        if seen and seen.has_numbers is False:
            yield what, name, f"{_shown(source)} is never a number in the data, so there is nothing to compute with."

    def _test(self, source: Trait | Property, test: Test) -> Iterator[Doubt]:
        what, name = _name(source)
        seen = self.values.get((what, name))
        for message in _misfits(test, seen) if seen else ():
            yield what, name, f"{_shown(source)} {message}"


def _large_share(share: Trait | Latest, test: Test) -> Iterator[Doubt]:
    """Of what is used of a limit, `>= 90` says 9,000 %."""
    match test:
        case Compare(">" | ">=" as op, int() | float() as bound) if 50 <= bound <= 100:
            meant = f"{op} {bound:g}%"
            what, name = _name(share.of if isinstance(share, Latest) else share)
            yield what, name, f"'{op} {bound:g}' is {bound:,.0%} of the limit. Did you mean '{meant}'?"


def _name(source: Trait | Property) -> tuple[str, str]:
    return ("trait", f"{source.owner}.{source.name}") if isinstance(source, Trait) else ("property", source.path)


def _shown(source: Trait | Property) -> str:
    return f"{source.owner}.{source.name}" if isinstance(source, Trait) else f"properties.{source.path}"


def _seen(values: Sequence[Any]) -> _Seen:
    texts = [value for value in values if isinstance(value, str | bool | list | tuple)]
    return _Seen(texts, len(texts) < len(values))


# --- Values -----------------------------------------------------------------------------------------------------------


def _misfits(test: Test, seen: _Seen) -> Iterator[str]:
    """Whether values such as the test's bounds are in the data at all."""
    if _wants_number(test) and seen.has_numbers is False and seen.texts:
        yield f"is never a number in the data (but for example {seen.texts[0]!r}), so this never holds."
    if _wants_text(test) and not seen.texts and seen.has_numbers:
        yield "is always a number in the data, so this never holds."
    known = set(_all_texts(seen))
    for bound in _text_bounds(test):
        near = did_you_mean(bound, known)
        if known and bound not in known and (near or len(known) <= _FEW):
            yield f"is never {bound!r} in the data.{near or f' It is {listed(sorted(known))}.'}"


def _all_texts(seen: _Seen) -> Iterator[str]:
    for value in seen.texts:
        for item in value if isinstance(value, list | tuple) else (value,):
            if isinstance(item, str):
                yield item


def _wants_number(test: Test) -> bool:
    bounds = _bounds(test)
    return bool(bounds) and all(isinstance(bound, int | float) and not isinstance(bound, bool) for bound in bounds)


def _wants_text(test: Test) -> bool:
    bounds = _bounds(test)
    return isinstance(test, Text | Date) or (bool(bounds) and all(isinstance(bound, str) for bound in bounds))


def _text_bounds(test: Test) -> list[str]:
    return [bound for bound in _bounds(test) if isinstance(bound, str)]


def _bounds(test: Test) -> tuple[Any, ...]:
    match test:
        case Compare():
            return (test.bound,)
        case Between():
            return (test.low, test.high)
        case OneOf():
            return test.values
    return ()
