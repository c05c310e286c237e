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


def note_doubts(history: History, definitions: Sequence[Definition]) -> None:
    """Say which names of the definitions the data does not know."""
    from fireflower.app.notes import unseen_names

    notes = unseen_names(history, definitions)
    for note in notes[:MOST]:
        _note(note)
    if len(notes) > MOST:
        _note(f"and {len(notes) - MOST:,} more: 'fireflower check' shows all")


def _note(text: str) -> None:
    click.echo(f"note: {in_one_line(text)}", err=True)
