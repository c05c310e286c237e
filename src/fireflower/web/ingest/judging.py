"""Whether the reader of a form will read a message later: nothing is acknowledged that it will not."""

from __future__ import annotations

from collections.abc import Callable
from types import NoneType
from typing import Protocol

import msgspec

from fireflower.history.readers.batches import Told
from fireflower.model.messages import too_far_ahead
from fireflower.model.moments import to_datetime

_AFRESH = 500


class Shape(Protocol):
    """A reader of one form's messages."""

    def read(self, raw: bytes) -> list[Told]:
        """Its records. Raises ValueError with the reason if it cannot be read."""
        ...

    def finish(self) -> list[Told]:
        """What it is the first to say of who is who, and who is a member of what."""
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
            told = [*self._shape.read(body), *self._shape.finish()]
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


def iso(moment: int) -> str:
    """ISO 8601 in UTC with microseconds, as messages are marked with."""
    return to_datetime(moment).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
