"""Why verdicts may be other than meant, although every file can be read: names that the data does not know,
traits that it knows too late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fireflower.model.moments import DAY, format_moment

if TYPE_CHECKING:
    from fireflower.app.replaying import History
    from fireflower.language.nodes import Definition
    from fireflower.model.records import SubjectKind

_FEW = 3
"""How many definitions a note names."""


@dataclass(frozen=True, slots=True)
class LateTrait:
    """A trait that is known only from after the moment of the verdicts on, so that it is missing everywhere.

    Attributes
    ----------
    first, as_of : the time of its first record, and that of the verdicts
    """

    owner: SubjectKind
    name: str
    first: int
    as_of: int

    @property
    def message(self) -> str:
        """What there is."""
        first, as_of = _two_moments(self.first, self.as_of)
        return f"{self.owner}.{self.name} is known only from {first} on, after the moment of the verdicts ({as_of})"

    @property
    def next_step(self) -> str:
        """What to do about it."""
        return f"declare {self.owner}.{self.name} under `timeless:` in fireflower.yaml if it has always held"


def unseen_names(history: History, definitions: Sequence[Definition]) -> list[str]:
    """A sentence for each event, trait and property that the definitions name and the data does not know. Reads no
    rows."""
    from fireflower.language.checking import unseen_names as doubted

    by_message: dict[str, dict[str, None]] = {}
    archive = history.archive
    for definition, message in doubted(definitions, archive.vocabulary().names, archive.summary().property_names):
        by_message.setdefault(message, {})[definition] = None
    return [f"{_together(list(names))}: {message}" for message, names in by_message.items()]


def _together(names: Sequence[str]) -> str:
    more = [f"{len(names) - _FEW:,} more"] if len(names) > _FEW else []
    return ", ".join([*names[:_FEW], *more])


def late_traits(history: History, definitions: Sequence[Definition], as_of: int) -> list[LateTrait]:
    """The traits that the definitions read and that are not known yet at the moment of the verdicts. Such are those
    of a table without times, which hold from its import on. Where nothing at all is known yet, nothing is said."""
    from fireflower.language.walking import traits_of

    summary = history.archive.summary()
    if summary.first is None or as_of < summary.first:
        return []
    found = history.archive.late_traits(traits_of(tuple(definitions)) - {*history.settings.timeless}, as_of)
    return [LateTrait(owner, name, first, as_of) for (owner, name), first in sorted(found.items())]


def _two_moments(first: int, as_of: int) -> tuple[str, str]:
    """Two moments to the day, or exactly where they are of the same day."""
    length = 10 if first // DAY != as_of // DAY else None
    return format_moment(first)[:length], format_moment(as_of)[:length]
