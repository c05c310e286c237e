"""A vocabulary that grows while a program compiled for it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fireflower.evaluate.image import Dictionary, Outgrown
from fireflower.language.nodes import Definition, EventName, Events, Settings
from fireflower.language.walking import events_of, needs, properties_of, walk
from fireflower.model.codes import Codes, Numbers
from fireflower.model.records import EVENT, Kind
from fireflower.model.timeline import Name, Vocabulary

UNREAD = "\0unread"
"""The name of all traits, and of all events, that no definition tells apart from others."""

_FREE = "\0free"
_NAMES_KNOWN = 10_000
"""How many names have their codes at hand. Events may have any number of names."""

ANY = "\0any"


def _read_on(node: Any, properties: Sequence[str]) -> dict[str, Sequence[int]]:
    """Event -> places of the properties that are read on it; under ANY those of events that are not named."""
    read: dict[str, set[str]] = {ANY: set()}
    for inner in walk(node):
        events = inner if isinstance(inner, Events) else getattr(inner, "events", None)
        if isinstance(events, Events):
            for name in events.names or (ANY,):
                read.setdefault(name, set()).update(properties_of(inner))
    place = {path: number for number, path in enumerate(properties)}
    return {name: sorted(place[path] for path in paths | read[ANY]) for name, paths in read.items()}


class Codebook:
    """The dictionaries of a history that goes on.

    Parameters
    ----------
    begun : what is known already
    room : how many more values the dictionaries have room for that programs have tables for
    numbers : of the history, if others read it, too
    """

    def __init__(
        self,
        definitions: Sequence[Definition],
        settings: Settings,
        begun: Vocabulary,
        room: int = 4096,
        numbers: Numbers | None = None,
    ) -> None:
        wanted = needs(definitions, settings)
        self._room = room
        self._known: dict[tuple[Kind, str], tuple[int, Sequence[int]]] = {}
        read = (*definitions, settings)
        self._tells_names_apart = any(isinstance(node, EventName) for node in walk(read))
        self.properties = sorted(wanted.properties)
        self._read = _read_on(read, self.properties)
        self.numbers = numbers or Numbers.of(begun)
        self.people, self.accounts, self.roles = self.numbers.people, self.numbers.accounts, self.numbers.roles
        self.texts = {path: Codes(begun.texts.get(path, ())) for path in self.properties}
        fixed: list[Name] = [(kind, "") for kind in (Kind.IDENTITY, Kind.LEAVE, Kind.JOIN)]
        fixed += [(kind, UNREAD) for kind in (Kind.ACCOUNT_TRAIT, Kind.PERSON_TRAIT, Kind.EVENT)]
        fixed += [(Kind.EVENT, name) for events in events_of(read) for name in events.names]
        traits: list[Name] = [
            (Kind.ACCOUNT_TRAIT if owner == "account" else Kind.PERSON_TRAIT, name)
            for owner, name in sorted(wanted.traits | set(settings.timezone_traits))
        ]
        self.names = Codes(dict.fromkeys((*begun.names, *fixed, *traits)))
        self.traits = {name: Codes(begun.traits.get(name, ())) for name in traits}

    def vocabulary(self) -> Vocabulary:
        """What is known by now; it grows with the codebook."""
        return Vocabulary(
            names=self.names.values,
            people=self.people.values,
            accounts=self.accounts.values,
            texts={path: codes.values for path, codes in self.texts.items()},
            traits={name: codes.values for name, codes in self.traits.items()},
            roles=self.roles.values,
        )

    def roomy(self) -> Vocabulary:
        """The vocabulary with room for what may come: what a program is to be compiled for."""
        known = self.vocabulary()
        free: list[Name] = [(Kind.EVENT, f"{_FREE}{number}") for number in range(self._room)]
        blank = [""] * self._room
        return Vocabulary(
            names=[*known.names, *(free if self._tells_names_apart else ())],
            people=(),
            accounts=(),
            texts={path: [*values, *blank] for path, values in known.texts.items()},
            traits={name: [*values, *blank] for name, values in known.traits.items()},
            roles=[*known.roles, *blank],
        )

    def dictionary(self, which: Dictionary) -> Codes:
        """The dictionary that a program has a table for."""
        match which:
            case ("text", path):
                return self.texts[path]
            case ("trait", name):
                return self.traits[name]
        return self.roles

    def name(self, kind: Kind, name: str, limit: int) -> tuple[int, Sequence[int]]:
        """The code of a row's name, and which properties definitions read on such rows, by their place in
        `properties`. A program knows codes below the limit."""
        found = self._known.get((kind, name))
        if found is None:
            found = self._what(kind, name, limit), () if kind != EVENT else self._read.get(name, self._read[ANY])
            if len(self._known) < _NAMES_KNOWN:
                self._known[kind, name] = found
        return found

    def _what(self, kind: Kind, name: str, limit: int) -> int:
        if kind in (Kind.IDENTITY, Kind.LEAVE, Kind.JOIN):
            return self.names.known((kind, ""))
        code = self.names.known((kind, name))
        if code >= 0:
            return code
        if kind != Kind.EVENT or not self._tells_names_apart:
            return self.names.known((kind, UNREAD))
        if len(self.names) >= limit:
            raise Outgrown(f"the event {name!r}")
        return self.names.code((kind, name))
