"""What a command costs: it runs in a process of its own, and the kernel's accounting is read when it ends."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Cost:
    """What one run of a command took.

    Attributes
    ----------
    wall, user, system : seconds; processes that it started and waited for included
    memory : greatest resident size of any one of its processes, in bytes
    """

    wall: float
    user: float
    system: float
    memory: int

    @property
    def cpu(self) -> float:
        return self.user + self.system

    def times(self, factor: int, idle: Cost) -> Cost:
        """The cost of so many times the work, of which `idle` is done only once."""
        return Cost(
            idle.wall + (self.wall - idle.wall) * factor,
            idle.user + (self.user - idle.user) * factor,
            idle.system + (self.system - idle.system) * factor,
            self.memory,
        )


class CommandFailed(Exception):
    """A command of the benchmark did not end well."""


def measure(command: Sequence[str], *, folder: Path | None = None) -> Cost:
    """Run a command and say what it took. This process must stay small: a child begins with its parent's memory.

    Raises
    ------
    CommandFailed
        With what the command wrote, if it ended with a code other than 0.
    """
    with tempfile.TemporaryFile("w+") as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=folder)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            raise CommandFailed(f"{' '.join(command)} ended with {process.returncode}:\n{said.read()[-4000:]}")
    return Cost(wall, used.ru_utime, used.ru_stime, used.ru_maxrss * 1024)


def middle(costs: Sequence[Cost]) -> Cost:
    """The medians of several runs, each figure by itself; memory is the greatest of all."""
    return Cost(
        median(cost.wall for cost in costs),
        median(cost.user for cost in costs),
        median(cost.system for cost in costs),
        max(cost.memory for cost in costs),
    )
