"""Of which circle a signal speaks: as fireflower.yaml declares it, else a guess for a person to confirm."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fireflower.language.lexing import quoted
from fireflower.language.nodes import CIRCLES, Circle, Events, Members, Settings, Trait
from fireflower.language.sentences import write_events, write_quantity
from fireflower.language.writing import dumped

if TYPE_CHECKING:
    from fireflower.discover.candidates import Candidate

_INTENT = re.compile(
    r"pric|upgrade|check ?out|talk to|sales|contact|demo|quote|billing|card|plan view|limit|invoice|procure"
    r"|security review",
    re.IGNORECASE,
)
_TAKEN = re.compile(r"(account|person)\.|members$")
"""In `circles:`, what looks like this is no event."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """An event, trait or `members`, as fireflower.yaml has it, and of which circle it speaks."""

    name: str
    circle: Circle
    declared: bool


def circle_of(event: str) -> Circle:
    """Of which circle an event speaks, by its name: looking at prices is a sign of purchase, the rest is use."""
    return "intent" if _INTENT.search(event) else "value"


def declared(settings: Settings) -> dict[str, Circle]:
    """What candidates are made of (`Candidate.of`) -> its circle."""
    found: dict[str, Circle] = {}
    for circle, signal in settings.speaks_for:
        match signal:
            case Events(names):
                found.update(dict.fromkeys(names, circle))
            case Trait(owner, name):
                found[f"{owner}.{name}"] = circle
            case Members():
                found["members"] = circle
    return found


def complete(found: Sequence[Spoken], settings: Settings) -> tuple[Spoken, ...]:
    """With everything else that is declared, so that a block of them all can stand in place of what there is."""
    known = {each.name: each for each in found}
    for circle, signal in settings.speaks_for:
        match signal:
            case Events(names):
                written = [_event(name) for name in names]
            case Trait():
                written = [write_quantity(signal)]
            case Members():
                written = ["members"]
        for name in written:
            known.setdefault(name, Spoken(name, circle, True))
    return tuple(known.values())


def spoken(candidates: Iterable[Candidate]) -> tuple[Spoken, ...]:
    """Each thing that these candidates are made of, once, with its circle."""
    found: dict[str, Spoken] = {}
    for candidate in candidates:
        name = write_quantity(candidate.quantity) if isinstance(candidate.quantity, Trait) else _event(candidate.of)
        found.setdefault(name, Spoken(name, candidate.circle, candidate.declared))
    return tuple(found.values())


def _event(name: str) -> str:
    written = write_events(Events((name,)))
    return quoted(name) if _TAKEN.match(written) and name != "members" else written


def block(found: Sequence[Spoken]) -> list[str]:
    """`circles:` for fireflower.yaml, line by line; what is only a guess has a question mark behind it."""
    lines = ["circles:"]
    for circle in CIRCLES:
        own = [each for each in found if each.circle == circle]
        lines += [f"  {circle}:"] if own else []
        lines += [f"    - {_scalar(each.name)}{'' if each.declared else '   # ?'}" for each in own]
    return lines


def _scalar(text: str) -> str:
    return dumped({"x": text}).strip().removeprefix("x: ")
