"""Edited definitions, before they take effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from fireflower.app.live.parts import Part, Standing
from fireflower.app.live.past import Outdated
from fireflower.app.live.telling import meaning_of
from fireflower.app.project import Project
from fireflower.destinations import Destination
from fireflower.destinations.nodes import JsonLines
from fireflower.destinations.secret import Secret
from fireflower.history.log.verdicts import News, Recorded, VerdictLog, Who


@dataclass(slots=True)
class Prepared:
    """The definitions of a project's files, ready to take the place of those that are at work.

    Attributes
    ----------
    instead_of : what the definitions mean that are at work, by name
    changed : the names of those that mean something else than these, or are new
    part : these, evaluated; None if there are none, or if they have taken effect
    standing : every verdict of the part
    now : the moment up to which it has been evaluated
    compiled : whether by the compiled kernel
    basis : see `building.Built`
    is_spoiled : whether it has been told of a part of what has happened only, as something failed
    """

    project: Project
    instead_of: Mapping[str, str]
    changed: frozenset[str]
    part: Part | None
    standing: Standing
    now: int
    compiled: bool
    basis: str = ""
    is_spoiled: bool = False

    @property
    def position(self) -> int:
        """The place in the log up to which it has been evaluated; 0 if there is nothing to evaluate."""
        return self.part.past.position if self.part is not None else 0

    def close(self) -> None:
        """Let what it reads be removed from disk: it is not to take effect."""
        if self.part is not None:
            self.part.past.close()


@dataclass(frozen=True, slots=True)
class Difference:
    """Who would enter and leave by a definition if it took effect now.

    Attributes
    ----------
    what : whether it means something else, is new, or is no longer there
    staying : how many are qualified before and after
    """

    definition: str
    what: Literal["changed", "new", "gone"]
    entering: frozenset[Who]
    leaving: frozenset[Who]
    staying: int


AT_WORK = "edition"
"""Under this name the log's table `meta` has the edition that is at work."""


def edition_of(project: Project, destinations: Iterable[Destination]) -> str:
    """By which processes see whether they have the same files: what definitions mean, and where is told what."""
    meanings = sorted((each.name, meaning_of(each, project.settings)) for each in project.definitions)
    folder = project.folder.resolve()
    told = sorted(repr(_placeless(replace(each, file=""), folder)) for each in destinations)
    return sha256(repr((meanings, told)).encode()).hexdigest()[:32]


def _placeless(value: Any, folder: Path) -> Any:
    """A part of a destination without where the project lies on this machine."""
    if isinstance(value, Secret):
        return replace(value, folder="")
    if isinstance(value, JsonLines):
        path = (folder / value.path).resolve()
        return replace(value, path=str(path.relative_to(folder)) if path.is_relative_to(folder) else value.path)
    if isinstance(value, tuple):
        return tuple(_placeless(each, folder) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: _placeless(getattr(value, each.name), folder) for each in fields(value)})
    return value


def unchanged(known: Mapping[str, tuple[str, int]], meanings: Mapping[str, str]) -> dict[str, tuple[str, int]]:
    """Those that mean what they meant, with since when."""
    return {name: meant for name, meant in known.items() if meanings.get(name) == meant[0]}


def differences(record: VerdictLog, prepared: Prepared) -> list[Difference]:
    """What would be another if prepared definitions took the place of those at work.

    Raises
    ------
    Outdated
        If these are others than those beside which they were prepared.
    """
    if record.meant() != prepared.instead_of:
        raise Outdated
    before = prepared.instead_of.keys()
    kept = {definition.name for definition in prepared.project.definitions}
    found: list[Difference] = []
    for name in sorted(prepared.changed | (before - kept)):
        what: Literal["changed", "new", "gone"] = "changed" if name in kept & before else "gone"
        earlier, later = record.subjects(name), prepared.standing.qualified(name)
        entering, leaving = frozenset(later - earlier), frozenset(earlier - later)
        found.append(Difference(name, what if name in before else "new", entering, leaving, len(earlier & later)))
    return found


def told_of_the_past(record: VerdictLog, asked: Sequence[Difference], news: News) -> Iterator[News]:
    """What there is to tell of those who enter or leave by a change of definitions: of who leaves, their leaving, if
    they had been qualified by the new meaning, too; else that their entry counts no longer."""
    entries = sorted((each for each in news.retracted if each.change == "entered"), key=lambda each: each.at)
    taken_back = {(each.definition, each.kind, each.subject): each for each in entries}
    for difference in asked:
        for who in sorted(difference.entering | difference.leaving):
            latest = _latest(record, difference.definition, who)
            if latest is not None and (who in difference.entering or latest.change == "left"):
                yield News(new=[latest.as_news()])
            elif entered := latest or taken_back.get((difference.definition, *who)):
                yield News(retracted=[entered])


def _latest(record: VerdictLog, definition: str, who: Who) -> Recorded | None:
    """The last transition that stands."""
    return next((each for each in reversed(record.of(*who)) if each.definition == definition), None)
