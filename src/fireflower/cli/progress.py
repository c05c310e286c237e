"""Progress on standard error, where a person watches a terminal; silence everywhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Advance = Callable[[int, int], None]
"""Tells how much is done of how much: `advance(done, total)`."""

Step = Callable[[str, int, int], None]
"""Tells what is being done, and how much of it is done of how much; 0 where nobody knows."""


@contextmanager
def progress(label: str) -> Iterator[Advance | None]:
    """A bar with this label while the block runs; None instead of a callback where nobody watches."""
    with steps(label) as step:
        yield None if step is None else (lambda done, total: step(label, done, total))


@contextmanager
def steps(label: str) -> Iterator[Step | None]:
    """A bar whose label tells the step, this one at first; None instead of a callback where nobody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda step, done, total: bar.update(task, description=step, completed=done, total=total or None)
