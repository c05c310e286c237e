"""Tables for people: drawn on a terminal as wide as it is; plain aligned columns when piped."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from fireflower.cli.printing import in_one_line, shortened
from fireflower.model.moments import to_datetime

if TYPE_CHECKING:
    from fireflower.review.intervals import Estimate


LONGEST_CELL = 300
_WHOLE = 12
"""Columns of cells that are no longer, such as dates and numbers, are not broken into lines where there is room."""


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[str] = ()) -> None:
    """Print rows under their columns' names; the columns in `right` are aligned to the right."""
    texts = [["" if cell is None else _cell(str(cell)) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _draw(columns, texts, right)
    else:
        for line in _aligned([list(columns), *texts], [name in right for name in columns]):
            click.echo(line)


def _cell(text: str) -> str:
    """On one line, and not so long that it pushes all other cells of the table away."""
    return shortened(in_one_line(text), LONGEST_CELL)


def _aligned(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    ]


def _draw(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    widths = [max(len(cell) for cell in column) for column in zip(columns, *rows, strict=True)]
    room = sum(width for width in widths if width <= _WHOLE) + 2 * len(columns) + 1 <= console.width
    for name, width in zip(columns, widths, strict=True):
        whole = room and width <= _WHOLE
        drawn.add_column(name, justify="right" if name in right else "left", overflow="fold", no_wrap=whole)
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    console.print(drawn)


def day(moment: int) -> str:
    """The calendar day (UTC) of a moment."""
    return f"{to_datetime(moment):%Y-%m-%d}"


def percent(share: Estimate) -> tuple[str, str]:
    """A share and its interval, both in percent; "-" where it is not known."""
    from fireflower.review import words

    if not share.known:
        return "-", "-"
    return words.percent(share.value, whole=True), words.percent_range(share.low, share.high, whole=True)
