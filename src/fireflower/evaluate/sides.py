"""What live evaluation keeps of the subjects of one kind, beside the kernel's states of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fireflower.evaluate.kernel import layout as k
from fireflower.evaluate.machine import Machine
from fireflower.evaluate.pasts import Pasts
from fireflower.evaluate.results import Subject
from fireflower.evaluate.sleeping import Sleepers
from fireflower.evaluate.timers import Timers
from fireflower.model.runs import Runs
from fireflower.model.timeline import TO_ACCOUNT, TO_PERSON

BIT = {Subject.ACCOUNT: TO_ACCOUNT, Subject.PERSON: TO_PERSON}
HEAD = {Subject.ACCOUNT: k.ACCOUNTS, Subject.PERSON: k.PEOPLE}
COLUMN = {Subject.ACCOUNT: "account", Subject.PERSON: "person"}
"""Of each kind: its bit in `target`, where the memory says which program is its, and the column of its numbers."""

NEVER_BEFORE = -2
"""Before every moment, and before -1, which is before the first."""


class Side:
    """The subjects of one kind, in columns by their numbers.

    Attributes
    ----------
    last : the last instant that has been decided; -1 for one who is not known
    settled, since : a state of a while ago, and up to when that had been decided; NEVER_BEFORE of one to whom nothing
        has happened for long, and who has none
    nearer, near : a state that is *nearer*, and up to when that had been decided; NEVER_BEFORE if there is none. What
        comes late is mostly late by seconds: then only the rows behind the nearer state are told again
    come : when the last of the rows since happened
    rows : the numbers of rows that are remembered
    pasts : all rows of those whose past has been told from its beginning lately
    sleepers : those to whom nothing has happened for long
    tired : who may be put to sleep
    """

    def __init__(self, kind: Subject, machine: Machine) -> None:
        self.last, self.settled, self.since, self.nearer, self.near, self.come = np.zeros((6, 0), np.int64)
        self.rows = Runs()
        self.timers = Timers()
        self.pasts = Pasts(COLUMN[kind], BIT[kind])
        self.sleepers, self.tired = Sleepers(machine, HEAD[kind]), np.zeros(0, np.int64)

    def too_late(self, times: NDArray[np.int64], codes: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Which rows come so late that their subjects' past has to be told from its beginning."""
        return (times <= self.last[codes]) & ((self.since[codes] == NEVER_BEFORE) | (times <= self.since[codes]))

    def make_room(self, wanted: int) -> None:
        """Room for so many subjects."""
        if wanted <= len(self.last):
            return
        room = max(wanted, 2 * len(self.last), 64)
        self.settled, self.nearer = (_longer(states, room, 0) for states in (self.settled, self.nearer))
        self.last, self.come = (_longer(moments, room, -1) for moments in (self.last, self.come))
        self.since, self.near = (_longer(moments, room, NEVER_BEFORE) for moments in (self.since, self.near))
        self.timers.make_room(room)
        self.sleepers.make_room(room)


@dataclass(slots=True)
class Again:
    """Subjects of one kind whose past is told again.

    Attributes
    ----------
    late : when the first of the rows happened that have come late
    since : the moment up to which the state stands from which they are told again
    stands : the moment up to which their verdicts stand; before that, of those whose whole past is told
    """

    late: dict[int, int] = field(default_factory=dict)
    since: dict[int, int] = field(default_factory=dict)
    stands: dict[int, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.late or self.stands)

    def codes(self) -> NDArray[np.int64]:
        """Those of whose verdicts it is known how far they stand."""
        return np.fromiter(self.stands, np.int64, len(self.stands))


def _longer(column: NDArray[np.int64], room: int, filling: int) -> NDArray[np.int64]:
    return np.concatenate([column, np.full(room - len(column), filling, np.int64)])
