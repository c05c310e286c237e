"""Notes on standard error about what makes verdicts other than meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from fireflower.cli.printing import in_one_line

if TYPE_CHECKING:
    from fireflower.app.replaying import History
    from fireflower.language.nodes import Definition

MOST = 5


def note_doubts(history: History, definitions: Sequence[Definition], as_of: int) -> None:
    """Say which names of the definitions the data does not know, and which traits it knows only after the moment."""
    from fireflower.app.notes import late_traits, unseen_names

    notes = unseen_names(history, definitions)
    for note in notes[:MOST]:
        _note(note)
    if len(notes) > MOST:
        _note(f"and {len(notes) - MOST:,} more: 'fireflower check' shows all")
    for trait in late_traits(history, definitions, as_of):
        _note(f"{trait.message}: {trait.next_step}.")


def _note(text: str) -> None:
    click.echo(f"note: {in_one_line(text)}", err=True)
