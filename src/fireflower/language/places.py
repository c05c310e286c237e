"""Where something stands in a text, and the notes that a reader takes while it reads: faults and mentions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from fireflower.language.nodes import Mention
from fireflower.model.errors import DefinitionError, Fault


class Unreadable(Exception):
    """A piece of text cannot be read on. Its fault has been noted already; whoever reads the next piece goes on."""


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file: line and column are 1-based, 0 where there is no text."""

    file: str = ""
    line: int = 0
    column: int = 0


@dataclass(slots=True)
class Notes:
    """What has been noticed in one file. Reading goes on after a fault, so that all of them are shown together."""

    faults: list[Fault] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)

    def fault(self, place: Place, message: str) -> None:
        fault = Fault(message, place.file, place.line, place.column)
        if fault not in self.faults:
            self.faults.append(fault)

    def mention(self, what: str, name: str, place: Place) -> None:
        self.mentions.append(Mention(what, name, place.line, place.column))

    def sorted_mentions(self) -> tuple[Mention, ...]:
        return tuple(sorted(self.mentions, key=lambda mention: (mention.line, mention.column)))

    def raise_faults(self) -> None:
        raise_faults(self.faults)


def raise_faults(faults: Iterable[Fault]) -> None:
    """Raise all faults together, in the order of files and of their text; nothing happens if there are none."""
    ordered = sorted(faults, key=lambda fault: (fault.file, fault.line, fault.column))
    if ordered:
        raise DefinitionError(ordered)
