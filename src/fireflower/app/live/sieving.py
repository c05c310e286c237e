"""Of everybody's rows, those of the subjects whom this process evaluates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fireflower.history.ongoing import Who
from fireflower.model.records import SubjectKind
from fireflower.model.rows import Row
from fireflower.model.timeline import TO_ACCOUNT, TO_PERSON, Timeline

Concerns = Callable[[SubjectKind, str], bool]
"""Whether a subject is evaluated here."""


class Sieve:
    """Lets rows through to those who are evaluated here, and remembers of the other people when they did something
    last: whether a record about them comes late is to be known here, too.

    Attributes
    ----------
    concerns : who is evaluated here
    """

    def __init__(self, concerns: Concerns) -> None:
        self.concerns = concerns
        self._elsewhere: dict[str, int] = {}

    def rows(self, rows: Iterable[Row]) -> list[Row]:
        """Those of these rows that somebody here has a part in, for them alone."""
        own: list[Row] = []
        for row in rows:
            target = row.target
            if target & TO_PERSON and row.person is not None and not self.concerns("person", row.person):
                target &= ~TO_PERSON
                self._elsewhere[row.person] = max(row.time, self._elsewhere.get(row.person, -1))
            if target & TO_ACCOUNT and row.account is not None and not self.concerns("account", row.account):
                target &= ~TO_ACCOUNT
            if target == row.target:
                own.append(row)
            elif target & (TO_PERSON | TO_ACCOUNT):
                own.append(row.copy(target, row.block))
        return own

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
        sides: tuple[tuple[int, SubjectKind, NDArray[np.int32], Sequence[str]], ...] = (
            (TO_PERSON, "person", timeline.person, timeline.vocabulary.people),
            (TO_ACCOUNT, "account", timeline.account, timeline.vocabulary.accounts),
        )
        for bit, kind, column, ids in sides:
            mine = np.flatnonzero(target & bit)
            codes, places = np.unique(column[mine], return_inverse=True)
            here = np.array([self.concerns(kind, ids[code]) for code in codes.tolist()], np.bool_)
            others = mine[~here[places]] if len(mine) else mine
            target[others] &= ~np.uint8(bit)
            if kind == "person":
                inside = others[timeline.time[others] <= until]
                for code, time in zip(column[inside].tolist(), timeline.time[inside].tolist(), strict=True):
                    self._elsewhere[ids[code]] = max(time, self._elsewhere.get(ids[code], -1))
        return replace(timeline, target=target)

    def last(self, kind: SubjectKind, id: str) -> int | None:
        """The last instant of somebody who is not evaluated here; None if nothing is known of it here."""
        if kind != "person" or self.concerns(kind, id):
            return None
        return self._elsewhere.get(id)
