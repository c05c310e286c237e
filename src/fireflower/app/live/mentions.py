"""Which messages of the log speak of whom. It is kept in memory: the log is read as a whole at the start anyway, while
indexes of the database would cost more than everything else that is done to keep a message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from fireflower.history.log.reading import Durable
from fireflower.history.ongoing import Numbered
from fireflower.model.records import IDENTITY
from fireflower.model.runs import Runs

LOG = 1 << 44
"""Numbers of records from the log begin here."""

_RECORDS = 1 << 8
"""Records that one message may have numbers for; what it says beyond shares the last."""


def numbered(messages: Iterable[Durable]) -> list[Numbered]:
    """What messages say, with numbers."""
    found: list[Numbered] = []
    for place, said in messages:
        first = LOG + place * _RECORDS
        if len(said) == 1:  # as nearly all do
            found.append(Numbered(said[0], first))
        else:
            found += [Numbered(record, first + min(nth, _RECORDS - 1)) for nth, record in enumerate(said)]
    return found


def place_of(number: int) -> int:
    """The place in the log of the message that said what has this number."""
    return (number - LOG) // _RECORDS


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

    def note(self, records: Sequence[Numbered]) -> None:
        """Note of whom records speak. They come in the order of the log."""
        places = np.fromiter(((each.number - LOG) // _RECORDS for each in records), np.int64, len(records))
        self._people.add(_hashes([each.record.person for each in records]), places)
        self._accounts.add(_hashes([each.record.account for each in records]), places)
        others = [nth for nth, each in enumerate(records) if each.record.kind == IDENTITY]
        self._people.add(
            _hashes([str(records[nth].record.value) for nth in others]), places[np.array(others, np.int64)]
        )

    def of(self, people: Iterable[str], accounts: Iterable[str]) -> list[int]:
        """The places of the messages that speak of any of these, and perhaps of others, in order."""
        found: list[NDArray[np.int64]] = []
        for runs, ids in ((self._people, list(people)), (self._accounts, list(accounts))):
            found.append(runs.of(_hashes(ids), np.zeros(len(ids), np.int64))[0])
        return np.unique(np.concatenate(found)).tolist()


def _hashes(ids: Sequence[str | None]) -> NDArray[np.int32]:
    """Half of them, and also of none, for whom nobody asks."""
    return np.fromiter(map(hash, ids), np.int64, len(ids)).astype(np.int32)
