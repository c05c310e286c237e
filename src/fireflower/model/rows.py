"""Rows of a timeline before they are coded: records, as they belong to the history of a person, an account, or both.
One by one, and as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from fireflower.model.codes import NOBODY, Numbers
from fireflower.model.records import TRAITS, Kind
from fireflower.model.timeline import TO_ACCOUNT, TO_PERSON


class Row(Struct, gc=False):
    """A row, in text.

    Attributes
    ----------
    person, account : whom it speaks of
    target : whose history it belongs to (`timeline.TO_PERSON`, `TO_ACCOUNT`)
    value : a trait's value, or a role
    properties : an event's, as they came
    block : where it lies in the timeline; -1 where that is not known
    order : its place in a history; rows that one record makes have one, and stay in their order
    number : the name by which it is found again
    """

    time: int
    kind: Kind
    name: str
    person: str | None
    account: str | None
    target: int
    value: Any
    received: int | None
    properties: Mapping[str, Any] = field(default_factory=dict)
    block: int = -1
    order: tuple[Any, ...] = ()
    number: int = -1

    def copy(self, target: int, block: int) -> Row:
        """The same row in another block."""
        return Row(
            self.time, self.kind, self.name, self.person, self.account, target, self.value, self.received,
            self.properties, block, self.order, self.number,
        )  # fmt: skip


@dataclass(eq=False, slots=True)
class Rows:
    """Rows as columns, in whatever order. As in `Row`, but for:

    Attributes
    ----------
    person, account : by their numbers; NOBODY for none
    role : the number of a role, of rows that are no traits; NOBODY for none
    value : a trait's
    received : the time, where nobody recorded it
    order : the row's place in a history; the id of its message where that decides at its time and among its kind
    """

    time: NDArray[np.int64]
    kind: NDArray[np.uint8]
    name: NDArray[np.object_]
    person: NDArray[np.int32]
    account: NDArray[np.int32]
    target: NDArray[np.uint8]
    role: NDArray[np.int32]
    value: NDArray[np.object_]
    received: NDArray[np.int64]
    properties: NDArray[np.object_]
    order: NDArray[np.object_]
    number: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.time)

    @classmethod
    def of(cls, rows: Sequence[Row], numbers: Numbers) -> Rows:
        """These rows as columns."""
        people, accounts, roles = numbers.people.of_texts, numbers.accounts.of_texts, numbers.roles.of_texts
        return cls(
            time=np.array([row.time for row in rows], np.int64),
            kind=np.array([row.kind for row in rows], np.uint8),
            name=objects([row.name for row in rows]),
            person=np.array([people[row.person] for row in rows], np.int32),
            account=np.array([accounts[row.account] for row in rows], np.int32),
            target=np.array([row.target for row in rows], np.uint8),
            role=np.array([NOBODY if row.kind in TRAITS else roles[row.value] for row in rows], np.int32),
            value=objects([row.value if row.kind in TRAITS else None for row in rows]),
            received=np.array([row.time if row.received is None else row.received for row in rows], np.int64),
            properties=objects([row.properties for row in rows]),
            order=objects([row.order for row in rows]),
            number=np.array([row.number for row in rows], np.int64),
        )

    def and_(self, others: Rows) -> Rows:
        """These rows, and others behind them."""
        if not len(self) or not len(others):
            return self if len(self) else others
        return Rows(*map(np.concatenate, zip(self._columns(), others._columns(), strict=True)))

    def at(self, places: NDArray[np.int64]) -> Rows:
        """The rows at these places."""
        return Rows(*(column[places] for column in self._columns()))

    def only(self, bit: int) -> Rows:
        """The rows that belong to the history of a person (`timeline.TO_PERSON`), or an account, for these alone."""
        some = self.at(np.flatnonzero(self.target & bit))
        some.target = some.target & ~np.uint8(TO_PERSON | TO_ACCOUNT) | np.uint8(bit)
        return some

    def _columns(self) -> list[NDArray[Any]]:
        return [getattr(self, name) for name in self.__slots__]


def objects(values: Sequence[Any]) -> NDArray[np.object_]:
    """A column of anything, be it itself a sequence."""
    return np.fromiter(values, np.object_, len(values))
