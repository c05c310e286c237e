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


def note_doubts(history: History, definitions: Sequence[Definition], as_of: int, *, goals: bool = False) -> None:
    """Say which names of the definitions the data does not know, which traits it has as text in the place of numbers,
    and which it knows only after the moment.

    Parameters
    ----------
    goals : whether a goal that has never happened is said, too
    """
    from fireflower.app.notes import late_traits, misfits

    notes = misfits(history, definitions, goals=goals)
    for note in notes[:MOST]:
        _note(note)
    if len(notes) > MOST:
        _note(f"and {len(notes) - MOST:,} more: 'fireflower check' shows all")
    for trait in late_traits(history, definitions, as_of):
        _note(f"{trait.message}: {trait.next_step}.")


def _note(text: str) -> None:
    click.echo(f"note: {in_one_line(text)}", err=True)
