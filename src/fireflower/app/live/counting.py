"""What is counted while the service runs, for those who watch it."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

from fireflower.history.log.verdicts import News

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Seconds, the upper bounds of the parts of a distribution."""


@dataclass(slots=True)
class Tally:
    """What has come.

    Attributes
    ----------
    received : readable messages, duplicates among them
    rejected : what was kept aside
    forgotten : what was about people who were forgotten, of which nothing is kept
    """

    received: int = 0
    duplicates: int = 0
    rejected: int = 0
    forgotten: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.received + other.received, self.duplicates + other.duplicates, self.rejected + other.rejected,
            self.forgotten + other.forgotten,
        )  # fmt: skip


@dataclass(slots=True)
class Spread:
    """How long something took.

    Attributes
    ----------
    counts : how many took at most each of `BOUNDS` and more than the one before; at last, those that took longer
    seconds : all together
    """

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds


@dataclass(slots=True)
class Told:
    """What has been recorded since the start. Written by the evaluator's thread alone.

    Attributes
    ----------
    transitions : by definition and change
    retracted : by definition
    delay : from when a transition could be known (its record's receipt, or its moment by time alone) to its recording
    """

    transitions: Counter[tuple[str, str]] = field(default_factory=Counter)
    retracted: Counter[str] = field(default_factory=Counter)
    delay: Spread = field(default_factory=Spread)

    def add(self, news: News) -> None:
        for each in news.new:
            if not each.past:
                self.transitions[each.definition, each.change] += 1
                self.delay.add(max(0, each.recorded - each.known_at) / 1e6)
        for each in news.retracted:
            self.retracted[each.definition] += 1
