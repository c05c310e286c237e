"""Of everybody's rows, those of the subjects whom this process evaluates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fireflower.history.ongoing import Who
from fireflower.model.codes import NOBODY, Numbers
from fireflower.model.records import SubjectKind
from fireflower.model.rows import Row, Rows
from fireflower.model.timeline import TO_ACCOUNT, TO_PERSON, Timeline

Concerns = Callable[[SubjectKind, str], bool]
"""Whether a subject is evaluated here."""


class Sieve:
    """Lets rows through to those who are evaluated here, and remembers of the other people when they did something
    last: whether a record about them comes late is to be known here, too.

    Parameters
    ----------
    numbers : by which rows name people and accounts

    Attributes
    ----------
    concerns : who is evaluated here
    """

    def __init__(self, concerns: Concerns, numbers: Numbers) -> None:
        self._numbers = numbers
        self._elsewhere: dict[str, int] = {}
        self.concern(concerns)

    def concern(self, concerns: Concerns) -> None:
        """From now on these are evaluated here, and nobody else."""
        self.concerns = concerns
        self._here: dict[SubjectKind, dict[int, bool]] = {"person": {}, "account": {}}

    def rows(self, rows: Rows) -> Rows:
        """Those of these rows that somebody here has a part in, for them alone."""
        target = rows.target.copy()
        self._others("account", target, TO_ACCOUNT, rows.account)
        others = self._others("person", target, TO_PERSON, rows.person)
        self._note(others, rows.person, rows.time)
        own = replace(rows, target=target)
        return own.at(np.flatnonzero(target & (TO_PERSON | TO_ACCOUNT)))

    def _others(
        self, kind: SubjectKind, target: NDArray[np.uint8], bit: int, column: NDArray[np.int32]
    ) -> NDArray[np.int64]:
        """Take rows from those of a kind who are evaluated elsewhere. Gives these rows."""
        here, mine = self._here[kind], np.flatnonzero((target & bit > 0) & (column != NOBODY))
        codes = column[mine].tolist()
        ids = (self._numbers.people if kind == "person" else self._numbers.accounts).values
        for code in set(codes).difference(here):
            here[code] = self.concerns(kind, ids[code])
        others = mine[np.array([not here[code] for code in codes], np.bool_)]
        target[others] &= ~np.uint8(bit)
        return others

    def past(self, past: Mapping[Who, list[Row]]) -> dict[Who, list[Row]]:
        """The pasts of those who are evaluated here."""
        own: dict[Who, list[Row]] = {}
        for (kind, id), rows in past.items():
            if self.concerns(kind, id):
                own[kind, id] = rows
            elif kind == "person":
                self._elsewhere[id] = rows[-1].time if rows else -1
        return own

    def timeline(self, timeline: Timeline, until: int) -> Timeline:
        """A timeline in which rows happen to those only who are evaluated here."""
        target = timeline.target.copy()
        self._others("account", target, TO_ACCOUNT, timeline.account)
        others = self._others("person", target, TO_PERSON, timeline.person)
        self._note(others[timeline.time[others] <= until], timeline.person, timeline.time)
        return replace(timeline, target=target)

    def _note(self, rows: NDArray[np.int64], person: NDArray[np.int32], time: NDArray[np.int64]) -> None:
        """Remember when these did something last."""
        ids = self._numbers.people.values
        for number, moment in zip(person[rows].tolist(), time[rows].tolist(), strict=True):
            self._elsewhere[ids[number]] = max(moment, self._elsewhere.get(ids[number], -1))

    def last(self, kind: SubjectKind, id: str) -> int | None:
        """The last instant of somebody who is not evaluated here; None if nothing is known of it here."""
        if kind != "person" or self.concerns(kind, id):
            return None
        return self._elsewhere.get(id)
