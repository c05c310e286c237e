"""How errors are printed: as text that says what, where and what to do next; for definitions with the source line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import click

from fireflower.cli.printing import printable
from fireflower.model.errors import DefinitionError, Fault

MOST_BESIDE = 100
"""How much of a source line is shown on either side of a fault."""
COLOURS = {"error": "red", "warning": "yellow"}


class Failure(click.ClickException):
    """An error that the user can mend, as the command line shows it."""

    exit_code = 1

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error

    def show(self, file: IO[Any] | None = None) -> None:
        if isinstance(self.error, DefinitionError):
            show_faults(self.error.faults)
        else:
            click.echo(f"{click.style('error', fg='red', bold=True)}: {printable(_reason(self.error))}", err=True)


class WrongName(Failure):
    """A name on the command line that is not there: wrong usage, while the project is as it should be."""

    exit_code = 2


def show_faults(faults: Sequence[Fault]) -> None:
    """Print every fault with its source line and a caret, then how many there are, to standard error."""
    for fault in faults:
        click.echo("\n".join(_lines(fault)), err=True)
    click.echo(summary(faults), err=True)


def summary(faults: Iterable[Fault]) -> str:
    """How many faults there are: "2 errors, 1 warning".

    >>> summary([Fault("x"), Fault("y", severity="warning"), Fault("z")])
    '2 errors, 1 warning'
    """
    counts = Counter(fault.severity for fault in faults)
    parts = [f"{counts[kind]} {kind}{'' if counts[kind] == 1 else 's'}" for kind in COLOURS if counts[kind]]
    return ", ".join(parts) or "no faults"


def _lines(fault: Fault) -> Iterable[str]:
    place = str(fault).removesuffix(f"{fault.severity}: {fault.message}")
    colour = COLOURS.get(fault.severity)
    severity = click.style(fault.severity, fg=colour, bold=True)
    yield f"{click.style(place, bold=True)}{severity}: {printable(fault.message)}"
    source = _source(fault)
    if source is None:
        return
    margin = f"{fault.line:>5} | "
    before, after = _around(source, max(fault.column - 1, 0))
    yield margin + before + after
    if fault.column:
        yield " " * (len(margin) - 2) + "| " + _blank(before) + click.style("^", fg=colour)


def _around(source: str, place: int) -> tuple[str, str]:
    """What stands before and after a place of a line, as far as one wants to read it."""
    before, after = source[:place], source[place:]
    if len(before) > MOST_BESIDE:
        before = "…" + before[-MOST_BESIDE:]
    if len(after) > MOST_BESIDE:
        after = after[:MOST_BESIDE] + "…"
    return printable(before), printable(after)


def _blank(text: str) -> str:
    """Blanks as wide as the text; tabs stay, so that the caret stands under its place."""
    return "".join("\t" if letter == "\t" else " " for letter in text)


def _source(fault: Fault) -> str | None:
    """The line of the file that the fault is about; None where there is no such text to show."""
    path = Path(fault.file)
    if not fault.line or not path.is_file():
        return None
    lines = _text(path)
    return lines[fault.line - 1] if fault.line <= len(lines) else None


@lru_cache
def _text(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__
