"""Why verdicts may be other than meant, although every file can be read: names that the data does not know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fireflower.app.replaying import History
    from fireflower.language.nodes import Definition

_FEW = 3
"""How many definitions a note names."""


def unseen_names(history: History, definitions: Sequence[Definition]) -> list[str]:
    """A sentence for each event and trait that the definitions name and the data does not know. Reads no rows."""
    from fireflower.language.checking import unseen_names as doubted

    by_message: dict[str, dict[str, None]] = {}
    for definition, message in doubted(definitions, history.archive.vocabulary().names):
        by_message.setdefault(message, {})[definition] = None
    return [f"{_together(list(names))}: {message}" for message, names in by_message.items()]


def _together(names: Sequence[str]) -> str:
    more = [f"{len(names) - _FEW:,} more"] if len(names) > _FEW else []
    return ", ".join([*names[:_FEW], *more])
