"""Is a definition well formed, and does it fit the data? `check` is for definitions that were built in Python (files
are checked as they are read); `check_against` compares any definition with what the data holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from fireflower.language.doubts import Data, PropertyValues, wants_number
from fireflower.language.goals import goal_warnings
from fireflower.language.nodes import Definition, Events, Property, Settings, Trait
from fireflower.language.recencies import recency_warnings
from fireflower.language.rules import complaints
from fireflower.language.walking import conditions_of, walk
from fireflower.model.errors import Fault, did_you_mean
from fireflower.model.timeline import Name, Vocabulary


def check(definitions: Iterable[Definition]) -> list[Fault]:
    """What the rules of the language have against these definitions; nothing for those that were loaded."""
    faults: list[Fault] = []
    seen: set[str] = set()
    for definition in definitions:
        if not definition.name or definition.name in seen:
            faults.append(Fault(f"definitions need names that differ, got {definition.name!r}.", definition.file))
        seen.add(definition.name)
        for node in walk(definition):
            for complaint in complaints(node, definition.subject):
                faults.append(Fault(f"{definition.name}: {complaint}.", definition.file))
    return list(dict.fromkeys(faults))


def check_against(
    definitions: Sequence[Definition],
    settings: Settings,
    vocabulary: Vocabulary,
    properties: Collection[str] | None = None,
    values: PropertyValues | None = None,
) -> list[Fault]:
    """What is probably not meant, as warnings: names and values that the data does not hold, goals that end what they
    require.

    Parameters
    ----------
    properties : those that events have in the data. None: not known; then nothing is said about properties
    values : their values, as far as they are known
    """
    data = Data(vocabulary, properties, values or {})
    faults = [fault for definition in definitions for fault in _definition_warnings(definition, settings, data)]
    return list(dict.fromkeys([*_settings_warnings(settings, data), *faults]))


def unseen_names(
    definitions: Iterable[Definition], names: Sequence[Name], properties: Collection[str]
) -> Iterator[tuple[str, str]]:
    """(definition, what `check_against` says) for each event, trait and property that a definition names and the
    data, of which these are the names, does not hold. A goal that never happened is no such thing: verdicts do not need
    it."""
    data = Data(Vocabulary(names, (), ()), properties, {})
    for definition in definitions:
        for node in walk(definition):
            if isinstance(node, Events | Trait | Property) and node != definition.goal:
                for _, _, message in data.doubts(node):
                    yield definition.name, message


def unseen_goals(definitions: Iterable[Definition], names: Sequence[Name]) -> Iterator[tuple[str, str]]:
    """(definition, what `check_against` says) for each goal that has never happened in the data."""
    data = Data(Vocabulary(names, (), ()), None, {})
    for definition in definitions:
        for _, message in _unseen_goal(definition.goal, data):
            yield definition.name, message


def traits_in_text(definitions: Iterable[Definition], vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    """(definition, what `check_against` says) for each trait that a definition compares with numbers and that is text
    in the data, wholly or in part."""
    data = Data(vocabulary, None, {})
    for definition in definitions:
        for node in conditions_of(definition):
            if isinstance(node.quantity, Trait) and wants_number(node.test):
                for _, _, message in data.doubts(node):
                    yield definition.name, message


def _definition_warnings(definition: Definition, settings: Settings, data: Data) -> Iterator[Fault]:
    where = _Places(definition)
    if definition.goal != settings.goal:
        yield from _goal_warnings(definition.goal, where, data)
    for message in goal_warnings(definition):
        yield where.warning(message, "key", "definition")
    for events, message in recency_warnings(definition, settings.start):
        yield where.warning(message, *(("event", events.names[0]) if events.names else ("key", "definition")))
    used = (definition, tuple(quantity for _, quantity in definition.quantities))
    yield from _warnings(used, where, data, aside=definition.goal)


def _settings_warnings(settings: Settings, data: Data) -> Iterator[Fault]:
    where = _Places(settings)
    traits = tuple(Trait(owner, name) for owner, name in settings.timezone_traits)
    yield from _warnings((settings, traits, settings.speaks_for), where, data, aside=settings.goal)
    yield from _goal_warnings(settings.goal, where, data)


def _goal_warnings(goal: Events | None, where: _Places, data: Data) -> Iterator[Fault]:
    for name, message in _unseen_goal(goal, data):
        yield where.warning(message, "event", name)


def _unseen_goal(goal: Events | None, data: Data) -> Iterator[tuple[str, str]]:
    """(event, message) for each event of the goal that the data does not hold."""
    for name in data.unseen(goal) if goal else ():
        near = did_you_mean(name, data.events)
        yield (
            name,
            f"the goal {name!r} has never happened in the data, so nothing can be said of who reaches it.{near}",
        )


def _warnings(nodes: Any, where: _Places, data: Data, aside: Events | None) -> Iterator[Fault]:
    for node in walk(nodes):
        if node == aside:
            continue
        for what, name, message in data.doubts(node):
            yield where.warning(message, what, name)


class _Places:
    """Where a file first mentions a name."""

    def __init__(self, source: Definition | Settings) -> None:
        self.file = source.file
        self.name = source.name if isinstance(source, Definition) else "settings"
        self.first = {(mention.what, mention.name): mention for mention in reversed(source.mentions)}

    def warning(self, message: str, what: str, name: str) -> Fault:
        mention = self.first.get((what, name))
        if mention is None:
            return Fault(f"{self.name}: {message}", self.file, severity="warning")
        return Fault(message, self.file, mention.line, mention.column, "warning")
