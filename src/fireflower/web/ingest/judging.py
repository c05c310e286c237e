"""Whether the reader of a form will read a message later: nothing is acknowledged that it will not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from types import NoneType
from typing import Any, Protocol

import msgspec

from fireflower.history.readers.batches import Told
from fireflower.model.messages import too_far_ahead
from fireflower.model.moments import EARLIEST, LATEST, from_datetime, to_datetime

_AFRESH = 500


class Shape(Protocol):
    """A reader of one form's messages."""

    def read(self, raw: bytes) -> list[Told]:
        """Its records. Raises ValueError with the reason if it cannot be read."""
        ...


class Judge:
    """Asks the reader. A reader remembers whom it has seen, so it is made afresh before that becomes much."""

    def __init__(self, make: Callable[[], Shape], ahead: int) -> None:
        self._make, self._ahead = make, ahead
        self._shape, self._asked = make(), 0

    def check(self, body: bytes, received: int) -> None:
        """Return if the body can be read.

        Raises
        ------
        ValueError
            With the reader's reason if it cannot, or if its time is one that cannot have been.
        """
        self._asked += 1
        if self._asked % _AFRESH == 0:
            self._shape = self._make()
        try:
            told = self._shape.read(body)
        except msgspec.MsgspecError as error:
            raise ValueError(f"not of the expected form: {error}") from None
        except (TypeError, RecursionError, UnicodeError) as error:
            raise ValueError(f"cannot be read: {error}") from None
        if told and (latest := max(record.time for record in told)) >= received + self._ahead:
            raise ValueError(too_far_ahead(latest, received, self._ahead))


TEXT_OR_NONE = frozenset((str, NoneType))
"""The types of what is plainly an id, or none."""

OBJECT_OR_NONE = frozenset((dict, NoneType))
"""The types of what is plainly an object, or none."""


def is_id(value: Any) -> bool:
    """Whether a value is plainly an id, without a closer look."""
    return type(value) is str and value != "" and not value.isspace()


class Span:
    """The times that are plainly those of a message that was sent at one moment and received at another.

    Parameters
    ----------
    shift : by how much the sender's clock was behind
    received : moment of receipt
    ahead : span by which a message may lie after its receipt
    """

    __slots__ = ("_begin", "_end", "_moved", "_shift")

    def __init__(self, shift: int, received: int, ahead: int) -> None:
        begin, end = max(EARLIEST, EARLIEST - shift), min(LATEST, LATEST - shift, received + ahead - shift)
        self._begin, self._end = _datetime(begin), _datetime(end)
        self._shift, self._moved = timedelta(microseconds=shift), shift

    def moment(self, text: Any) -> int | None:
        """The moment by a right clock; None where only a closer look could tell."""
        try:
            time = datetime.fromisoformat(text)
            return from_datetime(time) + self._moved if self._begin <= time < self._end else None
        except (TypeError, ValueError):  # no text, no time, or no offset from UTC
            return None

    def corrected(self, text: Any) -> datetime | None:
        """The time by a right clock; None where only a closer look could tell."""
        try:
            time = datetime.fromisoformat(text)
            return time + self._shift if self._begin <= time < self._end else None
        except (TypeError, ValueError):
            return None


def _datetime(moment: int) -> datetime:
    return to_datetime(min(max(moment, EARLIEST), LATEST))


def iso(moment: int) -> str:
    """ISO 8601 in UTC with microseconds, as messages are marked with."""
    return to_datetime(moment).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
