"""Which messages of the log speak of whom. It is kept in memory: the log is read as a whole at the start anyway, while
indexes of the database would cost more than everything else that is done to keep a message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from fireflower.history.arrivals import Arrivals
from fireflower.history.log.durable import place_of
from fireflower.model.records import IDENTITY
from fireflower.model.runs import Runs


class Mentions:
    """Places in the log, by person and by account. One thread notes; others may look meanwhile.

    Ids go by their hashes here, which cost nothing to keep: two ids that have one are looked up together.

    Attributes
    ----------
    behind : the place behind which all messages are noted
    """

    def __init__(self, behind: int) -> None:
        self.behind = behind
        self._people, self._accounts = Runs(), Runs()

    def note(self, arrivals: Arrivals) -> None:
        """Note of whom records speak. They come in the order of the log."""
        others = [each.record for each in arrivals.others]
        numbers = np.concatenate([arrivals.numbers, np.array([each.number for each in arrivals.others], np.int64)])
        places, events = place_of(numbers), arrivals.events
        self._people.add(_hashes([*events.person, *(each.person for each in others)]), places)
        self._accounts.add(_hashes([*events.account, *(each.account for each in others)]), places)
        identities = [nth for nth, each in enumerate(others) if each.kind == IDENTITY]
        where = places[len(events) :][identities]
        self._people.add(_hashes([str(others[nth].value) for nth in identities]), where)

    def forget(self, up_to: int) -> None:
        """Forget the places up to and including this one."""
        if up_to > self.behind:
            self.behind = up_to
            self._people.forget(up_to + 1)
            self._accounts.forget(up_to + 1)

    def of(self, people: Iterable[str], accounts: Iterable[str]) -> list[int]:
        """The places of the messages that speak of any of these, and perhaps of others, in order."""
        found: list[NDArray[np.int64]] = []
        for runs, ids in ((self._people, list(people)), (self._accounts, list(accounts))):
            found.append(runs.of(_hashes(ids), np.zeros(len(ids), np.int64))[0])
        return np.unique(np.concatenate(found)).tolist()


def _hashes(ids: Sequence[str | None]) -> NDArray[np.int32]:
    """Half of them, and also of none, for whom nobody asks."""
    return np.fromiter(map(hash, ids), np.int64, len(ids)).astype(np.int32)
