"""Which messages of the log speak of whom. It is kept in memory: the log is read as a whole at the start anyway, while
indexes of the database would cost more than everything else that is done to keep a message."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable
from itertools import chain

from fireflower.history.ongoing import Numbered
from fireflower.model.records import IDENTITY

LOG = 1 << 44
"""Numbers of records from the log begin here."""

_RECORDS = 1 << 8
"""Records that one message may have numbers for; what it says beyond shares the last."""


def number_of(place: int, nth: int) -> int:
    """The number of what a message at a place in the log says nth."""
    return LOG + place * _RECORDS + min(nth, _RECORDS - 1)


def place_of(number: int) -> int:
    """The place in the log of the message that said what has this number."""
    return (number - LOG) // _RECORDS


class Mentions:
    """Places in the log, by person and by account. One thread notes; others may look meanwhile.

    Attributes
    ----------
    behind : the place behind which all messages are noted
    """

    def __init__(self, behind: int) -> None:
        self.behind = behind
        self._people: dict[str, array[int]] = defaultdict(_no_places)
        self._accounts: dict[str, array[int]] = defaultdict(_no_places)

    def note(self, records: Iterable[Numbered]) -> None:
        """Note of whom records speak. They come in the order of the log."""
        people, accounts, before = self._people, self._accounts, -1
        for each in records:
            record, place = each.record, (each.number - LOG) // _RECORDS
            goes_on, before = place == before, place
            if record.person and not (goes_on and place in people[record.person][-1:]):
                people[record.person].append(place)
            if record.account and not (goes_on and place in accounts[record.account][-1:]):
                accounts[record.account].append(place)
            if record.kind == IDENTITY:
                people[str(record.value)].append(place)

    def of(self, people: Iterable[str], accounts: Iterable[str]) -> list[int]:
        """The places of the messages that speak of any of these, in order."""
        found = [places for id in people if (places := self._people.get(id)) is not None]
        found += [places for id in accounts if (places := self._accounts.get(id)) is not None]
        return sorted(set(chain.from_iterable(places.tolist() for places in found)))


def _no_places() -> array[int]:
    return array("q")
