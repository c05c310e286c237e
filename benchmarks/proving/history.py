"""What a world records, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from benchmarks.proving.chance import Ints

DAY = 86_400_000_000
"""Microseconds."""
MINUTE = 60_000_000
START = 1_704_067_200_000_000
"""2024-01-01: the first sign-up is on that day or later."""
NEVER = 2**62
"""A moment after every moment."""

SIGN_UP, GOAL = "Signed Up", "Subscription Started"


class Rows(NamedTuple):
    """Events: whose, which (a place in the names), when."""

    subject: Ints
    event: Ints
    time: Ints

    @classmethod
    def join(cls, parts: Sequence[Rows]) -> Rows:
        return cls(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    @classmethod
    def of(cls, event: int, subject: Ints, time: Ints) -> Rows:
        """All of one event."""
        return cls(subject, np.full(len(subject), event), time)


class Trait(NamedTuple):
    """Changes of one trait, by time: whose, when, to which of its values."""

    name: str
    values: tuple[str, ...] | tuple[float, ...]
    subject: Ints
    time: Ints
    value: Ints

    def as_of(self, subjects: int, moment: Ints) -> Ints:
        """The place of each subject's value at its moment, -1 if it has none. At the very moment counts."""
        known = np.full(subjects, -1, np.int64)
        past = self.time <= moment[self.subject]
        known[self.subject[past]] = self.value[past]  # sorted by time: the last one stays
        return known


@dataclass(frozen=True, eq=False)
class History:
    """The records of one world, in order of time.

    Attributes
    ----------
    names : of events
    subject, event, time : one entry an event
    signed_up : moment, one entry a subject
    team : the account to which each subject belongs, -1 for none (persons); its number of people (accounts)
    traits : what is known of the subjects, sign-up's and later
    """

    names: tuple[str, ...]
    subject: Ints
    event: Ints
    time: Ints
    signed_up: Ints
    team: Ints
    traits: tuple[Trait, ...]

    @property
    def subjects(self) -> int:
        return len(self.signed_up)

    def until(self, moment: int) -> History:
        """What had been recorded before the moment. Subjects keep their numbers; later ones have no rows."""
        rows = np.searchsorted(self.time, moment)
        traits = tuple(
            each._replace(
                **{part: getattr(each, part)[: np.searchsorted(each.time, moment)] for part in each._fields[2:]}
            )
            for each in self.traits
        )
        return replace(
            self, subject=self.subject[:rows], event=self.event[:rows], time=self.time[:rows], traits=traits
        )  # fmt: skip

    def first(self, event: str) -> Ints:
        """The moment at which each subject first did it, NEVER for those who did not."""
        rows = np.flatnonzero(self.event == self.names.index(event))[::-1]
        moment = np.full(self.subjects, NEVER, np.int64)
        moment[self.subject[rows]] = self.time[rows]
        return moment
