"""Definitions over a project's whole history: what every use case that reads verdicts begins with."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from fireflower.model.errors import ProjectError

if TYPE_CHECKING:
    from fireflower.evaluate.results import Transitions
    from fireflower.history.archive import Archive, Summary
    from fireflower.language.nodes import Definition, Settings
    from fireflower.model.timeline import Timeline

Advance = Callable[[int, int], None]
"""Tells how much is done of how much."""


class History(Protocol):
    """What verdicts are read from: a project, or data frames in memory."""

    @property
    def settings(self) -> Settings: ...

    @property
    def archive(self) -> Archive: ...

    @property
    def last_received(self) -> int | None:
        """When the last message came live; None if none ever has."""


def transitions_of(
    history: History,
    definitions: Sequence[Definition],
    *,
    as_of: int | None = None,
    evidence: bool = False,
    progress: Advance | None = None,
) -> Transitions:
    """Every change of a verdict.

    Raises
    ------
    ProjectError
        If nothing has been imported yet.
    """
    from fireflower.evaluate.replay import replay

    return replay(definitions, evidence=evidence, **history_arguments(history, definitions, as_of, progress))


def standing_of(
    history: History,
    definitions: Sequence[Definition],
    *,
    as_of: int | None = None,
    progress: Advance | None = None,
) -> Transitions:
    """Who is qualified as of a moment, with the evidence as of then.

    Raises
    ------
    ProjectError
        If nothing has been imported yet.
    """
    from fireflower.evaluate.replay import standing

    return standing(definitions, **history_arguments(history, definitions, as_of, progress))


def history_arguments(
    history: History, definitions: Sequence[Definition], as_of: int | None, progress: Advance | None
) -> dict[str, Any]:
    from fireflower.language.walking import needs

    summary = history_of(history)
    properties = needs(definitions, history.settings).properties
    from fireflower.evaluate.engines import COMPILING_PAYS_FROM, is_compiled

    if summary.records > COMPILING_PAYS_FROM and not is_compiled():
        logging.getLogger("fireflower").warning(
            "Compiling the kernel, once on this machine: about half a minute, and later runs begin at once."
        )
    # Small histories run uncompiled, which a sequence makes known; large ones come piece by piece.
    timelines = _Pieces(history, properties)
    total = summary.records
    return {
        "settings": history.settings,
        "timelines": timelines if total > COMPILING_PAYS_FROM else list(timelines),
        "as_of": moment_of(history, as_of),
        "threads": processors(),
        "progress": None if progress is None else (lambda done: progress(min(done, total), total)),
    }


@dataclass(frozen=True)
class _Pieces:
    """The timelines of a history, read anew each time that they are gone through, so that no replay holds them all."""

    history: History
    properties: frozenset[str]

    def __iter__(self) -> Iterator[Timeline]:
        return iter(self.history.archive.timelines(self.properties))


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def last_event(summary: Summary) -> int:
    """The time of the data's last event, or of its last record where it has no events."""
    return (summary.last if summary.last_event is None else summary.last_event) or 0


def moment_of(history: History, as_of: int | None) -> int:
    """The moment of the verdicts: the one given; else that of the data's last event or, if something has been received
    since, of the last message: until then the server has decided, too."""
    if as_of is not None:
        return as_of
    return max(last_event(history.archive.summary()), history.last_received or 0)


def history_of(history: History) -> Summary:
    """What the project's history holds.

    Raises
    ------
    ProjectError
        If nothing has been imported: fireflower does not answer from nothing.
    """
    summary = history.archive.summary()
    if not summary.records:
        raise ProjectError(
            "there is no history yet. Import your product's events: 'fireflower import events.csv'; or take them in "
            "as they come: 'fireflower serve'."
        )
    return summary


def reviewed(history: History, *definitions: Definition) -> tuple[Definition, ...]:
    """What must be replayed beside definitions that are to be reviewed: starts, activations, goals.

    The goal is the definition's own, which the loader has taken from the project where it names none; `goal: none`
    means that there is none.
    """
    from fireflower.review.moments import internal_definitions

    return internal_definitions(history.settings, *definitions)
