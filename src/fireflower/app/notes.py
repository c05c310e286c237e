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
        return f"{self._written} is known only from {first} on, after the moment of the verdicts ({as_of})"

    @property
    def _written(self) -> str:
        from fireflower.language.nodes import Trait
        from fireflower.language.sentences import write_quantity

        return write_quantity(Trait(self.owner, self.name))

    @property
    def next_step(self) -> str:
        """What to do about it."""
        return f"declare {self._written} under `timeless:` in fireflower.yaml if it has always held"


def misfits(history: History, definitions: Sequence[Definition], *, goals: bool = False) -> list[str]:
    """A sentence for each event, trait and property that the definitions name and the data does not know, and for each
    trait that they compare with numbers and that is text. Nothing where there is no data. Reads no rows.

    Parameters
    ----------
    goals : whether goals matter, too: verdicts do not need them
    """
    from fireflower.language.checking import traits_in_text, unseen_goals, unseen_names

    summary, vocabulary = history.archive.summary(), history.archive.vocabulary()
    if not summary.records:
        return []
    found = [
        *unseen_names(definitions, vocabulary.names, summary.property_names),
        *traits_in_text(definitions, vocabulary),
        *(unseen_goals(definitions, vocabulary.names) if goals else ()),
    ]
    by_message: dict[str, dict[str, None]] = {}
    for definition, message in found:
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
